//===- Metrics.h - the file of one JSON object per epoch --------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTCRT_CORE_METRICS_H
#define QTCRT_CORE_METRICS_H

#include <cstdint>
#include <string>

namespace qtcrt {

/// One epoch's line. Epochs count from 0, `step` is the number of steps done.
/// Values that do not exist (not evaluated: -1, not finite) become null.
struct EpochMetrics {
  uint64_t epoch = 0, step = 0;
  double trainLoss = 0, trainAccuracy = 0, testAccuracy = -1;
  double imagesPerSecond = 0, seconds = 0, schedule = 0;
};

/// FOLDER/metrics.jsonl.
class MetricsFile {
public:
  /// Keeps the lines of epochs before `firstEpoch`, drops all others (an
  /// interrupted run may have written them already). Throws Error.
  MetricsFile(const std::string &folder, uint64_t firstEpoch);
  /// Appends and flushes. Throws Error.
  void append(const EpochMetrics &metrics);

private:
  std::string path;
};

} // namespace qtcrt

#endif // QTCRT_CORE_METRICS_H
