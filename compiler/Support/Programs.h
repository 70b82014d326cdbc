//===- Programs.h - Other programs and their files --------------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTC_SUPPORT_PROGRAMS_H
#define QTC_SUPPORT_PROGRAMS_H

#include "compiler/Support/Interrupts.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <optional>
#include <string>

namespace qtc {

/// Files in a folder of their own, which vanishes with the object.
class TemporaryFiles {
public:
  /// A path for the new file `name`, which must differ from those before.
  llvm::Expected<std::string> reserve(llvm::StringRef name);
  /// Writes `bytes` to the new file `name` and returns its path.
  llvm::Expected<std::string> create(llvm::StringRef name,
                                     llvm::StringRef bytes);

private:
  std::optional<TemporaryPath> folder;
};

/// Runs a program with `arguments`, the first of which is its path, to its end.
/// The error is the first line that it prints.
llvm::Error runProgram(llvm::ArrayRef<std::string> arguments);

/// The same, and returns what it printed to stdout.
llvm::Expected<std::string> readProgram(llvm::ArrayRef<std::string> arguments);

/// Replaces this process by a program with `arguments`, the first of which is
/// its path. Returns only if that fails.
llvm::Error becomeProgram(llvm::ArrayRef<std::string> arguments);

} // namespace qtc

#endif // QTC_SUPPORT_PROGRAMS_H
