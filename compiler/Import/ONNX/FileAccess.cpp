//===- FileAccess.cpp - Reading model files -------------------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Import/ONNX/FileAccess.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

using namespace mlir;
using namespace qtc::onnx_import;
using llvm::StringRef;
namespace fs = llvm::sys::fs;

FailureOr<std::unique_ptr<llvm::MemoryBuffer>>
qtc::onnx_import::readFile(StringRef path, std::string &why) {
  fs::file_status status;
  if (std::error_code error = fs::status(path, status))
    return Refusal(why) << "cannot open the file: " << error.message();
  if (fs::is_directory(status))
    return Refusal(why) << "expected an ONNX file, but got a directory";
  if (!fs::is_regular_file(status))
    return Refusal(why) << "expected an ONNX file, but got a device or a pipe";
  auto buffer = llvm::MemoryBuffer::getFile(path, /*IsText=*/false,
                                            /*RequiresNullTerminator=*/false);
  if (!buffer)
    return Refusal(why) << "cannot read the file: "
                        << buffer.getError().message();
  return std::move(*buffer);
}

std::string qtc::onnx_import::getFolder(StringRef path) {
  StringRef folder = llvm::sys::path::parent_path(path);
  return folder.empty() ? "." : folder.str();
}
