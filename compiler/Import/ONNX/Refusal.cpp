//===- Refusal.cpp - Why something cannot be imported ---------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Import/ONNX/Refusal.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/ConvertUTF.h"

using namespace llvm;

std::string qtc::onnx_import::printable(StringRef text) {
  constexpr size_t kLongest = 200;
  bool isCut = text.size() > kLongest;
  text = text.take_front(kLongest);
  // Not in the middle of a character.
  while (isCut && !text.empty() && (text.back() & 0x80))
    text = text.drop_back();
  const auto *begin = reinterpret_cast<const UTF8 *>(text.data());
  bool isUTF8 = isLegalUTF8String(&begin, begin + text.size());
  std::string result;
  for (char c : text) {
    if (isPrint(c) || (isUTF8 && (c & 0x80)))
      result += c;
    else
      result += "\\x" + toHex(StringRef(&c, 1), /*LowerCase=*/true);
  }
  return isCut ? result + "..." : result;
}

std::string qtc::onnx_import::quote(StringRef name) {
  return "'" + printable(name) + "'";
}

std::string qtc::onnx_import::formatShape(ArrayRef<int64_t> shape) {
  constexpr size_t kLongest = 16;
  if (shape.empty())
    return "scalar";
  std::string text =
      join(map_range(shape.take_front(kLongest),
                     [](int64_t extent) { return std::to_string(extent); }),
           "x");
  return shape.size() > kLongest ? text + "x..." : text;
}
