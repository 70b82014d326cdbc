//===- NormalizationPatterns.cpp - BatchNormalization of floats -----------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Sums over a channel are formed in double. The product of two floats is exact
// there, so one pass over the data gives the variance without a cancellation
// that would be visible in a float.
//
//===----------------------------------------------------------------------===//

#include "compiler/Conversion/QTrainToQKernel/ChannelSupport.h"

#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace qtc;
using namespace qtc::qtrain;

namespace {

Value createDouble(ImplicitLocOpBuilder &builder, double value) {
  return builder.create<arith::ConstantOp>(builder.getF64FloatAttr(value));
}

/// 1 / sqrt(variance + epsilon) in double.
Value createInverseDeviation(ImplicitLocOpBuilder &builder, Value variance,
                             double epsilon) {
  Value sum =
      builder.create<arith::AddFOp>(variance, createDouble(builder, epsilon));
  return builder.create<arith::DivFOp>(createDouble(builder, 1.0),
                                       builder.create<math::SqrtOp>(sum));
}

/// Computes `count` float tensors [C] from tensors [C], in double. See
/// createPerChannel.
SmallVector<Value> createInDouble(ImplicitLocOpBuilder &builder,
                                  ValueRange tensors, size_t count,
                                  ElementsFunction elements,
                                  size_t overwritten = 0) {
  Type type = builder.getF32Type(), wide = builder.getF64Type();
  return createPerChannel(
      builder, tensors, SmallVector<Type>(count, type),
      [&](ImplicitLocOpBuilder &inner, ValueRange arguments) {
        SmallVector<Value> widened(arguments);
        for (Value &argument : widened)
          if (argument.getType() != wide)
            argument = inner.create<arith::ExtFOp>(wide, argument);
        SmallVector<Value> results = elements(inner, widened);
        for (Value &result : results)
          result = inner.create<arith::TruncFOp>(type, result);
        return results;
      },
      overwritten);
}

/// scale · (x − mean) / sqrt(variance + epsilon) + bias.
Value createNormalized(ImplicitLocOpBuilder &builder, Value x, Value scale,
                       Value bias, Value mean, Value variance,
                       ArrayRef<int64_t> shape, const APFloat &epsilon) {
  Value factor =
      createInDouble(
          builder, {scale, variance}, 1,
          [&](ImplicitLocOpBuilder &inner, ValueRange v) -> SmallVector<Value> {
            return {inner.create<arith::MulFOp>(
                v[0], createInverseDeviation(inner, v[1],
                                             epsilon.convertToDouble()))};
          })
          .front();
  return createChannelwise(
      builder, x, {mean, factor, bias}, shape, builder.getF32Type(),
      [](ImplicitLocOpBuilder &inner, ValueRange v) -> Value {
        Value centered = inner.create<arith::SubFOp>(v[0], v[1]);
        return inner.create<arith::AddFOp>(
            inner.create<arith::MulFOp>(centered, v[2]), v[3]);
      });
}

/// Replaces the results of `op` by float tensors in memory.
void replaceWithTensors(PatternRewriter &rewriter, Operation *op,
                        ValueRange tensors) {
  replaceWithAllParts(rewriter, op,
                      llvm::map_to_vector(tensors, [](Value tensor) {
                        return ScaledParts{tensor, Value()};
                      }));
}

/// Operands as float tensors in memory.
SmallVector<Value> getTensors(ArrayRef<ScaledParts> parts) {
  return llvm::map_to_vector(
      parts, [](const ScaledParts &part) { return part.mantissas; });
}

struct LowerBatchNormTraining : LoweringPattern<BatchNormTrainingOp> {
  using LoweringPattern::LoweringPattern;
  LogicalResult lower(BatchNormTrainingOp op, ArrayRef<ScaledParts> parts,
                      ImplicitLocOpBuilder &builder,
                      PatternRewriter &rewriter) const override {
    if (op.getMoments().empty())
      return rewriter.notifyMatchFailure(op, "expected sums as operands");
    SmallVector<Value> t = getTensors(parts);
    SmallVector<int64_t> shape = getChannelShape(op.getInput());
    SmallVector<Value> tensors(op.getMoments());
    tensors.append({t[3], t[4]});
    SmallVector<Value> statistics = createStatistics(builder, op, tensors);
    SmallVector<Value> results{createNormalized(builder, t[0], t[1], t[2],
                                                statistics[0], statistics[1],
                                                shape, op.getEpsilon())};
    results.append(statistics);
    replaceWithTensors(rewriter, op, results);
    return success();
  }

private:
  /// Mean and variance of the batch and the new running ones, from the sum, the
  /// sum of squares, and the old running ones.
  static SmallVector<Value> createStatistics(ImplicitLocOpBuilder &builder,
                                             BatchNormTrainingOp op,
                                             ValueRange tensors) {
    auto size = static_cast<double>(getChannelSize(op.getInput()));
    double momentum = op.getMomentum().convertToDouble();
    return createInDouble(
        builder, tensors, 4,
        [&](ImplicitLocOpBuilder &inner, ValueRange v) -> SmallVector<Value> {
          Value inverse = createDouble(inner, 1.0 / size);
          Value mean = inner.create<arith::MulFOp>(v[0], inverse);
          Value variance = inner.create<arith::SubFOp>(
              inner.create<arith::MulFOp>(v[1], inverse),
              inner.create<arith::MulFOp>(mean, mean));
          variance = inner.create<arith::MaximumFOp>(variance,
                                                     createDouble(inner, 0.0));
          auto follow = [&](Value old, Value value) -> Value {
            return inner.create<arith::AddFOp>(
                inner.create<arith::MulFOp>(old, createDouble(inner, momentum)),
                inner.create<arith::MulFOp>(
                    value, createDouble(inner, 1.0 - momentum)));
          };
          return {mean, variance, follow(v[2], mean), follow(v[3], variance)};
        });
  }
};

struct LowerBatchNormInference : LoweringPattern<BatchNormInferenceOp> {
  using LoweringPattern::LoweringPattern;
  LogicalResult lower(BatchNormInferenceOp op, ArrayRef<ScaledParts> parts,
                      ImplicitLocOpBuilder &builder,
                      PatternRewriter &rewriter) const override {
    SmallVector<Value> t = getTensors(parts);
    replaceWithTensors(rewriter, op,
                       createNormalized(builder, t[0], t[1], t[2], t[3], t[4],
                                        getChannelShape(op.getInput()),
                                        op.getEpsilon()));
    return success();
  }
};

/// Welford's recurrence: with k batches before this one and m their mean, the
/// spread grows by the batch's variance and (mean − m)² · k / (k + 1).
struct LowerPoolStatistics : LoweringPattern<PoolStatisticsOp> {
  using LoweringPattern::LoweringPattern;
  LogicalResult lower(PoolStatisticsOp op, ArrayRef<ScaledParts> parts,
                      ImplicitLocOpBuilder &builder,
                      PatternRewriter &rewriter) const override {
    if (isScaled(op.getMean().getType()))
      return rewriter.notifyMatchFailure(op, "mantissas have another pattern");
    Value zero = createDouble(builder, 0.0), one = createDouble(builder, 1.0);
    Value before =
        builder.create<arith::UIToFPOp>(builder.getF64Type(), op.getIndex());
    Value isFirst =
        builder.create<arith::CmpFOp>(arith::CmpFPredicate::OEQ, before, zero);
    Value divisor = builder.create<arith::MaximumFOp>(before, one);
    Value count = builder.create<arith::AddFOp>(before, one);
    Value weight = builder.create<arith::DivFOp>(before, count);
    replaceWithTensors(
        rewriter, op,
        createInDouble(
            builder, getTensors(parts), 4,
            [&](ImplicitLocOpBuilder &inner,
                ValueRange v) -> SmallVector<Value> {
              auto old = [&](Value value) -> Value {
                return inner.create<arith::SelectOp>(isFirst, zero, value);
              };
              Value sum = old(v[4]), spread = old(v[5]);
              Value distance = inner.create<arith::SubFOp>(
                  v[0], inner.create<arith::DivFOp>(sum, divisor));
              Value between = inner.create<arith::MulFOp>(
                  inner.create<arith::MulFOp>(distance, distance), weight);
              Value newSum = inner.create<arith::AddFOp>(sum, v[0]);
              Value newSpread = inner.create<arith::AddFOp>(
                  spread, inner.create<arith::AddFOp>(v[1], between));
              return {inner.create<arith::DivFOp>(newSum, count),
                      inner.create<arith::DivFOp>(newSpread, count), newSum,
                      newSpread};
            },
            /*overwritten=*/4));
    return success();
  }
};

/// Σ e · xhat = (Σ e · x − mean · Σ e) / sqrt(variance + epsilon).
struct LowerBatchNormParameterGradient
    : LoweringPattern<BatchNormParameterGradientOp> {
  using LoweringPattern::LoweringPattern;
  LogicalResult lower(BatchNormParameterGradientOp op,
                      ArrayRef<ScaledParts> parts,
                      ImplicitLocOpBuilder &builder,
                      PatternRewriter &rewriter) const override {
    if (op.getMoments().empty())
      return rewriter.notifyMatchFailure(op, "expected sums as operands");
    SmallVector<Value> t = getTensors(parts);
    SmallVector<Value> tensors(op.getMoments());
    tensors.append({t[1], t[2]});
    double epsilon = op.getEpsilon().convertToDouble();
    SmallVector<Value> gradients = createInDouble(
        builder, tensors, 2,
        [&](ImplicitLocOpBuilder &inner, ValueRange v) -> SmallVector<Value> {
          Value centered = inner.create<arith::SubFOp>(
              v[1], inner.create<arith::MulFOp>(v[2], v[0]));
          return {inner.create<arith::MulFOp>(
                      centered, createInverseDeviation(inner, v[3], epsilon)),
                  v[0]};
        });
    replaceWithTensors(rewriter, op, gradients);
    return success();
  }
};

struct LowerBatchNormInputGradient : LoweringPattern<BatchNormInputGradientOp> {
  using LoweringPattern::LoweringPattern;
  LogicalResult lower(BatchNormInputGradientOp op, ArrayRef<ScaledParts> parts,
                      ImplicitLocOpBuilder &builder,
                      PatternRewriter &rewriter) const override {
    SmallVector<Value> t = getTensors(parts);
    // The result is factor · (e − offset − slope · (x − mean)).
    SmallVector<Value> vectors{t[1]};
    vectors.append(createCoefficients(builder, op, ArrayRef(t).drop_front(2)));
    Value result = createChannelwise(
        builder, {t[0], t[4]}, vectors, getChannelShape(op.getInput()),
        builder.getF32Type(),
        [](ImplicitLocOpBuilder &inner, ValueRange v) -> Value {
          Value centered = inner.create<arith::SubFOp>(v[0], v[2]);
          Value error = inner.create<arith::SubFOp>(
              inner.create<arith::SubFOp>(v[1], v[4]),
              inner.create<arith::MulFOp>(centered, v[5]));
          return inner.create<arith::MulFOp>(error, v[3]);
        });
    replaceWithTensors(rewriter, op, result);
    return success();
  }

private:
  /// Factor, offset and slope of every channel.
  static SmallVector<Value> createCoefficients(ImplicitLocOpBuilder &builder,
                                               BatchNormInputGradientOp op,
                                               ArrayRef<Value> t) {
    Value variance = t[0], scale = t[1], scaleGradient = t[3],
          biasGradient = t[4];
    auto size = static_cast<double>(getChannelSize(op.getInput()));
    double epsilon = op.getEpsilon().convertToDouble();
    return createInDouble(
        builder, {variance, scale, scaleGradient, biasGradient}, 3,
        [&](ImplicitLocOpBuilder &inner, ValueRange v) -> SmallVector<Value> {
          Value inverseSize = createDouble(inner, 1.0 / size);
          Value inverse = createInverseDeviation(inner, v[0], epsilon);
          return {inner.create<arith::MulFOp>(v[1], inverse),
                  inner.create<arith::MulFOp>(v[3], inverseSize),
                  inner.create<arith::MulFOp>(
                      inner.create<arith::MulFOp>(v[2], inverse), inverseSize)};
        });
  }
};
} // namespace

void qtc::populateNormalizationPatterns(RewritePatternSet &patterns) {
  patterns
      .add<LowerBatchNormTraining, LowerBatchNormInference, LowerPoolStatistics,
           LowerBatchNormParameterGradient, LowerBatchNormInputGradient>(
          patterns.getContext());
}
