//===- SyntheticDigits.cpp - digits drawn by the runtime ------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

// Each digit is a set of polylines in a box of 40 x 64, jittered, scaled,
// slanted, rotated and moved, and drawn with a round pen; distracting strokes,
// contrast and noise follow. Everything is integer arithmetic on counter-based
// random numbers: the same images on every machine.

#include "data/Readers.h"
#include "qtcrt/Error.h"
#include "qtcrt/Isa.h"
#include "qtcrt/Philox.h"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <functional>
#include <system_error>
#include <thread>

using namespace qtcrt;

namespace {

constexpr uint64_t syntheticKey = 0x7174637274646967;
constexpr uint64_t trainCount = 60000, testCount = 10000;
constexpr uint64_t maxBytes = uint64_t{512} << 20; // of the training images
constexpr int one = 256;                           // fixed point of a pixel
constexpr uint64_t chunk = 64; // images a thread takes at a time
constexpr unsigned maxThreads = 16;

struct Point {
  int x, y;
};

using Stroke = std::vector<Point>;

const std::vector<std::vector<Stroke>> &glyphs() {
  static const std::vector<std::vector<Stroke>> table = {
      {{{20, 0},
        {34, 8},
        {40, 32},
        {34, 56},
        {20, 64},
        {6, 56},
        {0, 32},
        {6, 8},
        {20, 0}}},
      {{{8, 12}, {20, 0}, {20, 64}}},
      {{{2, 14},
        {8, 3},
        {20, 0},
        {33, 4},
        {38, 16},
        {32, 30},
        {2, 64},
        {40, 64}}},
      {{{3, 6}, {18, 0}, {34, 5}, {36, 18}, {28, 28}, {16, 31}},
       {{16, 31}, {32, 35}, {40, 47}, {34, 59}, {18, 64}, {2, 58}}},
      {{{28, 64}, {28, 0}, {0, 44}, {40, 44}}},
      {{{36, 0},
        {6, 0},
        {3, 28},
        {18, 23},
        {34, 28},
        {40, 43},
        {33, 58},
        {18, 64},
        {2, 58}}},
      {{{33, 2},
        {16, 12},
        {3, 34},
        {3, 50},
        {12, 62},
        {26, 63},
        {38, 54},
        {38, 40},
        {26, 31},
        {12, 34},
        {3, 46}}},
      {{{0, 0}, {40, 0}, {16, 64}}},
      {{{20, 30},
        {6, 22},
        {6, 8},
        {20, 0},
        {34, 8},
        {34, 22},
        {20, 30},
        {4, 40},
        {2, 54},
        {20, 64},
        {38, 54},
        {36, 40},
        {20, 30}}},
      {{{37, 18},
        {28, 30},
        {14, 32},
        {2, 24},
        {2, 10},
        {14, 1},
        {28, 2},
        {37, 14},
        {37, 30},
        {30, 52},
        {12, 64}}}};
  return table;
}

/// The random numbers of one image, in order.
class Random {
public:
  Random(uint32_t image, uint32_t split) : image(image), split(split) {}

  uint32_t next() {
    if (used == 4) {
      block = randomBlock(syntheticKey, 4 * counter++, image, split,
                          RandomPurpose::SyntheticData);
      used = 0;
    }
    return block[used++];
  }
  /// Uniform in [low, high].
  int range(int low, int high) {
    uint64_t span = static_cast<uint64_t>(high - low) + 1;
    return low + static_cast<int>((next() * span) >> 32);
  }

private:
  uint64_t counter = 0;
  uint32_t image, split;
  PhiloxBlock block{};
  int used = 4;
};

/// Draws lines into a mask of one byte per pixel.
class Canvas {
public:
  Canvas(int64_t height, int64_t width)
      : height(static_cast<int>(height)), width(static_cast<int>(width)),
        mask(static_cast<size_t>(height * width)) {}

  void clear() { std::fill(mask.begin(), mask.end(), 0); }
  const std::vector<uint8_t> &pixels() const { return mask; }

  /// A line with a round pen of `radius`; positions in 1/256 pixels.
  void line(Point from, Point to, int radius, int strength) {
    int length = std::max(std::abs(to.x - from.x), std::abs(to.y - from.y));
    int steps = 1 + length / std::max(one / 2, radius / 2);
    for (int k = 0; k <= steps; ++k)
      stamp({from.x + (to.x - from.x) * k / steps,
             from.y + (to.y - from.y) * k / steps},
            radius, strength);
  }

private:
  void stamp(Point center, int radius, int strength) {
    int64_t inner = int64_t{radius} * radius;
    int64_t outer = int64_t{radius + one} * (radius + one);
    int top = std::max(0, (center.y - radius) / one - 1);
    int bottom = std::min(height - 1, (center.y + radius) / one + 1);
    int left = std::max(0, (center.x - radius) / one - 1);
    int right = std::min(width - 1, (center.x + radius) / one + 1);
    for (int y = top; y <= bottom; ++y)
      for (int x = left; x <= right; ++x) {
        int64_t dx = x * one + one / 2 - center.x;
        int64_t dy = y * one + one / 2 - center.y;
        int64_t distance = dx * dx + dy * dy;
        if (distance >= outer)
          continue;
        int64_t value = distance <= inner
                            ? strength
                            : strength * (outer - distance) / (outer - inner);
        size_t index = static_cast<size_t>(y) * static_cast<size_t>(width) +
                       static_cast<size_t>(x);
        uint8_t &pixel = mask[index];
        pixel = std::max(pixel, static_cast<uint8_t>(value));
      }
  }

  int height, width;
  std::vector<uint8_t> mask;
};

/// An affine map from the glyph's box (centre 20, 32) to the canvas.
struct Placement {
  int xx, xy, yx, yy; ///< 1/65536 pixels per unit of the box, times 256
  int cx, cy;         ///< 1/256 pixels
  Point apply(Point p, int jitterX, int jitterY) const {
    int64_t x = (p.x - 20) * 8 + jitterX, y = (p.y - 32) * 8 + jitterY;
    return {cx + static_cast<int>((x * xx + y * xy) / 2048),
            cy + static_cast<int>((x * yx + y * yy) / 2048)};
  }
};

Placement place(Random &random, int size, int height, int width) {
  // Height of a digit: 45 to 80 % of the image; 64 units high.
  int scaleY =
      static_cast<int>(int64_t{size} * one * random.range(45, 80) * 256 / 6400);
  int scaleX = scaleY / 100 * random.range(75, 125);
  int slant = random.range(-80, 80);    // x moves by slant/256 of y
  int rotation = random.range(-50, 50); // small: sine in 1/256
  Placement p;
  p.xx = scaleX;
  p.xy = scaleY * (rotation - slant) / 256;
  p.yx = -scaleX * rotation / 256;
  p.yy = scaleY;
  int reach = size * one / 9;
  p.cx = width * one / 2 + random.range(-reach, reach);
  p.cy = height * one / 2 + random.range(-reach, reach);
  return p;
}

/// Renders digits of one image size.
class DigitRenderer {
public:
  explicit DigitRenderer(const ImageShape &shape)
      : shape(shape),
        size(static_cast<int>(std::min(shape.height, shape.width))),
        canvas(shape.height, shape.width) {}

  /// Writes image `index` of `split` and returns its label.
  int32_t render(uint32_t index, uint32_t split, uint8_t *out) {
    Random random(index, split);
    int32_t digit = random.range(0, 9);
    canvas.clear();
    drawDigit(random, digit);
    drawDistractors(random);
    for (int64_t plane = 0; plane < shape.channels; ++plane)
      fillPlane(random, out + plane * shape.height * shape.width);
    return digit;
  }

private:
  void drawDigit(Random &random, int32_t digit) {
    Placement placement = place(random, size, static_cast<int>(shape.height),
                                static_cast<int>(shape.width));
    int radius = size * random.range(4, 14) * one / 280;
    for (const Stroke &stroke : glyphs()[static_cast<size_t>(digit)]) {
      Point previous{};
      for (size_t i = 0; i < stroke.size(); ++i) {
        // One by one: compilers evaluate arguments in different orders.
        int shakeX = random.range(-26, 26);
        int shakeY = random.range(-26, 26);
        Point point = placement.apply(stroke[i], shakeX, shakeY);
        if (i)
          canvas.line(previous, point, radius, 255);
        previous = point;
      }
    }
  }

  /// Up to three short, fainter strokes anywhere.
  void drawDistractors(Random &random) {
    int count = random.range(0, 3), reach = size * one / 4;
    for (int i = 0; i < count; ++i) {
      Point from{random.range(0, static_cast<int>(shape.width) * one),
                 random.range(0, static_cast<int>(shape.height) * one)};
      Point to{from.x + random.range(-reach, reach),
               from.y + random.range(-reach, reach)};
      canvas.line(from, to, size * one / 50, random.range(90, 230));
    }
  }

  void fillPlane(Random &random, uint8_t *out) {
    bool gray = shape.channels == 1;
    int background = random.range(0, gray ? 60 : 255);
    int ink = gray ? random.range(150, 255) : random.range(0, 255);
    if (!gray && std::abs(ink - background) < 90)
      ink = background < 128 ? background + 90 : background - 90;
    int noise = random.range(10, 50);
    uint32_t bits = 0;
    const std::vector<uint8_t> &mask = canvas.pixels();
    for (size_t i = 0; i < mask.size(); ++i) {
      if (i % 2 == 0)
        bits = random.next();
      // The sum of two uniform bytes: a triangle around 0.
      int wobble = static_cast<int>(bits & 255) +
                   static_cast<int>(bits >> 8 & 255) - 255;
      bits >>= 16;
      int value = background + (ink - background) * mask[i] / 255 +
                  wobble * noise / 255;
      out[i] = static_cast<uint8_t>(std::min(255, std::max(0, value)));
    }
  }

  ImageShape shape;
  int size;
  Canvas canvas;
};

/// Renders on all processors; every image depends on its index only.
RawSplit renderSplit(const ImageShape &shape, uint32_t split, uint64_t count) {
  RawSplit data;
  data.inputs[0].shape = shape;
  std::vector<uint8_t> &pixels = data.inputs[0].numbers.data;
  pixels.resize(count * shape.elements());
  std::vector<int32_t> labels(count);
  glyphs();
  // All memory is taken before the threads start: they cannot fail.
  unsigned threads = std::min(maxThreads, availableProcessors());
  std::vector<DigitRenderer> renderers(threads, DigitRenderer(shape));
  std::vector<std::thread> helpers;
  helpers.reserve(threads);
  std::atomic<uint64_t> next{0};
  auto work = [&](DigitRenderer &renderer) {
    for (uint64_t first; (first = next.fetch_add(chunk)) < count;)
      for (uint64_t i = first; i < std::min(count, first + chunk); ++i)
        labels[i] = renderer.render(static_cast<uint32_t>(i), split,
                                    pixels.data() + i * shape.elements());
  };
  try {
    for (unsigned i = 1; i < threads; ++i)
      helpers.emplace_back(work, std::ref(renderers[i]));
  } catch (const std::system_error &) {
    // Fewer threads, same images.
  }
  work(renderers[0]);
  for (std::thread &helper : helpers)
    helper.join();
  data.targets[0].numbers.appendClasses(labels);
  return data;
}

/// The image that a model's input represents. A flat input of n*n bytes is one
/// square plane, and one of 3*n*n bytes is three square planes.
ImageShape imageShape(const ImageShape &input) {
  if (input.height != 1 || input.width != 1)
    return input;
  for (int64_t planes : {1, 3})
    for (int64_t side = 8; side <= 1024; ++side)
      if (planes * side * side == input.channels)
        return {planes, side, side};
  return input;
}

} // namespace

RawDataSet qtcrt::renderSynthetic(const std::string &what,
                                  const DataRequest &request) {
  if (what != "digits")
    throw UsageError(concat("--data: unknown synthetic data ", inQuotes(what),
                            ", expected synthetic:digits"));
  const ImageShape &input = request.inputs[0].shape;
  ImageShape shape = imageShape(input);
  if (std::min(shape.height, shape.width) < 8 ||
      std::max(shape.height, shape.width) > 1024 || shape.channels > 64)
    fail("synthetic:digits draws images of 8x8 to 1024x1024 pixels and up to ",
         "64 channels, but the model's input is ", toString(input));
  for (const ColumnRequest &target : request.targets)
    if (target.classes < 10)
      fail("synthetic:digits has 10 classes, but the model has only ",
           target.classes);
  // Large images: fewer of them, in the same proportion.
  uint64_t train = std::min(trainCount, maxBytes / shape.elements());
  RawDataSet data;
  if (request.train)
    data.train = renderSplit(shape, 0, train);
  data.test = renderSplit(
      shape, 1, std::max<uint64_t>(1, train * testCount / trainCount));
  return data;
}
