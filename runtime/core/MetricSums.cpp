//===- MetricSums.cpp - sums of the metrics of steps ----------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qtcrt/MetricSums.h"

#include "qtcrt/Ports.h"

#include <cmath>
#include <cstdio>

using namespace qtcrt;

namespace {

/// Adds the first `count` of `elements`, times `scale`.
template <typename T>
void addScaled(double &sum, const uint8_t *elements, uint64_t count,
               double scale) {
  const T *values = reinterpret_cast<const T *>(elements);
  for (uint64_t i = 0; i < count; ++i)
    sum += static_cast<double>(values[i]) * scale;
}

/// What a step has written for the first positions of an output.
struct Results {
  const qtcrt_model &model;
  const std::vector<Buffer> &buffers;
  uint64_t output, positions;

  void addValues(double &sum, const qtcrt_port &port) const {
    const uint8_t *elements = buffers[indexOf(model, port)].data();
    if (port.dtype == QTCRT_FLOAT32)
      addScaled<float>(sum, elements, positions, 1);
    else // by a power of two, which rounds nothing
      addScaled<int64_t>(sum, elements, positions,
                         std::ldexp(1.0, port.exponent));
  }

  void addWeights(double &sum, const qtcrt_port &metric) const {
    if (const qtcrt_port *weights =
            findPort(model, QTCRT_PORT_WEIGHT, output, metric.name))
      addValues(sum, *weights);
    else
      sum += static_cast<double>(positions);
  }
};

std::string format(const char *pattern, double loss) {
  if (std::isnan(loss))
    return "nan"; // without the sign that printf writes
  char text[32];
  std::snprintf(text, sizeof(text), pattern, loss);
  return text;
}

} // namespace

OutputSums &OutputSums::operator+=(const OutputSums &other) {
  loss += other.loss;
  weight += other.weight;
  correct += other.correct;
  examples += other.examples;
  return *this;
}

MetricSums &qtcrt::operator+=(MetricSums &sums, const MetricSums &step) {
  for (size_t i = 0; i < sums.size(); ++i)
    sums[i] += step[i];
  return sums;
}

MetricSums qtcrt::startSums(const qtcrt_model &model) {
  return MetricSums(model.output_count);
}

static void addResults(OutputSums &sums, const Results &results) {
  const qtcrt_port &loss = lossPort(results.model, results.output);
  results.addValues(sums.loss, loss);
  results.addWeights(sums.weight, loss);
  const qtcrt_port *accuracy = findPort(results.model, QTCRT_PORT_METRIC,
                                        results.output, QTCRT_METRIC_ACCURACY);
  if (!accuracy) {
    sums.examples += results.positions;
    return;
  }
  // Both are numbers of positions.
  double correct = 0, counted = 0;
  results.addValues(correct, *accuracy);
  results.addWeights(counted, *accuracy);
  sums.correct += static_cast<uint64_t>(correct);
  sums.examples += static_cast<uint64_t>(counted);
}

void qtcrt::addMetrics(MetricSums &sums, const qtcrt_model &model,
                       const std::vector<Buffer> &outputs, int64_t count) {
  for (uint64_t i = 0; i < model.output_count; ++i)
    addResults(sums[i], {model, outputs, i,
                         static_cast<uint64_t>(count) * positionsOf(model, i)});
}

double qtcrt::totalLoss(const MetricSums &sums, const qtcrt_model &model) {
  double total = 0;
  for (uint64_t i = 0; i < model.output_count; ++i)
    total += model.outputs[i].loss_weight * sums[i].meanLoss();
  return total;
}

std::string qtcrt::formatLoss(double loss) {
  return format(std::fabs(loss) < 1e6 ? "%.4f" : "%.1e", loss);
}

std::string qtcrt::formatScaledLoss(double loss) {
  return format("%.6g", loss);
}
