//===- RunFolder.cpp - where a run writes its files -----------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/RunFolder.h"

#include "core/AtomicFile.h"
#include "data/ByteSource.h"
#include "qtcrt/Error.h"
#include "qtcrt/ShellCommand.h"

#include <cerrno>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace qtcrt;

namespace {

constexpr const char *parent = "runs";
/// Most bytes of a model's name in the name of a folder, which has at most 255.
constexpr size_t maxNameBytes = 200;

/// The longest part of `name` that fits and is not cut in the middle of a
/// letter.
std::string shorten(const std::string &name) {
  size_t bytes = std::min(name.size(), maxNameBytes);
  while (bytes > 0 && bytes < name.size() &&
         (static_cast<unsigned char>(name[bytes]) & 0xc0) == 0x80)
    --bytes;
  return name.substr(0, bytes);
}

/// Whether two paths lead to one file or folder.
bool isSame(const std::string &first, const std::string &second) {
  struct stat one {
  }, other{};
  return stat(first.c_str(), &one) == 0 && stat(second.c_str(), &other) == 0 &&
         one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

} // namespace

RunFolder::RunFolder(const Options &options)
    : folder(options.out), resumed(options.resume),
      overwrite(options.overwrite) {
  while (folder.size() > 1 && folder.back() == '/')
    folder.pop_back();
  if (!folder.empty() && pathExists(folder))
    claim();
}

RunFolder::~RunFolder() {
  if (lock >= 0)
    close(lock);
}

void RunFolder::open(const std::string &model) {
  if (folder.empty())
    createNumbered(model);
  else
    createFolders(folder);
  if (lock < 0)
    claim();
  removeLeftovers();
}

void RunFolder::createNumbered(const std::string &model) {
  createFolders(parent);
  std::string base = concat(parent, "/", shorten(model), "-");
  for (uint64_t number = 1; folder.empty(); ++number) {
    std::string path = base + std::to_string(number);
    // Several runs may start at once: the one that creates the folder owns it.
    if (mkdir(path.c_str(), 0777) == 0)
      folder = path;
    else if (errno != EEXIST)
      fail("cannot create the folder ", inQuotes(path), ": ",
           describeErrno(errno), "; name a folder with --out");
  }
}

/// A lock of the folder itself leaves no file, whatever ends the process. Some
/// network file systems cannot lock folders; there, users have to keep runs
/// apart.
void RunFolder::claim() {
  lock = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (lock >= 0 && flock(lock, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
    fail("another trainer writes to ", inQuotes(folder),
         "; wait until it ends, or name another folder with --out");
  if (!overwrite && !isResumed() && pathExists(checkpoint()))
    refuseToReplace();
}

bool RunFolder::isResumed() const {
  if (resumed.empty() || folder.empty())
    return false;
  return isSame(folder, parentFolder(resumed)) || isSame(checkpoint(), resumed);
}

void RunFolder::refuseToReplace() const {
  std::string advice =
      resumed.empty()
          ? concat("continue it with --resume=", quoteForShell(checkpoint()),
                   ", replace")
          : "replace";
  fail(inQuotes(folder), " holds the checkpoint of another run; ", advice,
       " it with --overwrite, or name another folder with --out");
}

void RunFolder::removeLeftovers() const {
  if (lock < 0) // perhaps a folder without read permission
    return;
  for (const std::string &name : listFolder(folder, "folder"))
    if (isTemporaryOf(checkpointName, name) || isTemporaryOf(metricsName, name))
      unlink((folder + "/" + name).c_str());
}
