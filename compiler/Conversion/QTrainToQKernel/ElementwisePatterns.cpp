//===- ElementwisePatterns.cpp - Operations on single elements ------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Conversion/QTrainToQKernel/IntegerMath.h"
#include "compiler/Conversion/QTrainToQKernel/PatternSupport.h"

#include "llvm/ADT/STLExtras.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <optional>

using namespace mlir;
using namespace qtc;
using namespace qtc::qtrain;
using arith::CmpIPredicate;

namespace {

/// Maps the iteration space of a tensor in memory order to its logical
/// dimensions, without the first `skip`.
AffineMap getLogicalMap(RankedTensorType type, unsigned skip) {
  MLIRContext *context = type.getContext();
  unsigned rank = type.getRank();
  SmallVector<unsigned> dims = llvm::to_vector(llvm::seq<unsigned>(0, rank));
  if (isChannelsLast(type))
    dims = {0, 3, 1, 2};
  SmallVector<AffineExpr> exprs;
  for (unsigned dim : ArrayRef<unsigned>(dims).drop_front(skip))
    exprs.push_back(getAffineDimExpr(dim, context));
  return AffineMap::get(rank, 0, exprs, context);
}

struct LowerShiftScale : LoweringPattern<ShiftScaleOp> {
  using LoweringPattern::LoweringPattern;
  LogicalResult lower(ShiftScaleOp op, ArrayRef<ScaledParts> parts,
                      ImplicitLocOpBuilder &builder,
                      PatternRewriter &rewriter) const override {
    if (op.getRandom() && isChannelsLast(op.getInput().getType().getMantissa()))
      return rewriter.notifyMatchFailure(
          op, "random numbers are in logical order, mantissas are not");
    unsigned width = op.getResult().getType().getWidth();
    unsigned computed = std::max(op.getInput().getType().getWidth(), 32u);
    ShiftBuilder shift(builder, op.getShift(),
                       {op.getRounding(), static_cast<unsigned>(op.getBits()),
                        computed, op.getBidirectional()});
    SmallVector<Value> tensors{parts[0].mantissas};
    if (op.getRandom())
      tensors.push_back(op.getRandom());
    Value result = createElementwise(
        builder, tensors, getElementType(op.getResult()),
        [&](ImplicitLocOpBuilder &inner, ValueRange elements) -> Value {
          Value random;
          if (elements.size() == 2)
            random =
                inner.create<arith::ExtUIOp>(inner.getI32Type(), elements[1]);
          Value element = extendTo(inner, elements[0], computed);
          return truncateTo(inner, shift.shift(inner, element, random), width);
        });
    Value grown = op.getShift();
    if (!op.getBidirectional())
      grown = builder.create<arith::MaxSIOp>(grown, createInt(builder, 0));
    replaceWithParts(rewriter, op, result,
                     builder.create<arith::AddIOp>(parts[0].exponent, grown));
    return success();
  }
};

/// max(element, 0); NaN stays NaN.
Value createRelu(ImplicitLocOpBuilder &builder, Value element) {
  Value zero = createZero(builder, element.getType());
  if (!isa<FloatType>(element.getType()))
    return builder.create<arith::MaxSIOp>(element, zero);
  Value isNegative =
      builder.create<arith::CmpFOp>(arith::CmpFPredicate::OGT, zero, element);
  return builder.create<arith::SelectOp>(isNegative, zero, element);
}

struct LowerRelu : LoweringPattern<ReluOp> {
  using LoweringPattern::LoweringPattern;
  LogicalResult lower(ReluOp op, ArrayRef<ScaledParts> parts,
                      ImplicitLocOpBuilder &builder,
                      PatternRewriter &rewriter) const override {
    Value result = createElementwise(
        builder, parts[0].mantissas, getElementType(op.getResult()),
        [](ImplicitLocOpBuilder &inner, ValueRange elements) {
          return createRelu(inner, elements[0]);
        });
    replaceWithParts(rewriter, op, result, parts[0].exponent);
    return success();
  }
};

struct LowerReluGradient : LoweringPattern<ReluGradientOp> {
  using LoweringPattern::LoweringPattern;
  LogicalResult lower(ReluGradientOp op, ArrayRef<ScaledParts> parts,
                      ImplicitLocOpBuilder &builder,
                      PatternRewriter &rewriter) const override {
    ScaledParts output = parts[0], gradient = parts[1];
    Type type = getElementType(op.getResult());
    Value result = createElementwise(
        builder, {output.mantissas, gradient.mantissas}, type,
        [&](ImplicitLocOpBuilder &inner, ValueRange elements) -> Value {
          Value passes = createIsPositive(inner, elements[0]);
          return inner.create<arith::SelectOp>(passes, elements[1],
                                               createZero(inner, type));
        });
    replaceWithParts(rewriter, op, result, gradient.exponent);
    return success();
  }
};

/// clip(parameter − gradient), written over the parameter.
struct LowerUpdate : LoweringPattern<UpdateOp> {
  using LoweringPattern::LoweringPattern;
  LogicalResult lower(UpdateOp op, ArrayRef<ScaledParts> parts,
                      ImplicitLocOpBuilder &builder,
                      PatternRewriter &rewriter) const override {
    auto type = dyn_cast<ScaledType>(op.getResult().getType());
    if (!type)
      return rewriter.notifyMatchFailure(op, "a scheme says what it means");
    ScaledParts parameter = parts[0], gradient = parts[1];
    unsigned width = type.getWidth();
    int64_t limit = op.getLimit().value_or((int64_t(1) << (width - 1)) - 1);
    Value result = createElementwise(
        builder, {gradient.mantissas, parameter.mantissas},
        getElementType(op.getResult()),
        [&](ImplicitLocOpBuilder &inner, ValueRange elements) -> Value {
          Value difference =
              inner.create<arith::SubIOp>(extendTo(inner, elements[1], 32),
                                          extendTo(inner, elements[0], 32));
          Value clipped = inner.create<arith::MinSIOp>(
              inner.create<arith::MaxSIOp>(difference,
                                           createInt(inner, -limit)),
              createInt(inner, limit));
          return truncateTo(inner, clipped, width);
        },
        /*inPlace=*/true);
    replaceWithParts(rewriter, op, result, parameter.exponent);
    return success();
  }
};

/// The first term, most likely a momentum, is overwritten if it has the type of
/// the result.
struct LowerWeightedSum : LoweringPattern<WeightedSumOp> {
  using LoweringPattern::LoweringPattern;
  LogicalResult lower(WeightedSumOp op, ArrayRef<ScaledParts> parts,
                      ImplicitLocOpBuilder &builder,
                      PatternRewriter &rewriter) const override {
    constexpr unsigned kComputed = 64;
    ShiftBuilder shift(
        builder, createInt(builder, static_cast<int64_t>(op.getShift())),
        {op.getRounding(), static_cast<unsigned>(op.getBits()), kComputed});
    SmallVector<Value> tensors;
    for (const ScaledParts &part : llvm::drop_begin(parts))
      tensors.push_back(part.mantissas);
    tensors.push_back(parts.front().mantissas);
    Type type = getElementType(op.getResult());
    unsigned width = type.getIntOrFloatBitWidth();
    auto multiply = [&](ImplicitLocOpBuilder &inner, Value element,
                        int64_t factor) -> Value {
      return inner.create<arith::MulIOp>(extendTo(inner, element, kComputed),
                                         createInt(inner, factor, kComputed));
    };
    Value result = createElementwise(
        builder, tensors, type,
        [&](ImplicitLocOpBuilder &inner, ValueRange elements) {
          Value sum = multiply(inner, elements.back(), op.getFactors().front());
          for (auto [element, factor] : llvm::zip_equal(
                   elements.drop_back(), op.getFactors().drop_front()))
            sum = inner.create<arith::AddIOp>(sum,
                                              multiply(inner, element, factor));
          return truncateTo(inner, shift.shift(inner, sum, /*random=*/Value()),
                            width);
        },
        /*inPlace=*/getElementTypeOrSelf(tensors.back()) == type);
    replaceWithParts(rewriter, op, result, parts.front().exponent);
    return success();
  }
};

struct LowerAddScaled : LoweringPattern<AddScaledOp> {
  using LoweringPattern::LoweringPattern;
  LogicalResult lower(AddScaledOp op, ArrayRef<ScaledParts> parts,
                      ImplicitLocOpBuilder &builder,
                      PatternRewriter &rewriter) const override {
    constexpr unsigned kComputed = 64;
    constexpr int64_t kLimit = int64_t(1) << 61;
    auto factor = static_cast<int64_t>(op.getFactor());
    ShiftBuilder clip(
        builder, createInt(builder, 0),
        {Rounding::Nearest, static_cast<unsigned>(op.getBits()), kComputed});
    Type type = getElementType(op.getResult());
    Value result = createElementwise(
        builder, {parts[0].mantissas, parts[1].mantissas}, type,
        [&](ImplicitLocOpBuilder &inner, ValueRange elements) {
          Value product = inner.create<arith::MulIOp>(
              extendTo(inner, elements[1], kComputed),
              createInt(inner, factor, kComputed));
          Value term = createScaled(inner, product, op.getPower(), kLimit);
          Value sum = inner.create<arith::AddIOp>(
              extendTo(inner, elements[0], kComputed), term);
          return truncateTo(inner, clip.shift(inner, sum, /*random=*/Value()),
                            type.getIntOrFloatBitWidth());
        });
    replaceWithParts(rewriter, op, result, parts.front().exponent);
    return success();
  }
};

/// The first term, most likely a parameter or its momentum, is overwritten.
struct LowerLinearCombination : LoweringPattern<LinearCombinationOp> {
  using LoweringPattern::LoweringPattern;
  LogicalResult lower(LinearCombinationOp op, ArrayRef<ScaledParts> parts,
                      ImplicitLocOpBuilder &builder,
                      PatternRewriter &rewriter) const override {
    SmallVector<Value> tensors;
    for (const ScaledParts &part : llvm::drop_begin(parts))
      tensors.push_back(part.mantissas);
    tensors.push_back(parts.front().mantissas);
    Value result = createElementwise(
        builder, tensors, getElementType(op.getResult()),
        [&](ImplicitLocOpBuilder &inner, ValueRange elements) {
          Value sum = inner.create<arith::MulFOp>(elements.back(),
                                                  op.getFactors().front());
          for (auto [element, factor] : llvm::zip_equal(
                   elements.drop_back(), op.getFactors().drop_front()))
            sum = inner.create<arith::AddFOp>(
                sum, inner.create<arith::MulFOp>(element, factor));
          return sum;
        },
        /*inPlace=*/true);
    replaceWithParts(rewriter, op, result, Value());
    return success();
  }
};

struct LowerSquare : LoweringPattern<SquareOp> {
  using LoweringPattern::LoweringPattern;
  LogicalResult lower(SquareOp op, ArrayRef<ScaledParts> parts,
                      ImplicitLocOpBuilder &builder,
                      PatternRewriter &rewriter) const override {
    Value result = createElementwise(
        builder, parts[0].mantissas, getElementType(op.getResult()),
        [](ImplicitLocOpBuilder &inner, ValueRange elements) -> Value {
          return inner.create<arith::MulFOp>(elements[0], elements[0]);
        });
    replaceWithParts(rewriter, op, result, Value());
    return success();
  }
};

struct LowerRootQuotient : LoweringPattern<RootQuotientOp> {
  using LoweringPattern::LoweringPattern;
  LogicalResult lower(RootQuotientOp op, ArrayRef<ScaledParts> parts,
                      ImplicitLocOpBuilder &builder,
                      PatternRewriter &rewriter) const override {
    Value result = createElementwise(
        builder, {parts[0].mantissas, parts[1].mantissas},
        getElementType(op.getResult()),
        [&](ImplicitLocOpBuilder &inner, ValueRange elements) -> Value {
          Value root = inner.create<math::SqrtOp>(elements[1]);
          Value scaled = inner.create<arith::MulFOp>(root, op.getScale());
          return inner.create<arith::DivFOp>(
              elements[0], inner.create<arith::AddFOp>(scaled, op.getOffset()));
        });
    replaceWithParts(rewriter, op, result, Value());
    return success();
  }
};

struct LowerRandom : OpRewritePattern<RandomOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(RandomOp op,
                                PatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder builder(op.getLoc(), rewriter);
    RankedTensorType type = op.getType();
    Value flat = createMapped(
        builder, {}, {}, {type.getNumElements()}, type.getElementType(),
        [&](ImplicitLocOpBuilder &inner, ValueRange) -> Value {
          Value index = inner.create<arith::IndexCastOp>(
              inner.getI64Type(), inner.create<linalg::IndexOp>(0));
          return createRandom16(inner, index, op.getSeed(), op.getStep(),
                                op.getId(),
                                static_cast<uint32_t>(op.getPurpose()));
        });
    rewriter.replaceOp(op, createReshape(builder, flat, type.getShape()));
    return success();
  }
};

/// Keeps a feature unless its random number is below the ratio.
struct LowerDropout : LoweringPattern<DropoutOp> {
  using LoweringPattern::LoweringPattern;
  LogicalResult lower(DropoutOp op, ArrayRef<ScaledParts> parts,
                      ImplicitLocOpBuilder &builder,
                      PatternRewriter &rewriter) const override {
    RankedTensorType logical = getTensorType(op.getInput().getType());
    Type type = getElementType(op.getResult());
    double ratio = op.getRatio().convertToDouble();
    auto threshold = static_cast<int64_t>(std::nearbyint(ratio * 65536.0));
    Value random =
        createReshape(builder, op.getRandom(), logical.getShape().drop_front());
    auto memory = cast<RankedTensorType>(parts[0].mantissas.getType());
    Value result = createMapped(
        builder, {parts[0].mantissas, random},
        {builder.getMultiDimIdentityMap(memory.getRank()),
         getLogicalMap(logical, /*skip=*/1)},
        memory.getShape(), type,
        [&](ImplicitLocOpBuilder &inner, ValueRange elements) -> Value {
          Value number =
              inner.create<arith::ExtUIOp>(inner.getI32Type(), elements[1]);
          Value dropped = inner.create<arith::CmpIOp>(
              CmpIPredicate::slt, number, createInt(inner, threshold));
          Value kept = scaleUp(inner, elements[0], type, 1.0 / (1.0 - ratio));
          return inner.create<arith::SelectOp>(dropped, createZero(inner, type),
                                               kept);
        });
    int64_t offset = type.isInteger(32) ? -kFractionBits : 1;
    replaceWithParts(rewriter, op, result,
                     createOffset(builder, parts[0].exponent, offset));
    return success();
  }

private:
  /// Fraction bits of the factor in accumulators.
  static constexpr int64_t kFractionBits = 7;

  /// `element` times `factor`, in `type`. Without accumulators the exponent
  /// contains the factor.
  static Value scaleUp(ImplicitLocOpBuilder &builder, Value element, Type type,
                       double factor) {
    if (isa<FloatType>(type))
      return builder.create<arith::MulFOp>(
          element, builder.create<arith::ConstantOp>(
                       builder.getFloatAttr(type, factor)));
    if (!type.isInteger(32))
      return element;
    auto scale = static_cast<int64_t>(
        std::nearbyint(factor * (int64_t(1) << kFractionBits)));
    return builder.create<arith::MulIOp>(extendTo(builder, element, 32),
                                         createInt(builder, scale));
  }
};

/// An 8-bit function of a pixel p: (factor · p + offset) >> kFractionBits,
/// clipped to ±kLimit.
struct Line {
  static constexpr int64_t kFractionBits = 16;
  static constexpr int64_t kLimit = 127;
  int64_t factor, offset;
};

/// The line that gives all of `table`, if there is one: normalization is a line
/// except for its clipping and rounding.
std::optional<Line> findLine(ArrayRef<int64_t> table) {
  constexpr int64_t kOne = int64_t(1) << Line::kFractionBits;
  constexpr int64_t kMinInside = 16;
  auto isInside = [](int64_t value) { return std::abs(value) < Line::kLimit; };
  int64_t first = llvm::find_if(table, isInside) - table.begin();
  int64_t last = table.size();
  while (last > first && !isInside(table[last - 1]))
    --last;
  // Fewer do not determine the slope well enough. This many keep factors below
  // 2^21, so that products fit 32 bits.
  if (last - first < kMinInside)
    return std::nullopt;
  int64_t run = last - 1 - first;
  int64_t slope = (table[last - 1] - table[first]) * kOne / run;
  // Rounding moves the ends of the line by less than one.
  int64_t reach = kOne / run + 1;
  for (int64_t factor = slope - reach; factor <= slope + reach; ++factor) {
    int64_t lower = -(int64_t(1) << 30), upper = int64_t(1) << 30;
    for (auto [pixel, value] : llvm::enumerate(table)) {
      int64_t start = value * kOne - factor * int64_t(pixel);
      if (value > -Line::kLimit)
        lower = std::max(lower, start);
      if (value < Line::kLimit)
        upper = std::min(upper, start + kOne - 1);
    }
    if (lower <= upper)
      return Line{factor, lower};
  }
  return std::nullopt;
}

/// Pixels index a constant table, or lie on a line, which needs no memory;
/// channels move innermost on the way.
struct LowerLookup : OpRewritePattern<LookupOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(LookupOp op,
                                PatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder builder(op.getLoc(), rewriter);
    RankedTensorType logical = getTensorType(op.getType());
    ArrayRef<int64_t> memory = getMemoryType(logical).getShape();
    Value result;
    if (isChannelsLast(logical) && logical.getDimSize(1) == 1) {
      // One channel is the same in any order, and its flat form vectorizes.
      int64_t size = logical.getNumElements();
      Value flat = createTabulated(
          builder, op, createReshape(builder, op.getPixels(), {size}),
          builder.getMultiDimIdentityMap(1), {size}, /*channelDim=*/0);
      result = createReshape(builder, flat, memory);
    } else {
      result = createTabulated(builder, op, op.getPixels(),
                               getLogicalMap(logical, /*skip=*/0), memory,
                               isChannelsLast(logical) ? 3 : 1);
    }
    Value exponent;
    if (op.getExponent())
      exponent = createInt(builder, *op.getExponent());
    replaceWithParts(rewriter, op, result, exponent);
    return success();
  }

private:
  static Value createTabulated(ImplicitLocOpBuilder &builder, LookupOp op,
                               Value pixels, AffineMap map,
                               ArrayRef<int64_t> shape, unsigned channelDim) {
    auto table = cast<DenseElementsAttr>(op.getTableAttr());
    Type type = getElementType(op.getResult());
    bool perChannel = table.getType().getDimSize(0) > 1;
    if (!perChannel && type.isInteger(8)) {
      SmallVector<int64_t, 256> values;
      for (const APInt &value : table.getValues<APInt>())
        values.push_back(value.getSExtValue());
      if (std::optional<Line> line = findLine(values))
        return createMapped(
            builder, pixels, map, shape, type,
            [&](ImplicitLocOpBuilder &inner, ValueRange elements) {
              return createOnLine(inner, *line, elements[0]);
            });
    }
    Value constant = builder.create<arith::ConstantOp>(table);
    return createMapped(
        builder, pixels, map, shape, type,
        [&](ImplicitLocOpBuilder &inner, ValueRange elements) -> Value {
          Value pixel = inner.create<arith::IndexCastUIOp>(inner.getIndexType(),
                                                           elements[0]);
          Value row = perChannel
                          ? Value(inner.create<linalg::IndexOp>(channelDim))
                          : inner.create<arith::ConstantIndexOp>(0);
          return inner.create<tensor::ExtractOp>(constant,
                                                 ValueRange{row, pixel});
        });
  }

  static Value createOnLine(ImplicitLocOpBuilder &builder, Line line,
                            Value pixel) {
    Value wide = builder.create<arith::ExtUIOp>(builder.getI32Type(), pixel);
    Value product =
        builder.create<arith::MulIOp>(wide, createInt(builder, line.factor));
    Value sum =
        builder.create<arith::AddIOp>(product, createInt(builder, line.offset));
    Value value = builder.create<arith::ShRSIOp>(
        sum, createInt(builder, Line::kFractionBits));
    value =
        builder.create<arith::MinSIOp>(value, createInt(builder, Line::kLimit));
    value = builder.create<arith::MaxSIOp>(value,
                                           createInt(builder, -Line::kLimit));
    return truncateTo(builder, value, 8);
  }
};

struct LowerMaxMagnitude : LoweringPattern<MaxMagnitudeOp> {
  using LoweringPattern::LoweringPattern;
  LogicalResult lower(MaxMagnitudeOp op, ArrayRef<ScaledParts> parts,
                      ImplicitLocOpBuilder &builder,
                      PatternRewriter &rewriter) const override {
    rewriter.replaceOp(op, createMaxAbs(builder, parts[0].mantissas));
    return success();
  }
};

/// Sums of floats, or of differently scaled operands (numerics contract,
/// section 4.7).
struct LowerSum : LoweringPattern<SumOp> {
  using LoweringPattern::LoweringPattern;

  /// Operands further below the largest exponent are dropped.
  static constexpr int64_t kMaxDistance = 20;
  /// More operands could overflow 32 bits: 127 · 2^20 each.
  static constexpr size_t kMaxNarrowOperands = 16;
  /// Most operands of one loop: LLVM compares all buffers of a loop with each
  /// other.
  static constexpr size_t kOperandsOfLoop = 64;

  LogicalResult lower(SumOp op, ArrayRef<ScaledParts> parts,
                      ImplicitLocOpBuilder &builder,
                      PatternRewriter &rewriter) const override {
    if (!isScaled(op.getType())) {
      replaceWithParts(rewriter, op, addFloats(builder, parts), Value());
      return success();
    }
    unsigned resultWidth = cast<ScaledType>(op.getType()).getWidth();
    SmallVector<Value> isUsed, shifts;
    Value exponent =
        alignExponents(builder, parts, op.getMaxima(), isUsed, shifts);
    unsigned width = parts.size() > kMaxNarrowOperands ? 64 : resultWidth;
    Type type = builder.getIntegerType(width);
    Value result = addTerms(
        builder, parts, type, builder.getIntegerType(resultWidth),
        [&](ImplicitLocOpBuilder &inner, size_t index, Value element) {
          Value zero = createZero(inner, type);
          Value aligned = inner.create<arith::ShLIOp>(
              extendTo(inner, element, width),
              extendTo(inner, shifts[index], width));
          return inner.create<arith::SelectOp>(isUsed[index], aligned, zero);
        });
    replaceWithParts(rewriter, op, result, exponent);
    return success();
  }

  using TermFunction =
      llvm::function_ref<Value(ImplicitLocOpBuilder &, size_t, Value)>;

  /// The sum, in elements of `type`, of the values of `getTerm` for the
  /// operands, from left to right. 64-bit integers saturate to 32 bits at the
  /// very end if `resultType` requires it.
  static Value addTerms(ImplicitLocOpBuilder &builder,
                        ArrayRef<ScaledParts> parts, Type type, Type resultType,
                        TermFunction getTerm) {
    Value total;
    for (size_t begin = 0; begin < parts.size(); begin += kOperandsOfLoop) {
      size_t end = std::min(begin + kOperandsOfLoop, parts.size());
      bool isCut = end == parts.size() && type != resultType;
      SmallVector<Value> operands;
      for (const ScaledParts &part : parts.slice(begin, end - begin))
        operands.push_back(part.mantissas);
      if (total)
        operands.push_back(total);
      total = createElementwise(
          builder, operands, isCut ? resultType : type,
          [&](ImplicitLocOpBuilder &inner, ValueRange elements) {
            Value sum = begin > 0 ? elements.back() : Value();
            for (size_t index = begin; index < end; ++index) {
              Value term = getTerm(inner, index, elements[index - begin]);
              if (!sum)
                sum = term;
              else if (isa<FloatType>(type))
                sum = inner.create<arith::AddFOp>(sum, term);
              else
                sum = inner.create<arith::AddIOp>(sum, term);
            }
            return isCut ? clampToInt32(inner, sum,
                                        std::numeric_limits<int32_t>::max())
                         : sum;
          });
    }
    return total;
  }

  static Value addFloats(ImplicitLocOpBuilder &builder,
                         ArrayRef<ScaledParts> parts) {
    Type type = getElementTypeOrSelf(parts.front().mantissas);
    return addTerms(
        builder, parts, type, type,
        [](ImplicitLocOpBuilder &, size_t, Value element) { return element; });
  }

  /// Decides which operands take part and by how much each is shifted. Returns
  /// the exponent of the sum, the largest of all if all operands are zero.
  static Value alignExponents(ImplicitLocOpBuilder &builder,
                              ArrayRef<ScaledParts> parts, ValueRange maxima,
                              SmallVectorImpl<Value> &isUsed,
                              SmallVectorImpl<Value> &shifts) {
    constexpr int64_t kNone = int64_t(1) << 29;
    Value zero = createInt(builder, 0);
    SmallVector<Value> isNonzero;
    Value largest = createInt(builder, -kNone), fallback = largest;
    for (auto [part, maximum] : llvm::zip_equal(parts, maxima)) {
      isNonzero.push_back(
          builder.create<arith::CmpIOp>(CmpIPredicate::ne, maximum, zero));
      Value candidate = builder.create<arith::SelectOp>(
          isNonzero.back(), part.exponent, createInt(builder, -kNone));
      largest = builder.create<arith::MaxSIOp>(largest, candidate);
      fallback = builder.create<arith::MaxSIOp>(fallback, part.exponent);
    }
    Value smallest = createInt(builder, kNone);
    for (auto [index, part] : llvm::enumerate(parts)) {
      Value distance = builder.create<arith::SubIOp>(largest, part.exponent);
      Value isNear = builder.create<arith::CmpIOp>(
          CmpIPredicate::sle, distance, createInt(builder, kMaxDistance));
      isUsed.push_back(builder.create<arith::AndIOp>(isNonzero[index], isNear));
      Value candidate = builder.create<arith::SelectOp>(
          isUsed.back(), part.exponent, createInt(builder, kNone));
      smallest = builder.create<arith::MinSIOp>(smallest, candidate);
    }
    for (auto [index, part] : llvm::enumerate(parts)) {
      Value distance = builder.create<arith::SubIOp>(part.exponent, smallest);
      shifts.push_back(
          builder.create<arith::SelectOp>(isUsed[index], distance, zero));
    }
    Value isEmpty = builder.create<arith::CmpIOp>(CmpIPredicate::eq, smallest,
                                                  createInt(builder, kNone));
    return builder.create<arith::SelectOp>(isEmpty, fallback, smallest);
  }
};
} // namespace

void qtc::populateElementwisePatterns(RewritePatternSet &patterns) {
  patterns.add<LowerShiftScale, LowerRelu, LowerReluGradient, LowerUpdate,
               LowerWeightedSum, LowerAddScaled, LowerLinearCombination,
               LowerSquare, LowerRootQuotient, LowerRandom, LowerDropout,
               LowerLookup, LowerMaxMagnitude, LowerSum>(patterns.getContext());
}
