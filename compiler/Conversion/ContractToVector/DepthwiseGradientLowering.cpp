//===- DepthwiseGradientLowering.cpp - Depthwise weight gradients ---------===//
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

using namespace mlir;
using namespace qtc;

/// Number of errors that justifies a task: its atomic additions, one per
/// weight, should not matter.
static constexpr int64_t kTaskErrors = 1 << 18;

/// Neighbouring errors that share pixels.
static constexpr int64_t kTile = 4;

namespace {
/// A task sums over some rows of errors in one vector of channels. The sums of
/// a row of the kernel are in registers while a row of errors passes, and on
/// the stack in between.
class DepthwiseGradientLowering {
public:
  DepthwiseGradientLowering(Emitter &emitter,
                            qkernel::Conv2DWeightGradientOp op,
                            const cpu::TargetRecord &target)
      : e(emitter), op(op), imageShape(shapeOf(op.getInput())),
        errorShape(shapeOf(op.getOutput())), kernel(op.getWindow().getKernel()),
        vectors(emitter, target, errorShape[3]),
        vertical(getForwardPhase(op.getWindow(), 0, errorShape[1])),
        horizontal(getForwardPhase(op.getWindow(), 1, errorShape[2])),
        images(e.flatten(op.getInput())), errors(e.flatten(op.getOutput())),
        result(e.flatten(op.getWeight())), rows(errorShape[0] * errorShape[1]),
        rowsPerTask(std::clamp<int64_t>(
            llvm::divideCeil(kTaskErrors, errorShape[2] * vectors.getLanes()),
            1, rows)) {}

  void run() {
    e.parallel(/*source=*/nullptr, /*count=*/1, [&](Value) {
      e.loop(0, errorShape[3] * getArea(), 1, [&](Value i) {
        e.create<memref::StoreOp>(e.create<arith::ConstantIntOp>(0, 32), result,
                                  ValueRange(i));
      });
    });
    int64_t rowTasks = llvm::divideCeil(rows, rowsPerTask);
    e.parallel(op, rowTasks * vectors.getBlockCount(), [&](Value task) {
      Values digits = e.delinearize(task, {rowTasks, vectors.getBlockCount()});
      emitTask(e.mul(digits[0], rowsPerTask), digits[1]);
    });
  }

private:
  static ArrayRef<int64_t> shapeOf(Value value) {
    return cast<MemRefType>(value.getType()).getShape();
  }
  int64_t getArea() const { return kernel[0] * kernel[1]; }

  void emitTask(Value firstRow, Value block);
  void emitRow(Value row, Value channel);
  Values emitTile(const WindowSegment &segment, Value pixel, Value error,
                  int64_t count, ValueRange sums);
  void emitAdditions(Value block, Value channel);

  Emitter &e;
  qkernel::Conv2DWeightGradientOp op;
  ArrayRef<int64_t> imageShape, errorShape, kernel;
  ChannelVectors vectors;
  WindowPhase vertical, horizontal;
  Value images, errors, result, stack;
  int64_t rows, rowsPerTask;
};
} // namespace

/// Adds the products of `count` neighbouring errors with the pixels that they
/// see, two at a time. `sums` has two halves for each tap of the segment.
Values DepthwiseGradientLowering::emitTile(const WindowSegment &segment,
                                           Value pixel, Value error,
                                           int64_t count, ValueRange sums) {
  int64_t multiplier = errorShape[3] / imageShape[3];
  auto loadPixel = [&](int64_t distance, int64_t) {
    return vectors.loadRepeated(images, e.add(pixel, distance * imageShape[3]),
                                multiplier);
  };
  auto loadError = [&](int64_t distance, int64_t) {
    return vectors.loadRepeated(errors, e.add(error, distance * errorShape[3]),
                                /*repeat=*/1);
  };
  PixelVectors pixels(vectors, loadPixel), errorPixels(vectors, loadError);
  using Key = PixelVectors::Key;
  Values results(sums);
  for (int64_t i = 0; i < count; i += 2) {
    bool isPair = i + 1 < count;
    Halves error = errorPixels.getPair(
        std::pair(i, 0), isPair ? Key(std::pair(i + 1, 0)) : Key());
    for (int64_t tap = segment.lower; tap < segment.upper; ++tap) {
      int64_t even = i * horizontal.stride + tap * horizontal.dilation;
      int64_t odd = isPair ? even + horizontal.stride : even;
      Halves pair = pixels.getPair(std::pair(even, 0), std::pair(odd, 0));
      Value *sum = &results[2 * (tap - segment.lower)];
      sum[0] = vectors.multiplyAdd(sum[0], pair.first, error.first);
      sum[1] = vectors.multiplyAdd(sum[1], pair.second, error.second);
    }
  }
  return results;
}

void DepthwiseGradientLowering::emitRow(Value row, Value channel) {
  int64_t half = vectors.getLanes() / 2;
  Values digits = e.delinearize(row, {errorShape[0], errorShape[1]});
  TapRange range = getTapRange(e, vertical, imageShape[1], digits[1]);
  Value imageChannel = e.div(channel, errorShape[3] / imageShape[3]);
  Value errorRow = e.add(e.mul(row, errorShape[2] * errorShape[3]), channel);
  e.loop(range.lower, range.upper, 1, {}, [&](Value kh, ValueRange) {
    Value imageRow = e.add(range.start, e.mul(kh, vertical.dilation));
    imageRow = e.add(e.mul(digits[0], imageShape[1]), imageRow);
    imageRow =
        e.add(e.mul(imageRow, imageShape[2] * imageShape[3]), imageChannel);
    Value place = e.mul(kh, kernel[1] * 2 * half);
    for (const WindowSegment &segment :
         getSegments(horizontal, imageShape[2])) {
      Value first = e.add(place, segment.lower * 2 * half);
      Values sums;
      for (int64_t i = 0; i < 2 * (segment.upper - segment.lower); ++i)
        sums.push_back(e.load(stack, e.add(first, i * half), half));
      forTiles(e, segment, kTile, sums,
               [&](Value q, int64_t count, ValueRange carried) {
                 Value column =
                     e.add(e.mul(q, horizontal.stride), horizontal.offset);
                 return emitTile(
                     segment, e.add(imageRow, e.mul(column, imageShape[3])),
                     e.add(errorRow, e.mul(q, errorShape[3])), count, carried);
               });
      for (auto [i, sum] : llvm::enumerate(sums))
        e.store(sum, stack, e.add(first, i * half));
    }
    return Values();
  });
}

/// Adds the sums on the stack to the result. The first channels of the last
/// block belong to its neighbour.
void DepthwiseGradientLowering::emitAdditions(Value block, Value channel) {
  int64_t lanes = vectors.getLanes();
  Value shared = e.createOrFold<arith::SubIOp>(e.mul(block, lanes), channel);
  e.loop(shared, e.index(lanes), 1, {}, [&](Value lane, ValueRange) {
    Value target = e.mul(e.add(channel, lane), getArea());
    Value slot = vectors.getSlot(lane);
    e.loop(0, getArea(), 1, [&](Value tap) {
      Value sum = e.create<memref::LoadOp>(
          stack, ValueRange(e.add(e.mul(tap, lanes), slot)));
      e.create<memref::AtomicRMWOp>(arith::AtomicRMWKind::addi, sum, result,
                                    ValueRange(e.add(target, tap)));
    });
    return Values();
  });
}

void DepthwiseGradientLowering::emitTask(Value firstRow, Value block) {
  int64_t lanes = vectors.getLanes();
  Value channel = vectors.getBlockStart(block);
  stack = e.create<memref::AllocaOp>(
      MemRefType::get({getArea() * lanes}, e.getI32Type()));
  e.loop(0, getArea() * lanes, lanes,
         [&](Value place) { e.store(e.splat(lanes, 32, 0), stack, place); });
  Value end = e.min(e.add(firstRow, rowsPerTask), rows);
  e.loop(firstRow, end, 1, {}, [&](Value row, ValueRange) {
    emitRow(row, channel);
    return Values();
  });
  emitAdditions(block, channel);
}

void qtc::lowerDepthwise(Emitter &emitter, qkernel::Conv2DWeightGradientOp op,
                         const cpu::TargetRecord &target) {
  DepthwiseGradientLowering(emitter, op, target).run();
}
