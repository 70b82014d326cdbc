//===- qtc.cpp - The compiler's command line ------------------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Support/Interrupts.h"
#include "runtime/include/qtcrt/Error.h"
#include "runtime/include/qtcrt/StandardStreams.h"
#include "runtime/include/qtcrt/Usage.h"
#include "tools/qtc/Commands.h"
#include "tools/qtc/Session.h"

#include "llvm/Support/raw_ostream.h"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <csignal>
#include <new>
#include <optional>
#include <sstream>
#include <system_error>

using namespace qtc::tools;

int main(int argc, char **argv) {
  qtcrt::openStandardStreams();
  // Files that grow too large cause write errors instead of ending the process.
  std::signal(SIGXFSZ, SIG_IGN);
  CLI::App app("Compile ONNX models to programs that train them with integers",
               "qtc");
  app.set_version_flag("--version", getVersionText(), qtcrt::versionHelp);
  app.require_subcommand(1);
  app.formatter(std::make_shared<qtcrt::HelpFormatter>());
  app.option_defaults()->always_capture_default();
  int status = 0;
  addCheckCommand(app, status);
  addCompileCommand(app, status);
  addTrainCommand(app, status);
  addCacheCommand(app, status);
  qtcrt::addHelpCommand(app);
  handleFatalErrors();
  try {
    qtc::handleInterrupts();
    std::optional<std::vector<std::string>> words =
        takeMLIROptions({argv + std::min(argc, 1), argv + argc});
    if (!words)
      return kUsageError;
    qtcrt::parseWords(app, *words);
  } catch (const CLI::Success &success) {
    std::ostringstream text; // help or version
    app.exit(success, text);
    llvm::outs() << text.str();
    return finishOutput();
  } catch (const CLI::ParseError &error) {
    printLine("error: " + qtcrt::describeUsageError(app, error));
    return kUsageError;
  } catch (const qtcrt::UsageError &error) {
    printLine("error: " + std::string(error.what()));
    return kUsageError;
  } catch (const std::system_error &error) {
    printLine("error: " + describeThreadError(error.code().message()));
    return 1;
  } catch (const std::bad_alloc &) {
    printLine("error: out of memory");
    return 1;
  } catch (const std::exception &error) {
    printLine("error: " + std::string(error.what()));
    return 1;
  }
  return status;
}
