//===- SchemeOption.h - Options of schemes, optimizers, losses --*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTC_SCHEME_SCHEME_OPTION_H
#define QTC_SCHEME_SCHEME_OPTION_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/ADT/Twine.h"
#include "llvm/Support/Error.h"

#include <string>
#include <vector>

namespace qtc {

/// A command-line option of a scheme, or of an optimizer in the numbers of a
/// scheme, named `--<scheme>-<name>`; or of a loss, named `--<name>`.
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
  /// Whether checkpoints do not mention the default, because there were
  /// checkpoints before the option.
  bool omitsDefault = false;
  /// The default of losses that fit numbers; empty if it is the same.
  llvm::StringRef fittingDefault = {};
};

/// The shortest decimal that is read as `number`.
std::string spellNumber(double number);
/// The same for a number as a user writes it.
std::string spellValue(llvm::StringRef text);

/// The values of some options.
class OptionValues {
public:
  OptionValues() = default;
  /// `prefix` comes before the names of options in errors.
  OptionValues(llvm::ArrayRef<SchemeOption> options, llvm::StringRef prefix)
      : options(options), prefix(prefix) {}

  /// Sets an option to what a user wrote; fails if there is none of that name,
  /// or if it is not one of the choices.
  llvm::Error set(llvm::StringRef name, llvm::StringRef value);
  /// The same for each of `settings`, NAME=VALUE.
  llvm::Error set(llvm::ArrayRef<std::string> settings);

  /// The value of `option`, given or default.
  llvm::StringRef get(const SchemeOption &option) const;
  /// The same as a number from 0 to below `limit`, which `range` calls it.
  llvm::Error read(const SchemeOption &option, double limit,
                   llvm::StringRef range, double &number) const;
  /// The error of an option whose value is not as `expected`.
  llvm::Error refuse(const SchemeOption &option,
                     const llvm::Twine &expected) const;
  /// An option's name in errors.
  std::string spell(const SchemeOption &option) const {
    return (prefix + option.name).str();
  }
  /// NAME=VALUE of every option.
  std::vector<std::string> listSettings() const;

private:
  llvm::ArrayRef<SchemeOption> options;
  std::string prefix;
  llvm::StringMap<std::string> given;
};

/// SchemeOption::getEvaluationPart of an option that changes evaluation.
inline llvm::StringRef getWholeValue(llvm::StringRef value) { return value; }

} // namespace qtc

#endif // QTC_SCHEME_SCHEME_OPTION_H
