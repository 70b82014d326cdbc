//===- FunctionSamples.cpp - Tables of functions --------------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialect/QTrain/IR/FunctionSamples.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/Matchers.h"

#include <algorithm>
#include <cmath>

using namespace mlir;
using namespace qtc::qtrain;

double qtc::qtrain::evaluate(FunctionAttrInterface function, bool derivative,
                             double x) {
  MLIRContext *context = function.getContext();
  // Passes name these dialects; a check of a part of a model has no pass.
  context->getOrLoadDialect<arith::ArithDialect>();
  context->getOrLoadDialect<math::MathDialect>();
  Block block;
  ImplicitLocOpBuilder builder(UnknownLoc::get(context), context);
  builder.setInsertionPointToEnd(&block);
  auto constant = [&](double value) -> Value {
    return builder.create<arith::ConstantOp>(builder.getF64FloatAttr(value));
  };
  Value result =
      derivative ? function.buildGradient(builder, constant(x), constant(1.0))
                 : function.buildValue(builder, constant(x));
  FloatAttr folded;
  if (!matchPattern(result, m_Constant(&folded)))
    llvm::report_fatal_error("a function does not fold");
  return folded.getValueAsDouble();
}

/// Bits of the largest sample.
static constexpr int kMagnitudeBits = 28;

FunctionSamples::FunctionSamples(FunctionAttrInterface function,
                                 bool derivative) {
  constexpr int kHalfBits = 11, kMinReachBits = 3;
  int reachBits = kMinReachBits;
  double reach = function.getReach();
  while (reachBits < 64 && std::ldexp(1.0, reachBits) < reach)
    ++reachBits;
  spacingBits = kHalfBits - reachBits;

  // A derivative has no slope where its function is straight.
  auto [left, right] =
      derivative ? std::make_pair(0.0, 0.0) : function.getOuterSlopes();
  double largest =
      std::ldexp(std::max(std::abs(left), std::abs(right)), reachBits);
  SmallVector<double> exact;
  bool isFinite = std::isfinite(largest);
  for (int64_t i = -kHalf; i <= kHalf; ++i) {
    double x = std::ldexp(double(i), static_cast<int>(-spacingBits));
    exact.push_back(evaluate(function, derivative, x));
    isFinite &= std::isfinite(exact.back());
    largest = std::max(largest, std::abs(exact.back()));
  }
  if (!isFinite)
    return;
  int exponent = 0;
  std::frexp(largest, &exponent);
  fractionBits = kMagnitudeBits - exponent;
  auto round = [](double value, int64_t bits) {
    return std::nearbyint(std::ldexp(value, static_cast<int>(bits)));
  };
  leftSlope = static_cast<int64_t>(round(left, kSlopeBits));
  rightSlope = static_cast<int64_t>(round(right, kSlopeBits));
  for (double value : exact)
    values.push_back(static_cast<int32_t>(round(value, fractionBits)));
}

bool FunctionSamples::isRepresentable() const {
  constexpr int64_t kMinSpacingBits = -8, kMinFractionBits = 12,
                    kMaxFractionBits = 38;
  return !values.empty() && spacingBits >= kMinSpacingBits &&
         fractionBits >= kMinFractionBits && fractionBits <= kMaxFractionBits;
}
