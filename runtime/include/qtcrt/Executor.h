//===- Executor.h - threads that run compiled steps -------------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTCRT_EXECUTOR_H
#define QTCRT_EXECUTOR_H

#include "qtcrt/abi.h"

#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

/// What compiled code sees of an executor: nothing.
struct qtcrt_executor {};

namespace qtcrt {

/// Persistent worker threads. The thread that calls `parallelFor` is worker 0;
/// one thread at a time may call it. Which iterations a worker gets depends on
/// the count and the number of workers only.
class Executor : public qtcrt_executor {
public:
  /// Starts `workers - 1` threads. Throws Error when the system refuses.
  explicit Executor(unsigned workers);
  ~Executor();
  Executor(const Executor &) = delete;
  Executor &operator=(const Executor &) = delete;

  unsigned workerCount() const { return workers; }

  /// See qtcrt_parallel_for. A call from inside a task runs serially.
  void parallelFor(qtcrt_task task, void *closure, int64_t count);

  /// Measures from now on the time of each of `operations` operations.
  void startProfile(uint64_t operations);
  void stopProfile() { profiling = false; }
  /// Starts the clock of a step and sets its times to 0.
  void beginStep();
  /// Seconds of each operation in the step so far.
  const std::vector<double> &stepTimes() const { return times; }
  /// See qtcrt_mark.
  void mark(int64_t operation) {
    if (profiling)
      recordMark(operation);
  }

private:
  void workerLoop(unsigned worker);
  void runPiece(unsigned worker);
  uint32_t awaitGeneration(uint32_t seen);
  void awaitOthers();
  void recordMark(int64_t operation);
  void stopThreads();

  /// What a thread that polls reads is one cache line with one writer.
  struct alignas(64) Job {
    std::atomic<uint32_t> generation{0}; ///< rises last
    std::atomic<bool> stopping{false};
    qtcrt_task task = nullptr;
    void *closure = nullptr;
    int64_t count = 0;
  };
  struct alignas(64) Worker {
    std::atomic<uint32_t> finished{0}; ///< the last generation it has done
  };

  unsigned workers;
  int64_t spinNanoseconds;
  std::vector<std::thread> threads;

  Job job;                     ///< written by the caller
  std::vector<Worker> results; ///< one a thread; that of the caller is unused
  alignas(64) std::atomic<uint32_t> sleepers{0};
  std::atomic<uint32_t> callerSleeps{0};

  alignas(64) bool profiling = false;
  int64_t lastMark = 0;
  std::vector<double> times;
};

} // namespace qtcrt

#endif // QTCRT_EXECUTOR_H
