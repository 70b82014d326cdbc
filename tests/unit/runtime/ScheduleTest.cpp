//===- ScheduleTest.cpp - learning-rate lists -----------------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qtcrt/Schedule.h"
#include "TestSupport.h"
#include "qtcrt/Error.h"

#include <cstring>
#include <gtest/gtest.h>

using namespace qtcrt;

static Schedule make(const std::string &text, uint64_t total, uint64_t epoch,
                     qtcrt_schedule_kind kind = QTCRT_SCHEDULE_INTEGER) {
  Schedule schedule = Schedule::parse(text, kind);
  schedule.resolve(total, epoch);
  return schedule;
}

TEST(Schedule, PercentHoldsFromTheFirstStepAtOrAfterIt) {
  Schedule schedule = make("4,2@40%,0@60%,-1@80%", 7, 7);
  const int64_t expected[] = {4, 4, 4, 2, 2, 0, -1};
  for (uint64_t step = 0; step < 7; ++step) {
    EXPECT_EQ(schedule.valueAt(step), expected[step]) << step;
    int64_t plain = 100 * step >= 80 * 7   ? -1
                    : 100 * step >= 60 * 7 ? 0
                    : 100 * step >= 40 * 7 ? 2
                                           : 4;
    EXPECT_EQ(schedule.valueAt(step), plain);
  }
}

TEST(Schedule, Epochs) {
  Schedule schedule = make("5,4@2,3@5", 100, 10);
  EXPECT_EQ(schedule.valueAt(19), 5);
  EXPECT_EQ(schedule.valueAt(20), 4);
  EXPECT_EQ(schedule.valueAt(50), 3);
}

TEST(Schedule, FractionalPercent) {
  Schedule schedule = make("1,2@62.5%", 8, 8);
  EXPECT_EQ(schedule.valueAt(4), 1);
  EXPECT_EQ(schedule.valueAt(5), 2);
}

TEST(Schedule, PowersOfTwo) {
  Schedule schedule = make("1/8,0.0625@1,2@2", 3, 1, QTCRT_SCHEDULE_LOG2);
  EXPECT_EQ(schedule.valueAt(0), -3);
  EXPECT_EQ(schedule.valueAt(1), -4);
  EXPECT_EQ(schedule.valueAt(2), 1);
  EXPECT_EQ(schedule.toNumber(-3), 0.125);
}

TEST(Schedule, Floats) {
  Schedule schedule = make("0.1,1e-3@50%", 2, 2, QTCRT_SCHEDULE_FLOAT);
  float expected = 0.1f;
  int32_t bits;
  std::memcpy(&bits, &expected, 4);
  EXPECT_EQ(schedule.valueAt(0), bits);
  EXPECT_EQ(schedule.toNumber(schedule.valueAt(1)), 1e-3);
}

// The shortest decimal that is the same single.
TEST(Schedule, NumbersOfSinglesAreShort) {
  Schedule schedule = make("0.1", 1, 1, QTCRT_SCHEDULE_FLOAT);
  for (double number :
       {0.0, 0.1, 1.0, 0.0707, 0.012345679, 1e-45, 16777216.0, 3.4e38}) {
    float single = static_cast<float>(number);
    int32_t bits;
    std::memcpy(&bits, &single, 4);
    EXPECT_EQ(schedule.toNumber(bits), number);
  }
}

TEST(Schedule, MalformedIsAUsageError) {
  for (const char *text : {"",
                           ",",
                           "4,",
                           "a",
                           "4,2",
                           "4@1",
                           "4,2@",
                           "4,2@x",
                           "4,2@-1",
                           "4,2@101%",
                           "4,2@%",
                           "4,2@1.2345678%",
                           "1.5",
                           "2000",
                           "4,2@99999999999",
                           "--1",
                           "4 ,2@1",
                           "4,2@1@2",
                           "99999999999999999999",
                           "4,2@50%%",
                           "-",
                           "linear:4",
                           "linear:4@50%",
                           "4,linear:2",
                           "4,linear:@1",
                           "4,linear:@",
                           "4,cos:2@1",
                           "4,:2@1",
                           "4,Linear:2@1",
                           "4,linear:cosine:2@1",
                           "4,linear:1.5@1",
                           "4,2@linear:1"})
    EXPECT_THROW(Schedule::parse(text, QTCRT_SCHEDULE_INTEGER), UsageError)
        << text;
  for (const char *text : {"0.3", "0", "-1", "1/0", "1/3", "nan", "inf", "1/"})
    EXPECT_THROW(Schedule::parse(text, QTCRT_SCHEDULE_LOG2), UsageError)
        << text;
  for (const char *text : {"1e999", "-1", "nan", "0x10", "", "1e40"})
    EXPECT_THROW(Schedule::parse(text, QTCRT_SCHEDULE_FLOAT), UsageError)
        << text;
}

TEST(Schedule, ErrorsHaveAnExampleThatSuitsTheValues) {
  for (qtcrt_schedule_kind kind :
       {QTCRT_SCHEDULE_INTEGER, QTCRT_SCHEDULE_FLOAT, QTCRT_SCHEDULE_LOG2}) {
    std::string text = errorOf([&] { Schedule::parse("x", kind); });
    size_t example = text.rfind(' ') + 1;
    ASSERT_NE(text.find("a list such as "), std::string::npos) << text;
    EXPECT_EQ(errorOf([&] { make(text.substr(example), 100, 10, kind); }), "");
  }
}

// Entries may be out of order although short runs round them to one step.
TEST(Schedule, EntriesMustBeSortedByTime) {
  EXPECT_THROW(make("1,2@50%,3@40%", 2, 10), UsageError);
  EXPECT_THROW(make("1,3@1,3@1", 100, 10), UsageError);
  EXPECT_THROW(make("1,2@5,3@4", 1, 0), UsageError);
  EXPECT_THROW(make("4,2@60%,0@40%", 10, 10), UsageError);
  EXPECT_THROW(make("4,2@3,0@10%", 100, 10), UsageError);
}
