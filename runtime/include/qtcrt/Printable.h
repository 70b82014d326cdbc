//===- Printable.h - text that a terminal can show --------------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Names come from files, and a file may hold anything. Everything that a
// program prints for people goes through `printable`, so that no name moves the
// cursor, forges a line or turns the reading direction. The compiler includes
// this header, too: like abi.h it depends on nothing.
//
//===----------------------------------------------------------------------===//

#ifndef QTCRT_PRINTABLE_H
#define QTCRT_PRINTABLE_H

#include <clocale>
#include <cstdint>
#include <cstdio>
#include <cwchar>
#include <locale.h>
#include <string>
#include <string_view>

namespace qtcrt {

/// The first character of a text in UTF-8.
struct Character {
  char32_t code = 0;
  size_t bytes = 1;     ///< 1 for a byte that starts no character
  bool isValid = false; ///< complete, in its shortest form, no surrogate
};

/// Decodes the first character of `text`, which is not empty.
inline Character decodeCharacter(std::string_view text) {
  constexpr char32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
  auto first = static_cast<unsigned char>(text[0]);
  size_t bytes = first < 0x80             ? 1
                 : (first & 0xe0) == 0xc0 ? 2
                 : (first & 0xf0) == 0xe0 ? 3
                 : (first & 0xf8) == 0xf0 ? 4
                                          : 0;
  if (bytes == 0 || bytes > text.size())
    return {first, 1, false};
  char32_t code = bytes == 1 ? first : first & (0x7fu >> bytes);
  for (size_t i = 1; i < bytes; ++i) {
    auto next = static_cast<unsigned char>(text[i]);
    if ((next & 0xc0) != 0x80)
      return {first, 1, false};
    code = code << 6 | (next & 0x3fu);
  }
  if (code < least[bytes] || code > 0x10ffff ||
      (code >= 0xd800 && code <= 0xdfff))
    return {first, 1, false};
  return {code, bytes, true};
}

/// Whether `text` is UTF-8 without zero bytes, as a name must be.
inline bool isName(std::string_view text) {
  while (!text.empty()) {
    Character next = decodeCharacter(text);
    if (!next.isValid || next.code == 0)
      return false;
    text.remove_prefix(next.bytes);
  }
  return true;
}

/// Whether a terminal takes `code` for a command, a line break or a change of
/// the reading direction, or shows nothing for it.
inline bool isControl(char32_t code) {
  struct Range {
    char32_t first, last;
  };
  constexpr Range ranges[] = {
      {0x0000, 0x001f}, // C0
      {0x007f, 0x009f}, // delete, C1
      {0x061c, 0x061c}, // Arabic letter mark
      {0x200b, 0x200b}, // zero-width space
      {0x200e, 0x200f}, // marks of the direction
      {0x2028, 0x202e}, // line and paragraph separators, embeddings, overrides
      {0x2060, 0x206f}, // invisible operators, isolates
      {0xfeff, 0xfeff}, // byte-order mark
      {0xfff9, 0xfffb}, // interlinear annotations
      {0xfffe, 0xffff}, // no characters
      {0xe0000, 0xe007f}, // tags
  };
  for (Range range : ranges)
    if (code >= range.first && code <= range.last)
      return true;
  return false;
}

/// `text` with control characters and bytes that are not UTF-8 escaped: "\x1b",
/// "\u202e" or "\U000e0001". Other text, backslashes included, stays as it is,
/// so the result is its own printable form. Characters beyond the first `limit`
/// are replaced by "...".
inline std::string printable(std::string_view text, size_t limit = SIZE_MAX) {
  std::string result;
  for (size_t count = 0; !text.empty(); ++count) {
    if (count == limit)
      return result + "...";
    Character next = decodeCharacter(text);
    if (next.isValid && !isControl(next.code)) {
      result += text.substr(0, next.bytes);
    } else {
      char escape[16];
      const char *format = next.code < 0x80 || !next.isValid ? "\\x%02lx"
                           : next.code <= 0xffff             ? "\\u%04lx"
                                                             : "\\U%08lx";
      std::snprintf(escape, sizeof(escape), format,
                    static_cast<unsigned long>(next.code));
      result += escape;
    }
    text.remove_prefix(next.bytes);
  }
  return result;
}

/// Columns of a terminal that a character takes: two if it is wide, none if it
/// is drawn over the character before.
inline size_t countColumns(char32_t code) {
  // Widths are the C library's, whatever the user's locale.
  static const locale_t locale =
      newlocale(LC_CTYPE_MASK, "C.UTF-8", static_cast<locale_t>(nullptr));
  if (code < 0x80 || !locale)
    return 1;
  locale_t old = uselocale(locale);
  int width = wcwidth(static_cast<wchar_t>(code));
  uselocale(old);
  return width < 0 ? 1 : static_cast<size_t>(width);
}

/// Columns that the printable `text` takes.
inline size_t countColumns(std::string_view text) {
  size_t columns = 0;
  while (!text.empty()) {
    Character next = decodeCharacter(text);
    columns += countColumns(next.code);
    text.remove_prefix(next.bytes);
  }
  return columns;
}

/// The printable `text` in at most `columns`, which are more than 3. Longer
/// text is replaced by "..." and its end.
inline std::string clipFront(std::string_view text, size_t columns) {
  size_t used = countColumns(text);
  if (used <= columns)
    return std::string(text);
  while (used > columns - 3) {
    Character first = decodeCharacter(text);
    used -= countColumns(first.code);
    text.remove_prefix(first.bytes);
  }
  return "..." + std::string(text);
}

/// Spaces that fill the printable `text` up to `columns`.
inline std::string padding(std::string_view text, size_t columns) {
  size_t used = countColumns(text);
  return std::string(used < columns ? columns - used : 0, ' ');
}

} // namespace qtcrt

#endif // QTCRT_PRINTABLE_H
