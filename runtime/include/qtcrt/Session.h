//===- Session.h - a model in memory, ready to run --------------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTCRT_SESSION_H
#define QTCRT_SESSION_H

#include "qtcrt/DataSet.h"
#include "qtcrt/Device.h"
#include "qtcrt/Executor.h"
#include "qtcrt/Memory.h"
#include "qtcrt/MetricSums.h"
#include "qtcrt/abi.h"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace qtcrt {

/// Throws Error when the compiled model does not obey abi.h.
void checkModel(const qtcrt_model &model);

/// Makes `tensor`, of kind QTCRT_STATE_EVALUATION, a copy of its origin.
void copyOrigin(const qtcrt_model &model, const qtcrt_tensor &tensor,
                uint8_t *state);

/// State, arena, results and threads of one model, and the device if its code
/// is for one. All memory is taken in the constructor; steps allocate nothing.
class Session {
public:
  /// `threads` 0: all available processors. `isa`, `batch`: see selectVariant.
  Session(const qtcrt_model &model, unsigned threads, const std::string &isa,
          int64_t batch = 0);

  const qtcrt_model &model() const { return compiled; }
  const qtcrt_variant &variant() const { return chosen; }
  Executor &executor() { return pool; }
  const Executor &executor() const { return pool; }
  /// The training state, when all steps are finished. The caller may change it
  /// until the next step.
  uint8_t *state();

  /// Draws the initial values of tensors that depend on the run's seed
  /// (qtcrt_tensor::uniform).
  void drawInitialState(uint64_t seed);

  /// Starts a training step on a batch of as many examples as the variant
  /// takes, or a forward pass only. A processor runs the step at once.
  void startTraining(const Batch &batch, uint64_t seed, int64_t schedule,
                     uint64_t step);
  void startEvaluation(const Batch &batch);
  /// Starts call number `index` of `estimate`, which needs no targets.
  void startEstimate(const Batch &batch, uint64_t index);
  /// Resets the statistics that evaluation reads to the running statistics.
  void resetStatistics();
  /// Waits for the oldest step that was started; addTo has its metrics then.
  void finish();
  /// The device, or null.
  Device *getDevice() const { return device.get(); }
  /// On a device: runs a training step and returns the seconds of each
  /// operation of the variant.
  std::vector<double> profileTraining(const Batch &batch, uint64_t seed,
                                      int64_t schedule, uint64_t step);
  /// Steps that may be started before the first of them is finished.
  unsigned stepsAhead() const { return device ? Device::stepsAhead : 1; }
  /// Adds the metrics of the last step that was finished, for the first `count`
  /// examples.
  void addTo(MetricSums &sums, int64_t count) const;

  /// Runs every example of `data` once, in order; the last batch is filled by
  /// repeating its last example. Stops early when `stop` returns true (then
  /// fewer examples are in the result). `progress` gets the number of examples
  /// done.
  MetricSums evaluateAll(const DataSplit &data,
                         const std::function<bool()> &stop,
                         const std::function<void(uint64_t)> &progress);

  /// Bytes planned by the compiler (state and arena) and bytes allocated.
  uint64_t plannedBytes() const;
  uint64_t allocatedBytes() const;

private:
  qtcrt_step makeStep(const Batch &batch);
  qtcrt_step makeTraining(const Batch &batch, uint64_t seed, int64_t schedule,
                          uint64_t step);
  void refreshDevice();

  const qtcrt_model &compiled;
  const qtcrt_variant &chosen;
  Buffer stateMemory, arena;
  /// Indexed as qtcrt_model::ports; those that a step does not write are empty.
  std::vector<Buffer> outputs;
  Executor pool;
  std::unique_ptr<Device> device;
  /// Which copies of the state are up to date, if there is a device.
  bool deviceHasState = false, hostHasState = true;
};

} // namespace qtcrt

#endif // QTCRT_SESSION_H
