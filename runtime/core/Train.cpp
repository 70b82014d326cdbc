//===- Train.cpp - the training loop --------------------------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/Train.h"

#include "core/Commands.h"
#include "core/Signals.h"
#include "qtcrt/Error.h"
#include "qtcrt/Isa.h"
#include "qtcrt/Ports.h"
#include "qtcrt/Position.h"
#include "qtcrt/Printable.h"
#include "qtcrt/ShellCommand.h"
#include "qtcrt/StandardStreams.h"
#include "qtcrt/StateHash.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

using namespace qtcrt;

namespace {

constexpr uint64_t defaultEpochs = 5;

/// Throws because of `problem` with the checkpoint to resume.
[[noreturn]] void refuseResume(const std::string &file,
                               const std::string &problem) {
  fail("--resume=", quoteForShell(file), ": ", problem);
}

std::string spell(const char *option, const std::string &value) {
  return concat(option, "=", quoteForShell(value));
}

/// Throws when an option contradicts the checkpoint to resume. `stored` is the
/// value that the run was started with, "" if it was started without one.
void requireSame(const std::string &file, const char *option,
                 const std::string &stored, const std::string &given) {
  if (stored != given)
    refuseResume(file,
                 concat("the run was started ",
                        stored.empty() ? concat("without ", option)
                                       : concat("with ", spell(option, stored)),
                        ", but this command has ", spell(option, given),
                        "; leave ", option, " out"));
}

/// The batch of the variant to train with, see selectVariant. A run keeps its
/// batch, if the trainer has it.
int64_t chooseBatch(const qtcrt_model &model, const Options &options) {
  if (options.batch || options.resume.empty() || batchesOf(model).size() == 1)
    return options.batch;
  auto recorded =
      static_cast<int64_t>(readRunRecord(options.resume, model).batch);
  return variantsOf(model, recorded).isEmpty() ? 0 : recorded;
}

/// What to do about a training set of `count` examples, fewer than a batch.
std::string adviseSmallerBatch(const qtcrt_model &model, uint64_t count) {
  int64_t largest = 0;
  for (int64_t batch : batchesOf(model))
    if (static_cast<uint64_t>(batch) <= count)
      largest = std::max(largest, batch);
  return largest ? concat("use --batch=", largest)
                 : "compile with a smaller --batch";
}

} // namespace

void qtcrt::printRemark(const DataSet &data) {
  if (!data.remark.empty())
    std::fprintf(stderr, "remark: %s\n", data.remark.c_str());
}

TrainingRun::TrainingRun(const qtcrt_model &model, const Options &options)
    : model(model), options(options), folder(options),
      session(model, static_cast<unsigned>(options.threads), options.isa,
              chooseBatch(model, options)) {
  applyOptions();
  loadData();
  planSteps();
  openOutput();
  if (record.epoch == 0)
    learning.emplace(model, session.state());
}

/// Fills the record from the options, or checks them against the checkpoint.
void TrainingRun::applyOptions() {
  if (options.augment &&
      parseAugmentation(*options.augment) != Augmentation::None &&
      !takesPixels(model))
    throw UsageError(concat("--augment: only images of pixels can be changed "
                            "at random, but the model takes ",
                            describeInputs(model), "; leave the option out"));
  auto kind = static_cast<qtcrt_schedule_kind>(model.schedule_kind);
  if (options.schedule)
    Schedule::parse(*options.schedule, kind);
  const std::string &file = options.resume;
  if (file.empty()) {
    record.seed = options.seed.value_or(model.default_seed);
    record.batch = static_cast<uint64_t>(session.variant().batch);
    record.limit = options.limit.value_or(0);
    record.shuffle = !options.noShuffle;
    record.augment = options.augment.value_or("none");
    record.schedule = options.schedule.value_or(model.default_schedule);
    record.estimateBatches = model.estimate_batches;
    record.averageFrom = options.averageFrom.value_or("");
    if (options.averageFrom)
      record.averageEvery = options.averageEvery.value_or(defaultAverageEvery);
    record.sums = startSums(model);
    session.drawInitialState(record.seed);
  } else {
    record =
        loadCheckpoint(file, model, session.state(), CheckpointUse::Resume);
    checkRunOptions();
  }
  // No step depends on it, so a resumed run may have another.
  record.estimateBatches =
      options.statisticsBatches.value_or(record.estimateBatches);
  estimatedStep = record.step;
  schedule = Schedule::parse(record.schedule, kind);
}

/// Throws when an option contradicts the checkpoint to resume.
void TrainingRun::checkRunOptions() const {
  const std::string &file = options.resume;
  auto batch = static_cast<int64_t>(record.batch);
  if (variantsOf(model, batch).isEmpty()) {
    std::string stored = spell("--batch", std::to_string(record.batch));
    refuseResume(
        file, concat("the run was started with ", stored,
                     ", but this trainer has --batch=", listBatches(model, ","),
                     "; ", adviseToCompile(stored)));
  }
  if (batch != session.variant().batch)
    requireSame(file, "--batch", std::to_string(batch),
                std::to_string(options.batch));
  if (options.seed)
    requireSame(file, "--seed", std::to_string(record.seed),
                std::to_string(*options.seed));
  if (options.limit)
    requireSame(file, "--limit",
                record.limit ? std::to_string(record.limit) : "",
                std::to_string(*options.limit));
  if (options.noShuffle && record.shuffle)
    refuseResume(file, "the run was started without --no-shuffle; leave it "
                       "out");
  if (options.augment)
    requireSame(file, "--augment", record.augment, *options.augment);
  if (options.averageFrom)
    requireSame(file, "--average-from", record.averageFrom,
                *options.averageFrom);
  if (options.averageEvery)
    requireSame(file, "--average-every", std::to_string(record.averageEvery),
                std::to_string(*options.averageEvery));
  auto kind = static_cast<qtcrt_schedule_kind>(model.schedule_kind);
  if (options.schedule && !(Schedule::parse(record.schedule, kind) ==
                            Schedule::parse(*options.schedule, kind)))
    requireSame(file, "--schedule", record.schedule, *options.schedule);
}

void TrainingRun::loadData() {
  DataRequest request = requestFor(model);
  request.limit = record.limit;
  request.standardization = record.standardization;
  data = loadDataSet(options.data, request);
  record.standardization = data.standardization;
  printRemark(data);
  if (data.train.count() < record.batch)
    fail("the training set has ", data.train.count(), " examples, fewer than ",
         "one batch of ", record.batch, "; use more data or ",
         adviseSmallerBatch(model, data.train.count()));
  std::string hash = hashData(data.train);
  uint64_t count = data.train.count();
  if (!options.resume.empty()) {
    if (record.trainExamples != count)
      refuseResume(
          options.resume,
          concat("the run has ", record.trainExamples,
                 " training examples, but --data=", quoteForShell(options.data),
                 " gives ", count, "; give the data set of the run"));
    if (record.trainHash != hash)
      refuseResume(options.resume, concat("the training set of --data=",
                                          quoteForShell(options.data),
                                          " is not that of the "
                                          "run; give the data set of the run"));
  }
  record.trainHash = hash;
  record.trainExamples = count;
}

void TrainingRun::planSteps() {
  stepsPerEpoch = data.train.count() / record.batch;
  if (options.steps)
    record.totalSteps = *options.steps;
  else if (options.epochs || options.resume.empty())
    record.totalSteps = options.epochs.value_or(defaultEpochs) * stepsPerEpoch;
  schedule.resolve(record.totalSteps, stepsPerEpoch);
  planAverage();
  if (options.resume.empty())
    return;
  // The values come from a file, so the checks must not overflow.
  if (record.position > stepsPerEpoch || record.position > record.step ||
      record.epoch != (record.step - record.position) / stepsPerEpoch ||
      (record.step - record.position) % stepsPerEpoch != 0)
    fail(inQuotes(options.resume), ": damaged: step ", record.step,
         " is not batch ", record.position, " of epoch ", record.epoch);
  if (record.step > record.totalSteps)
    refuseResume(options.resume,
                 concat("the checkpoint is at step ", record.step,
                        ", beyond the ", record.totalSteps,
                        " steps asked for; raise --epochs or --steps"));
}

void TrainingRun::planAverage() {
  if (record.averageFrom.empty())
    return;
  Position from;
  if (!Position::parse(record.averageFrom, from).empty() ||
      record.averageEvery == 0)
    fail(inQuotes(options.resume), ": damaged: it averages from ",
         inQuotes(record.averageFrom), " every ", record.averageEvery,
         " steps");
  averageStart = from.firstStep(record.totalSteps, stepsPerEpoch);
}

/// Whether the weights after `step` steps are part of the average (numerics
/// contract, 5.4).
bool TrainingRun::isAveraged(uint64_t step) const {
  return step > 0 && step >= averageStart &&
         (step - averageStart) % record.averageEvery == 0;
}

void TrainingRun::openOutput() {
  catchInterrupts(); // from here on there are files to finish
  folder.open(model.name);
  if (options.out.empty())
    std::printf("results go to %s\n", inQuotes(folder.path()).c_str());
  wasComplete = !options.resume.empty() && isDone();
  if (options.memoryReport)
    printMemory();
  wasComplete ? printComplete() : printHeading();
  flushOutput();
  // Before results of another run are replaced.
  if (outputError)
    fail("cannot write to standard output: ", describeErrno(outputError));
  openMetrics();
  save(); // fails early if the folder is not writable
}

void TrainingRun::openMetrics() {
  EarlierMetrics earlier;
  if (folder.isResumed()) // otherwise all lines are of another run
    earlier = {record.epoch, isDone() ? record.step : 0};
  metrics = std::make_unique<MetricsFile>(folder.path(), earlier);
  if (metrics->keptEpochs() < record.epoch)
    std::fprintf(
        stderr,
        "remark: %s lacks the lines of %llu of the %llu epochs "
        "before\n",
        inQuotes(metrics->getPath()).c_str(),
        static_cast<unsigned long long>(record.epoch - metrics->keptEpochs()),
        static_cast<unsigned long long>(record.epoch));
}

void TrainingRun::save() {
  // Statistics of other weights are worse than running ones, which are not
  // those of an average.
  if (estimatedStep != record.step)
    session.resetStatistics();
  record.averageIsTested =
      record.average.count > 0 &&
      (!model.estimate_batches || estimatedStep == record.step);
  saveCheckpoint(folder.checkpoint(), model, session.state(), record);
}

/// Notes the first failure, which the C library reports once.
void TrainingRun::flushOutput() {
  int error = flushStdout();
  if (!outputError)
    outputError = error;
}

int TrainingRun::run() {
  trainSteps();
  if (pendingInterrupt())
    return finishInterrupted();
  if (!finalScore) { // no step was left to do
    finalScore = scoreOf(evaluateTest());
    if (pendingInterrupt())
      return finishInterrupted();
    save(); // with the statistics of the test
  }
  return printResult();
}

/// Prints one line that describes the run, before the first epoch.
void TrainingRun::printHeading() const {
  uint64_t parameters = 0;
  for (uint64_t i = 0; i < model.tensor_count; ++i)
    if (model.tensors[i].kind == QTCRT_STATE_PARAMETER)
      parameters += model.tensors[i].elements;
  const Device *device = session.getDevice();
  unsigned threads = session.executor().workerCount();
  std::string place =
      device ? device->name()
             : concat(threads, threads == 1 ? " thread" : " threads");
  std::printf("training %s: scheme %s, %llu parameters, batch %lld, "
              "%llu + %llu examples, %s, %s\n",
              inQuotes(model.name).c_str(), model.scheme,
              static_cast<unsigned long long>(parameters),
              static_cast<long long>(session.variant().batch),
              static_cast<unsigned long long>(data.train.count()),
              static_cast<unsigned long long>(data.test.count()), place.c_str(),
              session.variant().name);
  if (averageStart < record.totalSteps)
    std::printf("tests use the average of the weights from step %llu on, every "
                "%llu steps\n",
                static_cast<unsigned long long>(averageStart),
                static_cast<unsigned long long>(record.averageEvery));
}

void TrainingRun::printComplete() const {
  std::printf("the run of %llu steps is complete: nothing to do; use --epochs "
              "or --steps for more\n",
              static_cast<unsigned long long>(record.step));
}

void TrainingRun::trainSteps() {
  if (!isDone()) {
    LoaderOptions loading;
    loading.batch = record.batch;
    loading.seed = record.seed;
    loading.shuffle = record.shuffle;
    loading.augment = parseAugmentation(record.augment);
    loader = std::make_unique<Loader>(data.train, loading, record.epoch,
                                      record.position);
  }
  epochTime.restart();
  while (!pendingInterrupt()) {
    if (isEpochOver())
      finishEpoch();
    if (isDone())
      break;
    if (pendingInterrupt())
      break;
    if (outputError)
      fail("cannot write to standard output: ", describeErrno(outputError),
           "; stopped after step ", record.step,
           "; continue with: ", getContinuation());
    if (epochImages == 0)
      progress.begin(concat("epoch ", record.epoch), "step", stepsPerEpoch,
                     record.position);
    trainStep();
  }
  while (started > 0) // an interruption came while they ran
    finishStep();
  progress.clear();
}

void TrainingRun::trainStep() {
  while (started == 0 || mayStartStep())
    startStep();
  finishStep();
}

/// Whether another step may run ahead. The end of an epoch, the end of the run
/// and checkpoints need the state as it is after a step.
bool TrainingRun::mayStartStep() const {
  uint64_t next = record.step + started;
  bool isSaved = options.saveEvery && next % options.saveEvery == 0;
  return started < session.stepsAhead() && !isSaved && !isAveraged(next) &&
         record.position + started < stepsPerEpoch && next < record.totalSteps;
}

void TrainingRun::startStep() {
  const Batch &batch = loader->next();
  uint64_t step = record.step + started;
  session.startTraining(batch, record.seed, schedule.valueAt(step), step);
  ++started;
}

void TrainingRun::finishStep() {
  session.finish();
  MetricSums sums = startSums(model);
  session.addTo(sums, session.variant().batch);
  --started;
  record.sums += sums;
  epochImages += record.batch;
  ++record.step;
  ++record.position;
  if (isAveraged(record.step))
    record.average.add(model, session.state());
  progress.update(record.position);
  if (options.saveEvery && record.step % options.saveEvery == 0 &&
      !isEpochOver())
    save();
}

bool TrainingRun::isTestDue() const {
  return isDone() ||
         (options.evalEvery && (record.epoch + 1) % options.evalEvery == 0);
}

/// Estimates the statistics that evaluation uses for the current weights
/// (numerics contract, section 3). Before the first step, those of the file are
/// kept unless the command asks for an estimation. Returns false after an
/// interruption.
bool TrainingRun::estimateStatistics() {
  uint64_t count = std::min(record.estimateBatches, stepsPerEpoch);
  if (!model.estimate_batches || count == 0 ||
      (record.step == 0 && !options.statisticsBatches))
    return true;
  // The batches have a random order and no augmentation, regardless of the run.
  LoaderOptions loading;
  loading.batch = record.batch;
  loading.seed = record.seed;
  Loader batches(data.train, loading, /*epoch=*/0, /*position=*/0);
  progress.begin("statistics", "batch", count);
  uint64_t begun = 0, done = 0;
  while (true) {
    while (begun < count && begun - done < session.stepsAhead() &&
           !pendingInterrupt())
      session.startEstimate(batches.next(), begun++);
    if (done == begun)
      break;
    session.finish();
    progress.update(++done);
  }
  progress.clear();
  // Statistics of only some of the batches are not valid.
  estimatedStep = done == count ? record.step : record.step - 1;
  return done == count;
}

/// The sums over the test set; not all of them after an interruption. Averages
/// are in the place of the weights, once there are any.
MetricSums TrainingRun::evaluateTest() {
  if (record.average.count == 0)
    return evaluateWeights();
  std::vector<uint8_t> weights = copyWeights(model, session.state());
  record.average.writeMeans(model, session.state());
  MetricSums sums = evaluateWeights();
  restoreWeights(model, weights, session.state());
  return sums;
}

MetricSums TrainingRun::evaluateWeights() {
  if (!estimateStatistics())
    return startSums(model);
  progress.begin("test", "example", data.test.count());
  MetricSums sums = session.evaluateAll(
      data.test, [] { return pendingInterrupt() != 0; },
      [this](uint64_t done) { progress.update(done); });
  progress.clear();
  return sums;
}

/// What tests are compared by, see RunRecord.
double TrainingRun::scoreOf(const MetricSums &test) const {
  return isClassifier(model) ? test.front().accuracy() : totalLoss(test, model);
}

/// The best score of the run when it has one more test.
double TrainingRun::bestWith(double score) const {
  double best = record.bestScore;
  if (!(best >= 0)) // none yet, or not a number
    return score;
  bool isBetter = isClassifier(model) ? score > best : score < best;
  return isBetter ? score : best;
}

/// Ends the epoch. An interruption leaves it unfinished, so that a resumed run
/// repeats the evaluation.
void TrainingRun::finishEpoch() {
  double seconds = epochTime.seconds();
  progress.clear();
  std::optional<MetricSums> test;
  if (isTestDue()) {
    test = evaluateTest();
    if (pendingInterrupt())
      return;
    record.testScore = scoreOf(*test);
    record.bestScore = bestWith(record.testScore);
  }
  EpochMetrics line = describeEpoch(record.sums, test);
  line.seconds = seconds;
  line.imagesPerSecond = seconds > 0 && epochImages > 0
                             ? static_cast<double>(epochImages) / seconds
                             : std::nan(""); // only the test was left to do
  line.schedule = schedule.toNumber(schedule.valueAt(record.step - 1));
  if (!wasComplete)
    reportEpoch(line);
  else if (!metrics->hasFinalStep()) // its test was interrupted
    metrics->append(line);
  warnIfNothingIsLearned();
  bool whole = record.position == stepsPerEpoch;
  if (isDone())
    finalScore = record.testScore;
  if (whole) {
    ++record.epoch;
    record.position = 0;
    record.sums = startSums(model);
  }
  save();
  epochImages = 0;
  epochTime.restart();
}

/// The metrics of an epoch with these sums, without its speed.
EpochMetrics
TrainingRun::describeEpoch(const MetricSums &train,
                           const std::optional<MetricSums> &test) const {
  EpochMetrics line;
  line.epoch = record.epoch;
  line.step = record.step;
  line.hasAccuracy = isClassifier(model);
  line.hasImages = takesPixels(model);
  if (!record.averageFrom.empty())
    line.averaged = record.average.count;
  line.train = {totalLoss(train, model), train.front().accuracy()};
  if (test)
    line.test = {totalLoss(*test, model), test->front().accuracy()};
  if (model.output_count == 1)
    return line;
  for (uint64_t i = 0; i < model.output_count; ++i) {
    OutputMetrics &output = line.outputs.emplace_back();
    output.name = model.outputs[i].name;
    output.hasAccuracy = predictsClasses(model, i);
    output.train = {train[i].meanLoss(), train[i].accuracy()};
    if (test)
      output.test = {(*test)[i].meanLoss(), (*test)[i].accuracy()};
  }
  return line;
}

void TrainingRun::warnIfNothingIsLearned() {
  if (!learning || epochImages == 0)
    return;
  std::string text =
      learning->explain(session.state(), record.sums, record.schedule);
  if (!text.empty())
    std::fprintf(stderr, "warning: %s\n", text.c_str());
  learning.reset();
}

void TrainingRun::reportEpoch(const EpochMetrics &line) {
  std::printf("%s\n", epochText(line).c_str());
  flushOutput();
  metrics->append(line);
}

std::string TrainingRun::getContinuation() const {
  return commandToContinue(options.words, folder.checkpoint(), folder.path());
}

int TrainingRun::finishInterrupted() {
  save();
  std::fflush(stdout);
  std::fprintf(stderr, "interrupted after step %llu; continue with: %s\n",
               static_cast<unsigned long long>(record.step),
               printable(getContinuation()).c_str());
  return 128 + pendingInterrupt();
}

int TrainingRun::printResult() {
  if (options.memoryReport)
    std::printf("peak resident memory: %llu bytes\n",
                static_cast<unsigned long long>(peakResidentBytes()));
  auto scoreText = [this](double score) {
    return isClassifier(model) ? formatLoss(score) : formatScaledLoss(score);
  };
  const char *what = isClassifier(model) ? "accuracy" : "loss";
  std::printf("result: epochs=%llu steps=%llu test_%s=%s best_test_%s=%s "
              "state=%s\n",
              static_cast<unsigned long long>(record.epoch),
              static_cast<unsigned long long>(record.step), what,
              scoreText(*finalScore).c_str(), what,
              scoreText(bestWith(*finalScore)).c_str(),
              hashState(model, session.state()).c_str());
  return 0;
}

void TrainingRun::printMemory() const {
  std::printf("planned memory: state %llu + arena %llu = %llu bytes; "
              "allocated: %llu bytes\n",
              static_cast<unsigned long long>(model.state_bytes),
              static_cast<unsigned long long>(session.variant().arena_bytes),
              static_cast<unsigned long long>(session.plannedBytes()),
              static_cast<unsigned long long>(session.allocatedBytes()));
}

int qtcrt::runTrain(const qtcrt_model &model, const Options &options) {
  // Nobody would see how a run of hours goes.
  if (!isStdoutOpen())
    fail("cannot write to standard output: it is closed; redirect it to a file "
         "or to /dev/null");
  return TrainingRun(model, options).run();
}
