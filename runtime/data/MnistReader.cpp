//===- MnistReader.cpp - IDX files ----------------------------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

// MNIST (http://yann.lecun.com/exdb/mnist), Fashion-MNIST and EMNIST:
// big-endian magic 2051 (images: N, rows, columns) or 2049 (labels: N), then
// bytes.

#include "data/ByteSource.h"
#include "data/Readers.h"
#include "qtcrt/Error.h"

using namespace qtcrt;

namespace {

constexpr uint32_t imageMagic = 2051, labelMagic = 2049;

uint32_t readBigEndian(ByteSource &file) {
  uint8_t b[4];
  file.read(b, 4, "the header");
  return uint32_t{b[0]} << 24 | uint32_t{b[1]} << 16 | uint32_t{b[2]} << 8 |
         b[3];
}

void checkMagic(ByteSource &file, uint32_t expected, const char *what) {
  uint32_t magic = readBigEndian(file);
  if (magic != expected)
    fail(inQuotes(file.path()), ": not an IDX file of ", what,
         ": expected magic ", expected, ", but got ", magic);
}

bool endsWith(const std::string &text, const std::string &end) {
  return text.size() >= end.size() &&
         text.compare(text.size() - end.size(), end.size(), end) == 0;
}

/// Whether `name` is one of the known spellings of `part` ("train-images",
/// "idx3"), with EMNIST's prefix or without.
bool matches(const std::string &name, const std::string &part,
             const std::string &kind) {
  for (const char *dot : {"-", "."})
    for (const char *suffix : {"", ".gz"}) {
      std::string base = part + dot + kind + "-ubyte" + suffix;
      if (name == base ||
          (name.rfind("emnist-", 0) == 0 && endsWith(name, "-" + base)))
        return true;
    }
  return false;
}

/// The one file of the folder that holds `what`; a plain file wins over its
/// gzip copy.
std::string findFile(const std::string &folder,
                     const std::vector<std::string> &names,
                     const std::vector<std::string> &splits,
                     const std::string &what, const std::string &kind) {
  std::string found;
  for (const std::string &name : names)
    for (const std::string &split : splits) {
      if (!matches(name, split + "-" + what, kind) || name == found + ".gz")
        continue;
      if (!found.empty())
        fail(inQuotes(folder), ": holds both ", inQuotes(found), " and ",
             inQuotes(name), "; put each data set into a folder of its own");
      found = name;
    }
  if (found.empty())
    fail(inQuotes(folder), ": found no file ", splits[0], "-", what, "-", kind,
         "-ubyte or ", splits[0], "-", what, "-", kind, "-ubyte.gz");
  return folder + "/" + found;
}

void readImages(const std::string &path, const DataRequest &request,
                RawSplit &split, uint64_t &count) {
  ByteSource file(path);
  checkMagic(file, imageMagic, "images");
  count = readBigEndian(file);
  RawColumn &images = split.inputs[0];
  images.shape.height = readBigEndian(file);
  images.shape.width = readBigEndian(file);
  checkImageShape(path, images.shape, request.inputs[0]);
  file.append(images.numbers.data, count * images.shape.elements(),
              "the pixels");
  file.expectEnd();
}

void readLabels(const std::string &path, const DataRequest &request,
                RawSplit &split, uint64_t &count) {
  ByteSource file(path);
  checkMagic(file, labelMagic, "labels");
  count = readBigEndian(file);
  std::vector<uint8_t> bytes;
  file.append(bytes, count, "the labels");
  file.expectEnd();
  for (uint64_t i = 0; i < count; ++i)
    checkLabel(path, i, bytes[i], request);
  split.targets[0].numbers.appendClasses({bytes.begin(), bytes.end()});
}

RawSplit readSplit(const std::string &folder,
                   const std::vector<std::string> &names,
                   const std::vector<std::string> &splits,
                   const DataRequest &request) {
  std::string images = findFile(folder, names, splits, "images", "idx3");
  std::string labels = findFile(folder, names, splits, "labels", "idx1");
  RawSplit split;
  uint64_t imageCount = 0, labelCount = 0;
  readLabels(labels, request, split, labelCount);
  readImages(images, request, split, imageCount);
  if (imageCount != labelCount)
    fail(inQuotes(images), " has ", imageCount, " images, but ",
         inQuotes(labels), " has ", labelCount, " labels");
  return split;
}

} // namespace

RawDataSet qtcrt::readMnist(const std::string &folder,
                            const DataRequest &request) {
  std::vector<std::string> names = listFolder(folder);
  RawDataSet data;
  if (request.train)
    data.train = readSplit(folder, names, {"train"}, request);
  data.test = readSplit(folder, names, {"t10k", "test"}, request);
  return data;
}
