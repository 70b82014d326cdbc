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

/// Replaces this process by the trainer.
static int runTrainer(const std::string &trainer, const std::string &data,
                      const std::vector<std::string> &arguments) {
  std::vector<std::string> words = {trainer, "train", "--data", data};
  words.insert(words.end(), arguments.begin(), arguments.end());
  return reportFailure(becomeProgram(words));
}

void tools::addTrainCommand(CLI::App &app, int &status) {
  CLI::App *command = app.add_subcommand(
      "train", "Compiles a model, or takes it from the cache, and trains it");
  command->footer("Options that `compile` does not know go to the trainer; see "
                  "the help of a trainer's `train`.");
  auto flags = std::make_shared<CompileFlags>();
  auto data = std::make_shared<std::string>();
  flags->addTo(*command);
  command->add_option("--data", *data, "data set, as KIND:FOLDER")->required();
  command->allow_extras();
  command->callback([flags, data, command, &status] {
    CompileOptions options;
    if (llvm::Error error = flags->parse(options)) {
      reportFailure(std::move(error));
      status = kUsageError;
      return;
    }
    options.emit = Phase::Trainer;
    std::string spelling = command->config_to_str(/*default_also=*/true);
    auto path = getCachePath(options, spelling);
    if (!path) {
      status = reportFailure(path.takeError());
      return;
    }
    options.outputPath = *path;
    if (!llvm::sys::fs::exists(*path))
      status = runCompiler(options, flags->memoryReport);
    if (status == 0)
      status = runTrainer(*path, *data, command->remaining());
  });
}
