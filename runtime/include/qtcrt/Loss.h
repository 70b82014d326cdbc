//===- Loss.h - loss and accuracy for reports -------------------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// These values are for reports only: training never reads them.
//
//===----------------------------------------------------------------------===//

#ifndef QTCRT_LOSS_H
#define QTCRT_LOSS_H

#include "qtcrt/abi.h"

#include <cstdint>
#include <optional>
#include <string>

namespace qtcrt {

/// Sums over the examples that count, which are all unless a label is ignored.
struct LossSums {
  double loss = 0;      ///< see qtcrt_loss; logarithms are natural
  double weight = 0;    ///< of the losses, 1 each without weights of classes
  uint64_t correct = 0; ///< targets that are classes only
  uint64_t examples = 0;

  /// The mean loss, and the share of correct predictions; not numbers if no
  /// example counts.
  double meanLoss() const { return loss / weight; }
  double accuracy() const {
    return static_cast<double>(correct) / static_cast<double>(examples);
  }
};

/// Elements of a port. Mantissas stand for mantissa * 2^exponent; FLOAT32 and
/// classes have no exponent.
struct PortView {
  const void *data;
  uint32_t dtype; ///< enum qtcrt_dtype, but neither INT64 nor UINT8
  int32_t exponent;
};

/// A loss and what it needs to know besides predictions and targets; see
/// qtcrt_model.
struct LossKind {
  qtcrt_loss loss;
  uint64_t outputs; ///< predictions of an example
  double delta = 0;
  double smoothing = 0;
  const double *weights = nullptr;
  std::optional<int32_t> ignored = std::nullopt;
};

/// Whether `loss` is one of qtcrt_loss whose targets are classes, or numbers.
bool isLoss(uint32_t loss, bool ofClasses);

/// Adds the losses of those of the first `count` examples that count, computed
/// in IEEE double. For losses of classes, it also counts those whose largest
/// prediction (the lowest index among equals) is the target's.
void addLoss(LossSums &sums, const LossKind &kind, const PortView &predictions,
             const PortView &targets, int64_t count);

/// The loss, or an accuracy, with four decimals, or in scientific notation from
/// a million on.
std::string formatLoss(double loss);

/// The loss with six significant digits, for losses of numbers, which have any
/// scale.
std::string formatScaledLoss(double loss);

} // namespace qtcrt

#endif // QTCRT_LOSS_H
