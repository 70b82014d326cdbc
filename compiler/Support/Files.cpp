//===- Files.cpp - Files that users name ----------------------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Support/Files.h"

#include "compiler/Support/Interrupts.h"

#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

#include <climits>
#include <sys/stat.h>
#include <unistd.h>

using namespace qtc;
using llvm::StringRef;
namespace fs = llvm::sys::fs;
namespace path = llvm::sys::path;

/// Describes the type of a file that is not a regular file.
static StringRef describeType(const fs::file_status &status) {
  switch (status.type()) {
  case fs::file_type::directory_file:
    return "a directory";
  case fs::file_type::fifo_file:
    return "a pipe";
  case fs::file_type::socket_file:
    return "a socket";
  default:
    return "a device";
  }
}

llvm::Expected<std::unique_ptr<llvm::MemoryBuffer>>
qtc::readRegularFile(StringRef path, StringRef kind, uint64_t maxBytes) {
  fs::file_status status;
  if (std::error_code code = fs::status(path, status))
    return llvm::createStringError("cannot open the file: " + code.message());
  if (!fs::is_regular_file(status))
    return llvm::createStringError("expected " + kind + ", but got " +
                                   describeType(status));
  if (status.getSize() > maxBytes)
    return llvm::createStringError("expected " + kind + " of at most " +
                                   llvm::Twine(maxBytes) + " bytes, but got " +
                                   llvm::Twine(status.getSize()));
  auto buffer = llvm::MemoryBuffer::getFile(path, /*IsText=*/false,
                                            /*RequiresNullTerminator=*/false);
  if (!buffer)
    return llvm::createStringError("cannot read the file: " +
                                   buffer.getError().message());
  return std::move(*buffer);
}

static llvm::Error makeError(StringRef path, const llvm::Twine &why) {
  return llvm::createStringError("cannot write '" + path + "': " + why);
}

/// The file that `path` leads to, which need not exist.
static llvm::Expected<std::string> followLinks(StringRef path) {
  constexpr int kMaxLinks = 40; // as in Linux
  std::string current = path.str();
  for (int i = 0; i < kMaxLinks; ++i) {
    char target[PATH_MAX];
    ssize_t length = ::readlink(current.c_str(), target, sizeof(target));
    if (length < 0)
      return current;
    StringRef next(target, static_cast<size_t>(length));
    llvm::SmallString<128> joined;
    if (path::is_relative(next))
      joined = path::parent_path(current);
    path::append(joined, next);
    current = joined.str().str();
  }
  return makeError(path, "too many symbolic links");
}

static std::string getFolder(StringRef path) {
  StringRef folder = path::parent_path(path);
  return folder.empty() ? "." : folder.str();
}

/// Refuses the file that `path` leads to unless it is a regular one, or a
/// device for text.
static llvm::Error checkType(StringRef path, const fs::file_status &status,
                             Contents contents) {
  if (fs::is_regular_file(status) ||
      (contents == Contents::Text &&
       status.type() == fs::file_type::character_file))
    return llvm::Error::success();
  const char *kind = contents == Contents::Text      ? "text goes to files and "
                                                       "devices only"
                     : contents == Contents::Program ? "programs go to files "
                                                       "only"
                                                     : "objects and libraries "
                                                       "go to files only";
  return makeError(path, "expected a regular file, but there is " +
                             describeType(status) + "; " + kind);
}

llvm::Error qtc::checkOutput(StringRef path, Contents contents) {
  if (path.empty() || path::filename(path) == ".")
    return makeError(path, "expected the name of a file");
  fs::file_status status;
  std::error_code code = fs::status(path, status);
  if (code && code != std::errc::no_such_file_or_directory)
    return makeError(path, code.message());
  if (!code)
    if (llvm::Error error = checkType(path, status, contents))
      return error;
  if (!code && !fs::is_regular_file(status))
    return llvm::Error::success(); // written in place
  llvm::Expected<std::string> target = followLinks(path);
  if (!target)
    return target.takeError();
  std::string folder = getFolder(*target);
  if ((code = fs::access(folder, fs::AccessMode::Write)))
    return makeError(path, "folder '" + folder + "': " + code.message());
  return llvm::Error::success();
}

static llvm::Error writeDevice(StringRef path, StringRef bytes) {
  std::error_code code;
  llvm::raw_fd_ostream stream(path, code, fs::CD_OpenExisting);
  if (code)
    return makeError(path, code.message());
  stream << bytes;
  stream.close();
  code = stream.error();
  stream.clear_error();
  return code ? makeError(path, code.message()) : llvm::Error::success();
}

llvm::Error qtc::writeFile(StringRef path, StringRef bytes, Contents contents) {
  if (llvm::Error error = checkOutput(path, contents))
    return error;
  if (fs::exists(path) && !fs::is_regular_file(path))
    return writeDevice(path, bytes);
  llvm::Expected<std::string> target = followLinks(path);
  if (!target)
    return target.takeError();
  int descriptor;
  auto file = TemporaryPath::createFile(getFolder(*target), descriptor);
  if (!file)
    return makeError(path, llvm::toString(file.takeError()));
  llvm::raw_fd_ostream stream(descriptor, /*shouldClose=*/true);
  stream << bytes;
  stream.flush();
  std::error_code code = stream.error();
  // Some file systems have no permissions.
  unsigned mode = contents == Contents::Program ? 0777 : 0666;
  (void)::fchmod(descriptor, mode & ~fs::getUmask());
  stream.close();
  if (!code)
    code = stream.error();
  stream.clear_error();
  if (!code)
    code = file->renameTo(*target);
  return code ? makeError(path, code.message()) : llvm::Error::success();
}
