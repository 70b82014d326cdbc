//===- IntegerMath.cpp - Integer functions of the numerics contract, as IR ===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Conversion/QTrainToQKernel/IntegerMath.h"
#include "compiler/Conversion/QTrainToQKernel/PatternSupport.h"
#include "compiler/Support/Philox.h"

#include "llvm/Support/MathExtras.h"

#include <array>

using namespace mlir;
using namespace qtc;
using namespace qtc::qtrain;
using arith::CmpIPredicate;

/// `value` clamped to [low, high].
static Value clampInt(ImplicitLocOpBuilder &builder, Value value, int64_t low,
                      int64_t high) {
  unsigned width = value.getType().getIntOrFloatBitWidth();
  value = builder.create<arith::MaxSIOp>(value, createInt(builder, low, width));
  return builder.create<arith::MinSIOp>(value, createInt(builder, high, width));
}

/// 2^amount − 1.
static Value createMask(ImplicitLocOpBuilder &builder, Value amount) {
  unsigned width = amount.getType().getIntOrFloatBitWidth();
  Value one = createInt(builder, 1, width);
  return builder.create<arith::SubIOp>(
      builder.create<arith::ShLIOp>(one, amount), one);
}

/// `magnitude` with the sign of `value`.
static Value createWithSign(ImplicitLocOpBuilder &builder, Value magnitude,
                            Value value) {
  Value zero = createZero(builder, value.getType());
  Value negated = builder.create<arith::SubIOp>(zero, magnitude);
  Value isNegative =
      builder.create<arith::CmpIOp>(CmpIPredicate::slt, value, zero);
  return builder.create<arith::SelectOp>(isNegative, negated, magnitude);
}

Value ShiftBuilder::integer(ImplicitLocOpBuilder &builder,
                            int64_t value) const {
  return createInt(builder, value, form.width);
}

ShiftBuilder::ShiftBuilder(ImplicitLocOpBuilder &builder, Value shift,
                           ShiftForm form)
    : form(form), given(shift) {
  if (form.rounding == Rounding::Nearest)
    return;
  const int64_t last = form.width - 1;
  shift = extendTo(builder, shift, form.width);
  Value zero = integer(builder, 0), one = integer(builder, 1);
  Value all = integer(builder, -1);
  amount = clampInt(builder, shift, 0, last);
  // Magnitudes are below 2^last, so a larger shift leaves no bits and discards
  // all.
  Value takesAll = builder.create<arith::CmpIOp>(CmpIPredicate::sgt, shift,
                                                 integer(builder, last));
  quotientMask = builder.create<arith::SelectOp>(takesAll, zero, all);
  restMask = builder.create<arith::SelectOp>(takesAll, all,
                                             createMask(builder, amount));
  half = builder.create<arith::ShRUIOp>(
      builder.create<arith::ShLIOp>(one, amount), one);
  limit = integer(builder, (int64_t(1) << (form.bits - 1)) - 1);
  if (form.bidirectional) {
    leftAmount =
        builder.create<arith::SubIOp>(zero, clampInt(builder, shift, -last, 0));
    leftLimit = builder.create<arith::ShRUIOp>(limit, leftAmount);
  }
  if (form.rounding == Rounding::NearestEven)
    // 1 to last: smaller shifts discard no bits, larger ones leave none.
    mayRoundUp = builder.create<arith::CmpIOp>(
        CmpIPredicate::ult, builder.create<arith::SubIOp>(shift, one),
        integer(builder, last));
  if (form.rounding == Rounding::PseudoStochastic) {
    // From 2 · last + 1 on the upper half of the rest is 0, as for any larger
    // shift.
    Value wide = clampInt(builder, shift, 0, 2 * last + 1);
    halfAmount = builder.create<arith::ShRUIOp>(wide, one);
    halfMask = createMask(builder, halfAmount);
    odd = builder.create<arith::AndIOp>(wide, one);
  }
  if (form.rounding == Rounding::Stochastic) {
    Value sixteen = integer(builder, 16);
    Value wide = clampInt(builder, shift, 0, last + 16);
    up = clampInt(builder, builder.create<arith::SubIOp>(sixteen, wide), 0, 16);
    down = clampInt(builder, builder.create<arith::SubIOp>(wide, sixteen), 0,
                    last);
  }
}

Value ShiftBuilder::roundMagnitude(ImplicitLocOpBuilder &builder,
                                   Value magnitude, Value random) const {
  Value quotient = builder.create<arith::AndIOp>(
      builder.create<arith::ShRUIOp>(magnitude, amount), quotientMask);
  if (form.rounding == Rounding::TowardZero)
    return quotient;
  Value rest = builder.create<arith::AndIOp>(magnitude, restMask);
  Value roundsUp;
  switch (form.rounding) {
  case Rounding::NearestEven: {
    // Above the half, or at it with an odd quotient.
    Value isOdd = builder.create<arith::AndIOp>(quotient, integer(builder, 1));
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
    roundsUp = builder.create<arith::CmpIOp>(
        CmpIPredicate::ugt, top, extendTo(builder, random, form.width));
    break;
  }
  }
  Value carry = builder.create<arith::ExtUIOp>(quotient.getType(), roundsUp);
  return builder.create<arith::AddIOp>(quotient, carry);
}

/// min(magnitude · 2^left, limit), without overflow.
Value ShiftBuilder::clip(ImplicitLocOpBuilder &builder, Value magnitude) const {
  if (!form.bidirectional)
    return builder.create<arith::MinUIOp>(magnitude, limit);
  Value exceeds =
      builder.create<arith::CmpIOp>(CmpIPredicate::ugt, magnitude, leftLimit);
  Value grown = builder.create<arith::ShLIOp>(magnitude, leftAmount);
  return builder.create<arith::SelectOp>(exceeds, limit, grown);
}

Value ShiftBuilder::shift(ImplicitLocOpBuilder &builder, Value element,
                          Value random) const {
  if (form.rounding == Rounding::Nearest)
    return builder.create<qkernel::RoundShiftOp>(element.getType(), element,
                                                 given, form.bits);
  Value magnitude = builder.create<math::AbsIOp>(element);
  Value rounded = clip(builder, roundMagnitude(builder, magnitude, random));
  return createWithSign(builder, rounded, element);
}

Value qtc::createRoundedShift(ImplicitLocOpBuilder &builder, Value element,
                              Value shift, Value half, unsigned bits) {
  Value sum = builder.create<arith::AddIOp>(
      builder.create<math::AbsIOp>(element), half);
  Value quotient = builder.create<arith::ShRUIOp>(sum, shift);
  Value clipped = builder.create<arith::MinUIOp>(
      quotient, createInt(builder, llvm::maxIntN(bits)));
  return createWithSign(builder, clipped, element);
}

Value qtc::createScaled(ImplicitLocOpBuilder &builder, Value value, Value power,
                        int64_t limit) {
  return builder.create<qkernel::ScaleOp>(value.getType(), value, power, limit);
}

Value qtc::createDivideNearest(ImplicitLocOpBuilder &builder, Value value,
                               Value divisor) {
  Value half =
      builder.create<arith::ShRUIOp>(divisor, createInt(builder, 1, 64));
  Value sum =
      builder.create<arith::AddIOp>(builder.create<math::AbsIOp>(value), half);
  Value quotient = builder.create<arith::DivUIOp>(sum, divisor);
  return createWithSign(builder, quotient, value);
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
