//===- ShellCommand.cpp - commands for the user to type -------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/ShellCommand.h"

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <cstring>

using namespace qtcrt;

namespace {

bool isControl(char letter) {
  return std::iscntrl(static_cast<unsigned char>(letter)) != 0;
}

bool isPlain(char letter) {
  return std::isalnum(static_cast<unsigned char>(letter)) ||
         (letter && std::strchr("_@%+=:,./-", letter));
}

std::string escape(char letter) {
  if (!isControl(letter))
    return letter == '\\' || letter == '\'' ? std::string("\\") + letter
                                            : std::string(1, letter);
  char code[5];
  std::snprintf(code, sizeof(code), "\\%03o",
                static_cast<unsigned>(static_cast<unsigned char>(letter)));
  return code;
}

} // namespace

std::string qtcrt::quoteForShell(const std::string &word) {
  if (!word.empty() && std::all_of(word.begin(), word.end(), isPlain))
    return word;
  bool hasControl = std::any_of(word.begin(), word.end(), isControl);
  std::string quoted = hasControl ? "$'" : "'";
  for (char letter : word)
    if (hasControl)
      quoted += escape(letter);
    else
      quoted += letter == '\'' ? "'\\''" : std::string(1, letter);
  return quoted + "'";
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
