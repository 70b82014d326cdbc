//===- AtomicFile.h - files that appear whole or not at all -----*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTCRT_CORE_ATOMICFILE_H
#define QTCRT_CORE_ATOMICFILE_H

#include <string>
#include <utility>
#include <vector>

namespace qtcrt {

/// Pieces of a file: address and bytes.
using FilePieces = std::vector<std::pair<const void *, size_t>>;

/// Writes the pieces to PATH.tmp, flushes, renames to PATH, flushes the folder.
/// Throws Error; then the temporary is gone and an old file is untouched.
void writeFileAtomically(const std::string &path, const FilePieces &pieces);

/// Creates `path` and its parents. Throws Error.
void createFolders(const std::string &path);

} // namespace qtcrt

#endif // QTCRT_CORE_ATOMICFILE_H
