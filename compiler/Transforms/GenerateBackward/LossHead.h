//===- LossHead.h - A prediction with the loss that trains it ---*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTC_TRANSFORMS_GENERATE_BACKWARD_LOSS_HEAD_H
#define QTC_TRANSFORMS_GENERATE_BACKWARD_LOSS_HEAD_H

#include "compiler/Loss/Loss.h"
#include "dialect/QTrain/IR/QTrain.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

#include <string>

namespace qtc {

/// A result of a step that is reported: `role` is a metric or its weight.
struct Report {
  mlir::Value value;
  qtrain::Role role;
  llvm::StringRef name;
  unsigned output; ///< the prediction that it is about
};

/// A prediction of `@forward` with the loss that trains it.
struct LossHead {
  unsigned index = 0; ///< among the results
  const Loss *loss = nullptr;
  LossConstants constants;
  /// Training minimizes the sum of the losses, each times this.
  double weight = 1.0;

  /// Leaves a function that is part of the loss out of the prediction, which
  /// may be a view of its result.
  void dropLink(mlir::func::FuncOp forward) const;

  /// Builds the gradient of the mean of the loss over its rows, times `rows`:
  /// those of the first prediction, by which updates divide all gradients.
  mlir::Value buildGradient(mlir::OpBuilder &builder, mlir::Value prediction,
                            mlir::Value target, int64_t rows) const;

  /// Appends the loss and, for classes, the accuracy of every row of
  /// `prediction` to `metrics`, and their weights to `weights`.
  void buildReports(mlir::OpBuilder &builder, mlir::Value prediction,
                    mlir::Value target, llvm::SmallVectorImpl<Report> &metrics,
                    llvm::SmallVectorImpl<Report> &weights) const;
};

/// What the options of the pass say about losses, see GenerateBackward.td.
struct LossSettings {
  llvm::ArrayRef<std::string> losses, options;
  llvm::ArrayRef<double> weights;
};

/// The first results of `forward`, one for each loss. Fails with a diagnostic.
mlir::FailureOr<llvm::SmallVector<LossHead>>
readLossHeads(mlir::func::FuncOp forward, unsigned count,
              const LossSettings &settings);

} // namespace qtc

#endif // QTC_TRANSFORMS_GENERATE_BACKWARD_LOSS_HEAD_H
