//===- FileHash.cpp - Identity of files -----------------------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Support/FileHash.h"

#include "compiler/Support/Files.h"

#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/xxhash.h"

std::string qtc::hashBytes(llvm::StringRef bytes) {
  llvm::XXH128_hash_t hash = llvm::xxh3_128bits(
      {reinterpret_cast<const uint8_t *>(bytes.data()), bytes.size()});
  return llvm::formatv("{0:x-16}{1:x-16}", hash.high64, hash.low64).str();
}

llvm::Expected<std::string> qtc::hashFile(llvm::StringRef path) {
  auto buffer = readRegularFile(path, "a regular file");
  if (!buffer)
    return llvm::createStringError("'" + path +
                                   "': " + llvm::toString(buffer.takeError()));
  return hashBytes((*buffer)->getBuffer());
}
