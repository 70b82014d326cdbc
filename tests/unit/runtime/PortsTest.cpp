//===- PortsTest.cpp - the tensors that a model takes and gives -----------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qtcrt/Ports.h"
#include "FakeModel.h"
#include "TestSupport.h"
#include "qtcrt/Session.h"

#include <cmath>
#include <functional>
#include <gtest/gtest.h>
#include <vector>

using namespace qtcrt;

namespace {

/// The fake model, whose ports may be changed.
class Ports : public testing::Test {
protected:
  Ports() { reset(); }
  void reset() {
    model = fakeModel();
    ports.assign(model.ports, model.ports + model.port_count);
    outputs.assign(model.outputs, model.outputs + model.output_count);
  }
  std::string check() {
    model.ports = ports.data();
    model.port_count = ports.size();
    model.outputs = outputs.data();
    model.output_count = outputs.size();
    return errorOf([&] { checkModel(model); });
  }
  /// Expects an error that holds `part` after `change`.
  void expect(const char *part, const std::function<void()> &change) {
    reset();
    change();
    std::string text = check();
    EXPECT_NE(text.find(part), std::string::npos) << text << " / " << part;
  }
  void reshape(FakePort port, const int64_t *shape, uint32_t rank,
               uint64_t elements) {
    ports[port].shape = shape;
    ports[port].rank = rank;
    ports[port].elements = elements;
  }
  /// Makes the model one that predicts numbers.
  void makeNumeric() {
    outputs[0].classes = 0;
    ports.erase(ports.begin() + FakeAccuracy);
    qtcrt_port &target = ports[FakeTarget];
    target.encoding = QTCRT_ENCODING_NUMBER;
    target.exponent = -16;
    target.classes = 0;
    reshape(FakeTarget, ports[FakePrediction].shape, ports[FakePrediction].rank,
            ports[FakePrediction].elements);
  }
  /// Gives the model a second output with ports like those of the first.
  void addOutput() {
    std::vector<qtcrt_port> both;
    for (uint32_t role = 0; role <= QTCRT_PORT_WEIGHT; ++role)
      for (uint32_t output : {0, 1})
        for (qtcrt_port port : ports)
          if (port.role == role && (role != QTCRT_PORT_INPUT || output == 0)) {
            port.output = output;
            both.push_back(port);
          }
    ports = both;
    outputs.push_back(outputs[0]);
    outputs[1].name = "other";
  }
  qtcrt_model model;
  std::vector<qtcrt_port> ports;
  std::vector<qtcrt_output> outputs;
};

const int64_t otherShape[] = {fakeClasses + 1};
const int64_t noExtent[] = {0, fakeSide, fakeSide};
const int64_t hugeExtent[] = {int64_t{1} << 30};
const int64_t overflow[] = {int64_t{1} << 32, int64_t{1} << 32};

} // namespace

TEST_F(Ports, AreFoundByRole) {
  ASSERT_EQ(check(), "");
  EXPECT_EQ(indexOf(model, inputPort(model)), uint64_t{FakeInput});
  EXPECT_EQ(indexOf(model, targetPort(model)), uint64_t{FakeTarget});
  EXPECT_EQ(indexOf(model, predictionPort(model)), uint64_t{FakePrediction});
  EXPECT_EQ(indexOf(model, *findPort(model, QTCRT_PORT_EXPONENT)),
            uint64_t{FakeExponent});
  EXPECT_EQ(indexOf(model, lossPort(model)), uint64_t{FakeLoss});
  const qtcrt_port *accuracy =
      findPort(model, QTCRT_PORT_METRIC, 0, QTCRT_METRIC_ACCURACY);
  ASSERT_NE(accuracy, nullptr);
  EXPECT_EQ(indexOf(model, *accuracy), uint64_t{FakeAccuracy});
  EXPECT_EQ(findPort(model, QTCRT_PORT_WEIGHT, 0, QTCRT_METRIC_LOSS), nullptr);
  EXPECT_EQ(findPort(model, QTCRT_PORT_METRIC, 0, "other"), nullptr);
  EXPECT_EQ(unitsOf(model), uint64_t{fakeClasses});
  EXPECT_TRUE(takesPixels(model));
  EXPECT_TRUE(predictsClasses(model, 0));
  EXPECT_TRUE(isClassifier(model));
  EXPECT_EQ(standardizedChannels(model), 0u);
  ports[FakeInput].encoding = QTCRT_ENCODING_NUMBER;
  ports[FakeInput].dtype = QTCRT_INT8;
  ports[FakeInput].standardized = 1;
  makeNumeric();
  ASSERT_EQ(check(), "");
  EXPECT_FALSE(takesPixels(model));
  EXPECT_FALSE(predictsClasses(model, 0));
  EXPECT_FALSE(isClassifier(model));
  EXPECT_EQ(standardizedChannels(model), 1u);
}

TEST_F(Ports, OutputsHaveTheirOwn) {
  addOutput();
  ASSERT_EQ(check(), "");
  EXPECT_EQ(indexOf(model, targetPort(model, 1)), 2u);
  EXPECT_EQ(indexOf(model, predictionPort(model, 1)), 4u);
  EXPECT_EQ(lossPort(model, 1).output, 1u);
  EXPECT_TRUE(predictsClasses(model, 1));
  EXPECT_FALSE(isClassifier(model)); // there is no accuracy of all
  EXPECT_EQ(requestFor(model).targets.size(), 2u);
  auto expectOfTwo = [&](const char *part,
                         const std::function<void()> &change) {
    expect(part, [&] {
      addOutput();
      change();
    });
  };
  expectOfTwo("output 'other' of the model has 0 targets",
              [&] { ports.erase(ports.begin() + 2); });
  expectOfTwo("output 'logits' of the model has 2 targets",
              [&] { ports[2].output = 0; });
  expectOfTwo("order of the ports", [&] { std::swap(ports[1], ports[2]); });
  expectOfTwo("output of a port", [&] { ports[2].output = 2; });
  expectOfTwo("output of a port", [&] { ports[0].output = 1; });
  expectOfTwo("name of an output", [&] { outputs[1].name = nullptr; });
  expectOfTwo("classes", [&] { ++outputs[1].classes; });
  for (double weight : {0.0, -1.0, double(INFINITY), double(NAN)})
    expectOfTwo("weight of a loss", [&] { outputs[1].loss_weight = weight; });
  expect("number of outputs", [&] { outputs.clear(); });
}

TEST_F(Ports, StepsWriteAllButInputsAndTargets) {
  for (uint32_t role = 0; role <= QTCRT_PORT_WEIGHT; ++role) {
    ports[FakeInput].role = role;
    EXPECT_EQ(isOutput(ports[FakeInput]), role >= QTCRT_PORT_PREDICTION);
  }
}

TEST_F(Ports, OneOfEachIsNeeded) {
  ports.insert(ports.begin(), ports[FakeInput]);
  EXPECT_EQ(check(), "");
  expect("inputs", [&] { ports.erase(ports.begin()); });
  expect("output 'logits' of the model has 2 targets, but this runtime runs "
         "models with exactly one target per output",
         [&] { ports.insert(ports.begin() + 1, ports[FakeTarget]); });
  expect("has 2 predictions",
         [&] { ports.insert(ports.begin() + 2, ports[FakePrediction]); });
  expect("order of the ports", [&] { std::swap(ports[0], ports[1]); });
  expect("role of a port", [&] { ports.back().role = 6; });
  expect("number of ports", [&] { ports.resize(65, ports.back()); });
  expect("exponent of the prediction",
         [&] { ports.erase(ports.begin() + FakeExponent); });
  expect("exponent of the prediction",
         [&] { ports.insert(ports.begin() + 3, ports[FakeExponent]); });
  expect("exponent of the prediction",
         [&] { ports[FakePrediction].dtype = QTCRT_FLOAT32; });
}

TEST_F(Ports, ShapesAreChecked) {
  uint64_t pixels = ports[FakeInput].elements;
  expect("name of a port", [&] { ports[FakeInput].name = nullptr; });
  expect("rank of a port", [&] { ports[FakeInput].rank = 8; });
  expect("shape of a port", [&] { ++ports[FakeInput].elements; });
  expect("shape of a port", [&] { reshape(FakeInput, noExtent, 3, 0); });
  expect("shape of a port", [&] { reshape(FakeInput, overflow, 2, 0); });
  expect("size of a port",
         [&] { reshape(FakeInput, hugeExtent, 1, uint64_t{1} << 30); });
  expect("shape of an exponent",
         [&] { reshape(FakeExponent, otherShape, 1, fakeClasses + 1); });
  expect("shape of the prediction",
         [&] { reshape(FakePrediction, nullptr, 0, 1); });
  expect("classes",
         [&] { reshape(FakePrediction, ports[FakeInput].shape, 3, pixels); });
  expect("classes",
         [&] { reshape(FakePrediction, otherShape, 1, fakeClasses + 1); });
  expect("shape of the target", [&] {
    makeNumeric();
    reshape(FakeTarget, otherShape, 1, fakeClasses + 1);
  });
}

TEST_F(Ports, TypesAreChecked) {
  const char *what = "type of a port";
  expect(what, [&] { ports[FakeInput].dtype = QTCRT_INT8; });
  expect(what, [&] { ports[FakeInput].encoding = QTCRT_ENCODING_CLASS; });
  expect(what, [&] { ports[FakeInput].encoding = QTCRT_ENCODING_NUMBER; });
  expect(what, [&] { ports[FakeTarget].dtype = QTCRT_INT64; });
  expect(what, [&] { ports[FakeTarget].encoding = QTCRT_ENCODING_PIXEL; });
  expect(what, [&] { ports[FakePrediction].dtype = QTCRT_INT64; });
  expect(what, [&] { ports[FakePrediction].dtype = QTCRT_UINT8; });
  expect(what, [&] { ports[FakeExponent].dtype = QTCRT_INT8; });
  expect(what, [&] {
    makeNumeric();
    ports[FakeTarget].dtype = QTCRT_INT8;
  });
  expect("exponent of a port", [&] { ports[FakeInput].exponent = -65; });
  expect("standardization", [&] { ports[FakeInput].standardized = 1; });
}

TEST_F(Ports, ClassesGoWithTheModel) {
  expect("classes", [&] { outputs[0].classes = 0; });
  expect("classes", [&] {
    makeNumeric();
    outputs[0].classes = fakeClasses;
  });
  expect("ignored label", [&] {
    makeNumeric();
    outputs[0].ignores_label = 1;
  });
  reset();
  outputs[0].ignores_label = 1;
  outputs[0].ignored_label = -100;
  EXPECT_EQ(check(), "");
}

TEST_F(Ports, OnlyTargetsOfNumbersAreShares) {
  for (qtcrt_port &port : ports) {
    reset();
    port.are_shares = 1;
    EXPECT_NE(check().find("shares of a port"), std::string::npos) << port.name;
  }
  reset();
  makeNumeric();
  ports[FakeTarget].are_shares = 1;
  EXPECT_EQ(check(), "");
}

TEST_F(Ports, DataMustFitThem) {
  outputs[0].ignores_label = 1;
  outputs[0].ignored_label = -100;
  ASSERT_EQ(check(), "");
  DataRequest ofClasses = requestFor(model);
  EXPECT_EQ(ofClasses.targets[0].classes, fakeClasses);
  EXPECT_EQ(ofClasses.targets[0].ignored, -100);
  EXPECT_FALSE(ofClasses.targets[0].areShares);
  reset();
  makeNumeric();
  ports[FakeTarget].are_shares = 1;
  ASSERT_EQ(check(), "");
  DataRequest ofNumbers = requestFor(model);
  EXPECT_EQ(ofNumbers.targets[0].format.exponent, -16);
  EXPECT_FALSE(ofNumbers.targets[0].ignored);
  EXPECT_TRUE(ofNumbers.targets[0].areShares);
  EXPECT_FALSE(ofNumbers.inputs[0].areShares);
}

TEST_F(Ports, MetricsAreThoseOfTheModel) {
  expect("(loss)", [&] { ports[FakeLoss].name = "other"; });
  expect("(accuracy)", [&] { ports[FakeAccuracy].name = "other"; });
  expect("(accuracy)", [&] {
    qtcrt_port accuracy = ports[FakeAccuracy];
    makeNumeric();
    ports.push_back(accuracy);
  });
  expect("names of the metrics",
         [&] { ports[FakeAccuracy].name = ports[FakeLoss].name; });
  expect("names of the metrics", [&] { ports.push_back(ports[FakeLoss]); });
  for (double loss : {-0.5, double(INFINITY), double(NAN)})
    expect("loss of guessing", [&] { outputs[0].guess_loss = loss; });
  reset();
  outputs[0].guess_loss = 0;
  ports.push_back(ports[FakeLoss]);
  ports.back().name = "other";
  EXPECT_EQ(check(), "");
}

TEST_F(Ports, MetricsHaveANumberForEachPosition) {
  const char *shape = "shape of a metric", *type = "type of a metric";
  for (FakePort port : {FakeLoss, FakeAccuracy}) {
    expect(shape, [&] { reshape(port, otherShape, 1, fakeClasses + 1); });
    expect(type, [&] { ports[port].dtype = QTCRT_FLOAT32; });
    expect("type of a port", [&] { ports[port].dtype = QTCRT_INT32; });
    expect("type of a port",
           [&] { ports[port].encoding = QTCRT_ENCODING_PIXEL; });
  }
  expect(type, [&] { // mantissas for a prediction that is floats
    ports[FakePrediction].dtype = QTCRT_FLOAT32;
    ports.erase(ports.begin() + FakeExponent);
  });
  reset();
  for (FakePort port : {FakePrediction, FakeLoss, FakeAccuracy})
    ports[port].dtype = QTCRT_FLOAT32;
  ports.erase(ports.begin() + FakeExponent);
  EXPECT_EQ(check(), "");
}

TEST_F(Ports, WeightsBelongToAMetric) {
  auto addWeights = [&](FakePort metric) {
    ports.push_back(ports[metric]);
    ports.back().role = QTCRT_PORT_WEIGHT;
  };
  for (FakePort metric : {FakeLoss, FakeAccuracy}) {
    reset();
    addWeights(metric);
    EXPECT_EQ(check(), "");
    expect("names of the metrics", [&] {
      addWeights(metric);
      addWeights(metric);
    });
    expect("metric of the weights", [&] {
      addWeights(metric);
      ports.back().name = "other";
    });
    expect("shape of a metric", [&] {
      addWeights(metric);
      ports.back().shape = otherShape;
      ports.back().rank = 1;
      ports.back().elements = fakeClasses + 1;
    });
    expect("type of a metric", [&] {
      addWeights(metric);
      ports.back().dtype = QTCRT_FLOAT32;
    });
  }
  expect("order of the ports", [&] {
    addWeights(FakeLoss);
    std::swap(ports.back(), ports[FakeAccuracy]);
  });
}
