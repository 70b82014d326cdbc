//===- TileTable.h - Schedules that contractions take -----------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Selects the schedule of a contraction: the one with the fewest estimated
// cycles, or another that was measured to be faster.
//
//===----------------------------------------------------------------------===//

#ifndef QTC_TARGET_CUDA_TILETABLE_H
#define QTC_TARGET_CUDA_TILETABLE_H

#include "compiler/Target/CUDA/TileSchedule.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/Error.h"

namespace qtc::cuda {

/// The choices for one capability that differ from the estimates.
struct TileChoices {
  /// The schedule of every shape without an entry, counted from the best
  /// estimate on; the last one if a shape has fewer.
  uint32_t candidate = 0;
  /// `SHAPE:SCHEDULE`, spelled as in TileSchedule.h. Without the number of
  /// parts, the best one is meant.
  std::vector<std::string> entries;
};

class TileTable {
public:
  /// Fails if an entry names no schedule of its shape on `target`.
  static llvm::Expected<TileTable> create(const TargetRecord &target,
                                          const TileChoices &choices);

  TileSchedule choose(const ContractionShape &shape) const;

private:
  explicit TileTable(const TargetRecord &target, uint32_t candidate)
      : target(target), candidate(candidate) {}

  llvm::Error add(llvm::StringRef entry);

  const TargetRecord &target;
  uint32_t candidate;
  /// By the spelling of the shape.
  llvm::StringMap<TileSchedule> schedules;
};

} // namespace qtc::cuda

#endif // QTC_TARGET_CUDA_TILETABLE_H
