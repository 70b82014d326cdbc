//===- FileHash.h - Identity of files ---------------------------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTC_SUPPORT_FILE_HASH_H
#define QTC_SUPPORT_FILE_HASH_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <string>

namespace qtc {

/// XXH3-128 of `bytes` in hex.
std::string hashBytes(llvm::StringRef bytes);

/// XXH3-128 of the bytes of file `path` in hex.
llvm::Expected<std::string> hashFile(llvm::StringRef path);

} // namespace qtc

#endif // QTC_SUPPORT_FILE_HASH_H
