//===- UpdateBuilder.cpp - Arithmetic of optimizers -----------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Optimizer/UpdateBuilder.h"

#include "dialect/QTrain/IR/QTrain.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace qtc;
using namespace qtc::qtrain;

/// The bits of a single are the low half of the schedule.
Value UpdateBuilder::getRate() {
  Value bits = builder.create<arith::TruncIOp>(builder.getI32Type(), schedule);
  Value rate = builder.create<arith::BitcastOp>(builder.getF32Type(), bits);
  return factor == 1.0 ? rate : multiply(rate, createSingle(factor));
}

Value UpdateBuilder::createSingle(double value) {
  return builder.create<arith::ConstantOp>(builder.getF32FloatAttr(value));
}

Value UpdateBuilder::createDouble(double value) {
  return builder.create<arith::ConstantOp>(builder.getF64FloatAttr(value));
}

Value UpdateBuilder::widen(Value single) {
  return builder.create<arith::ExtFOp>(builder.getF64Type(), single);
}

Value UpdateBuilder::round(Value number) {
  return builder.create<arith::TruncFOp>(builder.getF32Type(), number);
}

Value UpdateBuilder::multiply(Value left, Value right) {
  return builder.create<arith::MulFOp>(left, right);
}

Value UpdateBuilder::divide(Value left, Value right) {
  return builder.create<arith::DivFOp>(left, right);
}

Value UpdateBuilder::subtract(Value left, Value right) {
  return builder.create<arith::SubFOp>(left, right);
}

Value UpdateBuilder::root(Value number) {
  return builder.create<math::SqrtOp>(number);
}

/// decay^t is the product of the constants decay^(2^i) for the bits i of t. The
/// argument of the step is t − 1 modulo 2^32, so t has up to 33 bits.
Value UpdateBuilder::createBiasCorrection(double decay) {
  constexpr int64_t kBits = 33;
  auto createInt = [&](int64_t value) -> Value {
    return builder.create<arith::ConstantIntOp>(value, 64);
  };
  Value zero = createInt(0), one = createInt(1);
  Value t = builder.create<arith::AddIOp>(
      builder.create<arith::ExtUIOp>(builder.getI64Type(), step), one);
  Value power = createDouble(1.0);
  for (int64_t bit = 0; bit < kBits; ++bit, decay *= decay) {
    Value rest = builder.create<arith::ShRUIOp>(t, createInt(bit));
    // Powers of 0 are 0, so all bits from here on are as good as one.
    bool isLast = decay == 0.0;
    Value factor = isLast ? rest : builder.create<arith::AndIOp>(rest, one);
    Value counts =
        builder.create<arith::CmpIOp>(arith::CmpIPredicate::ne, factor, zero);
    power = builder.create<arith::SelectOp>(
        counts, multiply(power, createDouble(decay)), power);
    if (isLast)
      break;
  }
  return subtract(createDouble(1.0), power);
}

Value UpdateBuilder::combine(ArrayRef<Value> terms, ArrayRef<Value> factors) {
  return builder.create<LinearCombinationOp>(terms.front().getType(), terms,
                                             factors);
}

Value UpdateBuilder::sign(Value tensor) {
  return builder.create<ElementwiseOp>(tensor.getType(), tensor,
                                       SignAttr::get(builder.getContext()));
}

Value UpdateBuilder::square(Value tensor) {
  return builder.create<SquareOp>(tensor.getType(), tensor);
}

Value UpdateBuilder::divideByRoot(Value numerator, Value square, Value scale,
                                  Value offset) {
  return builder.create<RootQuotientOp>(numerator.getType(), numerator, square,
                                        scale, offset);
}
