//===- MetricSumsTest.cpp - sums of the metrics of steps ------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qtcrt/MetricSums.h"
#include "FakeModel.h"
#include "qtcrt/Ports.h"

#include <cmath>
#include <cstring>
#include <gtest/gtest.h>
#include <vector>

using namespace qtcrt;

namespace {

/// What a step of a model with classes has written.
class Metrics : public testing::Test {
protected:
  Metrics() : model(fakeModel()), outputs(model.port_count) {
    ports.assign(model.ports, model.ports + model.port_count);
  }
  /// Makes the metric `port` floats with `values`.
  void write(size_t port, const std::vector<float> &values) {
    ports[port].dtype = QTCRT_FLOAT32;
    store(port, values);
  }
  void write(size_t port, const std::vector<int64_t> &mantissas,
             int32_t exponent) {
    ports[port].dtype = QTCRT_INT64;
    ports[port].exponent = exponent;
    store(port, mantissas);
  }
  /// Adds the weights of a metric, and returns their port.
  size_t addWeights(FakePort metric) {
    ports.push_back(ports[metric]);
    ports.back().role = QTCRT_PORT_WEIGHT;
    outputs.emplace_back();
    return ports.size() - 1;
  }
  void removeAccuracy() {
    ports.erase(ports.begin() + FakeAccuracy);
    outputs.erase(outputs.begin() + FakeAccuracy);
  }
  void add(int64_t count) {
    model.ports = ports.data();
    model.port_count = ports.size();
    MetricSums all{sums};
    addMetrics(all, model, outputs, count);
    sums = all[0];
  }
  qtcrt_model model;
  std::vector<qtcrt_port> ports;
  std::vector<Buffer> outputs;
  OutputSums sums;

private:
  template <typename T> void store(size_t port, const std::vector<T> &values) {
    outputs[port] = Buffer(values.size() * sizeof(T), "a test");
    std::memcpy(outputs[port].data(), values.data(), outputs[port].size());
  }
};

const int64_t one = int64_t{1} << 32;

} // namespace

TEST_F(Metrics, AreFloats) {
  write(FakeLoss, {0.5f, 1e-30f, 0.1f});
  write(FakeAccuracy, {1, 0, 1});
  ports[FakeLoss].exponent = 7; // of mantissas only
  add(3);
  EXPECT_EQ(sums.loss, 0.5 + double{1e-30f} + double{0.1f});
  EXPECT_EQ(sums.weight, 3);
  EXPECT_EQ(sums.correct, 2u);
  EXPECT_EQ(sums.examples, 3u);
  EXPECT_EQ(sums.meanLoss(), sums.loss / 3);
  EXPECT_EQ(sums.accuracy(), 2.0 / 3);
}

TEST_F(Metrics, AreMantissas) {
  write(FakeLoss, {3 * one / 2, 1, -one}, -32);
  write(FakeAccuracy, {0, 1, 1}, 0);
  add(3);
  EXPECT_EQ(sums.loss, 0.5 + std::ldexp(1.0, -32));
  EXPECT_EQ(sums.correct, 2u);
  // Mantissas with more bits than a double are the nearest one.
  sums = {};
  write(FakeLoss, {(int64_t{1} << 60) + 1, INT64_MIN}, -60);
  add(2);
  EXPECT_EQ(sums.loss, -7);
}

TEST_F(Metrics, OnlyTheFirstExamplesAreAdded) {
  write(FakeLoss, {1, 2, 4, 8});
  write(FakeAccuracy, {1, 1, 1, 1});
  add(3);
  EXPECT_EQ(sums.loss, 7);
  EXPECT_EQ(sums.correct, 3u);
  add(1);
  EXPECT_EQ(sums.loss, 8);
  EXPECT_EQ(sums.weight, 4);
  EXPECT_EQ(sums.correct, 4u);
  EXPECT_EQ(sums.examples, 4u);
  add(0);
  EXPECT_EQ(sums.examples, 4u);
}

// A sum of the batch alone would be 2, which a sum of 2^53 does not lose.
TEST_F(Metrics, DoNotDependOnTheBatch) {
  sums.loss = std::ldexp(1.0, 53);
  write(FakeLoss, {1, 1});
  write(FakeAccuracy, {0, 0});
  add(2);
  EXPECT_EQ(sums.loss, std::ldexp(1.0, 53));
}

// The second position does not count, and the third has a class that weighs
// nothing.
TEST_F(Metrics, HaveWeights) {
  size_t ofLosses = addWeights(FakeLoss), ofHits = addWeights(FakeAccuracy);
  write(FakeLoss, {2 * one, 0, 0, one}, -32);
  write(ofLosses, {one / 2, 0, 0, 2 * one}, -32);
  write(FakeAccuracy, {one, 0, one, 0}, -32);
  write(ofHits, {one, 0, one, one}, -32);
  add(4);
  EXPECT_EQ(sums.loss, 3);
  EXPECT_EQ(sums.weight, 2.5);
  EXPECT_EQ(sums.correct, 2u);
  EXPECT_EQ(sums.examples, 3u);
  EXPECT_EQ(sums.meanLoss(), 1.2);
}

TEST_F(Metrics, NoExampleCounts) {
  size_t ofLosses = addWeights(FakeLoss), ofHits = addWeights(FakeAccuracy);
  for (size_t port : {size_t{FakeLoss}, size_t{FakeAccuracy}, ofLosses, ofHits})
    write(port, {0, 0});
  add(2);
  EXPECT_EQ(sums.examples, 0u);
  EXPECT_EQ(formatLoss(sums.meanLoss()), "nan");
  EXPECT_EQ(formatLoss(sums.accuracy()), "nan");
}

TEST_F(Metrics, OfPositionsAreAllAdded) {
  const int64_t shape[] = {2, fakeClasses};
  ports[FakePrediction].shape = shape;
  ports[FakePrediction].rank = 2;
  ports[FakePrediction].elements *= 2;
  write(FakeLoss, {1, 2, 4, 8, 16, 32});
  write(FakeAccuracy, {1, 1, 0, 1, 1, 1});
  add(2);
  EXPECT_EQ(sums.loss, 15);
  EXPECT_EQ(sums.weight, 4);
  EXPECT_EQ(sums.correct, 3u);
  EXPECT_EQ(sums.examples, 4u);
}

TEST_F(Metrics, OfNumbersCountPositions) {
  removeAccuracy();
  write(FakeLoss, {1, 2});
  add(2);
  EXPECT_EQ(sums.loss, 3);
  EXPECT_EQ(sums.correct, 0u);
  EXPECT_EQ(sums.examples, 2u);
}

TEST_F(Metrics, ThatAreNoNumbersMakeNoNumber) {
  write(FakeLoss, {1, NAN, 2});
  write(FakeAccuracy, {1, 0, 0});
  add(3);
  EXPECT_TRUE(std::isnan(sums.loss));
  EXPECT_EQ(sums.weight, 3);
  EXPECT_EQ(formatLoss(sums.meanLoss()), "nan");
  EXPECT_EQ(sums.correct, 1u);
}

// The second output has a position more, and a loss that counts a quarter.
TEST_F(Metrics, AreSumsOfOutputs) {
  const int64_t shape[] = {2, fakeClasses};
  for (FakePort port : {FakePrediction, FakeLoss, FakeAccuracy}) {
    ports.push_back(ports[port]);
    ports.back().output = 1;
    outputs.emplace_back();
  }
  size_t first = FakeAccuracy + 1;
  ports[first].shape = shape;
  ports[first].rank = 2;
  ports[first].elements *= 2;
  write(FakeLoss, {1, 3});
  write(FakeAccuracy, {1, 0});
  write(first + 1, {1, 2, 4, 9});
  write(first + 2, {1, 1, 0, 1});
  const qtcrt_output both[] = {*model.outputs,
                               {"other", 0.25, 0, fakeClasses, 0, 0, 0}};
  model.outputs = both;
  model.output_count = 2;
  model.ports = ports.data();
  model.port_count = ports.size();
  MetricSums all = startSums(model);
  addMetrics(all, model, outputs, 2);
  EXPECT_EQ(all[0].meanLoss(), 2);
  EXPECT_EQ(all[1].meanLoss(), 4);
  EXPECT_EQ(all[1].accuracy(), 0.75);
  EXPECT_EQ(totalLoss(all, model), 3);
  all += all;
  EXPECT_EQ(all[1].loss, 32);
  EXPECT_EQ(all[1].weight, 8);
  EXPECT_EQ(all[1].correct, 6u);
  EXPECT_EQ(all[1].examples, 8u);
}

TEST(MetricTexts, AreShort) {
  EXPECT_EQ(formatLoss(2.30259), "2.3026");
  EXPECT_EQ(formatLoss(-std::nan("")), "nan");
  EXPECT_EQ(formatLoss(std::nan("")), "nan");
  EXPECT_EQ(formatLoss(2.798e32), "2.8e+32");
  EXPECT_EQ(formatScaledLoss(0.0000123456789), "1.23457e-05");
  EXPECT_EQ(formatScaledLoss(1234567), "1.23457e+06");
  EXPECT_EQ(formatScaledLoss(-std::nan("")), "nan");
}
