//===- Commands.h - Commands of qtc -----------------------------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTC_TOOLS_QTC_COMMANDS_H
#define QTC_TOOLS_QTC_COMMANDS_H

#include <string>

namespace CLI {
class App;
}

namespace qtc::tools {

/// Exit status for wrong usage.
constexpr int kUsageError = 2;

std::string getVersionText();

/// Each adds a command to `app`; running it sets `status` to the exit status.
void addCacheCommand(CLI::App &app, int &status);
void addCheckCommand(CLI::App &app, int &status);
void addCompileCommand(CLI::App &app, int &status);
void addTrainCommand(CLI::App &app, int &status);

} // namespace qtc::tools

#endif // QTC_TOOLS_QTC_COMMANDS_H
