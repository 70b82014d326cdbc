//===- LossTest.cpp - loss and accuracy for reports -----------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qtcrt/Loss.h"

#include <cmath>
#include <gtest/gtest.h>

using namespace qtcrt;

TEST(Loss, LowestIndexAmongMaximaWins) {
  const int8_t logits[] = {5, 7, 7, 1, 9, 9, 9, 9};
  const int32_t labels[] = {1, 0}, others[] = {2, 3};
  PortView view{logits, QTCRT_INT8, 0};
  PortView targets{labels, QTCRT_INT32, 0}, wrong{others, QTCRT_INT32, 0};
  LossKind kind{QTCRT_LOSS_CROSS_ENTROPY, 4};
  LossSums sums;
  addLoss(sums, kind, view, targets, 2);
  EXPECT_EQ(sums.correct, 2u);
  EXPECT_EQ(sums.examples, 2u);
  addLoss(sums, kind, view, wrong, 2);
  EXPECT_EQ(sums.correct, 2u);
}

template <typename T>
static double lossOf(std::vector<T> logits, uint32_t dtype, int32_t exponent,
                     qtcrt_loss loss = QTCRT_LOSS_CROSS_ENTROPY) {
  LossSums sums;
  int32_t label = 1;
  addLoss(sums, {loss, logits.size()}, {logits.data(), dtype, exponent},
          {&label, QTCRT_INT32, 0}, 1);
  return sums.loss;
}

TEST(Loss, SoftmaxCrossEntropyOfScaledLogits) {
  double expected = std::log(std::exp(1.5) + std::exp(-0.5)) + 0.5;
  EXPECT_NEAR(lossOf<int8_t>({3, -1}, QTCRT_INT8, -1), expected, 1e-12);
  EXPECT_NEAR(lossOf<int16_t>({768, -256}, QTCRT_INT16, -9), expected, 1e-12);
  EXPECT_NEAR(lossOf<int32_t>({3, -1}, QTCRT_INT32, -1), expected, 1e-12);
  EXPECT_NEAR(lossOf<float>({1.5f, -0.5f}, QTCRT_FLOAT32, 77), expected, 1e-6);
}

TEST(Loss, HalfTheSquaredErrors) {
  // (1.5² + (−0.5 − 1)²) / 2
  EXPECT_NEAR(
      lossOf<float>({1.5f, -0.5f}, QTCRT_FLOAT32, 77, QTCRT_LOSS_SQUARES), 2.25,
      1e-6);
  EXPECT_NEAR(lossOf<int8_t>({3, -1}, QTCRT_INT8, -1, QTCRT_LOSS_SQUARES), 2.25,
              1e-12);
}

TEST(Loss, ExtremeExponentsStayFinite) {
  EXPECT_NEAR(lossOf<int8_t>({127, -127}, QTCRT_INT8, -100000), std::log(2.0),
              1e-12);
  EXPECT_NEAR(lossOf<int8_t>({5, 5}, QTCRT_INT8, 100000), std::log(2.0), 1e-12);
}

TEST(Loss, TextsAreShort) {
  EXPECT_EQ(formatLoss(2.30259), "2.3026");
  EXPECT_EQ(formatLoss(-std::nan("")), "nan");
  EXPECT_EQ(formatLoss(std::nan("")), "nan");
  EXPECT_EQ(formatLoss(2.798e32), "2.8e+32");
}
