//===- PackWeightLowering.cpp - qkernel.pack_weight to loops --------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Conversion/ContractToVector/DotProduct.h"
#include "compiler/Conversion/ContractToVector/Lowerings.h"
#include "compiler/Conversion/ContractToVector/Transpose.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/Support/MathExtras.h"

#include <algorithm>
#include <cstdlib>

using namespace mlir;
using namespace qtc;
using qkernel::WeightOrder;

namespace {
/// A loop over weights: its trip count and the stride of an index in memory.
struct Dimension {
  int64_t extent;
  int64_t stride;
};

/// The layout in memory of an order's columns and steps, see
/// #qkernel.weight_order.
struct WeightLayout {
  WeightLayout(WeightOrder order, ArrayRef<int64_t> shape);

  int64_t getRunLength() const {
    int64_t length = 1;
    for (Dimension dimension : run)
      length *= dimension.extent;
    return length;
  }
  /// Whether words, `depth` elements, never cross from one index of an outer
  /// dimension of the run to the next. Then all of these and `outer` are one
  /// dimension: positions of the kernel, which follow each other in memory.
  bool isWordwise(int64_t depth) const {
    return run.size() == 1 || run.back().extent % depth == 0;
  }
  Dimension getPositions() const;

  // Dimensions of extent 1 are left out.
  SmallVector<Dimension, 3> columns; ///< the last one is innermost
  SmallVector<Dimension, 2> outer;   ///< steps around the run
  SmallVector<Dimension, 3> run;     ///< padded to whole words
  int64_t first = 0;                 ///< offset of index 0 of all loops
};

/// One parallel iteration packs as many columns as a vector has lanes: whole
/// vectors of columns by transposing in registers, the rest element by element.
/// A word is the part of a step in one column: four bytes or one float.
class PackWeightLowering {
public:
  PackWeightLowering(Emitter &emitter, qkernel::PackWeightOp op,
                     const cpu::TargetRecord &target)
      : e(emitter), op(op), layout(getLayout(op)),
        input(e.flatten(op.getWeight())), output(e.flatten(op.getPacked())),
        dot(emitter, target, getFactors(input)), lanes(target.getLanes()),
        depth(cpu::getDepth(getFactors(input))),
        element(cast<MemRefType>(input.getType()).getElementType()) {
    size = cast<MemRefType>(input.getType()).getNumElements() /
           static_cast<int64_t>(op.getGroup());
    for (Dimension dimension : layout.columns)
      columns *= dimension.extent;
    for (Dimension dimension : layout.outer)
      outerSteps *= dimension.extent;
    panel = op.getPanel();
    runSteps = llvm::divideCeil(layout.getRunLength(), depth);
    steps = outerSteps * runSteps;
    if (!layout.isWordwise(depth))
      return;
    positions = layout.getPositions();
    inner = layout.run.back();
    wordSteps = llvm::divideCeil(inner.extent, depth);
  }

  void run() {
    int64_t panels = llvm::divideCeil(columns, panel);
    int64_t groups = op.getGroup();
    e.parallel(op, groups * panels * (panel / lanes),
               [&](Value task) { emitGroup(task); });
  }

private:
  static ArrayRef<int64_t> getShape(qkernel::PackWeightOp op) {
    return cast<MemRefType>(op.getWeight().getType()).getShape();
  }
  /// The layout of one of the groups that outputs are cut into.
  static WeightLayout getLayout(qkernel::PackWeightOp op) {
    ArrayRef<int64_t> w = getShape(op);
    int64_t groups = op.getGroup();
    return {op.getOrder(), {w[0] / groups, w[1], w[2], w[3]}};
  }

  void emitGroup(Value task);
  Value emitWholeGroup(Value target);
  Value emitElements(Value target);
  Value emitRuns(Value target);
  Value emitPositions(Value target);
  void emitPositionWords(Value base, Value wordIndex, Value firstPosition,
                         int64_t count, Value target);
  void emitZeros(Value target);
  void emitWords(Value lower, Value target);
  void emitWord(Value source, Value target, int64_t count);
  void emitRunElements(Value target);
  void emitCorrections(Value part, Value target);
  void emitCorrection(Value target, Value firstColumn, int64_t rowClass,
                      int64_t columnClass);
  Value getColumnOffset(Value column);
  Value getWordTarget(Value target, Value position, Value wordIndex) {
    return e.add(target, e.mul(e.add(e.mul(position, wordSteps), wordIndex),
                               panel * depth));
  }
  /// Stores the words of all columns.
  void storeWords(Value words, Value offset) {
    if (depth > 1)
      words = e.create<vector::BitCastOp>(
          VectorType::get(lanes * depth, element), words);
    e.store(words, output, offset);
  }

  Emitter &e;
  qkernel::PackWeightOp op;
  WeightLayout layout;
  Value input, output;
  DotProduct dot;
  int64_t lanes, depth;
  Type element;
  int64_t size, columns = 1, outerSteps = 1, panel, runSteps, steps;
  /// For wordwise layouts: the positions, and the elements at each of them.
  Dimension positions = {1, 1}, inner = {1, 1};
  int64_t wordSteps = 0;
  /// The first column of the current group and its number of columns.
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
    break;
  case WeightOrder::ForwardMerged:
    columns = {o}, outer = {kh}, run = {kw, i};
    break;
  case WeightOrder::Forward:
    columns = {o}, outer = {kh, kw}, run = {i};
    break;
  case WeightOrder::Flipped:
    columns = {i}, outer = {{height, -width}, {width, -1}}, run = {o};
    first = inputStride - 1;
    break;
  case WeightOrder::Pointwise:
    columns = {kh, kw, i}, run = {o};
    break;
  }
  auto isTrivial = [](Dimension dimension) { return dimension.extent == 1; };
  llvm::erase_if(outer, isTrivial);
  for (SmallVector<Dimension, 3> *dimensions : {&columns, &run}) {
    Dimension last = dimensions->back();
    llvm::erase_if(*dimensions, isTrivial);
    if (dimensions->empty())
      dimensions->push_back(last);
  }
}

Dimension WeightLayout::getPositions() const {
  Dimension result{1, 1};
  for (ArrayRef<Dimension> dimensions :
       {ArrayRef<Dimension>(outer), ArrayRef<Dimension>(run).drop_back()})
    for (Dimension dimension : dimensions)
      result = {result.extent * dimension.extent, dimension.stride};
  return result;
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

/// Up to `depth` elements of the run, which make a word, in all columns.
void PackWeightLowering::emitWord(Value source, Value target, int64_t count) {
  int64_t stride = layout.run.back().stride;
  e.loop(e.index(0), groupColumns, 1, {}, [&](Value column, ValueRange) {
    Value from = e.add(source, getColumnOffset(e.add(groupColumn, column)));
    Value to = e.add(target, e.mul(column, depth));
    for (int64_t i = 0; i < count; ++i) {
      Value weight =
          e.create<memref::LoadOp>(input, ValueRange(e.add(from, i * stride)));
      e.create<memref::StoreOp>(weight, output, ValueRange(e.add(to, i)));
    }
    return Values();
  });
}

/// Packs the words from `lower` on at all positions.
void PackWeightLowering::emitWords(Value lower, Value target) {
  int64_t whole = inner.extent / depth, rest = inner.extent % depth;
  e.loop(0, positions.extent, 1, [&](Value position) {
    Value source = e.add(e.mul(position, positions.stride), layout.first);
    auto emit = [&](Value index, int64_t count) {
      emitWord(e.add(source, e.mul(index, depth * inner.stride)),
               getWordTarget(target, position, index), count);
    };
    e.loop(lower, e.index(whole), 1, {}, [&](Value index, ValueRange) {
      emit(index, depth);
      return Values();
    });
    if (rest > 0)
      emit(e.index(whole), rest);
  });
}

/// The run element by element.
void PackWeightLowering::emitRunElements(Value target) {
  SmallVector<int64_t> extents, outerExtents;
  for (Dimension dimension : layout.run)
    extents.push_back(dimension.extent);
  for (Dimension dimension : layout.outer)
    outerExtents.push_back(dimension.extent);
  e.loop(0, outerSteps, 1, [&](Value outerStep) {
    Value source = e.index(layout.first);
    if (!layout.outer.empty())
      for (auto [digit, dimension] : llvm::zip_equal(
               e.delinearize(outerStep, outerExtents), layout.outer))
        source = e.add(source, e.mul(digit, dimension.stride));
    Value outerTarget =
        e.add(target, e.mul(outerStep, runSteps * panel * depth));
    e.loop(0, layout.getRunLength(), 1, [&](Value k) {
      Value from = source;
      for (auto [digit, dimension] :
           llvm::zip_equal(e.delinearize(k, extents), layout.run))
        from = e.add(from, e.mul(digit, dimension.stride));
      Value to =
          e.add(e.add(outerTarget, e.mul(e.div(k, depth), panel * depth)),
                e.rem(k, depth));
      emitWord(from, to, 1);
    });
  });
}

/// Columns are neighbours in memory: `depth` of their rows are interleaved.
/// Returns the first word that remains, as the next functions do.
Value PackWeightLowering::emitElements(Value target) {
  int64_t whole = inner.extent / depth;
  e.loop(0, whole, 1, [&](Value index) {
    Value source = e.add(groupColumn, e.mul(index, depth * inner.stride));
    SmallVector<Value, 4> rows;
    for (int64_t i = 0; i < depth; ++i)
      rows.push_back(e.load(input, e.add(source, i * inner.stride), lanes));
    e.store(depth == 1 ? rows.front() : interleaveBytes(e, rows), output,
            getWordTarget(target, e.index(0), index));
  });
  return e.index(whole);
}

/// Runs are neighbours in memory: words of all columns are transposed.
Value PackWeightLowering::emitRuns(Value target) {
  int64_t whole = inner.extent / depth, stride = layout.columns.front().stride;
  Value base = e.mul(groupColumn, stride);
  auto emit = [&](Value index) {
    Values words =
        loadColumns(e, input, e.add(base, e.mul(index, depth)), stride, lanes);
    for (auto [i, word] : llvm::enumerate(words))
      storeWords(word,
                 getWordTarget(target, e.index(0), e.add(index, int64_t(i))));
  };
  if (whole < 4)
    return e.index(0);
  e.loop(0, whole / 4 * 4, 4, emit);
  if (whole % 4 != 0) // overlaps its neighbour
    emit(e.index(whole - 4));
  return e.index(whole);
}

/// Positions `firstPosition` to `firstPosition` + `count` of one word: at most
/// 16 bytes of each column and element.
void PackWeightLowering::emitPositionWords(Value base, Value wordIndex,
                                           Value firstPosition, int64_t count,
                                           Value target) {
  SmallVector<Values, 4> elements;
  for (int64_t i = 0; i < depth; ++i)
    elements.push_back(loadColumns(
        e, input, e.add(e.add(base, i * inner.stride), firstPosition),
        layout.columns.front().stride, lanes));
  for (int64_t word = 0; depth * word < count; ++word) {
    Values rows;
    for (const Values &element : elements)
      rows.push_back(element[word]);
    Values transposed = depth == 1 ? rows : transposeBytes(e, rows);
    int64_t present = std::min(depth, count - depth * word);
    for (int64_t i = 0; i < present; ++i) {
      Value position = e.add(firstPosition, depth * word + i);
      if (positions.stride < 0)
        position = e.createOrFold<arith::SubIOp>(e.index(positions.extent - 1),
                                                 position);
      storeWords(transposed[i], getWordTarget(target, position, wordIndex));
    }
  }
}

/// Positions are neighbours in memory.
Value PackWeightLowering::emitPositions(Value target) {
  int64_t piece = 4 * depth; // 16 bytes
  int64_t whole = inner.extent / depth, stride = layout.columns.front().stride;
  int64_t pieces = positions.extent / piece, rest = positions.extent % piece;
  // Pieces that cross the last position read the elements after it. Words that
  // would read beyond the weights are left out: those of the last columns.
  int64_t reach = (pieces + (rest > 0)) * piece;
  int64_t lastGroup = columns / lanes - 1;
  auto getSafe = [&](int64_t group) {
    int64_t start = ((group + 1) * lanes - 1) * stride - inner.stride + reach;
    int64_t safe = whole;
    while (safe > 0 && start + depth * safe * inner.stride > size)
      --safe;
    return safe;
  };
  Value upper = e.index(getSafe(lastGroup));
  if (getSafe(lastGroup - 1) == whole)
    upper = e.createOrFold<arith::SelectOp>(
        e.equal(groupColumn, lastGroup * lanes), upper, e.index(whole));
  e.loop(e.index(0), upper, 1, {}, [&](Value index, ValueRange) {
    Value base =
        e.add(e.mul(groupColumn, stride), e.mul(index, depth * inner.stride));
    e.loop(0, pieces * piece, piece, [&](Value position) {
      emitPositionWords(base, index, position, piece, target);
    });
    if (rest > 0)
      emitPositionWords(base, index, e.index(pieces * piece), rest, target);
    return Values();
  });
  return upper;
}

/// Packs the part of a group that transposition in registers can handle; all
/// its columns exist. Returns the first word that remains.
Value PackWeightLowering::emitWholeGroup(Value target) {
  if (layout.columns.size() == 1) {
    if (positions.extent == 1 && inner.stride == 1)
      return emitRuns(target);
    if (positions.extent == 1 && layout.columns.front().stride == 1)
      return emitElements(target);
    if (positions.extent > 1 && std::abs(positions.stride) == 1)
      return emitPositions(target);
  }
  return e.index(0);
}

void PackWeightLowering::emitZeros(Value target) {
  e.loop(0, steps, 1, [&](Value step) {
    e.store(e.zero(VectorType::get(lanes * depth, element)), output,
            e.add(target, e.mul(step, panel * depth)));
  });
}

/// −128 · Σ of the packed weights of each column, over the steps of a class.
void PackWeightLowering::emitCorrection(Value target, Value firstColumn,
                                        int64_t rowClass, int64_t columnClass) {
  // Without classes, the ends of the kernel's rows do not matter.
  ArrayRef<int64_t> classes = op.getClasses();
  bool hasClasses = classes[0] * classes[1] > 1;
  int64_t height = hasClasses ? getShape(op)[2] : 1;
  int64_t width = outerSteps / height;
  Value zero = e.splat(lanes, 32, 0);
  auto sumRun = [&](Value position, ValueRange init) {
    Value first = e.mul(position, runSteps);
    return e.loop(e.index(0), e.index(runSteps), 1, init,
                  [&](Value step, ValueRange carried) -> Values {
                    Value offset =
                        e.add(target, e.mul(e.add(first, step), panel * depth));
                    return {dot.accumulate(carried.front(), dot.constantA(128),
                                           dot.loadB(output, offset))};
                  });
  };
  Values sum = e.loop(
      e.index(rowClass), e.index(height), classes[0], {zero},
      [&](Value kh, ValueRange row) {
        return e.loop(e.index(columnClass), e.index(width), classes[1], row,
                      [&](Value kw, ValueRange carried) {
                        return sumRun(e.add(e.mul(kh, width), kw), carried);
                      });
      });
  e.store(e.create<arith::SubIOp>(zero, sum.front()),
          e.flatten(op.getCorrections()), firstColumn);
}

void PackWeightLowering::emitCorrections(Value part, Value target) {
  ArrayRef<int64_t> classes = op.getClasses();
  int64_t padded = llvm::alignTo(columns, panel);
  Value first =
      e.add(e.mul(part, classes[0] * classes[1] * padded), groupColumn);
  for (int64_t kh = 0; kh < classes[0]; ++kh)
    for (int64_t kw = 0; kw < classes[1]; ++kw)
      emitCorrection(target, e.add(first, (kh * classes[1] + kw) * padded), kh,
                     kw);
}

void PackWeightLowering::emitGroup(Value task) {
  int64_t panels = llvm::divideCeil(columns, panel);
  Values digits = e.delinearize(
      task, {static_cast<int64_t>(op.getGroup()), panels, panel / lanes});
  Value part = digits[0];
  Value target =
      e.add(e.mul(e.add(e.mul(part, panels), digits[1]), steps * panel * depth),
            e.mul(digits[2], lanes * depth));
  Value vector = e.add(e.mul(digits[1], panel / lanes), digits[2]);
  groupColumn = e.mul(vector, lanes);
  Value allWeights = input;
  if (op.getGroup() > 1)
    input = e.create<memref::SubViewOp>(
        input, ArrayRef<OpFoldResult>{e.mul(part, size)},
        ArrayRef<OpFoldResult>{e.getIndexAttr(size)},
        ArrayRef<OpFoldResult>{e.getIndexAttr(1)});
  int64_t wholeGroups = columns / lanes;
  bool isWhole = wholeGroups == panels * (panel / lanes);
  Value whole = isWhole ? Value() : e.less(vector, wholeGroups);
  groupColumns = e.index(lanes);
  if (!isWhole) {
    Value begin = e.min(groupColumn, columns);
    Value end = e.min(e.add(groupColumn, lanes), columns);
    groupColumns = e.createOrFold<arith::SubIOp>(end, begin);
  }
  // Columns beyond the last one stay zero, as does the end of each run.
  if (layout.getRunLength() % depth != 0)
    emitZeros(target);
  else if (!isWhole)
    e.branch(
        whole, [] {}, [&] { emitZeros(target); });
  if (!layout.isWordwise(depth)) {
    emitRunElements(target);
  } else {
    Value done = e.index(0);
    if (isWhole)
      done = emitWholeGroup(target);
    else if (wholeGroups > 0)
      done = e.when(whole, done, [&](ValueRange) -> Values {
                return {emitWholeGroup(target)};
              }).front();
    emitWords(done, target);
  }
  input = allWeights;
  if (op.getCorrections())
    emitCorrections(part, target);
}

void qtc::lowerPackWeight(Emitter &emitter, qkernel::PackWeightOp op,
                          const cpu::TargetRecord &target) {
  PackWeightLowering(emitter, op, target).run();
}
