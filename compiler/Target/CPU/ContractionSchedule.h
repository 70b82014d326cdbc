//===- ContractionSchedule.h - Blocking of a contraction --------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Decides how the rows, columns and steps of a packed contraction are cut into
// parallel tasks and into blocks that stay in the second-level cache.
//
//===----------------------------------------------------------------------===//

#ifndef QTC_TARGET_CPU_CONTRACTIONSCHEDULE_H
#define QTC_TARGET_CPU_CONTRACTIONSCHEDULE_H

#include "compiler/Target/CPU/TargetRecord.h"

#include "llvm/ADT/SmallVector.h"

namespace qtc::cpu {

/// Address arithmetic of a contraction, as `#qkernel.contraction` gives it, in
/// as few dimensions as possible: those of extent 1 are dropped, those that
/// one stride describes are merged.
class ContractionGeometry {
public:
  ContractionGeometry(Factors factors, llvm::ArrayRef<int64_t> rows,
                      llvm::ArrayRef<int64_t> rowStrides,
                      llvm::ArrayRef<int64_t> resultStrides,
                      llvm::ArrayRef<int64_t> steps,
                      llvm::ArrayRef<int64_t> aStrides,
                      llvm::ArrayRef<int64_t> bStrides, int64_t columns,
                      int64_t panel, int64_t groups, int64_t splits);

  int64_t getRowCount() const;
  /// Steps of one split.
  int64_t getStepCount() const;
  int64_t getPanelCount() const;
  /// Columns of the last panel, 1 to panel.
  int64_t getLastPanelColumns() const;
  /// Approximate bytes of A in the cache lines that `rowCount` rows and steps
  /// of extents `block` touch.
  int64_t getBytesOfA(int64_t rowCount, llvm::ArrayRef<int64_t> block) const;

  /// Whether one stride leads from each row of the result to the next.
  bool hasOneResultStride() const;

  Factors factors;
  llvm::SmallVector<int64_t, 3> rows, rowStrides, resultStrides;
  /// Extents within one split.
  llvm::SmallVector<int64_t, 3> steps, aStrides, bStrides;
  int64_t columns, panel, groups, splits;
  /// Distance of two splits in A and B.
  int64_t aSplitStride, bSplitStride;
};

/// The loops of a contraction. A task owns the rows [t · rowsPerTask, ...) of
/// one split and group and of one panel of columns or all of them. It passes
/// over the steps in blocks; within a block, panels are outside and row tiles
/// inside.
struct ContractionSchedule {
  /// A multiple of the rows of all tiles.
  int64_t rowsPerTask;
  /// The last one has all rows that are left, which may be more than
  /// `rowsPerTask`.
  int64_t rowTasks;
  /// Whether panels are split over tasks, too.
  bool panelTasks;
  /// A block is one index of every step dimension before `blockDim`,
  /// `blockExtent` indices of it and all of the later ones.
  unsigned blockDim;
  int64_t blockExtent;
  /// Number of blocks.
  int64_t blocks;
  /// Parallel tasks, all splits and groups included.
  int64_t tasks;
  /// Estimated cycles of all tasks together; for comparisons only.
  double cycles;

  /// Whether tiles of `tileRows` rows cover `rows` rows, not a multiple, with a
  /// last one that starts early enough to be whole. It computes some rows of
  /// the one before it again. Both belong to the same task.
  bool overlaps(int64_t rows, int64_t tileRows) const;
};

/// Finds the cheapest schedule for `geometry`. With `oneBlock` accumulators
/// stay in registers over all steps, so they are stored once, in their final
/// form.
ContractionSchedule chooseSchedule(const TargetRecord &target,
                                   const ContractionGeometry &geometry,
                                   bool oneBlock = false);

} // namespace qtc::cpu

#endif // QTC_TARGET_CPU_CONTRACTIONSCHEDULE_H
