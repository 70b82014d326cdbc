//===- FunctionPatterns.cpp - Functions of each element -------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Conversion/QTrainToQKernel/PatternSupport.h"
#include "dialect/QTrain/IR/FunctionSamples.h"

#include "llvm/ADT/DenseMap.h"

#include <memory>
#include <mutex>

using namespace mlir;
using namespace qtc;
using namespace qtc::qtrain;
using arith::CmpIPredicate;

namespace {

struct LowerElementwise : LoweringPattern<ElementwiseOp> {
  using LoweringPattern::LoweringPattern;
  LogicalResult lower(ElementwiseOp op, ArrayRef<ScaledParts> parts,
                      ImplicitLocOpBuilder &builder,
                      PatternRewriter &rewriter) const override {
    Value result = createElementwise(
        builder, parts[0].mantissas, getElementType(op.getResult()),
        [&](ImplicitLocOpBuilder &inner, ValueRange elements) {
          return op.getFunction().buildValue(inner, elements[0]);
        });
    replaceWithParts(rewriter, op, result, /*exponent=*/Value());
    return success();
  }
};

struct LowerElementwiseGradient : LoweringPattern<ElementwiseGradientOp> {
  using LoweringPattern::LoweringPattern;
  LogicalResult lower(ElementwiseGradientOp op, ArrayRef<ScaledParts> parts,
                      ImplicitLocOpBuilder &builder,
                      PatternRewriter &rewriter) const override {
    FunctionAttrInterface function = op.getFunction();
    Value result = createElementwise(
        builder, {parts[0].mantissas, parts[1].mantissas},
        getElementType(op.getResult()),
        [&](ImplicitLocOpBuilder &inner, ValueRange elements) {
          return op.getFromResult()
                     ? function.buildGradientFromResult(inner, elements[0],
                                                        elements[1])
                     : function.buildGradient(inner, elements[0], elements[1]);
        });
    replaceWithParts(rewriter, op, result, /*exponent=*/Value());
    return success();
  }
};

//===----------------------------------------------------------------------===//
// Integers
//===----------------------------------------------------------------------===//

/// Samples of functions, each computed once. Patterns run in several threads.
class SampleCache {
public:
  const FunctionSamples &get(FunctionAttrInterface function, bool derivative) {
    std::lock_guard<std::mutex> guard(mutex);
    std::unique_ptr<FunctionSamples> &samples =
        known[{Attribute(function), derivative}];
    if (!samples)
      samples = std::make_unique<FunctionSamples>(function, derivative);
    return *samples;
  }

private:
  std::mutex mutex;
  llvm::DenseMap<std::pair<Attribute, unsigned>,
                 std::unique_ptr<FunctionSamples>>
      known;
};

/// Arithmetic on 64-bit integers.
class Int64Builder {
public:
  explicit Int64Builder(ImplicitLocOpBuilder &builder) : builder(builder) {}

  Value constant(int64_t value) { return createInt(builder, value, 64); }
  Value add(Value a, Value b) { return builder.create<arith::AddIOp>(a, b); }
  Value sub(Value a, Value b) { return builder.create<arith::SubIOp>(a, b); }
  Value mul(Value a, Value b) { return builder.create<arith::MulIOp>(a, b); }
  Value shl(Value a, Value b) { return builder.create<arith::ShLIOp>(a, b); }
  Value shr(Value a, Value b) { return builder.create<arith::ShRSIOp>(a, b); }
  Value min(Value a, Value b) { return builder.create<arith::MinSIOp>(a, b); }
  Value max(Value a, Value b) { return builder.create<arith::MaxSIOp>(a, b); }
  Value select(Value condition, Value yes, Value no) {
    return builder.create<arith::SelectOp>(condition, yes, no);
  }
  Value isBelow(Value a, Value b) {
    return builder.create<arith::CmpIOp>(CmpIPredicate::slt, a, b);
  }

private:
  ImplicitLocOpBuilder &builder;
};

/// Numerics contract, section 4.15.
struct LowerSampleFunction : LoweringPattern<SampleFunctionOp> {
  explicit LowerSampleFunction(MLIRContext *context)
      : LoweringPattern(context), cache(std::make_shared<SampleCache>()) {}

  LogicalResult lower(SampleFunctionOp op, ArrayRef<ScaledParts> parts,
                      ImplicitLocOpBuilder &builder,
                      PatternRewriter &rewriter) const override {
    const FunctionSamples &samples =
        cache->get(op.getFunction(), op.getDerivative());
    if (!samples.isRepresentable())
      return rewriter.notifyMatchFailure(op, "a scheme does not make these");
    auto type = RankedTensorType::get(
        {static_cast<int64_t>(samples.values.size())}, builder.getI32Type());
    Value table = builder.create<arith::ConstantOp>(
        DenseIntElementsAttr::get(type, ArrayRef<int32_t>(samples.values)));
    Value result = createMapped(builder, {}, {}, {256}, builder.getI64Type(),
                                [&](ImplicitLocOpBuilder &inner, ValueRange) {
                                  return interpolate(inner, samples, table,
                                                     parts[0].exponent);
                                });
    replaceWithParts(rewriter, op, result,
                     createInt(builder, -(samples.fractionBits + kMoreBits)));
    return success();
  }

private:
  /// Fraction bits of results, beyond those of samples.
  static constexpr int64_t kMoreBits = 16;
  /// Larger shifts to the right give the sample of 0, and larger ones to the
  /// left could leave 64 bits.
  static constexpr int64_t kMaxRight = 40, kMaxLeft = 16;

  static Value interpolate(ImplicitLocOpBuilder &builder,
                           const FunctionSamples &samples, Value table,
                           Value exponent) {
    Int64Builder b(builder);
    Value zero = b.constant(0), one = b.constant(1);
    Value half = b.constant(FunctionSamples::kHalf);
    Value position = builder.create<arith::IndexCastOp>(
        builder.getI64Type(), builder.create<linalg::IndexOp>(0));
    Value mantissa = b.max(b.sub(position, b.constant(128)), b.constant(-127));
    Value isNegative = b.isBelow(mantissa, zero);
    Value sign = b.select(isNegative, b.constant(-1), one);

    // The distance from 0 in samples, and the rest in units of 2^-right.
    Value shift =
        b.add(extendTo(builder, exponent, 64), b.constant(samples.spacingBits));
    Value left = b.min(b.max(shift, zero), b.constant(kMaxLeft));
    Value right = b.min(b.max(b.sub(zero, shift), zero), b.constant(kMaxRight));
    Value magnitude = b.shl(b.mul(mantissa, sign), left);
    Value whole = b.shr(magnitude, right);
    Value rest = b.sub(magnitude, b.shl(whole, right));

    Value isInside = b.isBelow(whole, half);
    Value first = b.min(whole, b.sub(half, one));
    auto getSample = [&](Value distance) {
      Value index = builder.create<arith::IndexCastOp>(
          builder.getIndexType(), b.add(half, b.mul(sign, distance)));
      Value sample = builder.create<tensor::ExtractOp>(table, index);
      return extendTo(builder, sample, 64);
    };
    Value start = getSample(first), end = getSample(b.add(first, one));
    Value more = b.constant(kMoreBits);
    Value part = b.shr(b.shl(b.mul(b.sub(end, start), rest), more), right);
    Value inside = b.add(b.shl(start, more), part);

    // Slopes have as many fraction bits as kMoreBits.
    Value slope = b.select(isNegative, b.constant(samples.leftSlope),
                           b.constant(samples.rightSlope));
    Value outer = b.mul(b.mul(slope, sign), b.sub(whole, half));
    int64_t unit = samples.fractionBits - samples.spacingBits;
    Value outside =
        b.add(b.shl(getSample(half), more), b.shl(outer, b.constant(unit)));
    return b.select(isInside, inside, outside);
  }

  std::shared_ptr<SampleCache> cache;
};

struct LowerApplyTable : LoweringPattern<ApplyTableOp> {
  using LoweringPattern::LoweringPattern;
  LogicalResult lower(ApplyTableOp op, ArrayRef<ScaledParts> parts,
                      ImplicitLocOpBuilder &builder,
                      PatternRewriter &rewriter) const override {
    Value table = parts[1].mantissas;
    Value result = createElementwise(
        builder, parts[0].mantissas, getElementType(op.getResult()),
        [&](ImplicitLocOpBuilder &inner, ValueRange elements) -> Value {
          Value mantissa = inner.create<arith::IndexCastOp>(
              inner.getIndexType(), elements[0]);
          Value index = inner.create<arith::AddIOp>(
              mantissa, inner.create<arith::ConstantIndexOp>(128));
          return inner.create<tensor::ExtractOp>(table, index);
        });
    replaceWithParts(rewriter, op, result, parts[1].exponent);
    return success();
  }
};

struct LowerMultiply : LoweringPattern<MultiplyOp> {
  using LoweringPattern::LoweringPattern;
  LogicalResult lower(MultiplyOp op, ArrayRef<ScaledParts> parts,
                      ImplicitLocOpBuilder &builder,
                      PatternRewriter &rewriter) const override {
    Value result = createElementwise(
        builder, {parts[0].mantissas, parts[1].mantissas},
        getElementType(op.getResult()),
        [](ImplicitLocOpBuilder &inner, ValueRange elements) -> Value {
          return inner.create<arith::MulIOp>(extendTo(inner, elements[0], 32),
                                             extendTo(inner, elements[1], 32));
        });
    replaceWithParts(
        rewriter, op, result,
        builder.create<arith::AddIOp>(parts[0].exponent, parts[1].exponent));
    return success();
  }
};

struct LowerScaleBySign : LoweringPattern<ScaleBySignOp> {
  using LoweringPattern::LoweringPattern;
  LogicalResult lower(ScaleBySignOp op, ArrayRef<ScaledParts> parts,
                      ImplicitLocOpBuilder &builder,
                      PatternRewriter &rewriter) const override {
    Value result = createElementwise(
        builder, {parts[0].mantissas, parts[1].mantissas},
        getElementType(op.getResult()),
        [&](ImplicitLocOpBuilder &inner, ValueRange elements) -> Value {
          Value factor = inner.create<arith::SelectOp>(
              createIsPositive(inner, elements[0]),
              createInt(inner, op.getPositive()),
              createInt(inner, op.getNegative()));
          return inner.create<arith::MulIOp>(extendTo(inner, elements[1], 32),
                                             factor);
        });
    int64_t fraction = op.getFractionBits();
    replaceWithParts(rewriter, op, result,
                     createOffset(builder, parts[1].exponent, -fraction));
    return success();
  }
};
} // namespace

void qtc::populateFunctionPatterns(RewritePatternSet &patterns) {
  patterns.add<LowerElementwise, LowerElementwiseGradient, LowerApplyTable,
               LowerMultiply, LowerScaleBySign, LowerSampleFunction>(
      patterns.getContext());
}
