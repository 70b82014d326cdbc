//===- ByteSource.cpp - checked reading of data files ---------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "data/ByteSource.h"

#include "qtcrt/Error.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

using namespace qtcrt;

namespace {
constexpr size_t bufferBytes = size_t{256} << 10;
constexpr uint64_t growth = uint64_t{64} << 20;
constexpr uint64_t deflateRatio = 1032; // the most deflate can compress
} // namespace

/// A gzip stream in progress.
struct ByteSource::Inflater {
  z_stream stream{};
  bool ended = false; ///< at the end of a member
};

ByteSource::ByteSource(const std::string &path, Packing packing) : name(path) {
  descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0)
    fail("cannot open ", inQuotes(path), ": ", describeErrno(errno));
  struct stat status {};
  if (fstat(descriptor, &status) != 0 || !S_ISREG(status.st_mode)) {
    close(descriptor);
    fail(inQuotes(path), " is not a regular file",
         S_ISDIR(status.st_mode) ? " but a folder; expected a file" : "");
  }
  fileBytes = static_cast<uint64_t>(status.st_size);
  buffer.resize(bufferBytes);
  try {
    refill();
    if (packing == Packing::Detect && filled >= 2 && buffer[0] == 0x1f &&
        buffer[1] == 0x8b) {
      inflater = std::make_unique<Inflater>();
      if (inflateInit2(&inflater->stream, 15 + 16) != Z_OK)
        fail(inQuotes(path), ": not enough memory to unpack");
    }
  } catch (...) {
    close(descriptor);
    throw;
  }
}

ByteSource::~ByteSource() {
  if (inflater)
    inflateEnd(&inflater->stream);
  close(descriptor);
}

uint64_t ByteSource::maximumBytes() const {
  return inflater ? fileBytes * deflateRatio : fileBytes;
}

void ByteSource::refill() {
  position = 0;
  ssize_t got;
  do
    got = ::read(descriptor, buffer.data(), buffer.size());
  while (got < 0 && errno == EINTR);
  if (got < 0)
    fail("cannot read ", inQuotes(name), ": ", describeErrno(errno));
  filled = static_cast<size_t>(got);
}

uint64_t ByteSource::readRaw(uint8_t *out, uint64_t bytes) {
  if (position == filled)
    refill();
  uint64_t part = std::min<uint64_t>(bytes, filled - position);
  std::memcpy(out, buffer.data() + position, part);
  position += part;
  return part;
}

/// Whether another member follows. Called between two members of a gzip file or
/// after the last one, where zero bytes may fill a block.
bool ByteSource::findMember() {
  bool isPadded = false;
  do {
    for (; position < filled && buffer[position] == 0; ++position)
      isPadded = true;
    if (position < filled && isPadded)
      fail(inQuotes(name), ": the gzip file is damaged (bytes after the zero ",
           "bytes at its end); download it again");
    if (position < filled)
      return true;
    refill();
  } while (filled > 0);
  return false;
}

/// Reads up to `bytes`; 0 means the end.
uint64_t ByteSource::readSome(uint8_t *out, uint64_t bytes) {
  if (!inflater)
    return readRaw(out, bytes);
  z_stream &stream = inflater->stream;
  stream.next_out = out;
  stream.avail_out = static_cast<uInt>(std::min<uint64_t>(bytes, 1u << 30));
  uInt room = stream.avail_out;
  while (stream.avail_out == room) {
    if (inflater->ended) {
      if (!findMember())
        return 0;
      if (inflateReset(&stream) != Z_OK)
        fail(inQuotes(name), ": cannot unpack");
      inflater->ended = false;
    }
    if (position == filled)
      refill();
    if (filled == 0)
      fail(inQuotes(name), ": the gzip file is truncated; download it again");
    stream.next_in = buffer.data() + position;
    stream.avail_in = static_cast<uInt>(filled - position);
    int status = inflate(&stream, Z_NO_FLUSH);
    position = filled - stream.avail_in;
    if (status == Z_STREAM_END)
      inflater->ended = true;
    else if (status != Z_OK && status != Z_BUF_ERROR)
      fail(inQuotes(name), ": the gzip file is damaged (",
           stream.msg ? stream.msg : "bad data", "); download it again");
  }
  return room - stream.avail_out;
}

uint64_t ByteSource::readUpTo(void *out, uint64_t bytes) {
  uint8_t *next = static_cast<uint8_t *>(out);
  uint64_t done = 0;
  while (done < bytes) {
    uint64_t got = readSome(next + done, bytes - done);
    if (got == 0)
      break;
    done += got;
  }
  return done;
}

void ByteSource::read(void *out, uint64_t bytes, const char *what) {
  uint64_t got = readUpTo(out, bytes);
  if (got < bytes)
    failTruncated(bytes, what, concat("only ", got, " are there"));
}

void ByteSource::failTruncated(uint64_t bytes, const char *what,
                               const std::string &available) const {
  if (fileBytes == 0)
    fail(inQuotes(name), ": the file is empty");
  fail(inQuotes(name), ": truncated: expected ", bytes, " bytes for ", what,
       ", but ", available);
}

void ByteSource::append(std::vector<uint8_t> &out, uint64_t bytes,
                        const char *what) {
  if (bytes > maximumBytes())
    failTruncated(bytes, what,
                  concat("the file cannot hold more than ", maximumBytes()));
  if (!inflater)
    out.reserve(out.size() + bytes);
  for (uint64_t done = 0; done < bytes;) {
    uint64_t part = std::min(growth, bytes - done);
    size_t start = out.size();
    out.resize(start + part);
    read(out.data() + start, part, what);
    done += part;
  }
}

void ByteSource::expectEnd() {
  uint8_t extra;
  if (readSome(&extra, 1) != 0)
    fail(inQuotes(name), ": holds more bytes than its header declares; ",
         "the file is damaged or of another kind");
}

bool qtcrt::pathExists(const std::string &path) {
  struct stat status {};
  return stat(path.c_str(), &status) == 0;
}

std::vector<std::string> qtcrt::listFolder(const std::string &path,
                                           const char *what) {
  DIR *folder = opendir(path.c_str());
  if (!folder)
    fail("cannot open the ", what, " ", inQuotes(path), ": ",
         describeErrno(errno));
  std::vector<std::string> names;
  while (const dirent *entry = readdir(folder))
    names.push_back(entry->d_name);
  closedir(folder);
  std::sort(names.begin(), names.end());
  return names;
}
