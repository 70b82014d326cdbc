//===- MaskPatterns.cpp - Masks as bits -----------------------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Conversion/QTrainToQKernel/PatternSupport.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace qtc;
using namespace qtc::qtrain;

namespace {
struct LowerRangeMask : OpRewritePattern<RangeMaskOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(RangeMaskOp op,
                                PatternRewriter &rewriter) const override {
    std::optional<ScaledParts> parts = getParts(op.getInput());
    if (!parts)
      return rewriter.notifyMatchFailure(op, "operand not converted yet");
    ImplicitLocOpBuilder builder(op.getLoc(), rewriter);
    int64_t bytes =
        llvm::divideCeil(op.getResult().getType().getNumElements(), 8);
    auto kernel = qkernel::createKernel<qkernel::RangeMaskOp>(
        builder, op.getLoc(), parts->mantissas,
        createEmpty(builder, {bytes}, builder.getI8Type()), op.getLowAttr(),
        op.getHighAttr());
    replaceWithMemory(rewriter, op, kernel.getResult(0));
    return success();
  }
};

struct LowerApplyMask : OpRewritePattern<ApplyMaskOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ApplyMaskOp op,
                                PatternRewriter &rewriter) const override {
    std::optional<ScaledParts> parts = getParts(op.getInput());
    Value mask = getMemory(op.getMask());
    if (!parts || !mask)
      return rewriter.notifyMatchFailure(op, "operands not converted yet");
    ImplicitLocOpBuilder builder(op.getLoc(), rewriter);
    auto type = cast<RankedTensorType>(parts->mantissas.getType());
    auto kernel = qkernel::createKernel<qkernel::ApplyMaskOp>(
        builder, op.getLoc(), ValueRange{parts->mantissas, mask},
        createEmpty(builder, type.getShape(), type.getElementType()));
    replaceWithParts(rewriter, op, kernel.getResult(0), parts->exponent);
    return success();
  }
};
} // namespace

void qtc::populateMaskPatterns(RewritePatternSet &patterns) {
  patterns.add<LowerRangeMask, LowerApplyMask>(patterns.getContext());
}
