//===- FakeRegression.cpp - a hand-written model of numbers ---------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "FakeRegression.h"

#include "qtcrt/abi.h"

#include <cstdlib>
#include <cstring>
#include <unistd.h>

namespace {

enum Port { Input, Target, Prediction, Loss };

const int64_t inputShape[] = {regressionChannels, regressionLength};
const int64_t outputShape[] = {regressionOutputs};
const int64_t weightShape[] = {regressionOutputs, regressionFeatures};

// Indexed by Port.
const qtcrt_port ports[] = {
    {"x", inputShape, regressionFeatures, 2, QTCRT_PORT_INPUT, QTCRT_FLOAT32,
     QTCRT_ENCODING_NUMBER, 0, 1, 0, 0, 0, 0},
    {"t", outputShape, regressionOutputs, 1, QTCRT_PORT_TARGET, QTCRT_FLOAT32,
     QTCRT_ENCODING_NUMBER, 0, 0, 0, 0, 0, 0},
    {"y", outputShape, regressionOutputs, 1, QTCRT_PORT_PREDICTION,
     QTCRT_FLOAT32, 0, 0, 0, 0, 0, 0, 0},
    {QTCRT_METRIC_LOSS, nullptr, 1, 0, QTCRT_PORT_METRIC, QTCRT_FLOAT32,
     QTCRT_ENCODING_NUMBER, 0, 0, 0, 0, 0, 0},
};

const qtcrt_output outputs[] = {{"y", /*loss_weight=*/1.0, 0, 0, 0, 0, 0}};

const qtcrt_tensor tensors[] = {
    {"weight", weightShape, 0, regressionOutputs *regressionFeatures, 2,
     QTCRT_FLOAT32, QTCRT_STATE_PARAMETER, 0, 0, 0, 0, 0, 0, 0, 0},
};

float *portOf(const qtcrt_step *step, Port port) {
  return static_cast<float *>(step->ports[port]);
}

float *weightOf(const qtcrt_step *step) {
  return reinterpret_cast<float *>(step->state);
}

/// The mean squared error of each example.
void writeLoss(const qtcrt_step *step) {
  const float *y = portOf(step, Prediction), *t = portOf(step, Target);
  for (int64_t row = 0; row < regressionBatch; ++row) {
    double sum = 0;
    for (int64_t o = 0; o < regressionOutputs; ++o, ++y, ++t) {
      double error = double{*y} - double{*t};
      sum += error * error;
    }
    portOf(step, Loss)[row] = static_cast<float>(sum / regressionOutputs);
  }
}

void evaluate(qtcrt_executor *, const qtcrt_step *step) {
  const float *x = portOf(step, Input), *weight = weightOf(step);
  for (int64_t row = 0; row < regressionBatch; ++row)
    for (int64_t o = 0; o < regressionOutputs; ++o) {
      float sum = 0;
      for (int64_t f = 0; f < regressionFeatures; ++f)
        sum += weight[o * regressionFeatures + f] *
               x[row * regressionFeatures + f];
      portOf(step, Prediction)[row * regressionOutputs + o] = sum;
    }
  writeLoss(step);
}

void train(qtcrt_executor *executor, const qtcrt_step *step) {
  if (const char *text = std::getenv("FAKE_DIE_AT_STEP"))
    if (step->step == static_cast<uint32_t>(std::atoi(text)))
      _exit(77);
  evaluate(executor, step);
  float size;
  uint32_t bits = static_cast<uint32_t>(step->schedule);
  std::memcpy(&size, &bits, sizeof(size));
  const float *x = portOf(step, Input), *t = portOf(step, Target);
  const float *y = portOf(step, Prediction);
  for (int64_t row = 0; row < regressionBatch; ++row)
    for (int64_t o = 0; o < regressionOutputs; ++o) {
      int64_t output = row * regressionOutputs + o;
      float error = (y[output] - t[output]) / regressionBatch;
      for (int64_t f = 0; f < regressionFeatures; ++f)
        weightOf(step)[o * regressionFeatures + f] -=
            size * error * x[row * regressionFeatures + f];
    }
}

constexpr uint64_t stateBytes = sizeof(float) * 16;
alignas(64) const uint8_t initialState[stateBytes] = {};

const qtcrt_variant variants[] = {{"baseline", train, evaluate, nullptr,
                                   nullptr, 0, 64, nullptr, 0, nullptr,
                                   QTCRT_ISA_BASELINE, 0, regressionBatch}};

} // namespace

extern "C" const qtcrt_model qtcrt_compiled_model;
extern "C" const qtcrt_model qtcrt_compiled_model = {
    QTCRT_ABI_VERSION,
    sizeof(qtcrt_model),
    "regression",
    "fp32",
    "{}",
    "{}",
    "00112233445566778899aabbccddeeff",
    "0.0-test",
    "0.1",
    1,
    ports,
    4,
    outputs,
    1,
    stateBytes,
    initialState,
    tensors,
    1,
    variants,
    1,
    QTCRT_SCHEDULE_FLOAT,
    0};
