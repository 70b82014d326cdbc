//===- Loss.cpp - loss and accuracy for reports ---------------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qtcrt/Loss.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <vector>

using namespace qtcrt;

namespace {

/// The predictions of an example whose target is a class.
struct Scores {
  /// Exact doubles, to be multiplied by `scale`.
  const std::vector<double> &mantissas;
  double scale;
  size_t best; ///< lowest index among the largest
  size_t label;
};

double weightOf(const LossKind &kind, size_t label) {
  return kind.weights ? kind.weights[label] : 1;
}

double crossEntropy(const Scores &scores, const LossKind &kind) {
  // Differences first: exact for integers, and no overflow of exp.
  auto below = [&](double mantissa) {
    return (mantissa - scores.mantissas[scores.best]) * scores.scale;
  };
  double sum = 0;
  for (double mantissa : scores.mantissas)
    sum += std::exp(below(mantissa));
  double total = std::log(sum);
  auto ofClass = [&](size_t c) { // without weights, the product is exact
    return weightOf(kind, c) * (total - below(scores.mantissas[c]));
  };
  double loss = ofClass(scores.label);
  if (kind.smoothing == 0)
    return loss;
  double ofAll = 0;
  for (size_t c = 0; c < scores.mantissas.size(); ++c)
    ofAll += ofClass(c);
  return (1 - kind.smoothing) * loss +
         kind.smoothing / static_cast<double>(kind.outputs) * ofAll;
}

/// Half the sum of squared differences to the one-hot target.
double halfSquares(const Scores &scores, const LossKind &) {
  double sum = 0;
  for (size_t c = 0; c < scores.mantissas.size(); ++c) {
    double error = scores.mantissas[c] * scores.scale - (c == scores.label);
    sum += error * error;
  }
  return sum / 2;
}

/// An output, its target and the parameter of the loss.
struct Output {
  double y, t, delta;
};

double square(const Output &output) {
  return (output.y - output.t) * (output.y - output.t);
}

double absolute(const Output &output) { return std::fabs(output.y - output.t); }

double huber(const Output &output) {
  double error = absolute(output);
  return error <= output.delta ? error * error / 2
                               : output.delta * (error - output.delta / 2);
}

double logistic(const Output &output) {
  // log(1 + exp(y)), where exp does not overflow.
  double softplus =
      std::max(output.y, 0.0) + std::log1p(std::exp(-std::fabs(output.y)));
  return softplus - output.t * output.y;
}

/// One of the functions is not null.
struct LossFunctions {
  qtcrt_loss loss;
  double (*ofClass)(const Scores &scores, const LossKind &kind);
  double (*ofNumber)(const Output &output);
};

// To add a loss: its function, and one line here.
constexpr LossFunctions lossFunctions[] = {
    {QTCRT_LOSS_CROSS_ENTROPY, crossEntropy, nullptr},
    {QTCRT_LOSS_SQUARES, halfSquares, nullptr},
    {QTCRT_LOSS_MEAN_SQUARES, nullptr, square},
    {QTCRT_LOSS_ABSOLUTE, nullptr, absolute},
    {QTCRT_LOSS_HUBER, nullptr, huber},
    {QTCRT_LOSS_LOGISTIC, nullptr, logistic},
};

const LossFunctions *findLoss(uint32_t loss) {
  for (const LossFunctions &functions : lossFunctions)
    if (functions.loss == loss)
      return &functions;
  return nullptr;
}

template <typename T>
void convert(const void *data, uint64_t first, std::vector<double> &out) {
  const T *from = static_cast<const T *>(data) + first;
  for (size_t i = 0; i < out.size(); ++i)
    out[i] = static_cast<double>(from[i]);
}

/// Elements from `first` on, without their exponent.
void readElements(const PortView &view, uint64_t first,
                  std::vector<double> &out) {
  if (view.dtype == QTCRT_INT8)
    convert<int8_t>(view.data, first, out);
  else if (view.dtype == QTCRT_INT16)
    convert<int16_t>(view.data, first, out);
  else if (view.dtype == QTCRT_INT32)
    convert<int32_t>(view.data, first, out);
  else
    convert<float>(view.data, first, out);
}

/// What elements are multiplied by. Larger exponents are not finite anyway.
double scaleOf(const PortView &view) {
  if (view.dtype == QTCRT_FLOAT32)
    return 1;
  return std::ldexp(1.0, std::min(1000, std::max(-1000, view.exponent)));
}

/// Not std::max_element: nothing is larger than a NaN, so it stays where it is
/// first.
size_t findLargest(const std::vector<double> &values) {
  size_t best = 0;
  for (size_t i = 1; i < values.size(); ++i)
    if (values[i] > values[best])
      best = i;
  return best;
}

void addOfClasses(LossSums &sums, const LossFunctions &functions,
                  const LossKind &kind, const PortView &predictions,
                  const PortView &targets, uint64_t count) {
  std::vector<double> row(kind.outputs);
  double scale = scaleOf(predictions);
  const int32_t *labels = static_cast<const int32_t *>(targets.data);
  for (uint64_t i = 0; i < count; ++i) {
    if (labels[i] == kind.ignored)
      continue;
    readElements(predictions, i * kind.outputs, row);
    Scores scores{row, scale, findLargest(row), static_cast<size_t>(labels[i])};
    sums.loss += functions.ofClass(scores, kind);
    sums.weight += weightOf(kind, scores.label);
    sums.correct += scores.best == scores.label;
    ++sums.examples;
  }
}

void addOfNumbers(LossSums &sums, const LossFunctions &functions,
                  const LossKind &kind, const PortView &predictions,
                  const PortView &targets, uint64_t count) {
  std::vector<double> row(kind.outputs), target(kind.outputs);
  double scale = scaleOf(predictions), targetScale = scaleOf(targets);
  for (uint64_t i = 0; i < count; ++i) {
    readElements(predictions, i * kind.outputs, row);
    readElements(targets, i * kind.outputs, target);
    double sum = 0;
    for (size_t j = 0; j < row.size(); ++j)
      sum += functions.ofNumber(
          {row[j] * scale, target[j] * targetScale, kind.delta});
    sums.loss += sum / static_cast<double>(kind.outputs);
  }
  sums.weight += static_cast<double>(count);
  sums.examples += count;
}

std::string format(const char *pattern, double loss) {
  if (std::isnan(loss))
    return "nan"; // without the sign that printf writes
  char text[32];
  std::snprintf(text, sizeof(text), pattern, loss);
  return text;
}

} // namespace

bool qtcrt::isLoss(uint32_t loss, bool ofClasses) {
  const LossFunctions *functions = findLoss(loss);
  return functions && (functions->ofClass != nullptr) == ofClasses;
}

void qtcrt::addLoss(LossSums &sums, const LossKind &kind,
                    const PortView &predictions, const PortView &targets,
                    int64_t count) {
  const LossFunctions &functions = *findLoss(kind.loss);
  uint64_t examples = static_cast<uint64_t>(count);
  if (functions.ofClass)
    addOfClasses(sums, functions, kind, predictions, targets, examples);
  else
    addOfNumbers(sums, functions, kind, predictions, targets, examples);
}

std::string qtcrt::formatLoss(double loss) {
  return format(std::fabs(loss) < 1e6 ? "%.4f" : "%.1e", loss);
}

std::string qtcrt::formatScaledLoss(double loss) {
  return format("%.6g", loss);
}
