//===- Train.h - the training loop ------------------------------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTCRT_CORE_TRAIN_H
#define QTCRT_CORE_TRAIN_H

#include "core/Metrics.h"
#include "core/Progress.h"
#include "core/RunFolder.h"
#include "qtcrt/Checkpoint.h"
#include "qtcrt/CommandLine.h"
#include "qtcrt/LearningCheck.h"
#include "qtcrt/Loader.h"
#include "qtcrt/Schedule.h"
#include "qtcrt/Session.h"

#include <memory>
#include <optional>

namespace qtcrt {

/// One `train` command, from the options to the result line.
class TrainingRun {
public:
  /// Reads checkpoint and data; throws Error or UsageError before any training.
  TrainingRun(const qtcrt_model &model, const Options &options);
  /// Trains; returns the exit status.
  int run();

private:
  void applyOptions();
  void loadData();
  void planSteps();
  void openOutput();
  void openMetrics();
  void checkRunOptions() const;
  void trainSteps();
  void trainStep();
  bool mayStartStep() const;
  void startStep();
  void finishStep();
  void finishEpoch();
  void planAverage();
  bool isAveraged(uint64_t step) const;
  bool estimateStatistics();
  MetricSums evaluateTest();
  MetricSums evaluateWeights();
  double scoreOf(const MetricSums &test) const;
  double bestWith(double score) const;
  void reportEpoch(const EpochMetrics &line);
  EpochMetrics describeEpoch(const MetricSums &train,
                             const std::optional<MetricSums> &test) const;
  void warnIfNothingIsLearned();
  void save();
  int finishInterrupted();
  /// The command that goes on from the checkpoint.
  std::string getContinuation() const;
  void flushOutput();
  int printResult();
  void printMemory() const;
  void printHeading() const;
  void printComplete() const;

  bool isDone() const { return record.step >= record.totalSteps; }
  /// Whether the step ends an epoch, or ends the run in the middle of one.
  bool isEpochOver() const {
    return record.position == stepsPerEpoch ||
           (isDone() && record.position > 0);
  }
  bool isTestDue() const;

  const qtcrt_model &model;
  const Options &options;
  RunFolder folder;
  Session session;
  RunRecord record;
  Schedule schedule;
  DataSet data;
  uint64_t stepsPerEpoch = 0;
  /// The first step whose weights are averaged; no step has the largest number.
  uint64_t averageStart = UINT64_MAX;
  /// The step whose weights, or their average, have the statistics that
  /// evaluation reads.
  uint64_t estimatedStep = 0;
  std::unique_ptr<Loader> loader;
  /// Steps that were started and not finished. All except the first run ahead
  /// of `record`.
  uint64_t started = 0;
  std::unique_ptr<MetricsFile> metrics;

  /// Set until the end of the first epoch.
  std::optional<LearningCheck> learning;
  Progress progress;
  Stopwatch epochTime;
  uint64_t epochImages = 0; ///< in this process
  /// Whether all steps of the run were done before this process.
  bool wasComplete = false;
  std::optional<double> finalScore;
  int outputError = 0; ///< errno of the first failure to write to stdout
};

} // namespace qtcrt

#endif // QTCRT_CORE_TRAIN_H
