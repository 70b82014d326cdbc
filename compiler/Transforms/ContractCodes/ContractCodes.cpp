//===- ContractCodes.cpp - Products of codes ------------------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Transforms/ContractCodes/ContractCodes.h"
#include "compiler/Support/ModelPass.h"
#include "dialect/QTrain/IR/QTrain.h"

#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "llvm/Support/MathExtras.h"

namespace qtc {
#define GEN_PASS_DEF_CONTRACTCODES
#include "compiler/Transforms/ContractCodes/ContractCodes.h.inc"
} // namespace qtc

#define DEBUG_TYPE "qtrain-contract-codes"

using namespace mlir;
using namespace qtc;
using namespace qtc::qtrain;

namespace {

/// The scaled form of a float type with mantissas of `width` bits.
ScaledType getScaled(Type type, unsigned width) {
  auto tensor = cast<RankedTensorType>(type);
  return ScaledType::get(
      type.getContext(),
      RankedTensorType::get(tensor.getShape(),
                            IntegerType::get(type.getContext(), width),
                            tensor.getEncoding()));
}

/// The codes of a quantizer of floats.
Value createCodes(RewriterBase &rewriter, QuantizeOp op) {
  unsigned width = op.getLevels() <= 127 ? 8 : 16;
  OpBuilder::InsertionGuard guard(rewriter);
  rewriter.setInsertionPoint(op);
  return rewriter.create<QuantizeOp>(
      op.getLoc(), getScaled(op.getType(), width), op.getInput(),
      op.getInterval(), op.getLevelsAttr(), op.getIsSignedAttr());
}

struct ContractCodesOfFloats
    : OpInterfaceRewritePattern<ContractionOpInterface> {
  using OpInterfaceRewritePattern::OpInterfaceRewritePattern;
  LogicalResult matchAndRewrite(ContractionOpInterface op,
                                PatternRewriter &rewriter) const override {
    if (isScaled(op->getResult(0).getType()) || op->getNumOperands() != 2)
      return rewriter.notifyMatchFailure(op, "no contraction of floats");
    auto lhs = op->getOperand(0).getDefiningOp<QuantizeOp>(),
         rhs = op->getOperand(1).getDefiningOp<QuantizeOp>();
    if (!lhs || !rhs)
      return rewriter.notifyMatchFailure(op, "operands have no codes");
    uint64_t product = lhs.getLevels() * rhs.getLevels();
    if (llvm::SaturatingMultiply<uint64_t>(
            product, std::max<int64_t>(op.getReductionLength(), 1)) > INT32_MAX)
      return rewriter.notifyMatchFailure(op, "sums need more than 32 bits");
    OperationState state(
        op->getLoc(), op->getName(),
        {createCodes(rewriter, lhs), createCodes(rewriter, rhs)},
        getScaled(op->getResult(0).getType(), 32), op->getAttrs());
    state.propertiesAttr = op->getPropertiesAsAttribute();
    Value accumulators = rewriter.create(state)->getResult(0);
    rewriter.replaceOpWithNewOp<DequantizeOp>(
        op, op->getResult(0).getType(), accumulators,
        rewriter.getF32FloatAttr(1.0 / static_cast<double>(product)));
    return success();
  }
};

struct ContractCodes : qtc::impl::ContractCodesBase<ContractCodes> {
  void runOnFunction() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<ContractCodesOfFloats>(&getContext());
    if (failed(
            applyPatternsAndFoldGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};
} // namespace
