//===- Philox.h - Counter-based random numbers at compile time --*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTC_SUPPORT_PHILOX_H
#define QTC_SUPPORT_PHILOX_H

#include <array>
#include <cstdint>

namespace qtc {

/// Constants of Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy
/// as 1, 2, 3", SC 2011, section 3.3). Shared with the code that generates the
/// function in IR.
struct Philox {
  static constexpr unsigned kRounds = 10;
  static constexpr uint32_t kMultiplier0 = 0xD2511F53;
  static constexpr uint32_t kMultiplier1 = 0xCD9E8D57;
  static constexpr uint32_t kWeyl0 = 0x9E3779B9;
  static constexpr uint32_t kWeyl1 = 0xBB67AE85;

  /// The four lanes of `counter` under the key `seed`.
  static std::array<uint32_t, 4> lanes(uint64_t seed,
                                       std::array<uint32_t, 4> counter);

  /// The 32-bit number of element `index` (numerics contract, section 2).
  static uint32_t element(uint64_t seed, uint64_t index, uint32_t id,
                          uint32_t step, uint32_t purpose) {
    return lanes(seed, {static_cast<uint32_t>(index >> 2), id, step,
                        purpose})[index & 3];
  }
};

} // namespace qtc

#endif // QTC_SUPPORT_PHILOX_H
