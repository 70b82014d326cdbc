//===- Session.h - Diagnostics and output of all commands -------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTC_TOOLS_QTC_SESSION_H
#define QTC_TOOLS_QTC_SESSION_H

#include "compiler/Pipelines/Compiler.h"
#include "mlir/IR/MLIRContext.h"
#include "llvm/ADT/StringSet.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace qtc::tools {

/// Largest batch: rows of a step are counted in 31 bits.
constexpr int64_t kMaxBatch = 1 << 20;
/// Most batches of a trainer: each takes a compilation and code of its own.
constexpr size_t kMaxBatches = 8;

/// An MLIR context that prints its errors and remarks as lines, in the order in
/// which they are emitted.
class Session {
public:
  /// Errors name `model`, the file.
  explicit Session(llvm::StringRef model, bool printsRemarks = true);
  ~Session();

  mlir::MLIRContext &getContext() { return context; }
  /// The remarks that were printed, without "remark: ".
  llvm::ArrayRef<std::string> getRemarks() const { return remarks; }

private:
  void print(mlir::Diagnostic &diagnostic);

  mlir::MLIRContext context;
  std::string model;
  bool printsRemarks;
  bool reported = false;
  std::vector<std::string> remarks;
  std::unique_ptr<mlir::ScopedDiagnosticHandler> handler;
};

/// Prints a line for the user to stderr, with control characters escaped.
void printLine(llvm::StringRef text);

/// Prints `error`, unless it was printed as a diagnostic, and returns the exit
/// status of a failure.
int reportFailure(llvm::Error error);

/// The message for a thread that the system did not start, `why`.
std::string describeThreadError(llvm::StringRef why);

/// Makes errors that LLVM cannot recover from one line and the exit status of a
/// failure instead of a crash.
void handleFatalErrors();

/// Sets MLIR's own options among the words of a command line, `--mlir-NAME` or
/// `--mlir-NAME=VALUE` of the command `compile`, and returns the other words.
/// Nothing if a value is wrong, which is printed; throws UsageError if there is
/// no such option.
std::optional<std::vector<std::string>>
takeMLIROptions(std::vector<std::string> words);

/// Flushes stdout; returns the exit status, which is that of a failure if not
/// everything could be written.
int finishOutput();

/// Compiles, prints diagnostics to stderr and the memory report to stdout;
/// returns the exit status. `remarks`, if given, gets those that were printed.
int runCompiler(const CompileOptions &options, bool memoryReport,
                std::vector<std::string> *remarks = nullptr);

} // namespace qtc::tools

#endif // QTC_TOOLS_QTC_SESSION_H
