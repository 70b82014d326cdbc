//===- IntegerMath.h - Integer functions as IR ------------------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTC_CONVERSION_QTRAIN_TO_QKERNEL_INTEGER_MATH_H
#define QTC_CONVERSION_QTRAIN_TO_QKERNEL_INTEGER_MATH_H

#include "dialect/QTrain/IR/QTrain.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace qtc {

/// The form of a shift of elements.
struct ShiftForm {
  qtrain::Rounding rounding;
  unsigned bits;              ///< results are clipped to ±(2^(bits−1) − 1)
  unsigned width = 32;        ///< of an element: 32 or 64
  bool bidirectional = false; ///< negative shifts multiply, except `nearest`
};

/// Rounded right shifts of many elements by one amount. The constructor
/// computes everything that depends only on the amount, once, except for
/// `nearest`, which stays one operation.
class ShiftBuilder {
public:
  /// `shift` is an i32 of any value.
  ShiftBuilder(mlir::ImplicitLocOpBuilder &builder, mlir::Value shift,
               ShiftForm form);

  /// The shifted and clipped `element`. `random` is an i32 in [0, 65535],
  /// needed for stochastic rounding only.
  mlir::Value shift(mlir::ImplicitLocOpBuilder &builder, mlir::Value element,
                    mlir::Value random) const;

private:
  mlir::Value roundMagnitude(mlir::ImplicitLocOpBuilder &builder,
                             mlir::Value magnitude, mlir::Value random) const;

  mlir::Value clip(mlir::ImplicitLocOpBuilder &builder,
                   mlir::Value magnitude) const;
  mlir::Value integer(mlir::ImplicitLocOpBuilder &builder, int64_t value) const;

  ShiftForm form;
  mlir::Value given;        ///< the shift
  mlir::Value amount;       ///< the shift, clamped to [0, width − 1]
  mlir::Value half;         ///< 2^(shift − 1), or 0
  mlir::Value quotientMask; ///< 0 when the shift discards all bits, else −1
  mlir::Value restMask;     ///< the bits that the shift discards
  mlir::Value halfAmount;   ///< pseudo: bits of the random part
  mlir::Value halfMask;     ///< pseudo: mask of the random part
  mlir::Value odd;          ///< pseudo: 1 when the shift is odd
  mlir::Value up, down;   ///< stochastic: shifts that bring the rest to 16 bits
  mlir::Value mayRoundUp; ///< even: the shift is in [1, width − 1]
  mlir::Value limit;
  mlir::Value leftAmount; ///< bidirectional: minus the shift, or 0
  mlir::Value leftLimit;  ///< bidirectional: `limit` before the shift
};

/// `nearest` (numerics contract, section 1) of an i32 `element`, clipped to
/// `bits`, for a `shift` in [1, 31] that differs between the elements of a
/// loop. `half` is 2^(shift − 1), an operand because SSE2 has no left shift by
/// different amounts and LLVM would compute it with floats.
mlir::Value createRoundedShift(mlir::ImplicitLocOpBuilder &builder,
                               mlir::Value element, mlir::Value shift,
                               mlir::Value half, unsigned bits);

/// value · 2^power, rounded to nearest and clamped to ±`limit`, of an i64 below
/// 2^62 and an i32 of any value.
mlir::Value createScaled(mlir::ImplicitLocOpBuilder &builder, mlir::Value value,
                         mlir::Value power, int64_t limit);

/// An i64 divided by a positive i64, rounded to nearest, halves away from zero.
mlir::Value createDivideNearest(mlir::ImplicitLocOpBuilder &builder,
                                mlir::Value value, mlir::Value divisor);

/// The low half of the Philox number of element `index` (i64), as an i16.
mlir::Value createRandom16(mlir::ImplicitLocOpBuilder &builder,
                           mlir::Value index, mlir::Value seed,
                           mlir::Value step, uint32_t id, uint32_t purpose);

} // namespace qtc

#endif // QTC_CONVERSION_QTRAIN_TO_QKERNEL_INTEGER_MATH_H
