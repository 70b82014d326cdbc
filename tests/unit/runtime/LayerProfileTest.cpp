//===- LayerProfileTest.cpp -----------------------------------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qtcrt/LayerProfile.h"

#include <gtest/gtest.h>

using namespace qtcrt;

namespace {

/// A step of two layers with an activation, a pool and a loss. Times are powers
/// of two, so a sum says what is in it.
constexpr qtcrt_op ops[] = {
    {"", "elementwise", 0, 1},             // 0 pixels
    {"conv", "pack", 0, 10},               // 1
    {"conv", "conv2d", 100, 20},           // 2
    {"conv", "elementwise", 0, 30},        // 3 requantization
    {"relu", "elementwise", 0, 40},        // 4
    {"pool", "max_pool", 0, 50},           // 5
    {"head", "pack", 0, 60},               // 6
    {"head", "conv2d", 200, 70},           // 7
    {"head", "softmax_error", 0, 80},      // 8
    {"head", "elementwise", 0, 90},        // 9
    {"head", "pack", 0, 100},              // 10
    {"head", "input_gradient", 200, 110},  // 11
    {"head", "elementwise", 0, 120},       // 12
    {"head", "pack", 0, 130},              // 13
    {"head", "weight_gradient", 200, 140}, // 14
    {"head", "pack", 0, 150},              // 15 unpacking
    {"head", "elementwise", 0, 160},       // 16 update
    {"relu", "elementwise", 0, 170},       // 17 mask
    {"conv", "channel_sum", 0, 180},       // 18
    {"conv", "elementwise", 0, 190},       // 19 update of the bias
    {"conv", "pack", 0, 200},              // 20
    {"conv", "weight_gradient", 100, 210}, // 21
    {"conv", "elementwise", 0, 220},       // 22
};

std::vector<TimedOp> timeOps() {
  std::vector<TimedOp> timed;
  double time = 1;
  for (const qtcrt_op &op : ops) {
    timed.push_back({&op, time, time / 2});
    time *= 2;
  }
  return timed;
}

double sumOf(std::initializer_list<int> indices) {
  double sum = 0;
  for (int index : indices)
    sum += static_cast<double>(uint64_t{1} << index);
  return sum;
}

TEST(LayerProfile, EveryOperationHasItsPlace) {
  LayerProfile profile = groupByLayer(timeOps());
  struct Expected {
    const char *node, *pass;
    std::initializer_list<int> kernel, helpers;
  };
  const Expected expected[] = {
      {"conv", "forward", {2}, {1, 3, 4}},
      {"head", "forward", {7}, {6, 9}},
      {"head", "input gradient", {11}, {10, 12, 17}},
      {"head", "weight gradient", {14}, {13, 15, 16}},
      {"conv", "weight gradient", {21}, {18, 19, 20, 22}},
  };
  ASSERT_EQ(profile.passes.size(), std::size(expected));
  for (size_t i = 0; i < std::size(expected); ++i) {
    const LayerPass &pass = profile.passes[i];
    SCOPED_TRACE(expected[i].node + std::string(" ") + expected[i].pass);
    EXPECT_EQ(pass.node, expected[i].node);
    EXPECT_EQ(pass.pass, expected[i].pass);
    EXPECT_EQ(pass.kernelMilliseconds, sumOf(expected[i].kernel));
    EXPECT_EQ(pass.helperMilliseconds, sumOf(expected[i].helpers));
    EXPECT_EQ(pass.leastMilliseconds,
              (sumOf(expected[i].kernel) + sumOf(expected[i].helpers)) / 2);
  }
  EXPECT_EQ(profile.otherMilliseconds, sumOf({0, 5, 8}));
  EXPECT_EQ(profile.passes[0].macs, 100);
  EXPECT_EQ(profile.passes[0].bytes, 20);
  EXPECT_EQ(profile.passes[0].helperBytes, 10 + 30 + 40);
}

TEST(LayerProfile, WithoutKernelsAllIsOutside) {
  constexpr qtcrt_op only = {"x", "elementwise", 0, 4};
  LayerProfile profile = groupByLayer({{&only, 2.5, 2}});
  EXPECT_TRUE(profile.passes.empty());
  EXPECT_EQ(profile.otherMilliseconds, 2.5);
  EXPECT_TRUE(groupByLayer({}).passes.empty());
}

} // namespace
