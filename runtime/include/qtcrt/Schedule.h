//===- Schedule.h - learning-rate lists -------------------------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A schedule is a comma-separated list: a value, then value@epoch or
// value@percent%. `4,2@40%,0@60%` starts with 4; 2 holds from the first step
// with 100 * step >= 40 * total. `5,4@100` changes at the start of epoch 100
// (epochs count from 0).
//
// `linear:` or `cosine:` before a value makes the entry a ramp: the rate moves
// to the value from where the entry before starts, or ends if it is a ramp,
// and has it from the position of the ramp on. `0,linear:0.1@5%,cosine:0@100%`
// is a warm-up and a cosine to 0. See Ramp.h, and numerics contract, 4.13.
//
//===----------------------------------------------------------------------===//

#ifndef QTCRT_SCHEDULE_H
#define QTCRT_SCHEDULE_H

#include "qtcrt/Position.h"
#include "qtcrt/Ramp.h"
#include "qtcrt/abi.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace qtcrt {

/// A learning-rate list of the command line.
class Schedule {
public:
  /// Reads `text`. Values are integers in -1000...1000 for
  /// QTCRT_SCHEDULE_INTEGER, decimals or fractions (`0.01`, `1/8`) otherwise,
  /// and powers of two for QTCRT_SCHEDULE_LOG2. Throws UsageError.
  static Schedule parse(const std::string &text, qtcrt_schedule_kind kind);

  /// True if the lists mean the same, whatever their spelling.
  bool operator==(const Schedule &other) const;

  /// Determines the step of each position. Throws UsageError when one is before
  /// that of the previous entry.
  void resolve(uint64_t totalSteps, uint64_t stepsPerEpoch);

  /// The value that the step function gets (see qtcrt_schedule_kind) for
  /// `step`, which counts from 0. Needs `resolve`.
  int64_t valueAt(uint64_t step) const;

  /// The value handed to a step as a number like those that users write: of
  /// all decimals that are the same single, the shortest.
  double toNumber(int64_t value) const;

private:
  struct Entry {
    std::string text;
    std::optional<Ramp> ramp;         ///< how it is reached; not set: by a jump
    int64_t value = 0;                ///< as handed to the step
    std::optional<Position> position; ///< not set: the start
    uint64_t firstStep = 0;           ///< that has the value; set by resolve
  };

  [[noreturn]] void malformed(const std::string &entry,
                              const std::string &expected) const;
  int64_t parseValue(const std::string &text) const;
  void parsePosition(const std::string &text, Entry &entry) const;
  void parseEntry(const std::string &text);
  int64_t valueBetween(const Entry &from, const Entry &to, double x) const;

  std::vector<Entry> entries;
  qtcrt_schedule_kind kind = QTCRT_SCHEDULE_INTEGER;
};

} // namespace qtcrt

#endif // QTCRT_SCHEDULE_H
