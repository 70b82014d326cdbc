//===- UpdateBuilder.h - Arithmetic of optimizers ---------------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The numbers of a step are computed in double and rounded once to the single
// that multiplies tensors. They are products, quotients and roots, which IEEE
// rounds in one way: no processor and no library has results of its own.
//
//===----------------------------------------------------------------------===//

#ifndef QTC_OPTIMIZER_UPDATE_BUILDER_H
#define QTC_OPTIMIZER_UPDATE_BUILDER_H

#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace qtc {

/// Builds operations on numbers of a step and on float tensors.
class UpdateBuilder {
public:
  /// `schedule` and `step` are the arguments of the training step.
  UpdateBuilder(mlir::ImplicitLocOpBuilder &builder, mlir::Value schedule,
                mlir::Value step, int64_t batch)
      : builder(builder), schedule(schedule), step(step), batch(batch) {}

  /// Examples of a batch.
  double getBatch() const { return static_cast<double>(batch); }

  /// Sets a factor on the learning rate.
  void setFactor(double value) { factor = value; }

  /// The learning rate times the factor, as a single.
  mlir::Value getRate();

  mlir::Value createSingle(double value);
  mlir::Value createDouble(double value);
  mlir::Value widen(mlir::Value single);
  mlir::Value round(mlir::Value number);
  mlir::Value multiply(mlir::Value left, mlir::Value right);
  mlir::Value divide(mlir::Value left, mlir::Value right);
  mlir::Value subtract(mlir::Value left, mlir::Value right);
  mlir::Value root(mlir::Value number);

  /// 1 − `decay`^t as a double, where `decay` is in [0, 1) and t counts steps
  /// from 1.
  mlir::Value createBiasCorrection(double decay);

  /// qtrain.linear_combination.
  mlir::Value combine(llvm::ArrayRef<mlir::Value> terms,
                      llvm::ArrayRef<mlir::Value> factors);
  /// qtrain.elementwise: 1, 0 or -1.
  mlir::Value sign(mlir::Value tensor);
  /// qtrain.square.
  mlir::Value square(mlir::Value tensor);
  /// qtrain.root_quotient.
  mlir::Value divideByRoot(mlir::Value numerator, mlir::Value square,
                           mlir::Value scale, mlir::Value offset);

private:
  mlir::ImplicitLocOpBuilder &builder;
  mlir::Value schedule, step;
  int64_t batch;
  double factor = 1.0;
};

} // namespace qtc

#endif // QTC_OPTIMIZER_UPDATE_BUILDER_H
