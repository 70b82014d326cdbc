//===- Tuner.cpp - Schedules of contractions by measurement ---------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tools/qtc/Tuner.h"

#include "tools/qtc/Session.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/raw_ostream.h"

#include <algorithm>

using namespace qtc;
using namespace qtc::tools;

/// Number of rounds in which the trainers run in turn, so that a temporary
/// slowdown of the GPU affects all of them.
static constexpr unsigned kRounds = 3;
/// Steps of one run, of which `bench` takes the middle half.
static constexpr llvm::StringLiteral kSteps = "10";
/// A smaller gain is noise; the estimate's choice stays.
static constexpr double kLeastGain = 0.02;

/// A row of the table of choices.
static constexpr char kRow[] = "{0,-24} {1,-24} {2,10} {3,-24} {4,10} {5,7}\n";

static double getMedian(std::vector<double> values) {
  auto middle = values.begin() + values.size() / 2;
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

llvm::Expected<Tuner::Candidate> Tuner::compile(unsigned index) {
  Candidate candidate;
  llvm::Expected<std::string> path =
      files.reserve("tune" + std::to_string(index));
  if (!path)
    return path.takeError();
  candidate.trainer = *path;
  CompileOptions trial = options;
  trial.emit = Phase::Trainer;
  trial.outputPath = *path;
  for (const cuda::TargetRecord *device : options.devices)
    trial.tiles[device->name].candidate = index;
  // The last compilation prints them.
  Session session(trial.modelPath, /*printsRemarks=*/false);
  Compiler compiler(session.getContext(), trial);
  if (llvm::Error error = compiler.run())
    return error;
  for (const VariantDescription &variant : compiler.getVariants())
    for (const ProfiledOp &op : variant.trainOps)
      candidate.tiles[{variant.name, variant.batch}].push_back(op.tiles);
  return candidate;
}

llvm::Error Tuner::note(const Candidate &candidate, int64_t batch,
                        const llvm::json::Object &bench) {
  auto error = [](const llvm::Twine &what) {
    return llvm::createStringError("the bench of a trainer did not print the " +
                                   what);
  };
  const llvm::json::Array *ops = bench.getArray("ops");
  auto variant = bench.getString("isa"), device = bench.getString("device");
  if (!ops || !variant || !device)
    return error("operations of a GPU");
  tuned.device = device->str();
  tuned.code = variant->str();
  auto tiles = candidate.tiles.find({variant->str(), batch});
  // The last row is the time between the operations.
  if (tiles == candidate.tiles.end() || ops->size() != tiles->second.size() + 1)
    return error("time of every launch");
  std::map<llvm::StringRef, double> sums;
  for (auto [entry, row] : llvm::zip(tiles->second, *ops)) {
    const llvm::json::Object *fields = row.getAsObject();
    auto milliseconds =
        fields ? fields->getNumber("milliseconds") : std::nullopt;
    if (!milliseconds)
      return error("time of a launch");
    if (!entry.empty())
      sums[entry] += *milliseconds;
  }
  for (auto [entry, sum] : sums) {
    auto [shape, schedule] = entry.split(':');
    Times &times = shapes[shape.str()];
    // The first trainer is the estimated one.
    if (times.samples.empty())
      times.estimated = schedule.str();
    times.samples[schedule.str()].push_back(sum);
  }
  return llvm::Error::success();
}

llvm::Expected<double> Tuner::measure(const Candidate &candidate) {
  double sum = 0;
  for (int64_t batch : options.batches) {
    llvm::Expected<double> milliseconds = measure(candidate, batch);
    if (!milliseconds)
      return milliseconds.takeError();
    sum += *milliseconds;
  }
  return sum;
}

llvm::Expected<double> Tuner::measure(const Candidate &candidate,
                                      int64_t batch) {
  llvm::Expected<std::string> text =
      readProgram({candidate.trainer, "bench", "--json", "--steps",
                   kSteps.str(), "--batch", std::to_string(batch)});
  if (!text) {
    std::string message = llvm::toString(text.takeError());
    llvm::StringRef reason = message;
    reason.consume_front("error: ");
    return llvm::createStringError(
        "--tune needs a GPU that runs the trainer: " + reason);
  }
  auto bench = llvm::json::parse(*text);
  if (!bench)
    return bench.takeError();
  const llvm::json::Object *object = bench->getAsObject();
  if (!object)
    return llvm::createStringError(
        "the bench of a trainer did not print a JSON object");
  if (llvm::Error error = note(candidate, batch, *object))
    return error;
  return object->getNumber("milliseconds_per_step").value_or(0);
}

static void printRow(llvm::StringRef shape, llvm::StringRef estimated,
                     double before, llvm::StringRef chosen, double after) {
  llvm::errs() << llvm::formatv(
      kRow, shape, estimated, llvm::formatv("{0:f4}", before).str(), chosen,
      llvm::formatv("{0:f4}", after).str(),
      llvm::formatv("{0:f1}", 100 * (1 - after / before)).str());
}

void Tuner::choose() {
  llvm::errs() << llvm::formatv(kRow, "contraction", "estimated", "ms",
                                "chosen", "ms", "gain, %");
  double before = 0, after = 0;
  for (const auto &[shape, times] : shapes) {
    double estimated = getMedian(times.samples.at(times.estimated));
    double best = estimated;
    std::string &chosen = tuned.schedules[shape] = times.estimated;
    for (const auto &[schedule, samples] : times.samples) {
      double median = getMedian(samples);
      if (median >= std::min(best, (1 - kLeastGain) * estimated))
        continue;
      best = median;
      chosen = schedule;
    }
    printRow(shape, times.estimated, estimated, chosen, best);
    before += estimated;
    after += best;
  }
  if (!shapes.empty())
    printRow("all", "", before, "", after);
}

llvm::Expected<TunedSchedules> Tuner::run() {
  std::vector<Candidate> candidates;
  for (unsigned round = 0; round < kRounds; ++round)
    for (unsigned index = 0; index < wanted; ++index) {
      if (round == 0) {
        auto candidate = compile(index);
        if (!candidate)
          return candidate.takeError();
        // There are no more schedules for any shape.
        if (index > 0 && candidate->tiles == candidates.back().tiles) {
          wanted = index;
          break;
        }
        candidates.push_back(std::move(*candidate));
      }
      llvm::Expected<double> milliseconds = measure(candidates[index]);
      if (!milliseconds)
        return milliseconds.takeError();
      llvm::errs() << llvm::formatv(
          "tune: round {0} of {1}, candidate {2} of {3}: {4:f3} ms per step\n",
          round + 1, kRounds, index + 1, wanted, *milliseconds);
    }
  choose();
  return std::move(tuned);
}
