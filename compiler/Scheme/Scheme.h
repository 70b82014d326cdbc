//===- Scheme.h - Number schemes for training -------------------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTC_SCHEME_SCHEME_H
#define QTC_SCHEME_SCHEME_H

#include "compiler/Optimizer/Optimizer.h"
#include "compiler/Scheme/SchemeOption.h"
#include "dialect/QTrain/IR/QTrain.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <cstdint>
#include <string>
#include <vector>

namespace qtc {

/// The user's options for a scheme.
struct SchemeRequest {
  /// Start from the scheme's own initial weights instead of the file's.
  bool schemeInit = false;
  uint64_t seed = 1;
  /// The optimizer; null for the scheme's own.
  const Optimizer *optimizer = nullptr;
  /// Loss::fitsNumbers of the loss, once that is known: some defaults follow.
  bool fitsNumbers = false;
  /// Values of SchemeOption::name; missing ones have their default.
  llvm::StringMap<std::string> values;

  /// The value of `option`, given or default.
  std::string get(const SchemeOption &option) const {
    auto found = values.find(option.name);
    if (found != values.end())
      return found->second;
    bool follows = fitsNumbers && !option.fittingDefault.empty();
    return (follows ? option.fittingDefault : option.defaultValue).str();
  }

  /// The values of the options of `optimizer`, each NAME=VALUE.
  std::vector<std::string> getSettings(const Optimizer &optimizer) const;
};

/// Options that suit a kind of network.
struct Recipe {
  llvm::StringRef name;
  /// The networks that it is for.
  llvm::StringRef networks;
  /// Options of `qtc train`, each --NAME=VALUE.
  llvm::ArrayRef<llvm::StringRef> words;
  /// Whether it is recommended for every model with normalizations.
  bool suitsNormalizations = false;
};

/// A scheme: the rules that rewrite a training module of float operations.
struct Scheme {
  llvm::StringRef name;
  llvm::StringRef summary;
  /// Whether no float type may be left after its passes.
  bool isInteger;
  /// enum qtcrt_schedule_kind of the learning rate.
  uint32_t scheduleKind;
  /// Learning-rate list when the user gives none; empty with optimizers, which
  /// have their own.
  llvm::StringRef defaultSchedule;
  /// Names of the losses that it defines. The first is the default.
  llvm::ArrayRef<llvm::StringRef> losses;
  /// Whether a model may take numbers instead of pixels.
  bool takesNumbers;
  llvm::ArrayRef<SchemeOption> options;
  /// Appends the passes that give the operations of the model and of its
  /// gradients the rules of the scheme; fails if an option value is wrong.
  llvm::Error (*addPasses)(mlir::OpPassManager &, const SchemeRequest &);
  /// Reports every operation without a rule in a module, which may be a part of
  /// a model; the scheme's passes start with that. Null if the scheme has rules
  /// for everything that is imported.
  llvm::LogicalResult (*checkRules)(mlir::ModuleOp) = nullptr;
  /// Optimizers to choose from, the default first; none if parameters have an
  /// update rule that is part of the scheme.
  llvm::ArrayRef<const Optimizer *> optimizers = {};
  /// Whether the learning rate of a parameter may have any positive factor
  /// instead of powers of two alone.
  bool anyRate = false;
  /// Widths in which a parameter may be stored; none if there is no choice.
  llvm::ArrayRef<llvm::StringRef> weightBits = {};
  /// Bits by which a parameter can grow beyond its largest initial value; none
  /// if there is no choice.
  llvm::ArrayRef<llvm::StringRef> headrooms = {};
  /// Appends the passes that prepare the model before it is differentiated;
  /// null if the scheme takes it as it is.
  void (*addPreparation)(mlir::OpPassManager &) = nullptr;
  llvm::ArrayRef<Recipe> recipes = {};

  /// The optimizer of `request`; null if there are none.
  const Optimizer *getOptimizer(const SchemeRequest &request) const;
  /// Learning-rate list of `request` when the user gives none.
  llvm::StringRef getDefaultSchedule(const SchemeRequest &request) const;
  /// All options that count for `request`: those of the scheme, then those of
  /// its optimizer.
  llvm::SmallVector<SchemeOption>
  getOptions(const SchemeRequest &request) const;
};

/// All schemes, the default first.
llvm::ArrayRef<const Scheme *> getSchemes();

/// The scheme of this name, or null.
const Scheme *lookupScheme(llvm::StringRef name);

} // namespace qtc

#endif // QTC_SCHEME_SCHEME_H
