//===- Loss.h - loss and accuracy for reports -------------------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTCRT_LOSS_H
#define QTCRT_LOSS_H

#include "qtcrt/abi.h"

#include <cstdint>
#include <string>

namespace qtcrt {

/// Sums over examples, only for reports: they do not influence a run.
struct LossSums {
  double loss = 0; ///< cross-entropy (natural logarithm) or half the squares
  uint64_t correct = 0;
  uint64_t examples = 0;
};

/// [batch][classes] of `dtype`, value logit * 2^exponent; FLOAT32 has no
/// exponent.
struct LogitsView {
  const void *logits;
  uint32_t dtype;
  int32_t exponent;
  int64_t classes;
};

/// Adds the first `count` rows of `logits`. The prediction is the lowest class
/// index among the maxima.
void addLogits(LossSums &sums, const LogitsView &logits, qtcrt_loss loss,
               const int32_t *labels, int64_t count);

/// A loss for reports: `nan`, four decimals, or few digits if it is very large.
std::string formatLoss(double loss);

} // namespace qtcrt

#endif // QTCRT_LOSS_H
