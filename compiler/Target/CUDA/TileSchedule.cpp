//===- TileSchedule.cpp - Tiles of a contraction on a device --------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Target/CUDA/TileSchedule.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MathExtras.h"

#include <algorithm>

using namespace qtc;
using namespace qtc::cuda;
using llvm::divideCeil;

namespace {

/// Every thread of a tile copies whole runs of rows and of columns: 4 · columns
/// is a multiple of the threads.
constexpr Tile kTiles[] = {
    {128, 128, 64, 64},
    {128, 64, 64, 32},
    {64, 64, 32, 32},
    {128, 32, 32, 32},
    {64, 32, 32, 16},
    {64, 16, 32, 16},
    {256, 128, 64, 64},
    {128, 128, 16, 128, /*usesWarpgroups=*/true},
    {64, 128, 16, 128, /*usesWarpgroups=*/true},
    {128, 64, 16, 64, /*usesWarpgroups=*/true},
    {64, 64, 16, 64, /*usesWarpgroups=*/true},
    {64, 32, 16, 32, /*usesWarpgroups=*/true},
    {128, 256, 16, 256, /*usesWarpgroups=*/true},
    {256, 128, 16, 128, /*usesWarpgroups=*/true},
};

/// Copies through registers are complete when the next stage begins.
/// Asynchronous copies have at least the time in which a whole stage is
/// multiplied.
constexpr int64_t kMaxStages = 4, kMinStages = 3, kSynchronousStages = 2;

/// Cycles of a block of up to `kSharedTile` sums for its start, the first stage
/// and its results. Larger blocks have no other block on the multiprocessor
/// that would fill these cycles, and take longer in proportion to their size.
constexpr double kBlockCycles = 2000, kSharedTile = 128 * 128;
/// Cycles of each atomic addition of a whole warp's accumulators.
constexpr double kAtomicCycles = 1;

/// Cycles that one multiprocessor takes for a stage of a tile: the slower of
/// its matrix units and its shared memory. Every warp, or every warpgroup,
/// reads shared memory separately.
double getStageCycles(const TargetRecord &target, const Tile &tile) {
  double bytes = kRunsPerStage * 16;
  double products = tile.rows * tile.columns * bytes;
  double readers = tile.getWarps(), rows = tile.warpRows;
  if (tile.usesWarpgroups) {
    readers /= Tile::kWarpgroupWarps;
    rows = Tile::kWarpgroupRows;
  }
  double read = (rows + tile.warpColumns) * bytes * readers / 128;
  int64_t productsPerCycle = tile.usesWarpgroups
                                 ? target.warpgroupProductsPerCycle
                                 : target.productsPerCycle;
  return std::max(products / productsPerCycle, read);
}

double estimate(const TargetRecord &target, const TileSchedule &schedule) {
  double sums = schedule.tile.rows * schedule.tile.columns;
  double cycles =
      schedule.stepTilesPerSplit * getStageCycles(target, schedule.tile) +
      kBlockCycles * std::max(1.0, sums / kSharedTile);
  if (schedule.splits > 1)
    cycles += sums * kAtomicCycles / Tile::kWarpSize;
  // Blocks on one multiprocessor share its units, so their cycles add up.
  return divideCeil(schedule.getBlocks(), target.multiprocessors) * cycles;
}

/// Copies through registers leave too few of them for large tiles.
bool isPossible(const TargetRecord &target, const Tile &tile) {
  return (!tile.usesWarpgroups || target.hasWarpgroupProducts()) &&
         (target.hasAsyncCopies() || tile.rows * tile.columns <= kSharedTile);
}

/// The schedule of a shape, without its number of stages.
TileSchedule getSchedule(const Tile &tile, const ContractionShape &shape,
                         int64_t splits) {
  TileSchedule schedule;
  schedule.tile = tile;
  schedule.rowTiles = divideCeil(shape.rows, tile.rows);
  schedule.columnTiles = divideCeil(shape.columns, tile.columns);
  schedule.stepTiles = divideCeil(shape.steps, kRunsPerStage);
  schedule.stepTilesPerSplit = divideCeil(schedule.stepTiles, splits);
  // Parts without steps are dropped.
  schedule.splits =
      schedule.stepTiles == 0
          ? 1
          : divideCeil(schedule.stepTiles, schedule.stepTilesPerSplit);
  return schedule;
}

struct RatedSchedule {
  TileSchedule schedule;
  double cycles;
};

/// Factors by which pipelines are rated slower than the simplest one of their
/// tile, for effects that the estimate does not model. Schedules of other tiles
/// with about as many cycles are thus measured first.
constexpr double kOverlapPenalty = 1.04, kDepthPenalty = 1.05,
                 kCachePenalty = 1.1;

/// The pipelines that `best` may have, the simplest first.
llvm::SmallVector<RatedSchedule> getPipelines(const TargetRecord &target,
                                              const RatedSchedule &best) {
  int64_t most = target.hasAsyncCopies() ? kMaxStages : kSynchronousStages;
  int64_t least = target.hasAsyncCopies() ? kMinStages : kSynchronousStages;
  llvm::SmallVector<RatedSchedule> pipelines;
  for (bool overlaps : {false, true}) {
    if (overlaps && !best.schedule.tile.usesWarpgroups)
      continue;
    double cycles = best.cycles * (overlaps ? kOverlapPenalty : 1);
    int64_t last = 0;
    for (int64_t bytes :
         {kStaticSharedBytes, target.sharedBytes - getDynamicSharedBytes(0)}) {
      TileSchedule schedule = best.schedule;
      schedule.overlapsProducts = overlaps;
      schedule.stages =
          std::min(most + overlaps, bytes / schedule.getStageBytes());
      if (schedule.stages < least + overlaps || schedule.stages == last)
        continue;
      if (last > 0)
        cycles *= kDepthPenalty;
      last = schedule.stages;
      pipelines.push_back({schedule, cycles});
      if (!target.hasAsyncCopies())
        continue;
      schedule.cachesRows = true;
      pipelines.push_back({schedule, cycles * kCachePenalty});
    }
  }
  return pipelines;
}
} // namespace

std::string ContractionShape::getSpelling() const {
  return llvm::formatv("{0}x{1}x{2}{3}", rows, columns, steps,
                       canSplit ? "+" : "")
      .str();
}

std::string TileSchedule::getSpelling() const {
  std::string pipeline =
      hasDynamicMemory() ? llvm::formatv("-s{0}", stages).str() : "";
  if (overlapsProducts)
    pipeline += "-wait1";
  if (cachesRows)
    pipeline += "-ca";
  return llvm::formatv("{0}x{1}/{2}x{3}{4}/{5}", tile.rows, tile.columns,
                       tile.warpRows, tile.warpColumns, pipeline, splits)
      .str();
}

/// The schedules of `shape` with `tile`.
static void rate(const TargetRecord &target, const Tile &tile,
                 const ContractionShape &shape,
                 std::vector<RatedSchedule> &rated) {
  int64_t stepTiles = divideCeil(shape.steps, kRunsPerStage);
  int64_t mostSplits =
      shape.canSplit
          ? std::clamp<int64_t>(stepTiles, 1, 4 * target.multiprocessors)
          : 1;
  auto rateSplits = [&](int64_t splits) {
    TileSchedule schedule = getSchedule(tile, shape, splits);
    return RatedSchedule{schedule, estimate(target, schedule)};
  };
  RatedSchedule best = rateSplits(1);
  for (int64_t splits = 2; splits <= mostSplits; ++splits)
    if (RatedSchedule other = rateSplits(splits); other.cycles < best.cycles)
      best = other;
  llvm::SmallVector<RatedSchedule> pipelines = getPipelines(target, best);
  llvm::append_range(rated, pipelines);
  // The least certain estimates are the times to start a block and to add.
  for (int64_t splits : {best.schedule.splits / 2, best.schedule.splits * 2}) {
    if (splits < 1 || splits > mostSplits)
      continue;
    RatedSchedule other = rateSplits(splits);
    other.schedule.stages = pipelines.front().schedule.stages;
    if (other.schedule.splits != best.schedule.splits)
      rated.push_back(other);
  }
}

std::vector<TileSchedule>
cuda::rankTileSchedules(const TargetRecord &target,
                        const ContractionShape &shape) {
  std::vector<RatedSchedule> rated;
  for (const Tile &tile : kTiles)
    if (isPossible(target, tile))
      rate(target, tile, shape, rated);
  llvm::stable_sort(rated, [](const RatedSchedule &a, const RatedSchedule &b) {
    return a.cycles < b.cycles;
  });
  std::vector<TileSchedule> ranked;
  for (const RatedSchedule &entry : rated)
    ranked.push_back(entry.schedule);
  return ranked;
}
