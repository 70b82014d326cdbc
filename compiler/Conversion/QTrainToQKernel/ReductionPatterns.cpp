//===- ReductionPatterns.cpp - Pools and sums -----------------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Conversion/QTrainToQKernel/PatternSupport.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"

#include <cmath>

using namespace mlir;
using namespace qtc;
using namespace qtc::qtrain;

namespace {

/// Sums over all `rows`, or [parts, channels]. Sums of floats have one part for
/// each of several equal runs of rows.
Value createPartialSums(ImplicitLocOpBuilder &builder, Value rows,
                        ArrayRef<int64_t> shape) {
  Value out = createEmpty(
      builder, shape, cast<RankedTensorType>(rows.getType()).getElementType());
  return builder
      .create<qkernel::ChannelSumOp>(rows, out, /*factor=*/1,
                                     /*saturate=*/false)
      .getResult(0);
}
} // namespace

Value qtc::createChannelSum(ImplicitLocOpBuilder &builder, Value tensor) {
  // Lanes that keep vectors busy, and rows that are not worth two passes.
  constexpr int64_t kLanes = 64, kFewRows = 16;
  auto type = cast<RankedTensorType>(tensor.getType());
  int64_t channels = type.getShape().back(), lanes = channels;
  int64_t rows = type.getNumElements() / channels;
  if (rows == 1)
    return createReshape(builder, tensor, {channels});
  // Sums of integers do not depend on the order, so the kernel divides them.
  if (!isa<FloatType>(type.getElementType()))
    return createPartialSums(
        builder, createReshape(builder, tensor, {rows, channels}), {channels});
  // Several rows of few channels count as one.
  while (rows > kFewRows && 2 * lanes <= kLanes && rows % 2 == 0)
    lanes *= 2, rows /= 2;
  tensor = createReshape(builder, tensor, {rows, lanes});
  // There are as many parts as rows in each, because the rounding errors of a
  // sum grow with the number of its terms.
  auto parts = static_cast<int64_t>(
      rows <= kFewRows ? 1 : std::ceil(std::sqrt(static_cast<double>(rows))));
  Value partial = createPartialSums(builder, tensor, {parts, lanes});
  int64_t rest = parts * lanes / channels;
  if (rest == 1)
    return createReshape(builder, partial, {channels});
  partial = createReshape(builder, partial, {rest, channels});
  return createPartialSums(builder, partial, {channels});
}

namespace {
struct LowerMaxPool : LoweringPattern<MaxPool2DOp> {
  using LoweringPattern::LoweringPattern;
  LogicalResult lower(MaxPool2DOp op, ArrayRef<ScaledParts> parts,
                      ImplicitLocOpBuilder &builder,
                      PatternRewriter &rewriter) const override {
    if (!hasKernelLayout(op->getOperand(0)))
      return rewriter.notifyMatchFailure(op, "channels are not innermost");
    auto kernel = builder.create<qkernel::MaxPool2DOp>(
        parts[0].mantissas, createResult(builder, op), op.getWindow());
    replaceWithParts(rewriter, op, kernel.getResult(0), parts[0].exponent);
    return success();
  }
};

struct LowerMaxPoolGradient : LoweringPattern<MaxPool2DGradientOp> {
  using LoweringPattern::LoweringPattern;
  LogicalResult lower(MaxPool2DGradientOp op, ArrayRef<ScaledParts> parts,
                      ImplicitLocOpBuilder &builder,
                      PatternRewriter &rewriter) const override {
    ScaledParts input = parts[0], gradient = parts[1];
    auto kernel = builder.create<qkernel::MaxPool2DGradientOp>(
        input.mantissas, gradient.mantissas, createResult(builder, op),
        op.getWindow());
    replaceWithParts(rewriter, op, kernel.getResult(0), gradient.exponent);
    return success();
  }
};

struct LowerMaxPoolPositions : LoweringPattern<MaxPool2DPositionsOp> {
  using LoweringPattern::LoweringPattern;
  LogicalResult lower(MaxPool2DPositionsOp op, ArrayRef<ScaledParts> parts,
                      ImplicitLocOpBuilder &builder,
                      PatternRewriter &rewriter) const override {
    if (!hasKernelLayout(op->getOperand(0)))
      return rewriter.notifyMatchFailure(op, "channels are not innermost");
    RankedTensorType type = getMemoryType(op.getResult().getType());
    auto kernel = builder.create<qkernel::MaxPool2DPositionsOp>(
        parts[0].mantissas,
        createEmpty(builder, type.getShape(), type.getElementType()),
        op.getWindow());
    replaceWithMemory(rewriter, op, kernel.getResult(0));
    return success();
  }
};

struct LowerMaxUnpool : LoweringPattern<MaxUnpool2DOp> {
  using LoweringPattern::LoweringPattern;
  LogicalResult lower(MaxUnpool2DOp op, ArrayRef<ScaledParts> parts,
                      ImplicitLocOpBuilder &builder,
                      PatternRewriter &rewriter) const override {
    Value positions = getMemory(op.getPositions());
    if (!positions)
      return rewriter.notifyMatchFailure(op, "positions not converted yet");
    auto kernel = builder.create<qkernel::MaxUnpool2DOp>(
        positions, parts[0].mantissas, createResult(builder, op),
        op.getWindow());
    replaceWithParts(rewriter, op, kernel.getResult(0), parts[0].exponent);
    return success();
  }
};

/// Factors of an average have 7 + k fraction bits, 2^k the kernel's area
/// rounded up.
template <typename OpTy, typename KernelTy>
struct LowerAveragePool : LoweringPattern<OpTy> {
  using LoweringPattern<OpTy>::LoweringPattern;
  LogicalResult lower(OpTy op, ArrayRef<ScaledParts> parts,
                      ImplicitLocOpBuilder &builder,
                      PatternRewriter &rewriter) const override {
    if (!hasKernelLayout(op->getOperand(0)))
      return rewriter.notifyMatchFailure(op, "channels are not innermost");
    auto kernel =
        builder.create<KernelTy>(parts[0].mantissas, createResult(builder, op),
                                 op.getWindow(), op.getCountIncludePad());
    ArrayRef<int64_t> extents = op.getWindow().getKernel();
    int64_t fraction = 7 + llvm::Log2_64_Ceil(extents[0] * extents[1]);
    replaceWithParts(rewriter, op, kernel.getResult(0),
                     createOffset(builder, parts[0].exponent, -fraction));
    return success();
  }
};

struct LowerBiasGradient : LoweringPattern<BiasGradientOp> {
  using LoweringPattern::LoweringPattern;
  LogicalResult lower(BiasGradientOp op, ArrayRef<ScaledParts> parts,
                      ImplicitLocOpBuilder &builder,
                      PatternRewriter &rewriter) const override {
    if (!hasKernelLayout(op->getOperand(0)))
      return rewriter.notifyMatchFailure(op, "channels are not innermost");
    RankedTensorType type = getTensorType(op.getGradient().getType());
    Value gradient =
        moveChannelsInnermost(builder, op.getGradient(), parts[0].mantissas);
    if (!isScaled(op.getGradient().getType())) {
      replaceWithParts(rewriter, op, createChannelSum(builder, gradient),
                       Value());
      return success();
    }
    int64_t length = type.getNumElements() / type.getDimSize(1);
    bool isNarrow = cast<ScaledType>(op.getType()).getWidth() == 32;
    bool saturate = isNarrow && length > ((int64_t(1) << 31) - 1) /
                                             getOperandBound(op, /*operand=*/0);
    auto kernel = builder.create<qkernel::ChannelSumOp>(
        gradient, createResult(builder, op), /*factor=*/1, saturate);
    replaceWithParts(rewriter, op, kernel.getResult(0), parts[0].exponent);
    return success();
  }
};
} // namespace

void qtc::populateReductionPatterns(RewritePatternSet &patterns) {
  patterns.add<LowerMaxPool, LowerMaxPoolGradient, LowerMaxPoolPositions,
               LowerMaxUnpool, LowerBiasGradient,
               LowerAveragePool<AveragePool2DOp, qkernel::AveragePool2DOp>,
               LowerAveragePool<AveragePool2DGradientOp,
                                qkernel::AveragePool2DGradientOp>>(
      patterns.getContext());
}
