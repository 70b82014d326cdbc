//===- TrainCommand.cpp - qtc train ---------------------------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tools/qtc/Commands.h"
#include "tools/qtc/CompileFlags.h"
#include "tools/qtc/Session.h"

#include "compiler/Support/FileHash.h"
#include "compiler/Support/Programs.h"
#include "runtime/core/CommandLine.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/xxhash.h"

#include <CLI/CLI.hpp>

#include <memory>

using namespace qtc;
using namespace qtc::tools;

/// Folder of compiled trainers: $XDG_CACHE_HOME/qtc or ~/.cache/qtc.
static llvm::SmallString<128> getCacheFolder() {
  llvm::SmallString<128> folder;
  if (!llvm::sys::path::cache_directory(folder))
    llvm::sys::path::system_temp_directory(/*ErasedOnReboot=*/true, folder);
  llvm::sys::path::append(folder, "qtc");
  return folder;
}

/// The trainer's place in the cache: depends on the compiler, the model's
/// bytes and every option.
static llvm::Expected<std::string> getCachePath(const CompileOptions &options,
                                                llvm::StringRef flags) {
  llvm::Expected<std::string> model = hashFile(options.modelPath);
  if (!model)
    return model.takeError();
  std::string self = llvm::sys::fs::getMainExecutable(nullptr, nullptr);
  llvm::Expected<std::string> compiler = hashFile(self);
  if (!compiler)
    return compiler.takeError();
  std::string key = *model + *compiler + flags.str();
  llvm::SmallString<128> path = getCacheFolder();
  if (std::error_code code = llvm::sys::fs::create_directories(path))
    return llvm::createStringError("cannot create '" + path +
                                   "': " + code.message());
  llvm::sys::path::append(path, llvm::sys::path::stem(options.modelPath) + "-" +
                                    llvm::utohexstr(llvm::xxh3_64bits(key)));
  return path.str().str();
}

/// The options of `command` that were given, as words of another command line.
static std::vector<std::string>
getGivenWords(const std::vector<CLI::Option *> &options) {
  std::vector<std::string> words;
  for (const CLI::Option *option : options) {
    if (option->get_type_size() == 0 && option->count() > 0)
      words.push_back(option->get_name());
    if (option->get_type_size() != 0)
      for (const std::string &value : option->results())
        words.push_back(option->get_name() + "=" + value);
  }
  return words;
}

/// Replaces this process by the trainer.
static int runTrainer(const std::string &trainer,
                      const std::vector<std::string> &arguments) {
  std::vector<std::string> words = {trainer, "train"};
  words.insert(words.end(), arguments.begin(), arguments.end());
  return reportFailure(becomeProgram(words));
}

void tools::addTrainCommand(CLI::App &app, int &status) {
  CLI::App *command = app.add_subcommand(
      "train", "Compiles a model, or takes it from the cache, and trains it");
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
  command->callback([flags, training, trainingOptions, &status] {
    CompileOptions options;
    if (llvm::Error error = flags->parse(options)) {
      reportFailure(std::move(error));
      status = kUsageError;
      return;
    }
    options.emit = Phase::Trainer;
    auto path = getCachePath(options, flags->getSpelling());
    if (!path) {
      status = reportFailure(path.takeError());
      return;
    }
    options.outputPath = *path;
    if (!llvm::sys::fs::exists(*path)) {
      printLine("compiling '" + options.modelPath + "' (cached in '" + *path +
                "')");
      status = runCompiler(options, flags->memoryReport);
    }
    if (status == 0)
      status = runTrainer(*path, getGivenWords(trainingOptions));
  });
}
