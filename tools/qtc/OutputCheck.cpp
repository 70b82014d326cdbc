//===- OutputCheck.cpp - Outputs that would replace inputs ----------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tools/qtc/OutputCheck.h"

#include "compiler/Import/ONNX/Import.h"

#include "llvm/Support/FileSystem.h"

using namespace qtc;
namespace fs = llvm::sys::fs;

static llvm::Error refuse(llvm::StringRef option, llvm::StringRef output,
                          const llvm::Twine &what) {
  return llvm::createStringError("option '" + option + "': '" + output +
                                 "' is " + what +
                                 "; expected another file to write");
}

llvm::Error tools::checkIsNoInput(llvm::StringRef option,
                                  llvm::StringRef output,
                                  llvm::StringRef model) {
  // Reading the model takes time, and a new file cannot be one of its.
  if (!fs::exists(output))
    return llvm::Error::success();
  if (output == model)
    return refuse(option, output, "the model itself");
  if (fs::equivalent(output, model))
    return refuse(option, output, "the model '" + model + "' itself");
  for (const std::string &file : onnx_import::listExternalFiles(model))
    if (fs::equivalent(output, file))
      return refuse(option, output,
                    "'" + file + "', where the model '" + model +
                        "' has its external data");
  return llvm::Error::success();
}
