//===- PrintableTest.cpp - text that a terminal can show ------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qtcrt/Printable.h"

#include <gtest/gtest.h>

using namespace qtcrt;
using namespace std::string_literals;

TEST(Printable, KeepsText) {
  for (const char *text : {"", "conv1.weight", "a b\\n\"'~", "ключ", "重み",
                           "é", "e\u0301", "👍🏽", "👨‍👩‍👧"})
    EXPECT_EQ(printable(text), text);
}

TEST(Printable, EscapesControlCharacters) {
  EXPECT_EQ(printable("a\x1b[31mb"), "a\\x1b[31mb");
  EXPECT_EQ(printable("a\nb\r\tc\x7f"), "a\\x0ab\\x0d\\x09c\\x7f");
  EXPECT_EQ(printable("a\0b"s), "a\\x00b");
  EXPECT_EQ(printable("\u009b31m"), "\\u009b31m");
  EXPECT_EQ(printable("\u202Egnp.exe\u2069"), "\\u202egnp.exe\\u2069");
  EXPECT_EQ(printable("\u2028\u200b\ufeff"), "\\u2028\\u200b\\ufeff");
  EXPECT_EQ(printable("\U000e0041"), "\\U000e0041");
}

TEST(Printable, EscapesWhatIsNoText) {
  EXPECT_EQ(printable("\xff\xfe"), "\\xff\\xfe");
  EXPECT_EQ(printable("\x80"), "\\x80");
  EXPECT_EQ(printable("\xc0\xaf"), "\\xc0\\xaf");                   // overlong
  EXPECT_EQ(printable("\xed\xa0\x80"), "\\xed\\xa0\\x80");          // surrogate
  EXPECT_EQ(printable("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80"); // too large
  EXPECT_EQ(printable("a\xe9"), "a\\xe9");                          // cut
  EXPECT_EQ(printable("\xe9 b"), "\\xe9 b");
}

TEST(Printable, IsItsOwnPrintableForm) {
  for (const std::string &text : {"a\x1b\\x1b"s, "\xff\n"s, "\u202e"s}) {
    std::string once = printable(text);
    EXPECT_EQ(printable(once), once);
  }
}

TEST(Printable, CutsBetweenCharacters) {
  EXPECT_EQ(printable("ключ", 4), "ключ");
  EXPECT_EQ(printable("ключи", 4), "ключ...");
  EXPECT_EQ(printable(std::string(5000, 'x'), 3), "xxx...");
}

TEST(Printable, Names) {
  for (const std::string &name : {""s, "w"s, "a\nb"s, "ключ"s, "\x1b"s})
    EXPECT_TRUE(isName(name));
  for (const std::string &name : {"\0"s, "w\0z"s, "w\xff"s, "\xc3"s})
    EXPECT_FALSE(isName(name));
}

TEST(Printable, Columns) {
  EXPECT_EQ(countColumns("abc"), 3u);
  EXPECT_EQ(countColumns("ключ"), 4u);
  EXPECT_EQ(countColumns("重み"), 4u);
  EXPECT_EQ(countColumns("e\u0301"), 1u);
  EXPECT_EQ("重み" + padding("重み", 6), "重み  ");
  EXPECT_EQ(padding("abcd", 3), "");
}

TEST(Printable, ClipsTheFront) {
  EXPECT_EQ(clipFront("abcdef", 6), "abcdef");
  EXPECT_EQ(clipFront("abcdefg", 6), "...efg");
  // A wide character does not fit in the remaining columns.
  EXPECT_EQ(clipFront("重重重重", 6), "...重");
}
