//===- Progress.h - a progress line on the terminal -------------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTCRT_CORE_PROGRESS_H
#define QTCRT_CORE_PROGRESS_H

#include "core/Metrics.h"

#include <chrono>
#include <string>

namespace qtcrt {

/// Seconds since the construction or the last `restart`.
class Stopwatch {
public:
  Stopwatch() { restart(); }
  void restart() { start = Clock::now(); }
  double seconds() const {
    return std::chrono::duration<double>(Clock::now() - start).count();
  }

private:
  using Clock = std::chrono::steady_clock;
  Clock::time_point start;
};

/// One line on stderr that is rewritten in place, at most five times per
/// second, only on a terminal and only for work that takes longer than two
/// seconds. It says how long the work takes and fits 80 columns:
///
///   epoch 3: step 120/468 (26 %), 6 s left in epoch 3
class Progress {
public:
  Progress();
  ~Progress() { clear(); }
  Progress(const Progress &) = delete;
  Progress &operator=(const Progress &) = delete;

  /// Starts a piece of work called `what` with `total` units, each of them
  /// called `unit`, of which `before` are already done.
  void begin(const std::string &what, const char *unit,
             unsigned long long total, unsigned long long before = 0);
  void update(unsigned long long done);
  /// Removes the line; call it before other output.
  void clear();

private:
  bool enabled;
  bool visible = false;
  std::string what, unit;
  unsigned long long total = 0, before = 0;
  Stopwatch sinceBegin, sinceUpdate;
};

/// The line without its ending; `seconds` is the remaining time.
std::string progressText(const std::string &what, const std::string &unit,
                         unsigned long long done, unsigned long long total,
                         double seconds);

/// The line of an epoch without its ending, in 80 columns. Step and schedule
/// are in metrics.jsonl alone.
std::string epochText(const EpochMetrics &line);

/// "59 s", "3 min 20 s", "2 h 5 min".
std::string durationText(double seconds);

} // namespace qtcrt

#endif // QTCRT_CORE_PROGRESS_H
