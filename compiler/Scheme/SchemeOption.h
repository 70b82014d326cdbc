//===- SchemeOption.h - Options of schemes and optimizers -------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTC_SCHEME_SCHEME_OPTION_H
#define QTC_SCHEME_SCHEME_OPTION_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

#include <string>

namespace qtc {

/// A command-line option of a scheme, or of an optimizer in the numbers of a
/// scheme, named `--<scheme>-<name>`.
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
};

/// The shortest decimal that is read as `number`.
std::string spellNumber(double number);
/// The same for a number as a user writes it.
std::string spellValue(llvm::StringRef text);

/// SchemeOption::getEvaluationPart of an option that changes evaluation.
inline llvm::StringRef getWholeValue(llvm::StringRef value) { return value; }

} // namespace qtc

#endif // QTC_SCHEME_SCHEME_OPTION_H
