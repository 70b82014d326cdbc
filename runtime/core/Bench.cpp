//===- Bench.cpp - the command bench --------------------------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/BenchReport.h"
#include "core/Commands.h"
#include "core/Progress.h"
#include "qtcrt/Numbers.h"
#include "qtcrt/Philox.h"
#include "qtcrt/Ports.h"
#include "qtcrt/Schedule.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>

using namespace qtcrt;

namespace {

constexpr uint64_t defaultSteps = 20;
constexpr uint64_t warmUpSteps = 3;
/// Minimum number of rounds for the peak and for the bandwidth.
constexpr uint64_t minRounds = 15;
/// A round of the peak takes a tenth of a step, within these limits (seconds),
/// so that disturbances of the machine affect rounds and steps alike.
constexpr double minRoundSeconds = 0.001, maxRoundSeconds = 0.02;
/// Bytes that the bandwidth measurement reads; it writes as many.
constexpr uint64_t copiedBytes = uint64_t{32} << 20;
/// The same on a device: more than its cache holds.
constexpr uint64_t deviceCopiedBytes = uint64_t{128} << 20;

Rate summarize(std::vector<double> rates) {
  if (rates.empty())
    return {};
  std::sort(rates.begin(), rates.end());
  size_t middle = rates.size() / 2;
  double median = rates.size() % 2 ? rates[middle]
                                   : (rates[middle - 1] + rates[middle]) / 2;
  return {median, rates.back()};
}

/// One thread's part of a peak measurement.
struct PeakJob {
  const qtcrt_variant *variant;
  int64_t iterations;
  /// Keeps the compiler from removing the work. Sums wrap.
  std::vector<uint32_t> results;
  static void run(void *closure, int64_t begin, int64_t end, int64_t worker) {
    PeakJob &job = *static_cast<PeakJob *>(closure);
    for (int64_t i = begin; i < end; ++i)
      job.results[static_cast<size_t>(worker) * 16] +=
          static_cast<uint32_t>(job.variant->peak(job.iterations));
  }
};

/// Multiply-accumulates per second of the variant's peak function on all
/// threads.
class PeakMeter {
public:
  /// Finds out how many iterations take `seconds`.
  PeakMeter(Session &session, double seconds)
      : executor(session.executor()),
        workers(executor.workerCount()), job{&session.variant(), 1000,
                                             std::vector<uint32_t>(
                                                 workers * size_t{16})} {
    isKnown = job.variant->peak && job.variant->peak_macs;
    if (!isKnown)
      return;
    measure();
    while (measure() < seconds && job.iterations < int64_t{1} << 40)
      job.iterations *= 2;
  }

  void runRound() {
    if (isKnown)
      rates.push_back(static_cast<double>(job.iterations) * workers *
                      static_cast<double>(job.variant->peak_macs) / measure());
  }

  Rate get() const { return summarize(rates); }

private:
  double measure() {
    Stopwatch watch;
    executor.parallelFor(PeakJob::run, &job, workers);
    return watch.seconds();
  }

  Executor &executor;
  unsigned workers;
  PeakJob job;
  bool isKnown;
  std::vector<double> rates;
};

/// One thread's part of a bandwidth measurement.
struct CopyJob {
  uint8_t *to;
  const uint8_t *from;
  uint64_t part;
  static void run(void *closure, int64_t begin, int64_t end, int64_t) {
    const CopyJob &job = *static_cast<const CopyJob *>(closure);
    uint64_t first = static_cast<uint64_t>(begin) * job.part;
    uint64_t last = static_cast<uint64_t>(end) * job.part;
    std::memcpy(job.to + first, job.from + first, last - first);
  }
};

/// Bytes per second that all threads read and write when they copy 32 MiB to
/// another 32 MiB. Not measured between the steps, because it would empty their
/// caches.
Rate measureBandwidth(Executor &executor) {
  unsigned workers = executor.workerCount();
  Buffer from(copiedBytes, "the bandwidth measurement");
  Buffer to(copiedBytes, "the bandwidth measurement");
  std::memset(from.data(), 1, from.size()); // zero pages are all the same page
  CopyJob job{to.data(), from.data(), copiedBytes / workers};
  double moved = 2.0 * static_cast<double>(job.part) * workers;
  executor.parallelFor(CopyJob::run, &job, workers); // maps the pages
  std::vector<double> rates;
  for (uint64_t round = 0; round < minRounds; ++round) {
    Stopwatch watch;
    executor.parallelFor(CopyJob::run, &job, workers);
    rates.push_back(moved / watch.seconds());
  }
  return summarize(rates);
}

/// Deterministic elements of a port for `count` examples: pixels, classes, or
/// numbers in [0, 1), which every loss takes as targets.
Buffer makeElements(const qtcrt_port &port, int64_t count) {
  Buffer buffer(portBytes(port, count), "a batch");
  uint32_t stream = port.role == QTCRT_PORT_INPUT ? 0 : 1;
  auto random = [stream](uint64_t i) {
    return randomBlock(1, i, stream, 0, RandomPurpose::Benchmark)[i & 3];
  };
  if (port.encoding == QTCRT_ENCODING_PIXEL) {
    for (uint64_t i = 0; i < buffer.size(); ++i)
      buffer.data()[i] = static_cast<uint8_t>(random(i));
    return buffer;
  }
  std::vector<double> numbers(portElements(port, count));
  bool areClasses = port.encoding == QTCRT_ENCODING_CLASS;
  for (uint64_t i = 0; i < numbers.size(); ++i)
    numbers[i] =
        areClasses ? random(i) % port.classes : std::ldexp(random(i), -32);
  int32_t exponent = areClasses ? 0 : port.exponent;
  storeNumbers(numbers, {port.dtype, exponent}, buffer.data());
  return buffer;
}

Batch makeBatch(const Session &session) {
  const qtcrt_model &model = session.model();
  int64_t count = session.variant().batch;
  Batch batch;
  for (uint64_t i = 0; i < countPorts(model, QTCRT_PORT_INPUT); ++i)
    batch.inputs.push_back(makeElements(model.ports[i], count));
  for (uint64_t i = 0; i < model.output_count; ++i)
    batch.targets.push_back(makeElements(targetPort(model, i), count));
  return batch;
}

/// Times of one step: the whole and its operations.
struct StepTimes {
  double seconds;
  std::vector<double> ops;
};

/// The mean of the middle half of the steps: as robust as a median, but the
/// operations still add up to the step.
void summarizeSteps(std::vector<StepTimes> steps, const qtcrt_variant &variant,
                    BenchResult &result) {
  std::sort(steps.begin(), steps.end(),
            [](const StepTimes &lhs, const StepTimes &rhs) {
              return lhs.seconds < rhs.seconds;
            });
  auto percentile = [&](size_t percent) {
    return steps[(steps.size() * percent + 99) / 100 - 1].seconds * 1e3;
  };
  result.medianMilliseconds = percentile(50);
  result.slowMilliseconds = percentile(99);
  auto cut = static_cast<std::ptrdiff_t>((steps.size() + 1) / 4);
  auto first = steps.begin() + cut, last = steps.end() - cut;
  auto mean = [&](auto secondsOf) {
    double sum = std::accumulate(first, last, 0.0,
                                 [&](double before, const StepTimes &step) {
                                   return before + secondsOf(step);
                                 });
    return sum / static_cast<double>(last - first) * 1e3;
  };
  result.steps = steps.size();
  result.milliseconds =
      mean([](const StepTimes &step) { return step.seconds; });
  for (size_t op = 0; op < variant.train_op_count; ++op) {
    auto secondsOf = [op](const StepTimes &step) { return step.ops[op]; };
    double least = secondsOf(steps.front());
    for (const StepTimes &step : steps)
      least = std::min(least, secondsOf(step));
    result.ops.push_back(
        {&variant.train_ops[op], mean(secondsOf), least * 1e3});
  }
}

/// Runs the steps, with rounds of the peak between them.
BenchResult measureSteps(Session &session, uint64_t steps, int64_t schedule) {
  const qtcrt_model &model = session.model();
  const qtcrt_variant &variant = session.variant();
  Batch batch = makeBatch(session);
  Executor &executor = session.executor();
  executor.startProfile(variant.train_op_count);
  auto run = [&](uint64_t step) {
    // Around the clock of the operations, so that these never take longer.
    Stopwatch watch;
    executor.beginStep();
    session.startTraining(batch, model.default_seed, schedule, step);
    session.finish();
    return watch.seconds();
  };
  double warm = 0;
  for (uint64_t step = 0; step < warmUpSteps; ++step)
    warm = run(step);
  PeakMeter peak(session,
                 std::clamp(warm / 10, minRoundSeconds, maxRoundSeconds));
  uint64_t rounds = (minRounds + steps - 1) / steps;
  std::vector<StepTimes> times;
  for (uint64_t step = 0; step < steps; ++step) {
    double seconds = run(warmUpSteps + step);
    times.push_back({seconds, executor.stepTimes()});
    for (uint64_t round = 0; round < rounds; ++round)
      peak.runRound();
  }
  executor.stopProfile();
  BenchResult result;
  summarizeSteps(std::move(times), variant, result);
  result.peak = peak.get();
  return result;
}

/// Runs steps as in training, each started before the previous one has
/// finished, and then their launches one by one.
BenchResult measureDevice(Session &session, uint64_t steps, int64_t schedule) {
  const qtcrt_model &model = session.model();
  Batch batch = makeBatch(session);
  uint64_t next = 0;
  auto start = [&] {
    session.startTraining(batch, model.default_seed, schedule, next++);
  };
  std::vector<StepTimes> times;
  start();
  Stopwatch watch;
  while (times.size() < steps) {
    start();
    session.finish();
    if (next > 1 + warmUpSteps)
      times.push_back({watch.seconds(), {}});
    watch.restart();
  }
  session.finish();
  for (StepTimes &step : times)
    step.ops =
        session.profileTraining(batch, model.default_seed, schedule, next++);
  BenchResult result;
  summarizeSteps(std::move(times), session.variant(), result);
  std::vector<double> rates;
  for (double seconds :
       session.getDevice()->timeCopies(deviceCopiedBytes, minRounds))
    rates.push_back(2.0 * deviceCopiedBytes / seconds);
  result.bandwidth = summarize(rates);
  return result;
}

} // namespace

int qtcrt::runBench(const qtcrt_model &model, const Options &options) {
  Session session(model, static_cast<unsigned>(options.threads), options.isa,
                  options.batch);
  Schedule schedule =
      Schedule::parse(model.default_schedule,
                      static_cast<qtcrt_schedule_kind>(model.schedule_kind));
  uint64_t steps = options.steps.value_or(defaultSteps);
  schedule.resolve(warmUpSteps + steps, warmUpSteps + steps);
  bool isDevice = session.getDevice() != nullptr;
  BenchResult result = (isDevice ? measureDevice : measureSteps)(
      session, steps, schedule.valueAt(0));
  result.residentBytes = peakResidentBytes();
  if (!isDevice)
    result.bandwidth = measureBandwidth(session.executor());
  printBench(session, result, options.json);
  return 0;
}
