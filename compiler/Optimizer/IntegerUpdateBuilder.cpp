//===- IntegerUpdateBuilder.cpp - Arithmetic of optimizers ----------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Optimizer/IntegerUpdateBuilder.h"

#include "compiler/Scheme/IntegerRules.h"

#include "llvm/Support/MathExtras.h"

#include <algorithm>
#include <cmath>

using namespace mlir;
using namespace qtc;
using namespace qtc::qtrain;

Share Share::of(double number) {
  constexpr int kBits = 8;
  constexpr int64_t kEnd = 1 << kBits;
  if (number == 0.0)
    return {};
  int exponent;
  double fraction = std::frexp(number, &exponent);
  auto factor =
      static_cast<int64_t>(std::nearbyint(std::ldexp(fraction, kBits)));
  if (factor == kEnd) {
    factor /= 2;
    ++exponent;
  }
  if (exponent > 0)
    return {kEnd - 1, kBits};
  return {factor, kBits - exponent};
}

int64_t qtc::countParts(double number) {
  return static_cast<int64_t>(std::nearbyint(number * 256.0));
}

Value IntegerUpdateBuilder::createInt(int64_t value) {
  return scheme::createInt(builder, op.getLoc(), value);
}

Value IntegerUpdateBuilder::getRate(int64_t more) {
  Value schedule = builder.create<arith::TruncIOp>(
      op.getLoc(), builder.getI32Type(), findArgument(op, Role::Schedule));
  return offset(schedule, rate + more);
}

Value IntegerUpdateBuilder::offset(Value number, int64_t more) {
  return builder.create<arith::AddIOp>(op.getLoc(), number, createInt(more));
}

Value IntegerUpdateBuilder::subtract(Value left, Value right) {
  return builder.create<arith::SubIOp>(op.getLoc(), left, right);
}

Value IntegerUpdateBuilder::countBits(Value mantissas) {
  return builder.create<MagnitudeBitsOp>(op.getLoc(), mantissas);
}

Value IntegerUpdateBuilder::round(Value gradient, Value shift) {
  auto type = cast<ScaledType>(gradient.getType());
  Value random;
  if (rounding == Rounding::Stochastic)
    random =
        scheme::createRandom(builder, op, type, scheme::findUpdated(op).getId(),
                             RandomPurpose::GradientRounding);
  return builder.create<ShiftScaleOp>(op.getLoc(), type.withWidth(width),
                                      gradient, shift, random, rounding,
                                      /*bits=*/width);
}

Value IntegerUpdateBuilder::scale(Value mantissas, Value power) {
  constexpr unsigned kWidth = 16;
  auto type = cast<ScaledType>(mantissas.getType());
  return builder.create<ShiftScaleOp>(op.getLoc(), type.withWidth(kWidth),
                                      mantissas, subtract(createInt(0), power),
                                      /*random=*/Value(), Rounding::TowardZero,
                                      /*bits=*/kWidth, /*bidirectional=*/true);
}

/// The width of mantissas that holds `bits`.
static unsigned getWidthOf(unsigned bits) {
  return std::max<unsigned>(8, llvm::PowerOf2Ceil(bits));
}

Value IntegerUpdateBuilder::combine(ValueRange terms, ArrayRef<int64_t> factors,
                                    int64_t shift, Rounding rounding,
                                    unsigned bits) {
  auto type = cast<ScaledType>(terms.front().getType());
  return builder.create<WeightedSumOp>(op.getLoc(),
                                       type.withWidth(getWidthOf(bits)), terms,
                                       factors, shift, rounding, bits);
}

Value IntegerUpdateBuilder::addShare(Value input, Value addend, Share share,
                                     Value power, unsigned bits) {
  auto type = cast<ScaledType>(input.getType());
  return builder.create<AddScaledOp>(
      op.getLoc(), type.withWidth(getWidthOf(bits)), input, addend,
      offset(power, -share.shift), share.factor, bits);
}

Value IntegerUpdateBuilder::update(Value parameter, Value step) {
  return builder
      .create<UpdateOp>(op.getLoc(), parameter, step, op.getSymbolAttr())
      .getResult();
}
