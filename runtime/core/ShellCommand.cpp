//===- ShellCommand.cpp - commands for the user to type -------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qtcrt/ShellCommand.h"

#include "qtcrt/Printable.h"

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <cstring>

using namespace qtcrt;

namespace {

bool isPlain(char letter) {
  return std::isalnum(static_cast<unsigned char>(letter)) ||
         (letter && std::strchr("_@%+=:,./-", letter));
}

/// Escapes a character for use in `$'...'`.
std::string escape(std::string_view character) {
  if (character == "\\" || character == "'")
    return "\\" + std::string(character);
  if (printable(character) == character)
    return std::string(character);
  std::string codes;
  for (char byte : character) {
    char code[5];
    std::snprintf(code, sizeof(code), "\\%03o",
                  static_cast<unsigned>(static_cast<unsigned char>(byte)));
    codes += code;
  }
  return codes;
}

/// Quotes a word with characters that must not reach a terminal.
std::string quoteWithEscapes(std::string_view word) {
  std::string quoted = "$'";
  while (!word.empty()) {
    size_t bytes = decodeCharacter(word).bytes;
    quoted += escape(word.substr(0, bytes));
    word.remove_prefix(bytes);
  }
  return quoted + "'";
}

} // namespace

std::string qtcrt::quoteForShell(const std::string &word) {
  if (!word.empty() && std::all_of(word.begin(), word.end(), isPlain))
    return word;
  if (printable(word) != word)
    return quoteWithEscapes(word);
  std::string quoted = "'";
  for (char letter : word)
    quoted += letter == '\'' ? "'\\''" : std::string(1, letter);
  return quoted + "'";
}

std::string qtcrt::adviseToCompile(const std::string &options) {
  return (std::getenv(commandVariable) ? "use " : "compile with ") + options;
}

std::string qtcrt::commandToContinue(const std::vector<std::string> &words,
                                     const std::string &checkpoint,
                                     const std::string &folder) {
  const char *outer = std::getenv(commandVariable);
  std::string command =
      outer ? outer : quoteForShell(words[0]) + " " + words[1];
  for (size_t i = 2; i < words.size(); ++i) {
    const std::string &word = words[i];
    if (word == "--resume" || word == "--out")
      ++i; // and its value
    else if (word != "--overwrite" && word.rfind("--resume=", 0) != 0 &&
             word.rfind("--out=", 0) != 0)
      command += " " + quoteForShell(word);
  }
  return command + " --resume=" + quoteForShell(checkpoint) +
         " --out=" + quoteForShell(folder);
}
