//===- Scheme.h - Number schemes for training -------------------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTC_SCHEME_SCHEME_H
#define QTC_SCHEME_SCHEME_H

#include "dialect/QTrain/IR/QTrain.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <cstdint>
#include <string>

namespace qtc {

/// A command-line option of a scheme, named `--<scheme>-<name>`.
struct SchemeOption {
  llvm::StringRef name;
  llvm::StringRef defaultValue;
  llvm::StringRef help;
  /// Accepted values; empty when the scheme checks a number itself.
  llvm::ArrayRef<llvm::StringRef> choices;
  /// The part of a value that can change the results of evaluation; null if no
  /// part can. Initial values and exponents do not count: a checkpoint has
  /// them, and they are compared separately.
  llvm::StringRef (*getEvaluationPart)(llvm::StringRef value) = nullptr;
  /// The one spelling of a value that the scheme accepts; null if there is no
  /// other.
  std::string (*spell)(llvm::StringRef value) = nullptr;
};

/// The shortest decimal that is read as `number`.
std::string spellNumber(double number);
/// The same for a number as a user writes it.
std::string spellValue(llvm::StringRef text);

/// SchemeOption::getEvaluationPart of an option that changes evaluation.
inline llvm::StringRef getWholeValue(llvm::StringRef value) { return value; }

/// The user's options for a scheme.
struct SchemeRequest {
  /// Start from the scheme's own initial weights instead of the file's.
  bool schemeInit = false;
  uint64_t seed = 1;
  /// Values of SchemeOption::name; missing ones have their default.
  llvm::StringMap<std::string> values;

  /// The value of `option`, given or default.
  std::string get(const SchemeOption &option) const {
    auto found = values.find(option.name);
    return found == values.end() ? option.defaultValue.str() : found->second;
  }
};

/// A scheme: the rules that rewrite a training module of float operations.
struct Scheme {
  llvm::StringRef name;
  llvm::StringRef summary;
  /// Whether no float type may be left after its passes.
  bool isInteger;
  /// enum qtcrt_schedule_kind of the learning rate.
  uint32_t scheduleKind;
  /// Learning-rate list when the user gives none.
  llvm::StringRef defaultSchedule;
  /// Names of the losses that it defines. The first is the default.
  llvm::ArrayRef<llvm::StringRef> losses;
  /// Whether a model may take numbers instead of pixels.
  bool takesNumbers;
  llvm::ArrayRef<SchemeOption> options;
  /// Appends the scheme's passes; fails if an option value is wrong.
  llvm::Error (*addPasses)(mlir::OpPassManager &, const SchemeRequest &);
  /// Reports every operation without a rule in a module, which may be a part of
  /// a model; the scheme's passes start with that. Null if the scheme has rules
  /// for everything that is imported.
  llvm::LogicalResult (*checkRules)(mlir::ModuleOp) = nullptr;
};

/// All schemes, the default first.
llvm::ArrayRef<const Scheme *> getSchemes();

/// The scheme of this name, or null.
const Scheme *lookupScheme(llvm::StringRef name);

} // namespace qtc

#endif // QTC_SCHEME_SCHEME_H
