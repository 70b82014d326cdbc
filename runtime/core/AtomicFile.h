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

/// Writes the pieces to a new file next to `path` that nobody else can read,
/// flushes it, gives it the usual permissions, renames it to `path` and flushes
/// the folder. Throws Error; the new file is then removed and an old file is
/// untouched.
void writeFileAtomically(const std::string &path, const FilePieces &pieces);

/// Whether `name` is that of a new file that writeFileAtomically makes for
/// `target`, both without their folder.
bool isTemporaryOf(const std::string &target, const std::string &name);

/// Removes the file that is being written, if there is one. May be called in
/// the handler of a signal that ends the process.
void removeUnfinishedFile();

/// The folder that the file `path` is in.
std::string parentFolder(const std::string &path);

/// Creates `path` and its parents; a link to nothing gets its target. Throws
/// Error.
void createFolders(const std::string &path);

} // namespace qtcrt

#endif // QTCRT_CORE_ATOMICFILE_H
