//===- ExecutorTest.cpp - threads and instruction sets --------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qtcrt/Executor.h"
#include "FakeModel.h"
#include "TestSupport.h"
#include "qtcrt/Error.h"
#include "qtcrt/Isa.h"

#include <gtest/gtest.h>
#include <mutex>

using namespace qtcrt;

namespace {

struct Record {
  std::mutex mutex;
  std::vector<int> visits;
  std::vector<int64_t> workers;
  static void run(void *closure, int64_t begin, int64_t end, int64_t worker) {
    Record &record = *static_cast<Record *>(closure);
    std::lock_guard<std::mutex> lock(record.mutex);
    for (int64_t i = begin; i < end; ++i)
      ++record.visits[static_cast<size_t>(i)];
    record.workers.push_back(worker);
  }
};

/// A loop in which one worker holds its first piece until all iterations of
/// other pieces are done.
struct Held {
  int64_t count, holder;
  std::atomic<int64_t> done{0};
  std::atomic<bool> held{false}, timedOut{false};
  static void run(void *closure, int64_t begin, int64_t end, int64_t worker) {
    Held &loop = *static_cast<Held *>(closure);
    if (worker == loop.holder && !loop.held.exchange(true)) {
      auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(30);
      while (loop.done < loop.count - (end - begin) && !loop.timedOut) {
        std::this_thread::yield();
        loop.timedOut = std::chrono::steady_clock::now() > limit;
      }
    }
    loop.done += end - begin;
  }
};

} // namespace

TEST(Executor, EveryIterationRunsOnce) {
  for (unsigned threads : {1u, 2u, 5u}) {
    Executor executor(threads);
    EXPECT_EQ(executor.workerCount(), threads);
    for (int64_t count : {0, 1, 2, 3, 4, 5, 6, 64, 1001}) {
      Record record;
      record.visits.assign(static_cast<size_t>(count), 0);
      executor.parallelFor(Record::run, &record, count);
      for (int visits : record.visits)
        EXPECT_EQ(visits, 1);
      for (int64_t worker : record.workers)
        EXPECT_LT(worker, threads);
    }
  }
}

TEST(Executor, WorkersTakeWhatAnotherHasNotBegun) {
  for (unsigned threads : {2u, 3u}) {
    Executor executor(threads);
    for (int64_t holder = 0; holder < threads; ++holder) {
      // A worker may come too late to get a piece; then there is another round.
      bool held = false;
      for (int round = 0; round < 30000 && !held; ++round) {
        Held loop{int64_t{threads} * 16, holder};
        executor.parallelFor(Held::run, &loop, loop.count);
        EXPECT_EQ(loop.done, loop.count);
        EXPECT_FALSE(loop.timedOut);
        held = loop.held;
        std::this_thread::sleep_for(std::chrono::milliseconds(held ? 0 : 1));
      }
      EXPECT_TRUE(held) << "worker " << holder << " of " << threads;
    }
  }
}

TEST(Executor, ManyShortLoops) {
  for (unsigned threads : {2u, 5u}) {
    Executor executor(threads);
    std::vector<int64_t> sums(64);
    auto add = [](void *closure, int64_t begin, int64_t end, int64_t) {
      auto &target = *static_cast<std::vector<int64_t> *>(closure);
      for (int64_t i = begin; i < end; ++i)
        target[static_cast<size_t>(i)] += i;
    };
    for (int round = 0; round < 2000; ++round)
      executor.parallelFor(add, &sums, 64);
    for (int64_t i = 0; i < 64; ++i)
      EXPECT_EQ(sums[static_cast<size_t>(i)], 2000 * i);
  }
}

TEST(Executor, NestedLoopsRunSerially) {
  struct Job {
    Executor *executor;
    std::vector<int> visits;
  } job;
  Executor executor(3);
  job.executor = &executor;
  job.visits.assign(30, 0);
  auto inner = [](void *closure, int64_t begin, int64_t end, int64_t) {
    int *visits = static_cast<int *>(closure);
    for (int64_t i = begin; i < end; ++i)
      ++visits[i];
  };
  static qtcrt_task innerTask = inner;
  auto outer = [](void *closure, int64_t begin, int64_t end, int64_t) {
    Job &work = *static_cast<Job *>(closure);
    for (int64_t i = begin; i < end; ++i)
      work.executor->parallelFor(innerTask, &work.visits[size_t(i) * 10], 10);
  };
  executor.parallelFor(outer, &job, 3);
  EXPECT_EQ(job.visits, std::vector<int>(30, 1));
}

TEST(Executor, WakesSleepingWorkers) {
  Executor executor(4);
  for (int round = 0; round < 20; ++round) {
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    Record record;
    record.visits.assign(8, 0);
    executor.parallelFor(Record::run, &record, 8);
    EXPECT_EQ(record.visits, std::vector<int>(8, 1));
  }
}

TEST(Executor, MarksAddUpPerOperation) {
  Executor executor(1);
  executor.mark(0); // without a profile: ignored
  executor.startProfile(2);
  executor.beginStep();
  std::this_thread::sleep_for(std::chrono::milliseconds(5));
  executor.mark(1);
  executor.mark(0);
  executor.mark(7); // unknown operations are ignored
  executor.mark(-1);
  EXPECT_GE(executor.stepTimes()[1], 0.004);
  EXPECT_LT(executor.stepTimes()[0], executor.stepTimes()[1]);
  executor.beginStep();
  EXPECT_EQ(executor.stepTimes()[1], 0);
}

TEST(Isa, SelectsTheStrongestSupportedVariant) {
  EXPECT_STREQ(selectVariant(fakeModel(), "").name, "baseline");
  EXPECT_THROW(selectVariant(fakeModel(), "mmx"), UsageError);
  EXPECT_NE(errorOf([] {
              selectVariant(fakeModel(), "mmx");
            }).find("baseline, future"),
            std::string::npos);
  EXPECT_NE(errorOf([] {
              selectVariant(fakeModel(), "future");
            }).find("--isa=future"),
            std::string::npos);
}

TEST(Isa, StrongerSetsIncludeWeakerOnes) {
  EXPECT_TRUE(isIsaSupported(QTCRT_ISA_BASELINE));
  if (isIsaSupported(QTCRT_ISA_AVX512VNNI) ||
      isIsaSupported(QTCRT_ISA_AVXVNNI)) {
    EXPECT_TRUE(isIsaSupported(QTCRT_ISA_AVX2));
  }
  if (isIsaSupported(QTCRT_ISA_AVX512VNNI)) {
    EXPECT_TRUE(isIsaSupported(QTCRT_ISA_AVX512));
  }
  EXPECT_EQ(isIsaSupported(QTCRT_ISA_AVX2),
            __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"));
  EXPECT_EQ(isIsaSupported(QTCRT_ISA_AVX512),
            __builtin_cpu_supports("avx512f") &&
                __builtin_cpu_supports("avx512bw") &&
                __builtin_cpu_supports("avx512vl") &&
                __builtin_cpu_supports("avx512dq") &&
                __builtin_cpu_supports("avx512cd"));
  EXPECT_GE(availableProcessors(), 1u);
}
