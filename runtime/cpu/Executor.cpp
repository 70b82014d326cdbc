//===- Executor.cpp - threads that run compiled steps ---------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qtcrt/Executor.h"

#include "qtcrt/Error.h"
#include "qtcrt/Isa.h"

#include <algorithm>
#include <climits>
#include <ctime>
#include <linux/futex.h>
#include <sched.h>
#include <sys/syscall.h>
#include <system_error>
#include <unistd.h>

using namespace qtcrt;

namespace {

/// How long a thread polls before it sleeps, in nanoseconds: longer than the
/// gap between two loops of a step, shorter than anything a user could notice.
constexpr int64_t spinLimit = 50000;
/// Units of a worker's share. A piece is half of the remaining units, so a
/// share has four pieces, and the last one is an eighth of the share. When both
/// run, one worker waits for another no longer than that.
constexpr int64_t unitsPerShare = 8;

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

/// Polls until `done()` or until `limit` nanoseconds are over. Does not yield
/// the processor: on a busy machine that gives a whole time slice to another
/// program, whereas a sleeping thread gets its place back when it is woken.
template <typename Predicate> bool spin(int64_t limit, Predicate done) {
  if (done())
    return true;
  if (limit == 0)
    return false;
  int64_t end = nanoseconds() + limit;
  do {
    for (int i = 0; i < 16; ++i) {
      if (done())
        return true;
      pause();
    }
  } while (nanoseconds() < end);
  return false;
}

uint64_t packShare(uint32_t generation, int64_t begin, int64_t end) {
  return uint64_t{generation} << 32 | static_cast<uint64_t>(begin) << 16 |
         static_cast<uint64_t>(end);
}

/// Start of part `index` when `count` is split into `parts` equal parts.
int64_t beginOf(int64_t index, int64_t parts, int64_t count) {
  int64_t size = count / parts, rest = count % parts;
  return index * size + std::min(index, rest);
}

} // namespace

Executor::Executor(unsigned workers)
    : workers(workers ? workers : 1),
      spinNanoseconds(workers > availableProcessors() ? 0 : spinLimit),
      shares(this->workers) {
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

uint32_t Executor::awaitGeneration(uint32_t seen) {
  auto changed = [&] {
    return job.generation.load(std::memory_order_acquire) != seen;
  };
  if (!spin(spinNanoseconds, changed)) {
    // The caller sets `sleepers` to 0 when it wakes all.
    sleepers.fetch_add(1);
    while (job.generation.load() == seen)
      sleepWhile(job.generation, seen);
  }
  return job.generation.load(std::memory_order_acquire);
}

void Executor::workerLoop(unsigned worker) {
  uint32_t seen = 0;
  while (true) {
    seen = awaitGeneration(seen);
    if (job.stopping.load())
      return;
    runPieces(worker, seen);
  }
}

/// Gives every worker its share of the next loop.
void Executor::shareOut() {
  uint32_t next = job.generation.load(std::memory_order_relaxed) + 1;
  job.units = std::min(job.count, int64_t{workers} * unitsPerShare);
  unfinished.store(static_cast<uint32_t>(job.units), std::memory_order_relaxed);
  for (unsigned worker = 0; worker < workers; ++worker)
    shares[worker].left.store(
        packShare(next, 0,
                  beginOf(worker + 1, workers, job.units) -
                      beginOf(worker, workers, job.units)),
        std::memory_order_release);
  job.generation.store(next);
  if (sleepers.load() && sleepers.exchange(0))
    wake(job.generation);
}

/// Runs pieces until every share is empty.
void Executor::runPieces(unsigned worker, uint32_t generation) {
  uint32_t done = 0;
  for (unsigned i = 0; i < workers; ++i)
    done += runShare((worker + i) % workers, worker, generation);
  if (done && unfinished.fetch_sub(done) == done && callerSleeps.load())
    wake(unfinished);
}

/// Takes pieces of `owner`'s share and runs them; returns their units.
uint32_t Executor::runShare(unsigned owner, unsigned worker,
                            uint32_t generation) {
  std::atomic<uint64_t> &left = shares[owner].left;
  uint64_t seen = left.load(std::memory_order_acquire);
  uint32_t done = 0;
  while (seen >> 32 == generation) {
    int64_t begin = seen >> 16 & 0xffff, end = seen & 0xffff;
    int64_t size = (end - begin + 1) / 2;
    if (size == 0)
      break;
    int64_t first = owner == worker ? begin : end - size;
    uint64_t rest = owner == worker ? packShare(generation, begin + size, end)
                                    : packShare(generation, begin, first);
    if (!left.compare_exchange_weak(seen, rest, std::memory_order_acq_rel,
                                    std::memory_order_acquire))
      continue;
    seen = rest;
    first += beginOf(owner, workers, job.units);
    insideTask = true;
    currentWorker = worker;
    job.task(job.closure, beginOf(first, job.units, job.count),
             beginOf(first + size, job.units, job.count), worker);
    insideTask = false;
    done += static_cast<uint32_t>(size);
  }
  return done;
}

void Executor::awaitOthers() {
  auto done = [&] { return unfinished.load(std::memory_order_acquire) == 0; };
  if (spin(spinNanoseconds, done))
    return;
  callerSleeps.store(1);
  while (uint32_t seen = unfinished.load())
    sleepWhile(unfinished, seen);
  callerSleeps.store(0);
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
  shareOut();
  runPieces(0, job.generation.load(std::memory_order_relaxed));
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
