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
                 const DataRequest &request, DataSplit &split) {
  split.shape = {3, 32, 32};
  checkImageShape(path, split.shape, request);
  ByteSource file(path);
  uint64_t record = labelBytes + pixelBytes, bytes = file.maximumBytes();
  if (bytes == 0 || bytes % record != 0)
    fail(inQuotes(path), ": expected records of ", record,
         " bytes, but the file", " has ", bytes,
         " bytes; it is truncated or of another kind");
  uint64_t count = bytes / record;
  split.images.reserve(split.images.size() + count * pixelBytes);
  for (uint64_t i = 0; i < count; ++i) {
    uint8_t labels[2];
    file.read(labels, labelBytes, "a label");
    checkLabel(path, i, labels[labelBytes - 1], request);
    split.labels.push_back(labels[labelBytes - 1]);
    size_t start = split.images.size();
    split.images.resize(start + pixelBytes);
    file.read(split.images.data() + start, pixelBytes, "an image");
  }
  file.expectEnd();
}

/// The folder itself, or the one the published archive unpacks to.
std::string enter(const std::string &folder, const char *archive) {
  listFolder(folder);
  std::string inner = folder + "/" + archive;
  return pathExists(inner) ? inner : folder;
}

/// The only file of `folder` that ends with `suffix`, or "".
std::string findOnly(const std::string &folder, const std::string &suffix) {
  std::string found;
  for (const std::string &name : listFolder(folder)) {
    if (name.size() < suffix.size() ||
        name.compare(name.size() - suffix.size(), suffix.size(), suffix) != 0)
      continue;
    if (!found.empty())
      fail(inQuotes(folder), ": holds both ", inQuotes(found), " and ",
           inQuotes(name), "; put each data set into a folder of its own");
    found = name;
  }
  return found.empty() ? "" : folder + "/" + found;
}

} // namespace

DataSet qtcrt::readCifar10(const std::string &argument,
                           const DataRequest &request) {
  std::string folder = enter(argument, "cifar-10-batches-bin");
  DataSet data;
  std::string train = findOnly(folder, "_train.bin");
  std::string validation = findOnly(folder, "_val.bin");
  if (pathExists(folder + "/data_batch_1.bin") ||
      pathExists(folder + "/test_batch.bin")) {
    for (int part = 1; request.train && part <= 5; ++part)
      readRecords(concat(folder, "/data_batch_", part, ".bin"), 1, request,
                  data.train);
    readRecords(folder + "/test_batch.bin", 1, request, data.test);
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

DataSet qtcrt::readCifar100(const std::string &argument,
                            const DataRequest &request) {
  std::string folder = enter(argument, "cifar-100-binary");
  DataSet data;
  if (request.train)
    readRecords(folder + "/train.bin", 2, request, data.train);
  readRecords(folder + "/test.bin", 2, request, data.test);
  return data;
}
