//===- Loss.h - Functions that training minimizes ---------------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A further loss is a value of `qtcrt_loss`, an entry in Losses.cpp with its
// gradient, and its value in runtime/core/Loss.cpp.
//
//===----------------------------------------------------------------------===//

#ifndef QTC_LOSS_LOSS_H
#define QTC_LOSS_LOSS_H

#include "dialect/QTrain/IR/QTrain.h"
#include "runtime/include/qtcrt/abi.h"

#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

namespace qtc {

/// Constants of losses.
struct LossConstants {
  double delta = 1.0; ///< width of the middle of `huber`, positive
};

/// A loss of one example, with its prediction y of shape [C] and its target t.
/// Training minimizes the mean over a batch.
struct Loss {
  llvm::StringRef name; ///< as `--loss` spells it
  llvm::StringRef summary;
  qtcrt_loss number;
  /// Whether targets are class indices, one per example; else they are numbers
  /// in the shape of the predictions.
  bool takesClasses;
  /// Builds the gradient of the sum over a batch with respect to `prediction`,
  /// of its type [N, C], in floats.
  mlir::Value (*buildGradient)(mlir::ImplicitLocOpBuilder &,
                               mlir::Value prediction, mlir::Value target,
                               const LossConstants &);
  /// The function that is part of the loss, which therefore takes its operand
  /// as prediction where it ends a model; null if there is none.
  qtrain::FunctionAttrInterface (*getLink)(mlir::MLIRContext *) = nullptr;
};

/// All losses.
llvm::ArrayRef<Loss> getLosses();

/// The loss of this name, or null.
const Loss *lookupLoss(llvm::StringRef name);

} // namespace qtc

#endif // QTC_LOSS_LOSS_H
