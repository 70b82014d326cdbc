//===- CommandWords.cpp - the words of a command line ---------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

// CLI11 takes the word after `--out=` for the value of --out, an empty word for
// none, and reports values that are missing or too many in its own words. Hence
// each option and its value become one word before CLI11 sees them.

#include "qtcrt/Usage.h"

#include "qtcrt/Error.h"

#include <algorithm>
#include <map>

using namespace qtcrt;

namespace {

const CLI::App *findCommand(const CLI::App &app, const std::string &name) {
  for (const CLI::App *command : app.get_subcommands({}))
    if (command->get_name() == name)
      return command;
  return nullptr;
}

bool isLongOption(const std::string &word) {
  return word.size() > 2 && word.compare(0, 2, "--") == 0;
}

/// Joins the options on a command line with their values.
class WordReader {
public:
  WordReader(const CLI::App &app, const std::vector<std::string> &words)
      : app(app), command(&app), words(words) {}

  std::vector<std::string> read();

private:
  /// A word that starts with a hyphen: an option, perhaps with a value.
  struct Parts {
    std::string name, value;
    bool hasValue;
  };
  static Parts split(const std::string &word);
  [[noreturn]] void refuse(const std::string &name,
                           const std::string &problem) const;
  const CLI::Option *find(const std::string &word) const;
  std::string readOption(const std::string &word);
  std::string readFlag(const CLI::Option &option, const Parts &parts,
                       const std::string &word) const;
  std::string takeValue(const std::string &name);
  void noteOnce(const CLI::Option &option, const std::string &name,
                const std::string &word);

  const CLI::App &app;
  const CLI::App *command; ///< the innermost command so far
  const std::vector<std::string> &words;
  size_t next = 0;
  /// The options so far, as they were given.
  std::map<const CLI::Option *, std::string> given;
};

WordReader::Parts WordReader::split(const std::string &word) {
  if (!isLongOption(word))
    return {word.substr(0, 2), word.substr(std::min<size_t>(2, word.size())),
            word.size() > 2};
  size_t equals = word.find('=');
  if (equals == std::string::npos)
    return {word, "", false};
  return {word.substr(0, equals), word.substr(equals + 1), true};
}

void WordReader::refuse(const std::string &name,
                        const std::string &problem) const {
  throw UsageError(
      concat(name, ": ", problem, "; see ", helpCommand(app, *command)));
}

/// The option of the command that `word` gives, or null.
const CLI::Option *WordReader::find(const std::string &word) const {
  bool isOption = word.size() > 1 && word[0] == '-' && word != "--";
  return isOption ? command->get_option_no_throw(split(word).name) : nullptr;
}

std::vector<std::string> WordReader::read() {
  std::vector<std::string> joined;
  while (next < words.size()) {
    const std::string &word = words[next++];
    if (word == "--") {
      joined.insert(joined.end(), words.begin() + (next - 1), words.end());
      break;
    }
    const CLI::App *named = command == &app ? findCommand(app, word) : nullptr;
    if (named)
      command = named;
    joined.push_back(find(word) ? readOption(word) : word);
  }
  return joined;
}

std::string WordReader::readOption(const std::string &word) {
  const CLI::Option &option = *find(word);
  Parts parts = split(word);
  if (isFlag(option)) {
    noteOnce(option, parts.name, word);
    return readFlag(option, parts, word);
  }
  if (!parts.hasValue)
    parts.value = takeValue(parts.name);
  if (parts.value.empty())
    refuse(parts.name, "expected a value, but got ''");
  noteOnce(option, parts.name, "");
  return parts.name + (isLongOption(word) ? "=" : "") + parts.value;
}

/// Flags take no value, except for those with a type.
std::string WordReader::readFlag(const CLI::Option &option, const Parts &parts,
                                 const std::string &word) const {
  if (!isLongOption(word) || !parts.hasValue)
    return word;
  bool hasType = !option.get_type_name().empty();
  if (parts.value.empty() ||
      (!hasType && parts.value != "true" && parts.value != "false"))
    refuse(parts.name, concat("expected ", hasType ? "a" : "no",
                              " value, but got ", inQuotes(parts.value)));
  return word;
}

/// The word after the option `name`.
std::string WordReader::takeValue(const std::string &name) {
  if (next == words.size())
    refuse(name, "expected a value, but the command ends");
  const std::string &value = words[next];
  if (isLongOption(value) || find(value))
    refuse(name, concat("expected a value, but the option ",
                        inQuotes(split(value).name), " follows"));
  ++next;
  return value;
}

/// Only lists may be given several times, and flags that say the same.
void WordReader::noteOnce(const CLI::Option &option, const std::string &name,
                          const std::string &word) {
  auto [place, isNew] = given.try_emplace(&option, word);
  bool isRepeatable = isFlag(option) ? place->second == word
                                     : option.get_items_expected_max() > 1;
  if (!isNew && !isRepeatable)
    refuse(name, "given twice");
}

/// `help COMMAND` in the spelling that the parser knows.
std::vector<std::string> spellHelp(const CLI::App &app,
                                   const std::vector<std::string> &words) {
  if (words.empty() || words.front() != "help")
    return words;
  if (words.size() == 1)
    return {"--help"};
  if (!findCommand(app, words[1]))
    return {words[1]}; // the parser says that it is unknown
  return {words[1], "--help"};
}

} // namespace

void qtcrt::parseWords(CLI::App &app, const std::vector<std::string> &words) {
  std::vector<std::string> spelled = spellHelp(app, words);
  std::vector<std::string> joined = WordReader(app, spelled).read();
  std::reverse(joined.begin(), joined.end()); // as CLI11 wants them
  app.parse(std::move(joined));
}

void qtcrt::addHelpCommand(CLI::App &app) {
  app.add_subcommand("help", "Print the help of a command")
      ->add_option("COMMAND", "Command to explain");
}

std::string qtcrt::spellFlag(const CLI::Option &flag) {
  for (const std::string &name : flag.get_lnames())
    if (flag.get_flag_value(name, "") == flag.results().back())
      return "--" + name;
  return flag.get_name() + "=" + flag.results().back();
}
