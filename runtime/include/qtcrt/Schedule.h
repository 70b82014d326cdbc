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
//===----------------------------------------------------------------------===//

#ifndef QTCRT_SCHEDULE_H
#define QTCRT_SCHEDULE_H

#include "qtcrt/abi.h"

#include <cstdint>
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

  /// Determines the step at which each entry starts. Throws UsageError when an
  /// entry starts before the previous one.
  void resolve(uint64_t totalSteps, uint64_t stepsPerEpoch);

  /// The value that the step function gets (see qtcrt_schedule_kind) for
  /// `step`, which counts from 0. Needs `resolve`.
  int64_t valueAt(uint64_t step) const;

  /// The value handed to a step as the number the user wrote.
  double toNumber(int64_t value) const;

private:
  enum class Unit { Start, Epoch, Percent };
  struct Entry {
    int64_t value; ///< as handed to the step
    Unit unit;
    uint64_t position;  ///< epochs, or percent * 10^6
    uint64_t firstStep; ///< set by resolve
    std::string text;
  };

  [[noreturn]] void malformed(const std::string &entry,
                              const char *expected) const;
  int64_t parseValue(const std::string &text) const;
  void parseEntry(const std::string &text);

  std::vector<Entry> entries;
  qtcrt_schedule_kind kind = QTCRT_SCHEDULE_INTEGER;
};

} // namespace qtcrt

#endif // QTCRT_SCHEDULE_H
