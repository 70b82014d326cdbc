//===- FlagSupport.cpp - Pieces of command-line options -------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tools/qtc/FlagSupport.h"

#include <CLI/CLI.hpp>

#include "llvm/ADT/StringExtras.h"

using namespace qtc;
using namespace qtc::tools;

bool tools::isGiven(const CLI::App &parser, llvm::StringRef name) {
  const CLI::Option *option = parser.get_option_no_throw(name.str());
  return option && option->count() > 0;
}

llvm::Error tools::refuse(const llvm::Twine &option,
                          const llvm::Twine &expected, const llvm::Twine &got) {
  return llvm::createStringError("option '" + option + "': expected " +
                                 expected + ", but got " + got);
}

std::string SharedOption::listReaders() const {
  return llvm::join(llvm::map_range(readers,
                                    [this](llvm::StringRef reader) {
                                      return (kind + reader).str();
                                    }),
                    " or ");
}

std::string SharedOption::describe() const {
  std::string text = "With " + listReaders() + ", ";
  llvm::StringRef help = options.front()->help;
  text += llvm::toLower(help.front());
  text += help.drop_front();
  if (llvm::all_equal(llvm::map_range(
          options, [](const SchemeOption *o) { return o->defaultValue; })))
    return text;
  std::vector<std::string> defaults;
  for (auto [reader, option] : llvm::zip_equal(readers, options))
    defaults.push_back((option->defaultValue + " with " + reader).str());
  return text + " (default: " + llvm::join(defaults, ", ") + ")";
}

void tools::addReader(SharedOptions &shared, llvm::StringRef kind,
                      llvm::StringRef reader,
                      llvm::ArrayRef<SchemeOption> options) {
  for (const SchemeOption &option : options) {
    SharedOption &entry = shared[option.name];
    entry.kind = kind;
    entry.readers.push_back(reader);
    entry.options.push_back(&option);
  }
}
