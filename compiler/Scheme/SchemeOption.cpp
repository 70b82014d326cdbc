//===- SchemeOption.cpp - Options of schemes and optimizers ---------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Scheme/SchemeOption.h"

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
