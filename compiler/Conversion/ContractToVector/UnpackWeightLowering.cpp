//===- UnpackWeightLowering.cpp - qkernel.unpack_weight to loops ----------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Conversion/ContractToVector/Lowerings.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace qtc;

namespace {
/// One parallel iteration writes part of the weights of as many output channels
/// as a vector has lanes. It reads whole vectors and writes one lane to each of
/// these channels, where neighbouring weights follow each other.
class UnpackWeightLowering {
public:
  UnpackWeightLowering(Emitter &emitter, qkernel::UnpackWeightOp op,
                       const cpu::TargetRecord &target)
      : e(emitter), op(op), lanes(target.getLanes()),
        sums(e.flatten(op.getIns()[0])), weights(e.flatten(op.getOuts()[0])),
        maximum(op.getOuts().size() > 1 ? op.getOuts()[1] : Value()) {
    ArrayRef<int64_t> shape =
        cast<MemRefType>(op.getIns()[0].getType()).getShape();
    splits = shape[0], kernelSize = shape[1] * shape[2];
    inputs = shape[3], outputs = shape[4];
    groups = llvm::divideCeil(outputs, lanes);
    // Enough pieces for all threads, with a few lines of output in each.
    int64_t pieces = std::min<int64_t>(llvm::divideCeil(kTasks, groups),
                                       llvm::divideCeil(inputs, kMinInputs));
    inputsPerTask = llvm::divideCeil(inputs, pieces);
  }

  void run() {
    if (maximum)
      e.clear(maximum);
    int64_t pieces = llvm::divideCeil(inputs, inputsPerTask);
    e.parallel(op, groups * pieces, [&](Value task) {
      Values digits = e.delinearize(task, {groups, pieces});
      emitGroup(digits[0], e.mul(digits[1], inputsPerTask));
    });
  }

private:
  static constexpr int64_t kTasks = 64;
  static constexpr int64_t kMinInputs = 8;

  void emitGroup(Value group, Value firstInput);
  Value emitInputs(Value group, Value firstInput, int64_t used,
                   Value magnitudes);
  Value emitWeight(Value channel, Value input, Value position, int64_t used);

  Emitter &e;
  qkernel::UnpackWeightOp op;
  int64_t lanes;
  Value sums, weights, maximum;
  int64_t splits, kernelSize, inputs, outputs, groups, inputsPerTask;
};
} // namespace

/// Sums and stores one weight of `used` channels; returns the sums.
Value UnpackWeightLowering::emitWeight(Value channel, Value input,
                                       Value position, int64_t used) {
  Value offset =
      e.add(e.mul(e.add(e.mul(position, inputs), input), outputs), channel);
  Value sum = e.loadPart(sums, offset, lanes, used);
  int64_t stride = kernelSize * inputs * outputs;
  if (splits > 1)
    sum = e.loop(e.index(1), e.index(splits), 1, {sum},
                 [&](Value split, ValueRange carried) -> Values {
                   Value part = e.loadPart(
                       sums, e.add(offset, e.mul(split, stride)), lanes, used);
                   return {e.create<arith::AddIOp>(carried.front(), part)};
                 })
              .front();
  Value target =
      e.add(e.mul(e.add(e.mul(channel, inputs), input), kernelSize), position);
  for (int64_t lane = 0; lane < used; ++lane) {
    Value value = e.create<vector::ExtractOp>(sum, lane);
    e.create<memref::StoreOp>(
        value, weights, ValueRange(e.add(target, lane * inputs * kernelSize)));
  }
  return sum;
}

Value UnpackWeightLowering::emitInputs(Value group, Value firstInput,
                                       int64_t used, Value magnitudes) {
  Value channel = e.mul(group, lanes);
  Value end = e.min(e.add(firstInput, inputsPerTask), inputs);
  Values init = {magnitudes};
  return e
      .loop(firstInput, end, 1, init,
            [&](Value input, ValueRange outer) {
              return e.loop(e.index(0), e.index(kernelSize), 1, outer,
                            [&](Value position, ValueRange carried) -> Values {
                              Value sum =
                                  emitWeight(channel, input, position, used);
                              return {e.maxMagnitude(carried.front(), sum)};
                            });
            })
      .front();
}

void UnpackWeightLowering::emitGroup(Value group, Value firstInput) {
  Values magnitudes = {e.splat(lanes, 32, 0)};
  int64_t rest = outputs % lanes, whole = outputs / lanes;
  if (whole > 0)
    magnitudes = e.when(
        e.less(group, whole), magnitudes, [&](ValueRange values) -> Values {
          return {emitInputs(group, firstInput, lanes, values.front())};
        });
  if (rest > 0)
    magnitudes = e.when(
        e.equal(group, whole), magnitudes, [&](ValueRange values) -> Values {
          return {emitInputs(group, firstInput, rest, values.front())};
        });
  if (maximum)
    e.atomicMaximum(magnitudes.front(), maximum);
}

void qtc::lowerUnpackWeight(Emitter &emitter, qkernel::UnpackWeightOp op,
                            const cpu::TargetRecord &target) {
  UnpackWeightLowering(emitter, op, target).run();
}
