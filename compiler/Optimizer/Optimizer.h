//===- Optimizer.h - Rules that update parameters ---------------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// An optimizer turns the gradient of a parameter into its new value, and keeps
// tensors of its own for that. It is a file of this folder and a line of
// Optimizers.def. It computes in floats (FloatRule, for fp32) or in mantissas
// (IntegerRule, for NITI); optimizers in both have one name, but rules and
// options of their own.
//
//===----------------------------------------------------------------------===//

#ifndef QTC_OPTIMIZER_OPTIMIZER_H
#define QTC_OPTIMIZER_OPTIMIZER_H

#include "compiler/Scheme/SchemeOption.h"
#include "dialect/QTrain/IR/QTrain.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/Support/Error.h"

#include <limits>
#include <memory>
#include <string>

namespace qtc {

class IntegerUpdateBuilder;
class UpdateBuilder;

//===----------------------------------------------------------------------===//
// Options
//===----------------------------------------------------------------------===//

/// An option that is a number.
constexpr SchemeOption getNumberOption(llvm::StringRef name,
                                       llvm::StringRef defaultValue,
                                       llvm::StringRef help,
                                       bool omitsDefault = false) {
  return {name,       defaultValue, help, /*choices=*/{}, /*part=*/nullptr,
          spellValue, omitsDefault};
}

/// Numbers from 0 to below `limit`, and what errors call them.
struct NumberRange {
  double limit;
  llvm::StringRef spelling;
};
constexpr NumberRange kShares = {1.0, "from 0 to below 1"};
constexpr NumberRange kSingles = {std::numeric_limits<float>::max(),
                                  "from 0 to below 3.4e38"};

/// Reads the value of `option` as `number`.
struct NumberSetting {
  const SchemeOption &option;
  double &number;
  NumberRange range = kShares;
};

/// Reads all of `settings`; fails at the first value that is out of range.
llvm::Error readNumbers(const OptionValues &values,
                        llvm::ArrayRef<NumberSetting> settings);

//===----------------------------------------------------------------------===//
// Rules
//===----------------------------------------------------------------------===//

/// What the new value of a parameter is computed from.
struct UpdateInputs {
  mlir::Value parameter;
  /// The sum of the gradients of a batch's examples. A loss in PyTorch is a
  /// mean, so the gradient there is this divided by UpdateBuilder::getBatch.
  mlir::Value gradient;
  /// One tensor for each of UpdateRule::getStates.
  mlir::ValueRange states;
  /// The result of FloatRule::buildNumbers.
  llvm::ArrayRef<mlir::Value> numbers = {};
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
};

/// A rule on floats.
class FloatRule : public UpdateRule {
public:
  /// Builds the numbers that all updates with one rate share.
  virtual llvm::SmallVector<mlir::Value>
  buildNumbers(UpdateBuilder &builder) const = 0;

  /// Builds the new value of a parameter, then those of its states.
  virtual llvm::SmallVector<mlir::Value>
  buildUpdate(UpdateBuilder &builder, const UpdateInputs &inputs) const = 0;
};

/// A rule on mantissas. Its states are mantissas of 32 bits, with 8 fraction
/// bits more than the parameter.
class IntegerRule : public UpdateRule {
public:
  /// The fewest bits that a parameter may have, and what needs them.
  struct Need {
    unsigned bits = 8;
    std::string reason;
  };
  virtual Need getNeed() const { return {}; }

  /// Builds the new value of a parameter, then those of its states.
  virtual llvm::SmallVector<mlir::Value>
  buildUpdate(IntegerUpdateBuilder &builder,
              const UpdateInputs &inputs) const = 0;
};

/// An entry of the registry.
struct Optimizer {
  llvm::StringRef name;
  llvm::StringRef summary;
  /// Learning-rate list when the user gives none.
  llvm::StringRef defaultSchedule;
  /// Options that it reads. Optimizers may share names, not defaults.
  llvm::ArrayRef<SchemeOption> options;
  /// Makes the rule; fails if a value is wrong. Exactly one of the two is set:
  /// the rule computes in floats or in mantissas.
  llvm::Expected<std::unique_ptr<FloatRule>> (*createFloatRule)(
      const OptionValues &) = nullptr;
  llvm::Expected<std::unique_ptr<IntegerRule>> (*createIntegerRule)(
      const OptionValues &) = nullptr;
  /// The learning-rate list of losses that fit numbers; empty if it is the
  /// same.
  llvm::StringRef fittingSchedule = {};
};

#define QTC_FLOAT_OPTIMIZER(NAME) const Optimizer &getFloat##NAME();
#define QTC_INTEGER_OPTIMIZER(NAME) const Optimizer &getInteger##NAME();
#include "compiler/Optimizer/Optimizers.def"

/// All optimizers in floats, or in mantissas, the default first.
llvm::ArrayRef<const Optimizer *> getFloatOptimizers();
llvm::ArrayRef<const Optimizer *> getIntegerOptimizers();

/// The optimizer of this name among `optimizers`, or null.
const Optimizer *lookupOptimizer(llvm::ArrayRef<const Optimizer *> optimizers,
                                 llvm::StringRef name);

/// The rule of `optimizer`, which has one in these numbers, with `settings`,
/// each NAME=VALUE. Errors have `prefix` before names of options.
llvm::Expected<std::unique_ptr<FloatRule>>
createFloatRule(const Optimizer &optimizer,
                llvm::ArrayRef<std::string> settings, llvm::StringRef prefix);
llvm::Expected<std::unique_ptr<IntegerRule>>
createIntegerRule(const Optimizer &optimizer,
                  llvm::ArrayRef<std::string> settings, llvm::StringRef prefix);

/// Gives the updates of `function`, a training step on floats, the tensors that
/// `rule` keeps. These become parameters of kind `optimizer` in `symbols`,
/// arguments and results of the step, and operands of the updates.
llvm::LogicalResult addStates(const UpdateRule &rule,
                              mlir::func::FuncOp function,
                              mlir::SymbolTable &symbols);

/// Replaces the updates of `function`, a training step on floats, by `rule`,
/// with its states.
llvm::LogicalResult applyFloatRule(const FloatRule &rule,
                                   mlir::func::FuncOp function,
                                   mlir::SymbolTable &symbols);

} // namespace qtc

#endif // QTC_OPTIMIZER_OPTIMIZER_H
