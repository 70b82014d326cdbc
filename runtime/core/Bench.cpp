//===- Bench.cpp - the command bench --------------------------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/Commands.h"
#include "core/Progress.h"
#include "qtcrt/Error.h"
#include "qtcrt/Philox.h"
#include "qtcrt/Schedule.h"
#include "qtcrt/Session.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <nlohmann/json.hpp>

using namespace qtcrt;
using Json = nlohmann::ordered_json;

namespace {

constexpr uint64_t defaultSteps = 20;
constexpr uint64_t warmUpSteps = 3;
constexpr int peakRounds = 15;
constexpr double peakSeconds = 0.02; // of one round
/// Read, and as many written, to measure the bandwidth.
constexpr uint64_t copiedBytes = uint64_t{32} << 20;

struct OpResult {
  const qtcrt_op *op;
  double milliseconds;
};

struct BenchResult {
  uint64_t steps = 0;
  double milliseconds = 0;    ///< median step
  double peak = 0;            ///< multiply-accumulates a second, 0: unknown
  double bandwidth = 0;       ///< bytes read and written a second, 0: unknown
  uint64_t residentBytes = 0; ///< at most, before the bandwidth was measured
  std::vector<OpResult> ops;
};

double median(std::vector<double> values) {
  size_t middle = values.size() / 2;
  std::sort(values.begin(), values.end());
  return values.size() % 2 ? values[middle]
                           : (values[middle - 1] + values[middle]) / 2;
}

/// One thread's part of a peak measurement.
struct PeakJob {
  const qtcrt_variant *variant;
  int64_t iterations;
  std::vector<int32_t> results;
  static void run(void *closure, int64_t begin, int64_t end, int64_t worker) {
    PeakJob &job = *static_cast<PeakJob *>(closure);
    for (int64_t i = begin; i < end; ++i)
      job.results[static_cast<size_t>(worker) * 16] +=
          job.variant->peak(job.iterations);
  }
};

/// Multiply-accumulates a second of dot-product instructions on registers, all
/// threads at once: the best of some rounds.
double measurePeak(Session &session) {
  const qtcrt_variant &variant = session.variant();
  if (!variant.peak || !variant.peak_macs)
    return 0;
  unsigned workers = session.executor().workerCount();
  PeakJob job{&variant, 1000, std::vector<int32_t>(workers * size_t{16})};
  auto measure = [&] {
    Stopwatch watch;
    session.executor().parallelFor(PeakJob::run, &job, workers);
    return watch.seconds();
  };
  measure();
  while (measure() < peakSeconds && job.iterations < int64_t{1} << 40)
    job.iterations *= 2;
  double best = 0;
  for (int round = 0; round < peakRounds; ++round)
    best =
        std::max(best, static_cast<double>(job.iterations) * workers *
                           static_cast<double>(variant.peak_macs) / measure());
  return best;
}

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

/// Bytes a second that all threads read and write when they copy 32 MiB to
/// another 32 MiB: the best of some rounds.
double measureBandwidth(Executor &executor) {
  unsigned workers = executor.workerCount();
  Buffer from(copiedBytes, "the bandwidth measurement");
  Buffer to(copiedBytes, "the bandwidth measurement");
  std::memset(from.data(), 1, from.size()); // zero pages are all the same page
  CopyJob job{to.data(), from.data(), copiedBytes / workers};
  double moved = 2.0 * static_cast<double>(job.part) * workers;
  double best = 0;
  for (int round = 0; round <= peakRounds; ++round) {
    Stopwatch watch;
    executor.parallelFor(CopyJob::run, &job, workers);
    if (round) // the first one maps the pages
      best = std::max(best, moved / watch.seconds());
  }
  return best;
}

/// Deterministic pixels and labels of one batch.
void fillBatch(const qtcrt_model &model, Buffer &images,
               std::vector<int32_t> &labels) {
  for (uint64_t i = 0; i < images.size(); ++i)
    images.data()[i] = static_cast<uint8_t>(
        randomBlock(1, i, 0, 0, RandomPurpose::Benchmark)[i & 3]);
  for (uint64_t i = 0; i < labels.size(); ++i)
    labels[i] = static_cast<int32_t>(
        randomBlock(1, i, 1, 0, RandomPurpose::Benchmark)[i & 3] %
        static_cast<uint64_t>(model.classes));
}

/// Runs the steps and returns medians of the step and of every operation.
BenchResult measureSteps(Session &session, uint64_t steps, int64_t schedule) {
  const qtcrt_model &model = session.model();
  const qtcrt_variant &variant = session.variant();
  ImageShape shape{model.channels, model.height, model.width};
  Buffer images(static_cast<uint64_t>(model.batch) * shape.bytes(), "a batch");
  std::vector<int32_t> labels(static_cast<size_t>(model.batch));
  fillBatch(model, images, labels);
  std::vector<double> stepTimes;
  std::vector<std::vector<double>> opTimes(variant.train_op_count);
  Executor &executor = session.executor();
  executor.startProfile(variant.train_op_count);
  for (uint64_t step = 0; step < warmUpSteps + steps; ++step) {
    executor.beginStep();
    Stopwatch watch;
    session.train(images.data(), labels.data(), model.default_seed, schedule,
                  step);
    double seconds = watch.seconds();
    if (step < warmUpSteps)
      continue;
    stepTimes.push_back(seconds * 1e3);
    for (size_t op = 0; op < opTimes.size(); ++op)
      opTimes[op].push_back(executor.stepTimes()[op] * 1e3);
  }
  executor.stopProfile();
  BenchResult result;
  result.steps = steps;
  result.milliseconds = median(stepTimes);
  for (size_t op = 0; op < opTimes.size(); ++op)
    result.ops.push_back({&variant.train_ops[op], median(opTimes[op])});
  return result;
}

/// An operation's row, or null where a number has no meaning.
Json describeRow(const std::string &name, const std::string &kind,
                 double milliseconds, double macs, double bytes,
                 const BenchResult &result) {
  bool timed = milliseconds > 0;
  double rate = timed ? macs / milliseconds * 1e3 : 0;
  Json row = {{"name", name},
              {"kind", kind},
              {"milliseconds", milliseconds},
              {"percent_of_step", 100 * milliseconds / result.milliseconds},
              {"gmacs_per_second", nullptr},
              {"percent_of_peak", nullptr},
              {"gigabytes_per_second", nullptr},
              {"bound", nullptr},
              {"percent_of_bound", nullptr}};
  if (timed && macs > 0)
    row["gmacs_per_second"] = rate * 1e-9;
  if (timed && macs > 0 && result.peak > 0)
    row["percent_of_peak"] = 100 * rate / result.peak;
  if (timed && bytes > 0)
    row["gigabytes_per_second"] = bytes / milliseconds * 1e-6;
  // The roofline: no faster than the multiply-accumulates at the measured peak,
  // nor than the bytes at the measured bandwidth.
  double compute = result.peak > 0 ? macs / result.peak : 0;
  double memory = result.bandwidth > 0 ? bytes / result.bandwidth : 0;
  if (compute > 0 || memory > 0)
    row["bound"] = compute >= memory ? "compute" : "memory";
  if (timed && (compute > 0 || memory > 0))
    row["percent_of_bound"] =
        100 * std::max(compute, memory) / (milliseconds * 1e-3);
  return row;
}

Json describeBench(const Session &session, unsigned threads,
                   const BenchResult &result) {
  const qtcrt_model &model = session.model();
  Json rows = Json::array();
  double macs = 0, bytes = 0, macTime = 0, opTime = 0;
  for (const OpResult &entry : result.ops) {
    double opMacs = static_cast<double>(entry.op->macs);
    double opBytes = static_cast<double>(entry.op->bytes);
    rows.push_back(describeRow(entry.op->name, entry.op->kind,
                               entry.milliseconds, opMacs, opBytes, result));
    macs += opMacs;
    bytes += opBytes;
    opTime += entry.milliseconds;
    macTime += entry.op->macs ? entry.milliseconds : 0;
  }
  rows.push_back(describeRow("(between operations)", "other",
                             std::max(0.0, result.milliseconds - opTime), 0, 0,
                             result));
  return {{"model", model.name},
          {"scheme", model.scheme},
          {"isa", session.variant().name},
          {"threads", threads},
          {"batch", model.batch},
          {"steps", result.steps},
          {"images_per_second",
           static_cast<double>(model.batch) / result.milliseconds * 1e3},
          {"milliseconds_per_step", result.milliseconds},
          {"peak_gmacs_per_second", result.peak * 1e-9},
          {"bandwidth_gigabytes_per_second", result.bandwidth * 1e-9},
          {"total", describeRow("total", "step", result.milliseconds, macs,
                                bytes, result)},
          {"percent_not_mac",
           100 * std::max(0.0, 1 - macTime / result.milliseconds)},
          {"planned_bytes", session.plannedBytes()},
          {"peak_resident_bytes", result.residentBytes},
          {"ops", rows}};
}

std::string cell(const Json &value, const char *format) {
  if (value.is_null())
    return "-";
  char text[64];
  std::snprintf(text, sizeof(text), format, value.get<double>());
  return text;
}

void printRow(const Json &row, int width) {
  std::printf("%-*s  %-16s %10s %8s %10s %8s %8s  %-7s %8s\n", width,
              row["name"].get<std::string>().c_str(),
              row["kind"].get<std::string>().c_str(),
              cell(row["milliseconds"], "%.3f").c_str(),
              cell(row["percent_of_step"], "%.1f").c_str(),
              cell(row["gmacs_per_second"], "%.1f").c_str(),
              cell(row["percent_of_peak"], "%.1f").c_str(),
              cell(row["gigabytes_per_second"], "%.1f").c_str(),
              row["bound"].is_null() ? "-"
                                     : row["bound"].get<std::string>().c_str(),
              cell(row["percent_of_bound"], "%.1f").c_str());
}

void printBench(const Json &bench) {
  size_t width = 5;
  for (const Json &row : bench["ops"])
    width = std::max(width, row["name"].get<std::string>().size());
  int nameWidth = static_cast<int>(width);
  std::printf("%s, scheme %s, %s, %llu threads, batch %lld, median of %llu "
              "steps\n\n",
              bench["model"].get<std::string>().c_str(),
              bench["scheme"].get<std::string>().c_str(),
              bench["isa"].get<std::string>().c_str(),
              bench["threads"].get<unsigned long long>(),
              bench["batch"].get<long long>(),
              bench["steps"].get<unsigned long long>());
  std::printf("%-*s  %-16s %10s %8s %10s %8s %8s  %-7s %8s\n", nameWidth, "op",
              "kind", "ms", "% step", "GMAC/s", "% peak", "GB/s", "bound",
              "% bound");
  for (const Json &row : bench["ops"])
    printRow(row, nameWidth);
  printRow(bench["total"], nameWidth);
  std::printf("\n%.1f images/s, %.3f ms/step\n",
              bench["images_per_second"].get<double>(),
              bench["milliseconds_per_step"].get<double>());
  std::printf("whole step: %s %% of the dot-product peak of %.1f GMAC/s; "
              "%.1f %% of the time is not MAC operations\n",
              cell(bench["total"]["percent_of_peak"], "%.1f").c_str(),
              bench["peak_gmacs_per_second"].get<double>(),
              bench["percent_not_mac"].get<double>());
  std::printf("bound: the larger of the multiply-accumulates at that peak and "
              "the bytes at the copy bandwidth of %.1f GB/s\n",
              bench["bandwidth_gigabytes_per_second"].get<double>());
  std::printf("memory: %.1f MiB planned, %.1f MiB peak resident\n",
              bench["planned_bytes"].get<double>() / 1048576,
              bench["peak_resident_bytes"].get<double>() / 1048576);
}

} // namespace

int qtcrt::runBench(const qtcrt_model &model, const Options &options) {
  Session session(model, static_cast<unsigned>(options.threads), options.isa);
  Schedule schedule =
      Schedule::parse(model.default_schedule,
                      static_cast<qtcrt_schedule_kind>(model.schedule_kind));
  uint64_t steps = options.steps.value_or(defaultSteps);
  schedule.resolve(warmUpSteps + steps, warmUpSteps + steps);
  double before = measurePeak(session);
  BenchResult result = measureSteps(session, steps, schedule.valueAt(0));
  result.peak = std::max(before, measurePeak(session));
  result.residentBytes = peakResidentBytes();
  result.bandwidth = measureBandwidth(session.executor());
  Json bench = describeBench(session, session.executor().workerCount(), result);
  if (options.json)
    std::printf(
        "%s\n",
        bench.dump(2, ' ', false, Json::error_handler_t::replace).c_str());
  else
    printBench(bench);
  return 0;
}
