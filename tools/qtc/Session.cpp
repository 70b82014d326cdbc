//===- Session.cpp - Diagnostics and output of all commands ---------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tools/qtc/Session.h"

#include "compiler/Import/ONNX/Refusal.h"
#include "compiler/Pipelines/FrontEnd.h"
#include "compiler/Pipelines/Registration.h"
#include "compiler/Support/Interrupts.h"
#include "compiler/Support/NodeLocation.h"
#include "runtime/include/qtcrt/Error.h"
#include "runtime/include/qtcrt/Printable.h"
#include "tools/qtc/Commands.h"
#include "tools/qtc/Memory.h"

#include "mlir/IR/Diagnostics.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/ErrorHandling.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"

#include <algorithm>
#include <unistd.h>
#include <utility>

using namespace mlir;
using namespace qtc;
using namespace qtc::tools;

std::string tools::getVersionText() {
  return ("qtc " + getCompilerVersion()).str();
}

void tools::printLine(llvm::StringRef text) {
  llvm::errs() << qtcrt::printable(text) << "\n";
}

static DialectRegistry makeRegistry() {
  DialectRegistry registry;
  registerDialects(registry);
  return registry;
}

/// The node of the model that a location names, as a prefix of a message.
static std::string getNodePrefix(Location loc) {
  std::optional<ModelNode> node = findModelNode(loc);
  if (!node || node->opType.empty())
    return "";
  return ("node '" + node->name + "' (" + node->opType + "): ").str();
}

Session::Session(llvm::StringRef model, bool printsRemarks)
    : context(makeRegistry()), model(onnx_import::printable(model)),
      printsRemarks(printsRemarks) {
  handler = std::make_unique<ScopedDiagnosticHandler>(
      &context, [this](Diagnostic &diagnostic) {
        print(diagnostic);
        return success();
      });
}

void Session::print(Diagnostic &diagnostic) {
  bool isError = diagnostic.getSeverity() == DiagnosticSeverity::Error;
  bool isRemark = diagnostic.getSeverity() == DiagnosticSeverity::Remark;
  // Later errors are consequences of the first.
  if (isError ? std::exchange(reported, true) : !isRemark || !printsRemarks)
    return;
  std::string text =
      getNodePrefix(diagnostic.getLocation()) + getUserText(diagnostic);
  // The importer names the file itself.
  if (!llvm::StringRef(text).starts_with(model + ": "))
    text = model + ": " + text;
  if (isRemark) {
    // The front end says the same about every batch.
    if (llvm::is_contained(remarks, text))
      return;
    remarks.push_back(text);
  }
  printLine((isError ? "error: " : "remark: ") + text);
}

Session::~Session() = default;

int tools::reportFailure(llvm::Error error) {
  std::string message = llvm::toString(std::move(error));
  if (!message.empty())
    printLine("error: " + message);
  return 1;
}

std::string tools::describeThreadError(llvm::StringRef why) {
  return ("cannot start a thread: " + why +
          "; raise the limit of processes (ulimit -u) or of memory (ulimit -v)")
      .str();
}

/// Other threads may still run, so nothing is destroyed.
[[noreturn]] static void endAfter(const llvm::Twine &error) {
  printLine(("error: " + error).str());
  removeLeftovers();
  ::_exit(1);
}

void tools::handleFatalErrors() {
  llvm::install_fatal_error_handler([](void *, const char *reason, bool) {
    llvm::StringRef text(reason);
    if (text.consume_front("pthread_create failed: "))
      endAfter(describeThreadError(text));
    endAfter("LLVM cannot continue: " + text);
  });
  handleLackOfMemory();
}

std::optional<std::vector<std::string>>
tools::takeMLIROptions(std::vector<std::string> words) {
  if (words.empty() || words.front() != "compile")
    return words;
  registerMLIROptions();
  auto isOwn = [](const std::string &word) {
    return llvm::StringRef(word).starts_with("--mlir-");
  };
  // LLVM prints a wrong value in a line that begins with the program's name.
  std::vector<const char *> arguments{"error"};
  for (const std::string &word : words) {
    if (!isOwn(word))
      continue;
    llvm::StringRef name = llvm::StringRef(word).drop_front(2).split('=').first;
    if (!llvm::cl::getRegisteredOptions().contains(name))
      throw qtcrt::UsageError("unknown option '--" + name.str() +
                              "'; see 'qtc-opt --help' for those of MLIR");
    arguments.push_back(word.c_str());
  }
  if (!llvm::cl::ParseCommandLineOptions(static_cast<int>(arguments.size()),
                                         arguments.data(), "", &llvm::errs()))
    return std::nullopt;
  words.erase(std::remove_if(words.begin(), words.end(), isOwn), words.end());
  return words;
}

int tools::finishOutput() {
  llvm::outs().flush();
  std::error_code code = llvm::outs().error();
  llvm::outs().clear_error();
  if (!code)
    return 0;
  return reportFailure(
      llvm::createStringError("cannot write to stdout: " + code.message()));
}

static void printMemory(const MemoryReport &report) {
  llvm::outs() << "variant          batch      state bytes      arena bytes    "
                  "    total MiB\n";
  for (const MemoryReport::Arena &arena : report.arenas)
    llvm::outs() << llvm::format(
        "%-12s %9lld %16lld %16lld %16.1f\n", arena.variant.c_str(),
        static_cast<long long>(arena.batch),
        static_cast<long long>(report.stateBytes),
        static_cast<long long>(arena.bytes),
        static_cast<double>(report.stateBytes + arena.bytes) / (1 << 20));
}

int tools::runCompiler(const CompileOptions &options, bool memoryReport,
                       std::vector<std::string> *remarks) {
  Session session(options.modelPath);
  Compiler compiler(session.getContext(), options);
  if (llvm::Error error = compiler.run())
    return reportFailure(std::move(error));
  if (remarks)
    *remarks = session.getRemarks();
  if (memoryReport)
    printMemory(compiler.getMemoryReport());
  return finishOutput();
}
