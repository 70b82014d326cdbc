//===- VerifierSupport.h - Checks that verifiers share ----------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTRAIN_IR_VERIFIER_SUPPORT_H
#define QTRAIN_IR_VERIFIER_SUPPORT_H

#include "mlir/IR/Operation.h"
#include "mlir/IR/ValueRange.h"

namespace qtc::qtrain {

/// Fails with an error at `op` unless `value`, which is `what` of it, has the
/// shape `expected`.
mlir::LogicalResult expectShape(mlir::Operation *op, llvm::StringRef what,
                                mlir::Value value,
                                llvm::ArrayRef<int64_t> expected);

/// Fails with an error at `op` unless all values are float or all are scaled.
mlir::LogicalResult expectOneForm(mlir::Operation *op, mlir::ValueRange values);

/// As expectShape, for its rank.
mlir::LogicalResult expectRank(mlir::Operation *op, llvm::StringRef what,
                               mlir::Value value, size_t rank);

/// Fails with an error at `op` unless all `weights` are finite, none of them is
/// negative and one is positive.
mlir::LogicalResult expectWeights(mlir::Operation *op,
                                  llvm::ArrayRef<double> weights);

} // namespace qtc::qtrain

#endif // QTRAIN_IR_VERIFIER_SUPPORT_H
