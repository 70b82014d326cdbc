//===- Optimizer.h - Rules that update parameters ---------------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// An optimizer turns the gradient of a parameter into its new value, and keeps
// tensors of its own for that. It is a file of this folder and a line of
// Optimizers.def. A scheme says in which numbers it computes: fp32 offers all
// of them in floats.
//
//===----------------------------------------------------------------------===//

#ifndef QTC_OPTIMIZER_OPTIMIZER_H
#define QTC_OPTIMIZER_OPTIMIZER_H

#include "compiler/Scheme/SchemeOption.h"
#include "dialect/QTrain/IR/QTrain.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/Support/Error.h"

#include <memory>
#include <string>

namespace qtc {

class UpdateBuilder;

/// What the new value of a parameter is computed from.
struct UpdateInputs {
  mlir::Value parameter;
  /// The sum of the gradients of a batch's examples. A loss in PyTorch is a
  /// mean, so the gradient there is this divided by UpdateBuilder::getBatch.
  mlir::Value gradient;
  /// One tensor for each of UpdateRule::getStates.
  llvm::ArrayRef<mlir::Value> states;
  /// The result of UpdateRule::buildNumbers.
  llvm::ArrayRef<mlir::Value> numbers;
};

/// An optimizer with values for its options.
class UpdateRule {
public:
  virtual ~UpdateRule() = default;

  /// Names of the tensors that are kept for each parameter. They have its shape
  /// and start as zeros; the name is appended to that of the parameter. It is
  /// `momentum`, or `moment` and a digit: no tensor of a model has a key that
  /// ends so (runtime/core/CheckpointKeys.cpp).
  virtual llvm::ArrayRef<llvm::StringRef> getStates() const = 0;

  /// Builds the numbers that all updates of a step share.
  virtual llvm::SmallVector<mlir::Value>
  buildNumbers(UpdateBuilder &builder) const = 0;

  /// Builds the new value of a parameter, then those of its states.
  virtual llvm::SmallVector<mlir::Value>
  buildUpdate(UpdateBuilder &builder, const UpdateInputs &inputs) const = 0;
};

/// An entry of the registry.
struct Optimizer {
  llvm::StringRef name;
  llvm::StringRef summary;
  /// Learning-rate list when the user gives none.
  llvm::StringRef defaultSchedule;
  /// Options that it reads. Optimizers may share names, not defaults.
  llvm::ArrayRef<SchemeOption> options;
  /// Fails if a value is wrong.
  llvm::Expected<std::unique_ptr<UpdateRule>> (*createRule)(
      const OptionValues &);
};

#define QTC_OPTIMIZER(NAME) const Optimizer &get##NAME();
#include "compiler/Optimizer/Optimizers.def"

/// All optimizers, the default first.
llvm::ArrayRef<const Optimizer *> getOptimizers();

/// The optimizer of this name, or null.
const Optimizer *lookupOptimizer(llvm::StringRef name);

/// The rule of `optimizer` with `settings`, each NAME=VALUE. Errors have
/// `prefix` before names of options.
llvm::Expected<std::unique_ptr<UpdateRule>>
createUpdateRule(const Optimizer &optimizer,
                 llvm::ArrayRef<std::string> settings, llvm::StringRef prefix);

/// Replaces the updates of `function`, a training step on floats, by `rule`.
/// Tensors that it keeps become parameters of kind `optimizer` in `symbols`,
/// arguments and results of the step.
llvm::LogicalResult applyUpdateRule(const UpdateRule &rule,
                                    mlir::func::FuncOp function,
                                    mlir::SymbolTable &symbols);

} // namespace qtc

#endif // QTC_OPTIMIZER_OPTIMIZER_H
