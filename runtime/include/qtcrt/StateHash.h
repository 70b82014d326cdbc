//===- StateHash.h - fingerprints of states and data ------------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The state hash H is XXH3-128 (seed 0), printed as 32 hexadecimal digits, most
// significant first, of this byte stream. For every tensor of kind PARAMETER or
// BUFFER, in bytewise order of the names:
//
//   1. the name, UTF-8, without a terminator;
//   2. the element type as in safetensors, "I8", "I16", "I32", "I64" or "F32",
//      without a terminator;
//   3. the extents, 8 bytes each, little-endian, outermost first (nothing for a
//      scalar);
//   4. the elements, row-major, little-endian;
//   5. when the tensor has an exponent, the exponent, 4 bytes, little-endian.
//
//===----------------------------------------------------------------------===//

#ifndef QTCRT_STATEHASH_H
#define QTCRT_STATEHASH_H

#include "qtcrt/abi.h"

#include <cstdint>
#include <string>

namespace qtcrt {

struct DataSplit;

/// The state hash of `state` (state_bytes of `model`).
std::string hashState(const qtcrt_model &model, const uint8_t *state);

/// XXH3-128 of the elements of all parameters that training changes.
std::string hashParameters(const qtcrt_model &model, const uint8_t *state);

/// XXH3-128 of a split: extents C, H, W (int64), inputs and targets as the
/// ports store them (pixels: uint8, classes: int32).
std::string hashData(const DataSplit &split);

/// The name of an element type in safetensors files.
const char *dtypeName(uint32_t dtype);

/// Bytes of one element.
uint64_t dtypeBytes(uint32_t dtype);

} // namespace qtcrt

#endif // QTCRT_STATEHASH_H
