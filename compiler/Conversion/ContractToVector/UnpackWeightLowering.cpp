//===- UnpackWeightLowering.cpp - qkernel.unpack_weight to loops ----------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Conversion/ContractToVector/Lowerings.h"
#include "compiler/Conversion/ContractToVector/Transpose.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/Support/MathExtras.h"

#include <limits>

using namespace mlir;
using namespace qtc;

namespace {
/// One parallel iteration writes part of the weights of as many output channels
/// as a vector has lanes. In memory the weights of a channel are a row of
/// inputs and positions of the kernel. Four of its elements, read as vectors of
/// channels, are transposed in registers and written as one vector of 128 bits
/// per channel.
class UnpackWeightLowering {
public:
  UnpackWeightLowering(Emitter &emitter, qkernel::UnpackWeightOp op,
                       const cpu::TargetRecord &target)
      : e(emitter), op(op), lanes(target.getLanes()),
        sums(e.flatten(op.getParts())), weights(e.flatten(op.getWeight())),
        maximum(op.getMaximum()) {
    if (op.getErrorSums())
      errors = e.flatten(op.getErrorSums());
    ArrayRef<int64_t> shape =
        cast<MemRefType>(op.getParts().getType()).getShape();
    splits = shape[0], kernelSize = shape[1] * shape[2];
    inputs = shape[3], outputs = shape[4];
    rowLength = inputs * kernelSize;
    groups = llvm::divideCeil(outputs, lanes);
    // Enough pieces for all threads, with a few lines of output in each.
    int64_t pieces = std::min<int64_t>(llvm::divideCeil(kTasks, groups),
                                       llvm::divideCeil(rowLength, kMinLength));
    pieceLength = llvm::alignTo<kWords>(llvm::divideCeil(rowLength, pieces));
  }

  void run() {
    if (maximum)
      e.clear(maximum);
    int64_t pieces = llvm::divideCeil(rowLength, pieceLength);
    e.parallel(op, groups * pieces, [&](Value task) {
      Values digits = e.delinearize(task, {groups, pieces});
      emitGroup(digits[0], e.mul(digits[1], pieceLength));
    });
  }

private:
  static constexpr int64_t kTasks = 64;
  static constexpr int64_t kMinLength = 64;
  /// Elements that are transposed together.
  static constexpr int64_t kWords = 4;

  void emitGroup(Value group, Value firstElement);
  Value emitPiece(Value channel, Value firstElement, int64_t used,
                  Value magnitudes);
  Value emitElements(Value channel, Value element, int64_t count, int64_t used,
                     Value magnitudes);
  Value emitSum(Value channel, Value element, int64_t used);
  Value extend(Value sums);
  Value saturate(Value wideSums, Value channel, int64_t used);

  Emitter &e;
  qkernel::UnpackWeightOp op;
  int64_t lanes;
  Value sums, weights, maximum;
  /// Sums of errors, or null.
  Value errors;
  int64_t splits, kernelSize, inputs, outputs, rowLength, groups, pieceLength;
};
} // namespace

/// The sums of one element of `used` channels.
Value UnpackWeightLowering::emitSum(Value channel, Value element,
                                    int64_t used) {
  Values digits = e.delinearize(element, {inputs, kernelSize});
  Value offset = e.add(
      e.mul(e.add(e.mul(digits[1], inputs), digits[0]), outputs), channel);
  Value sum = extend(e.loadPart(sums, offset, lanes, used));
  int64_t stride = rowLength * outputs;
  sum = e.loop(e.index(1), e.index(splits), 1, {sum},
               [&](Value split, ValueRange carried) -> Values {
                 Value part = e.loadPart(
                     sums, e.add(offset, e.mul(split, stride)), lanes, used);
                 return {e.addLanes(carried.front(), extend(part))};
               })
            .front();
  return op.getSaturate() ? saturate(sum, channel, used) : sum;
}

/// 64-bit integers if sums are formed in these.
Value UnpackWeightLowering::extend(Value part) {
  if (!op.getSaturate())
    return part;
  return e.create<arith::ExtSIOp>(e.vectorType(lanes, 64), part);
}

/// The sums without what the offset of activations has added, in 32 bits.
Value UnpackWeightLowering::saturate(Value wideSums, Value channel,
                                     int64_t used) {
  if (errors) {
    Value part = extend(e.loadPart(errors, channel, lanes, used));
    wideSums = e.create<arith::SubIOp>(
        wideSums, e.create<arith::MulIOp>(part, e.splat(lanes, 64, 128)));
  }
  constexpr int64_t limit = std::numeric_limits<int32_t>::max();
  wideSums = e.create<arith::MinSIOp>(wideSums, e.splat(lanes, 64, limit));
  wideSums = e.create<arith::MaxSIOp>(wideSums, e.splat(lanes, 64, -limit));
  return e.create<arith::TruncIOp>(e.vectorType(lanes, 32), wideSums);
}

/// Writes `count` elements, at most four, of `used` channels; returns
/// `magnitudes` with theirs.
Value UnpackWeightLowering::emitElements(Value channel, Value element,
                                         int64_t count, int64_t used,
                                         Value magnitudes) {
  Type type = cast<MemRefType>(sums.getType()).getElementType();
  Values columns(kWords, e.zero(VectorType::get(lanes, type)));
  for (int64_t i = 0; i < count; ++i) {
    columns[i] = emitSum(channel, e.add(element, i), used);
    if (maximum)
      magnitudes = e.maxMagnitude(magnitudes, columns[i]);
  }
  Values rows = transposeWords(e, columns);
  Value target = e.add(e.mul(channel, rowLength), element);
  for (int64_t lane = 0; lane < used; ++lane) {
    // Row `lane` is a block of one of the vectors, cut where it ends.
    SmallVector<int64_t> mask = llvm::to_vector(llvm::seq<int64_t>(
        lane / kWords * kWords, lane / kWords * kWords + count));
    Value vector = rows[lane % kWords];
    e.store(e.create<vector::ShuffleOp>(vector, vector, mask), weights,
            e.add(target, lane * rowLength));
  }
  return magnitudes;
}

/// The elements from `firstElement` on that belong to one iteration.
Value UnpackWeightLowering::emitPiece(Value channel, Value firstElement,
                                      int64_t used, Value magnitudes) {
  int64_t rest = rowLength % kWords, whole = rowLength - rest;
  Value end = e.min(e.add(firstElement, pieceLength), whole);
  Values carried = {magnitudes};
  if (whole > 0)
    carried = e.loop(
        firstElement, end, kWords, carried,
        [&](Value element, ValueRange values) -> Values {
          return {emitElements(channel, element, kWords, used, values.front())};
        });
  if (rest > 0)
    carried = e.when(e.equal(firstElement, whole / pieceLength * pieceLength),
                     carried, [&](ValueRange values) -> Values {
                       return {emitElements(channel, e.index(whole), rest, used,
                                            values.front())};
                     });
  return carried.front();
}

void UnpackWeightLowering::emitGroup(Value group, Value firstElement) {
  Values magnitudes = {e.splat(lanes, 32, 0)};
  Value channel = e.mul(group, lanes);
  int64_t rest = outputs % lanes, whole = outputs / lanes;
  auto emit = [&](Value condition, int64_t used) {
    magnitudes =
        e.when(condition, magnitudes, [&](ValueRange values) -> Values {
          return {emitPiece(channel, firstElement, used, values.front())};
        });
  };
  if (whole > 0)
    emit(e.less(group, whole), lanes);
  if (rest > 0)
    emit(e.equal(group, whole), rest);
  if (maximum)
    e.atomicMaximum(magnitudes.front(), maximum);
}

void qtc::lowerUnpackWeight(Emitter &emitter, qkernel::UnpackWeightOp op,
                            const cpu::TargetRecord &target) {
  UnpackWeightLowering(emitter, op, target).run();
}
