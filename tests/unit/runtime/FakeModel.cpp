//===- FakeModel.cpp - a hand-written model for tests ---------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "FakeModel.h"

#include "qtcrt/Philox.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <unistd.h>

namespace {

constexpr uint64_t weightBytes = fakeClasses * fakeFeatures;
constexpr uint64_t biasOffset = 1472; // weights rounded up to 64
constexpr uint64_t runningOffset = 1536;
constexpr uint64_t counterOffset = 2112;
constexpr uint64_t evaluationOffset = 2176;
constexpr uint64_t sumOffset = 2752;
constexpr uint64_t stateBytes = 3904;

constexpr int32_t logitExponent = -13;
/// Fraction bits of a metric.
constexpr int metricBits = 32;

const int64_t weightShape[] = {fakeClasses, fakeFeatures};
const int64_t biasShape[] = {fakeClasses};
const int64_t runningShape[] = {fakeFeatures};

const qtcrt_tensor tensors[] = {
    {"0.bias", biasShape, biasOffset, fakeClasses, 1, QTCRT_INT16,
     QTCRT_STATE_PARAMETER, 1, -9, 0, 0, 0, 0, 0, 0},
    {"0.weight", weightShape, 0, weightBytes, 2, QTCRT_INT8,
     QTCRT_STATE_PARAMETER, 1, -10, 0, 0, 1, 0, 0, 0},
    {"1.running", runningShape, runningOffset, fakeFeatures, 1, QTCRT_INT32,
     QTCRT_STATE_BUFFER, 0, 0, 0, 0, 2, 0, 0, 0},
    {"1.running.evaluation", runningShape, evaluationOffset, fakeFeatures, 1,
     QTCRT_INT32, QTCRT_STATE_EVALUATION, 0, 0, 0, 0, 0, 0, 2, 0},
    {"2.counter", nullptr, counterOffset, 1, 0, QTCRT_INT64,
     QTCRT_STATE_OPTIMIZER, 0, 0, 0, 0, 3, 0, 0, 0},
    {"3.sum", runningShape, sumOffset, fakeFeatures, 1, QTCRT_INT64,
     QTCRT_STATE_SCRATCH, 0, 0, 0, 0, 0, 0, 0, 0},
};

const int64_t inputShape[] = {1, fakeSide, fakeSide};
const int64_t outputShape[] = {fakeClasses};

// Indexed by FakePort.
const qtcrt_port ports[] = {
    {"image", inputShape, fakeFeatures, 3, QTCRT_PORT_INPUT, QTCRT_UINT8,
     QTCRT_ENCODING_PIXEL, 0, 0, 0, 0, 0, 0},
    {"label", nullptr, 1, 0, QTCRT_PORT_TARGET, QTCRT_INT32,
     QTCRT_ENCODING_CLASS, 0, 0, fakeClasses, 0, 0, 0},
    {"logits", outputShape, fakeClasses, 1, QTCRT_PORT_PREDICTION, QTCRT_INT32,
     0, 0, 0, 0, 0, 0, 0},
    {"logits.exponent", nullptr, 1, 0, QTCRT_PORT_EXPONENT, QTCRT_INT32, 0, 0,
     0, 0, 0, 0, 0},
    {QTCRT_METRIC_LOSS, nullptr, 1, 0, QTCRT_PORT_METRIC, QTCRT_INT64,
     QTCRT_ENCODING_NUMBER, -metricBits, 0, 0, 0, 0, 0},
    {QTCRT_METRIC_ACCURACY, nullptr, 1, 0, QTCRT_PORT_METRIC, QTCRT_INT64,
     QTCRT_ENCODING_NUMBER, -metricBits, 0, 0, 0, 0, 0},
};

const qtcrt_output outputs[] = {{"logits", /*loss_weight=*/1.0,
                                 /*guess_loss=*/2.302585092994046, // log(10)
                                 fakeClasses, 0, 0, 0}};

const uint8_t *pixelsOf(const qtcrt_step &step) {
  return static_cast<const uint8_t *>(step.ports[FakeInput]);
}

int32_t *logitsOf(const qtcrt_step &step) {
  return static_cast<int32_t *>(step.ports[FakePrediction]);
}

template <int64_t batch>
const qtcrt_op ops[] = {
    {"0", "gemm", batch *weightBytes, batch *fakeFeatures},
    {"0.update", "weight_gradient", batch *weightBytes, weightBytes},
    {"1", "elementwise", 0, fakeFeatures * 4},
};

/// FAKE_DIE_AT_STEP=N: the process dies when step N is about to run.
void sleepOrDieIfAsked(uint32_t step) {
  if (const char *text = std::getenv("FAKE_DIE_AT_STEP"))
    if (step == static_cast<uint32_t>(std::atoi(text)))
      _exit(77);
  if (const char *text = std::getenv("FAKE_STEP_MICROSECONDS"))
    usleep(static_cast<useconds_t>(std::atoi(text)));
}

void forwardPiece(void *closure, int64_t begin, int64_t end, int64_t) {
  const qtcrt_step &step = *static_cast<const qtcrt_step *>(closure);
  const int8_t *weights = reinterpret_cast<const int8_t *>(step.state);
  const int16_t *bias =
      reinterpret_cast<const int16_t *>(step.state + biasOffset);
  int32_t *logits = logitsOf(step);
  for (int64_t row = begin; row < end; ++row)
    for (int64_t c = 0; c < fakeClasses; ++c) {
      int32_t sum = bias[c] * 256;
      for (int64_t f = 0; f < fakeFeatures; ++f)
        sum += weights[c * fakeFeatures + f] *
               pixelsOf(step)[row * fakeFeatures + f];
      logits[row * fakeClasses + c] = sum;
    }
}

int64_t predict(const int32_t *row) {
  return std::max_element(row, row + fakeClasses) - row;
}

/// Softmax cross-entropy and accuracy of each example.
template <int64_t batch> void writeMetrics(const qtcrt_step &step) {
  const int32_t *labels = static_cast<const int32_t *>(step.ports[FakeTarget]);
  int64_t *losses = static_cast<int64_t *>(step.ports[FakeLoss]);
  int64_t *hits = static_cast<int64_t *>(step.ports[FakeAccuracy]);
  for (int64_t row = 0; row < batch; ++row) {
    const int32_t *logits = logitsOf(step) + row * fakeClasses;
    int64_t guess = predict(logits), label = labels[row];
    auto below = [&](int64_t c) {
      return std::ldexp(logits[c] - logits[guess], logitExponent);
    };
    double sum = 0;
    for (int64_t c = 0; c < fakeClasses; ++c)
      sum += std::exp(below(c));
    losses[row] =
        std::llround(std::ldexp(std::log(sum) - below(label), metricBits));
    hits[row] = int64_t{guess == label} << metricBits;
  }
}

template <int64_t batch>
void forward(qtcrt_executor *executor, const qtcrt_step *step) {
  qtcrt_parallel_for(executor, forwardPiece, const_cast<qtcrt_step *>(step),
                     batch);
  *static_cast<int32_t *>(step->ports[FakeExponent]) = logitExponent;
}

/// The forward pass on pixels less a quarter of the estimates.
template <int64_t batch>
void evaluate(qtcrt_executor *executor, const qtcrt_step *step) {
  forward<batch>(executor, step);
  const int8_t *weights = reinterpret_cast<const int8_t *>(step->state);
  const int32_t *means =
      reinterpret_cast<const int32_t *>(step->state + evaluationOffset);
  int32_t *logits = logitsOf(*step);
  for (int64_t c = 0; c < fakeClasses; ++c) {
    int32_t sum = 0;
    for (int64_t f = 0; f < fakeFeatures; ++f)
      sum += weights[c * fakeFeatures + f] * (means[f] / 4);
    for (int64_t row = 0; row < batch; ++row)
      logits[row * fakeClasses + c] -= sum;
  }
  writeMetrics<batch>(*step);
}

/// Means of the pixels of all calls so far.
template <int64_t batch>
void estimate(qtcrt_executor *, const qtcrt_step *step) {
  int64_t *sums = reinterpret_cast<int64_t *>(step->state + sumOffset);
  int32_t *means = reinterpret_cast<int32_t *>(step->state + evaluationOffset);
  for (int64_t f = 0; f < fakeFeatures; ++f) {
    if (step->step == 0)
      sums[f] = 0;
    for (int64_t row = 0; row < batch; ++row)
      sums[f] += pixelsOf(*step)[row * fakeFeatures + f];
    means[f] = static_cast<int32_t>(sums[f] / (batch * (step->step + 1)));
  }
}

/// Perceptron rule for classes [begin, end).
template <int64_t batch>
void updatePiece(void *closure, int64_t begin, int64_t end, int64_t) {
  const qtcrt_step &step = *static_cast<const qtcrt_step *>(closure);
  int8_t *weights = reinterpret_cast<int8_t *>(step.state);
  int16_t *bias = reinterpret_cast<int16_t *>(step.state + biasOffset);
  const int32_t *logits = logitsOf(step);
  const int32_t *labels = static_cast<const int32_t *>(step.ports[FakeTarget]);
  for (int64_t c = begin; c < end; ++c)
    for (int64_t row = 0; row < batch; ++row) {
      int64_t guess = predict(logits + row * fakeClasses);
      int sign = (labels[row] == c) - (guess == c);
      bias[c] = static_cast<int16_t>(
          std::min(32767, std::max(-32767, bias[c] + sign)));
      for (int64_t f = 0; sign && f < fakeFeatures; ++f) {
        int change = sign * pixelsOf(step)[row * fakeFeatures + f] >>
                     (8 - std::min<int64_t>(step.schedule, 6));
        int8_t &weight = weights[c * fakeFeatures + f];
        weight =
            static_cast<int8_t>(std::min(127, std::max(-127, weight + change)));
      }
    }
}

template <int64_t batch>
void train(qtcrt_executor *executor, const qtcrt_step *step) {
  sleepOrDieIfAsked(step->step);
  forward<batch>(executor, step);
  writeMetrics<batch>(*step);
  qtcrt_mark(executor, 0);
  qtcrt_parallel_for(executor, updatePiece<batch>,
                     const_cast<qtcrt_step *>(step), fakeClasses);
  qtcrt_mark(executor, 1);
  int32_t *running = reinterpret_cast<int32_t *>(step->state + runningOffset);
  for (int64_t f = 0; f < fakeFeatures; ++f)
    running[f] =
        running[f] / 2 + pixelsOf(*step)[f] +
        static_cast<int32_t>(
            qtcrt::randomBlock(step->seed, static_cast<uint64_t>(f), 0,
                               step->step, qtcrt::RandomPurpose::Dropout)[0] &
            7);
  int64_t counter;
  std::memcpy(&counter, step->state + counterOffset, sizeof(counter));
  counter += step->schedule;
  std::memcpy(step->state + counterOffset, &counter, sizeof(counter));
  qtcrt_mark(executor, 2);
}

int32_t peak(int64_t iterations) {
  uint32_t value = 1;
  for (int64_t i = 0; i < iterations; ++i)
    value = value * 1664525 + 1013904223;
  return static_cast<int32_t>(value);
}

template <int64_t batch>
constexpr qtcrt_variant variant(const char *name, uint64_t arenaBytes,
                                uint32_t isa) {
  return {name,
          train<batch>,
          evaluate<batch>,
          estimate<batch>,
          peak,
          1,
          arenaBytes,
          ops<batch>,
          3,
          nullptr,
          isa,
          0,
          batch};
}

const qtcrt_variant variants[] = {
    variant<fakeBatch>("baseline", 4096, QTCRT_ISA_BASELINE),
    variant<fakeBatch>("future", 8192, 99),
    variant<fakeOtherBatch>("baseline", 2048, QTCRT_ISA_BASELINE),
    variant<fakeOtherBatch>("future", 4096, 99),
};

alignas(64) const uint8_t initialState[stateBytes] = {};

} // namespace

extern "C" const qtcrt_model qtcrt_compiled_model;
extern "C" const qtcrt_model qtcrt_compiled_model = {
    QTCRT_ABI_VERSION,
    sizeof(qtcrt_model),
    "fake",
    "niti",
    "{\"niti-loss\":\"paper\",\"normalize\":\"none\"}",
    "{\"normalize\":\"none\"}",
    "00112233445566778899aabbccddeeff",
    "0.0-test",
    "4,2@40%,0@80%",
    1,
    ports,
    6,
    outputs,
    1,
    stateBytes,
    initialState,
    tensors,
    6,
    variants,
    4,
    QTCRT_SCHEDULE_INTEGER,
    8};

const qtcrt_model &fakeModel() { return qtcrt_compiled_model; }
