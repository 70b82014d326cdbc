//===- Encode.h - from files' numbers to a step's bytes ---------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTCRT_DATA_ENCODE_H
#define QTCRT_DATA_ENCODE_H

#include "qtcrt/DataSet.h"

namespace qtcrt {

/// Encodes both splits as the model's ports store them. Pixels and classes are
/// taken as they are. Throws Error that names file and example for numbers that
/// are not finite, too large for a float or, where they are shares, not in
/// [0, 1].
DataSet encodeDataSet(RawDataSet &&raw, const DataRequest &request);

} // namespace qtcrt

#endif // QTCRT_DATA_ENCODE_H
