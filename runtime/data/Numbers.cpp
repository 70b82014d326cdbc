//===- Numbers.cpp - numbers of files and of ports ------------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qtcrt/Numbers.h"

#include <algorithm>
#include <cmath>
#include <cstring>

using namespace qtcrt;

namespace {

template <typename T>
void decode(const uint8_t *from, bool bigEndian, std::vector<double> &out) {
  for (double &number : out) {
    uint8_t bytes[sizeof(T)];
    std::memcpy(bytes, from, sizeof(T));
    if (bigEndian)
      std::reverse(bytes, bytes + sizeof(T));
    T value;
    std::memcpy(&value, bytes, sizeof(T));
    number = static_cast<double>(value);
    from += sizeof(T);
  }
}

template <typename T>
uint64_t storeMantissas(const std::vector<double> &numbers,
                        const NumberFormat &format, uint8_t *out) {
  double limit = static_cast<double>(largestMantissa(format.dtype));
  double scale = std::ldexp(1.0, -format.exponent);
  uint64_t clipped = 0;
  for (double number : numbers) {
    double mantissa = std::nearbyint(number * scale);
    clipped += std::fabs(mantissa) > limit;
    T stored = static_cast<T>(std::clamp(mantissa, -limit, limit));
    std::memcpy(out, &stored, sizeof(T));
    out += sizeof(T);
  }
  return clipped;
}

} // namespace

void NumberArray::read(uint64_t first, std::vector<double> &out) const {
  const uint8_t *from = data.data() + first * type.bytes;
  bool isSigned = type.kind == 'i', swap = type.bigEndian;
  if (type.kind == 'f')
    return type.bytes == 4 ? decode<float>(from, swap, out)
                           : decode<double>(from, swap, out);
  switch (type.bytes) {
  case 1:
    return isSigned ? decode<int8_t>(from, swap, out)
                    : decode<uint8_t>(from, swap, out);
  case 2:
    return isSigned ? decode<int16_t>(from, swap, out)
                    : decode<uint16_t>(from, swap, out);
  case 4:
    return isSigned ? decode<int32_t>(from, swap, out)
                    : decode<uint32_t>(from, swap, out);
  default:
    return isSigned ? decode<int64_t>(from, swap, out)
                    : decode<uint64_t>(from, swap, out);
  }
}

void NumberArray::appendClasses(const std::vector<int32_t> &classes) {
  type = {'i', sizeof(int32_t), false};
  const uint8_t *bytes = reinterpret_cast<const uint8_t *>(classes.data());
  data.insert(data.end(), bytes, bytes + classes.size() * sizeof(int32_t));
}

int64_t qtcrt::largestMantissa(uint32_t dtype) {
  return dtype == QTCRT_INT8 ? 127 : int64_t{1} << 30;
}

uint64_t qtcrt::storeNumbers(const std::vector<double> &numbers,
                             const NumberFormat &format, uint8_t *out) {
  if (format.dtype == QTCRT_INT8)
    return storeMantissas<int8_t>(numbers, format, out);
  if (format.dtype == QTCRT_INT32)
    return storeMantissas<int32_t>(numbers, format, out);
  for (double number : numbers) {
    float stored = static_cast<float>(number);
    std::memcpy(out, &stored, sizeof(stored));
    out += sizeof(stored);
  }
  return 0;
}
