//===- DepthwiseLowering.cpp - Depthwise convolutions to loops ------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Conversion/ContractToVector/Depthwise.h"
#include "compiler/Conversion/ContractToVector/Lowerings.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "llvm/Support/MathExtras.h"

#include <algorithm>
#include <set>

using namespace mlir;
using namespace qtc;

/// Number of results that justifies a task: about ten microseconds.
static constexpr int64_t kTaskResults = 1 << 16;

namespace {
/// The form that a depthwise convolution and its input gradient share: results
/// per channel are sums over taps of an operand's channels with the same index,
/// or with one of `multiplier` neighbouring ones.
struct DepthwiseForm {
  Value operand, weights, bias, result, maximum;
  ArrayRef<int64_t> operandShape, resultShape, kernel;
  SmallVector<WindowPhase> vertical, horizontal;
  int64_t multiplier;
  bool isGradient;
};

/// A task computes some rows of one phase in one vector of channels. It
/// reorders their weights first.
class DepthwiseLowering {
public:
  DepthwiseLowering(Emitter &emitter, const DepthwiseForm &form,
                    const cpu::TargetRecord &target)
      : e(emitter), form(form), vectors(emitter, target, form.resultShape[3]),
        // Two accumulators per result leave registers for weights and pixels.
        tile(target.vectorRegisters / 4),
        tapsPerPosition(form.isGradient ? form.multiplier : 1),
        operand(e.flatten(form.operand)), weights(e.flatten(form.weights)),
        result(e.flatten(form.result)) {
    if (form.bias)
      bias = e.flatten(form.bias);
    for (const WindowPhase &phase : form.vertical) {
      int64_t rows = form.resultShape[0] * phase.count;
      int64_t rowResults = form.resultShape[2] * vectors.getLanes();
      rowsPerTask.push_back(std::clamp<int64_t>(
          llvm::divideCeil(kTaskResults, rowResults), 1, rows));
      rowTasks.push_back(llvm::divideCeil(rows, rowsPerTask.back()));
    }
  }

  void run(Operation *op) {
    if (form.maximum)
      e.clear(form.maximum);
    int64_t count = 0;
    Values tasks;
    for (int64_t rows : rowTasks) {
      count += rows * vectors.getBlockCount();
      tasks.push_back(e.size(rows * vectors.getBlockCount()));
    }
    e.parallel(op, count, [&](Value task) {
      packed = e.create<memref::AllocaOp>(
          MemRefType::get({getPackedSize()}, e.getIntegerType(16)));
      e.choosePart(task, tasks,
                   [&](size_t phase, Value local) { emitTask(phase, local); });
    });
  }

private:
  /// Pairs of taps in one row of a phase's kernel.
  int64_t getPairs(const WindowPhase &horizontal) const {
    return llvm::divideCeil(horizontal.taps * tapsPerPosition, 2);
  }
  /// Packed weights of a row of the kernel.
  int64_t getRowSize(const WindowPhase &horizontal) const {
    return getPairs(horizontal) * 2 * vectors.getLanes();
  }
  int64_t getPackedSize() const {
    int64_t size = 1;
    for (const WindowPhase &horizontal : form.horizontal)
      size += form.kernel[0] * getRowSize(horizontal);
    return size;
  }
  int64_t getPackedStart(size_t horizontal) const {
    int64_t start = 0;
    for (size_t i = 0; i < horizontal; ++i)
      start += form.kernel[0] * getRowSize(form.horizontal[i]);
    return start;
  }

  void emitTask(size_t vertical, Value task);
  void emitWeights(const WindowPhase &vertical, size_t horizontal,
                   Value channel);
  Value emitRow(const WindowPhase &vertical, Value row, Value channel,
                Value magnitudes);
  Value emitTile(const WindowPhase &vertical, size_t horizontal,
                 const WindowSegment &segment, Value image, TapRange range,
                 Value resultRow, Value channel, Value first, int64_t count,
                 Value magnitudes);
  Values emitTaps(size_t horizontal, const WindowSegment &segment,
                  int64_t count, Value pixel, Value packedRow,
                  ValueRange accumulators);
  Value emitResult(Halves accumulators, Value offset, Value channel,
                   Value magnitudes);

  Emitter &e;
  const DepthwiseForm &form;
  ChannelVectors vectors;
  int64_t tile, tapsPerPosition;
  Value operand, weights, bias, result, packed;
  SmallVector<int64_t> rowsPerTask, rowTasks;
};
} // namespace

/// Weights of the channels from `channel` on, as pairs of 16 bits: [row of the
/// kernel][pair][halves].
void DepthwiseLowering::emitWeights(const WindowPhase &vertical,
                                    size_t horizontal, Value channel) {
  const WindowPhase &phase = form.horizontal[horizontal];
  int64_t lanes = vectors.getLanes(), area = form.kernel[0] * form.kernel[1];
  int64_t taps = phase.taps * tapsPerPosition;
  auto store = [&](Value value, Value row, int64_t tap, Value lane) {
    Value slot =
        e.add(e.mul(vectors.getSlot(lane), 2),
              getPackedStart(horizontal) + tap / 2 * 2 * lanes + tap % 2);
    e.create<memref::StoreOp>(
        value, packed, ValueRange(e.add(e.mul(row, getRowSize(phase)), slot)));
  };
  e.loop(0, vertical.taps, 1, [&](Value row) {
    Value kh = e.add(e.mul(row, vertical.tapStep), vertical.firstTap);
    e.loop(0, lanes, 1, [&](Value lane) {
      Value weight = e.mul(e.add(channel, lane), tapsPerPosition * area);
      weight = e.add(weight, e.mul(kh, form.kernel[1]));
      for (int64_t tap = 0; tap < taps; ++tap) {
        int64_t kw = phase.firstTap + tap / tapsPerPosition * phase.tapStep;
        Value byte = e.create<memref::LoadOp>(
            weights,
            ValueRange(e.add(weight, tap % tapsPerPosition * area + kw)));
        store(e.create<arith::ExtSIOp>(e.getIntegerType(16), byte), row, tap,
              lane);
      }
      if (taps % 2 != 0)
        store(e.create<arith::ConstantIntOp>(0, 16), row, taps, lane);
    });
  });
}

/// Bias, maximum and store of the accumulators of one pixel.
Value DepthwiseLowering::emitResult(Halves accumulators, Value offset,
                                    Value channel, Value magnitudes) {
  Halves sums = vectors.restoreOrder(accumulators);
  int64_t half = vectors.getLanes() / 2, distance = 0;
  for (Value sum : {sums.first, sums.second}) {
    if (bias)
      sum = e.addBias(sum, e.load(bias, e.add(channel, distance), half));
    if (magnitudes)
      magnitudes = e.maxMagnitude(magnitudes, sum);
    e.store(sum, result, e.add(offset, distance));
    distance += half;
  }
  return magnitudes;
}

/// Adds the products of one row of the kernel. The taps that lie outside of the
/// image are those outside of the segment.
Values DepthwiseLowering::emitTaps(size_t horizontal,
                                   const WindowSegment &segment, int64_t count,
                                   Value pixel, Value packedRow,
                                   ValueRange accumulators) {
  const WindowPhase &phase = form.horizontal[horizontal];
  int64_t lanes = vectors.getLanes(), channels = form.operandShape[3];
  auto load = [&](int64_t distance, int64_t channel) {
    Value offset = e.add(pixel, distance * channels);
    return form.isGradient
               ? vectors.loadStrided(operand, offset, form.multiplier, channel)
               : vectors.loadRepeated(operand, offset, form.multiplier);
  };
  PixelVectors pixels(vectors, load);
  int64_t lower = segment.lower * tapsPerPosition;
  int64_t upper = segment.upper * tapsPerPosition;
  auto getKey = [&](int64_t i, int64_t tap) -> PixelVectors::Key {
    if (tap < lower || tap >= upper)
      return std::nullopt;
    return std::pair(i * phase.stride + tap / tapsPerPosition * phase.dilation,
                     tap % tapsPerPosition);
  };
  std::set<std::pair<PixelVectors::Key, PixelVectors::Key>> whole;
  for (int64_t tap = lower / 2 * 2; tap + 1 < upper; tap += 2)
    for (int64_t i = 0; i < count; ++i)
      whole.insert({getKey(i, tap), getKey(i, tap + 1)});
  Values sums(accumulators);
  for (int64_t tap = lower / 2 * 2; tap < upper; tap += 2) {
    Value offset = e.add(packedRow, tap * lanes);
    Value first = e.load(packed, offset, lanes);
    Value second = e.load(packed, e.add(offset, lanes), lanes);
    for (int64_t i = 0; i < count; ++i) {
      PixelVectors::Key even = getKey(i, tap), odd = getKey(i, tap + 1);
      // The weight after an odd number of taps is 0, so any value may be
      // multiplied with it, such as one that another result needs.
      if (tap + 1 == phase.taps * tapsPerPosition) {
        odd = std::pair(even->first + phase.dilation, even->second);
        if (!whole.count({even, odd}))
          odd = even;
      }
      Halves pair = pixels.getPair(even, odd);
      sums[2 * i] = vectors.multiplyAdd(sums[2 * i], pair.first, first);
      sums[2 * i + 1] =
          vectors.multiplyAdd(sums[2 * i + 1], pair.second, second);
    }
  }
  return sums;
}

/// `count` neighbouring results from `first` on in a row.
Value DepthwiseLowering::emitTile(const WindowPhase &vertical,
                                  size_t horizontal,
                                  const WindowSegment &segment, Value image,
                                  TapRange range, Value resultRow,
                                  Value channel, Value first, int64_t count,
                                  Value magnitudes) {
  const WindowPhase &phase = form.horizontal[horizontal];
  Values sums;
  for (int64_t i = 0; i < count; ++i) {
    Halves zero = vectors.getZeroAccumulators();
    llvm::append_range(sums, ArrayRef<Value>{zero.first, zero.second});
  }
  Value column = e.add(e.mul(first, phase.stride), phase.offset);
  Value firstChannel = form.isGradient ? e.mul(channel, form.multiplier)
                                       : e.div(channel, form.multiplier);
  if (segment.lower < segment.upper && vertical.taps > 0)
    sums = e.loop(
        range.lower, range.upper, 1, sums, [&](Value tap, ValueRange carried) {
          Value row = e.add(range.start, e.mul(tap, vertical.dilation));
          row = e.add(e.mul(image, form.operandShape[1]), row);
          Value pixel = e.add(e.mul(row, form.operandShape[2]), column);
          return emitTaps(
              horizontal, segment, count,
              e.add(e.mul(pixel, form.operandShape[3]), firstChannel),
              e.add(e.mul(tap, getRowSize(phase)), getPackedStart(horizontal)),
              carried);
        });
  for (int64_t i = 0; i < count; ++i) {
    Value position = e.add(e.mul(e.add(first, i), phase.step), phase.first);
    Value offset = e.mul(e.add(resultRow, position), form.resultShape[3]);
    magnitudes = emitResult({sums[2 * i], sums[2 * i + 1]},
                            e.add(offset, channel), channel, magnitudes);
  }
  return magnitudes;
}

Value DepthwiseLowering::emitRow(const WindowPhase &vertical, Value row,
                                 Value channel, Value magnitudes) {
  Values digits = e.delinearize(row, {form.resultShape[0], vertical.count});
  Value image = digits[0];
  TapRange range = getTapRange(e, vertical, form.operandShape[1], digits[1]);
  Value resultRow =
      e.add(e.mul(image, form.resultShape[1]),
            e.add(e.mul(digits[1], vertical.step), vertical.first));
  resultRow = e.mul(resultRow, form.resultShape[2]);
  Values carried;
  if (magnitudes)
    carried.push_back(magnitudes);
  for (auto [index, phase] : llvm::enumerate(form.horizontal))
    for (const WindowSegment &segment :
         getSegments(phase, form.operandShape[2]))
      forTiles(
          e, segment, tile, carried,
          [&, index = index](Value first, int64_t count, ValueRange values) {
            Value maximum = values.empty() ? Value() : values.front();
            maximum = emitTile(vertical, index, segment, image, range,
                               resultRow, channel, first, count, maximum);
            return maximum ? Values{maximum} : Values();
          });
  return carried.empty() ? Value() : carried.front();
}

void DepthwiseLowering::emitTask(size_t vertical, Value task) {
  const WindowPhase &phase = form.vertical[vertical];
  // Neighbouring tasks share the cache lines of their rows.
  Values digits =
      e.delinearize(task, {rowTasks[vertical], vectors.getBlockCount()});
  Value channel = vectors.getBlockStart(digits[1]);
  for (size_t i = 0; i < form.horizontal.size(); ++i)
    emitWeights(phase, i, channel);
  Value first = e.mul(digits[0], rowsPerTask[vertical]);
  Value end = e.min(e.add(first, rowsPerTask[vertical]),
                    form.resultShape[0] * phase.count);
  Values carried;
  if (form.maximum)
    carried.push_back(e.splat(vectors.getLanes() / 2, 32, 0));
  carried = e.loop(first, end, 1, carried, [&](Value row, ValueRange values) {
    Value maximum = values.empty() ? Value() : values.front();
    maximum = emitRow(phase, row, channel, maximum);
    return maximum ? Values{maximum} : Values();
  });
  if (form.maximum)
    e.atomicMaximum(carried.front(), form.maximum);
}

static ArrayRef<int64_t> shapeOf(Value value) {
  return cast<MemRefType>(value.getType()).getShape();
}

/// The code that the two passes share; `operand` is multiplied by the weights.
static DepthwiseForm getForm(qkernel::ConvolutionOpInterface op,
                             Value operand) {
  DepthwiseForm form;
  form.operand = operand, form.weights = op.getWeight();
  form.result = op.getSums();
  form.maximum = op.getMaximum();
  form.operandShape = shapeOf(form.operand);
  form.resultShape = shapeOf(form.result);
  form.kernel = op.getWindow().getKernel();
  form.multiplier = shapeOf(op.getOutput())[3] / shapeOf(op.getInput())[3];
  return form;
}

void qtc::lowerDepthwise(Emitter &emitter, qkernel::Conv2DOp op,
                         const cpu::TargetRecord &target) {
  DepthwiseForm form = getForm(op, op.getInput());
  form.bias = op.getBias();
  form.vertical = {getForwardPhase(op.getWindow(), 0, form.resultShape[1])};
  form.horizontal = {getForwardPhase(op.getWindow(), 1, form.resultShape[2])};
  form.isGradient = false;
  DepthwiseLowering(emitter, form, target).run(op);
}

void qtc::lowerDepthwise(Emitter &emitter, qkernel::Conv2DInputGradientOp op,
                         const cpu::TargetRecord &target) {
  DepthwiseForm form = getForm(op, op.getOutput());
  form.vertical = getGradientPhases(op.getWindow(), 0, form.resultShape[1]);
  form.horizontal = getGradientPhases(op.getWindow(), 1, form.resultShape[2]);
  form.isGradient = true;
  DepthwiseLowering(emitter, form, target).run(op);
}
