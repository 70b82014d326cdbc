//===- QTrainFolds.cpp - Folders and canonicalization patterns ------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialect/QTrain/IR/QTrain.h"

#include "mlir/IR/PatternMatch.h"

using namespace mlir;
using namespace qtc::qtrain;

LogicalResult DecomposeOp::fold(FoldAdaptor adaptor,
                                SmallVectorImpl<OpFoldResult> &results) {
  auto compose = getInput().getDefiningOp<ComposeOp>();
  if (!compose || compose.getMantissas().getType() != getMantissas().getType())
    return failure();
  results.push_back(compose.getMantissas());
  results.push_back(compose.getExponent());
  return success();
}

OpFoldResult ReshapeOp::fold(FoldAdaptor adaptor) {
  return getInput().getType() == getType() ? getInput() : Value();
}

namespace {
/// reshape(reshape(x)) is one reshape.
struct MergeReshapes : OpRewritePattern<ReshapeOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ReshapeOp op,
                                PatternRewriter &rewriter) const override {
    auto producer = op.getInput().getDefiningOp<ReshapeOp>();
    if (!producer)
      return rewriter.notifyMatchFailure(op, "operand is no reshape");
    rewriter.modifyOpInPlace(
        op, [&] { op.getInputMutable().assign(producer.getInput()); });
    return success();
  }
};

/// A linear layer flattens its input by itself; a reshape that keeps the batch
/// dimension in front of it would only force a row-major copy.
struct AbsorbFlatten : OpRewritePattern<LinearOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(LinearOp op,
                                PatternRewriter &rewriter) const override {
    auto producer = op.getInput().getDefiningOp<ReshapeOp>();
    if (!producer)
      return rewriter.notifyMatchFailure(op, "input is no reshape");
    ArrayRef<int64_t> shape = getShape(producer.getInput());
    if (shape.empty() || shape[0] != getShape(op.getInput())[0])
      return rewriter.notifyMatchFailure(op, "reshape moves the batch");
    rewriter.modifyOpInPlace(
        op, [&] { op.getInputMutable().assign(producer.getInput()); });
    return success();
  }
};

/// An element-wise operation gives the same on either side of a reshape that
/// keeps the batch dimension. Moved in front of it, the reshape comes next to a
/// linear layer, which absorbs it.
template <typename OpTy> struct SinkReshape : OpRewritePattern<OpTy> {
  using OpRewritePattern<OpTy>::OpRewritePattern;
  LogicalResult matchAndRewrite(OpTy op,
                                PatternRewriter &rewriter) const override {
    auto producer = op.getInput().template getDefiningOp<ReshapeOp>();
    if (!producer)
      return rewriter.notifyMatchFailure(op, "input is no reshape");
    ArrayRef<int64_t> shape = getShape(producer.getInput());
    if (shape.empty() || shape[0] != getShape(op.getInput())[0])
      return rewriter.notifyMatchFailure(op, "reshape moves the batch");
    if (getShape(op.getResult()) != getShape(op.getInput()) ||
        op.getResult().getType() != op.getInput().getType())
      return rewriter.notifyMatchFailure(op, "operation changes the type");
    IRMapping mapping;
    mapping.map(op.getInput(), producer.getInput());
    Operation *moved = rewriter.clone(*op, mapping);
    rewriter.modifyOpInPlace(moved, [&] {
      moved->getResult(0).setType(producer.getInput().getType());
    });
    rewriter.replaceOpWithNewOp<ReshapeOp>(op, op.getResult().getType(),
                                           moved->getResult(0));
    return success();
  }
};
} // namespace

void ReshapeOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                            MLIRContext *context) {
  patterns.add<MergeReshapes, SinkReshape<ReluOp>, SinkReshape<DropoutOp>>(
      context);
}

void LinearOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                           MLIRContext *context) {
  patterns.add<AbsorbFlatten>(context);
}
