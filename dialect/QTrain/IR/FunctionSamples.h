//===- FunctionSamples.h - Tables of functions ------------------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTRAIN_IR_FUNCTION_SAMPLES_H
#define QTRAIN_IR_FUNCTION_SAMPLES_H

#include "dialect/QTrain/IR/QTrain.h"

#include <cstdint>

namespace qtc::qtrain {

/// f(x), or f'(x), in IEEE double, by folding what the function builds.
double evaluate(FunctionAttrInterface function, bool derivative, double x);

/// A function, or its derivative, as integers (numerics contract,
/// section 4.15).
struct FunctionSamples {
  static constexpr int64_t kHalf = 2048;    ///< index of the sample of 0
  static constexpr int64_t kSlopeBits = 16; ///< fraction bits of slopes

  FunctionSamples(FunctionAttrInterface function, bool derivative);

  /// False if the numbers below do not fit their integers: the function is
  /// steep, flat, or bends far away from 0.
  bool isRepresentable() const;

  int64_t spacingBits; ///< samples lie 2^-spacingBits apart
  /// round(f(i · 2^-spacingBits) · 2^fractionBits) for i in ±kHalf, halves to
  /// even; none if one is infinite or NaN.
  llvm::SmallVector<int32_t> values;
  int64_t fractionBits = 0;
  int64_t leftSlope = 0,
          rightSlope = 0; ///< of the lines that continue the samples
};

} // namespace qtc::qtrain

#endif // QTRAIN_IR_FUNCTION_SAMPLES_H
