//===- Philox.h - counter-based random numbers ------------------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Philox4x32-10 (Salmon, Moraes, Dror, Shaw: "Parallel random numbers: as easy
// as 1, 2, 3", SC 2011), used as docs/numerics.md section 2 says.
//
//===----------------------------------------------------------------------===//

#ifndef QTCRT_PHILOX_H
#define QTCRT_PHILOX_H

#include <array>
#include <cstdint>

namespace qtcrt {

using PhiloxBlock = std::array<uint32_t, 4>;

/// The four 32-bit lanes of `counter` under `key` (low word first).
inline PhiloxBlock philox4x32(PhiloxBlock counter, uint64_t key) {
  uint32_t low = static_cast<uint32_t>(key);
  uint32_t high = static_cast<uint32_t>(key >> 32);
  for (int round = 0; round < 10; ++round) {
    uint64_t first = uint64_t{0xD2511F53} * counter[0];
    uint64_t second = uint64_t{0xCD9E8D57} * counter[2];
    counter = {static_cast<uint32_t>(second >> 32) ^ counter[1] ^ low,
               static_cast<uint32_t>(second),
               static_cast<uint32_t>(first >> 32) ^ counter[3] ^ high,
               static_cast<uint32_t>(first)};
    low += 0x9E3779B9;
    high += 0xBB67AE85;
  }
  return counter;
}

/// Last word of the counter: the purpose of a random number.
enum class RandomPurpose : uint32_t {
  GradientRounding = 0,
  LossRounding = 1,
  Dropout = 2,
  Shuffling = 3,
  Augmentation = 4,
  Initialisation = 5,
  SyntheticData = 0x100, ///< the runtime's own data sets, key `syntheticKey`
  Benchmark = 0x101      ///< pixels and labels of `bench`
};

/// The block that holds the random number of element `index`.
inline PhiloxBlock randomBlock(uint64_t seed, uint64_t index, uint32_t id,
                               uint32_t step, RandomPurpose purpose) {
  return philox4x32({static_cast<uint32_t>(index >> 2), id, step,
                     static_cast<uint32_t>(purpose)},
                    seed);
}

} // namespace qtcrt

#endif // QTCRT_PHILOX_H
