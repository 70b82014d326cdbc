//===- ByteSource.h - checked reading of data files -------------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTCRT_DATA_BYTESOURCE_H
#define QTCRT_DATA_BYTESOURCE_H

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace qtcrt {

/// A regular file read front to back, unpacked when it is a gzip file (of any
/// number of members, perhaps padded with zero bytes). All functions throw
/// Error naming the file. Sizes in a header are not trusted until the bytes are
/// read.
class ByteSource {
public:
  enum class Packing { Detect, Never };
  explicit ByteSource(const std::string &path,
                      Packing packing = Packing::Detect);
  ~ByteSource();
  ByteSource(const ByteSource &) = delete;
  ByteSource &operator=(const ByteSource &) = delete;

  const std::string &path() const { return name; }

  /// Upper limit of the bytes this file can hold after unpacking.
  uint64_t maximumBytes() const;

  /// Reads `bytes`, or all remaining bytes if those are fewer; returns the
  /// number.
  uint64_t readUpTo(void *out, uint64_t bytes);

  /// Reads exactly `bytes`, for `what` ("the header").
  void read(void *out, uint64_t bytes, const char *what);

  /// Appends exactly `bytes` to `out`, growing it as the data arrive.
  void append(std::vector<uint8_t> &out, uint64_t bytes, const char *what);

  /// Throws when anything is left.
  void expectEnd();

private:
  struct Inflater;
  uint64_t readSome(uint8_t *out, uint64_t bytes);
  uint64_t readRaw(uint8_t *out, uint64_t bytes);
  void refill();
  bool findMember();
  [[noreturn]] void failTruncated(uint64_t bytes, const char *what,
                                  const std::string &available) const;

  std::string name;
  int descriptor = -1;
  uint64_t fileBytes = 0;
  std::vector<uint8_t> buffer;
  size_t position = 0, filled = 0;
  std::unique_ptr<Inflater> inflater;
};

/// Whether `path` exists (as anything).
bool pathExists(const std::string &path);

/// Names in a folder, sorted. Throws when there is no such folder; the error
/// calls it `what`.
std::vector<std::string> listFolder(const std::string &path,
                                    const char *what = "data folder");

} // namespace qtcrt

#endif // QTCRT_DATA_BYTESOURCE_H
