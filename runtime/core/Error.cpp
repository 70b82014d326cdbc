//===- Error.cpp - errors of the runtime ----------------------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qtcrt/Error.h"

#include "qtcrt/Printable.h"

#include <cctype>
#include <cstring>

std::string qtcrt::describeErrno(int number) {
  std::string text = std::strerror(number);
  if (text.size() > 1 && std::islower(static_cast<unsigned char>(text[1])))
    text[0] = static_cast<char>(std::tolower(text[0]));
  return text;
}

std::string qtcrt::inQuotes(const std::string &name) {
  constexpr size_t longest = 4096; // of a path
  return "'" + printable(name, longest) + "'";
}
