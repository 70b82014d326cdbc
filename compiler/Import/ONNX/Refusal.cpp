//===- Refusal.cpp - Reasons why an import fails --------------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Import/ONNX/Refusal.h"

#include "runtime/include/qtcrt/Printable.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

using namespace llvm;

std::string qtc::onnx_import::printable(StringRef text) {
  constexpr size_t kLongest = 200;
  return qtcrt::printable(text, kLongest);
}

std::string qtc::onnx_import::quote(StringRef name) {
  return "'" + printable(name) + "'";
}

std::string qtc::onnx_import::listNames(ArrayRef<std::string> names) {
  constexpr size_t kMaxListed = 4;
  std::string text;
  for (const std::string &name : names.take_front(kMaxListed))
    text += (text.empty() ? "" : ", ") + quote(name);
  return names.size() > kMaxListed ? text + ", ..." : text;
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
