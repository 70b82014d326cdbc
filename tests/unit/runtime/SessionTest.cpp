//===- SessionTest.cpp - evaluation and model checks ----------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qtcrt/Session.h"
#include "FakeModel.h"
#include "TestSupport.h"
#include "qtcrt/Error.h"
#include "qtcrt/Philox.h"

#include <cstring>
#include <gtest/gtest.h>
#include <limits>
#include <set>

using namespace qtcrt;

static DataSplit makeSplit(uint64_t count) {
  DataSplit data;
  Column &images = data.inputs.emplace_back();
  images.shape = {1, fakeSide, fakeSide};
  std::vector<int32_t> classes;
  for (uint64_t i = 0; i < count; ++i) {
    classes.push_back(static_cast<int32_t>(i % 10));
    for (int64_t f = 0; f < fakeFeatures; ++f)
      images.bytes.push_back(
          static_cast<uint8_t>(f % 10 == int64_t(i % 10) ? 200 : 0));
  }
  setClasses(data, classes);
  return data;
}

// The weights recognise every class, so the number of correct answers is the
// number of examples counted.
TEST(Evaluation, CountsEveryExampleOnce) {
  for (unsigned threads : {1u, 2u, 5u}) {
    Session session(fakeModel(), threads, "");
    for (int64_t c = 0; c < 10; ++c)
      for (int64_t f = 0; f < fakeFeatures; ++f)
        session.state()[c * fakeFeatures + f] = f % 10 == c ? 10 : 0;
    for (uint64_t count : {1, 2, 15, 16, 17, 31, 32, 33, 100}) {
      DataSplit data = makeSplit(count);
      uint64_t last = 0;
      MetricSums sums = session.evaluateAll(
          data, [] { return false; }, [&](uint64_t done) { last = done; });
      EXPECT_EQ(sums[0].examples, count);
      EXPECT_EQ(sums[0].correct, count);
      EXPECT_EQ(last, count);
    }
  }
}

TEST(Evaluation, StopsWhenAsked) {
  Session session(fakeModel(), 1, "");
  DataSplit data = makeSplit(100);
  MetricSums sums = session.evaluateAll(
      data, [] { return true; }, [](uint64_t) {});
  EXPECT_EQ(sums[0].examples, 0u);
}

/// The first pixels and the classes of the last batch.
static std::vector<uint8_t> keptPixels;
static std::vector<int32_t> keptClasses;

static void keepOperands(qtcrt_executor *, const qtcrt_step *step) {
  auto *pixels = static_cast<const uint8_t *>(step->ports[FakeInput]);
  auto *classes = static_cast<const int32_t *>(step->ports[FakeTarget]);
  keptPixels.clear();
  for (int64_t row = 0; row < fakeBatch; ++row)
    keptPixels.push_back(pixels[row * fakeFeatures]);
  keptClasses.assign(classes, classes + fakeBatch);
}

// No example of another batch is left after the last one.
TEST(Evaluation, TheLastExampleFillsTheBatch) {
  qtcrt_model model = fakeModel();
  qtcrt_variant variant = model.variants[0];
  variant.evaluate = keepOperands;
  model.variants = &variant;
  model.variant_count = 1;
  Session session(model, 1, "");
  DataSplit data = makeSplit(19);
  for (uint64_t i = 0; i < 19; ++i)
    data.inputs[0].bytes[i * fakeFeatures] = static_cast<uint8_t>(i);
  session.evaluateAll(
      data, [] { return false; }, [](uint64_t) {});
  std::vector<uint8_t> pixels(fakeBatch, 18);
  std::vector<int32_t> classes(fakeBatch, 8);
  pixels[0] = 16;
  pixels[1] = 17;
  classes[0] = 6;
  classes[1] = 7;
  EXPECT_EQ(keptPixels, pixels);
  EXPECT_EQ(keptClasses, classes);
}

TEST(Session, EstimatesWithoutTargets) {
  DataSplit data = makeSplit(fakeBatch);
  Batch batch(data, fakeBatch);
  batch.targets.clear();
  Session session(fakeModel(), 1, "");
  session.startEstimate(batch, 0);
  session.finish();
}

TEST(Session, PlannedMemoryIsAllocatedMemory) {
  Session session(fakeModel(), 1, "");
  EXPECT_EQ(session.plannedBytes(), session.allocatedBytes());
  EXPECT_EQ(session.plannedBytes(), fakeModel().state_bytes + 4096);
}

// Levels lie around 0 and are all drawn, times the scale.
TEST(Session, DrawsUniformLevels) {
  qtcrt_model model = fakeModel();
  qtcrt_tensor tensor = model.tensors[1];
  ASSERT_EQ(tensor.dtype, QTCRT_INT8);
  tensor.uniform = 64;
  tensor.levels = 3;
  model.tensors = &tensor;
  model.tensor_count = 1;
  Session session(model, 1, "");
  session.drawInitialState(7);
  auto *drawn = reinterpret_cast<int8_t *>(session.state() + tensor.offset);
  std::set<int> values(drawn, drawn + tensor.elements);
  EXPECT_EQ(values, std::set<int>({-64, 0, 64}));
  // 2 * 64 is not an 8-bit number, and an even number of levels has no middle.
  for (uint16_t levels : {5, 2}) {
    tensor.levels = levels;
    EXPECT_NE(errorOf([&] { checkModel(model); }), "");
  }
}

/// A tensor of floats that the run's seed draws within `bound`.
static qtcrt_tensor makeDrawnTensor(const int64_t *shape, float bound) {
  qtcrt_tensor tensor = {};
  tensor.name = "w";
  tensor.shape = shape;
  tensor.elements = static_cast<uint64_t>(shape[0]);
  tensor.rank = 1;
  tensor.dtype = QTCRT_FLOAT32;
  tensor.kind = QTCRT_STATE_PARAMETER;
  tensor.id = 7;
  std::memcpy(&tensor.uniform, &bound, sizeof(bound));
  return tensor;
}

TEST(Session, DrawsFloatsWithinTheirBound) {
  const int64_t shape[] = {fakeFeatures};
  qtcrt_tensor tensor = makeDrawnTensor(shape, 0.75f);
  qtcrt_model model = fakeModel();
  model.tensors = &tensor;
  model.tensor_count = 1;
  checkModel(model);
  Session session(model, 1, "");
  session.drawInitialState(5);
  const float *values = reinterpret_cast<const float *>(session.state());
  for (uint64_t i = 0; i < tensor.elements; ++i) {
    double random =
        randomBlock(5, i, 7, 0, RandomPurpose::Initialisation)[i & 3];
    double unit = (2 * random + 1) / 4294967296.0 - 1;
    EXPECT_EQ(values[i], static_cast<float>(0.75 * unit));
  }
  tensor = makeDrawnTensor(shape, std::numeric_limits<float>::infinity());
  EXPECT_NE(errorOf([&] { checkModel(model); }).find("initial values"),
            std::string::npos);
}

TEST(Session, RefusesInconsistentModels) {
  checkModel(fakeModel());
  qtcrt_model model = fakeModel();
  model.abi_version = 99;
  EXPECT_NE(errorOf([&] { checkModel(model); }).find("version 99"),
            std::string::npos);
  model = fakeModel();
  model.state_bytes = 64;
  EXPECT_NE(errorOf([&] { checkModel(model); }), "");
  qtcrt_tensor swapped[] = {model.tensors[1], model.tensors[0]};
  model = fakeModel();
  model.tensors = swapped;
  model.tensor_count = 2;
  EXPECT_NE(errorOf([&] { checkModel(model); }), "");
}
