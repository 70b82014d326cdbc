//===- TargetRecord.h - What is known of a CUDA device ----------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTC_TARGET_CUDA_TARGETRECORD_H
#define QTC_TARGET_CUDA_TARGETRECORD_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

#include <cstdint>

namespace qtc::cuda {

/// Shared memory of a block that kernels may declare. Of more, launches tell.
constexpr int64_t kStaticSharedBytes = 48 << 10;
/// 8 rows of 64 bytes, over which runs are exchanged: what matrix descriptors
/// point to begins at multiples.
constexpr int64_t kPatternBytes = 512;

/// What a launch asks for so that a kernel, which is promised a multiple of 16,
/// can align `bytes` for matrix descriptors.
constexpr int64_t getDynamicSharedBytes(int64_t bytes) {
  return bytes + kPatternBytes - 16;
}

/// A generation of devices. Code for one runs on all newer ones, as the driver
/// translates PTX for the device it finds, unless it is `exact`.
struct TargetRecord {
  /// Ten times the compute capability.
  uint32_t capability;
  /// LLVM's name of the processor.
  llvm::StringRef name;
  /// LLVM's name of the PTX version: the oldest that knows the processor, as
  /// drivers refuse versions newer than themselves.
  llvm::StringRef features;
  /// Products of bytes that the matrix units of one multiprocessor add up in a
  /// cycle, with `mma.sync`.
  int64_t productsPerCycle;
  /// Multiprocessors of the generation's large chips: how many blocks of
  /// threads run at once. For estimates alone.
  int64_t multiprocessors;
  /// Shared memory that a block may have on every device that runs the code.
  int64_t sharedBytes;
  /// Whether the code uses what later generations lack, and runs on devices of
  /// this very capability alone.
  bool exact = false;
  /// As `productsPerCycle`, with `wgmma`; 0: there is none.
  int64_t warpgroupProductsPerCycle = 0;
  /// What users call it: 80, 90a.
  llvm::StringRef getNumber() const { return name.substr(3); }
  /// Whether copies to shared memory go past the registers.
  bool hasAsyncCopies() const { return capability >= 80; }
  /// Whether matrix instructions take 16 rows and 32 bytes of each, m16n8k32,
  /// or m8n8k16.
  bool hasLongProducts() const { return capability >= 80; }
  /// Whether four warps may multiply together, by `wgmma`.
  bool hasWarpgroupProducts() const { return warpgroupProductsPerCycle > 0; }
};

/// All records, from the oldest to the newest.
llvm::ArrayRef<TargetRecord> getTargetRecords();

/// The record that users call `number`, or null.
const TargetRecord *lookupTargetRecord(llvm::StringRef number);

} // namespace qtc::cuda

#endif // QTC_TARGET_CUDA_TARGETRECORD_H
