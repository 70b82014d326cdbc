//===- NpyReader.cpp - NumPy arrays ---------------------------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

// The .npy format, versions 1 to 3 (numpy.lib.format): magic, header length, a
// Python dictionary with the keys descr, fortran_order and shape, the elements.

#include "data/ByteSource.h"
#include "data/Readers.h"
#include "qtcrt/Error.h"

#include <cctype>
#include <cstring>

using namespace qtcrt;

namespace {

constexpr uint32_t maxHeader = 1 << 16;
constexpr uint64_t maxExtent = uint64_t{1} << 40;

struct NpyHeader {
  std::string descr;
  bool fortranOrder = false;
  std::vector<uint64_t> shape;
};

/// Reads the dictionary literal of a header.
class HeaderParser {
public:
  HeaderParser(const std::string &file, const std::string &text)
      : file(file), text(text) {}

  NpyHeader parse() {
    NpyHeader header;
    int seen = 0;
    expect('{');
    while (!accept('}')) {
      std::string key = parseString();
      expect(':');
      if (key == "descr")
        header.descr = parseString(), seen |= 1;
      else if (key == "fortran_order")
        header.fortranOrder = parseBool(), seen |= 2;
      else if (key == "shape")
        header.shape = parseShape(), seen |= 4;
      else
        malformed();
      if (!accept(',') && peek() != '}')
        malformed();
    }
    if (seen != 7)
      malformed();
    return header;
  }

private:
  [[noreturn]] void malformed() {
    fail(inQuotes(file), ": malformed .npy header; save the array with ",
         "numpy.save (no structured types)");
  }
  char peek() {
    while (next < text.size() &&
           std::isspace(static_cast<unsigned char>(text[next])))
      ++next;
    return next < text.size() ? text[next] : '\0';
  }
  bool accept(char letter) {
    if (peek() != letter || letter == '\0')
      return false;
    ++next;
    return true;
  }
  void expect(char letter) {
    if (!accept(letter))
      malformed();
  }
  std::string parseString() {
    char quote = peek();
    if (quote != '\'' && quote != '"')
      malformed();
    size_t end = text.find(quote, ++next);
    if (end == std::string::npos)
      malformed();
    std::string value = text.substr(next, end - next);
    next = end + 1;
    return value;
  }
  bool parseBool() {
    peek();
    for (bool value : {false, true}) {
      const char *word = value ? "True" : "False";
      if (text.compare(next, std::strlen(word), word) == 0) {
        next += std::strlen(word);
        return value;
      }
    }
    malformed();
  }
  std::vector<uint64_t> parseShape() {
    std::vector<uint64_t> shape;
    expect('(');
    while (!accept(')')) {
      if (!std::isdigit(static_cast<unsigned char>(peek())))
        malformed();
      uint64_t extent = 0;
      while (next < text.size() &&
             std::isdigit(static_cast<unsigned char>(text[next]))) {
        extent = extent * 10 + static_cast<uint64_t>(text[next++] - '0');
        if (extent > maxExtent)
          fail(inQuotes(file), ": an extent of the shape is larger than 2^40");
      }
      shape.push_back(extent);
      if (shape.size() > 32 || (!accept(',') && peek() != ')'))
        malformed();
    }
    return shape;
  }

  const std::string &file;
  const std::string &text;
  size_t next = 0;
};

NpyHeader readHeader(ByteSource &file) {
  uint8_t start[8];
  file.read(start, sizeof(start), "the header");
  if (std::memcmp(start, "\x93NUMPY", 6) != 0)
    fail(inQuotes(file.path()), ": not a .npy file; save the array with ",
         "numpy.save");
  if (start[6] < 1 || start[6] > 3)
    fail(inQuotes(file.path()), ": .npy version ", int{start[6]},
         ", expected 1, 2 or 3");
  uint8_t length[4] = {0, 0, 0, 0};
  file.read(length, start[6] == 1 ? 2 : 4, "the header");
  uint32_t bytes =
      length[0] | length[1] << 8 | length[2] << 16 | uint32_t{length[3]} << 24;
  if (bytes > maxHeader)
    fail(inQuotes(file.path()), ": the .npy header is ", bytes,
         " bytes long, expected at most ", maxHeader);
  std::string text(bytes, ' ');
  file.read(&text[0], bytes, "the header");
  NpyHeader header = HeaderParser(file.path(), text).parse();
  if (header.fortranOrder && header.shape.size() > 1)
    fail(inQuotes(file.path()), ": the array is in Fortran order; save ",
         "numpy.ascontiguousarray(array)");
  return header;
}

std::string shapeText(const std::vector<uint64_t> &shape) {
  std::string out = "(";
  for (size_t i = 0; i < shape.size(); ++i)
    out += (i ? ", " : "") + std::to_string(shape[i]);
  return out + (shape.size() == 1 ? ",)" : ")");
}

ImageShape imageShape(const std::string &path, const NpyHeader &header,
                      const DataRequest &request) {
  const std::vector<uint64_t> &s = header.shape;
  auto extent = [&](size_t i) { return static_cast<int64_t>(s[i]); };
  if (s.size() < 2 || s.size() > 4)
    fail(inQuotes(path), ": the array has shape ", shapeText(s),
         ", expected [N,C,H,W], [N,H,W] or [N,F]");
  uint64_t limit = request.input.bytes();
  for (size_t i = 1; i < s.size(); ++i)
    if (s[i] == 0 || s[i] > limit)
      fail(inQuotes(path), ": images of shape ", shapeText(s),
           " do not fit the ", "model's input ", toString(request.input));
  if (s.size() == 4)
    return {extent(1), extent(2), extent(3)};
  if (s.size() == 3)
    return {1, extent(1), extent(2)};
  bool fits = s[1] == limit; // a flat row takes the shape of the input
  return fits ? request.input : ImageShape{extent(1), 1, 1};
}

/// Advice for images of another type than uint8.
std::string pixelAdvice(const std::string &descr) {
  std::string kind = descr;
  if (!kind.empty() && std::strchr("<>|=", kind[0]))
    kind.erase(0, 1);
  switch (kind.empty() ? '\0' : kind[0]) {
  case 'f':
    return "for values from 0 to 1 save (array * 255).round().astype('uint8')";
  case 'b':
    return "save array.astype('uint8') * 255";
  case 'i':
  case 'u':
    return "for values from 0 to 255 save array.astype('uint8')";
  default:
    return "save pixels as uint8";
  }
}

void readImages(const std::string &path, const DataRequest &request,
                DataSplit &split, uint64_t &count) {
  ByteSource file(path);
  NpyHeader header = readHeader(file);
  if (header.descr != "|u1" && header.descr != "<u1" && header.descr != ">u1" &&
      header.descr != "=u1" && header.descr != "u1")
    fail(inQuotes(path), ": images have type ", inQuotes(header.descr),
         ", expected uint8 pixels from 0 to 255; ", pixelAdvice(header.descr));
  split.shape = imageShape(path, header, request);
  checkImageShape(path, split.shape, request);
  count = header.shape[0];
  if (count > maxExtent / split.shape.bytes())
    fail(inQuotes(path), ": ", count, " images are too many");
  file.append(split.images, count * split.shape.bytes(), "the pixels");
  file.expectEnd();
}

/// The element at `bytes`, as the bits of an int64.
uint64_t decodeInteger(const uint8_t *bytes, unsigned size, bool isSigned,
                       bool bigEndian) {
  uint64_t value = 0;
  for (unsigned i = 0; i < size; ++i)
    value |= uint64_t{bytes[bigEndian ? size - 1 - i : i]} << (8 * i);
  if (isSigned && size < 8 && (value >> (8 * size - 1)) & 1)
    value |= ~uint64_t{0} << (8 * size);
  return value;
}

/// Advice for labels of another type than integers.
std::string labelAdvice(char kind) {
  if (std::strchr("fb?", kind))
    return "save array.astype('int64')";
  return "save np.unique(array, return_inverse=True)[1], which numbers the "
         "classes";
}

void readLabels(const std::string &path, const DataRequest &request,
                DataSplit &split, uint64_t &count) {
  ByteSource file(path);
  NpyHeader header = readHeader(file);
  const std::vector<uint64_t> &s = header.shape;
  if (s.empty() || s.size() > 2 || (s.size() == 2 && s[1] != 1))
    fail(inQuotes(path), ": labels have shape ", shapeText(s),
         ", expected [N] class indices; save array.argmax(1) if each row has ",
         "a 1 for its class");
  std::string type = header.descr;
  bool bigEndian = !type.empty() && type[0] == '>';
  if (!type.empty() && std::strchr("<>|=", type[0]))
    type.erase(0, 1);
  if (type.size() != 2 || !std::strchr("iu", type[0]) ||
      !std::strchr("1248", type[1]))
    fail(inQuotes(path), ": labels have type ", inQuotes(header.descr),
         ", expected class indices of an integer type; ",
         labelAdvice(type.empty() ? 'O' : type[0]));
  unsigned size = static_cast<unsigned>(type[1] - '0');
  count = s[0];
  std::vector<uint8_t> bytes;
  file.append(bytes, count * size, "the labels");
  file.expectEnd();
  split.labels.reserve(count);
  for (uint64_t i = 0; i < count; ++i) {
    uint64_t bits =
        decodeInteger(bytes.data() + i * size, size, type[0] == 'i', bigEndian);
    if (type[0] == 'u' && bits > INT64_MAX)
      failLabel(path, i, std::to_string(bits), request);
    int64_t label = static_cast<int64_t>(bits);
    checkLabel(path, i, label, request);
    split.labels.push_back(static_cast<int32_t>(label));
  }
}

DataSplit readSplit(const std::string &folder, const std::string &name,
                    const DataRequest &request) {
  std::string images = folder + "/" + name + "_x.npy";
  std::string labels = folder + "/" + name + "_y.npy";
  DataSplit split;
  uint64_t imageCount = 0, labelCount = 0;
  readImages(images, request, split, imageCount);
  readLabels(labels, request, split, labelCount);
  if (imageCount != labelCount)
    fail(inQuotes(images), " has ", imageCount, " images, but ",
         inQuotes(labels), " has ", labelCount, " labels");
  return split;
}

} // namespace

DataSet qtcrt::readNpy(const std::string &folder, const DataRequest &request) {
  listFolder(folder);
  DataSet data;
  if (request.train)
    data.train = readSplit(folder, "train", request);
  data.test = readSplit(folder, "test", request);
  return data;
}
