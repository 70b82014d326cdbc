//===- Transpose.h - Transposition in registers -----------------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Small transpositions of bytes and 32-bit words. They exchange data within 128
// bits and therefore cost the same few instructions in vectors of any width.
//
//===----------------------------------------------------------------------===//

#ifndef QTC_CONVERSION_CONTRACTTOVECTOR_TRANSPOSE_H
#define QTC_CONVERSION_CONTRACTTOVECTOR_TRANSPOSE_H

#include "compiler/Conversion/ContractToVector/Emitter.h"

namespace qtc {

/// Transposes each 128-bit block of four vectors of words: word j of a block of
/// vector i becomes word i of that block of vector j.
Values transposeWords(Emitter &e, mlir::ValueRange rows);

/// Transposes words of four vectors of words: byte j of a word of vector i
/// becomes byte i of that word of vector j.
Values transposeBytes(Emitter &e, mlir::ValueRange rows);

/// Byte i of word l of the result, which is as many bytes, is byte l of
/// `rows[i]`; there are four rows or fewer, and zeros for the others.
mlir::Value interleaveBytes(Emitter &e, mlir::ValueRange rows);

/// Four vectors of `lanes` words, integers or floats as `flat` has bytes or
/// floats: lane l of vector w is word w of the 16 bytes at `offset` +
/// l · `stride`.
Values loadColumns(Emitter &e, mlir::Value flat, mlir::Value offset,
                   int64_t stride, int64_t lanes);

} // namespace qtc

#endif // QTC_CONVERSION_CONTRACTTOVECTOR_TRANSPOSE_H
