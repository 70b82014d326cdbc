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

/// Rounded right shifts of many elements by one amount. What depends on the
/// amount alone is computed once, by the constructor, but for `nearest`, which
/// stays one operation.
class ShiftBuilder {
public:
  /// `shift` is an i32 of any value; results are clipped to ±(2^(bits−1) − 1).
  ShiftBuilder(mlir::ImplicitLocOpBuilder &builder, mlir::Value shift,
               qtrain::Rounding rounding, unsigned bits);

  /// The shifted and clipped i32 of the i32 `element`. `random` is an i32 in
  /// [0, 65535], needed for stochastic rounding only.
  mlir::Value shift(mlir::ImplicitLocOpBuilder &builder, mlir::Value element,
                    mlir::Value random) const;

private:
  mlir::Value roundMagnitude(mlir::ImplicitLocOpBuilder &builder,
                             mlir::Value magnitude, mlir::Value random) const;

  qtrain::Rounding rounding;
  unsigned bits;
  mlir::Value given;        ///< the shift
  mlir::Value amount;       ///< the shift, clamped to [0, 31]
  mlir::Value half;         ///< 2^(shift − 1), or 0
  mlir::Value quotientMask; ///< 0 when the shift takes all bits away, else −1
  mlir::Value restMask;     ///< the bits that the shift discards
  mlir::Value halfAmount;   ///< pseudo: bits of the random part
  mlir::Value halfMask;     ///< pseudo: mask of the random part
  mlir::Value odd;          ///< pseudo: 1 when the shift is odd
  mlir::Value up, down;   ///< stochastic: shifts that bring the rest to 16 bits
  mlir::Value mayRoundUp; ///< even: the shift is in [1, 31]
  mlir::Value limit;
};

/// The low half of the Philox number of element `index` (i64), as an i16.
mlir::Value createRandom16(mlir::ImplicitLocOpBuilder &builder,
                           mlir::Value index, mlir::Value seed,
                           mlir::Value step, uint32_t id, uint32_t purpose);

} // namespace qtc

#endif // QTC_CONVERSION_QTRAIN_TO_QKERNEL_INTEGER_MATH_H
