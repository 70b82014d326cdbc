//===- SafeTensors.cpp - reading and writing safetensors files ------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qtcrt/SafeTensors.h"

#include "core/AtomicFile.h"
#include "data/ByteSource.h"
#include "qtcrt/Error.h"

#include <algorithm>
#include <cstring>
#include <nlohmann/json.hpp>
#include <set>

using namespace qtcrt;
using Json = nlohmann::ordered_json;

namespace {

constexpr uint64_t maxHeaderBytes = 100000000; // of the format's definition
constexpr int maxDepth = 4;

uint64_t elementBytes(const std::string &dtype) {
  static const std::map<std::string, uint64_t> sizes = {
      {"I8", 1}, {"I16", 2}, {"I32", 4}, {"I64", 8}, {"F32", 4}};
  auto found = sizes.find(dtype);
  return found == sizes.end() ? 0 : found->second;
}

std::string makeHeader(const std::vector<TensorView> &tensors,
                       const std::map<std::string, std::string> &metadata) {
  Json header = Json::object();
  header["__metadata__"] = metadata;
  uint64_t offset = 0;
  for (const TensorView &tensor : tensors) {
    header[tensor.name] = {{"dtype", tensor.dtype},
                           {"shape", tensor.shape},
                           {"data_offsets", {offset, offset + tensor.bytes}}};
    offset += tensor.bytes;
  }
  std::string text = header.dump();
  text.resize((text.size() + 7) / 8 * 8, ' ');
  return text;
}

/// Refuses repeated names and deep nesting while the header is parsed.
class HeaderGuard {
public:
  explicit HeaderGuard(const std::string &path) : path(path) {}

  bool operator()(int depth, Json::parse_event_t event, Json &value) {
    if (depth > maxDepth)
      fail(inQuotes(path),
           ": not a checkpoint: the header is nested too deeply");
    if (event == Json::parse_event_t::key && depth == 1 &&
        !names.insert(value.get<std::string>()).second)
      fail(inQuotes(path), ": damaged: tensor ",
           inQuotes(value.get<std::string>()), " appears twice");
    return true;
  }

private:
  const std::string &path;
  std::set<std::string> names;
};

Json parseHeader(const std::string &path, const std::string &text) {
  if (text.empty() || text[0] != '{')
    fail(inQuotes(path), ": not a safetensors file: the header is not JSON");
  HeaderGuard guard(path);
  Json header = Json::parse(text, std::ref(guard), /*allow_exceptions=*/false);
  if (!header.is_object())
    fail(inQuotes(path), ": damaged: the header is not valid JSON");
  return header;
}

bool isNatural(const Json &value) {
  return value.is_number_unsigned() &&
         value.get<uint64_t>() <= uint64_t{INT64_MAX};
}

/// One entry of the header. `data` is where the tensors start, of `dataBytes`.
StoredTensor readEntry(const std::string &path, const std::string &name,
                       const Json &entry, uint64_t dataBytes, uint64_t &begin) {
  auto damaged = [&](const char *what) {
    fail(inQuotes(path), ": damaged: tensor ", inQuotes(name), " has ", what);
  };
  if (!entry.is_object() || !entry.contains("dtype") ||
      !entry["dtype"].is_string() || !entry.contains("shape") ||
      !entry["shape"].is_array() || !entry.contains("data_offsets") ||
      !entry["data_offsets"].is_array() || entry["data_offsets"].size() != 2)
    damaged("no valid dtype, shape and data_offsets");
  StoredTensor tensor;
  tensor.dtype = entry["dtype"].get<std::string>();
  uint64_t expected = elementBytes(tensor.dtype);
  if (!expected)
    damaged("an element type other than I8, I16, I32, I64 and F32");
  for (const Json &extent : entry["shape"]) {
    if (!isNatural(extent))
      damaged("an invalid shape");
    uint64_t value = extent.get<uint64_t>();
    if (__builtin_mul_overflow(expected, value, &expected))
      damaged("a shape that is too large");
    tensor.shape.push_back(static_cast<int64_t>(value));
  }
  const Json &first = entry["data_offsets"][0],
             &last = entry["data_offsets"][1];
  if (!isNatural(first) || !isNatural(last) ||
      first.get<uint64_t>() > last.get<uint64_t>() ||
      last.get<uint64_t>() > dataBytes)
    damaged("a data range outside of the file");
  begin = first.get<uint64_t>();
  tensor.bytes = last.get<uint64_t>() - begin;
  if (tensor.bytes != expected)
    damaged("a data range that does not match its shape");
  return tensor;
}

/// Every byte must belong to exactly one tensor.
void checkRanges(const std::string &path,
                 std::vector<std::pair<uint64_t, uint64_t>> ranges,
                 uint64_t dataBytes) {
  std::sort(ranges.begin(), ranges.end());
  uint64_t end = 0;
  for (const auto &range : ranges) {
    if (range.first != end)
      fail(inQuotes(path), ": damaged: tensors overlap or leave gaps");
    end = range.second;
  }
  if (end != dataBytes)
    fail(inQuotes(path), ": damaged: bytes after the last tensor");
}

void readMetadata(const std::string &path, const Json &object,
                  SafeTensorsFile &file) {
  if (!object.is_object())
    fail(inQuotes(path), ": damaged: __metadata__ is not an object");
  for (const auto &item : object.items()) {
    if (!item.value().is_string())
      fail(inQuotes(path), ": damaged: __metadata__ entry ",
           inQuotes(item.key()), " is not a string");
    file.metadata[item.key()] = item.value().get<std::string>();
  }
}

} // namespace

void qtcrt::writeSafeTensors(
    const std::string &path, const std::vector<TensorView> &tensors,
    const std::map<std::string, std::string> &metadata) {
  std::string header;
  try {
    header = makeHeader(tensors, metadata);
  } catch (const nlohmann::json::exception &) {
    fail("cannot write ", inQuotes(path), ": a tensor name is not valid UTF-8");
  }
  uint8_t length[8];
  for (int i = 0; i < 8; ++i)
    length[i] = static_cast<uint8_t>(uint64_t{header.size()} >> (8 * i));
  FilePieces pieces = {{length, 8}, {header.data(), header.size()}};
  for (const TensorView &tensor : tensors)
    pieces.emplace_back(tensor.data, tensor.bytes);
  writeFileAtomically(path, pieces);
}

SafeTensorsFile qtcrt::readSafeTensors(const std::string &path,
                                       uint64_t maxDataBytes) {
  ByteSource source(path, ByteSource::Packing::Never);
  uint64_t fileBytes = source.maximumBytes(), headerBytes = 0;
  uint8_t length[8];
  source.read(length, 8, "the header length");
  for (int i = 0; i < 8; ++i)
    headerBytes |= uint64_t{length[i]} << (8 * i);
  if (headerBytes > maxHeaderBytes || headerBytes > fileBytes - 8)
    fail(inQuotes(path),
         ": not a safetensors file, or truncated: it declares a ", "header of ",
         headerBytes, " bytes");
  std::string text(headerBytes, ' ');
  source.read(&text[0], headerBytes, "the header");
  uint64_t dataBytes = fileBytes - 8 - headerBytes;
  if (dataBytes > maxDataBytes)
    fail(inQuotes(path), ": holds ", dataBytes, " bytes of tensors, but the ",
         "model has ", maxDataBytes, "; it is another model's checkpoint");
  Json header = parseHeader(path, text);
  SafeTensorsFile file;
  source.append(file.bytes, dataBytes, "the tensors");
  std::vector<std::pair<uint64_t, uint64_t>> ranges;
  for (const auto &item : header.items()) {
    if (item.key() == "__metadata__") {
      readMetadata(path, item.value(), file);
      continue;
    }
    uint64_t begin = 0;
    StoredTensor tensor =
        readEntry(path, item.key(), item.value(), dataBytes, begin);
    tensor.data = file.bytes.data() + begin;
    ranges.emplace_back(begin, begin + tensor.bytes);
    file.tensors[item.key()] = tensor;
  }
  checkRanges(path, ranges, dataBytes);
  return file;
}
