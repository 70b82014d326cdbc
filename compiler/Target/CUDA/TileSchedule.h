//===- TileSchedule.h - Tiles of a contraction on a device ------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Decides how the rows, columns and steps of a mapped contraction are cut into
// blocks of threads, warps and stages of a pipeline.
//
//===----------------------------------------------------------------------===//

#ifndef QTC_TARGET_CUDA_TILESCHEDULE_H
#define QTC_TARGET_CUDA_TILESCHEDULE_H

#include "compiler/Target/CUDA/TargetRecord.h"

#include <string>
#include <vector>

namespace qtc::cuda {

/// The accumulators of a block of threads: `rows` × `columns`. Each warp has
/// `warpRows` × `warpColumns` of them in its registers.
struct Tile {
  int64_t rows, columns;
  int64_t warpRows, warpColumns;
  /// Whether the warps multiply in groups of four, 64 rows by all columns, with
  /// operands that the matrix units read from shared memory.
  bool usesWarpgroups = false;

  int64_t getWarpsInRow() const { return columns / warpColumns; }
  int64_t getWarps() const { return rows / warpRows * getWarpsInRow(); }
  int64_t getThreads() const { return getWarps() * kWarpSize; }

  static constexpr int64_t kWarpSize = 32;
  static constexpr int64_t kWarpgroupRows = 64, kWarpgroupWarps = 4;
};

/// Runs of 16 bytes of one row or column that are adjacent in shared memory: a
/// multiple of those that a matrix instruction takes, and few enough for
/// several stages.
constexpr int64_t kRunsPerStage = 4;

/// A contraction of `rows` × `columns` over `steps` runs of 16 bytes.
struct ContractionShape {
  int64_t rows, columns, steps;
  /// Whether several blocks may add to one result, each over a part of the
  /// steps.
  bool canSplit;

  /// `ROWSxCOLUMNSxSTEPS`, followed by `+` if it can be split.
  std::string getSpelling() const;
};

struct TileSchedule {
  Tile tile;
  /// Tiles along rows and along columns.
  int64_t rowTiles, columnTiles;
  /// Stages of kRunsPerStage runs, rounded up.
  int64_t stepTiles;
  /// Parts of the steps, and stages of each part except the last.
  int64_t splits, stepTilesPerSplit;
  /// Places of stages in shared memory: one is multiplied, and copies to the
  /// others are under way.
  int64_t stages;
  /// Whether copies of rows go through the L1 cache, where copies for a
  /// convolution's other taps may find them, instead of bypassing it.
  bool cachesRows = false;
  /// Whether a warpgroup waits for the products of a stage only after it has
  /// started those of the next. The place of a stage is free one stage later
  /// then.
  bool overlapsProducts = false;

  int64_t getBlocks() const { return rowTiles * columnTiles * splits; }
  /// Stages whose copies are under way while one is multiplied.
  int64_t getStagesAhead() const { return stages - (overlapsProducts ? 2 : 1); }
  /// Of one stage, rows before columns.
  int64_t getStageBytes() const {
    return (tile.rows + tile.columns) * kRunsPerStage * 16;
  }
  bool hasDynamicMemory() const {
    return stages * getStageBytes() > kStaticSharedBytes;
  }
  /// `ROWSxCOLUMNS/ROWSxCOLUMNS[-sSTAGES][-wait1][-ca]/SPLITS`: of a block, of
  /// a warp, the stages if they need dynamic shared memory, `-wait1` if
  /// products overlap, `-ca` if rows are cached, and the parts. Different for
  /// all schedules of a shape.
  std::string getSpelling() const;
};

/// The schedules of a shape that are worth a measurement, at least one,
/// starting with the fewest estimated cycles. Every tile has the best number of
/// parts, half as many and twice as many. With the best number, there are also
/// the variants that the estimate does not distinguish, the likeliest gains
/// first.
std::vector<TileSchedule> rankTileSchedules(const TargetRecord &target,
                                            const ContractionShape &shape);

} // namespace qtc::cuda

#endif // QTC_TARGET_CUDA_TILESCHEDULE_H
