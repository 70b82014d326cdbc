//===- TargetRecord.h - Properties of CUDA devices --------------*- C++ -*-===//
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

/// Shared memory per block that kernels may declare. Launches request more.
constexpr int64_t kStaticSharedBytes = 48 << 10;
/// 8 rows of 64 bytes, within which runs are exchanged. The data of matrix
/// descriptors begin at multiples of this.
constexpr int64_t kPatternBytes = 512;

/// The shared memory that a launch requests so that a kernel can align `bytes`
/// for matrix descriptors. The kernel only gets an alignment of 16.
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
  /// LLVM's name of the PTX version: the oldest that supports the processor,
  /// because drivers reject versions newer than themselves.
  llvm::StringRef features;
  /// Products of bytes that the matrix units of one multiprocessor add up per
  /// cycle, with `mma.sync`.
  int64_t productsPerCycle;
  /// Multiprocessors of the generation's large chips: the number of blocks of
  /// threads that run at once. Used only for estimates.
  int64_t multiprocessors;
  /// Shared memory that a block may have on every device that runs the code.
  int64_t sharedBytes;
  /// Whether the code uses features that later generations lack, so that it
  /// runs only on devices of exactly this capability.
  bool exact = false;
  /// As `productsPerCycle`, with `wgmma`; 0: there is none.
  int64_t warpgroupProductsPerCycle = 0;
  /// The name that users give it: 80, 90a.
  llvm::StringRef getNumber() const { return name.substr(3); }
  /// Whether copies to shared memory bypass the registers.
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
