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

/// The type that compiled code sees; it has no members.
struct qtcrt_executor {};

namespace qtcrt {

/// Persistent worker threads. The thread that calls `parallelFor` is worker 0;
/// one thread at a time may call it.
///
/// Every worker owns an equal share of a loop's iterations and takes it in
/// pieces, from the front. A worker whose share is empty takes pieces from the
/// back of the others' shares. So a loop never waits for a thread that has not
/// begun, for instance because other programs use its processor. Which worker
/// runs an iteration depends on time; results must not depend on it.
class Executor : public qtcrt_executor {
public:
  /// Starts `workers - 1` threads. Throws Error when the system cannot.
  explicit Executor(unsigned workers);
  ~Executor();
  Executor(const Executor &) = delete;
  Executor &operator=(const Executor &) = delete;

  unsigned workerCount() const { return workers; }

  /// See qtcrt_parallel_for. A call from inside a task runs serially.
  void parallelFor(qtcrt_task task, void *closure, int64_t count);

  /// Starts measuring the time of each of `operations` operations.
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
  uint32_t awaitGeneration(uint32_t seen);
  void shareOut();
  void runPieces(unsigned worker, uint32_t generation);
  uint32_t runShare(unsigned owner, unsigned worker, uint32_t generation);
  void awaitOthers();
  void recordMark(int64_t operation);
  void stopThreads();

  /// The cache line that workers poll while they wait for a loop; only the
  /// caller writes it. A worker may read the loop itself after it has taken a
  /// piece of it, which keeps the loop from ending.
  struct alignas(64) Job {
    std::atomic<uint32_t> generation{0}; ///< number of the loop; rises last
    std::atomic<bool> stopping{false};
    qtcrt_task task = nullptr;
    void *closure = nullptr;
    int64_t count = 0;
    int64_t units = 0;
  };
  /// The rest of a worker's share: the loop's generation in the upper 32 bits,
  /// the first unit in the next 16 and the end in the last 16. The generation
  /// keeps a late thread from taking a piece of the next loop.
  struct alignas(64) Share {
    std::atomic<uint64_t> left{0};
  };

  unsigned workers;
  int64_t spinNanoseconds;
  std::vector<std::thread> threads;

  Job job;
  std::vector<Share> shares; ///< one per worker
  /// Units of the loop that are not done; the caller waits for 0.
  alignas(64) std::atomic<uint32_t> unfinished{0};
  std::atomic<uint32_t> callerSleeps{0};
  alignas(64) std::atomic<uint32_t> sleepers{0};

  alignas(64) bool profiling = false;
  int64_t lastMark = 0;
  std::vector<double> times;
};

} // namespace qtcrt

#endif // QTCRT_EXECUTOR_H
