//===- Files.h - Files that users name --------------------------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTC_SUPPORT_FILES_H
#define QTC_SUPPORT_FILES_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/MemoryBuffer.h"

#include <cstdint>
#include <memory>

namespace qtc {

/// The bytes of the regular file `path`, which should be `kind`, "an ONNX
/// file". The error does not name the path: "cannot open the file: ...",
/// "expected an ONNX file, but got a directory".
llvm::Expected<std::unique_ptr<llvm::MemoryBuffer>>
readRegularFile(llvm::StringRef path, llvm::StringRef kind,
                uint64_t maxBytes = UINT64_MAX);

/// The contents of a file to write.
enum class Contents { Text, Data, Program };

/// Fails if `writeFile` would not be able to write `path`, as far as that is
/// known before.
llvm::Error checkOutput(llvm::StringRef path, Contents contents);

/// Writes a file as a whole or not at all. Symbolic links are followed. Fails
/// if `path` exists and is not a regular file; text may go to a device, such as
/// /dev/null.
llvm::Error writeFile(llvm::StringRef path, llvm::StringRef bytes,
                      Contents contents);

} // namespace qtc

#endif // QTC_SUPPORT_FILES_H
