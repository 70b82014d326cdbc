//===- LossPatterns.cpp - Gradients of losses -----------------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Conversion/QTrainToQKernel/IntegerMath.h"
#include "compiler/Conversion/QTrainToQKernel/LabelSupport.h"
#include "compiler/Conversion/QTrainToQKernel/PatternSupport.h"
#include "dialect/QKernel/IR/QKernel.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

using namespace mlir;
using namespace qtc;
using namespace qtc::qtrain;

/// Fraction bits of the errors of an integer cross-entropy.
static int64_t getFraction(Exponential exponential) {
  return exponential == Exponential::Fraction ? 15 : 11;
}

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
    auto kernel = builder.create<qkernel::SoftmaxErrorOp>(
        logits, op.getLabels(), exponent, createResult(builder, op),
        op.getExponentialAttr());
    replaceWithParts(rewriter, op, kernel.getResult(0),
                     createInt(builder, -getFraction(*op.getExponential())));
    return success();
  }

  static Value createSoftmaxError(ImplicitLocOpBuilder &builder,
                                  LossGradientOp op, Value logits) {
    return builder
        .create<qkernel::SoftmaxErrorOp>(
            logits, op.getLabels(), /*exponent=*/Value(),
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

//===----------------------------------------------------------------------===//
// Options of cross-entropy
//===----------------------------------------------------------------------===//

/// Fraction bits of the weights of classes in integers.
constexpr int64_t kWeightBits = 8;

/// The numbers of qtrain.weigh_error for each class, in the order of rows of a
/// table [3, K]: A and what is added to the error of the label, by label, and
/// −b by class.
struct ErrorTable {
  ErrorTable(WeighErrorOp op) {
    int64_t classes = getShape(op.getError())[1];
    SmallVector<double> weights = getClassWeights(op.getWeights(), classes);
    double smoothing = op.getSmoothing().convertToDouble();
    double share = smoothing / static_cast<double>(classes);
    double total = std::accumulate(weights.begin(), weights.end(), 0.0);
    for (double weight : weights) {
      factor.push_back(weight * (1.0 - smoothing) + share * total);
      ofLabel.push_back(share * (total - weight));
      ofOther.push_back(-share * weight);
    }
  }

  /// The same in units of 2^−(fraction + 8), the factors of 2^−8−`fraction`.
  ErrorTable(WeighErrorOp op, int64_t fraction) {
    int64_t classes = getShape(op.getError())[1];
    SmallVector<double> weights = getClassWeights(op.getWeights(), classes);
    double largest = *std::max_element(weights.begin(), weights.end());
    for (double &weight : weights)
      weight = std::nearbyint(std::ldexp(weight / largest, kWeightBits));
    double share =
        std::floor(std::ldexp(op.getSmoothing().convertToDouble(), fraction) /
                   static_cast<double>(classes));
    double whole = std::ldexp(1.0, fraction);
    double total = std::accumulate(weights.begin(), weights.end(), 0.0);
    for (double weight : weights) {
      double others = share * (total - weight);
      factor.push_back(
          weight * (whole - share * static_cast<double>(classes - 1)) + others);
      ofLabel.push_back(others);
      ofOther.push_back(-share * weight);
    }
  }

  /// The table as a constant of `type` elements, floats or 32-bit integers.
  Value create(ImplicitLocOpBuilder &builder, Type type) const {
    auto classes = static_cast<int64_t>(factor.size());
    auto table = RankedTensorType::get({3, classes}, type);
    return builder.create<arith::ConstantOp>(
        isa<FloatType>(type)
            ? DenseElementsAttr::get<float>(table, list<float>())
            : DenseElementsAttr::get<int32_t>(table, list<int32_t>()));
  }

private:
  template <typename T> std::vector<T> list() const {
    std::vector<T> elements;
    for (const SmallVector<double> &row : {factor, ofLabel, ofOther})
      for (double number : row)
        elements.push_back(static_cast<T>(number));
    return elements;
  }

  SmallVector<double> factor, ofLabel, ofOther;
};

struct LowerWeighError : LoweringPattern<WeighErrorOp> {
  using LoweringPattern::LoweringPattern;
  LogicalResult lower(WeighErrorOp op, ArrayRef<ScaledParts> parts,
                      ImplicitLocOpBuilder &builder,
                      PatternRewriter &rewriter) const override {
    Value exponent = parts[0].exponent;
    int64_t fraction = exponent ? getFraction(*op.getExponential()) : 0;
    Type type = getElementType(op.getResult());
    Value table = (exponent ? ErrorTable(op, fraction) : ErrorTable(op))
                      .create(builder, type);
    AffineMap identity = builder.getMultiDimIdentityMap(2);
    Value result = createMapped(
        builder, {parts[0].mantissas, op.getLabels()},
        {identity, identity.getMajorSubMap(1)}, getShape(op.getResult()), type,
        [&](ImplicitLocOpBuilder &inner, ValueRange elements) -> Value {
          auto [label, isIgnored] =
              readLabel(inner, elements[1], op.getIgnoredAttr());
          auto read = [&](int64_t row, Value column) -> Value {
            return inner.create<tensor::ExtractOp>(
                table,
                ValueRange{inner.create<arith::ConstantIndexOp>(row), column});
          };
          Value column = inner.create<linalg::IndexOp>(1);
          Value isLabel = inner.create<arith::CmpIOp>(arith::CmpIPredicate::eq,
                                                      column, label);
          Value share = inner.create<arith::SelectOp>(isLabel, read(1, label),
                                                      read(2, column));
          Value sum =
              multiplyAdd(inner, elements[0], read(0, label), share, fraction);
          return selectCounted(inner, isIgnored, sum);
        });
    replaceWithParts(rewriter, op, result,
                     createOffset(builder, exponent, -kWeightBits));
    return success();
  }

  /// error · factor · 2^−`fraction` + share, rounded down.
  static Value multiplyAdd(ImplicitLocOpBuilder &builder, Value error,
                           Value factor, Value share, int64_t fraction) {
    if (isa<FloatType>(error.getType()))
      return builder.create<arith::AddFOp>(
          builder.create<arith::MulFOp>(error, factor), share);
    Value product = builder.create<arith::MulIOp>(
        extendTo(builder, error, 64), extendTo(builder, factor, 64));
    product = builder.create<arith::ShRSIOp>(product,
                                             createInt(builder, fraction, 64));
    return builder.create<arith::AddIOp>(truncateTo(builder, product, 32),
                                         share);
  }
};

/// Replaces `op` by its operand, the floats `error`, times `factor`.
void replaceWithProduct(ImplicitLocOpBuilder &builder,
                        PatternRewriter &rewriter, Operation *op, Value error,
                        Value factor) {
  Value result = createElementwise(
      builder, error, factor.getType(),
      [&](ImplicitLocOpBuilder &inner, ValueRange elements) -> Value {
        return inner.create<arith::MulFOp>(elements[0], factor);
      });
  replaceWithParts(rewriter, op, result, /*exponent=*/Value());
}

struct LowerAverageError : LoweringPattern<AverageErrorOp> {
  using LoweringPattern::LoweringPattern;
  LogicalResult lower(AverageErrorOp op, ArrayRef<ScaledParts> parts,
                      ImplicitLocOpBuilder &builder,
                      PatternRewriter &rewriter) const override {
    if (!op.getTotal())
      return rewriter.notifyMatchFailure(op, "expected a sum as operand");
    replaceWithProduct(builder, rewriter, op, parts[0].mantissas,
                       createFactor(builder, op));
    return success();
  }

  /// N / W, computed in double, or 0.
  static Value createFactor(ImplicitLocOpBuilder &builder, AverageErrorOp op) {
    Type type = builder.getF64Type();
    Value sum = op.getTotal(), zero = createZero(builder, type);
    Value count = builder.create<arith::ConstantOp>(builder.getFloatAttr(
        type, static_cast<double>(getShape(op.getLabels())[0])));
    Value isPositive =
        builder.create<arith::CmpFOp>(arith::CmpFPredicate::OGT, sum, zero);
    Value factor = builder.create<arith::SelectOp>(
        isPositive, builder.create<arith::DivFOp>(count, sum), zero);
    return builder.create<arith::TruncFOp>(getElementType(op.getResult()),
                                           factor);
  }
};

//===----------------------------------------------------------------------===//
// Numbers
//===----------------------------------------------------------------------===//

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
    replaceWithProduct(builder, rewriter, op, parts[0].mantissas,
                       builder.create<arith::ConstantOp>(op.getFactorAttr()));
    return success();
  }
};
} // namespace

void qtc::populateLossPatterns(RewritePatternSet &patterns) {
  patterns.add<LowerLossGradient, LowerWeighError, LowerAverageError,
               LowerResidual, LowerScaleError>(patterns.getContext());
}
