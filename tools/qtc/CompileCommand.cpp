//===- CompileCommand.cpp - qtc compile -----------------------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tools/qtc/Commands.h"
#include "tools/qtc/CompileFlags.h"
#include "tools/qtc/OutputCheck.h"
#include "tools/qtc/Session.h"
#include "tools/qtc/TuneFlags.h"

#include "compiler/Target/CPU/Link.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

#include <CLI/CLI.hpp>

#include <memory>

using namespace qtc;
using namespace qtc::tools;

/// The default output: stdout for text, else a file with the model's name in
/// the current folder.
static std::string getDefaultOutput(const CompileOptions &options) {
  std::string stem = llvm::sys::path::stem(options.modelPath).str();
  switch (options.emit) {
  case Phase::Trainer:
    return stem;
  case Phase::Library:
    return stem + ".a";
  case Phase::Object:
    return stem + ".o";
  default:
    return "-";
  }
}

/// Refuses to write to files of the model.
static llvm::Error checkOutputs(const CompileOptions &options) {
  if (options.outputPath == "-")
    return llvm::Error::success();
  if (llvm::Error error =
          checkIsNoInput("-o", options.outputPath, options.modelPath))
    return error;
  if (options.emit != Phase::Library)
    return llvm::Error::success();
  return checkIsNoInput("-o", cpu::getHeaderPath(options.outputPath),
                        options.modelPath);
}

/// Sets the output, `given` unless that is empty; fails if it is a file of the
/// model.
static llvm::Error setOutput(CompileOptions &options,
                             const std::string &given) {
  options.outputPath = given.empty() ? getDefaultOutput(options) : given;
  if (options.outputPath.empty())
    return llvm::createStringError(
        "'" + options.modelPath +
        "' has no name for the output; name a file to write with -o");
  if (given.empty() &&
      llvm::sys::fs::equivalent(options.outputPath, options.modelPath))
    return llvm::createStringError(
        "the default output, '" + options.outputPath +
        "', is the model itself; name a file to write with -o");
  return checkOutputs(options);
}

void tools::addCompileCommand(CLI::App &app, int &status) {
  CLI::App *command =
      app.add_subcommand("compile", "Compile a model to a trainer");
  auto flags = std::make_shared<CompileFlags>();
  auto tuning = std::make_shared<TuneFlags>();
  auto output = std::make_shared<std::string>();
  flags->addTo(*command, CompileFlags::Use::Compile);
  tuning->addTo(*command);
  command
      ->add_option("-o", *output,
                   "File to write (default: the model's name without suffix; "
                   "text phases: stdout)")
      ->type_name("FILE");
  command->callback([flags, tuning, output, &status] {
    CompileOptions options;
    llvm::Error error = flags->parse(options);
    if (!error)
      error = tuning->check(options);
    if (!error)
      error = setOutput(options, *output);
    if (!error)
      error = tuning->checkFile(options);
    if (error) {
      reportFailure(std::move(error));
      status = kUsageError;
      return;
    }
    if (llvm::Error error = tuning->apply(options)) {
      status = reportFailure(std::move(error));
      return;
    }
    status = runCompiler(options, flags->memoryReport);
  });
}
