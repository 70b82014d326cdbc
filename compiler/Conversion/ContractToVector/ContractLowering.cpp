//===- ContractLowering.cpp - qkernel.contract to loops -------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Conversion/ContractToVector/Lowerings.h"
#include "compiler/Conversion/ContractToVector/TileEmitter.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "llvm/Support/MathExtras.h"

#include <algorithm>
#include <memory>

using namespace mlir;
using namespace qtc;
using cpu::ContractionGeometry;
using cpu::ContractionSchedule;

/// Bits of the magnitudes of narrow accumulators,
static constexpr int64_t kNarrowBits = 15;
/// of which this many upper ones decide a rounding to 8 bits.
static constexpr int64_t kRoundingBits = 8;
/// Number of row tiles from which it pays to widen B before them.
static constexpr int64_t kMinWidenedTiles = 3;
/// Most bytes of stack that a task takes; threads have 8 MiB.
static constexpr int64_t kMaxWidenedBytes = 1 << 20;
/// Alignment of memory on the stack: that of the widest vector.
static constexpr int64_t kLineBytes = 64;

namespace {
/// The work of a task: some rows of a split and group, in one panel or all.
struct TaskPosition {
  Value split, rows, group, panel;
};

/// One of the contractions of an operation, as tasks.
class PartLowering {
public:
  PartLowering(Emitter &emitter, qkernel::ContractionAttr contraction,
               const cpu::TargetRecord &target,
               const ContractionBuffers &buffers, Value maximum)
      : e(emitter), target(target),
        geometry(getGeometry(getFactors(buffers.a), contraction)),
        schedule(cpu::chooseSchedule(target, geometry,
                                     /*oneBlock=*/buffers.shift != nullptr)),
        tiles(e, target, geometry, contraction, buffers), maximum(maximum),
        hasBias(buffers.bias != nullptr), rows(e.size(geometry.getRowCount())),
        rowsPerTask(e.size(schedule.rowsPerTask)),
        lastRowTask(e.size(schedule.rowTasks - 1)),
        fullPanels(e.size(getFullPanelCount())),
        blockExtent(e.size(schedule.blockExtent)) {
    int64_t panels = schedule.panelTasks ? geometry.getPanelCount() : 1;
    for (int64_t extent :
         {geometry.splits, schedule.rowTasks, geometry.groups, panels})
      taskExtents.push_back(e.divisor(extent, schedule.tasks));
  }

  int64_t getTaskCount() const { return schedule.tasks; }
  /// 16-bit factors of B that a task widens before its tiles, or 0.
  int64_t getWidenedSize() const;
  /// Gives a task memory for the widened factors.
  void setWidened(Value memory);
  void emitTask(Value task);

private:
  static ContractionGeometry getGeometry(cpu::Factors factors,
                                         qkernel::ContractionAttr c) {
    return {factors,           c.getRows(),
            c.getRowStrides(), c.getAllResultStrides(),
            c.getSteps(),      c.getAStrides(),
            c.getBStrides(),   c.getColumns(),
            c.getPanel(),      c.getGroups(),
            c.getSplits()};
  }

  TileColumns getColumns(int64_t columns) const {
    int64_t vectors = llvm::divideCeil(columns, target.getLanes());
    return {vectors, columns - (vectors - 1) * target.getLanes()};
  }

  /// Panels that have all columns.
  int64_t getFullPanelCount() const {
    bool isUniform = geometry.getLastPanelColumns() == geometry.panel;
    return geometry.getPanelCount() - !isUniform;
  }
  SmallVector<int64_t, 3> getBlockExtents() const;
  Value emitBlockedTask(const TaskPosition &task, Value magnitudes);
  Value emitPanels(
      const TaskPosition &task, Value magnitudes,
      function_ref<Value(const TilePosition &, TileColumns, Value)> body);
  Value emitTiles(const TilePosition &position, TileColumns columns,
                  Value rowTask, Value magnitudes, ArrayRef<StepRange> block);
  void emitBlocks(const TaskPosition &task, unsigned dim,
                  SmallVector<StepRange> &block);
  Value getEnd(Value rowTask, Value limit);
  Value emitRows(Value rowTask, Value magnitudes,
                 function_ref<Value(Value, Value)> body);

  /// The operands of loops that carry `magnitudes`, which may be null.
  static Values carry(Value magnitudes) {
    return magnitudes ? Values{magnitudes} : Values();
  }
  static Value carried(ValueRange values) {
    return values.empty() ? Value() : values.front();
  }

  Emitter &e;
  const cpu::TargetRecord &target;
  ContractionGeometry geometry;
  ContractionSchedule schedule;
  TileEmitter tiles;
  Value maximum;
  bool hasBias;
  /// Sizes.
  Value rows, rowsPerTask, lastRowTask, fullPanels, blockExtent;
  SmallVector<Divisor, 4> taskExtents;
};
} // namespace

/// Writes `body` for each panel of a task: a loop over those that are full and
/// another body for the last one if it has fewer columns.
Value PartLowering::emitPanels(
    const TaskPosition &task, Value magnitudes,
    function_ref<Value(const TilePosition &, TileColumns, Value)> body) {
  TileColumns full = getColumns(geometry.panel);
  TileColumns last = getColumns(geometry.getLastPanelColumns());
  bool isUniform = getFullPanelCount() == geometry.getPanelCount();
  auto emit = [&](Value p, TileColumns columns, ValueRange init) {
    return carry(body(tiles.getPosition(task.split, task.group, p), columns,
                      carried(init)));
  };
  Values init = carry(magnitudes);
  if (!schedule.panelTasks) {
    init = e.loop(
        e.index(0), fullPanels, 1, init,
        [&](Value p, ValueRange values) { return emit(p, full, values); });
    if (!isUniform)
      init = emit(fullPanels, last, init);
    return carried(init);
  }
  if (getFullPanelCount() == 0)
    return carried(emit(task.panel, last, init));
  if (isUniform)
    return carried(emit(task.panel, full, init));
  init = e.when(e.less(task.panel, fullPanels), init, [&](ValueRange values) {
    return emit(task.panel, full, values);
  });
  init = e.when(e.equal(task.panel, fullPanels), init, [&](ValueRange values) {
    return emit(task.panel, last, values);
  });
  return carried(init);
}

/// The end of the rows of a task, `limit` for the last one.
Value PartLowering::getEnd(Value rowTask, Value limit) {
  Value end = e.mul(e.add(rowTask, 1), rowsPerTask);
  return e.createOrFold<arith::SelectOp>(e.equal(rowTask, lastRowTask), limit,
                                         end);
}

/// The row tiles of a task in one panel. With `block`, tiles of the result are
/// updated with these steps; without, they are computed as a whole, and the
/// last one may overlap the one before it.
Value PartLowering::emitTiles(const TilePosition &position, TileColumns columns,
                              Value rowTask, Value magnitudes,
                              ArrayRef<StepRange> block) {
  int64_t rowCount = geometry.getRowCount();
  int64_t tileRows = target.getTile(geometry.factors, columns.vectors).rows;
  int64_t rest = rowCount % tileRows;
  bool overlaps = schedule.overlaps(rowCount, tileRows);
  SmallVector<StepRange> all = tiles.getAllSteps();
  TilePosition start = tiles.emitWidened(
      position, columns, block.empty() ? ArrayRef<StepRange>(all) : block);
  auto emit = [&](Value row, int64_t count, ValueRange init) {
    if (block.empty())
      return carry(tiles.emitTile(start, columns, row, count, carried(init)));
    tiles.emitUpdate(start, columns, row, count, block);
    return Values(init);
  };
  Value first = e.mul(rowTask, rowsPerTask);
  Value whole = overlaps || rest == 0 ? rows : e.sub(rows, rest);
  Values init = carry(magnitudes);
  if (rowCount > rest)
    init = e.loop(first, getEnd(rowTask, whole), tileRows, init,
                  [&](Value row, ValueRange values) {
                    Value start =
                        overlaps ? e.min(row, e.sub(rows, tileRows)) : row;
                    return emit(start, tileRows, values);
                  });
  if (rest > 0 && !overlaps)
    init = e.when(e.equal(rowTask, lastRowTask), init,
                  [&](ValueRange values) { return emit(whole, rest, values); });
  return carried(init);
}

/// Writes `body` for each row of a task.
Value PartLowering::emitRows(Value rowTask, Value magnitudes,
                             function_ref<Value(Value, Value)> body) {
  Value first = e.mul(rowTask, rowsPerTask);
  Value end = getEnd(rowTask, rows);
  return carried(e.loop(first, end, 1, carry(magnitudes),
                        [&](Value row, ValueRange values) {
                          return carry(body(row, carried(values)));
                        }));
}

/// The loops over blocks from step dimension `dim` on. Blocks are outside of
/// panels and tiles, so that their parts of A and B stay in cache.
void PartLowering::emitBlocks(const TaskPosition &task, unsigned dim,
                              SmallVector<StepRange> &block) {
  if (dim > schedule.blockDim) {
    emitPanels(task, Value(),
               [&](const TilePosition &position, TileColumns columns, Value) {
                 return emitTiles(position, columns, task.rows, Value(), block);
               });
    return;
  }
  bool isCut = dim == schedule.blockDim;
  int64_t step = isCut ? schedule.blockExtent : 1;
  Value stepSize = isCut ? blockExtent : e.index(1);
  Value extent = tiles.getSteps(dim);
  e.loop(e.index(0), extent, stepSize, {}, [&](Value k, ValueRange) -> Values {
    Value end = e.add(k, stepSize);
    block[dim] = {k,
                  geometry.steps[dim] % step == 0 ? end : e.min(end, extent)};
    emitBlocks(task, dim + 1, block);
    return {};
  });
}

/// A task in several blocks: start values, sums block by block, bias and
/// maximum.
Value PartLowering::emitBlockedTask(const TaskPosition &task,
                                    Value magnitudes) {
  emitPanels(task, Value(),
             [&](const TilePosition &position, TileColumns columns, Value) {
               return emitRows(task.rows, Value(), [&](Value row, Value) {
                 tiles.emitStart(position, columns, row);
                 return Value();
               });
             });
  SmallVector<StepRange> block = tiles.getAllSteps();
  emitBlocks(task, 0, block);
  if (!maximum && !hasBias)
    return magnitudes;
  return emitPanels(
      task, magnitudes,
      [&](const TilePosition &position, TileColumns columns, Value values) {
        return emitRows(task.rows, values, [&](Value row, Value carriedValues) {
          return tiles.emitFinish(position, columns, row, carriedValues);
        });
      });
}

/// The extents of a block in each step dimension.
SmallVector<int64_t, 3> PartLowering::getBlockExtents() const {
  SmallVector<int64_t, 3> extents(geometry.steps);
  std::fill_n(extents.begin(), schedule.blockDim, 1);
  extents[schedule.blockDim] = schedule.blockExtent;
  return extents;
}

/// If instructions take 16-bit factors, B is widened once for a panel of a
/// task, on the stack; the inner loop widens only A. With few tiles of rows
/// that costs more than it saves.
int64_t PartLowering::getWidenedSize() const {
  int64_t rows = std::min(schedule.rowsPerTask, geometry.getRowCount());
  int64_t vectors = llvm::divideCeil(geometry.panel, target.getLanes());
  int64_t tileRows = target.getTile(geometry.factors, vectors).rows;
  if (!target.widens(geometry.factors) || rows < kMinWidenedTiles * tileRows ||
      geometry.getStepCount() == 0)
    return 0;
  int64_t size = tiles.getWidenedStep();
  for (int64_t extent : getBlockExtents())
    size *= extent;
  return 2 * size > kMaxWidenedBytes ? 0 : size;
}

void PartLowering::setWidened(Value memory) {
  if (getWidenedSize() > 0)
    tiles.setWidened(memory, getBlockExtents());
}

void PartLowering::emitTask(Value task) {
  // Neighbouring tasks share rows of A, because those have more bytes than
  // columns.
  Values digits = e.delinearize(task, taskExtents);
  TaskPosition part{digits[0], digits[1], digits[2], digits[3]};
  Value magnitudes = maximum ? tiles.getZero() : Value();
  if (schedule.blocks == 1)
    magnitudes = emitPanels(
        part, magnitudes,
        [&](const TilePosition &position, TileColumns columns, Value values) {
          return emitTiles(position, columns, part.rows, values, {});
        });
  else
    magnitudes = emitBlockedTask(part, magnitudes);
  if (maximum)
    e.atomicMaximum(magnitudes, maximum);
}

namespace {
/// All contractions of an operation, in one parallel loop.
class ContractLowering {
public:
  ContractLowering(Emitter &emitter, qkernel::ContractOp op,
                   const cpu::TargetRecord &target)
      : e(emitter), op(op), target(target), buffers(getBuffers()),
        maximum(op.getMaximum()) {}

  void run() {
    if (op.isNarrow())
      return emitNarrow();
    emitTasks();
  }

private:
  ContractionBuffers getBuffers() {
    ContractionBuffers result;
    result.a = e.flatten(op.getA());
    result.b = e.flatten(op.getB());
    if (op.getStart())
      result.start = e.flatten(op.getStart());
    if (op.getBias())
      result.bias = e.flatten(op.getBias());
    result.result = e.flatten(op.getAccumulators());
    return result;
  }

  void emitNarrow();
  void emitTasks();

  Emitter &e;
  qkernel::ContractOp op;
  const cpu::TargetRecord &target;
  ContractionBuffers buffers;
  Value maximum;
};
} // namespace

/// Elements for widened factors that a task reserves on its stack: a size that
/// fits most layers, so that they share their task. Memory that a layer does
/// not use is not touched.
static constexpr int64_t kWidenedSize = 32768;

void ContractLowering::emitTasks() {
  if (maximum)
    e.clear(maximum);
  SmallVector<std::unique_ptr<PartLowering>> parts;
  int64_t widened = 0;
  for (qkernel::ContractionAttr contraction : op.getContractions()) {
    parts.push_back(std::make_unique<PartLowering>(e, contraction, target,
                                                   buffers, maximum));
    widened = std::max(widened, parts.back()->getWidenedSize());
  }
  int64_t count = 0;
  Values tasks;
  for (const auto &part : parts) {
    count += part->getTaskCount();
    tasks.push_back(e.size(part->getTaskCount()));
  }
  e.parallel(op, count, [&](Value task) {
    Value memory;
    if (widened > 0)
      memory = e.create<memref::AllocaOp>(
          MemRefType::get({std::max(widened, kWidenedSize)},
                          e.getIntegerType(16)),
          e.getI64IntegerAttr(kLineBytes));
    for (auto &part : parts)
      part->setWidened(memory);
    e.choosePart(task, tasks, [&](size_t part, Value local) {
      parts[part]->emitTask(local);
    });
  });
}

/// Runs the tasks with the stored shift, usually from the previous step, and
/// again if the maximum shows that it is not valid. The second run takes a
/// shift in the middle of the valid ones, which stays valid until the maximum
/// has changed by three or four octaves.
void ContractLowering::emitNarrow() {
  Value shift = op.getShift();
  auto constant = [&](int64_t value) -> Value {
    return e.create<arith::ConstantIntOp>(value, 32);
  };
  // The range of valid shifts.
  Value zero = constant(0);
  Value found = e.create<memref::LoadOp>(shift);
  found = e.create<arith::MinSIOp>(
      e.create<arith::MaxSIOp>(found, zero).getResult(),
      constant(32 - kNarrowBits));
  auto once = [&](OpBuilder &, Location, ValueRange carried) {
    Value used = carried.front();
    buffers.shift = used;
    emitTasks();
    Value largest = e.create<memref::LoadOp>(maximum);
    Value tooSmall = e.create<arith::CmpIOp>(
        arith::CmpIPredicate::sge, e.create<arith::ShRUIOp>(largest, used),
        constant(1 << kNarrowBits));
    // k > W − 8: the maximum is 2^(k + 7) at most.
    Value octave = e.create<arith::AddIOp>(used, constant(kRoundingBits - 1));
    Value limit = e.create<arith::ShLIOp>(constant(1), octave);
    Value tooLarge = e.create<arith::AndIOp>(
        e.create<arith::CmpIOp>(arith::CmpIPredicate::sle, largest, limit),
        e.create<arith::CmpIOp>(arith::CmpIPredicate::sgt, used, zero));
    Value isWrong = e.create<arith::OrIOp>(tooSmall, tooLarge);
    // From the bit length of the maximum, which is W or one more.
    Value zeros = e.create<math::CountLeadingZerosOp>(largest);
    constexpr int64_t kMiddle = (kNarrowBits + kRoundingBits + 1) / 2;
    Value middle = e.create<arith::MaxSIOp>(
        e.create<arith::SubIOp>(constant(32 - kMiddle), zeros).getResult(),
        zero);
    e.create<scf::ConditionOp>(
        isWrong, ValueRange{e.create<arith::SelectOp>(isWrong, middle, used)});
  };
  auto again = [&](OpBuilder &, Location, ValueRange carried) {
    e.create<scf::YieldOp>(carried);
  };
  auto loop = e.create<scf::WhileOp>(TypeRange{e.getI32Type()},
                                     ValueRange{found}, once, again);
  e.create<memref::StoreOp>(loop.getResult(0), shift);
}

void qtc::lowerContract(Emitter &emitter, qkernel::ContractOp op,
                        const cpu::TargetRecord &target) {
  ContractLowering(emitter, op, target).run();
}
