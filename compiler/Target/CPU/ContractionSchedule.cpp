//===- ContractionSchedule.cpp - Blocking of a contraction ----------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Target/CPU/ContractionSchedule.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <numeric>

using namespace qtc::cpu;
using llvm::ArrayRef;
using llvm::divideCeil;
using llvm::SmallVector;

// Parameters of the model, in cycles of one core. They only need to be right
// within a factor of two.

/// Bytes per cycle that come from beyond the second-level cache while the
/// kernels compute. 10 to 20 GB/s at 2.5 to 4 GHz are 4; computation hides
/// about half of the time.
static constexpr double kMemoryBytesPerCycle = 8;
/// Bytes of accumulators that a block reloads and stores per cycle.
static constexpr double kReloadBytesPerCycle = 32;
/// Start and end of a task, with the reduction of its maximum.
static constexpr double kTaskCycles = 500;
/// Part of the second-level cache that a block may fill; the rest is for
/// accumulators and prefetching.
static constexpr double kCachePart = 0.6;
/// Part of the rows that an overlap of tiles may compute twice, at most. That
/// saves the code of a smaller tile, and costs less time than the rows suggest:
/// a tile of less than ten accumulators mostly waits for its own results.
static constexpr double kOverlapPart = 0.125;
/// Numbers of threads that a schedule is rated for.
static constexpr int64_t kThreads[] = {1, 2, 4, 8};

static constexpr int64_t kLineBytes = 64;

static int64_t product(ArrayRef<int64_t> values) {
  return std::accumulate(values.begin(), values.end(), int64_t(1),
                         std::multiplies<int64_t>());
}

ContractionGeometry::ContractionGeometry(
    Factors factors, ArrayRef<int64_t> rows, ArrayRef<int64_t> rowStrides,
    ArrayRef<int64_t> resultStrides, ArrayRef<int64_t> steps,
    ArrayRef<int64_t> aStrides, ArrayRef<int64_t> bStrides, int64_t columns,
    int64_t panel, int64_t groups, int64_t splits)
    : factors(factors), columns(columns), panel(panel), groups(groups),
      splits(splits) {
  int64_t firstSteps = steps.front() / splits;
  aSplitStride = firstSteps * aStrides.front();
  bSplitStride = firstSteps * bStrides.front();
  for (auto [extent, stride, resultStride] :
       llvm::zip_equal(rows, rowStrides, resultStrides)) {
    if (extent == 1)
      continue;
    if (!this->rows.empty() && this->rowStrides.back() == extent * stride &&
        this->resultStrides.back() == extent * resultStride) {
      this->rows.back() *= extent;
      this->rowStrides.back() = stride;
      this->resultStrides.back() = resultStride;
      continue;
    }
    this->rows.push_back(extent);
    this->rowStrides.push_back(stride);
    this->resultStrides.push_back(resultStride);
  }
  if (this->rows.empty()) {
    this->rows.push_back(1);
    this->rowStrides.push_back(0);
    this->resultStrides.push_back(0);
  }
  for (size_t i = 0; i < steps.size(); ++i) {
    int64_t extent = i == 0 ? firstSteps : steps[i];
    if (extent == 1)
      continue;
    if (!this->steps.empty() && this->aStrides.back() == extent * aStrides[i] &&
        this->bStrides.back() == extent * bStrides[i]) {
      this->steps.back() *= extent;
      this->aStrides.back() = aStrides[i];
      this->bStrides.back() = bStrides[i];
      continue;
    }
    this->steps.push_back(extent);
    this->aStrides.push_back(aStrides[i]);
    this->bStrides.push_back(bStrides[i]);
  }
  if (this->steps.empty()) {
    this->steps.push_back(1);
    this->aStrides.push_back(0);
    this->bStrides.push_back(0);
  }
}

bool ContractionGeometry::hasOneResultStride() const {
  for (size_t i = 1; i < rows.size(); ++i)
    if (resultStrides[i - 1] != rows[i] * resultStrides[i])
      return false;
  return true;
}

int64_t ContractionGeometry::getRowCount() const { return product(rows); }

int64_t ContractionGeometry::getStepCount() const { return product(steps); }

int64_t ContractionGeometry::getPanelCount() const {
  return divideCeil(columns, panel);
}

int64_t ContractionGeometry::getLastPanelColumns() const {
  return columns - (getPanelCount() - 1) * panel;
}

int64_t ContractionGeometry::getBytesOfA(int64_t rowCount,
                                         ArrayRef<int64_t> block) const {
  SmallVector<std::pair<int64_t, int64_t>, 6> dims; // bytes and extent
  auto addDim = [&](int64_t stride, int64_t extent) {
    dims.push_back({std::abs(stride) * getFactorBytes(factors), extent});
  };
  int64_t rest = rowCount;
  for (size_t i = rows.size(); i-- > 0;) {
    addDim(rowStrides[i], std::min(rest, rows[i]));
    rest = divideCeil(rest, rows[i]);
  }
  for (auto [extent, stride] : llvm::zip_equal(block, aStrides))
    addDim(stride, extent);
  llvm::sort(dims);
  // Dimensions are visited from the smallest stride to the largest. Copies that
  // overlap extend the range at the same density; others multiply it.
  double bytes = 4, reach = 4;
  for (auto [stride, extent] : dims) {
    if (stride >= kLineBytes && reach < kLineBytes)
      bytes = reach = kLineBytes;
    double longer = reach + double(extent - 1) * stride;
    bytes *= stride >= reach ? extent : longer / reach;
    reach = longer;
  }
  return static_cast<int64_t>(bytes);
}

bool ContractionSchedule::overlaps(int64_t rows, int64_t tileRows) const {
  int64_t rest = rows % tileRows;
  // A block adds to the result, so no row may be in two tiles of it.
  return blocks == 1 && rest > 0 && rows > tileRows &&
         tileRows - rest <= kOverlapPart * rows;
}

namespace {
/// Evaluates candidates for one contraction.
class Scheduler {
public:
  Scheduler(const TargetRecord &target, const ContractionGeometry &geometry)
      : target(target), geometry(geometry), rowCount(geometry.getRowCount()),
        stepCount(geometry.getStepCount()), panels(geometry.getPanelCount()) {
    tileRows = getTileRows(geometry.panel);
    lastTileRows = getTileRows(geometry.getLastPanelColumns());
    rowUnit = std::lcm(tileRows, lastTileRows);
  }

  ContractionSchedule run(bool oneBlock) {
    if (oneBlock) {
      tryBlock(0, std::max<int64_t>(1, geometry.steps.front()));
      return best;
    }
    for (unsigned dim = 0; dim < geometry.steps.size(); ++dim)
      for (int64_t extent = std::max<int64_t>(1, geometry.steps[dim]);
           extent > 0; extent = extent == 1 ? 0 : divideCeil(extent, 2))
        tryBlock(dim, extent);
    return best;
  }

private:
  int64_t getTileRows(int64_t columns) const {
    return target
        .getTile(geometry.factors, divideCeil(columns, target.getLanes()))
        .rows;
  }

  /// Sets the number of row tasks. If tiles overlap, a last task with fewer
  /// rows than a tile joins the one before it: no two tasks may write the same
  /// row.
  void setRowTasks(ContractionSchedule &schedule) const {
    schedule.rowTasks = divideCeil(rowCount, schedule.rowsPerTask);
    int64_t lastRows =
        rowCount - (schedule.rowTasks - 1) * schedule.rowsPerTask;
    for (int64_t rows : {tileRows, lastTileRows})
      if (schedule.overlaps(rowCount, rows) && lastRows < rows) {
        --schedule.rowTasks;
        return;
      }
  }

  void tryBlock(unsigned dim, int64_t extent) {
    SmallVector<int64_t, 3> block(geometry.steps);
    std::fill_n(block.begin(), dim, 1);
    block[dim] = extent;
    ContractionSchedule schedule;
    schedule.blockDim = dim;
    schedule.blockExtent = extent;
    // A sum without terms is one block, too.
    schedule.blocks = std::max<int64_t>(
        1, product(ArrayRef<int64_t>(geometry.steps).take_front(dim)) *
               divideCeil(geometry.steps[dim], extent));
    int64_t units = divideCeil(rowCount, rowUnit);
    for (int64_t tasks = 1; tasks <= std::min<int64_t>(units, 2048);
         tasks += std::max<int64_t>(1, tasks / 4)) {
      schedule.rowsPerTask = divideCeil(units, tasks) * rowUnit;
      setRowTasks(schedule);
      for (bool panelTasks : {false, true}) {
        schedule.panelTasks = panelTasks;
        rate(schedule, block);
      }
    }
  }

  /// Estimates `schedule` and keeps it if it is the best one so far.
  void rate(ContractionSchedule &schedule, ArrayRef<int64_t> block) {
    schedule.tasks = schedule.rowTasks * geometry.splits * geometry.groups *
                     (schedule.panelTasks ? panels : 1);
    double taskPanels = schedule.panelTasks ? 1 : panels;
    double bytesA =
        geometry.getBytesOfA(std::min(schedule.rowsPerTask, rowCount), block);
    double bytesB = 4.0 * geometry.panel * product(block);
    double bytesC = 4.0 * schedule.rowsPerTask * geometry.panel * taskPanels;
    double cache = kCachePart * target.l2Bytes;
    double traffic = bytesA + taskPanels * bytesB;
    // If bytes are widened, there is a second copy of B, twice as large.
    double keptB = target.widens(geometry.factors) ? 3 * bytesB : bytesB;
    if (bytesA + keptB > cache) // nothing survives from one use to the next
      traffic = taskPanels *
                (bytesA + bytesB * divideCeil(schedule.rowsPerTask, tileRows));
    // Whole rows count even if a task has only some columns: rows usually start
    // a power of two apart, so the columns share the few sets of the cache
    // where rows start.
    double rowsOfC = 4.0 * schedule.rowsPerTask * geometry.columns;
    bool keepsC = bytesA + keptB + rowsOfC <= target.l2Bytes;
    traffic *= schedule.blocks;
    traffic += bytesC * (keepsC ? 2 : 2 * schedule.blocks);
    double reload =
        schedule.blocks > 1 ? 2 * bytesC * (schedule.blocks + 1) : bytesC;
    // Two dot products of four bytes, or two multiply-adds of floats, per
    // cycle.
    double rowCycles =
        geometry.panel * taskPanels * stepCount / (2 * target.getLanes());
    double cycles = schedule.rowsPerTask * rowCycles +
                    traffic / kMemoryBytesPerCycle +
                    reload / kReloadBytesPerCycle + kTaskCycles;
    schedule.cycles = cycles * getTaskTimes(schedule.tasks);
    // The last task may have one more tile.
    if (schedule.rowTasks * schedule.rowsPerTask < rowCount)
      schedule.cycles += tileRows * rowCycles * getTaskTimes(1);
    if (!found || schedule.cycles < best.cycles)
      best = schedule;
    found = true;
  }

  /// The time of `tasks` tasks in times of one task, multiplied by the number
  /// of threads, which wait for the last one of them.
  static double getTaskTimes(int64_t tasks) {
    double times = 0;
    for (int64_t threads : kThreads)
      times += divideCeil(tasks, threads) * threads;
    return times / std::size(kThreads);
  }

  const TargetRecord &target;
  const ContractionGeometry &geometry;
  int64_t rowCount, stepCount, panels, rowUnit, tileRows, lastTileRows;
  ContractionSchedule best = {};
  bool found = false;
};
} // namespace

ContractionSchedule
qtc::cpu::chooseSchedule(const TargetRecord &target,
                         const ContractionGeometry &geometry, bool oneBlock) {
  return Scheduler(target, geometry).run(oneBlock);
}
