//===- Memory.h - aligned memory --------------------------------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTCRT_MEMORY_H
#define QTCRT_MEMORY_H

#include <cstddef>
#include <cstdint>
#include <utility>

namespace qtcrt {

/// Zeroed memory taken from the system once. It is aligned to at least 64
/// bytes; from 4 MiB on, it is aligned to 2 MiB and huge pages are requested.
class Buffer {
public:
  Buffer() = default;
  /// Takes `bytes` (0 is allowed) for `purpose`, named in the Error thrown when
  /// the system has none left.
  Buffer(uint64_t bytes, const char *purpose);
  ~Buffer();
  Buffer(Buffer &&other) noexcept { *this = std::move(other); }
  Buffer &operator=(Buffer &&other) noexcept {
    std::swap(mapping, other.mapping);
    std::swap(mapped, other.mapped);
    std::swap(start, other.start);
    std::swap(length, other.length);
    return *this;
  }

  uint8_t *data() const { return start; }
  /// The requested bytes.
  uint64_t size() const { return length; }

private:
  void *mapping = nullptr;
  size_t mapped = 0;
  uint8_t *start = nullptr;
  uint64_t length = 0;
};

/// Most memory the process has had resident so far, in bytes.
uint64_t peakResidentBytes();

} // namespace qtcrt

#endif // QTCRT_MEMORY_H
