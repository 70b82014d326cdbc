//===- PackActivationLowering.cpp - qkernel.pack_activation to loops ------===//
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

using namespace mlir;
using namespace qtc;

namespace {
/// One parallel iteration writes one row of the packed image, in all blocks of
/// channels: its padding and, if there is one, a row of the original.
class PackActivationLowering {
public:
  PackActivationLowering(Emitter &emitter, qkernel::PackActivationOp op,
                         const cpu::TargetRecord &target)
      : e(emitter), op(op), input(e.flatten(op.getInput())),
        output(e.flatten(op.getPacked())),
        element(cast<MemRefType>(input.getType()).getElementType()),
        vectorElements(target.getVectorBytes() /
                       cpu::getFactorBytes(getFactors(input))),
        interleave(op.getInterleave()), block(op.getBlock()) {
    ArrayRef<int64_t> shape =
        cast<MemRefType>(op.getInput().getType()).getShape();
    images = shape[0], height = shape[1], width = shape[2];
    channels = shape[3];
    groups = llvm::divideCeil(images, interleave);
    blocks = op.getChannels() / block;
    packedHeight = (height - 1) * op.getDilation()[0] + 1 + op.getPads()[0] +
                   op.getPads()[2];
    packedWidth = (width - 1) * op.getDilation()[1] + 1 + op.getPads()[1] +
                  op.getPads()[3];
  }

  void run() {
    e.parallel(op, groups * packedHeight, [&](Value row) {
      // Blocks share cache lines of the original row.
      e.loop(0, blocks, 1, [&](Value block) { emitRow(block, row); });
    });
  }

private:
  void emitRow(Value channelBlock, Value row);
  void emitImageRow(Value channelBlock, Value group, Value imageRow,
                    Value target);
  void emitPixels(Value source, Value target, int64_t count, int64_t present);
  void emitFill(Value target, int64_t elements);
  void emitCopy(Value source, Value target, int64_t elements, int64_t present);
  void emitCopyVector(Value source, Value target, int64_t elements,
                      int64_t present);
  void forPieces(int64_t elements, int64_t vector,
                 function_ref<void(Value, int64_t)> body);

  Emitter &e;
  qkernel::PackActivationOp op;
  Value input, output;
  Type element;
  int64_t vectorElements, interleave, block;
  int64_t images, height, width, channels;
  int64_t groups, blocks, packedHeight, packedWidth;
};
} // namespace

/// Cuts [0, elements) into vectors. The last one overlaps its neighbour; a
/// range shorter than one vector is cut into powers of two.
void PackActivationLowering::forPieces(
    int64_t elements, int64_t vector, function_ref<void(Value, int64_t)> body) {
  if (elements >= vector) {
    e.loop(0, elements / vector * vector, vector,
           [&](Value offset) { body(offset, vector); });
    if (elements % vector != 0)
      body(e.index(elements - vector), vector);
    return;
  }
  int64_t offset = 0;
  while (offset < elements) {
    int64_t piece = llvm::bit_floor<uint64_t>(elements - offset);
    body(e.index(offset), piece);
    offset += piece;
  }
}

void PackActivationLowering::emitFill(Value target, int64_t elements) {
  forPieces(
      elements * interleave, vectorElements, [&](Value offset, int64_t count) {
        Value fill = op.getOffset() ? e.splat(count, 8, -128)
                                    : e.zero(VectorType::get(count, element));
        e.store(fill, output, e.add(target, offset));
      });
}

/// Copies `elements` of each of the images [0, present) of a group.
void PackActivationLowering::emitCopyVector(Value source, Value target,
                                            int64_t elements, int64_t present) {
  Value packed;
  if (interleave == 1) {
    packed = e.load(input, source, elements);
  } else {
    // Byte i of a 32-bit lane belongs to image i.
    int64_t imageStride = height * width * channels;
    SmallVector<Value, 4> bytes;
    for (int64_t i = 0; i < present; ++i)
      bytes.push_back(e.load(input, e.add(source, i * imageStride), elements));
    packed = interleaveBytes(e, bytes);
  }
  if (op.getOffset())
    packed = e.create<arith::XOrIOp>(packed,
                                     e.splat(elements * interleave, 8, -128));
  e.store(packed, output, target);
}

void PackActivationLowering::emitCopy(Value source, Value target,
                                      int64_t elements, int64_t present) {
  forPieces(elements, vectorElements / interleave,
            [&](Value offset, int64_t piece) {
              emitCopyVector(e.add(source, offset),
                             e.add(target, e.mul(offset, interleave)), piece,
                             present);
            });
}

/// The pixels of a row; `count` of their channels lie in this block.
void PackActivationLowering::emitPixels(Value source, Value target,
                                        int64_t count, int64_t present) {
  int64_t step = op.getDilation()[1];
  if (step == 1 && count == block && count == channels)
    return emitCopy(source, target, width * channels, present);
  e.loop(0, width, 1, [&](Value x) {
    Value from = e.add(source, e.mul(x, channels));
    Value to = e.add(target, e.mul(x, step * block * interleave));
    emitCopy(from, to, count, present);
    if (count < block)
      emitFill(e.add(to, count * interleave), block - count);
  });
  if (step > 1)
    e.loop(0, width - 1, 1, [&](Value x) {
      Value to = e.add(target, e.mul(x, step * block * interleave));
      emitFill(e.add(to, block * interleave), (step - 1) * block);
    });
}

void PackActivationLowering::emitImageRow(Value channelBlock, Value group,
                                          Value imageRow, Value target) {
  Value source = e.add(e.mul(e.add(e.mul(group, interleave * height), imageRow),
                             width * channels),
                       e.mul(channelBlock, block));
  int64_t lastCount = channels - (blocks - 1) * block;
  int64_t lastPresent = images - (groups - 1) * interleave;
  auto emit = [&](int64_t count) {
    if (lastPresent == interleave)
      return emitPixels(source, target, count, interleave);
    e.branch(
        e.less(group, groups - 1),
        [&] { emitPixels(source, target, count, interleave); },
        [&] { emitPixels(source, target, count, lastPresent); });
  };
  if (lastCount == block)
    return emit(block);
  e.branch(
      e.less(channelBlock, blocks - 1), [&] { emit(block); },
      [&] { emit(lastCount); });
}

void PackActivationLowering::emitRow(Value channelBlock, Value row) {
  Values digits = e.delinearize(row, {groups, packedHeight});
  int64_t pixel = block * interleave;
  int64_t left = op.getPads()[1], right = op.getPads()[3];
  int64_t step = op.getDilation()[0];
  Value target = e.mul(e.add(e.mul(channelBlock, groups * packedHeight), row),
                       packedWidth * pixel);
  // Rows above the image wrap around to large numbers.
  Value y = e.sub(digits[1], op.getPads()[0]);
  Value inside = e.less(y, (height - 1) * step + 1);
  if (step > 1)
    inside = e.create<arith::AndIOp>(inside, e.equal(e.rem(y, step), 0));
  auto emitInside = [&] {
    emitFill(target, left * block);
    emitImageRow(channelBlock, digits[0], e.div(y, step),
                 e.add(target, left * pixel));
    emitFill(e.add(target, (packedWidth - right) * pixel), right * block);
  };
  if (packedHeight == height && step == 1)
    return emitInside();
  e.branch(inside, emitInside, [&] { emitFill(target, packedWidth * block); });
}

void qtc::lowerPackActivation(Emitter &emitter, qkernel::PackActivationOp op,
                              const cpu::TargetRecord &target) {
  PackActivationLowering(emitter, op, target).run();
}
