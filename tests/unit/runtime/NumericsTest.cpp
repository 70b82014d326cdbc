//===- NumericsTest.cpp - random numbers, order, augmentation -------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qtcrt/Augment.h"
#include "qtcrt/Philox.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <zlib.h>

using namespace qtcrt;

// Known answers published with Random123 (kat_vectors, philox4x32 10).
TEST(Philox, KnownAnswers) {
  EXPECT_EQ(philox4x32({0, 0, 0, 0}, 0),
            (PhiloxBlock{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  EXPECT_EQ(philox4x32({0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
                       ~uint64_t{0}),
            (PhiloxBlock{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(philox4x32({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
                       0x299f31d0a4093822),
            (PhiloxBlock{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

// Values of an independent Python implementation of numerics.md section 2.
TEST(Shuffle, MatchesReference) {
  EXPECT_EQ(shuffledOrder(13, 1, 0),
            (std::vector<uint32_t>{9, 5, 1, 8, 11, 2, 6, 0, 12, 4, 10, 7, 3}));
  EXPECT_EQ(shuffledOrder(13, uint64_t{7} << 32 | 5, 3),
            (std::vector<uint32_t>{12, 5, 7, 1, 0, 8, 9, 3, 2, 11, 4, 6, 10}));
}

TEST(Shuffle, IsAPermutation) {
  for (uint64_t count : {1, 2, 1000}) {
    std::vector<uint32_t> order = shuffledOrder(count, 1, 5);
    std::sort(order.begin(), order.end());
    for (uint64_t i = 0; i < count; ++i)
      EXPECT_EQ(order[i], i);
  }
}

TEST(CropFlip, MatchesReference) {
  ImageShape shape{2, 9, 7};
  std::vector<uint8_t> in(shape.elements()), out(shape.elements());
  for (size_t i = 0; i < in.size(); ++i)
    in[i] = static_cast<uint8_t>((i * 7 + 1) % 251);
  const unsigned long expected[] = {0x0a3981f4, 0x77375208, 0x43f0bc5b,
                                    0xec7244da, 0x9c18e380, 0x32390c58,
                                    0xb9f329f9, 0x594fb44e};
  for (uint64_t example = 0; example < 8; ++example) {
    cropFlip(in.data(), out.data(), shape, example, 1, 2);
    EXPECT_EQ(crc32(0, out.data(), static_cast<unsigned>(out.size())),
              expected[example]);
  }
}

TEST(CropFlip, TinyImages) {
  for (int64_t side : {1, 2, 3}) {
    ImageShape shape{1, side, side};
    std::vector<uint8_t> in(shape.elements(), 9), out(shape.elements(), 1);
    for (uint64_t example = 0; example < 200; ++example) {
      cropFlip(in.data(), out.data(), shape, example, 3, 0);
      for (uint8_t pixel : out)
        EXPECT_TRUE(pixel == 0 || pixel == 9);
    }
  }
}
