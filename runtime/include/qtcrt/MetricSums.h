//===- MetricSums.h - sums of the metrics of steps --------------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Steps compute metrics; the runtime adds them up for reports and knows no
// formula. Training never reads the sums.
//
//===----------------------------------------------------------------------===//

#ifndef QTCRT_METRICSUMS_H
#define QTCRT_METRICSUMS_H

#include "qtcrt/Memory.h"
#include "qtcrt/abi.h"

#include <cstdint>
#include <string>
#include <vector>

namespace qtcrt {

/// Sums over positions of examples, of the metrics of one output.
struct OutputSums {
  double loss = 0;       ///< QTCRT_METRIC_LOSS
  double weight = 0;     ///< of the losses, 1 each without a WEIGHT port
  uint64_t correct = 0;  ///< QTCRT_METRIC_ACCURACY
  uint64_t examples = 0; ///< positions that count for the accuracy; all if
                         ///< there is none

  /// The mean loss, and the share of correct predictions; not numbers if no
  /// position counts.
  double meanLoss() const { return loss / weight; }
  double accuracy() const {
    return static_cast<double>(correct) / static_cast<double>(examples);
  }
  OutputSums &operator+=(const OutputSums &other);
};

/// The sums of all outputs.
using MetricSums = std::vector<OutputSums>;

/// Sums of nothing yet.
MetricSums startSums(const qtcrt_model &model);

/// Adds the sums of one step to others.
MetricSums &operator+=(MetricSums &sums, const MetricSums &step);

/// Adds the metrics of the first `count` examples of a step. `outputs` is what
/// the step has written, indexed as qtcrt_model::ports. Numbers are added one
/// after another in IEEE double, so that the sums do not depend on the batch.
void addMetrics(MetricSums &sums, const qtcrt_model &model,
                const std::vector<Buffer> &outputs, int64_t count);

/// What training minimizes: the mean losses, each times its weight.
double totalLoss(const MetricSums &sums, const qtcrt_model &model);

/// The loss, or an accuracy, with four decimals, or in scientific notation from
/// a million on.
std::string formatLoss(double loss);

/// The loss with six significant digits, for losses of numbers, which have any
/// scale.
std::string formatScaledLoss(double loss);

} // namespace qtcrt

#endif // QTCRT_METRICSUMS_H
