//===- WeightAverage.h - averages of weights over steps ---------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The mean of the weights after every K-th step of the last part of a run is
// often a better model than the last weights, in few bits above all: means of
// rounded weights lie between the levels of the grid (Izmailov et al., arXiv
// 1803.05407; SWALP, arXiv 1904.11943). Training goes on with the last weights;
// only tests read the means. The rules: numerics contract, section 5.4.
//
//===----------------------------------------------------------------------===//

#ifndef QTCRT_WEIGHTAVERAGE_H
#define QTCRT_WEIGHTAVERAGE_H

#include "qtcrt/abi.h"

#include <cstdint>
#include <vector>

namespace qtcrt {

/// Whether `tensor` is averaged: a parameter that training changes.
bool isAveraged(const qtcrt_tensor &tensor);

/// Sums of the weights after several steps.
struct WeightAverage {
  /// Summands.
  uint64_t count = 0;
  /// Indexed as qtcrt_model::tensors: for each element an int64_t, or a double
  /// for FLOAT32; nothing for tensors that are not averaged. No sums at all
  /// before the first summand.
  std::vector<std::vector<uint8_t>> sums;

  /// Takes memory for the sums of `model`, of no summand yet.
  void allocate(const qtcrt_model &model);
  /// Adds the weights in `state`.
  void add(const qtcrt_model &model, const uint8_t *state);
  /// Writes the means to `state`: integers are rounded to nearest, ties away
  /// from zero. `count` must not be 0.
  void writeMeans(const qtcrt_model &model, uint8_t *state) const;
};

/// The averaged tensors of `state`, one after another.
std::vector<uint8_t> copyWeights(const qtcrt_model &model,
                                 const uint8_t *state);

/// Puts what copyWeights gave back into `state`.
void restoreWeights(const qtcrt_model &model,
                    const std::vector<uint8_t> &weights, uint8_t *state);

} // namespace qtcrt

#endif // QTCRT_WEIGHTAVERAGE_H
