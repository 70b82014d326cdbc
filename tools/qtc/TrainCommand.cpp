//===- TrainCommand.cpp - qtc train ---------------------------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tools/qtc/Commands.h"
#include "tools/qtc/CompileFlags.h"
#include "tools/qtc/OutputCheck.h"
#include "tools/qtc/Session.h"
#include "tools/qtc/TrainerCache.h"

#include "compiler/Import/ONNX/Import.h"
#include "compiler/Support/Programs.h"
#include "dialect/QTrain/IR/QTrain.h"
#include "runtime/include/qtcrt/CommandLine.h"
#include "runtime/include/qtcrt/ShellCommand.h"
#include "runtime/include/qtcrt/Usage.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Program.h"

#include <CLI/CLI.hpp>

#include <cstdlib>
#include <memory>

using namespace qtc;
using namespace qtc::tools;

/// The options that were given, as words of another command line.
static std::vector<std::string>
getGivenWords(const std::vector<CLI::Option *> &options) {
  std::vector<std::string> words;
  for (const CLI::Option *option : options) {
    if (qtcrt::isFlag(*option)) {
      if (option->count() > 0)
        words.push_back(qtcrt::spellFlag(*option));
      continue;
    }
    for (const std::string &value : option->results())
      words.push_back(
          option->get_positional() ? value : option->get_name() + "=" + value);
  }
  return words;
}

/// This program as a user calls it.
static std::string getProgramName() {
  std::string self = llvm::sys::fs::getMainExecutable(nullptr, nullptr);
  llvm::ErrorOr<std::string> found = llvm::sys::findProgramByName("qtc");
  llvm::SmallString<128> real;
  if (found && !llvm::sys::fs::real_path(*found, real) && real == self)
    return "qtc";
  return self;
}

/// Replaces this process by the trainer. The trainer's hints name `command` as
/// the command that started it.
static int runTrainer(const std::string &trainer,
                      const std::vector<std::string> &command,
                      const std::vector<std::string> &arguments) {
  std::string quoted;
  for (const std::string &word : command)
    quoted += (quoted.empty() ? "" : " ") + qtcrt::quoteForShell(word);
  ::setenv(qtcrt::commandVariable, quoted.c_str(), /*overwrite=*/1);
  std::vector<std::string> words = {trainer, "train"};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::string error = llvm::toString(becomeProgram(words));
  return reportFailure(llvm::createStringError(
      error +
      "; set XDG_CACHE_HOME to a folder on a file system whose programs "
      "may run"));
}

/// The trainer for `options`, compiled unless the cache has it.
static llvm::Expected<std::string> getTrainer(CompileOptions &options) {
  llvm::Expected<TrainerCache> cache = TrainerCache::find();
  if (!cache)
    return cache.takeError();
  llvm::Expected<std::string> key = getTrainerKey(options);
  if (!key)
    return key.takeError();
  auto compile =
      [&](const std::string &path) -> llvm::Expected<TrainerCache::Notes> {
    printLine("compiling '" + options.modelPath + "' (cached in '" +
              cache->getFolder().str() + "')");
    options.outputPath = path;
    TrainerCache::Notes remarks;
    if (runCompiler(options, /*memoryReport=*/false, &remarks) != 0)
      return llvm::createStringError(""); // the compiler has printed the error
    return remarks;
  };
  // What is worth a remark is so in every run.
  auto repeat = [](const TrainerCache::Notes &remarks) {
    for (const std::string &remark : remarks)
      printLine("remark: " + remark);
  };
  return cache->get(llvm::sys::path::stem(options.modelPath), *key, compile,
                    repeat);
}

/// Refuses a folder where the run would replace files of the model.
static llvm::Error checkFolder(const std::string &folder,
                               const std::string &model) {
  if (folder.empty()) // a new one
    return llvm::Error::success();
  for (const char *name : {qtcrt::checkpointName, qtcrt::metricsName}) {
    llvm::SmallString<128> file(folder);
    llvm::sys::path::append(file, name);
    if (llvm::Error error = checkIsNoInput("--out", file, model))
      return error;
  }
  return llvm::Error::success();
}

/// Whether the model has statistics that trainers estimate.
static llvm::Expected<bool> hasStatistics(const CompileOptions &options) {
  // The compiler prints the remarks.
  Session session(options.modelPath, /*printsRemarks=*/false);
  mlir::OwningOpRef<mlir::ModuleOp> module = onnx_import::importOnnxFile(
      options.modelPath, session.getContext(),
      getImportOptions(options, options.batches.front()));
  if (!module)
    return makeReportedError();
  auto isNormalization = [](qtrain::BatchNormTrainingOp) {
    return mlir::WalkResult::interrupt();
  };
  return module->walk(isNormalization).wasInterrupted();
}

/// Refuses options of the training that do not fit the model, which the trainer
/// would do only after it is compiled. Returns the exit status.
static int checkTraining(const qtcrt::Options &training,
                         const CompileOptions &options) {
  if (!training.statisticsBatches)
    return 0;
  llvm::Expected<bool> found = hasStatistics(options);
  if (!found)
    return reportFailure(found.takeError());
  if (*found)
    return 0;
  reportFailure(llvm::createStringError(qtcrt::noStatisticsError));
  return kUsageError;
}

void tools::addTrainCommand(CLI::App &app, int &status) {
  CLI::App *command = app.add_subcommand(
      "train", "Compile a model, or take it from the cache, and train it");
  auto flags = std::make_shared<CompileFlags>();
  auto training = std::make_shared<qtcrt::Options>();
  qtcrt::addTrainOptions(*command, *training, /*model=*/nullptr);
  std::vector<CLI::Option *> trainingOptions;
  for (CLI::Option *option : command->get_options())
    if (option != command->get_help_ptr())
      trainingOptions.push_back(option->group("Options of the training"));
  flags->addTo(*command, CompileFlags::Use::Train);
  // Parsing checks options of the training before a model is compiled for
  // them; the trainer parses them again.
  command->callback([command, flags, training, trainingOptions, &status] {
    CompileOptions options;
    llvm::Error error = flags->parse(options);
    if (!error)
      error = checkFolder(training->out, options.modelPath);
    if (error) {
      reportFailure(std::move(error));
      status = kUsageError;
      return;
    }
    status = checkTraining(*training, options);
    if (status != 0)
      return;
    options.emit = Phase::Trainer;
    llvm::Expected<std::string> trainer = getTrainer(options);
    if (!trainer) {
      status = reportFailure(trainer.takeError());
      return;
    }
    std::vector<CLI::Option *> compiling;
    for (CLI::Option *option : command->get_options())
      if (option != command->get_help_ptr() &&
          !llvm::is_contained(trainingOptions, option))
        compiling.push_back(option);
    std::vector<std::string> words = getGivenWords(compiling);
    words.insert(words.begin(), {getProgramName(), "train"});
    status = runTrainer(*trainer, words, getGivenWords(trainingOptions));
  });
}
