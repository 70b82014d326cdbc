//===- SlopePatterns.cpp - Units with a trained slope ---------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Conversion/QTrainToQKernel/ChannelSupport.h"

#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace qtc;
using namespace qtc::qtrain;

namespace {

/// The mantissa of 1 in the unit of a slope, 2^f, and f.
struct Unit {
  /// Products of mantissas with 2^f fit 32 bits.
  static constexpr int64_t kMaxFraction = 20;

  Unit(ImplicitLocOpBuilder &builder, Value exponent) {
    Value zero = createInt(builder, 0);
    Value negated = builder.create<arith::SubIOp>(zero, exponent);
    fraction = builder.create<arith::MinSIOp>(
        builder.create<arith::MaxSIOp>(negated, zero),
        createInt(builder, kMaxFraction));
    one = builder.create<arith::ShLIOp>(createInt(builder, 1), fraction);
  }
  Value one, fraction;
};

/// `value`, an element, where `reference` is positive, else times `slope`.
/// Integers are in the unit of the slope, in which 1 is `one`.
Value createSloped(ImplicitLocOpBuilder &builder, Value reference, Value value,
                   Value slope, Value one) {
  Value isPositive = createIsPositive(builder, reference);
  if (!one) {
    Value scaled = builder.create<arith::MulFOp>(slope, value);
    return builder.create<arith::SelectOp>(isPositive, value, scaled);
  }
  Value factor = builder.create<arith::SelectOp>(isPositive, one,
                                                 extendTo(builder, slope, 32));
  return builder.create<arith::MulIOp>(extendTo(builder, value, 32), factor);
}

/// `qtrain.prelu`, or its gradient with the error as one more operand.
template <typename OpTy> struct LowerPRelu : LoweringPattern<OpTy> {
  using LoweringPattern<OpTy>::LoweringPattern;
  LogicalResult lower(OpTy op, ArrayRef<ScaledParts> parts,
                      ImplicitLocOpBuilder &builder,
                      PatternRewriter &rewriter) const override {
    ScaledParts slope = parts.back(), value = parts.drop_back().back();
    SmallVector<Value> activations = llvm::map_to_vector(
        parts.drop_back(), [](const ScaledParts &p) { return p.mantissas; });
    std::optional<Unit> unit;
    if (slope.exponent)
      unit.emplace(builder, slope.exponent);
    Value one = unit ? unit->one : Value();
    auto type = cast<RankedTensorType>(slope.mantissas.getType());
    Type element = getElementType(op.getResult());
    Value result;
    if (type.getDimSize(0) == getShape(op.getInput())[1])
      result = createChannelwise(
          builder, activations, slope.mantissas, getChannelShape(op.getInput()),
          element, [&](ImplicitLocOpBuilder &inner, ValueRange v) {
            return createSloped(inner, v.front(), v.drop_back().back(),
                                v.back(), one);
          });
    else
      result = createElementwise(
          builder, activations, element,
          [&](ImplicitLocOpBuilder &inner, ValueRange v) {
            Value first = inner.create<arith::ConstantIndexOp>(0);
            Value only =
                inner.create<tensor::ExtractOp>(slope.mantissas, first);
            return createSloped(inner, v.front(), v.back(), only, one);
          });
    Value exponent = unit ? Value(builder.create<arith::SubIOp>(value.exponent,
                                                                unit->fraction))
                          : Value();
    replaceWithParts(rewriter, op, result, exponent);
    return success();
  }
};

struct LowerPReluSlopeGradient : LoweringPattern<PReluSlopeGradientOp> {
  using LoweringPattern::LoweringPattern;
  LogicalResult lower(PReluSlopeGradientOp op, ArrayRef<ScaledParts> parts,
                      ImplicitLocOpBuilder &builder,
                      PatternRewriter &rewriter) const override {
    ScaledParts input = parts[0], gradient = parts[1];
    Type element = getElementType(op.getInput());
    Value negative = createElementwise(
        builder, input.mantissas, element,
        [&](ImplicitLocOpBuilder &inner, ValueRange v) -> Value {
          return inner.create<arith::SelectOp>(
              createIsPositive(inner, v[0]), createZero(inner, element), v[0]);
        });
    Value sum = createChannelMoments(builder, op.getInput(), gradient.mantissas,
                                     negative)
                    .second;
    auto type = cast<RankedTensorType>(sum.getType());
    if (getShape(op.getResult())[0] != type.getDimSize(0))
      sum = createChannelSum(
          builder, createReshape(builder, sum, {type.getDimSize(0), 1}));
    if (!gradient.exponent) {
      Type single = getElementType(op.getResult());
      sum = createElementwise(
          builder, sum, single,
          [&](ImplicitLocOpBuilder &inner, ValueRange v) -> Value {
            return inner.create<arith::TruncFOp>(single, v[0]);
          });
      replaceWithParts(rewriter, op, sum, Value());
      return success();
    }
    replaceWithParts(
        rewriter, op, sum,
        builder.create<arith::AddIOp>(input.exponent, gradient.exponent));
    return success();
  }
};
} // namespace

void qtc::populateSlopePatterns(RewritePatternSet &patterns) {
  patterns.add<LowerPRelu<PReluOp>, LowerPRelu<PReluInputGradientOp>,
               LowerPReluSlopeGradient>(patterns.getContext());
}
