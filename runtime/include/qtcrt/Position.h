//===- Position.h - a place in a run ----------------------------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTCRT_POSITION_H
#define QTCRT_POSITION_H

#include <cstdint>
#include <string>

namespace qtcrt {

/// An epoch (`100`; they count from 0), or a share of the steps of a run
/// (`40%`, `62.5%`).
struct Position {
  enum class Unit { Epoch, Percent };

  Unit unit = Unit::Epoch;
  uint64_t amount = 0; ///< epochs, or percent * 10^6

  /// Reads `text` into `position`. Returns what was expected if it is not a
  /// position, otherwise an empty text.
  static std::string parse(const std::string &text, Position &position);

  /// The first step of the epoch, or the first with 100 * step >= percent *
  /// total; the largest number if it does not fit.
  uint64_t firstStep(uint64_t totalSteps, uint64_t stepsPerEpoch) const;

  bool operator==(const Position &other) const {
    return unit == other.unit && amount == other.amount;
  }
};

} // namespace qtcrt

#endif // QTCRT_POSITION_H
