//===- QTrainFolds.cpp - Folders and canonicalization patterns ------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialect/QTrain/IR/QTrain.h"

#include "mlir/IR/PatternMatch.h"
#include "mlir/IR/RegionKindInterface.h"

using namespace mlir;
using namespace qtc::qtrain;

/// Whether values may come from themselves, as in the body of a module. Nothing
/// is simplified there, as that need not end.
static bool isInGraph(Operation *op) {
  Region *region = op->getParentRegion();
  return region && !mayHaveSSADominance(*region);
}

LogicalResult DecomposeOp::fold(FoldAdaptor adaptor,
                                SmallVectorImpl<OpFoldResult> &results) {
  auto compose = getInput().getDefiningOp<ComposeOp>();
  if (!compose || isInGraph(*this) ||
      compose.getMantissas().getType() != getMantissas().getType())
    return failure();
  results.push_back(compose.getMantissas());
  if (Value exponent = compose.getExponent())
    results.push_back(exponent);
  return success();
}

OpFoldResult ReshapeOp::fold(FoldAdaptor adaptor) {
  return getInput().getType() == getType() && !isInGraph(*this) ? getInput()
                                                                : Value();
}

namespace {
/// Merges reshape(reshape(x)) into one reshape.
struct MergeReshapes : OpRewritePattern<ReshapeOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ReshapeOp op,
                                PatternRewriter &rewriter) const override {
    auto producer = op.getInput().getDefiningOp<ReshapeOp>();
    if (!producer || isInGraph(op))
      return rewriter.notifyMatchFailure(op, "operand is not a reshape");
    rewriter.modifyOpInPlace(
        op, [&] { op.getInputMutable().assign(producer.getInput()); });
    return success();
  }
};

/// True when `reshape` keeps the batch dimension.
bool keepsBatch(ReshapeOp reshape) {
  ArrayRef<int64_t> from = getShape(reshape.getInput());
  ArrayRef<int64_t> to = getShape(reshape.getResult());
  return !from.empty() && !to.empty() && from[0] == to[0];
}

/// Linear layers and their weight gradients flatten their input; a reshape
/// before them that keeps the batch dimension would only force a row-major
/// copy.
template <typename OpTy> struct AbsorbFlatten : OpRewritePattern<OpTy> {
  using OpRewritePattern<OpTy>::OpRewritePattern;
  LogicalResult matchAndRewrite(OpTy op,
                                PatternRewriter &rewriter) const override {
    auto producer = op.getInput().template getDefiningOp<ReshapeOp>();
    if (!producer || !keepsBatch(producer) || isInGraph(op))
      return rewriter.notifyMatchFailure(op, "input is not flattened");
    rewriter.modifyOpInPlace(
        op, [&] { op.getInputMutable().assign(producer.getInput()); });
    return success();
  }
};

/// The input gradient of a linear layer may have any shape, so it absorbs a
/// reshape of its result.
struct AbsorbUnflatten : OpRewritePattern<ReshapeOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ReshapeOp op,
                                PatternRewriter &rewriter) const override {
    auto producer = op.getInput().getDefiningOp<LinearInputGradientOp>();
    if (!producer || !producer->hasOneUse() || !keepsBatch(op) || isInGraph(op))
      return rewriter.notifyMatchFailure(op,
                                         "operand is not an input gradient");
    rewriter.replaceOpWithNewOp<LinearInputGradientOp>(
        op, op.getType(), producer.getGradient(), producer.getWeight());
    return success();
  }
};

/// Element-wise operations commute with a reshape that keeps the batch
/// dimension. They are moved to the side of the image, so that reshapes become
/// adjacent to linear layers, which absorb them. This pattern moves operations
/// before a flattening.
template <typename OpTy> struct MoveBeforeFlatten : OpRewritePattern<OpTy> {
  using OpRewritePattern<OpTy>::OpRewritePattern;
  LogicalResult matchAndRewrite(OpTy op,
                                PatternRewriter &rewriter) const override {
    auto producer = op.getInput().template getDefiningOp<ReshapeOp>();
    if (!producer || !keepsBatch(producer) || isInGraph(op) ||
        getShape(producer.getInput()).size() <=
            getShape(producer.getResult()).size())
      return rewriter.notifyMatchFailure(op, "input is not flattened");
    if (op.getResult().getType() != op.getInput().getType())
      return rewriter.notifyMatchFailure(op, "operation changes the type");
    IRMapping mapping;
    mapping.map(op.getInput(), producer.getInput());
    Operation *moved = rewriter.clone(*op, mapping);
    moved->getResult(0).setType(producer.getInput().getType());
    rewriter.replaceOpWithNewOp<ReshapeOp>(op, op.getResult().getType(),
                                           moved->getResult(0));
    return success();
  }
};

/// The counterpart after an operation: reshape(op(x)) = op(reshape(x)) where
/// the result of the reshape is an image.
template <typename OpTy>
struct MoveAfterUnflatten : OpRewritePattern<ReshapeOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ReshapeOp op,
                                PatternRewriter &rewriter) const override {
    auto producer = op.getInput().getDefiningOp<OpTy>();
    if (!producer || !producer->hasOneUse() || !keepsBatch(op) ||
        isInGraph(op) ||
        getShape(op.getResult()).size() <= getShape(op.getInput()).size())
      return rewriter.notifyMatchFailure(op, "nothing to move");
    IRMapping mapping;
    for (Value operand : producer->getOperands()) {
      if (std::is_same_v<OpTy, DropoutOp> && operand != producer->getOperand(0))
        continue;
      auto shape = getShape(op.getResult());
      Type type = getTensorType(operand.getType()).clone(shape);
      if (isScaled(operand.getType()))
        type = ScaledType::get(getContext(), cast<RankedTensorType>(type));
      mapping.map(operand,
                  rewriter.create<ReshapeOp>(op.getLoc(), type, operand));
    }
    Operation *moved = rewriter.clone(*producer, mapping);
    moved->getResult(0).setType(op.getType());
    rewriter.replaceOp(op, moved->getResults());
    return success();
  }
};
} // namespace

void ReshapeOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                            MLIRContext *context) {
  patterns
      .add<MergeReshapes, AbsorbUnflatten, MoveAfterUnflatten<ReluOp>,
           MoveAfterUnflatten<ReluGradientOp>, MoveAfterUnflatten<DropoutOp>,
           MoveBeforeFlatten<ReluOp>, MoveBeforeFlatten<DropoutOp>>(context);
}

void LinearOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                           MLIRContext *context) {
  patterns.add<AbsorbFlatten<LinearOp>>(context);
}

void LinearWeightGradientOp::getCanonicalizationPatterns(
    RewritePatternSet &patterns, MLIRContext *context) {
  patterns.add<AbsorbFlatten<LinearWeightGradientOp>>(context);
}
