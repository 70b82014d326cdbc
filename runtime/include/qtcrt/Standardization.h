//===- Standardization.h - mean and deviation of inputs ---------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTCRT_STANDARDIZATION_H
#define QTCRT_STANDARDIZATION_H

#include <cstdint>
#include <vector>

namespace qtcrt {

struct RawColumn;

/// What inputs are standardized with: (x - mean) / deviation of their channel.
/// It belongs to a run, and its checkpoints keep it.
struct Standardization {
  std::vector<double> means;      ///< of each channel of each input
  std::vector<double> deviations; ///< of each channel of each input, > 0

  bool isEmpty() const { return means.empty(); }
  /// Adds the channels of a further input.
  void append(const Standardization &other) {
    means.insert(means.end(), other.means.begin(), other.means.end());
    deviations.insert(deviations.end(), other.deviations.begin(),
                      other.deviations.end());
  }
  bool operator==(const Standardization &other) const {
    return means == other.means && deviations == other.deviations;
  }
};

/// Mean and population standard deviation of each of `channels` channels of an
/// input, in IEEE double: sums of the numbers and then of the squares of their
/// differences to the mean, example by example and in order within it. A
/// deviation of 0 becomes 1; that of a channel whose numbers are all the same
/// is 0, whatever the sums round to. Throws Error if a number is not finite or
/// too large.
Standardization measureStandardization(const RawColumn &column,
                                       uint64_t channels);

} // namespace qtcrt

#endif // QTCRT_STANDARDIZATION_H
