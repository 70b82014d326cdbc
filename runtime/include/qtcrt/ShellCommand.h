//===- ShellCommand.h - commands for the user to type -----------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTCRT_SHELLCOMMAND_H
#define QTCRT_SHELLCOMMAND_H

#include <string>
#include <vector>

namespace qtcrt {

/// Environment variable with the words, quoted for a shell, that stand for
/// `TRAINER train` in commands that a trainer prints: `qtc train` starts
/// trainers from a cache, where they may vanish.
constexpr const char *commandVariable = "QTC_TRAIN_COMMAND";

/// Quotes `word` for a POSIX shell. Control characters, which must not reach a
/// terminal, are escaped in the syntax of bash.
std::string quoteForShell(const std::string &word);

/// Advice to compile with `options`, which are quoted already: what to do
/// depends on who started the trainer.
std::string adviseToCompile(const std::string &options);

/// The command that continues the run which `words` (program, `train`, options)
/// started, from `checkpoint` and in `folder`.
std::string commandToContinue(const std::vector<std::string> &words,
                              const std::string &checkpoint,
                              const std::string &folder);

} // namespace qtcrt

#endif // QTCRT_SHELLCOMMAND_H
