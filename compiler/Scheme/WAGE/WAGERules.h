//===- WAGERules.h - Pieces of the rules of WAGE ----------------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTC_SCHEME_WAGE_RULES_H
#define QTC_SCHEME_WAGE_RULES_H

#include "compiler/Scheme/IntegerRules.h"
#include "compiler/Scheme/WAGE/WAGE.h"

#include <optional>

namespace qtc::wage {

/// A rule that depends on the options.
template <typename OpTy> struct Rule : mlir::OpConversionPattern<OpTy> {
  Rule(mlir::MLIRContext *context, const ApplyWAGEOptions &options)
      : mlir::OpConversionPattern<OpTy>(context), options(options) {}

protected:
  ApplyWAGEOptions options;
};

/// Storage of a code of `bits` bits.
inline unsigned getStorageWidth(int64_t bits) { return bits > 8 ? 16 : 8; }

/// QE: errors shifted by the rounded logarithm of the largest of them, of those
/// that `mask` counts (`wage.md` 2.3).
mlir::Value quantizeError(mlir::OpBuilder &builder, mlir::Location loc,
                          mlir::Value error, mlir::Value mask,
                          const ApplyWAGEOptions &options);

/// The mask of accumulators in a range. It is made where the accumulators are,
/// so that these need not live until the backward pass.
mlir::Value createMask(mlir::OpBuilder &builder, mlir::Value accumulators,
                       std::optional<int64_t> low, int64_t high);

mlir::Value applyMask(mlir::OpBuilder &builder, mlir::Location loc,
                      mlir::Value value, mlir::Value mask);

/// Adds the rules of functions of each element.
void populateFunctionRules(mlir::RewritePatternSet &patterns,
                           const ApplyWAGEOptions &options);

} // namespace qtc::wage

#endif // QTC_SCHEME_WAGE_RULES_H
