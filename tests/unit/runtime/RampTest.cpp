//===- RampTest.cpp - ramps of learning rates -----------------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qtcrt/Ramp.h"
#include "TestSupport.h"
#include "qtcrt/Error.h"
#include "qtcrt/Schedule.h"

#include <algorithm>
#include <cmath>
#include <gtest/gtest.h>

using namespace qtcrt;

namespace {

using Values = std::vector<int64_t>;
using Numbers = std::vector<float>;

Schedule make(const std::string &text, uint64_t total, uint64_t epoch,
              qtcrt_schedule_kind kind) {
  Schedule schedule = Schedule::parse(text, kind);
  schedule.resolve(total, epoch);
  return schedule;
}

Values valuesOf(const std::string &text, uint64_t total, uint64_t epoch = 10,
                qtcrt_schedule_kind kind = QTCRT_SCHEDULE_INTEGER) {
  Schedule schedule = make(text, total, epoch, kind);
  Values values;
  for (uint64_t step = 0; step < total; ++step)
    values.push_back(schedule.valueAt(step));
  return values;
}

Numbers numbersOf(const std::string &text, uint64_t total,
                  uint64_t epoch = 10) {
  Schedule schedule = make(text, total, epoch, QTCRT_SCHEDULE_FLOAT);
  Numbers numbers;
  for (uint64_t step = 0; step < total; ++step)
    numbers.push_back(
        static_cast<float>(schedule.toNumber(schedule.valueAt(step))));
  return numbers;
}

} // namespace

TEST(Ramp, CosineOfPi) {
  EXPECT_EQ(cosineOfPi(0), 1);
  EXPECT_EQ(cosineOfPi(0.5), 0);
  EXPECT_EQ(cosineOfPi(1), -1);
  const double pi = std::acos(-1.0);
  for (int i = 0; i <= 10000; ++i)
    EXPECT_NEAR(cosineOfPi(i / 10000.0), std::cos(pi * i / 10000), 1e-15) << i;
}

TEST(Ramp, OfFloats) {
  EXPECT_EQ(numbersOf("1,linear:0@4", 5, 1),
            (Numbers{1, 0.75f, 0.5f, 0.25f, 0}));
  EXPECT_EQ(numbersOf("0,cosine:1@4", 6, 1),
            (Numbers{0, 0.14644662f, 0.5f, 0.8535534f, 1, 1}));
  EXPECT_EQ(numbersOf("0.1,cosine:0@100%", 4),
            (Numbers{0.1f, 0.085355341f, 0.05f, 0.014644661f}));
}

TEST(Ramp, WarmUp) {
  EXPECT_EQ(numbersOf("0,linear:0.1@20%,cosine:0@100%", 10),
            (Numbers{0, 0.05f, 0.1f, 0.09619398f, 0.08535534f, 0.069134176f,
                     0.05f, 0.03086583f, 0.014644661f, 0.0038060234f}));
}

// The answers are those of tests/numeric/reference/test_reference.py.
TEST(Ramp, OfGradientBits) {
  EXPECT_EQ(valuesOf("2,cosine:-6@100%", 16),
            (Values{2, 2, 2, 2, 2, 2, 1, 1, 1, 1, 0, 0, -1, -2, -3, -4}));
  EXPECT_EQ(valuesOf("-6,linear:2@8,-1@9", 10, 1),
            (Values{-6, -1, 0, 1, 1, 1, 2, 2, 2, -1}));
}

TEST(Ramp, OfPowersOfTwo) {
  EXPECT_EQ(valuesOf("8,linear:1/8@8", 9, 1, QTCRT_SCHEDULE_LOG2),
            (Values{3, 3, 3, 2, 2, 2, 1, 0, -3}));
}

TEST(Ramp, OneAfterAnother) {
  EXPECT_EQ(numbersOf("0,linear:1@2,linear:3@4,0.5@6,linear:0@8", 9, 1),
            (Numbers{0, 0.5f, 1, 2, 3, 3, 0.5f, 0.25f, 0}));
  EXPECT_EQ(valuesOf("4,4@4,linear:2@8,1@10", 11, 1),
            (Values{4, 4, 4, 4, 4, 4, 3, 3, 2, 2, 1}));
}

// Each value is that of the nearest power of two, in octaves, and does not
// leave the range of the ends or turn back.
TEST(Ramp, ExponentsAreTheNearest) {
  for (Ramp ramp : {Ramp::Linear, Ramp::Cosine})
    for (auto [a, b] : {std::pair{4, -6}, {-6, 4}, {3, 2}, {0, 0}, {-9, -40}}) {
      int64_t last = a;
      for (int i = 0; i <= 4000; ++i) {
        double x = i / 4000.0;
        int64_t value = exponentBetween(ramp, a, b, x);
        double rate = rateBetween(ramp, std::ldexp(1, a), std::ldexp(1, b), x);
        EXPECT_LE(std::fabs(static_cast<double>(value) - std::log2(rate)),
                  0.5 + 1e-9);
        EXPECT_TRUE(a < b ? value >= last : value <= last) << x;
        last = value;
      }
      EXPECT_EQ(last, b);
    }
}

TEST(Ramp, RatesStayBetweenTheEnds) {
  for (Ramp ramp : {Ramp::Linear, Ramp::Cosine})
    for (auto [a, b] :
         {std::pair{0.1, 0.3}, {0.3, 0.1}, {1e-30, 0.7}, {0., 0.}})
      for (int i = 0; i <= 1000; ++i) {
        double rate = rateBetween(ramp, a, b, i / 1000.0);
        EXPECT_TRUE(std::min(a, b) <= rate && rate <= std::max(a, b)) << rate;
      }
}

TEST(Ramp, EndsThatAreFarApart) {
  EXPECT_EQ(valuesOf("1000,linear:-1000@4", 5, 1),
            (Values{1000, 1000, 999, 998, -1000}));
  EXPECT_EQ(valuesOf("-1000,linear:1000@4", 5, 1),
            (Values{-1000, 998, 999, 1000, 1000}));
  EXPECT_EQ(valuesOf("-1000,cosine:-300@4", 5, 1),
            (Values{-1000, -303, -301, -300, -300}));
  EXPECT_EQ(valuesOf("1000,cosine:999@2", 3, 1), (Values{1000, 1000, 999}));
  Schedule schedule = make("1000,linear:-1000@1000000000", 1, uint64_t{1} << 33,
                           QTCRT_SCHEDULE_INTEGER);
  uint64_t end = 1000000000 * (uint64_t{1} << 33);
  EXPECT_EQ(schedule.valueAt(end - 1), -1000); // x is 1 in double
  EXPECT_EQ(schedule.valueAt(end / 2), 999);
  EXPECT_EQ(numbersOf("1e-20,cosine:0.1@2", 3, 1),
            (Numbers{1e-20f, 0.05f, 0.1f}));
  EXPECT_EQ(numbersOf("3.4e38,linear:0@2", 3, 1),
            (Numbers{3.4e38f, 1.7e38f, 0}));
}

TEST(Ramp, WithoutStepsIsAJump) {
  EXPECT_EQ(valuesOf("4,linear:2@0%,1@50%", 4), (Values{2, 2, 1, 1}));
  EXPECT_EQ(valuesOf("4,2@25%,cosine:-3@1", 4, 1), (Values{4, -3, -3, -3}));
}

TEST(Ramp, OfOneStep) {
  EXPECT_EQ(valuesOf("4,linear:2@1,cosine:0@2", 3, 1), (Values{4, 2, 0}));
}

TEST(Ramp, MayEndAfterTheRun) {
  EXPECT_EQ(numbersOf("0,linear:1@8", 3, 1), (Numbers{0, 0.125f, 0.25f}));
}

TEST(Ramp, EqualityIsThatOfTheForm) {
  auto parse = [](const char *text) {
    return Schedule::parse(text, QTCRT_SCHEDULE_FLOAT);
  };
  Schedule linear = parse("0,linear:0.1@5%");
  EXPECT_TRUE(linear == parse("0.0,linear:1e-1@5.0%"));
  EXPECT_FALSE(linear == parse("0,cosine:0.1@5%"));
  EXPECT_FALSE(linear == parse("0,0.1@5%"));
}

TEST(Ramp, Errors) {
  auto expect = [](const char *text, const std::string &part) {
    std::string error =
        errorOf([&] { make(text, 100, 10, QTCRT_SCHEDULE_INTEGER); });
    EXPECT_NE(error.find(part), std::string::npos) << error;
  };
  expect("linear:4,2@1", "'linear:4': expected a first entry that is no ramp");
  expect("4,linear:2", "'linear:2': expected linear:value@epoch or "
                       "linear:value@percent% after the first entry");
  expect("4,cos:2@1", "'cos:2@1': expected 'linear:' or 'cosine:' before");
  expect("4,2@50%,linear:1@50%", "'linear:1@50%' is not after '2@50%'");
  expect("4,linear:2@9,0@50%", "'0@50%' is at step 50, before the previous "
                               "entry (step 90)");
}
