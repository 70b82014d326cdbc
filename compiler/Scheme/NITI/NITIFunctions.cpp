//===- NITIFunctions.cpp - Functions of each element in NITI --------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Numerics contract, section 4.15.
//
//===----------------------------------------------------------------------===//

#include "compiler/Scheme/IntegerRules.h"
#include "compiler/Scheme/NITI/NITI.h"
#include "dialect/QTrain/IR/FunctionSamples.h"

#include <algorithm>
#include <cmath>

using namespace mlir;
using namespace qtc;
using namespace qtc::qtrain;
using namespace qtc::scheme;

namespace {

/// value times the slope of the homogeneous `function` at `reference`.
Value scaleBySlope(OpBuilder &builder, Location loc,
                   FunctionAttrInterface function, Value reference,
                   Value value) {
  auto [left, right] = function.getOuterSlopes();
  // Both slopes in one unit: 7 bits for the smaller one, as far as products
  // have at most 29.
  const int magnitudeBits = niti::getMagnitudeBits(value);
  constexpr int kSmallBits = 7, kProductBits = 29;
  const int largeBits = kProductBits - magnitudeBits;
  auto getBits = [](double slope) {
    int exponent = 0;
    std::frexp(slope, &exponent);
    return exponent;
  };
  double small = std::min(std::abs(left), std::abs(right));
  double large = std::max(std::abs(left), std::abs(right));
  int fraction = largeBits - getBits(large);
  if (small > 0.0)
    fraction = std::min(fraction, kSmallBits - getBits(small));
  auto round = [&](double slope) {
    return static_cast<int64_t>(std::nearbyint(std::ldexp(slope, fraction)));
  };
  Value accumulators = builder.create<ScaleBySignOp>(
      loc, cast<ScaledType>(value.getType()).withWidth(32), reference, value,
      round(right), round(left), fraction);
  return niti::requantize(builder, loc, accumulators, magnitudeBits);
}

/// The values of the function, or of its derivative, at `input`. They have 8
/// bits, or 16 if a batch may take only small ones from the table.
Value lookUp(OpBuilder &builder, Location loc, FunctionAttrInterface function,
             bool derivative, Value input) {
  auto type = RankedTensorType::get({256}, builder.getI64Type());
  Value samples = builder.create<SampleFunctionOp>(
      loc, ScaledType::get(builder.getContext(), type), input, function,
      derivative);
  Value table = niti::requantize(builder, loc, samples,
                                 function.isSteep() ? niti::kWideBits
                                                    : niti::kMantissaBits);
  return builder.create<ApplyTableOp>(
      loc, cast<ScaledType>(input.getType()).withWidth(getWidth(table)), input,
      table);
}

struct QuantizeFunction : OpConversionPattern<ElementwiseOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(ElementwiseOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    FunctionAttrInterface function = op.getFunction();
    Value input = adaptor.getInput();
    if (function.isHomogeneous()) {
      rewriter.replaceOp(op,
                         scaleBySlope(rewriter, loc, function, input, input));
      return success();
    }
    Value values = lookUp(rewriter, loc, function, /*derivative=*/false, input);
    if (function.isSteep())
      values = niti::requantize(rewriter, loc, values);
    rewriter.replaceOp(op, values);
    return success();
  }
};

struct QuantizeFunctionGradient : OpConversionPattern<ElementwiseGradientOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(ElementwiseGradientOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    FunctionAttrInterface function = op.getFunction();
    Value input = adaptor.getInput(), error = adaptor.getGradient();
    if (function.isHomogeneous()) {
      rewriter.replaceOp(op,
                         scaleBySlope(rewriter, loc, function, input, error));
      return success();
    }
    Value slopes = lookUp(rewriter, loc, function, /*derivative=*/true, input);
    Value products = rewriter.create<MultiplyOp>(
        loc, cast<ScaledType>(error.getType()).withWidth(32), slopes, error);
    rewriter.replaceOp(op, niti::requantize(rewriter, loc, products,
                                            niti::getMagnitudeBits(error)));
    return success();
  }
};

} // namespace

LogicalResult niti::expectFunctions(ModuleOp module) {
  return scheme::expectFunctions(
      module,
      [](FunctionAttrInterface function) {
        return function.isHomogeneous() ||
               (FunctionSamples(function, false).isRepresentable() &&
                FunctionSamples(function, true).isRepresentable());
      },
      [](ElementwiseOp op) -> StringRef {
        if (op.getInput().getDefiningOp<ResidualOp>())
          return "scheme niti defines the loss for a --loss-delta of moderate "
                 "size only";
        return "scheme niti defines this function for constants of moderate "
               "size only; use another scheme, or change the model";
      });
}

void niti::populateFunctionRules(RewritePatternSet &patterns) {
  patterns.add<QuantizeFunction, QuantizeFunctionGradient>(
      patterns.getContext());
}
