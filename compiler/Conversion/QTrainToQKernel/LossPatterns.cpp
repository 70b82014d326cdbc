//===- LossPatterns.cpp - Gradients of losses -----------------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Conversion/QTrainToQKernel/IntegerMath.h"
#include "compiler/Conversion/QTrainToQKernel/PatternSupport.h"
#include "dialect/QKernel/IR/QKernel.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"

using namespace mlir;
using namespace qtc;
using namespace qtc::qtrain;

namespace {

struct LowerLossGradient : LoweringPattern<LossGradientOp> {
  using LoweringPattern::LoweringPattern;
  LogicalResult lower(LossGradientOp op, ArrayRef<ScaledParts> parts,
                      ImplicitLocOpBuilder &builder,
                      PatternRewriter &rewriter) const override {
    if (!hasKernelLayout(op->getOperand(0)))
      return rewriter.notifyMatchFailure(op, "channels are not innermost");
    bool isSoftmax = op.getLoss() == ClassLoss::CrossEntropy;
    Value logits = parts[0].mantissas, exponent = parts[0].exponent;
    if (!isSoftmax) {
      replaceWithParts(rewriter, op,
                       createDifference(builder, op, logits, exponent),
                       exponent);
      return success();
    }
    if (!exponent) {
      replaceWithParts(rewriter, op, createSoftmaxError(builder, op, logits),
                       Value());
      return success();
    }
    auto kernel = qkernel::createKernel<qkernel::SoftmaxErrorOp>(
        builder, op.getLoc(), ValueRange{logits, exponent, op.getLabels()},
        createResult(builder, op), op.getExponentialAttr());
    int64_t fraction = *op.getExponential() == Exponential::Fraction ? 15 : 11;
    replaceWithParts(rewriter, op, kernel.getResult(0),
                     createInt(builder, -fraction));
    return success();
  }

  static Value createSoftmaxError(ImplicitLocOpBuilder &builder,
                                  LossGradientOp op, Value logits) {
    return qkernel::createKernel<qkernel::SoftmaxErrorOp>(
               builder, op.getLoc(), ValueRange{logits, op.getLabels()},
               createResult(builder, op), ExponentialAttr())
        .getResult(0);
  }

  /// The value for the target class: 1, which is 2^−s in mantissas.
  static Value createTarget(ImplicitLocOpBuilder &builder, Type type,
                            Value exponent) {
    if (!exponent)
      return builder.create<arith::ConstantOp>(builder.getFloatAttr(type, 1.0));
    Value fraction =
        builder.create<arith::SubIOp>(createInt(builder, 0), exponent);
    return builder.create<arith::ShLIOp>(createInt(builder, 1), fraction);
  }

  /// logits − onehot(labels).
  static Value createDifference(ImplicitLocOpBuilder &builder,
                                LossGradientOp op, Value logits,
                                Value exponent) {
    Type type = getElementType(op.getResult());
    Value target = createTarget(builder, type, exponent);
    AffineMap identity = builder.getMultiDimIdentityMap(2);
    AffineMap row = identity.getMajorSubMap(1);
    return createMapped(
        builder, {logits, op.getLabels()}, {identity, row},
        getShape(op.getResult()), type,
        [&](ImplicitLocOpBuilder &inner, ValueRange elements) -> Value {
          Value column = inner.create<arith::IndexCastOp>(
              inner.getI32Type(), inner.create<linalg::IndexOp>(1));
          Value isTarget = inner.create<arith::CmpIOp>(arith::CmpIPredicate::eq,
                                                       column, elements[1]);
          Value expected = inner.create<arith::SelectOp>(
              isTarget, target, createZero(inner, type));
          if (!exponent)
            return inner.create<arith::SubFOp>(elements[0], expected);
          return inner.create<arith::SubIOp>(extendTo(inner, elements[0], 32),
                                             expected);
        });
  }
};

/// Numeric targets: see qtrain.residual.
struct LowerResidual : LoweringPattern<ResidualOp> {
  using LoweringPattern::LoweringPattern;
  LogicalResult lower(ResidualOp op, ArrayRef<ScaledParts> parts,
                      ImplicitLocOpBuilder &builder,
                      PatternRewriter &rewriter) const override {
    Type type = getElementType(op.getResult());
    Value exponent = parts[1].exponent;
    std::optional<ShiftBuilder> shift;
    if (exponent)
      shift.emplace(builder,
                    builder.create<arith::SubIOp>(exponent, parts[0].exponent),
                    ShiftForm{Rounding::NearestEven, /*bits=*/31, /*width=*/32,
                              /*bidirectional=*/true});
    Value result = createElementwise(
        builder, {parts[0].mantissas, parts[1].mantissas}, type,
        [&](ImplicitLocOpBuilder &inner, ValueRange elements) -> Value {
          if (!shift)
            return inner.create<arith::SubFOp>(elements[0], elements[1]);
          Value aligned = shift->shift(inner, extendTo(inner, elements[0], 32),
                                       /*random=*/Value());
          return inner.create<arith::SubIOp>(aligned, elements[1]);
        });
    replaceWithParts(rewriter, op, result, exponent);
    return success();
  }
};

struct LowerScaleError : LoweringPattern<ScaleErrorOp> {
  using LoweringPattern::LoweringPattern;
  LogicalResult lower(ScaleErrorOp op, ArrayRef<ScaledParts> parts,
                      ImplicitLocOpBuilder &builder,
                      PatternRewriter &rewriter) const override {
    Value factor = builder.create<arith::ConstantOp>(op.getFactorAttr());
    Value result = createElementwise(
        builder, parts[0].mantissas, getElementType(op.getResult()),
        [&](ImplicitLocOpBuilder &inner, ValueRange elements) -> Value {
          return inner.create<arith::MulFOp>(elements[0], factor);
        });
    replaceWithParts(rewriter, op, result, /*exponent=*/Value());
    return success();
  }
};
} // namespace

void qtc::populateLossPatterns(RewritePatternSet &patterns) {
  patterns.add<LowerLossGradient, LowerResidual, LowerScaleError>(
      patterns.getContext());
}
