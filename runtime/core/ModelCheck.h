//===- ModelCheck.h - what compiled models promise --------------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTCRT_CORE_MODELCHECK_H
#define QTCRT_CORE_MODELCHECK_H

#include "qtcrt/abi.h"

namespace qtcrt {

/// The bound b of qtcrt_tensor::uniform, for FLOAT32 tensors.
float uniformBound(const qtcrt_tensor &tensor);

} // namespace qtcrt

#endif // QTCRT_CORE_MODELCHECK_H
