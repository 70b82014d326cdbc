//===- CheckpointKeys.h - keys of tensors in checkpoints --------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTCRT_CHECKPOINT_KEYS_H
#define QTCRT_CHECKPOINT_KEYS_H

#include "qtcrt/abi.h"

#include <string>

namespace qtcrt {

/// The key of `tensor` (numerics contract, section 5.1): the name that the
/// model gives it, unless the format uses such names itself.
std::string checkpointKey(const qtcrt_tensor &tensor);

/// The key of the tensor's exponent.
std::string exponentKey(const qtcrt_tensor &tensor);

/// The key of the sums of the tensor's average.
std::string averageKey(const qtcrt_tensor &tensor);

} // namespace qtcrt

#endif // QTCRT_CHECKPOINT_KEYS_H
