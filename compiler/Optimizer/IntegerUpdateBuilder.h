//===- IntegerUpdateBuilder.h - Arithmetic of optimizers --------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTC_OPTIMIZER_INTEGER_UPDATE_BUILDER_H
#define QTC_OPTIMIZER_INTEGER_UPDATE_BUILDER_H

#include "compiler/Optimizer/Optimizer.h"

namespace qtc {

/// A number from 0 to below 1 with 8 bits: factor · 2^−shift, where the factor
/// is 0 or from 128 to 255.
struct Share {
  int64_t factor = 0, shift = 0;

  /// The share nearest to `number`, halves to even; the largest one for those
  /// above.
  static Share of(double number);
};

/// `number` in units of 1/256, rounded half to even.
int64_t countParts(double number);

/// Numbers that are rounded to 255/256 or less.
constexpr NumberRange kDecays = {255.5 / 256, "from 0 to below 0.998"};

/// Builds the update of one parameter on mantissas.
class IntegerUpdateBuilder {
public:
  /// `op` is the update on floats, in a function with the arguments that
  /// `rounding` needs; the parameter is stored with `width` bits. `rate` is
  /// added to the schedule.
  IntegerUpdateBuilder(mlir::OpBuilder &builder, qtrain::UpdateOp op,
                       unsigned width, int64_t rate, qtrain::Rounding rounding)
      : builder(builder), op(op), width(width), rate(rate), rounding(rounding) {
  }

  /// Bits that the parameter is stored with.
  unsigned getWidth() const { return width; }

  /// The learning rate, the logarithm of a step, plus `more`.
  mlir::Value getRate(int64_t more);

  mlir::Value offset(mlir::Value number, int64_t more);
  mlir::Value subtract(mlir::Value left, mlir::Value right);

  /// W of the mantissas.
  mlir::Value countBits(mlir::Value mantissas);

  /// The gradient, shifted by `shift` and rounded as the user wants, clipped to
  /// the width of the parameter.
  mlir::Value round(mlir::Value gradient, mlir::Value shift);

  /// 16-bit mantissas · 2^`power`, rounded toward zero and clipped.
  mlir::Value scale(mlir::Value mantissas, mlir::Value power);

  /// qtrain.weighted_sum with a result as wide as `bits` needs.
  mlir::Value combine(mlir::ValueRange terms, llvm::ArrayRef<int64_t> factors,
                      int64_t shift, qtrain::Rounding rounding, unsigned bits);

  /// input + addend · share · 2^power, by qtrain.add_scaled.
  mlir::Value addShare(mlir::Value input, mlir::Value addend, Share share,
                       mlir::Value power, unsigned bits);

  /// parameter − step, clipped.
  mlir::Value update(mlir::Value parameter, mlir::Value step);

private:
  mlir::Value createInt(int64_t value);

  mlir::OpBuilder &builder;
  qtrain::UpdateOp op;
  unsigned width;
  int64_t rate;
  qtrain::Rounding rounding;
};

} // namespace qtc

#endif // QTC_OPTIMIZER_INTEGER_UPDATE_BUILDER_H
