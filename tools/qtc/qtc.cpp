//===- qtc.cpp - The compiler's command line ------------------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tools/qtc/Commands.h"

#include <CLI/CLI.hpp>

#include <csignal>
#include <cstdio>

int main(int argc, char **argv) {
  // Files that grow too large are write errors, not the end.
  std::signal(SIGXFSZ, SIG_IGN);
  CLI::App app("Compiles ONNX models to programs that train them with integer "
               "arithmetic.",
               "qtc");
  app.set_version_flag("--version", qtc::tools::getVersionText());
  app.require_subcommand(1);
  app.option_defaults()->always_capture_default();
  int status = 0;
  qtc::tools::addCheckCommand(app, status);
  qtc::tools::addCompileCommand(app, status);
  qtc::tools::addTrainCommand(app, status);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success &success) {
    return app.exit(success);
  } catch (const CLI::ParseError &error) {
    std::fprintf(stderr, "error: %s; see `qtc --help`\n", error.what());
    return qtc::tools::kUsageError;
  } catch (const std::exception &error) {
    std::fprintf(stderr, "error: %s\n", error.what());
    return 1;
  }
  return status;
}
