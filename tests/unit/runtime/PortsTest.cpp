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
  }
  std::string check() {
    model.ports = ports.data();
    model.port_count = ports.size();
    return errorOf([&] { checkModel(model); });
  }
  /// Expects an error that holds `part` after `change`.
  void expect(const char *part, const std::function<void()> &change) {
    reset();
    change();
    std::string text = check();
    EXPECT_NE(text.find(part), std::string::npos) << text << " / " << part;
  }
  /// Makes the model one that predicts numbers.
  void makeNumeric() {
    model.loss = QTCRT_LOSS_MEAN_SQUARES;
    model.classes = 0;
    qtcrt_port &target = ports[FakeTarget];
    target.encoding = QTCRT_ENCODING_NUMBER;
    target.exponent = -16;
    target.classes = 0;
    target.shape = ports[FakePrediction].shape;
    target.rank = ports[FakePrediction].rank;
    target.elements = ports[FakePrediction].elements;
  }
  qtcrt_model model;
  std::vector<qtcrt_port> ports;
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
  EXPECT_EQ(outputsOf(model), uint64_t{fakeClasses});
  EXPECT_TRUE(takesPixels(model));
  EXPECT_TRUE(predictsClasses(model));
  EXPECT_EQ(standardizedChannels(model), 0u);
  ports[FakeInput].encoding = QTCRT_ENCODING_NUMBER;
  ports[FakeInput].dtype = QTCRT_INT8;
  ports[FakeInput].standardized = 1;
  makeNumeric();
  ASSERT_EQ(check(), "");
  EXPECT_FALSE(takesPixels(model));
  EXPECT_FALSE(predictsClasses(model));
  EXPECT_EQ(standardizedChannels(model), 1u);
}

TEST_F(Ports, OneOfEachIsNeeded) {
  ports.insert(ports.begin(), ports[FakeInput]);
  EXPECT_EQ(check(), "");
  expect("inputs", [&] { ports.erase(ports.begin()); });
  expect("the model has 2 targets, but this runtime runs models with exactly "
         "one target",
         [&] { ports.insert(ports.begin() + 1, ports[FakeTarget]); });
  expect("the model has 2 predictions",
         [&] { ports.insert(ports.begin() + 2, ports[FakePrediction]); });
  expect("order of the ports", [&] { std::swap(ports[0], ports[1]); });
  expect("role of a port", [&] { ports[FakeInput].role = 4; });
  expect("number of ports", [&] { ports.resize(17, ports[FakeExponent]); });
  expect("exponent of the prediction", [&] { ports.pop_back(); });
  expect("exponent of the prediction",
         [&] { ports.push_back(ports[FakeExponent]); });
  expect("exponent of the prediction",
         [&] { ports[FakePrediction].dtype = QTCRT_FLOAT32; });
}

TEST_F(Ports, ShapesAreChecked) {
  auto reshape = [&](FakePort port, const int64_t *shape, uint32_t rank,
                     uint64_t elements) {
    ports[port].shape = shape;
    ports[port].rank = rank;
    ports[port].elements = elements;
  };
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

TEST_F(Ports, ClassesGoWithTheirLoss) {
  expect("classes", [&] { model.classes = 0; });
  expect("classes", [&] {
    makeNumeric();
    model.classes = fakeClasses;
  });
  for (qtcrt_loss loss :
       {QTCRT_LOSS_MEAN_SQUARES, QTCRT_LOSS_ABSOLUTE, QTCRT_LOSS_LOGISTIC})
    expect("(loss)", [&] { model.loss = loss; });
  expect("(loss)", [&] { model.loss = QTCRT_LOSS_LOGISTIC + 1; });
  expect("(loss)", [&] {
    makeNumeric();
    model.loss = QTCRT_LOSS_CROSS_ENTROPY;
  });
  for (double delta : {0.0, -1.0, double(INFINITY), double(NAN)})
    expect("delta of the loss", [&] {
      makeNumeric();
      model.loss = QTCRT_LOSS_HUBER;
      model.loss_delta = delta;
    });
  reset();
  makeNumeric();
  model.loss = QTCRT_LOSS_HUBER;
  model.loss_delta = 0.5;
  EXPECT_EQ(check(), "");
}

TEST_F(Ports, OptionsGoWithTheirLoss) {
  for (double smoothing : {1.0, -0.1, double(NAN)})
    expect("smoothing of the labels",
           [&] { model.label_smoothing = smoothing; });
  std::vector<double> weights(fakeClasses, 0.5);
  for (double weight : {-1.0, double(INFINITY), double(NAN)})
    expect("weights of the classes", [&] {
      weights.back() = weight;
      model.class_weights = weights.data();
    });
  weights.back() = 0;
  for (qtcrt_loss loss : {QTCRT_LOSS_SQUARES, QTCRT_LOSS_CROSS_ENTROPY}) {
    reset();
    model.loss = loss;
    model.label_smoothing = 0.1;
    model.class_weights = weights.data();
    model.ignores_label = 1;
    model.ignored_label = -100;
    EXPECT_EQ(check().empty(), loss == QTCRT_LOSS_CROSS_ENTROPY);
  }
}
