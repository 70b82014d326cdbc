//===- IntegerMath.cpp - Functions of single elements in arithmetic -------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Conversion/QKernelToLoops/LoopBuilder.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace qtc;
using namespace qtc::qkernel;

namespace {

struct LowerMagnitudeBits : OpRewritePattern<MagnitudeBitsOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(MagnitudeBitsOp op,
                                PatternRewriter &rewriter) const override {
    LoopBuilder b(op.getLoc(), rewriter);
    Value bits = op.getNearest() ? roundLog2(b, op.getMaximum())
                                 : ceilLog2(b, op.getMaximum());
    if (!bits.getType().isInteger(32))
      bits = b.create<arith::TruncIOp>(b.getI32Type(), bits);
    rewriter.replaceOp(op, bits);
    return success();
  }

  static Value ceilLog2(LoopBuilder &b, Value maximum) {
    unsigned width = maximum.getType().getIntOrFloatBitWidth();
    Value one = b.integer(1, width);
    Value zeros = b.create<math::CountLeadingZerosOp>(b.sub(maximum, one));
    Value isSmall = b.compare(arith::CmpIPredicate::sle, maximum, one);
    return b.select(isSmall, b.integer(0, width),
                    b.sub(b.integer(width, width), zeros));
  }

  /// The first bit of the maximum is moved to the top, where it is compared
  /// with √2.
  static Value roundLog2(LoopBuilder &b, Value maximum) {
    unsigned width = maximum.getType().getIntOrFloatBitWidth();
    constexpr uint64_t root = 0xB504F333F9DE6485; // √2 · 2^63, rounded up
    Value threshold = b.integer(
        width == 64 ? root : llvm::divideCeil(root, uint64_t(1) << 32), width);
    Value positive = b.create<arith::MaxSIOp>(maximum, b.integer(1, width));
    Value zeros = b.create<math::CountLeadingZerosOp>(positive);
    Value top = b.create<arith::ShLIOp>(positive, zeros);
    Value isAbove = b.compare(arith::CmpIPredicate::uge, top, threshold);
    Value floor = b.sub(b.integer(width - 1, width), zeros);
    return b.add(floor, b.create<arith::ExtUIOp>(floor.getType(), isAbove));
  }
};

/// |element| / 2^amount, halves rounded up, for an amount below the width.
static Value divideMagnitude(LoopBuilder &b, Value element, Value amount) {
  Value one = b.integer(1, element.getType().getIntOrFloatBitWidth());
  Value half = b.create<arith::ShRUIOp>(
      b.create<arith::ShLIOp>(one, amount).getResult(), one);
  Value sum = b.add(b.create<math::AbsIOp>(element), half);
  return b.create<arith::ShRUIOp>(sum, amount);
}

/// `magnitude` with the sign of `element`.
static Value withSign(LoopBuilder &b, Value magnitude, Value element) {
  Value zero = b.zero(element.getType());
  Value isNegative = b.compare(arith::CmpIPredicate::slt, element, zero);
  return b.select(isNegative, b.sub(zero, magnitude), magnitude);
}

/// Computes in the width of the element. Magnitudes are below 2^(width − 1), so
/// shifts of width − 1 still leave a rounded bit and larger ones leave nothing.
/// LLVM moves code that depends only on the shift out of loops.
struct LowerRoundShift : OpRewritePattern<RoundShiftOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(RoundShiftOp op,
                                PatternRewriter &rewriter) const override {
    LoopBuilder b(op.getLoc(), rewriter);
    Value element = op.getElement(), shift = op.getShift();
    unsigned width = element.getType().getIntOrFloatBitWidth();
    Value last = b.integer(width - 1);
    Value takesAll = b.compare(arith::CmpIPredicate::sgt, shift, last);
    Value amount = b.create<arith::MinSIOp>(
        b.create<arith::MaxSIOp>(shift, b.integer(0)), last);
    if (width < 32)
      amount = b.create<arith::TruncIOp>(element.getType(), amount);
    amount = b.extend(amount, width);
    Value keep = b.select(takesAll, b.integer(0, width), b.integer(-1, width));
    Value limit = b.integer(llvm::maxIntN(op.getBits()), width);
    Value quotient = divideMagnitude(b, element, amount);
    Value rounded = b.create<arith::MinUIOp>(
        b.create<arith::AndIOp>(quotient, keep).getResult(), limit);
    rewriter.replaceOp(op, withSign(b, rounded, element));
    return success();
  }
};

struct LowerScale : OpRewritePattern<ScaleOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ScaleOp op,
                                PatternRewriter &rewriter) const override {
    LoopBuilder b(op.getLoc(), rewriter);
    Value element = op.getElement();
    // A larger shift to the right leaves 0, and one to the left only 0 below
    // the limit. The smallest power has no negative of its width.
    constexpr int64_t kLast = 63;
    Value power = b.create<arith::MaxSIOp>(
        b.create<arith::MinSIOp>(op.getPower(), b.integer(kLast)),
        b.integer(-kLast));
    Value left = shiftOf(b, power);
    Value right = shiftOf(b, b.sub(b.integer(0), power));
    Value rounded = divideMagnitude(b, element, right);
    Value limit = b.integer(op.getLimit(), 64);
    Value highest = b.create<arith::ShRUIOp>(limit, left);
    Value exceeds = b.compare(arith::CmpIPredicate::ugt, rounded, highest);
    Value grown = b.create<arith::ShLIOp>(rounded, left);
    rewriter.replaceOp(op,
                       withSign(b, b.select(exceeds, limit, grown), element));
    return success();
  }

  /// max(power, 0) as an i64.
  static Value shiftOf(LoopBuilder &b, Value power) {
    return b.extend(b.create<arith::MaxSIOp>(power, b.integer(0)), 64);
  }
};

/// Bit by bit, from the highest one that a root can have.
struct LowerIntegerSqrt : OpRewritePattern<IntegerSqrtOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(IntegerSqrtOp op,
                                PatternRewriter &rewriter) const override {
    constexpr int64_t kBits = 31;
    LoopBuilder b(op.getLoc(), rewriter);
    Value highest = b.integer(int64_t(1) << (kBits - 1), 64);
    Value root = b.fold(
        b.index(0), b.index(kBits), b.integer(0, 64),
        [&](Value i, Value found) -> Value {
          Value step = b.create<arith::IndexCastOp>(b.getI64Type(), i);
          Value larger =
              b.add(found, b.create<arith::ShRUIOp>(highest, step).getResult());
          Value fits = b.compare(arith::CmpIPredicate::sle,
                                 b.mul(larger, larger), op.getElement());
          return b.select(fits, larger, found);
        });
    rewriter.replaceOp(op, root);
    return success();
  }
};
} // namespace

void qtc::populateIntegerMath(RewritePatternSet &patterns) {
  patterns
      .add<LowerMagnitudeBits, LowerRoundShift, LowerScale, LowerIntegerSqrt>(
          patterns.getContext());
}
