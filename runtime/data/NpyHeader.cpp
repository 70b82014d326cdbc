//===- NpyHeader.cpp - the header of a NumPy array ------------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "data/NpyHeader.h"

#include "data/ByteSource.h"
#include "qtcrt/Error.h"

#include <cctype>
#include <cstring>

using namespace qtcrt;

namespace {

constexpr uint32_t maxHeader = 1 << 16;
constexpr uint64_t maxExtent = uint64_t{1} << 40;

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

} // namespace

NpyHeader qtcrt::readNpyHeader(ByteSource &file) {
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
