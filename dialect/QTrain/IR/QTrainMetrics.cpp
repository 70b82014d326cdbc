//===- QTrainMetrics.cpp - Formulas of losses and other metrics -----------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialect/QTrain/IR/QTrain.h"
#include "dialect/QTrain/Interfaces/MetricRow.h"

#include <algorithm>
#include <cmath>

using namespace mlir;
using namespace qtc::qtrain;

int64_t qtc::qtrain::toMetricMantissa(double number) {
  auto limit = static_cast<double>(kMetricLimit);
  double scaled = std::ldexp(number, kMetricFraction);
  return static_cast<int64_t>(
      std::nearbyint(std::clamp(scaled, -limit, limit)));
}

//===----------------------------------------------------------------------===//
// Formulas as they are written
//===----------------------------------------------------------------------===//

namespace {

/// A number of a row under construction.
class Real {
public:
  Real(MetricRow &row, Value value) : row(&row), value(value) {}
  Real(MetricRow &row, double number) : Real(row, row.constant(number)) {}

  operator Value() const { return value; }
  MetricRow &getRow() const { return *row; }

private:
  MetricRow *row;
  Value value;
};

Real operator+(Real a, Real b) { return {a.getRow(), a.getRow().add(a, b)}; }
Real operator-(Real a, Real b) { return {a.getRow(), a.getRow().sub(a, b)}; }
Real operator*(Real a, Real b) { return {a.getRow(), a.getRow().mul(a, b)}; }
Real operator*(Real a, double b) { return a * Real(a.getRow(), b); }
Real operator-(Real a, double b) { return a - Real(a.getRow(), b); }
Real operator/(Real a, int64_t b) { return {a.getRow(), a.getRow().div(a, b)}; }

Real max(Real a, Real b) { return {a.getRow(), a.getRow().max(a, b)}; }
Real zero(Real a) { return {a.getRow(), 0.0}; }
Real negate(Real a) { return zero(a) - a; }
Real abs(Real a) { return max(a, negate(a)); }
Real exp(Real a) { return {a.getRow(), a.getRow().exp(a)}; }
Real log1p(Real a) { return {a.getRow(), a.getRow().log1p(a)}; }

/// The sum of `term`(k) over all predictions k.
Real sum(MetricRow &row, llvm::function_ref<Real(Value)> term) {
  return {row, row.fold(row.constant(0.0), [&](Value k, Value before) {
            return Value(Real(row, before) + term(k));
          })};
}

/// The mean of `term`(y, t) over the predictions of `row`.
Value average(MetricRow &row, llvm::function_ref<Real(Real, Real)> term) {
  Real total = sum(row, [&](Value k) {
    return term({row, row.getPrediction(k)}, {row, row.getTarget(k)});
  });
  return total / row.getNumOutputs();
}

/// The logarithms of the probabilities of a row, negated.
class NegatedLogs {
public:
  explicit NegatedLogs(MetricRow &row)
      : row(row), largest(row, row.getPrediction(row.findLargest())),
        total(log1p(sum(row, [&](Value k) { return exp(below(k)); }) - 1.0)) {}

  Real get(Value k) const { return total - below(k); }

private:
  /// Differences first: exact in fixed point, and no overflow of exp.
  Real below(Value k) const {
    return Real(row, row.getPrediction(k)) - largest;
  }

  MetricRow &row;
  Real largest, total;
};

} // namespace

//===----------------------------------------------------------------------===//
// Classes
//===----------------------------------------------------------------------===//

bool CrossEntropyAttr::takesClasses() const { return true; }

bool CrossEntropyAttr::accepts(int64_t outputs) const {
  return !getWeights() || static_cast<int64_t>(getWeights().size()) == outputs;
}

LogicalResult
CrossEntropyAttr::verify(llvm::function_ref<InFlightDiagnostic()> emitError,
                         FloatAttr smoothing, ArrayAttr weights) {
  if (!weights || llvm::all_of(weights, llvm::IsaPred<FloatAttr>))
    return success();
  return emitError() << "expected weights that are numbers, but got "
                     << weights;
}

Value CrossEntropyAttr::buildValue(MetricRow &row) const {
  NegatedLogs logs(row);
  llvm::SmallVector<double> weights;
  if (getWeights())
    for (auto weight : getWeights().getAsRange<FloatAttr>())
      weights.push_back(weight.getValueAsDouble());
  auto getLoss = [&](Value k) -> Real {
    return weights.empty() ? logs.get(k)
                           : logs.get(k) * Real(row, row.lookUp(weights, k));
  };
  Real loss = getLoss(row.getLabel());
  double smoothing = getSmoothing().getValueAsDouble();
  if (smoothing == 0.0)
    return loss;
  Real shared = sum(row, getLoss) / row.getNumOutputs();
  return loss * (1.0 - smoothing) + shared * smoothing;
}

bool ClassSquaresAttr::takesClasses() const { return true; }

Value ClassSquaresAttr::buildValue(MetricRow &row) const {
  Value label = row.getLabel();
  return sum(row,
             [&](Value k) {
               Real one(row, 1.0);
               Real target(row,
                           row.select(row.isSame(k, label), one, zero(one)));
               Real error = Real(row, row.getPrediction(k)) - target;
               return error * error;
             }) /
         2;
}

bool AccuracyAttr::takesClasses() const { return true; }

Value AccuracyAttr::buildValue(MetricRow &row) const {
  return row.select(row.isSame(row.findLargest(), row.getLabel()),
                    row.constant(1.0), row.constant(0.0));
}

//===----------------------------------------------------------------------===//
// Numbers
//===----------------------------------------------------------------------===//

Value MeanSquaresAttr::buildValue(MetricRow &row) const {
  return average(row, [](Real y, Real t) {
    Real error = y - t;
    return error * error;
  });
}

Value MeanAbsoluteAttr::buildValue(MetricRow &row) const {
  return average(row, [](Real y, Real t) { return abs(y - t); });
}

Value MeanHuberAttr::buildValue(MetricRow &row) const {
  double delta = getDelta().getValueAsDouble();
  return average(row, [&](Real y, Real t) -> Real {
    Real error = abs(y - t);
    Value isLarge = row.isAbove(error, row.constant(delta));
    return {row, row.select(isLarge, (error - delta / 2) * delta,
                            error * error / 2)};
  });
}

Value MeanLogisticAttr::buildValue(MetricRow &row) const {
  return average(row, [](Real y, Real t) {
    // log(1 + exp(y)) without a large exponential.
    return max(y, zero(y)) + log1p(exp(negate(abs(y)))) - t * y;
  });
}
