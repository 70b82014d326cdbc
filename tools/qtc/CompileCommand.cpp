//===- CompileCommand.cpp - qtc compile -----------------------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tools/qtc/Commands.h"
#include "tools/qtc/CompileFlags.h"
#include "tools/qtc/Session.h"
#include "tools/qtc/TuneFlags.h"

#include <CLI/CLI.hpp>

#include <memory>

using namespace qtc;
using namespace qtc::tools;

void tools::addCompileCommand(CLI::App &app, int &status) {
  CLI::App *command =
      app.add_subcommand("compile", "Writes a trainer for a model");
  auto flags = std::make_shared<CompileFlags>();
  auto tuning = std::make_shared<TuneFlags>();
  auto output = std::make_shared<std::string>();
  flags->addTo(*command);
  tuning->addTo(*command);
  command->add_option("-o,--output", *output,
                      "file to write (text phases: stdout)");
  command->callback([flags, tuning, output, &status] {
    CompileOptions options;
    llvm::Error error = flags->parse(options);
    if (!error)
      error = tuning->check(options);
    if (error) {
      reportFailure(std::move(error));
      status = kUsageError;
      return;
    }
    bool isText = options.emit != Phase::Trainer &&
                  options.emit != Phase::Library &&
                  options.emit != Phase::Object;
    if (output->empty() && !isText) {
      reportFailure(
          llvm::createStringError("option '-o': expected a file to write"));
      status = kUsageError;
      return;
    }
    options.outputPath = output->empty() ? "-" : *output;
    if (llvm::Error error = tuning->apply(options)) {
      status = reportFailure(std::move(error));
      return;
    }
    status = runCompiler(options, flags->memoryReport);
  });
}
