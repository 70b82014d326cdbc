//===- BenchReport.h - the output of bench ----------------------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTCRT_CORE_BENCHREPORT_H
#define QTCRT_CORE_BENCHREPORT_H

#include "qtcrt/LayerProfile.h"
#include "qtcrt/Session.h"

#include <vector>

namespace qtcrt {

/// Median and best of the rounds of a measurement; 0: unknown.
struct Rate {
  double median = 0;
  double best = 0;
};

struct BenchResult {
  uint64_t steps = 0;
  double milliseconds = 0; ///< of a step, the sum of its operations and rest
  double medianMilliseconds = 0; ///< of a step
  double slowMilliseconds = 0;   ///< 99 % of the steps take no longer
  Rate peak;                     ///< multiply-accumulates per second
  Rate bandwidth;                ///< bytes read and written per second
  uint64_t residentBytes = 0;    ///< peak before the bandwidth measurement
  std::vector<TimedOp> ops;
};

/// Prints tables, or one JSON object.
void printBench(Session &session, const BenchResult &result, bool json);

} // namespace qtcrt

#endif // QTCRT_CORE_BENCHREPORT_H
