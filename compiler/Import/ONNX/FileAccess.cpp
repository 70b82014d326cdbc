//===- FileAccess.cpp - Reading model files -------------------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Import/ONNX/FileAccess.h"

#include "compiler/Support/Files.h"
#include "runtime/include/qtcrt/Printable.h"

#include "llvm/Support/Path.h"

using namespace mlir;
using namespace qtc::onnx_import;
using llvm::StringRef;

FailureOr<std::unique_ptr<llvm::MemoryBuffer>>
qtc::onnx_import::readFile(StringRef path, std::string &why) {
  // The file names the model, and checkpoints store names in UTF-8.
  if (!qtcrt::isName(llvm::sys::path::filename(path)))
    return Refusal(why) << "the name of the file is not UTF-8; rename it";
  auto buffer = readRegularFile(path, "an ONNX file");
  if (!buffer)
    return Refusal(why) << llvm::toString(buffer.takeError());
  return std::move(*buffer);
}

std::string qtc::onnx_import::getFolder(StringRef path) {
  StringRef folder = llvm::sys::path::parent_path(path);
  return folder.empty() ? "." : folder.str();
}
