//===- CopyLoops.cpp - Copies to other places as scalar loops -------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Conversion/QKernelToLoops/LoopBuilder.h"

#include "compiler/Support/AffineRange.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"

using namespace mlir;
using namespace qtc;
using namespace qtc::qkernel;

namespace {
struct LowerMappedCopy : LoopPattern<MappedCopyOp> {
  using LoopPattern::LoopPattern;
  LogicalResult matchAndRewrite(MappedCopyOp op,
                                PatternRewriter &rewriter) const override {
    if (grain == Grain::Element && op.isTransposition(MappedContractOp::kRun))
      return rewriter.notifyMatchFailure(op, "has a kernel with shared memory");
    LoopBuilder b = start(op, rewriter);
    Value source = op.getInput(), target = op.getOutput();
    ArrayRef<int64_t> x = getBufferShape(source), y = getBufferShape(target);
    b.parallelNest(y, /*outer=*/2, "pack", /*macs=*/0, [&](ValueRange i) {
      SmallVector<Value> from;
      Value inside = b.integer(1, 1);
      for (auto [dim, expr] : llvm::enumerate(op.getMap().getResults())) {
        from.push_back(affine::makeComposedAffineApply(
            b, op.getLoc(), AffineMap::get(y.size(), 0, expr),
            getAsOpFoldResult(i)));
        if (!isAlwaysInside(expr, y, x[dim]))
          inside =
              b.create<arith::AndIOp>(inside, b.isInside(from.back(), x[dim]));
      }
      Value zero = b.zero(cast<MemRefType>(source.getType()).getElementType());
      Value element =
          b.choose(inside, zero, [&] { return b.load(source, from); });
      b.store(element, target, i);
    });
    rewriter.eraseOp(op);
    return success();
  }
};

/// One loop per input.
struct LowerConcat : LoopPattern<ConcatOp> {
  using LoopPattern::LoopPattern;
  LogicalResult matchAndRewrite(ConcatOp op,
                                PatternRewriter &rewriter) const override {
    LoopBuilder b = start(op, rewriter);
    Value target = op.getOutput();
    auto axis = static_cast<int64_t>(op.getAxis());
    int64_t offset = 0;
    for (Value input : op.getInputs()) {
      ArrayRef<int64_t> shape = getBufferShape(input);
      // Rows, or rows of an image.
      unsigned outer = shape.size() > 2 ? 2 : 1;
      b.parallelNest(shape, outer, "concat", /*macs=*/0, [&](ValueRange i) {
        SmallVector<Value> to(i);
        to[axis] = b.affine(to[axis], 1, offset);
        b.store(b.load(input, i), target, to);
      });
      offset += shape[axis];
    }
    rewriter.eraseOp(op);
    return success();
  }
};
/// Copies from bufferization. A processor calls memcpy; on a device one thread
/// would copy everything.
struct LowerCopy : LoopPattern<memref::CopyOp> {
  using LoopPattern::LoopPattern;
  LogicalResult matchAndRewrite(memref::CopyOp op,
                                PatternRewriter &rewriter) const override {
    auto source = dyn_cast<MemRefType>(op.getSource().getType());
    auto target = dyn_cast<MemRefType>(op.getTarget().getType());
    if (grain != Grain::Element || !source || !target ||
        !target.hasStaticShape() || target.getRank() == 0)
      return rewriter.notifyMatchFailure(op, "stays a copy");
    ArrayRef<int64_t> shape = target.getShape();
    LoopBuilder b = start(op, rewriter);
    b.parallelNest(shape, shape.size(), "copy", /*macs=*/0, [&](ValueRange i) {
      b.store(b.load(op.getSource(), i), op.getTarget(), i);
    });
    rewriter.eraseOp(op);
    return success();
  }
};
} // namespace

void qtc::populateCopyLoops(RewritePatternSet &patterns, Grain grain) {
  patterns.add<LowerConcat, LowerCopy, LowerMappedCopy>(patterns.getContext(),
                                                        grain);
}
