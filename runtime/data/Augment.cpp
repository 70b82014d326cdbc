//===- Augment.cpp - order and variation of training examples -------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qtcrt/Augment.h"

#include "qtcrt/Error.h"
#include "qtcrt/Philox.h"

#include <algorithm>
#include <cstring>
#include <numeric>
#include <utility>

using namespace qtcrt;

const char *qtcrt::toString(Augmentation augmentation) {
  return augmentation == Augmentation::CropFlip ? "crop-flip" : "none";
}

Augmentation qtcrt::parseAugmentation(const std::string &text) {
  for (Augmentation value : {Augmentation::None, Augmentation::CropFlip})
    if (text == toString(value))
      return value;
  throw UsageError(concat("--augment: unknown augmentation ", inQuotes(text),
                          ", expected none or crop-flip"));
}

std::vector<uint32_t> qtcrt::shuffledOrder(uint64_t count, uint64_t seed,
                                           uint64_t epoch) {
  std::vector<uint32_t> order(count);
  std::iota(order.begin(), order.end(), 0u);
  PhiloxBlock block{};
  uint64_t held = ~uint64_t{0}; // number of the block in `block`
  for (uint64_t i = count; i-- > 1;) {
    if (held != i >> 2) {
      held = i >> 2;
      block = randomBlock(seed, i, 0, static_cast<uint32_t>(epoch),
                          RandomPurpose::Shuffling);
    }
    uint64_t other = (uint64_t{block[i & 3]} * (i + 1)) >> 32;
    std::swap(order[i], order[other]);
  }
  return order;
}

void qtcrt::cropFlip(const uint8_t *in, uint8_t *out, const ImageShape &shape,
                     uint64_t example, uint64_t seed, uint64_t epoch) {
  PhiloxBlock random = philox4x32(
      {static_cast<uint32_t>(example), 0, static_cast<uint32_t>(epoch),
       static_cast<uint32_t>(RandomPurpose::Augmentation)},
      seed);
  int64_t dy = static_cast<int64_t>((uint64_t{random[0]} * 9) >> 32) - 4;
  int64_t dx = static_cast<int64_t>((uint64_t{random[1]} * 9) >> 32) - 4;
  bool mirror = random[2] >> 31;
  int64_t height = shape.height, width = shape.width;
  // Columns x of a shifted row that lie inside: in[x + dx].
  int64_t first = std::min(width, std::max<int64_t>(0, -dx));
  int64_t last = std::max(first, std::min(width, width - dx));
  for (int64_t row = 0; row < shape.channels * height; ++row, out += width) {
    int64_t plane = row / height, source = row % height + dy;
    std::memset(out, 0, static_cast<size_t>(width));
    if (source < 0 || source >= height || first == last)
      continue;
    const uint8_t *line = in + (plane * height + source) * width;
    std::memcpy(out + first, line + first + dx,
                static_cast<size_t>(last - first));
    if (mirror)
      std::reverse(out, out + width);
  }
}
