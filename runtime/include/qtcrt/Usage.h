//===- Usage.h - help and usage errors of command lines ---------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The use of CLI11 that trainers and `qtc` share: the style of help, numbers,
// choices and errors. Depends only on CLI11, so that both can include it.
//
//===----------------------------------------------------------------------===//

#ifndef QTCRT_USAGE_H
#define QTCRT_USAGE_H

#include <CLI/CLI.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace qtcrt {

/// Help in 80 columns: `--option VALUE`, the description and the default.
class HelpFormatter : public CLI::Formatter {
public:
  HelpFormatter();
  std::string make_option_name(const CLI::Option *option,
                               bool isPositional) const override;
  std::string make_option_opts(const CLI::Option *option) const override;
  std::string make_option_desc(const CLI::Option *option) const override;
  std::string make_help(const CLI::App *app, std::string name,
                        CLI::AppFormatMode mode) const override;
  std::string make_subcommand(const CLI::App *command) const override;
};

/// The description of `--version`.
constexpr const char *versionHelp = "Print the version and exit";

/// A decimal number in [low, high]; throws CLI::ValidationError about `name`.
uint64_t parseNumber(const std::string &name, const std::string &text,
                     uint64_t low, uint64_t high);

/// Adds an option that takes a decimal number in [low, high].
template <typename Target>
CLI::Option *addNumber(CLI::App &command, const std::string &name,
                       Target &target, uint64_t low, uint64_t high,
                       const std::string &help) {
  auto store = [&target, name, low, high](const std::string &text) {
    target = static_cast<Target>(parseNumber(name, text, low, high));
  };
  return command.add_option_function<std::string>(name, store, help)
      ->type_name("N");
}

/// Restricts `option` to `choices`, and shows them as its value.
void setChoices(CLI::Option *option, std::vector<std::string> choices);

/// Whether `option` is given without a value; some flags may have one.
bool isFlag(const CLI::Option &option);

/// The word that gives `flag`, which was given, again.
std::string spellFlag(const CLI::Option &flag);

/// Adds the command `help`, which `parseWords` understands.
void addHelpCommand(CLI::App &app);

/// Parses the words after the program's name. A value that is missing or empty
/// and an option that is given twice are UsageErrors; CLI11 throws its own for
/// everything else.
void parseWords(CLI::App &app, const std::vector<std::string> &words);

/// The command, quoted for a shell, that prints the help of `command`, which is
/// `app` or one of its commands.
std::string helpCommand(const CLI::App &app, const CLI::App &command);

/// Describes the error in the command line, as one line without `error: `, and
/// names the command that prints help. Unknown words come first, in their
/// order, with suggestions.
std::string describeUsageError(const CLI::App &app,
                               const CLI::ParseError &error);

} // namespace qtcrt

#endif // QTCRT_USAGE_H
