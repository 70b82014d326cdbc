//===- Numbers.h - numbers of files and of ports ----------------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Data sets hold numbers of many types, ports those that a step computes with.
// Between them, numbers are IEEE doubles.
//
//===----------------------------------------------------------------------===//

#ifndef QTCRT_NUMBERS_H
#define QTCRT_NUMBERS_H

#include "qtcrt/abi.h"

#include <cstdint>
#include <string>
#include <vector>

namespace qtcrt {

/// The type of the elements of a file.
struct NumberType {
  char kind = 'u';    ///< 'i', 'u': integers, 'b': booleans, 'f': IEEE floats
  unsigned bytes = 1; ///< of an element: 1, 2, 4 or 8; 'b': 1; 'f': 4 or 8
  bool bigEndian = false;
};

/// Elements as a file has them.
struct NumberArray {
  std::string file; ///< for errors
  NumberType type;
  std::vector<uint8_t> data;

  uint64_t size() const { return data.size() / type.bytes; }

  /// Converts out.size() elements from element `first` on. Integers beyond 2^53
  /// are rounded.
  void read(uint64_t first, std::vector<double> &out) const;

  /// Appends class indices, which become 32-bit integers. The array must be
  /// empty or hold others.
  void appendClasses(const std::vector<int32_t> &classes);
};

/// How a port stores numbers: as FLOAT32, or as INT8 or INT32 mantissas of
/// mantissa * 2^exponent.
struct NumberFormat {
  uint32_t dtype = QTCRT_FLOAT32;
  int32_t exponent = 0;
};

/// The mantissa of largest magnitude: 127 for INT8 and 2^30 for INT32, so that
/// differences of two INT32 mantissas do not overflow.
int64_t largestMantissa(uint32_t dtype);

/// Stores finite numbers: as the nearest float, or as the nearest mantissa, a
/// tie being rounded to an even one. Mantissas are clipped to plus and minus
/// largestMantissa; returns the number of those that were.
uint64_t storeNumbers(const std::vector<double> &numbers,
                      const NumberFormat &format, uint8_t *out);

} // namespace qtcrt

#endif // QTCRT_NUMBERS_H
