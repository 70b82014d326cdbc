//===- WeightAverageTest.cpp - averages of weights over steps -------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qtcrt/WeightAverage.h"
#include "FakeModel.h"
#include "TestSupport.h"
#include "qtcrt/Checkpoint.h"
#include "qtcrt/CommandLine.h"
#include "qtcrt/SafeTensors.h"

#include <array>
#include <cstdlib>
#include <gtest/gtest.h>

using namespace qtcrt;

namespace {

/// A model with one tensor of each type and a frozen one.
class Averages : public testing::Test {
protected:
  static constexpr uint64_t count = 4;
  static constexpr int64_t shape[] = {count};

  Averages() {
    for (uint64_t i = 0; i < 4; ++i) {
      tensors[i].name = names[i];
      tensors[i].shape = shape;
      tensors[i].rank = 1;
      tensors[i].offset = 64 * i;
      tensors[i].elements = count;
      tensors[i].dtype = types[i];
      tensors[i].frozen = i == 3;
    }
    model.tensors = tensors;
    model.tensor_count = 4;
  }
  /// Adds these values in all types.
  void add(std::array<int, count> values) {
    for (uint64_t i = 0; i < count; ++i) {
      at<int8_t>(0)[i] = static_cast<int8_t>(values[i]);
      at<int16_t>(1)[i] = static_cast<int16_t>(values[i]);
      at<float>(2)[i] = static_cast<float>(values[i]);
      at<int8_t>(3)[i] = 7;
    }
    average.add(model, state);
  }
  template <typename T> T *at(uint64_t tensor) {
    return reinterpret_cast<T *>(state + 64 * tensor);
  }
  template <typename T> std::vector<double> valuesOf(uint64_t tensor) {
    return std::vector<double>(at<T>(tensor), at<T>(tensor) + count);
  }

  static constexpr const char *names[] = {"a", "b", "c", "d"};
  static constexpr uint32_t types[] = {QTCRT_INT8, QTCRT_INT16, QTCRT_FLOAT32,
                                       QTCRT_INT8};
  qtcrt_tensor tensors[4] = {};
  qtcrt_model model = {};
  WeightAverage average;
  alignas(64) uint8_t state[256] = {};
};

} // namespace

TEST_F(Averages, RoundToNearestTiesAwayFromZero) {
  add({1, -1, 127, 0});
  add({2, -2, 127, -1});
  average.writeMeans(model, state);
  std::vector<double> expected = {2, -2, 127, -1},
                      exact = {1.5, -1.5, 127, -0.5};
  EXPECT_EQ(valuesOf<int8_t>(0), expected);
  EXPECT_EQ(valuesOf<int16_t>(1), expected);
  EXPECT_EQ(valuesOf<float>(2), exact);
  EXPECT_EQ(valuesOf<int8_t>(3), std::vector<double>(count, 7));
  add({3, -3, -127, 1}); // the sums do not depend on the means
  average.writeMeans(model, state);
  EXPECT_EQ(valuesOf<int16_t>(1), (std::vector<double>{2, -2, 42, 0}));
}

TEST_F(Averages, WeightsComeBack) {
  add({5, 6, 7, 8});
  std::vector<uint8_t> weights = copyWeights(model, state);
  add({1, 2, 3, 4});
  restoreWeights(model, weights, state);
  EXPECT_EQ(valuesOf<int8_t>(0), (std::vector<double>{5, 6, 7, 8}));
  EXPECT_EQ(valuesOf<float>(2), (std::vector<double>{5, 6, 7, 8}));
}

namespace {

/// A checkpoint of a run that has averaged three weights.
class AverageFile : public testing::Test {
protected:
  AverageFile() : state(model.state_bytes), path(folder / "c") {
    record.sums = startSums(model);
    record.step = 30;
    record.averageFrom = "50%";
    record.averageEvery = 5;
    record.averageIsTested = true;
    for (int i = 0; i < 3; ++i) {
      for (size_t j = 0; j < state.size(); ++j)
        state[j] = static_cast<uint8_t>((i + 1) * (j % 40));
      record.average.add(model, state.data());
    }
  }
  std::string load() {
    Bytes other(model.state_bytes);
    return errorOf([&] {
      loadCheckpoint(path, model, other.data(), CheckpointUse::Resume);
    });
  }
  void save() { saveCheckpoint(path, model, state.data(), record); }

  TemporaryFolder folder;
  const qtcrt_model &model = fakeModel();
  Bytes state;
  std::string path;
  RunRecord record;
};

} // namespace

TEST_F(AverageFile, IsReadAsItWasWritten) {
  save();
  for (CheckpointUse use : {CheckpointUse::Read, CheckpointUse::Resume}) {
    Bytes other(model.state_bytes);
    RunRecord read = loadCheckpoint(path, model, other.data(), use);
    EXPECT_EQ(read.averageFrom, "50%");
    EXPECT_EQ(read.averageEvery, 5u);
    EXPECT_TRUE(read.averageIsTested);
    EXPECT_EQ(read.average.count, 3u);
    EXPECT_EQ(read.average.sums, record.average.sums);
  }
}

TEST_F(AverageFile, HasNoSumsBeforeTheFirstSummand) {
  record.average = WeightAverage();
  save();
  EXPECT_EQ(load(), "");
  EXPECT_EQ(readFile(path).find("average_sum"), std::string::npos);
}

TEST_F(AverageFile, MeansMustBeMantissas) {
  record.average.count = 1; // three times as large as weights can be
  save();
  EXPECT_NE(load().find("is not a sum of 1 weights"), std::string::npos)
      << load();
  record.average.count = 31;
  save();
  EXPECT_NE(load().find("an average of 31 weights at step 30"),
            std::string::npos)
      << load();
}

// Statistics of the weights at step 17 are not those of their average.
TEST(AverageRuns, CheckpointsBetweenTestsAreEvaluatedWithTheirWeights) {
  TemporaryFolder folder;
  writeMnist(folder / "data", 200, 37, 12); // 12 batches per epoch
  std::string data = "mnist:" + (folder / "data"), out = folder / "run";
  auto isTested = [&](const char *dieAtStep) {
    runProgram({"train", "--data", data, "--epochs=3", "--save-every=5",
                "--average-from=0", "--average-every=1", "--overwrite", "--out",
                out},
               [=] { setenv("FAKE_DIE_AT_STEP", dieAtStep, 1); });
    ProgramResult result = runProgram(
        {"eval", "--data", data, "--checkpoint", out + "/" + checkpointName});
    EXPECT_EQ(result.status, 0) << result.err;
    return result.err.find("the average of ") != std::string::npos;
  };
  EXPECT_TRUE(isTested("13")); // saved after the test at step 12
  EXPECT_FALSE(isTested("17"));
  EXPECT_TRUE(isTested("1000"));
}
