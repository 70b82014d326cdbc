//===- LearningCheckTest.cpp - warnings about runs that do not learn ------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qtcrt/LearningCheck.h"
#include "FakeModel.h"

#include <cmath>
#include <gtest/gtest.h>
#include <vector>

using namespace qtcrt;

namespace {

class LearningCheckTest : public testing::Test {
protected:
  LearningCheckTest() : model(fakeModel()), state(model.state_bytes) {
    weights()[0] = 1;
  }

  uint8_t *weights() { return state.data() + model.tensors[1].offset; }

  /// The explanation for a run whose weights have changed.
  std::string explain(double loss, uint64_t correct, uint64_t examples) {
    LearningCheck check(model, state.data());
    ++weights()[0];
    OutputSums sums;
    sums.loss = loss * static_cast<double>(examples);
    sums.weight = static_cast<double>(examples);
    sums.correct = correct;
    sums.examples = examples;
    model.outputs = &output;
    return check.explain(state.data(), {sums}, "4,2@40%");
  }

  qtcrt_model model;
  qtcrt_output output = *model.outputs;
  std::vector<uint8_t> state;
};

bool contains(const std::string &text, const std::string &part) {
  return text.find(part) != std::string::npos;
}

const double guess = std::log(10.0);

} // namespace

TEST_F(LearningCheckTest, RunsThatLearnAreNotWarned) {
  EXPECT_EQ(explain(1.5, 5000, 10000), "");
  EXPECT_EQ(explain(2.2, 1400, 10000), "");
  EXPECT_EQ(explain(guess * 0.997, 1500, 10000), "");
  EXPECT_EQ(explain(14.0, 5000, 10000), "");
}

TEST_F(LearningCheckTest, ALossOfGuessing) {
  std::string text = explain(guess + 0.0012, 980, 10000);
  EXPECT_TRUE(contains(text, "the training loss is 2.3038, guessing gives "
                             "2.3026; likely"))
      << text;
  EXPECT_TRUE(contains(text, "too large or too small (--schedule=4,2@40%)"))
      << text;
  // Exactly that, whatever the classes' shares are.
  EXPECT_NE(explain(guess, 9000, 10000), "");
  EXPECT_NE(explain(guess * 0.997, 1050, 10000), "");
  EXPECT_NE(explain(30.0, 1000, 10000), "");
  EXPECT_TRUE(contains(explain(NAN, 1000, 10000), "not a number"));
}

TEST_F(LearningCheckTest, FewExamplesSayNothing) {
  EXPECT_EQ(explain(guess, 10, 100), "");
}

// Whatever the classes, for example with smooth labels.
TEST_F(LearningCheckTest, TheModelSaysWhatGuessingGives) {
  output.guess_loss = 0.5;
  EXPECT_EQ(explain(guess, 2000, 10000), "");
  EXPECT_TRUE(contains(explain(0.5, 2000, 10000), "guessing gives 0.5000;"));
}

TEST_F(LearningCheckTest, ALossOfGuessingMayDependOnTheData) {
  output.guess_loss = 0;
  EXPECT_NE(explain(0.45, 1000, 10000), "");
  EXPECT_EQ(explain(0.45, 1500, 10000), "");
}

TEST_F(LearningCheckTest, NumbersHaveNoLossOfGuessing) {
  std::vector<qtcrt_port> ports(model.ports, model.ports + model.port_count);
  ports[FakeTarget].encoding = QTCRT_ENCODING_NUMBER;
  ports[FakeInput].encoding = QTCRT_ENCODING_NUMBER;
  model.ports = ports.data();
  output.classes = 0;
  EXPECT_EQ(explain(guess, 0, 10000), "");
  std::string text = explain(NAN, 0, 10000);
  EXPECT_TRUE(contains(text, "the loss is not a number")) << text;
  EXPECT_TRUE(contains(text, "inputs are not standardized")) << text;
  EXPECT_TRUE(contains(text, "targets do not belong to their inputs")) << text;
  EXPECT_FALSE(contains(text, "normalized")) << text;
  ports[FakeInput].standardized = 1;
  EXPECT_FALSE(contains(explain(NAN, 0, 10000), "standardized"));
}

TEST_F(LearningCheckTest, OneOfSeveralOutputsGuesses) {
  const qtcrt_output both[] = {output, output};
  LearningCheck check(model, state.data());
  ++weights()[0];
  model.outputs = both;
  model.output_count = 2;
  MetricSums sums(2);
  sums[0] = {15000, 10000, 5000, 10000};
  sums[1] = {guess * 10000, 10000, 1000, 10000};
  std::vector<qtcrt_port> ports(model.ports, model.ports + model.port_count);
  ports.insert(ports.begin() + FakeTarget, ports[FakeTarget]);
  ports[FakeTarget + 1].output = 1;
  model.ports = ports.data();
  model.port_count = ports.size();
  std::string text = check.explain(state.data(), sums, "4");
  EXPECT_TRUE(contains(text, "of output 'logits', the training loss is 2.3026"))
      << text;
  sums[1] = sums[0];
  EXPECT_EQ(check.explain(state.data(), sums, "4"), "");
}

TEST_F(LearningCheckTest, NoParameterHasChanged) {
  LearningCheck check(model, state.data());
  MetricSums sums(1);
  sums[0].examples = 16;
  std::string text = check.explain(state.data(), sums, "-60");
  EXPECT_TRUE(contains(text, "no parameter has changed")) << text;
  EXPECT_TRUE(contains(text, "too small (--schedule=-60)")) << text;
  EXPECT_FALSE(contains(text, "are 0")) << text;
  // Running statistics are not parameters.
  state[model.tensors[2].offset] = 1;
  EXPECT_NE(check.explain(state.data(), sums, "-60"), "");
  weights()[0] = 0;
  EXPECT_EQ(check.explain(state.data(), sums, "-60"), "");
  LearningCheck zero(model, state.data());
  text = zero.explain(state.data(), sums, "-60");
  EXPECT_TRUE(contains(text, "all weights of '0.weight' are 0")) << text;
}

TEST_F(LearningCheckTest, ModelsWithoutTrainedParameters) {
  std::vector<qtcrt_tensor> tensors(model.tensors,
                                    model.tensors + model.tensor_count);
  for (qtcrt_tensor &tensor : tensors)
    tensor.frozen = 1;
  model.tensors = tensors.data();
  MetricSums sums(1);
  sums[0].examples = 16;
  EXPECT_EQ(LearningCheck(model, state.data()).explain(state.data(), sums, "4"),
            "");
}

TEST_F(LearningCheckTest, InputsThatAreNotNormalized) {
  model.options = R"({"normalize": "none"})";
  EXPECT_TRUE(contains(explain(guess, 980, 10000), "--normalize"));
  model.options = R"({"normalize": "mnist"})";
  EXPECT_FALSE(contains(explain(guess, 980, 10000), "--normalize"));
}
