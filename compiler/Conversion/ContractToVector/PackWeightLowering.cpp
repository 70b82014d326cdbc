//===- PackWeightLowering.cpp - qkernel.pack_weight to loops --------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Conversion/ContractToVector/DotProduct.h"
#include "compiler/Conversion/ContractToVector/Lowerings.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "llvm/Support/MathExtras.h"

#include <algorithm>

using namespace mlir;
using namespace qtc;
using qkernel::WeightOrder;

namespace {
/// A loop over weights: its trip count and what one index is in memory.
struct Dimension {
  int64_t extent;
  int64_t stride;
};

/// What columns and steps of an order are in memory, see #qkernel.weight_order.
struct WeightLayout {
  WeightLayout(WeightOrder order, ArrayRef<int64_t> shape);

  int64_t getRunLength() const {
    int64_t length = 1;
    for (Dimension dimension : run)
      length *= dimension.extent;
    return length;
  }

  SmallVector<Dimension, 2> columns; ///< the last one is innermost
  SmallVector<Dimension, 2> outer;   ///< steps around the run
  SmallVector<Dimension, 3> run;     ///< what is padded to a multiple of four
  int64_t first = 0;                 ///< offset of index 0 of all loops
};

/// One parallel iteration packs as many columns as a vector has lanes.
class PackWeightLowering {
public:
  PackWeightLowering(Emitter &emitter, qkernel::PackWeightOp op,
                     const cpu::TargetRecord &target)
      : e(emitter), op(op), lanes(target.getLanes()),
        vectorBytes(target.getVectorBytes()),
        layout(op.getOrder(),
               cast<MemRefType>(op.getIns()[0].getType()).getShape()),
        input(e.flatten(op.getIns()[0])), output(e.flatten(op.getOuts()[0])),
        dot(emitter, target), columns(1), outerSteps(1) {
    for (Dimension dimension : layout.columns)
      columns *= dimension.extent;
    for (Dimension dimension : layout.outer)
      outerSteps *= dimension.extent;
    panel = op.getPanel();
    runSteps = llvm::divideCeil(layout.getRunLength(), 4);
    steps = outerSteps * runSteps;
  }

  void run() {
    int64_t panels = llvm::divideCeil(columns, panel);
    e.parallel(op, panels * (panel / lanes),
               [&](Value group) { emitGroup(group); });
  }

private:
  void emitGroup(Value group);
  void emitZeros(Value target);
  void emitOuter(unsigned dim, Value source, Value target);
  void emitQuads(unsigned dim, Value source, Value target);
  void emitQuad(Value source, Value target, int64_t count);
  void emitBytes(Value source, Value target);
  void emitCorrection(Value target, Value firstColumn);
  Value getColumnOffset(Value column);

  Emitter &e;
  qkernel::PackWeightOp op;
  int64_t lanes, vectorBytes;
  WeightLayout layout;
  Value input, output;
  DotProduct dot;
  int64_t columns, outerSteps, panel, runSteps, steps;
  /// Of the group that is being written: its first column and their number.
  Value groupColumn, groupColumns;
};
} // namespace

WeightLayout::WeightLayout(WeightOrder order, ArrayRef<int64_t> shape) {
  int64_t outputs = shape[0], inputs = shape[1];
  int64_t height = shape[2], width = shape[3];
  int64_t inputStride = height * width, outputStride = inputs * inputStride;
  Dimension o{outputs, outputStride}, i{inputs, inputStride};
  Dimension kh{height, width}, kw{width, 1};
  switch (order) {
  case WeightOrder::ForwardImage:
    columns = {o}, run = {kh, kw, i};
    return;
  case WeightOrder::ForwardMerged:
    columns = {o}, outer = {kh}, run = {kw, i};
    return;
  case WeightOrder::Forward:
    columns = {o}, outer = {kh, kw}, run = {i};
    return;
  case WeightOrder::Flipped:
    columns = {i}, outer = {{height, -width}, {width, -1}}, run = {o};
    first = inputStride - 1;
    return;
  case WeightOrder::Pointwise:
    columns = {kh, kw, i}, run = {o};
    return;
  }
}

Value PackWeightLowering::getColumnOffset(Value column) {
  SmallVector<int64_t> extents;
  for (Dimension dimension : layout.columns)
    extents.push_back(dimension.extent);
  Value offset = e.index(0);
  for (auto [digit, dimension] :
       llvm::zip_equal(e.delinearize(column, extents), layout.columns))
    offset = e.add(offset, e.mul(digit, dimension.stride));
  return offset;
}

/// Up to four elements of the run, which lie `stride` apart, in all columns.
void PackWeightLowering::emitQuad(Value source, Value target, int64_t count) {
  int64_t stride = layout.run.back().stride;
  e.loop(e.index(0), groupColumns, 1, {}, [&](Value column, ValueRange) {
    Value from = e.add(source, getColumnOffset(e.add(groupColumn, column)));
    Value to = e.add(target, e.mul(column, 4));
    for (int64_t i = 0; i < count; ++i) {
      Value byte =
          e.create<memref::LoadOp>(input, ValueRange(e.add(from, i * stride)));
      e.create<memref::StoreOp>(byte, output, ValueRange(e.add(to, i)));
    }
    return Values();
  });
}

/// The run from its dimension `dim` on, when groups of four elements do not
/// cross from one index of an outer dimension to the next.
void PackWeightLowering::emitQuads(unsigned dim, Value source, Value target) {
  Dimension dimension = layout.run[dim];
  int64_t stepBytes = panel * 4;
  if (dim + 1 < layout.run.size()) {
    int64_t inner = 1;
    for (Dimension next : ArrayRef<Dimension>(layout.run).drop_front(dim + 1))
      inner *= next.extent;
    e.loop(0, dimension.extent, 1, [&](Value k) {
      emitQuads(dim + 1, e.add(source, e.mul(k, dimension.stride)),
                e.add(target, e.mul(k, inner / 4 * stepBytes)));
    });
    return;
  }
  int64_t whole = dimension.extent / 4, rest = dimension.extent % 4;
  e.loop(0, whole, 1, [&](Value k) {
    emitQuad(e.add(source, e.mul(k, 4 * dimension.stride)),
             e.add(target, e.mul(k, stepBytes)), 4);
  });
  if (rest > 0)
    emitQuad(e.add(source, e.index(whole * 4 * dimension.stride)),
             e.add(target, whole * stepBytes), rest);
}

/// The run byte by byte.
void PackWeightLowering::emitBytes(Value source, Value target) {
  SmallVector<int64_t> extents;
  for (Dimension dimension : layout.run)
    extents.push_back(dimension.extent);
  e.loop(0, layout.getRunLength(), 1, [&](Value k) {
    Value from = source;
    for (auto [digit, dimension] :
         llvm::zip_equal(e.delinearize(k, extents), layout.run))
      from = e.add(from, e.mul(digit, dimension.stride));
    Value to = e.add(e.add(target, e.mul(e.div(k, 4), panel * 4)), e.rem(k, 4));
    emitQuad(from, to, 1);
  });
}

void PackWeightLowering::emitOuter(unsigned dim, Value source, Value target) {
  if (dim < layout.outer.size()) {
    Dimension dimension = layout.outer[dim];
    int64_t inner = runSteps;
    for (Dimension next : ArrayRef<Dimension>(layout.outer).drop_front(dim + 1))
      inner *= next.extent;
    e.loop(0, dimension.extent, 1, [&](Value k) {
      emitOuter(dim + 1, e.add(source, e.mul(k, dimension.stride)),
                e.add(target, e.mul(k, inner * panel * 4)));
    });
    return;
  }
  if (layout.run.size() == 1 || layout.run.back().extent % 4 == 0)
    emitQuads(0, source, target);
  else
    emitBytes(source, target);
}

void PackWeightLowering::emitZeros(Value target) {
  e.loop(0, steps, 1, [&](Value step) {
    e.store(e.splat(vectorBytes, 8, 0), output,
            e.add(target, e.mul(step, panel * 4)));
  });
}

/// −128 · Σ of the packed weights of each column.
void PackWeightLowering::emitCorrection(Value target, Value firstColumn) {
  Value zero = e.splat(lanes, 32, 0);
  Value sum =
      e.loop(e.index(0), e.index(steps), 1, {zero},
             [&](Value step, ValueRange carried) -> Values {
               Value offset = e.add(target, e.mul(step, panel * 4));
               return {dot.accumulate(carried.front(), dot.constantA(128),
                                      dot.loadB(output, offset))};
             })
          .front();
  e.store(e.create<arith::SubIOp>(zero, sum), e.flatten(op.getOuts()[1]),
          firstColumn);
}

void PackWeightLowering::emitGroup(Value group) {
  int64_t panels = llvm::divideCeil(columns, panel);
  Values digits = e.delinearize(group, {panels, panel / lanes});
  Value target =
      e.add(e.mul(digits[0], steps * panel * 4), e.mul(digits[1], vectorBytes));
  groupColumn = e.mul(group, lanes);
  // Columns beyond the last one stay zero, as does the end of each run.
  bool isWhole = columns % panel == 0;
  groupColumns = e.index(lanes);
  if (!isWhole) {
    Value end = e.min(e.add(groupColumn, lanes), columns);
    Value begin = e.min(groupColumn, columns);
    groupColumns = e.createOrFold<arith::SubIOp>(end, begin);
  }
  bool fillsRuns = layout.getRunLength() % 4 == 0;
  if (!fillsRuns)
    emitZeros(target);
  else if (!isWhole)
    e.branch(
        e.less(groupColumns, lanes), [&] { emitZeros(target); }, [] {});
  emitOuter(0, e.index(layout.first), target);
  if (op.getOuts().size() > 1)
    emitCorrection(target, groupColumn);
}

void qtc::lowerPackWeight(Emitter &emitter, qkernel::PackWeightOp op,
                          const cpu::TargetRecord &target) {
  PackWeightLowering(emitter, op, target).run();
}
