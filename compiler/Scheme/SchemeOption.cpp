//===- SchemeOption.cpp - Options of schemes, optimizers and losses -------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Scheme/SchemeOption.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

#include <charconv>
#include <iterator>

using namespace qtc;

std::string qtc::spellNumber(double number) {
  char text[32];
  auto end = std::to_chars(std::begin(text), std::end(text), number,
                           std::chars_format::general);
  return std::string(text, end.ptr);
}

std::string qtc::spellValue(llvm::StringRef text) {
  double number = 0;
  (void)llvm::to_float(text, number);
  return spellNumber(number + 0.0); // -0 is 0
}

llvm::Error OptionValues::set(llvm::StringRef name, llvm::StringRef value) {
  const auto *option = llvm::find_if(
      options, [&](const SchemeOption &entry) { return entry.name == name; });
  if (option == options.end())
    return llvm::createStringError("option '" + prefix + name.str() +
                                   "': not one of this optimizer or loss");
  given[name] = value.str();
  if (option->choices.empty() || llvm::is_contained(option->choices, value))
    return llvm::Error::success();
  return refuse(*option, llvm::join(option->choices, " or "));
}

llvm::Error OptionValues::set(llvm::ArrayRef<std::string> settings) {
  for (llvm::StringRef setting : settings) {
    auto [name, value] = setting.split('=');
    if (llvm::Error error = set(name, value))
      return error;
  }
  return llvm::Error::success();
}

llvm::StringRef OptionValues::get(const SchemeOption &option) const {
  auto found = given.find(option.name);
  return found == given.end() ? option.defaultValue
                              : llvm::StringRef(found->second);
}

llvm::Error OptionValues::read(const SchemeOption &option, double limit,
                               llvm::StringRef range, double &number) const {
  bool isNumber = !get(option).empty() && llvm::to_float(get(option), number);
  if (isNumber && number >= 0.0 && number < limit)
    return llvm::Error::success();
  return refuse(option, "a number " + range);
}

llvm::Error OptionValues::refuse(const SchemeOption &option,
                                 const llvm::Twine &expected) const {
  return llvm::createStringError("option '" + spell(option) + "': expected " +
                                 expected + ", but got '" + get(option) + "'");
}

std::vector<std::string> OptionValues::listSettings() const {
  std::vector<std::string> settings;
  for (const SchemeOption &option : options)
    settings.push_back((option.name + "=" + get(option)).str());
  return settings;
}
