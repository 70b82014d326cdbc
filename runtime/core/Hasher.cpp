//===- Hasher.cpp - hashes of streams of bytes ----------------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/Hasher.h"

#include <cstdio>
#include <new>

#define XXH_INLINE_ALL
#include <xxhash.h>

using namespace qtcrt;

struct Hasher::State {
  XXH3_state_t *stream = XXH3_createState();
  State() {
    if (!stream)
      throw std::bad_alloc();
    XXH3_128bits_reset(stream);
  }
  ~State() { XXH3_freeState(stream); }
  State(const State &) = delete;
  State &operator=(const State &) = delete;
};

Hasher::Hasher() : state(std::make_unique<State>()) {}
Hasher::~Hasher() = default;

void Hasher::add(const void *data, size_t bytes) {
  if (bytes)
    XXH3_128bits_update(state->stream, data, bytes);
}

std::string Hasher::digest() const {
  XXH128_hash_t hash = XXH3_128bits_digest(state->stream);
  char text[33];
  std::snprintf(text, sizeof(text), "%016llx%016llx",
                static_cast<unsigned long long>(hash.high64),
                static_cast<unsigned long long>(hash.low64));
  return text;
}
