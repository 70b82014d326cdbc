//===- CifarReader.cpp - CIFAR record files -------------------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

// CIFAR-10 and CIFAR-100, binary version (Krizhevsky 2009): records of one
// label byte (CIFAR-100: coarse and fine) and 3 planes of 32x32 bytes.

#include "data/ByteSource.h"
#include "data/Readers.h"
#include "qtcrt/Error.h"

#include <sys/stat.h>

using namespace qtcrt;

namespace {

constexpr uint64_t pixelBytes = 3 * 32 * 32;

/// Appends the records of `path` to `split`; the last of `labelBytes` label
/// bytes is the class.
void readRecords(const std::string &path, uint64_t labelBytes,
                 const DataRequest &request, RawSplit &split) {
  RawColumn &images = split.inputs[0];
  images.shape = {3, 32, 32};
  checkImageShape(path, images.shape, request.inputs[0]);
  ByteSource file(path);
  uint64_t recordBytes = labelBytes + pixelBytes, bytes = 0;
  std::vector<uint8_t> record(recordBytes);
  for (uint64_t i = 0;; ++i) {
    uint64_t got = file.readUpTo(record.data(), recordBytes);
    bytes += got;
    if (got < recordBytes)
      break;
    uint8_t label = record[labelBytes - 1];
    checkLabel(path, i, label, request);
    split.targets[0].numbers.appendClasses({label});
    std::vector<uint8_t> &pixels = images.numbers.data;
    pixels.insert(pixels.end(), record.begin() + labelBytes, record.end());
  }
  if (bytes == 0 || bytes % recordBytes != 0)
    fail(inQuotes(path), ": expected records of ", recordBytes,
         " bytes, but the file holds ", bytes,
         " bytes; it is truncated or of another kind");
}

/// `path`, or the gzip file that takes its place.
std::string findPacked(const std::string &path) {
  return !pathExists(path) && pathExists(path + ".gz") ? path + ".gz" : path;
}

/// The folder itself, or the one the published archive unpacks to.
std::string enter(const std::string &folder, const char *archive) {
  listFolder(folder);
  std::string inner = folder + "/" + archive;
  return pathExists(inner) ? inner : folder;
}

bool endsWith(const std::string &text, const std::string &end) {
  return text.size() >= end.size() &&
         text.compare(text.size() - end.size(), end.size(), end) == 0;
}

/// The only file of `folder` that ends with `suffix`, packed or not, or "".
std::string findOnly(const std::string &folder, const std::string &suffix) {
  std::string found;
  for (const std::string &name : listFolder(folder)) {
    // A plain file comes before its gzip copy, and wins.
    if ((!endsWith(name, suffix) && !endsWith(name, suffix + ".gz")) ||
        name == found + ".gz")
      continue;
    if (!found.empty())
      fail(inQuotes(folder), ": holds both ", inQuotes(found), " and ",
           inQuotes(name), "; put each data set into a folder of its own");
    found = name;
  }
  return found.empty() ? "" : folder + "/" + found;
}

} // namespace

RawDataSet qtcrt::readCifar10(const std::string &argument,
                              const DataRequest &request) {
  std::string folder = enter(argument, "cifar-10-batches-bin");
  RawDataSet data;
  std::string train = findOnly(folder, "_train.bin");
  std::string validation = findOnly(folder, "_val.bin");
  std::string first = findPacked(folder + "/data_batch_1.bin"),
              test = findPacked(folder + "/test_batch.bin");
  if (pathExists(first) || pathExists(test)) {
    for (int part = 1; request.train && part <= 5; ++part)
      readRecords(findPacked(concat(folder, "/data_batch_", part, ".bin")), 1,
                  request, data.train);
    readRecords(test, 1, request, data.test);
    return data;
  }
  if (train.empty() || validation.empty())
    fail(inQuotes(folder), ": found neither data_batch_1.bin to ",
         "data_batch_5.bin and test_batch.bin nor *_train.bin and *_val.bin");
  if (request.train)
    readRecords(train, 1, request, data.train);
  readRecords(validation, 1, request, data.test);
  return data;
}

RawDataSet qtcrt::readCifar100(const std::string &argument,
                               const DataRequest &request) {
  std::string folder = enter(argument, "cifar-100-binary");
  RawDataSet data;
  if (request.train)
    readRecords(findPacked(folder + "/train.bin"), 2, request, data.train);
  readRecords(findPacked(folder + "/test.bin"), 2, request, data.test);
  return data;
}
