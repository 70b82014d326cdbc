//===- MetricLoops.cpp - Metrics of rows to loops -------------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Rows of floats and of fixed point. The latter have 64 bits, 32 of them for
// the fraction, and saturate (numerics contract, section 4.20).
//
//===----------------------------------------------------------------------===//

#include "compiler/Conversion/QKernelToLoops/LoopBuilder.h"
#include "dialect/QTrain/Interfaces/MetricRow.h"

#include <algorithm>
#include <cmath>
#include <vector>

using namespace mlir;
using namespace qtc;
using namespace qtc::qkernel;
using arith::CmpIPredicate;

namespace {

/// A row of buffers.
class RowOfBuffers : public qtrain::MetricRow {
public:
  RowOfBuffers(LoopBuilder &b, RowMetricOp op, Value row, Value label)
      : b(b), op(op), row(row), label(label),
        numOutputs(getBufferShape(op.getPredictions())[1]) {}

  int64_t getNumOutputs() const override { return numOutputs; }
  Value getPrediction(Value position) override {
    return convert(b.load(op.getPredictions(), {row, position}),
                   op.getExponent());
  }
  Value getTarget(Value position) override {
    return convert(b.load(op.getTargets(), {row, position}),
                   op.getTargetExponent());
  }
  Value getLabel() override { return label; }

  Value isSame(Value position, Value other) override {
    return b.compare(CmpIPredicate::eq, position, other);
  }
  Value select(Value condition, Value yes, Value no) override {
    return b.select(condition, yes, no);
  }
  Value max(Value a, Value c) override { return b.maximum(a, c); }
  Value fold(Value start,
             llvm::function_ref<Value(Value, Value)> body) override {
    return b.fold(b.index(0), b.index(getNumOutputs()), start, body);
  }
  Value findLargest() override {
    return fold(b.index(0), [&](Value k, Value best) {
      return select(isAbove(getPrediction(k), getPrediction(best)), k, best);
    });
  }

protected:
  /// A number of the row's arithmetic for an element of an operand.
  virtual Value convert(Value element, Value exponent) = 0;

  /// The number of a table at `position`.
  template <typename T>
  Value load(ArrayRef<T> numbers, Type type, Value position) {
    auto shape = static_cast<int64_t>(numbers.size());
    return b.load(b.table("qtc_metric_table",
                          DenseElementsAttr::get(
                              RankedTensorType::get(shape, type), numbers)),
                  position);
  }

  LoopBuilder &b;

private:
  RowMetricOp op;
  Value row, label;
  int64_t numOutputs;
};

class FloatRow : public RowOfBuffers {
public:
  using RowOfBuffers::RowOfBuffers;

  Value lookUp(ArrayRef<double> table, Value position) override {
    std::vector<float> numbers(table.begin(), table.end());
    return load(ArrayRef<float>(numbers), b.getF32Type(), position);
  }
  Value constant(double number) override {
    return b.create<arith::ConstantOp>(b.getF32FloatAttr(number));
  }
  Value add(Value a, Value c) override { return b.add(a, c); }
  Value sub(Value a, Value c) override { return b.sub(a, c); }
  Value mul(Value a, Value c) override { return b.mul(a, c); }
  Value div(Value a, int64_t divisor) override {
    return b.create<arith::DivFOp>(a, constant(static_cast<double>(divisor)));
  }
  Value exp(Value a) override { return b.create<math::ExpOp>(a); }
  Value log1p(Value a) override { return b.create<math::Log1pOp>(a); }
  Value isAbove(Value a, Value c) override {
    return b.create<arith::CmpFOp>(arith::CmpFPredicate::OGT, a, c);
  }

private:
  Value convert(Value element, Value) override { return element; }
};

class FixedRow : public RowOfBuffers {
public:
  using RowOfBuffers::RowOfBuffers;

  Value lookUp(ArrayRef<double> table, Value position) override {
    SmallVector<int64_t> numbers;
    for (double number : table)
      numbers.push_back(qtrain::toMetricMantissa(number));
    return load(ArrayRef<int64_t>(numbers), b.getI64Type(), position);
  }
  Value constant(double number) override {
    return integer(qtrain::toMetricMantissa(number));
  }
  Value add(Value a, Value c) override { return saturate(b.add(a, c)); }
  Value sub(Value a, Value c) override { return saturate(b.sub(a, c)); }
  Value mul(Value a, Value c) override;
  Value div(Value a, int64_t divisor) override {
    return b.create<arith::DivSIOp>(a, integer(divisor));
  }
  Value exp(Value a) override;
  Value log1p(Value a) override;
  Value isAbove(Value a, Value c) override {
    return b.compare(CmpIPredicate::sgt, a, c);
  }

private:
  Value convert(Value element, Value exponent) override {
    Value power = b.add(exponent, b.integer(kFraction));
    return b.create<ScaleOp>(b.getI64Type(), b.extend(element, 64), power,
                             kLimit);
  }

  static constexpr int64_t kFraction = qtrain::kMetricFraction;
  static constexpr int64_t kOne = int64_t(1) << kFraction;
  static constexpr int64_t kLimit = qtrain::kMetricLimit;
  /// Fraction bits of the argument of a polynomial, so that products fit.
  static constexpr int64_t kShort = kFraction - 1;
  static constexpr double kLog2 = 0.693147180559945309;

  Value integer(int64_t value) { return b.integer(value, 64); }
  Value saturate(Value value) { return b.clamp(value, kLimit); }
  Value shiftRight(Value value, Value amount) {
    return b.create<arith::ShRSIOp>(value, amount);
  }
  Value shiftRight(Value value, int64_t amount) {
    return shiftRight(value, integer(amount));
  }
  /// The sum of `coefficients`[j] · x^j, x having kShort fraction bits.
  Value evaluate(ArrayRef<int64_t> coefficients, Value x);
};

/// The product has 128 bits, of which the high half is clamped first.
Value FixedRow::mul(Value a, Value c) {
  auto product = b.create<arith::MulSIExtendedOp>(a, c);
  constexpr int64_t kHighest = kLimit >> kFraction;
  Value high = b.create<arith::MinSIOp>(
      b.create<arith::MaxSIOp>(product.getHigh(), integer(-kHighest - 1)),
      integer(kHighest));
  Value low =
      b.create<arith::ShRUIOp>(product.getLow(), integer(64 - kFraction));
  Value sum = b.create<arith::OrIOp>(
      b.create<arith::ShLIOp>(high, integer(kFraction)).getResult(), low);
  return saturate(sum);
}

Value FixedRow::evaluate(ArrayRef<int64_t> coefficients, Value x) {
  Value sum = integer(coefficients.back());
  for (int64_t coefficient : llvm::reverse(coefficients.drop_back()))
    sum = b.add(integer(coefficient), shiftRight(b.mul(sum, x), kShort));
  return sum;
}

/// 2^(−i − f) with −a in octaves i + f: the Taylor series of 2^−f.
Value FixedRow::exp(Value a) {
  constexpr int64_t kTerms = 12;
  SmallVector<int64_t> series;
  double coefficient = 1.0;
  for (int64_t j = 1; j <= kTerms; ++j) {
    series.push_back(qtrain::toMetricMantissa(coefficient));
    coefficient *= -kLog2 / static_cast<double>(j);
  }
  Value distance = b.create<arith::MinSIOp>(b.sub(integer(0), a),
                                            integer(int64_t(64) << kFraction));
  Value octaves = mul(distance, constant(1.0 / kLog2));
  Value fraction = shiftRight(
      b.create<arith::AndIOp>(octaves, integer(kOne - 1)), kFraction - kShort);
  Value whole =
      b.create<arith::MinSIOp>(shiftRight(octaves, kFraction), integer(63));
  return shiftRight(evaluate(series, fraction), whole);
}

/// e · ln 2 + ln m with 1 + a = m · 2^e, 1 ≤ m < 2, and ln m = 2 artanh z, z =
/// (m − 1) / (m + 1).
Value FixedRow::log1p(Value a) {
  constexpr int64_t kTerms = 10;
  constexpr int64_t kShortOne = int64_t(1) << kShort;
  SmallVector<int64_t> series;
  for (int64_t j = 0; j < kTerms; ++j)
    series.push_back(
        std::llround(static_cast<double>(kShortOne) / (2 * j + 1)));
  Value x = add(a, integer(kOne));
  Value zeros = b.create<math::CountLeadingZerosOp>(x);
  Value top = b.create<arith::ShLIOp>(x, zeros);
  Value mantissa = b.create<arith::ShRUIOp>(top, integer(63 - kShort));
  Value one = integer(kShortOne);
  Value z = b.create<arith::DivSIOp>(
      b.create<arith::ShLIOp>(b.sub(mantissa, one), integer(kShort))
          .getResult(),
      b.add(mantissa, one));
  Value square = shiftRight(b.mul(z, z), kShort);
  Value logarithm = shiftRight(b.mul(z, evaluate(series, square)),
                               2 * kShort - kFraction - 1);
  Value exponent = b.sub(integer(63 - kFraction), zeros);
  return b.add(b.mul(exponent, integer(qtrain::toMetricMantissa(kLog2))),
               logarithm);
}

/// One row after another.
struct LowerRowMetric : LoopPattern<RowMetricOp> {
  using LoopPattern::LoopPattern;

  LogicalResult matchAndRewrite(RowMetricOp op,
                                PatternRewriter &rewriter) const override {
    LoopBuilder b = start(op, rewriter);
    Value values = op.getValues();
    b.parallel(getBufferShape(values)[0], "metric", /*macs=*/0, [&](Value n) {
      Value label;
      if (op.getMetric().takesClasses())
        label = b.create<arith::IndexCastOp>(b.getIndexType(),
                                             b.load(op.getTargets(), n));
      bool hasFloats = getElementTypeOrSelf(values.getType()).isF32();
      b.store(hasFloats ? build<FloatRow>(b, op, n, label)
                        : build<FixedRow>(b, op, n, label),
              values, n);
    });
    rewriter.eraseOp(op);
    return success();
  }

  template <typename RowTy>
  static Value build(LoopBuilder &b, RowMetricOp op, Value n, Value label) {
    RowTy row(b, op, n, label);
    return op.getMetric().buildValue(row);
  }
};
} // namespace

void qtc::populateMetricLoops(RewritePatternSet &patterns, Grain grain) {
  patterns.add<LowerRowMetric>(patterns.getContext(), grain);
}
