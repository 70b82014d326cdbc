//===- TuneFlags.h - Command-line form of tuning ----------------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTC_TOOLS_QTC_TUNE_FLAGS_H
#define QTC_TOOLS_QTC_TUNE_FLAGS_H

#include "compiler/Pipelines/Compiler.h"

#include <string>

namespace CLI {
class App;
} // namespace CLI

namespace qtc::tools {

/// `--tune` and `--tune-file`.
class TuneFlags {
public:
  /// Adds the options to `command`.
  void addTo(CLI::App &command);

  /// Fails if an option conflicts with `options`.
  llvm::Error check(const CompileOptions &options) const;

  /// Refuses a file that is the output of the compiler or belongs to the model.
  llvm::Error checkFile(const CompileOptions &options) const;

  /// Sets the schedules of contractions in `options`: measured here, or those
  /// of the file.
  llvm::Error apply(CompileOptions &options) const;

private:
  llvm::Error read(CompileOptions &options) const;

  /// Schedules of a shape to try; 0: none.
  unsigned candidates = 0;
  std::string file;
};

} // namespace qtc::tools

#endif // QTC_TOOLS_QTC_TUNE_FLAGS_H
