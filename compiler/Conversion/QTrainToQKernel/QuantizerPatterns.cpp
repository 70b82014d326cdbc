//===- QuantizerPatterns.cpp - Trained quantizers -------------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Conversion/QTrainToQKernel/ChannelSupport.h"

#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace qtc;
using namespace qtc::qtrain;

namespace {

Value createSingle(ImplicitLocOpBuilder &builder, double value) {
  return builder.create<arith::ConstantOp>(
      builder.getF32FloatAttr(static_cast<float>(value)));
}

Value createIsNegative(ImplicitLocOpBuilder &builder, Value element) {
  return builder.create<arith::CmpFOp>(arith::CmpFPredicate::OGT,
                                       createSingle(builder, 0), element);
}

/// base^exponent for a positive base.
Value createPower(ImplicitLocOpBuilder &builder, Value base, Value exponent) {
  return builder.create<math::ExpOp>(builder.create<arith::MulFOp>(
      exponent, builder.create<math::LogOp>(base)));
}

/// The numbers of an interval, and what elements are in it.
class Transformer {
public:
  /// Reads `interval`, a tensor [c, d] or [c, d, γ].
  Transformer(ImplicitLocOpBuilder &builder, Value interval, bool isSigned)
      : isSigned(isSigned) {
    auto read = [&](int64_t index) -> Value {
      return builder.create<tensor::ExtractOp>(
          interval, ValueRange(builder.create<arith::ConstantIndexOp>(index)));
    };
    Value center = read(0), distance = read(1);
    low = builder.create<arith::SubFOp>(center, distance);
    slope = builder.create<arith::DivFOp>(createSingle(builder, 0.5), distance);
    if (cast<RankedTensorType>(interval.getType()).getDimSize(0) == 3)
      gamma = read(2);
  }

  bool hasExponent() const { return gamma != nullptr; }

  /// u, which is not clamped.
  Value createPosition(ImplicitLocOpBuilder &builder, Value element) const {
    Value size =
        isSigned ? builder.create<math::AbsFOp>(element).getResult() : element;
    return builder.create<arith::MulFOp>(
        builder.create<arith::SubFOp>(size, low), slope);
  }

  /// floor(levels · u^γ + 0.5) with the sign of the element, an i32.
  Value createCode(ImplicitLocOpBuilder &builder, Value element,
                   int64_t levels) const {
    Value zero = createSingle(builder, 0), one = createSingle(builder, 1);
    // No number becomes 0.
    Value position = builder.create<arith::MinNumFOp>(
        builder.create<arith::MaxNumFOp>(createPosition(builder, element),
                                         zero),
        one);
    if (gamma) {
      Value isPositive = builder.create<arith::CmpFOp>(
          arith::CmpFPredicate::OGT, position, zero);
      position = builder.create<arith::SelectOp>(
          isPositive, createPower(builder, position, gamma), zero);
    }
    Value scaled = builder.create<arith::MulFOp>(
        position, createSingle(builder, static_cast<double>(levels)));
    Value raised =
        builder.create<arith::AddFOp>(scaled, createSingle(builder, 0.5));
    // A power that is no number, or beyond all levels, is the last level.
    Value bounded = builder.create<arith::MinNumFOp>(
        raised, createSingle(builder, static_cast<double>(levels)));
    Value code = builder.create<arith::FPToSIOp>(builder.getI32Type(), bounded);
    if (!isSigned)
      return code;
    return builder.create<arith::SelectOp>(
        createIsNegative(builder, element),
        builder.create<arith::SubIOp>(createInt(builder, 0), code), code);
  }

  /// `value` where the position is in the interval, else 0.
  Value createInside(ImplicitLocOpBuilder &builder, Value position,
                     Value value) const {
    Value zero = createSingle(builder, 0);
    Value isAbove = builder.create<arith::CmpFOp>(arith::CmpFPredicate::OGE,
                                                  position, zero);
    Value isBelow = builder.create<arith::CmpFOp>(
        arith::CmpFPredicate::OLE, position, createSingle(builder, 1));
    return builder.create<arith::SelectOp>(
        builder.create<arith::AndIOp>(isAbove, isBelow), value, zero);
  }

  /// max(u, 1/256)
  Value createBase(ImplicitLocOpBuilder &builder, Value position) const {
    return builder.create<arith::MaxNumFOp>(position,
                                            createSingle(builder, 1.0 / 256));
  }

  /// u'^γ
  Value createPowerOf(ImplicitLocOpBuilder &builder, Value base) const {
    return createPower(builder, base, gamma);
  }

  /// `gradient` times the derivative of the transformer.
  Value createGradient(ImplicitLocOpBuilder &builder, Value position,
                       Value gradient) const {
    if (gamma) {
      Value exponent =
          builder.create<arith::SubFOp>(gamma, createSingle(builder, 1));
      Value power =
          createPower(builder, createBase(builder, position), exponent);
      gradient = builder.create<arith::MulFOp>(
          gradient, builder.create<arith::MulFOp>(gamma, power));
    }
    return createInside(builder, position,
                        builder.create<arith::MulFOp>(gradient, slope));
  }

  /// s · `value`
  Value createSigned(ImplicitLocOpBuilder &builder, Value element,
                     Value value) const {
    if (!isSigned)
      return value;
    return builder.create<arith::SelectOp>(createIsNegative(builder, element),
                                           builder.create<arith::NegFOp>(value),
                                           value);
  }

private:
  bool isSigned;
  Value low, slope, gamma;
};

struct LowerQuantize : LoweringPattern<QuantizeOp> {
  using LoweringPattern::LoweringPattern;
  LogicalResult lower(QuantizeOp op, ArrayRef<ScaledParts> parts,
                      ImplicitLocOpBuilder &builder,
                      PatternRewriter &rewriter) const override {
    Transformer transformer(builder, parts[1].mantissas, op.getIsSigned());
    auto levels = static_cast<int64_t>(op.getLevels());
    Type type = getElementType(op.getResult());
    Value result = createElementwise(
        builder, parts[0].mantissas, type,
        [&](ImplicitLocOpBuilder &inner, ValueRange v) -> Value {
          Value code = transformer.createCode(inner, v[0], levels);
          if (!type.isF32())
            return truncateTo(inner, code, type.getIntOrFloatBitWidth());
          return inner.create<arith::DivFOp>(
              inner.create<arith::SIToFPOp>(type, code),
              createSingle(inner, static_cast<double>(levels)));
        });
    replaceWithParts(rewriter, op, result,
                     type.isF32() ? Value() : createInt(builder, 0));
    return success();
  }
};

struct LowerQuantizeInputGradient : LoweringPattern<QuantizeInputGradientOp> {
  using LoweringPattern::LoweringPattern;
  LogicalResult lower(QuantizeInputGradientOp op, ArrayRef<ScaledParts> parts,
                      ImplicitLocOpBuilder &builder,
                      PatternRewriter &rewriter) const override {
    Transformer transformer(builder, parts[2].mantissas, op.getIsSigned());
    Value result = createElementwise(
        builder, {parts[0].mantissas, parts[1].mantissas}, builder.getF32Type(),
        [&](ImplicitLocOpBuilder &inner, ValueRange v) {
          return transformer.createGradient(
              inner, transformer.createPosition(inner, v[0]), v[1]);
        });
    replaceWithParts(rewriter, op, result, Value());
    return success();
  }
};

/// Sums of products of two tensors that are computed from the operands.
struct LowerIntervalGradient : LoweringPattern<IntervalGradientOp> {
  using LoweringPattern::LoweringPattern;
  LogicalResult lower(IntervalGradientOp op, ArrayRef<ScaledParts> parts,
                      ImplicitLocOpBuilder &builder,
                      PatternRewriter &rewriter) const override {
    Transformer transformer(builder, parts[2].mantissas, op.getIsSigned());
    auto map = [&](ElementFunction element) {
      return createElementwise(builder,
                               {parts[0].mantissas, parts[1].mantissas},
                               builder.getF32Type(), element);
    };
    Value errors = map([&](ImplicitLocOpBuilder &inner, ValueRange v) {
      Value gradient = transformer.createGradient(
          inner, transformer.createPosition(inner, v[0]), v[1]);
      return transformer.createSigned(inner, v[0], gradient);
    });
    // Elsewhere the errors are 0, which no position may turn into another.
    Value positions = map([&](ImplicitLocOpBuilder &inner, ValueRange v) {
      Value position = transformer.createPosition(inner, v[0]);
      return transformer.createInside(inner, position, position);
    });
    auto [total, products] = createTotalMoments(builder, errors, positions);
    Value sum = readOnly(builder, total);
    Value twice = builder.create<arith::MulFOp>(createDouble(builder, 2.0),
                                                readOnly(builder, products));
    SmallVector<Value> sums{builder.create<arith::NegFOp>(sum),
                            builder.create<arith::SubFOp>(sum, twice)};
    if (transformer.hasExponent())
      sums.push_back(createExponentGradient(builder, transformer, map));
    replaceWithParts(rewriter, op, createVector(builder, sums), Value());
    return success();
  }

private:
  static Value createDouble(ImplicitLocOpBuilder &builder, double value) {
    return builder.create<arith::ConstantOp>(builder.getF64FloatAttr(value));
  }

  static Value readOnly(ImplicitLocOpBuilder &builder, Value tensor) {
    return builder.create<tensor::ExtractOp>(
        tensor, ValueRange(builder.create<arith::ConstantIndexOp>(0)));
  }

  static Value
  createExponentGradient(ImplicitLocOpBuilder &builder,
                         const Transformer &transformer,
                         llvm::function_ref<Value(ElementFunction)> map) {
    Value errors = map([&](ImplicitLocOpBuilder &inner, ValueRange v) {
      Value position = transformer.createPosition(inner, v[0]);
      Value power = transformer.createPowerOf(
          inner, transformer.createBase(inner, position));
      Value gradient = transformer.createInside(
          inner, position, inner.create<arith::MulFOp>(v[1], power));
      return transformer.createSigned(inner, v[0], gradient);
    });
    Value logarithms =
        map([&](ImplicitLocOpBuilder &inner, ValueRange v) -> Value {
          Value position = transformer.createPosition(inner, v[0]);
          Value logarithm = inner.create<math::LogOp>(
              transformer.createBase(inner, position));
          return transformer.createInside(inner, position, logarithm);
        });
    return readOnly(builder,
                    createTotalMoments(builder, errors, logarithms).second);
  }

  /// A tensor of `numbers`, rounded to single.
  static Value createVector(ImplicitLocOpBuilder &builder,
                            ArrayRef<Value> numbers) {
    auto count = static_cast<int64_t>(numbers.size());
    Value empty = createEmpty(builder, count, builder.getF32Type());
    auto generic = builder.create<linalg::GenericOp>(
        empty.getType(), ValueRange(), empty, builder.getMultiDimIdentityMap(1),
        utils::IteratorType::parallel,
        [&](OpBuilder &nested, Location loc, ValueRange) {
          ImplicitLocOpBuilder inner(loc, nested);
          Value index = inner.create<linalg::IndexOp>(0);
          Value chosen = numbers.back();
          for (int64_t i = count - 2; i >= 0; --i) {
            Value isThis = inner.create<arith::CmpIOp>(
                arith::CmpIPredicate::eq, index,
                inner.create<arith::ConstantIndexOp>(i));
            chosen = inner.create<arith::SelectOp>(isThis, numbers[i], chosen);
          }
          inner.create<linalg::YieldOp>(
              inner.create<arith::TruncFOp>(inner.getF32Type(), chosen)
                  .getResult());
        });
    return generic.getResult(0);
  }
};

struct LowerDequantize : LoweringPattern<DequantizeOp> {
  using LoweringPattern::LoweringPattern;
  LogicalResult lower(DequantizeOp op, ArrayRef<ScaledParts> parts,
                      ImplicitLocOpBuilder &builder,
                      PatternRewriter &rewriter) const override {
    Type type = builder.getF32Type();
    // 2^s from the bits of a single.
    Value clamped = builder.create<arith::MinSIOp>(
        builder.create<arith::MaxSIOp>(parts[0].exponent,
                                       createInt(builder, -126)),
        createInt(builder, 127));
    Value bits = builder.create<arith::ShLIOp>(
        builder.create<arith::AddIOp>(clamped, createInt(builder, 127)),
        createInt(builder, 23));
    Value factor = builder.create<arith::MulFOp>(
        builder.create<arith::BitcastOp>(type, bits),
        builder.create<arith::ConstantOp>(op.getFactorAttr()));
    Value result = createElementwise(
        builder, parts[0].mantissas, type,
        [&](ImplicitLocOpBuilder &inner, ValueRange v) -> Value {
          return inner.create<arith::MulFOp>(
              inner.create<arith::SIToFPOp>(type, v[0]), factor);
        });
    replaceWithParts(rewriter, op, result, Value());
    return success();
  }
};
} // namespace

void qtc::populateQuantizerPatterns(RewritePatternSet &patterns) {
  patterns.add<LowerQuantize, LowerQuantizeInputGradient, LowerIntervalGradient,
               LowerDequantize>(patterns.getContext());
}
