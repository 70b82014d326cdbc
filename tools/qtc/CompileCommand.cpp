//===- CompileCommand.cpp - qtc compile -----------------------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tools/qtc/Commands.h"
#include "tools/qtc/CompileFlags.h"
#include "tools/qtc/Session.h"

#include <CLI/CLI.hpp>

#include <memory>

using namespace qtc;
using namespace qtc::tools;

void tools::addCompileCommand(CLI::App &app, int &status) {
  CLI::App *command =
      app.add_subcommand("compile", "Writes a trainer for a model");
  auto flags = std::make_shared<CompileFlags>();
  auto output = std::make_shared<std::string>();
  flags->addTo(*command);
  command->add_option("-o,--output", *output,
                      "file to write (text phases: stdout)");
  command->callback([flags, output, &status] {
    CompileOptions options;
    if (llvm::Error error = flags->parse(options)) {
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
    status = runCompiler(options, flags->memoryReport);
  });
}
