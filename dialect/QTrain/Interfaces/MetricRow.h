//===- MetricRow.h - A row under a metric -----------------------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTRAIN_METRIC_ROW_H
#define QTRAIN_METRIC_ROW_H

#include "mlir/IR/Value.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/STLFunctionalExtras.h"

#include <cstdint>

namespace qtc::qtrain {

/// A row of predictions with its target, and the arithmetic to build a metric
/// of it. Numbers are values of one type, floats or fixed point (numerics
/// contract, section 4.20); positions in the row are indices.
class MetricRow {
public:
  using Value = mlir::Value;

  virtual ~MetricRow() = default;

  /// Predictions of the row.
  virtual int64_t getNumOutputs() const = 0;
  virtual Value getPrediction(Value position) = 0;
  /// The target of a prediction, if targets are numbers.
  virtual Value getTarget(Value position) = 0;
  /// The position of the correct class, if targets are classes.
  virtual Value getLabel() = 0;
  /// The number of `table` at `position`.
  virtual Value lookUp(llvm::ArrayRef<double> table, Value position) = 0;

  virtual Value constant(double number) = 0;
  virtual Value add(Value a, Value b) = 0;
  virtual Value sub(Value a, Value b) = 0;
  virtual Value mul(Value a, Value b) = 0;
  /// `a` divided by a positive constant.
  virtual Value div(Value a, int64_t divisor) = 0;
  virtual Value max(Value a, Value b) = 0;
  /// The exponential of `a` ≤ 0.
  virtual Value exp(Value a) = 0;
  /// The natural logarithm of 1 + `a`, `a` ≥ 0.
  virtual Value log1p(Value a) = 0;
  /// Whether `a` > `b`, an i1. Nothing is above a NaN.
  virtual Value isAbove(Value a, Value b) = 0;
  /// Whether two positions are the same, an i1.
  virtual Value isSame(Value position, Value other) = 0;
  /// `yes` where `condition` holds, else `no`.
  virtual Value select(Value condition, Value yes, Value no) = 0;

  /// The last of the values that begin with `start`: `body` returns the next
  /// one for a position, from the first to the last, and the one before.
  virtual Value fold(Value start,
                     llvm::function_ref<Value(Value, Value)> body) = 0;
  /// The position of the largest prediction, the first of equal ones.
  virtual Value findLargest() = 0;
};

} // namespace qtc::qtrain

#endif // QTRAIN_METRIC_ROW_H
