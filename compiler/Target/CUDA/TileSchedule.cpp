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
    {128, 128, 16, 128, /*usesWarpgroups=*/true},
    {64, 128, 16, 128, /*usesWarpgroups=*/true},
    {128, 64, 16, 64, /*usesWarpgroups=*/true},
    {64, 64, 16, 64, /*usesWarpgroups=*/true},
    {64, 32, 16, 32, /*usesWarpgroups=*/true},
};

/// Copies through registers are complete when the next stage begins.
constexpr int64_t kMaxStages = 4, kMaxSynchronousStages = 2;

/// Cycles of a block for its start, the first stage and its results.
constexpr double kBlockCycles = 2000;
/// Cycles of an atomic addition of a whole warp's accumulators, each.
constexpr double kAtomicCycles = 1;

/// Cycles that one multiprocessor takes for a stage of a tile: the slower of
/// its matrix units and its shared memory, which every warp reads for itself,
/// or every warpgroup.
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
  double cycles =
      schedule.stepTilesPerSplit * getStageCycles(target, schedule.tile) +
      kBlockCycles;
  if (schedule.splits > 1)
    cycles += schedule.tile.rows * schedule.tile.columns * kAtomicCycles /
              Tile::kWarpSize;
  // Blocks on one multiprocessor share its units, so they run one by one as
  // far as cycles go.
  return divideCeil(schedule.getBlocks(), target.multiprocessors) * cycles;
}

TileSchedule getSchedule(const TargetRecord &target, const Tile &tile,
                         const ContractionShape &shape, int64_t splits) {
  TileSchedule schedule;
  schedule.tile = tile;
  schedule.rowTiles = divideCeil(shape.rows, tile.rows);
  schedule.columnTiles = divideCeil(shape.columns, tile.columns);
  schedule.stepTiles = divideCeil(shape.steps, kRunsPerStage);
  schedule.stepTilesPerSplit = divideCeil(schedule.stepTiles, splits);
  // As many parts as have steps.
  schedule.splits =
      schedule.stepTiles == 0
          ? 1
          : divideCeil(schedule.stepTiles, schedule.stepTilesPerSplit);
  schedule.stages =
      std::min(target.hasAsyncCopies() ? kMaxStages : kMaxSynchronousStages,
               kStaticSharedBytes / schedule.getStageBytes());
  return schedule;
}

struct RatedSchedule {
  TileSchedule schedule;
  double cycles;
};
} // namespace

std::string ContractionShape::getSpelling() const {
  return llvm::formatv("{0}x{1}x{2}{3}", rows, columns, steps,
                       canSplit ? "+" : "")
      .str();
}

std::string TileSchedule::getSpelling() const {
  return llvm::formatv("{0}x{1}/{2}x{3}/{4}", tile.rows, tile.columns,
                       tile.warpRows, tile.warpColumns, splits)
      .str();
}

std::vector<TileSchedule>
cuda::rankTileSchedules(const TargetRecord &target,
                        const ContractionShape &shape) {
  int64_t stepTiles = divideCeil(shape.steps, kRunsPerStage);
  int64_t mostSplits =
      shape.canSplit
          ? std::clamp<int64_t>(stepTiles, 1, 4 * target.multiprocessors)
          : 1;
  std::vector<RatedSchedule> rated;
  for (const Tile &tile : kTiles) {
    if (tile.usesWarpgroups && !target.hasWarpgroupProducts())
      continue;
    auto rate = [&](int64_t splits) {
      TileSchedule schedule = getSchedule(target, tile, shape, splits);
      return RatedSchedule{schedule, estimate(target, schedule)};
    };
    RatedSchedule best = rate(1);
    for (int64_t splits = 2; splits <= mostSplits; ++splits)
      if (RatedSchedule other = rate(splits); other.cycles < best.cycles)
        best = other;
    rated.push_back(best);
    // How long a block takes to start and to add is known the least.
    for (int64_t splits :
         {best.schedule.splits / 2, best.schedule.splits * 2}) {
      if (splits < 1 || splits > mostSplits)
        continue;
      RatedSchedule other = rate(splits);
      if (other.schedule.splits != best.schedule.splits)
        rated.push_back(other);
    }
  }
  llvm::stable_sort(rated, [](const RatedSchedule &a, const RatedSchedule &b) {
    return a.cycles < b.cycles;
  });
  std::vector<TileSchedule> ranked;
  for (const RatedSchedule &entry : rated)
    ranked.push_back(entry.schedule);
  return ranked;
}
