//===- ExternalData.h - Tensor data in files of their own -------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTC_IMPORT_ONNX_EXTERNALDATA_H
#define QTC_IMPORT_ONNX_EXTERNALDATA_H

#include "compiler/Import/ONNX/Refusal.h"
#include "llvm/Support/MemoryBuffer.h"

#include <cstdint>
#include <memory>
#include <string>

namespace onnx {
class TensorProto;
} // namespace onnx

namespace qtc::onnx_import {

/// The canonical path of the file `location`, which must lie below `folder`
/// even after symbolic links are followed.
mlir::FailureOr<std::string> resolveLocation(llvm::StringRef location,
                                             llvm::StringRef folder,
                                             std::string &why);

/// Checks that `tensor`, whose data lie outside of the model, has `bytes` bytes
/// in a regular file that resolveLocation finds.
mlir::LogicalResult findExternalData(const onnx::TensorProto &tensor,
                                     llvm::StringRef folder, int64_t bytes,
                                     std::string &why);

/// Reads the external data of `tensor`, which have `bytes` bytes.
mlir::FailureOr<std::unique_ptr<llvm::MemoryBuffer>>
readExternalData(const onnx::TensorProto &tensor, llvm::StringRef folder,
                 int64_t bytes, std::string &why);

} // namespace qtc::onnx_import

#endif // QTC_IMPORT_ONNX_EXTERNALDATA_H
