//===- Programs.h - Other programs and their files --------------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTC_SUPPORT_PROGRAMS_H
#define QTC_SUPPORT_PROGRAMS_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <string>
#include <vector>

namespace qtc {

/// Files that vanish with the object.
class TemporaryFiles {
public:
  TemporaryFiles() = default;
  TemporaryFiles(const TemporaryFiles &) = delete;
  TemporaryFiles &operator=(const TemporaryFiles &) = delete;
  ~TemporaryFiles();

  /// Writes `bytes` to a new file and returns its path.
  llvm::Expected<std::string> create(llvm::StringRef name,
                                     llvm::StringRef bytes);

private:
  std::vector<std::string> paths;
};

/// Runs a program with `arguments`, the first of which is its path, to its end.
/// The error is the first line that it prints.
llvm::Error runProgram(llvm::ArrayRef<std::string> arguments);

/// The same, and returns what it printed to stdout.
llvm::Expected<std::string> readProgram(llvm::ArrayRef<std::string> arguments);

} // namespace qtc

#endif // QTC_SUPPORT_PROGRAMS_H
