//===- IntegerNormalizationPatterns.cpp - BatchNormalization of integers --===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Sums over a channel are exact, so Σ x and Σ x², found in one pass, give the
// variance about the rounded mean. Values per channel are computed once, in 64
// bits; elements never need more than 32.
//
//===----------------------------------------------------------------------===//

#include "compiler/Conversion/QTrainToQKernel/ChannelSupport.h"
#include "compiler/Conversion/QTrainToQKernel/IntegerMath.h"

#include <cmath>

using namespace mlir;
using namespace qtc;
using namespace qtc::qtrain;

namespace {

/// Fraction bits of a standardized element.
constexpr int64_t kFractionBits = 12;
/// Running statistics are clamped to these.
constexpr int64_t kMaxRunningMean = int64_t(1) << 30;
constexpr int64_t kMaxRunningVariance = int64_t(1) << 45;
/// Statistics with the exponents of an input are clamped to these.
constexpr int64_t kMaxMean = 32767;
constexpr int64_t kMaxVariance = int64_t(1) << 30;

Value createDifference(ImplicitLocOpBuilder &builder, Value a, Value b) {
  return builder.create<arith::SubIOp>(a, b);
}

/// 2 · exponent.
Value createDouble(ImplicitLocOpBuilder &builder, Value exponent) {
  return builder.create<arith::AddIOp>(exponent, exponent);
}

/// Σ (x − mean)² = Σ x² + mean · (count · mean − 2 · Σ x) of `count` numbers x.
Value createCentered(ImplicitLocOpBuilder &builder, Value sum, Value squares,
                     Value mean, Value count) {
  Value slope =
      createDifference(builder, builder.create<arith::MulIOp>(mean, count),
                       builder.create<arith::AddIOp>(sum, sum));
  return builder.create<arith::AddIOp>(
      squares, builder.create<arith::MulIOp>(mean, slope));
}

struct LowerChannelStatistics : LoweringPattern<ChannelStatisticsOp> {
  using LoweringPattern::LoweringPattern;
  LogicalResult lower(ChannelStatisticsOp op, ArrayRef<ScaledParts> parts,
                      ImplicitLocOpBuilder &builder,
                      PatternRewriter &rewriter) const override {
    SmallVector<Value> statistics = createPerChannel(
        builder, {parts[0].mantissas, parts[1].mantissas},
        {builder.getI16Type(), builder.getI32Type()},
        [&](ImplicitLocOpBuilder &inner, ValueRange v) -> SmallVector<Value> {
          Value count = createInt(inner, op.getElements(), 64);
          Value mean = createDivideNearest(inner, v[0], count);
          Value variance = inner.create<arith::DivUIOp>(
              createCentered(inner, v[0], v[1], mean, count), count);
          return {truncateTo(inner, mean, 16), truncateTo(inner, variance, 32)};
        });
    replaceWithAllParts(rewriter, op,
                        {{statistics[0], parts[0].exponent},
                         {statistics[1], parts[1].exponent}});
    return success();
  }
};

struct LowerFollowStatistics : LoweringPattern<FollowStatisticsOp> {
  using LoweringPattern::LoweringPattern;

  /// Fraction bits of the rate at which running statistics move.
  static constexpr int64_t kRateBits = 16;

  LogicalResult lower(FollowStatisticsOp op, ArrayRef<ScaledParts> parts,
                      ImplicitLocOpBuilder &builder,
                      PatternRewriter &rewriter) const override {
    ArrayRef<ScaledParts> p = parts;
    double momentum = op.getMomentum().convertToDouble();
    auto rate = static_cast<int64_t>(
        std::nearbyint((1.0 - momentum) * (int64_t(1) << kRateBits)));
    replaceWithAllParts(
        rewriter, op,
        {{follow(builder, p[0], p[2], rate, kMaxRunningMean), p[2].exponent},
         {follow(builder, p[1], p[3], rate, kMaxRunningVariance),
          p[3].exponent}});
    return success();
  }

private:
  /// running + nearest((statistic − running) · rate, kRateBits), written over
  /// the old one.
  static Value follow(ImplicitLocOpBuilder &builder, const ScaledParts &batch,
                      const ScaledParts &running, int64_t rate, int64_t limit) {
    Value power = createDifference(builder, batch.exponent, running.exponent);
    Type type = getElementTypeOrSelf(running.mantissas.getType());
    return createElementwise(
        builder, {batch.mantissas, running.mantissas}, type,
        [&](ImplicitLocOpBuilder &inner, ValueRange v) -> Value {
          Value target =
              createScaled(inner, extendTo(inner, v[0], 64), power, limit);
          Value old = extendTo(inner, v[1], 64);
          Value change = inner.create<arith::MulIOp>(
              createDifference(inner, target, old), createInt(inner, rate, 64));
          Value step = inner.create<qkernel::RoundShiftOp>(
              change.getType(), change, createInt(inner, kRateBits),
              /*bits=*/64);
          return truncateTo(inner, inner.create<arith::AddIOp>(old, step),
                            type.getIntOrFloatBitWidth());
        },
        /*inPlace=*/true);
  }
};

/// Sums of one call and the next, in 64 bits.
struct LowerPoolStatistics : LoweringPattern<PoolStatisticsOp> {
  using LoweringPattern::LoweringPattern;
  LogicalResult lower(PoolStatisticsOp op, ArrayRef<ScaledParts> parts,
                      ImplicitLocOpBuilder &builder,
                      PatternRewriter &rewriter) const override {
    if (!isScaled(op.getMean().getType()))
      return rewriter.notifyMatchFailure(op, "floats have another pattern");
    ScaledParts mean = parts[0], variance = parts[1];
    ArrayRef<ScaledParts> old = parts.drop_front(2);
    Value meanPower = createDifference(builder, mean.exponent, old[0].exponent);
    Value variancePower =
        createDifference(builder, variance.exponent, old[1].exponent);
    Type i64 = builder.getI64Type();
    Value before = builder.create<arith::ExtUIOp>(i64, op.getIndex());
    Value count =
        builder.create<arith::AddIOp>(before, createInt(builder, 1, 64));
    Value isFirst = builder.create<arith::CmpIOp>(
        arith::CmpIPredicate::eq, before, createInt(builder, 0, 64));
    SmallVector<Value> results = createPerChannel(
        builder,
        {mean.mantissas, variance.mantissas, old[0].mantissas, old[1].mantissas,
         old[2].mantissas, old[3].mantissas},
        {builder.getI32Type(), i64, i64, i64},
        [&](ImplicitLocOpBuilder &inner, ValueRange v) -> SmallVector<Value> {
          Value t = createScaled(inner, extendTo(inner, v[0], 64), meanPower,
                                 kMaxRunningMean);
          Value moment = inner.create<arith::AddIOp>(
              createScaled(inner, extendTo(inner, v[1], 64), variancePower,
                           kMaxRunningVariance),
              inner.create<arith::MulIOp>(t, t));
          auto add = [&](Value sum, Value value) -> Value {
            Value zero = createInt(inner, 0, 64);
            return inner.create<arith::AddIOp>(
                inner.create<arith::SelectOp>(isFirst, zero, sum), value);
          };
          Value newSum = add(v[4], t), newSpread = add(v[5], moment);
          Value pooled = createDivideNearest(inner, newSum, count);
          Value rest = inner.create<arith::MaxSIOp>(
              createCentered(inner, newSum, newSpread, pooled, count),
              createInt(inner, 0, 64));
          Value pooledVariance = inner.create<arith::MinSIOp>(
              inner.create<arith::DivUIOp>(rest, count),
              createInt(inner, kMaxRunningVariance, 64));
          return {truncateTo(inner, pooled, 32), pooledVariance, newSum,
                  newSpread};
        },
        /*overwritten=*/4);
    SmallVector<ScaledParts> pooled;
    for (auto [result, part] : llvm::zip_equal(results, old))
      pooled.push_back({result, part.exponent});
    replaceWithAllParts(rewriter, op, pooled);
    return success();
  }
};

struct LowerRecallStatistics : LoweringPattern<RecallStatisticsOp> {
  using LoweringPattern::LoweringPattern;
  LogicalResult lower(RecallStatisticsOp op, ArrayRef<ScaledParts> parts,
                      ImplicitLocOpBuilder &builder,
                      PatternRewriter &rewriter) const override {
    ScaledParts mean = parts[1], variance = parts[2];
    Value exponent = parts[0].exponent;
    Value doubled = createDouble(builder, exponent);
    Value meanPower = createDifference(builder, mean.exponent, exponent);
    Value variancePower = createDifference(builder, variance.exponent, doubled);
    SmallVector<Value> statistics = createPerChannel(
        builder, {mean.mantissas, variance.mantissas},
        {builder.getI16Type(), builder.getI32Type()},
        [&](ImplicitLocOpBuilder &inner, ValueRange v) -> SmallVector<Value> {
          Value m = createScaled(inner, extendTo(inner, v[0], 64), meanPower,
                                 kMaxMean);
          Value s = createScaled(inner, v[1], variancePower, kMaxVariance);
          return {truncateTo(inner, m, 16), truncateTo(inner, s, 32)};
        });
    replaceWithAllParts(rewriter, op,
                        {{statistics[0], exponent}, {statistics[1], doubled}});
    return success();
  }
};

/// r, t and 2^(t − 1) of `qtrain.standardize` for every channel, as 32-bit
/// integers.
struct Reciprocals {
  Value factors, shifts, halves;
};

Reciprocals createReciprocals(ImplicitLocOpBuilder &builder,
                              const ScaledParts &variance) {
  // The least variance is 2^−17, in units of the variance at most 2^40.
  constexpr int64_t kLeast = -17, kMaxBits = 40;
  Value bits =
      createDifference(builder, createInt(builder, kLeast), variance.exponent);
  bits = builder.create<arith::MaxSIOp>(bits, createInt(builder, 0));
  bits = builder.create<arith::MinSIOp>(bits, createInt(builder, kMaxBits));
  Value one = createInt(builder, 1, 64);
  Value least = builder.create<arith::ShLIOp>(one, extendTo(builder, bits, 64));
  Type type = builder.getI32Type();
  SmallVector<Value> results = createPerChannel(
      builder, variance.mantissas, {type, type, type},
      [&](ImplicitLocOpBuilder &inner, ValueRange v) -> SmallVector<Value> {
        auto integer = [&](int64_t value) {
          return createInt(inner, value, 64);
        };
        Value sum =
            inner.create<arith::AddIOp>(extendTo(inner, v[0], 64), least);
        sum = inner.create<arith::MaxSIOp>(sum, integer(1));
        sum =
            inner.create<arith::MinSIOp>(sum, integer(int64_t(1) << kMaxBits));
        Value deviation = inner.create<qkernel::IntegerSqrtOp>(
            sum.getType(), inner.create<arith::ShLIOp>(sum, integer(16)));
        Value t = createDifference(
            inner, integer(64 - 6),
            inner.create<math::CountLeadingZerosOp>(deviation));
        Value power = inner.create<arith::ShLIOp>(
            integer(1), inner.create<arith::AddIOp>(t, integer(20)));
        Value r = inner.create<arith::MinSIOp>(
            inner.create<arith::DivUIOp>(power, deviation), integer(32767));
        Value half = inner.create<arith::ShLIOp>(
            integer(1), createDifference(inner, t, integer(1)));
        return {truncateTo(inner, r, 32), truncateTo(inner, t, 32),
                truncateTo(inner, half, 32)};
      });
  return {results[0], results[1], results[2]};
}

/// Differences are below 2^16 and reciprocals below 2^15, so products stay in
/// 32 bits.
struct LowerStandardize : LoweringPattern<StandardizeOp> {
  using LoweringPattern::LoweringPattern;
  LogicalResult lower(StandardizeOp op, ArrayRef<ScaledParts> parts,
                      ImplicitLocOpBuilder &builder,
                      PatternRewriter &rewriter) const override {
    Reciprocals by = createReciprocals(builder, parts[2]);
    Value result = createChannelwise(
        builder, parts[0].mantissas,
        {parts[1].mantissas, by.factors, by.shifts, by.halves},
        getChannelShape(op.getInput()), builder.getI16Type(),
        [](ImplicitLocOpBuilder &inner, ValueRange v) -> Value {
          Value centered = createDifference(inner, extendTo(inner, v[0], 32),
                                            extendTo(inner, v[1], 32));
          Value product = inner.create<arith::MulIOp>(centered, v[2]);
          Value rounded =
              createRoundedShift(inner, product, v[3], v[4], /*bits=*/16);
          return truncateTo(inner, rounded, 16);
        });
    replaceWithParts(rewriter, op, result, createInt(builder, -kFractionBits));
    return success();
  }
};

struct LowerChannelAffine : LoweringPattern<ChannelAffineOp> {
  using LoweringPattern::LoweringPattern;

  static constexpr int64_t kMaxOffset = int64_t(1) << 28;

  LogicalResult lower(ChannelAffineOp op, ArrayRef<ScaledParts> parts,
                      ImplicitLocOpBuilder &builder,
                      PatternRewriter &rewriter) const override {
    ScaledParts x = parts[0], scale = parts[1], bias = parts[2];
    Type type = builder.getI32Type();
    int64_t dropped = getDroppedBits(op.getScale());
    Value exponent = createOffset(
        builder, builder.create<arith::AddIOp>(x.exponent, scale.exponent),
        dropped);
    Value power = createDifference(builder, bias.exponent, exponent);
    Value offsets = createPerChannel(builder, bias.mantissas, type,
                                     [&](ImplicitLocOpBuilder &inner,
                                         ValueRange v) -> SmallVector<Value> {
                                       Value offset = createScaled(
                                           inner, extendTo(inner, v[0], 64),
                                           power, kMaxOffset);
                                       return {truncateTo(inner, offset, 32)};
                                     })
                        .front();
    Value result = createChannelwise(
        builder, x.mantissas, {scale.mantissas, offsets},
        getChannelShape(op.getInput()), type,
        [=](ImplicitLocOpBuilder &inner, ValueRange v) -> Value {
          Value product = inner.create<arith::MulIOp>(
              extendTo(inner, v[0], 32), extendTo(inner, v[1], 32));
          if (dropped > 0)
            product = inner.create<qkernel::RoundShiftOp>(
                product.getType(), product, createInt(inner, dropped),
                /*bits=*/32);
          return inner.create<arith::AddIOp>(product, v[2]);
        });
    replaceWithParts(rewriter, op, result, exponent);
    return success();
  }

private:
  /// The bits of a product that are rounded away, so that there is room for the
  /// offset: those that a scale of 16 bits has more than one of 8.
  static int64_t getDroppedBits(Value scale) {
    return cast<ScaledType>(scale.getType()).getWidth() - 8;
  }
};

struct LowerChannelMoments : LoweringPattern<ChannelMomentsOp> {
  using LoweringPattern::LoweringPattern;
  LogicalResult lower(ChannelMomentsOp op, ArrayRef<ScaledParts> parts,
                      ImplicitLocOpBuilder &builder,
                      PatternRewriter &rewriter) const override {
    ScaledParts x = parts[0], value = parts[1];
    auto [sum, products] = createChannelMoments(builder, op.getValue(),
                                                value.mantissas, x.mantissas);
    if (!x.exponent) {
      rewriter.replaceOp(op, {sum, products});
      return success();
    }
    Value exponent = builder.create<arith::AddIOp>(value.exponent, x.exponent);
    replaceWithAllParts(rewriter, op,
                        {{sum, value.exponent}, {products, exponent}});
    return success();
  }
};

struct LowerStandardizeGradient : LoweringPattern<StandardizeGradientOp> {
  using LoweringPattern::LoweringPattern;

  /// Bits of a channel's factor and of the number it multiplies.
  static constexpr int64_t kFactorBits = 13, kElementBits = 19;

  LogicalResult lower(StandardizeGradientOp op, ArrayRef<ScaledParts> parts,
                      ImplicitLocOpBuilder &builder,
                      PatternRewriter &rewriter) const override {
    ArrayRef<ScaledParts> p = parts;
    int64_t errorBits = getErrorBits(op.getGradient());
    ScaledParts factor = createFactors(builder, p[2], p[3]);
    SmallVector<Value> vectors{factor.mantissas};
    vectors.append(createMeans(builder, p[4].mantissas, p[5].mantissas,
                               getChannelSize(op.getInput()), errorBits));
    Value result =
        createChannelwise(builder, {p[1].mantissas, p[0].mantissas}, vectors,
                          getChannelShape(op.getInput()), builder.getI32Type(),
                          [=](ImplicitLocOpBuilder &inner, ValueRange v) {
                            return createElement(inner, v, errorBits);
                          });
    // The exponent of the error with its fraction bits, and of xhat.
    Value exponent = builder.create<arith::AddIOp>(
        createOffset(builder, p[1].exponent, -errorBits), p[0].exponent);
    replaceWithParts(rewriter, op, result,
                     builder.create<arith::AddIOp>(exponent, factor.exponent));
    return success();
  }

private:
  /// Fraction bits that errors are given. Both widths then have 15 bits, which
  /// leaves room for sums and products.
  static int64_t getErrorBits(Value error) {
    return cast<ScaledType>(error.getType()).getWidth() == 8 ? 8 : 1;
  }

  /// Operands: an error, xhat, and their channel's factor and means.
  static Value createElement(ImplicitLocOpBuilder &builder, ValueRange v,
                             int64_t errorBits) {
    Value error = builder.create<arith::ShLIOp>(extendTo(builder, v[0], 32),
                                                createInt(builder, errorBits));
    Value product =
        builder.create<arith::MulIOp>(extendTo(builder, v[1], 32), v[4]);
    Value slope = builder.create<qkernel::RoundShiftOp>(
        product.getType(), product, createInt(builder, kFractionBits),
        /*bits=*/32);
    Value rest = createDifference(
        builder, createDifference(builder, error, v[3]), slope);
    // A shift by 0 clips.
    Value clipped = builder.create<qkernel::RoundShiftOp>(
        rest.getType(), rest, createInt(builder, 0), kElementBits);
    return builder.create<arith::MulIOp>(clipped, v[2]);
  }

  /// A and B of every channel.
  static SmallVector<Value> createMeans(ImplicitLocOpBuilder &builder,
                                        Value sum, Value products, int64_t size,
                                        int64_t errorBits) {
    Type type = builder.getI32Type();
    return createPerChannel(
        builder, {sum, products}, {type, type},
        [&](ImplicitLocOpBuilder &inner, ValueRange v) -> SmallVector<Value> {
          Value scaled = inner.create<arith::ShLIOp>(
              v[0], createInt(inner, errorBits, 64));
          auto divide = [&](Value value, int64_t divisor) {
            return truncateTo(inner,
                              createDivideNearest(
                                  inner, value, createInt(inner, divisor, 64)),
                              32);
          };
          // Products have kFractionBits more than sums.
          int64_t rest = int64_t(1) << (kFractionBits - errorBits);
          return {divide(scaled, size), divide(v[1], rest * size)};
        });
  }

  /// scale · r · 2^(max t − t) in kFactorBits bits. Its exponent is the
  /// difference between the exponents of the input's errors and those of xhat.
  static ScaledParts createFactors(ImplicitLocOpBuilder &builder,
                                   const ScaledParts &variance,
                                   const ScaledParts &scale) {
    Reciprocals by = createReciprocals(builder, variance);
    Value largest = createMaxAbs(builder, by.shifts);
    Value wide =
        createPerChannel(builder, {scale.mantissas, by.factors, by.shifts},
                         builder.getI64Type(),
                         [&](ImplicitLocOpBuilder &inner,
                             ValueRange v) -> SmallVector<Value> {
                           Value product = inner.create<arith::MulIOp>(
                               extendTo(inner, v[0], 64),
                               extendTo(inner, v[1], 64));
                           Value left = createDifference(inner, largest, v[2]);
                           return {inner.create<arith::ShLIOp>(
                               product, extendTo(inner, left, 64))};
                         })
            .front();
    Value bits = builder.create<qkernel::MagnitudeBitsOp>(
        builder.getI32Type(), createMaxAbs(builder, wide), /*nearest=*/false);
    Value shift = builder.create<arith::MaxSIOp>(
        createOffset(builder, bits, 1 - kFactorBits), createInt(builder, 0));
    Value narrow =
        createPerChannel(builder, wide, builder.getI32Type(),
                         [&](ImplicitLocOpBuilder &inner,
                             ValueRange v) -> SmallVector<Value> {
                           Value rounded = inner.create<qkernel::RoundShiftOp>(
                               v[0].getType(), v[0], shift, kFactorBits);
                           return {truncateTo(inner, rounded, 32)};
                         })
            .front();
    return {narrow, createExponent(builder, variance, scale, largest, shift)};
  }

  /// s_scale − s − max t + n, s half the exponent of the variance.
  static Value createExponent(ImplicitLocOpBuilder &builder,
                              const ScaledParts &variance,
                              const ScaledParts &scale, Value largest,
                              Value shift) {
    Value input = builder.create<arith::ShRSIOp>(variance.exponent,
                                                 createInt(builder, 1));
    Value exponent = createDifference(builder, scale.exponent, input);
    return builder.create<arith::AddIOp>(
        createDifference(builder, exponent, largest), shift);
  }
};
} // namespace

void qtc::populateIntegerNormalizationPatterns(RewritePatternSet &patterns) {
  patterns
      .add<LowerChannelStatistics, LowerFollowStatistics, LowerPoolStatistics,
           LowerRecallStatistics, LowerStandardize, LowerChannelAffine,
           LowerChannelMoments, LowerStandardizeGradient>(
          patterns.getContext());
}
