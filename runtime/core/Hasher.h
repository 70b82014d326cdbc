//===- Hasher.h - hashes of streams of bytes --------------------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTCRT_CORE_HASHER_H
#define QTCRT_CORE_HASHER_H

#include <cstddef>
#include <memory>
#include <string>

namespace qtcrt {

/// XXH3-128 (seed 0) of bytes that arrive in pieces.
class Hasher {
public:
  Hasher();
  ~Hasher();
  Hasher(const Hasher &) = delete;
  Hasher &operator=(const Hasher &) = delete;

  void add(const void *data, size_t bytes);

  /// The hash of all bytes so far: 32 hexadecimal digits, most significant
  /// first.
  std::string digest() const;

private:
  struct State;
  std::unique_ptr<State> state;
};

} // namespace qtcrt

#endif // QTCRT_CORE_HASHER_H
