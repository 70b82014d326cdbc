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
struct LowerRangeMask : LoweringPattern<RangeMaskOp> {
  using LoweringPattern::LoweringPattern;
  LogicalResult lower(RangeMaskOp op, ArrayRef<ScaledParts> parts,
                      ImplicitLocOpBuilder &builder,
                      PatternRewriter &rewriter) const override {
    int64_t bytes =
        llvm::divideCeil(op.getResult().getType().getNumElements(), 8);
    auto kernel = builder.create<qkernel::RangeMaskOp>(
        parts[0].mantissas, createEmpty(builder, {bytes}, builder.getI8Type()),
        op.getLowAttr(), op.getHighAttr());
    replaceWithMemory(rewriter, op, kernel.getResult(0));
    return success();
  }
};

struct LowerApplyMask : LoweringPattern<ApplyMaskOp> {
  using LoweringPattern::LoweringPattern;
  LogicalResult lower(ApplyMaskOp op, ArrayRef<ScaledParts> parts,
                      ImplicitLocOpBuilder &builder,
                      PatternRewriter &rewriter) const override {
    Value mask = getMemory(op.getMask());
    if (!mask)
      return rewriter.notifyMatchFailure(op, "mask not converted yet");
    auto type = cast<RankedTensorType>(parts[0].mantissas.getType());
    auto kernel = builder.create<qkernel::ApplyMaskOp>(
        parts[0].mantissas, mask,
        createEmpty(builder, type.getShape(), type.getElementType()));
    replaceWithParts(rewriter, op, kernel.getResult(0), parts[0].exponent);
    return success();
  }
};
} // namespace

void qtc::populateMaskPatterns(RewritePatternSet &patterns) {
  patterns.add<LowerRangeMask, LowerApplyMask>(patterns.getContext());
}
