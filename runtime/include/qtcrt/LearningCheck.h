//===- LearningCheck.h - whether a run learns -------------------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTCRT_LEARNINGCHECK_H
#define QTCRT_LEARNINGCHECK_H

#include "qtcrt/MetricSums.h"
#include "qtcrt/abi.h"

#include <cstdint>
#include <string>

namespace qtcrt {

/// Tells a user after the first epoch that a run has learned nothing.
class LearningCheck {
public:
  /// `state` is the state before the first step.
  LearningCheck(const qtcrt_model &model, const uint8_t *state);

  /// Describes the problem and the likely reasons; empty if the run learns or
  /// the model has no parameters to train. `sums` are those of the training
  /// examples so far, `state` is the state after them, and `schedule` the list
  /// that the user wrote.
  std::string explain(const uint8_t *state, const MetricSums &sums,
                      const std::string &schedule) const;

private:
  /// Describes the problem with the loss; empty if there is none.
  std::string describeLoss(const OutputSums &sums, uint64_t index) const;
  std::string describeLosses(const MetricSums &sums) const;

  const qtcrt_model &model;
  std::string initialHash; ///< of the parameters; empty if there are none
};

} // namespace qtcrt

#endif // QTCRT_LEARNINGCHECK_H
