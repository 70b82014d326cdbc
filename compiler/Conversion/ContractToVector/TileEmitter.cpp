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

TileEmitter::TileEmitter(Emitter &emitter, const cpu::TargetRecord &target,
                         const cpu::ContractionGeometry &geometry,
                         qkernel::ContractionAttr contraction,
                         const ContractionBuffers &buffers)
    : e(emitter), target(target), geometry(geometry), buffers(buffers),
      dot(emitter, target, geometry.factors) {
  using Operand = qkernel::ContractionAttr::Operand;
  auto addPlace = [&](Operand operand, int64_t split, Value panel) {
    int64_t offset = contraction.getOffset(operand);
    places.push_back({e.size(split), panel,
                      e.size(contraction.getGroupStride(operand)),
                      offset == 0 ? e.index(0) : e.size(offset)});
  };
  Value panel = e.index(geometry.panel);
  groupColumns = e.size(geometry.columns);
  addPlace(Operand::A, geometry.aSplitStride, e.index(0));
  addPlace(Operand::B, geometry.bSplitStride,
           e.size(contraction.getPanelStride()));
  addPlace(Operand::Start, 0, panel);
  addPlace(Operand::Result,
           geometry.getRowCount() * geometry.columns * geometry.groups, panel);
  for (int64_t extent : geometry.rows)
    rowExtents.push_back(e.divisor(extent, geometry.getRowCount()));
  rowStrides = addSizes(geometry.rowStrides);
  resultStrides = addSizes(geometry.resultStrides);
  for (int64_t extent : geometry.steps)
    steps.push_back(extent > 1 ? e.size(extent) : e.index(extent));
  aStrides = getStrides(geometry.aStrides);
  bStrides = packedStrides = getStrides(geometry.bStrides);
}

Values TileEmitter::addSizes(ArrayRef<int64_t> numbers) {
  return Values(
      llvm::map_range(numbers, [&](int64_t number) { return e.size(number); }));
}

/// The innermost loop has the distances of its steps in its code.
SmallVector<Stride, 3> TileEmitter::getStrides(ArrayRef<int64_t> numbers) {
  SmallVector<Stride, 3> strides;
  for (int64_t number : numbers.drop_back())
    strides.push_back({number, e.size(number)});
  strides.push_back({numbers.back(), e.index(numbers.back())});
  return strides;
}

TilePosition TileEmitter::getPosition(Value split, Value group, Value panel) {
  auto locate = [&](unsigned operand) {
    const Place &place = places[operand];
    Value offset =
        e.add(e.mul(split, place.splitStride), e.mul(panel, place.panelStride));
    offset = e.add(offset, e.mul(group, place.groupStride));
    return e.add(offset, place.offset);
  };
  return {split,
          locate(0),
          locate(1),
          locate(2),
          e.add(e.mul(group, groupColumns), e.mul(panel, geometry.panel)),
          locate(3)};
}

/// Whether all rows of a tile lie in one run. Whole tiles start at multiples of
/// their rows, except for one that overlaps another; then these rows do not
/// divide the last extent.
bool TileEmitter::isOneRun(int64_t rows, bool isWhole) const {
  return geometry.rows.size() == 1 ||
         (isWhole && geometry.rows.back() % rows == 0);
}

/// The rows of a tile in A, of which `base` is the start.
TileEmitter::Rows TileEmitter::getRowsOfA(Value base, TileColumns columns,
                                          Value row, int64_t rows) {
  if (!isOneRun(rows, isWhole(columns, rows)))
    return {base, getRowOffsets(row, rows, rowStrides)};
  // The distances of the rows of a run are the same in all tiles.
  Rows result{e.add(base, getRowOffsets(row, 1, rowStrides).front()), {}};
  result.offsets.push_back(e.index(0));
  while (static_cast<int64_t>(result.offsets.size()) < rows)
    result.offsets.push_back(e.add(result.offsets.back(), rowStrides.back()));
  return result;
}

/// Offsets of `count` consecutive rows of a buffer.
Values TileEmitter::getRowOffsets(Value row, int64_t count,
                                  ValueRange strides) {
  Values digits = e.delinearize(row, rowExtents);
  Values offsets;
  for (int64_t i = 0; i < count; ++i) {
    Value offset = e.index(0);
    for (auto [digit, stride] : llvm::zip_equal(digits, strides))
      offset = e.add(offset, e.mul(digit, stride));
    offsets.push_back(offset);
    // Count up, with carry.
    digits.back() = e.add(digits.back(), 1);
    for (size_t d = rowExtents.size(); d-- > 1;) {
      Value carry = e.equal(digits[d], rowExtents[d].value);
      Value next = e.add(digits[d - 1], 1);
      digits[d] = e.create<arith::SelectOp>(carry, e.index(0), digits[d]);
      digits[d - 1] = e.create<arith::SelectOp>(carry, next, digits[d - 1]);
    }
  }
  return offsets;
}

/// Offsets in the result, row by row, vector by vector.
Values TileEmitter::getResultOffsets(const TilePosition &position,
                                     TileColumns columns, Value row,
                                     int64_t rows) {
  Values rowOffsets;
  bool hasOneStride = geometry.hasOneResultStride();
  if (hasOneStride)
    rowOffsets.push_back(e.mul(row, resultStrides.back()));
  else
    rowOffsets = getRowOffsets(
        row, isOneRun(rows, isWhole(columns, rows)) ? 1 : rows, resultStrides);
  // The rows of a run follow from its first one.
  while (static_cast<int64_t>(rowOffsets.size()) < rows)
    rowOffsets.push_back(e.add(rowOffsets.back(), resultStrides.back()));
  Values offsets;
  for (Value rowOffset : rowOffsets) {
    Value first = e.add(position.result, rowOffset);
    for (int64_t v = 0; v < columns.vectors; ++v)
      offsets.push_back(e.add(first, v * target.getLanes()));
  }
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
    bStrides[dim] = {stride, e.index(stride)};
}

TilePosition TileEmitter::emitWidened(const TilePosition &position,
                                      TileColumns columns,
                                      ArrayRef<StepRange> block) {
  if (!buffers.widened)
    return position;
  TilePosition widened = position;
  widened.b = e.index(0);
  for (auto [range, stride] : llvm::zip_equal(block, bStrides))
    widened.b = e.add(widened.b, e.mul(range.lower, -stride.number));
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
            {packedStrides[dim], bStrides[dim]}, {},
            [&](ValueRange offsets, ValueRange) -> Values {
              widenSteps(dim + 1, block, offsets[0], offsets[1], vectors);
              return {};
            });
}

Values TileEmitter::emitDots(Value aOffset, Value bOffset, ValueRange rows,
                             ValueRange accumulators) {
  int64_t vectors = accumulators.size() / rows.size();
  SmallVector<DotProduct::Operand> b;
  for (int64_t v = 0; v < vectors; ++v) {
    Value offset = e.add(bOffset, v * dot.getStepOfB());
    b.push_back(buffers.widened ? dot.loadWidened(buffers.widened, offset)
                                : dot.loadB(buffers.b, offset));
  }
  Values results;
  for (auto [row, offset] : llvm::enumerate(rows)) {
    auto a = dot.broadcastA(buffers.a, e.add(aOffset, offset));
    for (int64_t v = 0; v < vectors; ++v)
      results.push_back(
          dot.accumulate(accumulators[row * vectors + v], a, b[v]));
  }
  return results;
}

Values TileEmitter::emitSteps(unsigned dim, ArrayRef<StepRange> block,
                              Value aOffset, Value bOffset, ValueRange rows,
                              ValueRange accumulators) {
  if (dim == geometry.steps.size())
    return emitDots(aOffset, bOffset, rows, accumulators);
  return e.advance(block[dim].lower, block[dim].upper, {aOffset, bOffset},
                   {aStrides[dim], bStrides[dim]}, accumulators,
                   [&](ValueRange offsets, ValueRange carried) {
                     return emitSteps(dim + 1, block, offsets[0], offsets[1],
                                      rows, carried);
                   });
}

SmallVector<StepRange> TileEmitter::getAllSteps() {
  SmallVector<StepRange> block;
  for (Value extent : steps)
    block.push_back({e.index(0), extent});
  return block;
}

Value TileEmitter::emitTile(const TilePosition &position, TileColumns columns,
                            Value row, int64_t rows, Value maximum) {
  Values start = loadStart(position, columns), accumulators;
  for (int64_t i = 0; i < rows; ++i)
    llvm::append_range(accumulators, start);
  Rows inA = getRowsOfA(position.a, columns, row, rows);
  accumulators = emitSteps(0, getAllSteps(), inA.base, position.b, inA.offsets,
                           accumulators);
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
  Rows inA = getRowsOfA(position.a, columns, row, rows);
  Values accumulators = emitSteps(0, block, inA.base, position.b, inA.offsets,
                                  loadResult(columns, offsets));
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
