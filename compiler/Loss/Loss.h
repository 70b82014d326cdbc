//===- Loss.h - Functions that training minimizes ---------------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A further loss is an entry in Losses.cpp with its options and its gradient,
// and an attribute for its value in dialect/QTrain/IR/QTrainMetrics.td and
// .cpp.
//
//===----------------------------------------------------------------------===//

#ifndef QTC_LOSS_LOSS_H
#define QTC_LOSS_LOSS_H

#include "compiler/Scheme/SchemeOption.h"
#include "dialect/QTrain/IR/QTrain.h"

#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace qtc {

/// What the options of a loss mean. A loss that lacks an option has its default
/// here.
struct LossConstants {
  /// The largest error that `huber` squares, positive.
  double delta = 1.0;
  /// The part of a target that is the same for all classes, from 0 to below 1.
  double smoothing = 0.0;
  /// One for each class, none of them negative; empty if all are 1.
  std::vector<double> classWeights;
  /// The label of examples that do not count.
  std::optional<int32_t> ignored;
};

/// A loss of one example, with its prediction y of shape [C] and its target t.
/// Training minimizes the mean over a batch.
struct Loss {
  llvm::StringRef name; ///< as `--loss` spells it
  llvm::StringRef summary;
  /// Whether targets are class indices, one per example; else they are numbers
  /// in the shape of the predictions.
  bool takesClasses;
  /// Builds the gradient of the sum over a batch with respect to `prediction`,
  /// of its type [N, C], in floats. Where the mean over a batch is divided by
  /// something else than N, it is the gradient of that mean times N.
  mlir::Value (*buildGradient)(mlir::ImplicitLocOpBuilder &,
                               mlir::Value prediction, mlir::Value target,
                               const LossConstants &);
  /// The value for a row of predictions, which is reported.
  qtrain::MetricAttrInterface (*getValue)(mlir::Builder &,
                                          const LossConstants &);
  /// The value if the prediction is the same for all of `classes`; null if that
  /// depends on the data.
  double (*getGuessValue)(int64_t classes) = nullptr;
  /// Options that it reads, named `--<name>`. Losses may share names.
  llvm::ArrayRef<SchemeOption> options = {};
  /// Reads their values; fails if one is wrong.
  llvm::Error (*readOptions)(const OptionValues &, LossConstants &) = nullptr;
  /// The function that is part of the loss, which therefore takes its operand
  /// as prediction where it ends a model; null if there is none.
  qtrain::FunctionAttrInterface (*getLink)(mlir::MLIRContext *) = nullptr;

  /// Whether predictions shall become the numbers themselves, so that the last
  /// steps are about small distances. With a link, as with classes, a
  /// prediction is right by a margin.
  bool fitsNumbers() const { return !takesClasses && !getLink; }
};

/// All losses.
llvm::ArrayRef<Loss> getLosses();

/// The loss of this name, or null.
const Loss *lookupLoss(llvm::StringRef name);

/// The operand by which `output`, or what it is a view of, takes the result of
/// the function that is part of `loss`; null if it does not.
mlir::OpOperand *findLink(const Loss &loss, mlir::OpOperand &output);

/// Values for the options of `loss`, all of them their defaults.
OptionValues getDefaultValues(const Loss &loss);

/// What values for the options of `loss` mean; fails if one is wrong.
llvm::Expected<LossConstants> readConstants(const Loss &loss,
                                            const OptionValues &values);

} // namespace qtc

#endif // QTC_LOSS_LOSS_H
