//===- IntegerMath.cpp - Integer functions of the numerics contract, as IR ===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Conversion/QTrainToQKernel/IntegerMath.h"
#include "compiler/Conversion/QTrainToQKernel/PatternSupport.h"
#include "compiler/Support/Philox.h"

#include <array>

using namespace mlir;
using namespace qtc;
using namespace qtc::qtrain;
using arith::CmpIPredicate;

static Value clampInt(ImplicitLocOpBuilder &builder, Value value, int64_t low,
                      int64_t high) {
  value = builder.create<arith::MaxSIOp>(value, createInt(builder, low));
  return builder.create<arith::MinSIOp>(value, createInt(builder, high));
}

/// 2^amount − 1.
static Value createMask(ImplicitLocOpBuilder &builder, Value amount) {
  Value one = createInt(builder, 1);
  return builder.create<arith::SubIOp>(
      builder.create<arith::ShLIOp>(one, amount), one);
}

ShiftBuilder::ShiftBuilder(ImplicitLocOpBuilder &builder, Value shift,
                           Rounding rounding, unsigned bits)
    : rounding(rounding), bits(bits), given(shift) {
  if (rounding == Rounding::Nearest)
    return;
  Value zero = createInt(builder, 0), one = createInt(builder, 1);
  Value all = createInt(builder, -1);
  amount = clampInt(builder, shift, 0, 31);
  // Magnitudes are below 2^31, so a shift beyond 31 leaves nothing and
  // discards everything.
  Value takesAll = builder.create<arith::CmpIOp>(CmpIPredicate::sgt, shift,
                                                 createInt(builder, 31));
  quotientMask = builder.create<arith::SelectOp>(takesAll, zero, all);
  restMask = builder.create<arith::SelectOp>(takesAll, all,
                                             createMask(builder, amount));
  half = builder.create<arith::ShRUIOp>(
      builder.create<arith::ShLIOp>(one, amount), one);
  limit = createInt(builder, (int64_t(1) << (bits - 1)) - 1);
  if (rounding == Rounding::NearestEven)
    // 1 to 31: below nothing is discarded, above nothing is left.
    mayRoundUp = builder.create<arith::CmpIOp>(
        CmpIPredicate::ult, builder.create<arith::SubIOp>(shift, one),
        createInt(builder, 31));
  if (rounding == Rounding::PseudoStochastic) {
    // From 63 on the upper half of the rest is 0, as for any larger shift.
    Value wide = clampInt(builder, shift, 0, 63);
    halfAmount = builder.create<arith::ShRUIOp>(wide, one);
    halfMask = createMask(builder, halfAmount);
    odd = builder.create<arith::AndIOp>(wide, one);
  }
  if (rounding == Rounding::Stochastic) {
    Value sixteen = createInt(builder, 16);
    Value wide = clampInt(builder, shift, 0, 47);
    up = clampInt(builder, builder.create<arith::SubIOp>(sixteen, wide), 0, 16);
    down =
        clampInt(builder, builder.create<arith::SubIOp>(wide, sixteen), 0, 31);
  }
}

Value ShiftBuilder::roundMagnitude(ImplicitLocOpBuilder &builder,
                                   Value magnitude, Value random) const {
  Value quotient = builder.create<arith::AndIOp>(
      builder.create<arith::ShRUIOp>(magnitude, amount), quotientMask);
  if (rounding == Rounding::TowardZero)
    return quotient;
  Value rest = builder.create<arith::AndIOp>(magnitude, restMask);
  Value roundsUp;
  switch (rounding) {
  case Rounding::NearestEven: {
    // Above the half, or at it with an odd quotient.
    Value isOdd =
        builder.create<arith::AndIOp>(quotient, createInt(builder, 1));
    Value biased = builder.create<arith::AddIOp>(rest, isOdd);
    Value above =
        builder.create<arith::CmpIOp>(CmpIPredicate::ugt, biased, half);
    roundsUp = builder.create<arith::AndIOp>(above, mayRoundUp);
    break;
  }
  case Rounding::PseudoStochastic: {
    Value probability = builder.create<arith::ShRUIOp>(rest, halfAmount);
    Value number = builder.create<arith::ShLIOp>(
        builder.create<arith::AndIOp>(rest, halfMask), odd);
    roundsUp =
        builder.create<arith::CmpIOp>(CmpIPredicate::ugt, probability, number);
    break;
  }
  default: {
    Value top = builder.create<arith::ShRUIOp>(
        builder.create<arith::ShLIOp>(rest, up), down);
    roundsUp = builder.create<arith::CmpIOp>(CmpIPredicate::ugt, top, random);
    break;
  }
  }
  Value carry = builder.create<arith::ExtUIOp>(builder.getI32Type(), roundsUp);
  return builder.create<arith::AddIOp>(quotient, carry);
}

Value ShiftBuilder::shift(ImplicitLocOpBuilder &builder, Value element,
                          Value random) const {
  if (rounding == Rounding::Nearest)
    return builder.create<qkernel::RoundShiftOp>(element.getType(), element,
                                                 given, bits);
  Value magnitude = builder.create<math::AbsIOp>(element);
  Value rounded = roundMagnitude(builder, magnitude, random);
  rounded = builder.create<arith::MinUIOp>(rounded, limit);
  Value zero = createInt(builder, 0);
  Value negated = builder.create<arith::SubIOp>(zero, rounded);
  Value isNegative =
      builder.create<arith::CmpIOp>(CmpIPredicate::slt, element, zero);
  return builder.create<arith::SelectOp>(isNegative, negated, rounded);
}

/// High and low half of a 32 × 32 bit product.
static std::pair<Value, Value> multiplyWide(ImplicitLocOpBuilder &builder,
                                            Value value, uint32_t factor) {
  auto product = builder.create<arith::MulUIExtendedOp>(
      value, createInt(builder, static_cast<int32_t>(factor)));
  return {product.getHigh(), product.getLow()};
}

Value qtc::createRandom16(ImplicitLocOpBuilder &builder, Value index,
                          Value seed, Value step, uint32_t id,
                          uint32_t purpose) {
  Type i32 = builder.getI32Type();
  auto low = [&](Value value) -> Value {
    return builder.create<arith::TruncIOp>(i32, value);
  };
  Value key0 = low(seed);
  Value key1 =
      low(builder.create<arith::ShRUIOp>(seed, createInt(builder, 32, 64)));
  std::array<Value, 4> counter = {
      low(builder.create<arith::ShRUIOp>(index, createInt(builder, 2, 64))),
      createInt(builder, static_cast<int32_t>(id)), step,
      createInt(builder, purpose)};
  auto mix = [&](Value a, Value b, Value c) -> Value {
    return builder.create<arith::XOrIOp>(builder.create<arith::XOrIOp>(a, b),
                                         c);
  };
  for (unsigned round = 0; round < Philox::kRounds; ++round) {
    auto [high0, low0] =
        multiplyWide(builder, counter[0], Philox::kMultiplier0);
    auto [high1, low1] =
        multiplyWide(builder, counter[2], Philox::kMultiplier1);
    counter = {mix(high1, counter[1], key0), low1, mix(high0, counter[3], key1),
               low0};
    key0 = builder.create<arith::AddIOp>(
        key0, createInt(builder, static_cast<int32_t>(Philox::kWeyl0)));
    key1 = builder.create<arith::AddIOp>(
        key1, createInt(builder, static_cast<int32_t>(Philox::kWeyl1)));
  }
  Value lane =
      low(builder.create<arith::AndIOp>(index, createInt(builder, 3, 64)));
  Value chosen = counter[0];
  for (int other = 1; other < 4; ++other) {
    Value isOther = builder.create<arith::CmpIOp>(CmpIPredicate::eq, lane,
                                                  createInt(builder, other));
    chosen = builder.create<arith::SelectOp>(isOther, counter[other], chosen);
  }
  return builder.create<arith::TruncIOp>(builder.getI16Type(), chosen);
}
