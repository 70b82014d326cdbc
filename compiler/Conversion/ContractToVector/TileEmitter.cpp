//===- TileEmitter.cpp - Accumulators in registers ------------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Conversion/ContractToVector/TileEmitter.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace qtc;

TilePosition TileEmitter::getPosition(Value split, Value group, Value panel) {
  using Operand = qkernel::ContractionAttr::Operand;
  auto locate = [&](Operand operand, int64_t splitStride, int64_t panelStride) {
    Value offset = e.add(e.mul(split, splitStride), e.mul(panel, panelStride));
    offset = e.add(offset, e.mul(group, contraction.getGroupStride(operand)));
    return e.add(offset, contraction.getOffset(operand));
  };
  int64_t columns = geometry.columns * geometry.groups;
  return {
      split,
      locate(Operand::A, geometry.aSplitStride, 0),
      locate(Operand::B, geometry.bSplitStride, contraction.getPanelStride()),
      locate(Operand::Start, 0, geometry.panel),
      e.add(e.mul(group, geometry.columns), e.mul(panel, geometry.panel)),
      locate(Operand::Result, geometry.getRowCount() * columns,
             geometry.panel)};
}

Value RowOffsets::get(Emitter &e, Value base, int64_t row) const {
  if (!distance)
    return e.add(offsets[row], base);
  return e.add(e.add(offsets.front(), base), row * *distance);
}

Value RowOffsets::moveFirst(Emitter &e, Value base) {
  if (!distance)
    return base;
  base = e.add(offsets.front(), base);
  offsets.front() = e.index(0);
  return base;
}

/// Offsets of consecutive rows in A or the result.
RowOffsets TileEmitter::getRowOffsets(Value row, int64_t rows, bool isWhole,
                                      ArrayRef<int64_t> strides) {
  ArrayRef<int64_t> extents = geometry.rows;
  Values digits = e.delinearize(row, extents);
  RowOffsets result;
  result.count = rows;
  // Whole tiles start at multiples of their rows, except for one that overlaps
  // another; then these rows do not divide the last extent.
  if (extents.size() == 1 || (isWhole && extents.back() % rows == 0))
    result.distance = strides.back();
  for (int64_t i = 0; i < (result.distance ? 1 : rows); ++i) {
    Value offset = e.index(0);
    for (auto [digit, stride] : llvm::zip_equal(digits, strides))
      offset = e.add(offset, e.mul(digit, stride));
    result.offsets.push_back(offset);
    // Count up, with carry.
    digits.back() = e.add(digits.back(), 1);
    for (size_t d = extents.size(); d-- > 1;) {
      Value carry = e.equal(digits[d], extents[d]);
      Value next = e.add(digits[d - 1], 1);
      digits[d] = e.create<arith::SelectOp>(carry, e.index(0), digits[d]);
      digits[d - 1] = e.create<arith::SelectOp>(carry, next, digits[d - 1]);
    }
  }
  return result;
}

/// Offsets in the result, row by row, vector by vector.
Values TileEmitter::getResultOffsets(const TilePosition &position,
                                     TileColumns columns, Value row,
                                     int64_t rows) {
  Values offsets;
  auto addRow = [&](Value first, int64_t distance) {
    for (int64_t v = 0; v < columns.vectors; ++v)
      offsets.push_back(e.add(first, distance + v * target.getLanes()));
  };
  if (geometry.hasOneResultStride()) {
    int64_t stride = geometry.resultStrides.back();
    Value first = e.add(position.result, e.mul(row, stride));
    for (int64_t i = 0; i < rows; ++i)
      addRow(first, i * stride);
    return offsets;
  }
  RowOffsets found =
      getRowOffsets(row, rows, isWhole(columns, rows), geometry.resultStrides);
  for (int64_t i = 0; i < rows; ++i)
    addRow(found.get(e, position.result, i), 0);
  return offsets;
}

Values TileEmitter::loadStart(const TilePosition &position,
                              TileColumns columns) {
  if (!buffers.start || geometry.getStepCount() == 0)
    return Values(columns.vectors, getZero());
  Value isFirst = e.equal(position.split, 0);
  Values start;
  for (int64_t v = 0; v < columns.vectors; ++v) {
    Value offset = e.add(position.start, v * target.getLanes());
    Value value = e.loadPart(buffers.start, offset, target.getLanes(),
                             getLanes(columns, v));
    if (geometry.splits > 1)
      value = e.create<arith::SelectOp>(isFirst, value, getZero());
    start.push_back(value);
  }
  return start;
}

Values TileEmitter::loadBias(const TilePosition &position,
                             TileColumns columns) {
  Values bias(columns.vectors);
  if (!buffers.bias)
    return bias;
  for (int64_t v = 0; v < columns.vectors; ++v)
    bias[v] =
        e.loadPart(buffers.bias, e.add(position.bias, v * target.getLanes()),
                   target.getLanes(), getLanes(columns, v));
  return bias;
}

Values TileEmitter::loadResult(TileColumns columns, ValueRange offsets) {
  Values accumulators;
  for (auto [i, offset] : llvm::enumerate(offsets))
    accumulators.push_back(e.loadPart(buffers.result, offset, target.getLanes(),
                                      getLanes(columns, i % columns.vectors)));
  return accumulators;
}

void TileEmitter::storeResult(TileColumns columns, ValueRange offsets,
                              ValueRange accumulators) {
  for (auto [i, offset] : llvm::enumerate(offsets))
    e.storePart(narrow(accumulators[i]), buffers.result, offset,
                getLanes(columns, i % columns.vectors));
}

Value TileEmitter::narrow(Value accumulator) {
  if (!buffers.shift)
    return accumulator;
  auto type = cast<VectorType>(accumulator.getType());
  Value zero = getZero();
  Value shift = e.create<vector::BroadcastOp>(type, buffers.shift);
  Value magnitude = e.create<arith::ShRUIOp>(e.magnitude(accumulator), shift);
  Value isNegative =
      e.create<arith::CmpIOp>(arith::CmpIPredicate::slt, accumulator, zero);
  Value kept = e.create<arith::SelectOp>(
      isNegative, e.create<arith::SubIOp>(zero, magnitude), magnitude);
  return e.create<arith::TruncIOp>(e.vectorType(type.getNumElements(), 16),
                                   kept);
}

Value TileEmitter::addBias(Value accumulator, Value bias) {
  return bias ? e.addBias(accumulator, bias) : accumulator;
}

Value TileEmitter::updateMaximum(Value maximum, Value accumulator) {
  return maximum ? e.maxMagnitude(maximum, accumulator) : maximum;
}

int64_t TileEmitter::getWidenedStep() const {
  // Every byte becomes one 16-bit number.
  return llvm::divideCeil(geometry.panel, target.getLanes()) *
         target.getVectorBytes();
}

void TileEmitter::setWidened(Value memory, ArrayRef<int64_t> extents) {
  buffers.widened = memory;
  int64_t stride = getWidenedStep();
  for (size_t dim = extents.size(); dim-- > 0; stride *= extents[dim])
    bStrides[dim] = stride;
}

TilePosition TileEmitter::emitWidened(const TilePosition &position,
                                      TileColumns columns,
                                      ArrayRef<StepRange> block) {
  if (!buffers.widened)
    return position;
  TilePosition widened = position;
  widened.b = e.index(0);
  for (auto [range, stride] : llvm::zip_equal(block, bStrides))
    widened.b = e.add(widened.b, e.mul(range.lower, -stride));
  widenSteps(0, block, position.b, widened.b, columns.vectors);
  return widened;
}

/// The loops from step dimension `dim` on; like emitSteps, but only for B.
void TileEmitter::widenSteps(unsigned dim, ArrayRef<StepRange> block,
                             Value from, Value to, int64_t vectors) {
  if (dim == geometry.steps.size()) {
    for (int64_t v = 0; v < vectors; ++v) {
      int64_t shift = v * target.getVectorBytes();
      dot.storeWidened(dot.loadB(buffers.b, e.add(from, shift)),
                       buffers.widened, e.add(to, shift));
    }
    return;
  }
  e.advance(block[dim].lower, block[dim].upper, {from, to},
            {geometry.bStrides[dim], bStrides[dim]}, {},
            [&](ValueRange offsets, ValueRange) -> Values {
              widenSteps(dim + 1, block, offsets[0], offsets[1], vectors);
              return {};
            });
}

Values TileEmitter::emitDots(Value aOffset, Value bOffset,
                             const RowOffsets &rows, ValueRange accumulators) {
  int64_t vectors = accumulators.size() / rows.count;
  SmallVector<DotProduct::Operand> b;
  for (int64_t v = 0; v < vectors; ++v) {
    Value offset = e.add(bOffset, v * dot.getStepOfB());
    b.push_back(buffers.widened ? dot.loadWidened(buffers.widened, offset)
                                : dot.loadB(buffers.b, offset));
  }
  Values results;
  for (int64_t row = 0; row < rows.count; ++row) {
    auto a = dot.broadcastA(buffers.a, rows.get(e, aOffset, row));
    for (int64_t v = 0; v < vectors; ++v)
      results.push_back(
          dot.accumulate(accumulators[row * vectors + v], a, b[v]));
  }
  return results;
}

Values TileEmitter::emitSteps(unsigned dim, ArrayRef<StepRange> block,
                              Value aOffset, Value bOffset,
                              const RowOffsets &rows, ValueRange accumulators) {
  if (dim == geometry.steps.size())
    return emitDots(aOffset, bOffset, rows, accumulators);
  return e.advance(block[dim].lower, block[dim].upper, {aOffset, bOffset},
                   {geometry.aStrides[dim], bStrides[dim]}, accumulators,
                   [&](ValueRange offsets, ValueRange carried) {
                     return emitSteps(dim + 1, block, offsets[0], offsets[1],
                                      rows, carried);
                   });
}

SmallVector<StepRange> TileEmitter::getAllSteps() {
  SmallVector<StepRange> block;
  for (int64_t extent : geometry.steps)
    block.push_back({e.index(0), e.index(extent)});
  return block;
}

Value TileEmitter::emitTile(const TilePosition &position, TileColumns columns,
                            Value row, int64_t rows, Value maximum) {
  Values start = loadStart(position, columns), accumulators;
  for (int64_t i = 0; i < rows; ++i)
    llvm::append_range(accumulators, start);
  RowOffsets inA =
      getRowOffsets(row, rows, isWhole(columns, rows), geometry.rowStrides);
  Value a = inA.moveFirst(e, position.a);
  accumulators = emitSteps(0, getAllSteps(), a, position.b, inA, accumulators);
  Values bias = loadBias(position, columns);
  for (auto [i, accumulator] : llvm::enumerate(accumulators)) {
    accumulator = addBias(accumulator, bias[i % columns.vectors]);
    maximum = updateMaximum(maximum, accumulator);
  }
  storeResult(columns, getResultOffsets(position, columns, row, rows),
              accumulators);
  return maximum;
}

void TileEmitter::emitUpdate(const TilePosition &position, TileColumns columns,
                             Value row, int64_t rows,
                             ArrayRef<StepRange> block) {
  Values offsets = getResultOffsets(position, columns, row, rows);
  RowOffsets inA =
      getRowOffsets(row, rows, isWhole(columns, rows), geometry.rowStrides);
  Value a = inA.moveFirst(e, position.a);
  Values accumulators =
      emitSteps(0, block, a, position.b, inA, loadResult(columns, offsets));
  storeResult(columns, offsets, accumulators);
}

void TileEmitter::emitStart(const TilePosition &position, TileColumns columns,
                            Value row) {
  storeResult(columns, getResultOffsets(position, columns, row, 1),
              loadStart(position, columns));
}

Value TileEmitter::emitFinish(const TilePosition &position, TileColumns columns,
                              Value row, Value maximum) {
  Values offsets = getResultOffsets(position, columns, row, 1);
  Values accumulators = loadResult(columns, offsets);
  Values bias = loadBias(position, columns);
  for (auto [i, accumulator] : llvm::enumerate(accumulators)) {
    accumulator = addBias(accumulator, bias[i]);
    maximum = updateMaximum(maximum, accumulator);
  }
  if (buffers.bias)
    storeResult(columns, offsets, accumulators);
  return maximum;
}
