//===- Executor.cpp - threads that run compiled steps ---------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qtcrt/Executor.h"

#include "qtcrt/Error.h"
#include "qtcrt/Isa.h"

#include <climits>
#include <ctime>
#include <linux/futex.h>
#include <sched.h>
#include <sys/syscall.h>
#include <system_error>
#include <unistd.h>

using namespace qtcrt;

namespace {

/// How long a thread polls before it sleeps: longer than the gap between two
/// loops of a step, shorter than anything a user could notice.
constexpr int64_t spinWhenAlone = 50000;
/// How long it polls before it gives way to other threads between two looks:
/// they may be what it waits for, on the same processor.
constexpr int64_t spinBeforeYield = 2000;

thread_local bool insideTask = false;
thread_local int64_t currentWorker = 0;

int64_t nanoseconds() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return int64_t{now.tv_sec} * 1000000000 + now.tv_nsec;
}

void pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

/// Sleeps while `word` is `expected`; may return early.
void sleepWhile(std::atomic<uint32_t> &word, uint32_t expected) {
  static_assert(sizeof(word) == sizeof(uint32_t), "a futex is 32 bits");
  syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, expected, nullptr, nullptr, 0);
}

void wake(std::atomic<uint32_t> &word) {
  syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, INT_MAX, nullptr, nullptr, 0);
}

/// Polls until `done()` or until `limit` nanoseconds are over.
template <typename Predicate> bool spin(int64_t limit, Predicate done) {
  if (done())
    return true;
  if (limit == 0)
    return false;
  int64_t begin = nanoseconds(), elapsed = 0;
  do {
    if (elapsed > spinBeforeYield)
      sched_yield();
    for (int i = 0; i < 16; ++i) {
      if (done())
        return true;
      pause();
    }
    elapsed = nanoseconds() - begin;
  } while (elapsed < limit);
  return false;
}

} // namespace

Executor::Executor(unsigned workers)
    : workers(workers ? workers : 1),
      spinNanoseconds(workers > availableProcessors() ? 0 : spinWhenAlone),
      results(this->workers) {
  try {
    threads.reserve(this->workers - 1);
    for (unsigned worker = 1; worker < this->workers; ++worker)
      threads.emplace_back([this, worker] { workerLoop(worker); });
  } catch (const std::system_error &) {
    size_t started = threads.size();
    stopThreads();
    fail("--threads=", workers, ": the system started only ", started + 1,
         " threads; ask for fewer");
  }
}

Executor::~Executor() { stopThreads(); }

void Executor::stopThreads() {
  job.stopping.store(true);
  job.generation.fetch_add(1);
  wake(job.generation);
  for (std::thread &thread : threads)
    thread.join();
  threads.clear();
}

void Executor::runPiece(unsigned worker) {
  int64_t share = job.count / workers, rest = job.count % workers;
  int64_t index = worker;
  int64_t begin = index * share + (index < rest ? index : rest);
  int64_t end = begin + share + (index < rest);
  if (begin == end)
    return;
  insideTask = true;
  currentWorker = index;
  job.task(job.closure, begin, end, index);
  insideTask = false;
}

uint32_t Executor::awaitGeneration(uint32_t seen) {
  auto changed = [&] {
    return job.generation.load(std::memory_order_acquire) != seen;
  };
  if (!spin(spinNanoseconds, changed)) {
    sleepers.fetch_add(1);
    while (job.generation.load() == seen)
      sleepWhile(job.generation, seen);
    sleepers.fetch_sub(1);
  }
  return job.generation.load(std::memory_order_acquire);
}

void Executor::workerLoop(unsigned worker) {
  uint32_t seen = 0;
  while (true) {
    seen = awaitGeneration(seen);
    if (job.stopping.load())
      return;
    runPiece(worker);
    results[worker].finished.store(seen);
    if (callerSleeps.load())
      wake(results[worker].finished);
  }
}

void Executor::awaitOthers() {
  uint32_t generation = job.generation.load(std::memory_order_relaxed);
  for (unsigned worker = 1; worker < workers; ++worker) {
    std::atomic<uint32_t> &finished = results[worker].finished;
    auto done = [&] {
      return finished.load(std::memory_order_acquire) == generation;
    };
    if (spin(spinNanoseconds, done))
      continue;
    callerSleeps.store(1);
    for (uint32_t seen = finished.load(); seen != generation;
         seen = finished.load())
      sleepWhile(finished, seen);
    callerSleeps.store(0);
  }
}

void Executor::parallelFor(qtcrt_task newTask, void *newClosure,
                           int64_t newCount) {
  if (newCount <= 0)
    return;
  if (insideTask || workers == 1 || newCount == 1) {
    newTask(newClosure, 0, newCount, insideTask ? currentWorker : 0);
    return;
  }
  job.task = newTask;
  job.closure = newClosure;
  job.count = newCount;
  job.generation.fetch_add(1);
  if (sleepers.load())
    wake(job.generation);
  runPiece(0);
  awaitOthers();
}

void Executor::startProfile(uint64_t operations) {
  times.assign(operations, 0.0);
  profiling = true;
}

void Executor::beginStep() {
  times.assign(times.size(), 0.0);
  lastMark = nanoseconds();
}

void Executor::recordMark(int64_t operation) {
  int64_t now = nanoseconds();
  if (operation >= 0 && static_cast<uint64_t>(operation) < times.size())
    times[operation] += static_cast<double>(now - lastMark) * 1e-9;
  lastMark = now;
}

extern "C" void qtcrt_parallel_for(qtcrt_executor *executor, qtcrt_task task,
                                   void *closure, int64_t count) {
  static_cast<Executor *>(executor)->parallelFor(task, closure, count);
}

extern "C" void qtcrt_mark(qtcrt_executor *executor, int64_t op) {
  static_cast<Executor *>(executor)->mark(op);
}
