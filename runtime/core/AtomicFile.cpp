//===- AtomicFile.cpp - files that appear whole or not at all -------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/AtomicFile.h"

#include "qtcrt/Error.h"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <random>
#include <sys/stat.h>
#include <unistd.h>

using namespace qtcrt;

namespace {

// Follows the target's name, and is followed by a random number.
const std::string temporaryEnd = ".tmp-";

/// Path of the file that is being written, for the handler of a signal; empty
/// if there is none.
char unfinished[PATH_MAX];
volatile std::sig_atomic_t hasUnfinished = 0;

void setUnfinished(const std::string &path) {
  hasUnfinished = 0;
  if (path.empty() || path.size() >= sizeof(unfinished))
    return;
  std::memcpy(unfinished, path.c_str(), path.size() + 1);
  hasUnfinished = 1;
}

/// The permissions of new files under the user's umask.
mode_t usualMode() {
  static const mode_t mask = [] {
    mode_t current = umask(0);
    umask(current);
    return current;
  }();
  return 0666 & ~mask;
}

/// A name that no other process takes, next to `target`.
std::string chooseName(const std::string &target) {
  std::random_device random;
  char number[17];
  std::snprintf(number, sizeof(number), "%08x%08x", random(), random());
  return target + temporaryEnd + number;
}

/// A temporary file that vanishes unless it is renamed.
class Temporary {
public:
  explicit Temporary(const std::string &target)
      : target(target), path(chooseName(target)) {
    setUnfinished(path);
    descriptor =
        open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (descriptor < 0) {
      setUnfinished("");
      fail("cannot create ", inQuotes(path), ": ", describeErrno(errno));
    }
  }
  ~Temporary() {
    if (descriptor >= 0)
      close(descriptor);
    if (!renamed)
      unlink(path.c_str());
    setUnfinished("");
  }
  Temporary(const Temporary &) = delete;
  Temporary &operator=(const Temporary &) = delete;

  void write(const void *data, size_t bytes) {
    const char *next = static_cast<const char *>(data);
    while (bytes > 0) {
      ssize_t done =
          ::write(descriptor, next, std::min<size_t>(bytes, size_t{1} << 30));
      if (done < 0 && errno == EINTR)
        continue;
      if (done <= 0)
        failWrite(done < 0 ? errno : ENOSPC);
      next += done;
      bytes -= static_cast<size_t>(done);
    }
  }

  void commit() {
    if (fchmod(descriptor, usualMode()) != 0 || fsync(descriptor) != 0)
      failWrite(errno);
    int status = close(descriptor);
    descriptor = -1;
    if (status != 0)
      failWrite(errno);
    if (rename(path.c_str(), target.c_str()) != 0)
      fail("cannot rename ", inQuotes(path), " to ", inQuotes(target), ": ",
           describeErrno(errno));
    renamed = true;
  }

private:
  [[noreturn]] void failWrite(int number) {
    fail("cannot write ", inQuotes(target), ": ", describeErrno(number),
         "; free space or choose another --out");
  }

  std::string target, path;
  int descriptor = -1;
  bool renamed = false;
};

/// Creates the folder that the link `path` leads to; false if `path` is none.
bool createTarget(const std::string &path) {
  char text[PATH_MAX];
  ssize_t bytes = readlink(path.c_str(), text, sizeof(text));
  if (bytes <= 0)
    return false;
  std::string target(text, static_cast<size_t>(bytes));
  createFolders(target[0] == '/' ? target : parentFolder(path) + "/" + target);
  return true;
}

} // namespace

std::string qtcrt::parentFolder(const std::string &path) {
  size_t slash = path.rfind('/');
  if (slash == std::string::npos)
    return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

void qtcrt::writeFileAtomically(const std::string &path,
                                const FilePieces &pieces) {
  Temporary file(path);
  for (const auto &piece : pieces)
    file.write(piece.first, piece.second);
  file.commit();
  int folder =
      open(parentFolder(path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0)
    return;            // written and renamed; a folder without read permission
  (void)fsync(folder); // some file systems cannot flush folders
  close(folder);
}

bool qtcrt::isTemporaryOf(const std::string &target, const std::string &name) {
  return name.rfind(target + temporaryEnd, 0) == 0;
}

void qtcrt::removeUnfinishedFile() {
  if (hasUnfinished)
    unlink(unfinished);
}

void qtcrt::createFolders(const std::string &path) {
  for (size_t end = 0; end != std::string::npos;) {
    end = path.find('/', end + 1);
    std::string part = path.substr(0, end);
    struct stat status {};
    if (mkdir(part.c_str(), 0777) == 0)
      continue;
    int error = errno;
    bool isMissing = stat(part.c_str(), &status) != 0;
    if (isMissing && error == EEXIST && errno == ENOENT && createTarget(part))
      isMissing = stat(part.c_str(), &status) != 0;
    if (isMissing)
      fail("cannot create the folder ", inQuotes(part), ": ",
           describeErrno(error));
    if (!S_ISDIR(status.st_mode))
      fail("cannot create the folder ", inQuotes(part),
           ": a file of that name ", "exists");
  }
}
