//===- NormalizationLoops.cpp - Moments of channels as loops --------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Conversion/QKernelToLoops/LoopBuilder.h"

#include "llvm/Support/MathExtras.h"

#include <algorithm>

using namespace mlir;
using namespace qtc;
using namespace qtc::qkernel;

namespace {

/// One task per part and block of channels, or per channel if the grain is
/// fine. It keeps its sums on its stack.
struct LowerChannelMoments : LoopPattern<ChannelMomentsOp> {
  using LoopPattern::LoopPattern;

  /// Channels of a block.
  static constexpr int64_t kBlock = 256;

  LogicalResult matchAndRewrite(ChannelMomentsOp op,
                                PatternRewriter &rewriter) const override {
    LoopBuilder b = start(op, rewriter);
    ArrayRef<int64_t> shape = getBufferShape(op.getLhs());
    int64_t rows = shape[0], channels = shape[1];
    int64_t parts = getBufferShape(op.getSums())[0];
    int64_t chunk = llvm::divideCeil(rows, parts);
    int64_t block = b.hasFineGrain() ? 1 : std::min(channels, kBlock);
    int64_t blocks = llvm::divideCeil(channels, block);
    b.parallel(parts * blocks, "channel_moments", /*macs=*/0, [&](Value task) {
      Value part = b.create<arith::DivUIOp>(task, b.index(blocks));
      Value which = b.create<arith::RemUIOp>(task, b.index(blocks));
      auto [firstRow, lastRow] = getRange(b, part, chunk, rows);
      auto [first, last] = getRange(b, which, block, channels);
      Value size = blocks == 1 ? b.index(block) : b.sub(last, first);
      SmallVector<Value> sums;
      for (Value out : op.getDpsInits()) {
        Type type = cast<MemRefType>(out.getType()).getElementType();
        sums.push_back(
            b.create<memref::AllocaOp>(MemRefType::get({block}, type)));
        Value zero = b.zero(type), sum = sums.back();
        b.loop(b.index(0), size, [&](Value c) { b.store(zero, sum, c); });
      }
      Value firstChannel = first;
      b.loop(firstRow, lastRow,
             [&](Value row) { addRow(b, op, row, firstChannel, size, sums); });
      Value target = part;
      b.loop(b.index(0), size, [&](Value c) {
        for (auto [sum, out] : llvm::zip_equal(sums, op.getDpsInits()))
          b.store(b.load(sum, c), out, {target, b.add(firstChannel, c)});
      });
    });
    rewriter.eraseOp(op);
    return success();
  }

private:
  /// [begin, end) of piece `piece` of `size` out of `count`.
  static std::pair<Value, Value> getRange(LoopBuilder &b, Value piece,
                                          int64_t size, int64_t count) {
    auto clip = [&](Value value) -> Value {
      return b.create<arith::MinUIOp>(value, b.index(count));
    };
    return {clip(b.affine(piece, size, 0)), clip(b.affine(piece, size, size))};
  }

  /// Adds the values of row `row` in the `size` channels from `first` on to
  /// `sums`.
  static void addRow(LoopBuilder &b, ChannelMomentsOp op, Value row,
                     Value first, Value size, ValueRange sums) {
    b.loop(b.index(0), size, [&](Value c) {
      SmallVector<Value> factors;
      for (Value input : {op.getLhs(), op.getRhs()})
        factors.push_back(widen(b, b.load(input, {row, b.add(first, c)})));
      b.accumulate(b.extend(factors[0], 64), sums[0], c);
      b.accumulate(b.extend(b.mul(factors[0], factors[1]), 64), sums[1], c);
    });
  }

  /// Widens an element to the width of exact products.
  static Value widen(LoopBuilder &b, Value element) {
    if (isa<FloatType>(element.getType()))
      return b.create<arith::ExtFOp>(b.getF64Type(), element);
    return b.extend(element, 32);
  }
};
} // namespace

void qtc::populateNormalizationLoops(RewritePatternSet &patterns, Grain grain) {
  patterns.add<LowerChannelMoments>(patterns.getContext(), grain);
}
