//===- ReductionPatterns.cpp - Pools, sums and the loss -------------------===//
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

/// An empty tensor for the result of `op`, whose type is scaled.
Value createResult(ImplicitLocOpBuilder &builder, Operation *op) {
  auto type = cast<ScaledType>(op->getResult(0).getType());
  return createEmpty(builder, getMemoryType(type.getMantissa()).getShape(),
                     type.getWidth());
}

struct LowerMaxPool : OpRewritePattern<MaxPool2DOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(MaxPool2DOp op,
                                PatternRewriter &rewriter) const override {
    auto parts = getOperandParts(op);
    if (!parts)
      return rewriter.notifyMatchFailure(op, "operand not converted yet");
    if (!hasKernelLayout(op->getOperand(0)))
      return rewriter.notifyMatchFailure(op, "channels are not innermost");
    ImplicitLocOpBuilder builder(op.getLoc(), rewriter);
    auto kernel = qkernel::createKernel<qkernel::MaxPool2DOp>(
        builder, op.getLoc(), (*parts)[0].mantissas, createResult(builder, op),
        op.getWindow());
    replaceWithParts(rewriter, op, kernel.getResult(0), (*parts)[0].exponent);
    return success();
  }
};

struct LowerMaxPoolGradient : OpRewritePattern<MaxPool2DGradientOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(MaxPool2DGradientOp op,
                                PatternRewriter &rewriter) const override {
    auto parts = getOperandParts(op);
    if (!parts)
      return rewriter.notifyMatchFailure(op, "operands not converted yet");
    ImplicitLocOpBuilder builder(op.getLoc(), rewriter);
    ScaledParts input = (*parts)[0], gradient = (*parts)[1];
    auto kernel = qkernel::createKernel<qkernel::MaxPool2DGradientOp>(
        builder, op.getLoc(), ValueRange{input.mantissas, gradient.mantissas},
        createResult(builder, op), op.getWindow());
    replaceWithParts(rewriter, op, kernel.getResult(0), gradient.exponent);
    return success();
  }
};

/// Factors of an average have 7 + k fraction bits, 2^k the kernel's area
/// rounded up.
template <typename OpTy, typename KernelTy>
struct LowerAveragePool : OpRewritePattern<OpTy> {
  using OpRewritePattern<OpTy>::OpRewritePattern;
  LogicalResult matchAndRewrite(OpTy op,
                                PatternRewriter &rewriter) const override {
    auto parts = getOperandParts(op);
    if (!parts)
      return rewriter.notifyMatchFailure(op, "operand not converted yet");
    if (!hasKernelLayout(op->getOperand(0)))
      return rewriter.notifyMatchFailure(op, "channels are not innermost");
    ImplicitLocOpBuilder builder(op.getLoc(), rewriter);
    auto kernel = qkernel::createKernel<KernelTy>(
        builder, op.getLoc(), (*parts)[0].mantissas, createResult(builder, op),
        op.getWindow(), op.getCountIncludePad());
    ArrayRef<int64_t> extents = op.getWindow().getKernel();
    int64_t fraction = 7 + llvm::Log2_64_Ceil(extents[0] * extents[1]);
    Value exponent = builder.create<arith::SubIOp>(
        (*parts)[0].exponent, createInt(builder, fraction));
    replaceWithParts(rewriter, op, kernel.getResult(0), exponent);
    return success();
  }
};

struct LowerBiasGradient : OpRewritePattern<BiasGradientOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(BiasGradientOp op,
                                PatternRewriter &rewriter) const override {
    auto parts = getOperandParts(op);
    if (!parts)
      return rewriter.notifyMatchFailure(op, "operand not converted yet");
    if (!hasKernelLayout(op->getOperand(0)))
      return rewriter.notifyMatchFailure(op, "channels are not innermost");
    ImplicitLocOpBuilder builder(op.getLoc(), rewriter);
    RankedTensorType type = getTensorType(op.getGradient().getType());
    int64_t length = type.getNumElements() / type.getDimSize(1);
    bool saturate = length > ((int64_t(1) << 31) - 1) / 127;
    auto kernel = qkernel::createKernel<qkernel::ChannelSumOp>(
        builder, op.getLoc(), (*parts)[0].mantissas, createResult(builder, op),
        int64_t(1), saturate);
    replaceWithParts(rewriter, op, kernel.getResult(0), (*parts)[0].exponent);
    return success();
  }
};

struct LowerLossGradient : OpRewritePattern<LossGradientOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(LossGradientOp op,
                                PatternRewriter &rewriter) const override {
    auto parts = getOperandParts(op);
    if (!parts)
      return rewriter.notifyMatchFailure(op, "operand not converted yet");
    if (!hasKernelLayout(op->getOperand(0)))
      return rewriter.notifyMatchFailure(op, "channels are not innermost");
    if (op.getLoss() != Loss::CrossEntropy || !op.getExponential())
      return rewriter.notifyMatchFailure(op, "no integer softmax");
    ImplicitLocOpBuilder builder(op.getLoc(), rewriter);
    auto kernel = qkernel::createKernel<qkernel::SoftmaxErrorOp>(
        builder, op.getLoc(),
        ValueRange{(*parts)[0].mantissas, (*parts)[0].exponent, op.getLabels()},
        createResult(builder, op), *op.getExponential());
    int64_t fraction = *op.getExponential() == Exponential::Fraction ? 15 : 11;
    replaceWithParts(rewriter, op, kernel.getResult(0),
                     createInt(builder, -fraction));
    return success();
  }
};
} // namespace

void qtc::populateReductionPatterns(RewritePatternSet &patterns) {
  patterns.add<LowerMaxPool, LowerMaxPoolGradient, LowerBiasGradient,
               LowerLossGradient,
               LowerAveragePool<AveragePool2DOp, qkernel::AveragePool2DOp>,
               LowerAveragePool<AveragePool2DGradientOp,
                                qkernel::AveragePool2DGradientOp>>(
      patterns.getContext());
}
