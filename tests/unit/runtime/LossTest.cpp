//===- LossTest.cpp - loss and accuracy for reports -----------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qtcrt/Loss.h"

#include <cmath>
#include <gtest/gtest.h>
#include <vector>

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

/// The loss of examples with two outputs that are floats.
static double lossOfNumbers(qtcrt_loss loss, const std::vector<float> &y,
                            const std::vector<float> &t, double delta = 0) {
  LossSums sums;
  addLoss(sums, {loss, 2, delta}, {y.data(), QTCRT_FLOAT32, 9},
          {t.data(), QTCRT_FLOAT32, 9}, static_cast<int64_t>(y.size() / 2));
  EXPECT_EQ(sums.examples, y.size() / 2);
  EXPECT_EQ(sums.correct, 0u);
  return sums.loss;
}

// Means over outputs, sums over examples.
TEST(Loss, LossesOfNumbers) {
  std::vector<float> y = {1, -2, 0.5f, 0}, t = {0, 2, 0.25f, 0};
  EXPECT_EQ(lossOfNumbers(QTCRT_LOSS_MEAN_SQUARES, y, t),
            (1 + 16) / 2.0 + 0.0625 / 2);
  EXPECT_EQ(lossOfNumbers(QTCRT_LOSS_ABSOLUTE, y, t), 5 / 2.0 + 0.25 / 2);
  // Up to delta half a square, then straight.
  EXPECT_EQ(lossOfNumbers(QTCRT_LOSS_HUBER, y, t, 1),
            (0.5 + 3.5) / 2 + 0.03125 / 2);
  EXPECT_EQ(lossOfNumbers(QTCRT_LOSS_HUBER, y, t, 4),
            (0.5 + 8) / 2 + 0.03125 / 2);
}

TEST(Loss, LogisticIsStable) {
  auto lossOf = [](float y, float t) {
    return lossOfNumbers(QTCRT_LOSS_LOGISTIC, {y, y}, {t, t});
  };
  EXPECT_NEAR(lossOf(0, 0), std::log(2.0), 1e-15);
  EXPECT_NEAR(lossOf(2, 1), std::log1p(std::exp(-2.0)), 1e-15);
  EXPECT_NEAR(lossOf(-3, 0.25), std::log1p(std::exp(-3.0)) + 0.75, 1e-15);
  EXPECT_EQ(lossOf(1e30f, 0), static_cast<double>(1e30f));
  EXPECT_EQ(lossOf(1e30f, 1), 0);
  EXPECT_EQ(lossOf(-1e30f, 0), 0);
  EXPECT_EQ(lossOf(-100, 0), std::exp(-100.0));
}

TEST(Loss, MantissasOfPredictionsAndTargets) {
  std::vector<int8_t> y = {6, -4}; // 1.5, -1
  std::vector<int32_t> t = {1 << 15, 1 << 16};
  LossSums sums;
  addLoss(sums, {QTCRT_LOSS_MEAN_SQUARES, 2}, {y.data(), QTCRT_INT8, -2},
          {t.data(), QTCRT_INT32, -16}, 1);
  EXPECT_EQ(sums.loss, (1 + 4) / 2.0);
}

TEST(Loss, LossesAreOfClassesOrOfNumbers) {
  for (uint32_t loss = 0; loss <= QTCRT_LOSS_LOGISTIC; ++loss) {
    EXPECT_EQ(isLoss(loss, true), loss <= QTCRT_LOSS_SQUARES);
    EXPECT_EQ(isLoss(loss, false), loss > QTCRT_LOSS_SQUARES);
  }
  EXPECT_FALSE(isLoss(QTCRT_LOSS_LOGISTIC + 1, true));
  EXPECT_FALSE(isLoss(QTCRT_LOSS_LOGISTIC + 1, false));
}

// -log softmax of (1, 0, -1) is log Z less 1, 0 and -1.
TEST(Loss, OptionsOfCrossEntropy) {
  const float logits[] = {1, 0, -1, 1, 0, -1, 5, 5, 5};
  const int32_t labels[] = {0, 2, -100};
  const double weights[] = {2, 0.5, 3};
  double z = std::log(std::exp(1) + 1 + std::exp(-1));
  double nll[] = {z - 1, z, z + 1};
  auto sumsOf = [&](double smoothing, const double *weightsOrNull) {
    LossSums sums;
    LossKind kind{
        QTCRT_LOSS_CROSS_ENTROPY, 3, 0, smoothing, weightsOrNull, -100};
    addLoss(sums, kind, {logits, QTCRT_FLOAT32, 0}, {labels, QTCRT_INT32, 0},
            3);
    EXPECT_EQ(sums.examples, 2u);
    EXPECT_EQ(sums.correct, 1u);
    EXPECT_EQ(sums.accuracy(), 0.5);
    return sums;
  };
  LossSums plain = sumsOf(0, nullptr);
  EXPECT_NEAR(plain.meanLoss(), (nll[0] + nll[2]) / 2, 1e-12);
  LossSums weighed = sumsOf(0, weights);
  EXPECT_EQ(weighed.weight, 5);
  EXPECT_NEAR(weighed.meanLoss(), (2 * nll[0] + 3 * nll[2]) / 5, 1e-12);
  double ofAll = 2 * nll[0] + 0.5 * nll[1] + 3 * nll[2];
  EXPECT_NEAR(sumsOf(0.3, weights).meanLoss(),
              (0.7 * (2 * nll[0] + 3 * nll[2]) + 2 * 0.1 * ofAll) / 5, 1e-12);
}

TEST(Loss, NoExampleCounts) {
  const int32_t label = 7;
  const float logits[] = {1, 2};
  LossKind kind{QTCRT_LOSS_CROSS_ENTROPY, 2, 0, 0, nullptr, 7};
  LossSums sums;
  addLoss(sums, kind, {logits, QTCRT_FLOAT32, 0}, {&label, QTCRT_INT32, 0}, 1);
  EXPECT_EQ(sums.examples, 0u);
  EXPECT_EQ(formatLoss(sums.meanLoss()), "nan");
  EXPECT_EQ(formatLoss(sums.accuracy()), "nan");
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
  EXPECT_EQ(formatScaledLoss(0.0000123456789), "1.23457e-05");
  EXPECT_EQ(formatScaledLoss(1234567), "1.23457e+06");
  EXPECT_EQ(formatScaledLoss(-std::nan("")), "nan");
}
