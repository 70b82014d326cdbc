//===- Usage.cpp - help and usage errors of command lines -----------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qtcrt/Usage.h"

#include "qtcrt/Error.h"
#include "qtcrt/ShellCommand.h"

#include <algorithm>
#include <cctype>
#include <numeric>
#include <sstream>
#include <utility>

using namespace qtcrt;

namespace {

constexpr size_t columns = 80;
constexpr size_t nameColumns = 30;

/// Wraps `text` to fit beside the names. Its line breaks are kept.
std::string wrap(const std::string &text) {
  std::istringstream lines(text);
  std::string line, word, out;
  while (std::getline(lines, line)) {
    std::istringstream words(line);
    size_t width = 0;
    out += out.empty() ? "" : "\n";
    while (words >> word) {
      bool fits = width + 1 + word.size() < columns - nameColumns;
      if (width > 0)
        out += fits ? " " : "\n";
      width = width > 0 && fits ? width + 1 + word.size() : word.size();
      out += word;
    }
  }
  return out;
}

/// Number of letters to insert, remove or replace to turn `left` into `right`.
size_t editDistance(const std::string &left, const std::string &right) {
  std::vector<size_t> row(right.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 0; i < left.size(); ++i) {
    size_t diagonal = std::exchange(row[0], i + 1);
    for (size_t j = 0; j < right.size(); ++j) {
      size_t replaced = diagonal + (left[i] != right[j]);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, diagonal + 1, row[j] + 1});
    }
  }
  return row.back();
}

/// Options of `command`, or its own commands, as the user writes them.
std::vector<std::string> namesIn(const CLI::App &command, bool options) {
  std::vector<std::string> names;
  if (options) {
    for (const CLI::Option *option : command.get_options())
      for (const std::string &name : option->get_lnames())
        names.push_back("--" + name);
  } else {
    for (const CLI::App *other : command.get_subcommands({}))
      names.push_back(other->get_name());
  }
  return names;
}

/// `; did you mean '--batch'?`, if one of `names` is close to `word`.
std::string suggest(const std::string &word,
                    const std::vector<std::string> &names) {
  auto bare = [](const std::string &name) {
    size_t begin = name.find_first_not_of('-');
    return begin == std::string::npos ? "" : name.substr(begin);
  };
  std::string given = bare(word), best;
  size_t least = (given.size() + 1) / 3 + 1;
  for (const std::string &name : names) {
    std::string known = bare(name);
    bool begins = given.size() >= 3 && known.rfind(given, 0) == 0;
    size_t distance = begins ? 1 : editDistance(given, known);
    if (distance >= least)
      continue;
    least = distance;
    best = name;
  }
  return best.empty() ? "" : concat("; did you mean ", inQuotes(best), "?");
}

/// The innermost command that was given.
const CLI::App &innermost(const CLI::App &app) {
  std::vector<CLI::App *> given = app.get_subcommands();
  return given.empty() ? app : innermost(*given.front());
}

bool isOption(const std::string &word) {
  return word.size() > 1 && word[0] == '-';
}

/// Describes the unknown words on the command line; empty if there are none.
std::string describeUnknown(const CLI::App &app) {
  const CLI::App &command = innermost(app);
  std::vector<std::string> words = app.remaining(/*recurse=*/true), options;
  std::copy_if(words.begin(), words.end(), std::back_inserter(options),
               isOption);
  bool isCommand = options.empty() && !namesIn(command, false).empty();
  const std::vector<std::string> &named = options.empty() ? words : options;
  if (named.empty())
    return "";
  std::string text = options.empty()
                         ? isCommand ? "unknown command" : "unexpected argument"
                         : "unknown option";
  if (isCommand)
    return concat(text, " ", inQuotes(named.front()),
                  suggest(named.front(), namesIn(command, false)));
  text += named.size() > 1 ? "s" : "";
  for (size_t i = 0; i < named.size(); ++i) {
    std::string name = named[i].substr(0, options.empty() ? std::string::npos
                                                          : named[i].find('='));
    text += (i ? ", " : " ") + inQuotes(name);
    if (i == 0 && named.size() == 1 && !options.empty())
      text += suggest(name, namesIn(command, true));
  }
  return text;
}

/// Reads a decimal number; false if `text` is not one or exceeds 64 bits.
bool parseNatural(const std::string &text, uint64_t &value) {
  value = 0;
  if (text.empty())
    return false;
  for (char digit : text)
    if (digit < '0' || digit > '9' ||
        __builtin_mul_overflow(value, uint64_t{10}, &value) ||
        __builtin_add_overflow(value, uint64_t(digit - '0'), &value))
      return false;
  return true;
}

/// CLI11's text as one line in this project's style.
std::string describeParseError(const CLI::App &app,
                               const CLI::ParseError &error) {
  std::string text = error.what();
  if (text == "A subcommand is required")
    return "no command; expected " +
           CLI::detail::join(namesIn(app, /*options=*/false), ", ");
  text = CLI::detail::find_and_replace(text, " excludes ",
                                       " cannot be used with ");
  for (char &letter : text)
    if (static_cast<unsigned char>(letter) < 32)
      letter = ' ';
  if (text.size() > 1 && std::islower(static_cast<unsigned char>(text[1])))
    text[0] = static_cast<char>(std::tolower(text[0]));
  while (!text.empty() && (text.back() == '.' || text.back() == ' '))
    text.pop_back();
  return text;
}

} // namespace

HelpFormatter::HelpFormatter() {
  column_width(nameColumns);
  label("Positionals", "Arguments");
  label("SUBCOMMAND", "COMMAND");
}

std::string HelpFormatter::make_option_name(const CLI::Option *option,
                                            bool isPositional) const {
  std::string name = CLI::Formatter::make_option_name(option, isPositional);
  // CLI11 writes `--tune{8}` for a number that may be left out, and
  // `--yes,!--no{false}`.
  std::string out, value;
  bool isValue = false;
  for (char letter : name) {
    isValue = isValue || letter == '{';
    if (isValue)
      value += letter;
    else if (letter != '!')
      out += letter;
    isValue = isValue && letter != '}';
  }
  return value.empty() || value == "{false}" ? out : out + "[=N]";
}

std::string HelpFormatter::make_option_opts(const CLI::Option *option) const {
  if (isFlag(*option) || option->get_positional())
    return "";
  return " " + option->get_type_name();
}

std::string HelpFormatter::make_option_desc(const CLI::Option *option) const {
  std::string text = option->get_description();
  if (option->get_required() && !option->get_positional())
    text += " (required)";
  else if (!isFlag(*option) && !option->get_default_str().empty())
    text += " (default: " + option->get_default_str() + ")";
  return wrap(text);
}

std::string HelpFormatter::make_help(const CLI::App *app, std::string name,
                                     CLI::AppFormatMode mode) const {
  std::string text = CLI::Formatter::make_help(app, name, mode);
  text = CLI::detail::find_and_replace(text, "\n\n\n", "\n\n");
  return text.substr(0, text.find_last_not_of('\n') + 1) + "\n";
}

std::string HelpFormatter::make_subcommand(const CLI::App *command) const {
  std::stringstream out;
  CLI::detail::format_help(out, command->get_display_name(true),
                           wrap(command->get_description()), nameColumns);
  return out.str();
}

uint64_t qtcrt::parseNumber(const std::string &name, const std::string &text,
                            uint64_t low, uint64_t high) {
  uint64_t value;
  if (!parseNatural(text, value) || value < low || value > high)
    throw CLI::ValidationError(name,
                               concat("expected an integer from ", low, " to ",
                                      high, ", but got ", inQuotes(text)));
  return value;
}

void qtcrt::setChoices(CLI::Option *option, std::vector<std::string> choices) {
  option->type_name(CLI::detail::join(choices, "|"));
  option->check(CLI::Validator(
      [choices](std::string &text) {
        if (std::find(choices.begin(), choices.end(), text) != choices.end())
          return std::string();
        return concat("expected ", CLI::detail::join(choices, ", "),
                      ", but got ", inQuotes(text));
      },
      ""));
}

bool qtcrt::isFlag(const CLI::Option &option) {
  return option.get_expected_max() == 0;
}

std::string qtcrt::helpCommand(const CLI::App &app, const CLI::App &command) {
  std::string name = quoteForShell(app.get_name());
  return (&command == &app ? name : name + " " + command.get_name()) +
         " --help";
}

std::string qtcrt::describeUsageError(const CLI::App &app,
                                      const CLI::ParseError &error) {
  std::string text = describeUnknown(app);
  if (text.empty())
    text = describeParseError(app, error);
  return text.back() == '?'
             ? text
             : text + "; see " + helpCommand(app, innermost(app));
}
