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

using namespace qtcrt;

namespace {

/// Softmax cross-entropy of one row, whose largest logit is the one of `best`.
template <typename T>
double crossEntropy(const T *logits, double scale, int64_t classes,
                    int64_t best, int32_t label) {
  // Differences first: exact for integers, and no overflow of exp.
  auto below = [&](int64_t c) {
    return (static_cast<double>(logits[c]) -
            static_cast<double>(logits[best])) *
           scale;
  };
  double sum = 0;
  for (int64_t c = 0; c < classes; ++c)
    sum += std::exp(below(c));
  return std::log(sum) - below(label);
}

/// Half the sum of squared differences to the one-hot target.
template <typename T>
double halfSquares(const T *logits, double scale, int64_t classes,
                   int32_t label) {
  double sum = 0;
  for (int64_t c = 0; c < classes; ++c) {
    double error = static_cast<double>(logits[c]) * scale - (c == label);
    sum += error * error;
  }
  return sum / 2;
}

template <typename T>
void addRows(LossSums &sums, const LogitsView &view, double scale,
             qtcrt_loss loss, const int32_t *labels, int64_t count) {
  const T *logits = static_cast<const T *>(view.logits);
  for (int64_t row = 0; row < count; ++row, logits += view.classes) {
    int64_t best = 0;
    for (int64_t c = 1; c < view.classes; ++c)
      if (logits[c] > logits[best])
        best = c;
    sums.loss +=
        loss == QTCRT_LOSS_SQUARES
            ? halfSquares(logits, scale, view.classes, labels[row])
            : crossEntropy(logits, scale, view.classes, best, labels[row]);
    sums.correct += best == labels[row];
    ++sums.examples;
  }
}

} // namespace

void qtcrt::addLogits(LossSums &sums, const LogitsView &view, qtcrt_loss loss,
                      const int32_t *labels, int64_t count) {
  double scale =
      std::ldexp(1.0, std::min(1000, std::max(-1000, view.exponent)));
  if (view.dtype == QTCRT_INT8)
    addRows<int8_t>(sums, view, scale, loss, labels, count);
  else if (view.dtype == QTCRT_INT16)
    addRows<int16_t>(sums, view, scale, loss, labels, count);
  else if (view.dtype == QTCRT_INT32)
    addRows<int32_t>(sums, view, scale, loss, labels, count);
  else
    addRows<float>(sums, view, 1.0, loss, labels, count);
}

std::string qtcrt::formatLoss(double loss) {
  if (std::isnan(loss))
    return "nan"; // without the sign that printf writes
  char text[32];
  std::snprintf(text, sizeof(text), std::fabs(loss) < 1e6 ? "%.4f" : "%.1e",
                loss);
  return text;
}
