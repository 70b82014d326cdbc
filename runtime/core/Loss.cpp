//===- Loss.cpp - loss and accuracy for reports ---------------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qtcrt/Loss.h"

#include <algorithm>
#include <cmath>

using namespace qtcrt;

namespace {

template <typename T>
void addRows(LossSums &sums, const T *logits, double scale,
             const int32_t *labels, int64_t classes, int64_t count) {
  for (int64_t row = 0; row < count; ++row, logits += classes) {
    int64_t best = 0;
    for (int64_t c = 1; c < classes; ++c)
      if (logits[c] > logits[best])
        best = c;
    // Differences first: exact for integers, and no overflow of exp.
    auto below = [&](int64_t c) {
      return (static_cast<double>(logits[c]) -
              static_cast<double>(logits[best])) *
             scale;
    };
    double sum = 0;
    for (int64_t c = 0; c < classes; ++c)
      sum += std::exp(below(c));
    sums.loss += std::log(sum) - below(labels[row]);
    sums.correct += best == labels[row];
    ++sums.examples;
  }
}

} // namespace

void qtcrt::addLogits(LossSums &sums, const void *logits, uint32_t dtype,
                      int32_t exponent, const int32_t *labels, int64_t classes,
                      int64_t count) {
  double scale = std::ldexp(1.0, std::min(1000, std::max(-1000, exponent)));
  if (dtype == QTCRT_INT8)
    addRows(sums, static_cast<const int8_t *>(logits), scale, labels, classes,
            count);
  else if (dtype == QTCRT_INT16)
    addRows(sums, static_cast<const int16_t *>(logits), scale, labels, classes,
            count);
  else if (dtype == QTCRT_INT32)
    addRows(sums, static_cast<const int32_t *>(logits), scale, labels, classes,
            count);
  else
    addRows(sums, static_cast<const float *>(logits), 1.0, labels, classes,
            count);
}
