//===- SafeTensors.cpp - reading and writing safetensors files ------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qtcrt/SafeTensors.h"

#include "core/AtomicFile.h"
#include "core/Hasher.h"
#include "core/SafeTensorsHeader.h"
#include "data/ByteSource.h"
#include "qtcrt/Error.h"

#include <algorithm>

using namespace qtcrt;

namespace {
constexpr uint64_t chunkBytes = uint64_t{1} << 20;
} // namespace

void qtcrt::writeSafeTensors(
    const std::string &path, const std::vector<TensorView> &tensors,
    const std::map<std::string, std::string> &metadata) {
  std::string header = formatHeader(path, tensors, metadata);
  uint8_t length[8];
  for (int i = 0; i < 8; ++i)
    length[i] = static_cast<uint8_t>(uint64_t{header.size()} >> (8 * i));
  FilePieces pieces = {{length, 8}, {header.data(), header.size()}};
  for (const TensorView &tensor : tensors)
    pieces.emplace_back(tensor.data, tensor.bytes);
  writeFileAtomically(path, pieces);
}

SafeTensorsReader::SafeTensorsReader(const std::string &path,
                                     uint64_t maxHeaderBytes)
    : source(std::make_unique<ByteSource>(path, ByteSource::Packing::Never)) {
  uint64_t fileBytes = source->maximumBytes(), headerBytes = 0;
  uint8_t length[8];
  source->read(length, 8, "the header length");
  for (int i = 0; i < 8; ++i)
    headerBytes |= uint64_t{length[i]} << (8 * i);
  if (headerBytes > fileBytes - 8)
    fail(inQuotes(path),
         ": not a safetensors file, or truncated: it declares a header of ",
         headerBytes, " bytes");
  if (headerBytes > maxHeaderBytes)
    fail(inQuotes(path), ": the header has ", headerBytes,
         " bytes, but that of this model has at most ", maxHeaderBytes,
         "; it is another model's checkpoint");
  uint64_t dataBytes = fileBytes - 8 - headerBytes;
  std::string text(headerBytes, ' ');
  source->read(&text[0], headerBytes, "the header");
  contents = parseHeader(path, text, dataBytes);
}

SafeTensorsReader::~SafeTensorsReader() = default;

std::string SafeTensorsReader::readData(
    const std::function<uint8_t *(const std::string &name)> &place) {
  std::vector<std::pair<const std::string *, const StoredTensor *>> ordered;
  for (const auto &item : contents.tensors)
    ordered.emplace_back(&item.first, &item.second);
  std::sort(ordered.begin(), ordered.end(), [](const auto &a, const auto &b) {
    return a.second->begin < b.second->begin;
  });
  Hasher hasher;
  std::vector<uint8_t> skipped(
      std::min<uint64_t>(chunkBytes, contents.dataBytes));
  for (const auto &[name, tensor] : ordered) {
    uint8_t *target = place(*name);
    for (uint64_t done = 0; done < tensor->bytes;) {
      uint64_t part = std::min(chunkBytes, tensor->bytes - done);
      uint8_t *out = target ? target + done : skipped.data();
      source->read(out, part, "the tensors");
      hasher.add(out, part);
      done += part;
    }
  }
  return hasher.digest();
}
