//===- SafeTensorsHeader.cpp - the JSON part of safetensors ---------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/SafeTensorsHeader.h"

#include "qtcrt/Error.h"

#include <algorithm>
#include <nlohmann/json.hpp>

using namespace qtcrt;
using Json = nlohmann::ordered_json;

namespace {

constexpr const char *metadataKey = "__metadata__";

uint64_t elementBytes(const std::string &dtype) {
  static const std::map<std::string, uint64_t> sizes = {
      {"I8", 1}, {"I16", 2}, {"I32", 4}, {"I64", 8}, {"F32", 4}, {"F64", 8}};
  auto found = sizes.find(dtype);
  return found == sizes.end() ? 0 : found->second;
}

/// Fills a SafeTensorsHeader from the events of the JSON parser. Accepts what
/// the format defines and nothing else, so it needs no tree of values.
class HeaderBuilder : public nlohmann::json_sax<Json> {
public:
  HeaderBuilder(const std::string &path, uint64_t dataBytes)
      : path(path), dataBytes(dataBytes) {
    header.dataBytes = dataBytes;
  }

  bool null() override { unexpected(); }
  bool boolean(bool) override { unexpected(); }
  bool number_integer(number_integer_t) override { unexpected(); }
  bool number_float(number_float_t, const string_t &) override { unexpected(); }
  bool binary(binary_t &) override { unexpected(); }
  bool number_unsigned(number_unsigned_t value) override {
    if (place != Place::Numbers || value > uint64_t{INT64_MAX})
      unexpected();
    numbers.push_back(value);
    return true;
  }
  bool string(string_t &value) override {
    if (place == Place::Metadata)
      *entry = value;
    else if (place == Place::Tensor && field == "dtype")
      tensor->dtype = value;
    else
      unexpected();
    return true;
  }

  bool start_object(size_t) override {
    if (place == Place::Start)
      place = Place::Top;
    else if (place == Place::Top)
      place = name == metadataKey ? Place::Metadata : Place::Tensor;
    else
      unexpected();
    return true;
  }
  bool key(string_t &text) override {
    if (place == Place::Top)
      startEntry(text);
    else if (place == Place::Metadata)
      startMetadata(text);
    else
      startField(text);
    return true;
  }
  bool end_object() override {
    if (place == Place::Tensor)
      finishTensor();
    place = place == Place::Top ? Place::End : Place::Top;
    return true;
  }
  bool start_array(size_t) override {
    if (place != Place::Tensor || field == "dtype")
      unexpected();
    numbers.clear();
    place = Place::Numbers;
    return true;
  }
  bool end_array() override {
    if (field == "shape")
      tensor->shape.assign(numbers.begin(), numbers.end());
    else
      setRange();
    place = Place::Tensor;
    return true;
  }
  bool parse_error(size_t, const std::string &,
                   const nlohmann::detail::exception &) override {
    fail(inQuotes(path), ": damaged: the header is not valid JSON");
  }

  SafeTensorsHeader header;

private:
  /// The construct that the parser is in.
  enum class Place { Start, Top, Metadata, Tensor, Numbers, End };

  void startEntry(const std::string &text) {
    name = text;
    fields.clear();
    if (text == metadataKey) {
      if (hasMetadata)
        fail(inQuotes(path), ": damaged: ", metadataKey, " appears twice");
      hasMetadata = true;
      return;
    }
    auto [found, isNew] = header.tensors.try_emplace(text);
    if (!isNew)
      fail(inQuotes(path), ": damaged: tensor ", inQuotes(text),
           " appears twice");
    tensor = &found->second;
  }
  void startMetadata(const std::string &text) {
    field = text;
    auto [found, isNew] = header.metadata.try_emplace(text);
    if (!isNew)
      fail(inQuotes(path), ": damaged: ", metadataKey, " entry ",
           inQuotes(text), " appears twice");
    entry = &found->second;
  }
  void startField(const std::string &text) {
    field = text;
    if (text != "dtype" && text != "shape" && text != "data_offsets")
      damaged(concat("an entry ", inQuotes(text), ", which is not defined"));
    if (std::count(fields.begin(), fields.end(), text))
      damaged(concat(inQuotes(text), " twice"));
    fields.push_back(text);
  }
  void setRange() {
    if (numbers.size() != 2)
      damaged("no valid data_offsets");
    if (numbers[0] > numbers[1] || numbers[1] > dataBytes)
      damaged("a data range outside of the file");
    tensor->begin = numbers[0];
    tensor->bytes = numbers[1] - numbers[0];
  }
  void finishTensor() {
    if (fields.size() != 3)
      damaged("no dtype, no shape or no data_offsets");
    uint64_t expected = elementBytes(tensor->dtype);
    if (!expected)
      damaged("an element type other than I8, I16, I32, I64, F32 and F64");
    for (int64_t extent : tensor->shape)
      if (__builtin_mul_overflow(expected, static_cast<uint64_t>(extent),
                                 &expected))
        damaged("a shape that is too large");
    if (tensor->bytes != expected)
      damaged("a data range that does not match its shape");
  }

  [[noreturn]] void damaged(const std::string &what) const {
    fail(inQuotes(path), ": damaged: tensor ", inQuotes(name), " has ", what);
  }
  /// Throws for a value of the wrong kind.
  [[noreturn]] void unexpected() const {
    if (place == Place::Metadata)
      fail(inQuotes(path), ": damaged: ", metadataKey, " entry ",
           inQuotes(field), " is not a string");
    if (place == Place::Top && name == metadataKey)
      fail(inQuotes(path), ": damaged: ", metadataKey, " is not an object");
    if (place == Place::Top)
      damaged("no dtype, no shape or no data_offsets");
    damaged("no valid " + field);
  }

  const std::string &path;
  const uint64_t dataBytes;
  Place place = Place::Start;
  bool hasMetadata = false;
  std::string name, field;         ///< the last keys
  std::vector<std::string> fields; ///< of the current tensor
  std::vector<uint64_t> numbers;   ///< of the current array
  StoredTensor *tensor = nullptr;
  std::string *entry = nullptr;
};

/// Every byte must belong to exactly one tensor.
void checkRanges(const std::string &path, const SafeTensorsHeader &header) {
  std::vector<std::pair<uint64_t, uint64_t>> ranges;
  for (const auto &item : header.tensors)
    ranges.emplace_back(item.second.begin, item.second.bytes);
  std::sort(ranges.begin(), ranges.end());
  uint64_t end = 0;
  for (const auto &[begin, bytes] : ranges) {
    if (begin != end)
      fail(inQuotes(path), ": damaged: tensors overlap or leave gaps");
    end += bytes;
  }
  if (end != header.dataBytes)
    fail(inQuotes(path), ": damaged: bytes after the last tensor");
}

} // namespace

std::string
qtcrt::formatHeader(const std::string &path,
                    const std::vector<TensorView> &tensors,
                    const std::map<std::string, std::string> &metadata) {
  // Entry by entry: an ordered object would search all keys for each new one.
  std::string text;
  auto add = [&](const std::string &key, const Json &value) {
    text += text.empty() ? '{' : ',';
    text += Json(key).dump() + ":" + value.dump();
  };
  try {
    add(metadataKey, metadata);
    uint64_t offset = 0;
    for (const TensorView &tensor : tensors) {
      add(tensor.name, {{"dtype", tensor.dtype},
                        {"shape", tensor.shape},
                        {"data_offsets", {offset, offset + tensor.bytes}}});
      offset += tensor.bytes;
    }
  } catch (const nlohmann::json::exception &) {
    fail("cannot write ", inQuotes(path), ": a tensor name is not valid UTF-8");
  }
  text += '}';
  text.resize((text.size() + 7) / 8 * 8, ' ');
  return text;
}

SafeTensorsHeader qtcrt::parseHeader(const std::string &path,
                                     const std::string &text,
                                     uint64_t dataBytes) {
  if (text.empty() || text[0] != '{')
    fail(inQuotes(path),
         ": not a safetensors file: the header is not a JSON object");
  // The parser takes a zero byte for the end of the text.
  if (text.find('\0') != std::string::npos ||
      text[text.find_last_not_of(' ')] != '}')
    fail(inQuotes(path), ": damaged: bytes after the header's JSON object");
  HeaderBuilder builder(path, dataBytes);
  Json::sax_parse(text, &builder);
  checkRanges(path, builder.header);
  return std::move(builder.header);
}
