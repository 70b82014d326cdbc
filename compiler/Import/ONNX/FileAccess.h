//===- FileAccess.h - Reading model files -----------------------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTC_IMPORT_ONNX_FILEACCESS_H
#define QTC_IMPORT_ONNX_FILEACCESS_H

#include "compiler/Import/ONNX/Refusal.h"
#include "llvm/Support/MemoryBuffer.h"

#include <memory>
#include <string>

namespace qtc::onnx_import {

/// The bytes of the regular file `path`, whose name is UTF-8.
mlir::FailureOr<std::unique_ptr<llvm::MemoryBuffer>>
readFile(llvm::StringRef path, std::string &why);

/// The folder that `path` lies in; "." for a bare name.
std::string getFolder(llvm::StringRef path);

} // namespace qtc::onnx_import

#endif // QTC_IMPORT_ONNX_FILEACCESS_H
