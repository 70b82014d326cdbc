//===- Metrics.h - the file of one JSON object per epoch --------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTCRT_CORE_METRICS_H
#define QTCRT_CORE_METRICS_H

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace qtcrt {

/// What an epoch, or the test after it, gives; -1: there was none.
struct Scores {
  double loss = -1;
  double accuracy = -1; ///< of classes
};

/// The metrics of one of several outputs.
struct OutputMetrics {
  std::string name;
  bool hasAccuracy = true; ///< targets are classes
  Scores train, test;
};

/// One epoch's line. Epochs count from 0, `step` is the number of steps done.
/// Values that do not exist (not evaluated: -1, not finite) become null.
struct EpochMetrics {
  uint64_t epoch = 0, step = 0;
  bool hasAccuracy = true; ///< of the model, see isClassifier
  bool hasImages = true;   ///< inputs are pixels
  Scores train, test;
  std::vector<OutputMetrics> outputs; ///< unless there is only one
  double imagesPerSecond = 0, seconds = 0, schedule = 0;
  /// Weights whose average was tested, 0: the last ones were; not set if the
  /// run has no average.
  std::optional<uint64_t> averaged;
};

/// The lines that a run had when its checkpoint was written.
struct EarlierMetrics {
  uint64_t epochs = 0; ///< a line for each
  /// Step of the last line of a run that is complete, perhaps in the middle of
  /// an epoch; 0 otherwise.
  uint64_t finalStep = 0;
};

/// FOLDER/metrics.jsonl.
class MetricsFile {
public:
  /// Keeps the lines of `earlier`, drops all others: those of another run, or
  /// of steps that will be repeated. Throws Error.
  MetricsFile(const std::string &folder, const EarlierMetrics &earlier);
  /// Appends and flushes. Throws Error.
  void append(const EpochMetrics &metrics);

  /// Number of epochs whose lines are there.
  uint64_t keptEpochs() const { return epochs.size(); }
  /// Whether the line of EarlierMetrics::finalStep is there.
  bool hasFinalStep() const { return hasFinal; }
  const std::string &getPath() const { return path; }

private:
  bool keep(const std::string &line, const EarlierMetrics &earlier);

  std::string path;
  std::set<uint64_t> epochs;
  bool hasFinal = false;
};

} // namespace qtcrt

#endif // QTCRT_CORE_METRICS_H
