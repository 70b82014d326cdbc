//===- TuneFlags.cpp - Command-line form of tuning ------------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tools/qtc/TuneFlags.h"
#include "tools/qtc/OutputCheck.h"
#include "tools/qtc/Tuner.h"

#include "compiler/Support/Files.h"
#include "llvm/Support/FileSystem.h"

#include <CLI/CLI.hpp>

using namespace qtc;
using namespace qtc::tools;

void TuneFlags::addTo(CLI::App &command) {
  const char *group = "Options of the target";
  auto checkCount = [](std::string &text) {
    unsigned count;
    if (!llvm::StringRef(text).getAsInteger(10, count) && count >= 2 &&
        count <= 64)
      return std::string();
    return "expected an integer from 2 to 64, but got '" + text + "'";
  };
  command
      .add_flag("--tune{8}", candidates,
                "With --target=cuda, on a machine with a GPU: measure N "
                "schedules of every contraction (8 without a number), which "
                "takes minutes, and compile with the fastest; results stay "
                "the same")
      ->check(CLI::Validator(checkCount, ""))
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast)
      ->type_name("N")
      ->group(group);
  command
      .add_option("--tune-file", file,
                  "File that --tune writes. Without --tune: compile with the "
                  "schedules of this file, also on a machine without a GPU")
      ->type_name("FILE")
      ->group(group);
}

llvm::Error TuneFlags::check(const CompileOptions &options) const {
  if (options.devices.empty() && (candidates > 0 || !file.empty()))
    return llvm::createStringError(
        llvm::Twine("option '") + (candidates > 0 ? "--tune" : "--tune-file") +
        "': expected --target=cuda, but got --target=cpu");
  return llvm::Error::success();
}

llvm::Error TuneFlags::checkFile(const CompileOptions &options) const {
  if (file.empty())
    return llvm::Error::success();
  if (file == options.outputPath ||
      llvm::sys::fs::equivalent(file, options.outputPath))
    return llvm::createStringError("option '-o': '" + options.outputPath +
                                   "' is the file of '--tune-file=" + file +
                                   "'; expected another file to write");
  return candidates == 0
             ? llvm::Error::success()
             : checkIsNoInput("--tune-file", file, options.modelPath);
}

llvm::Error TuneFlags::read(CompileOptions &options) const {
  llvm::Expected<TunedSchedules> tuned = readTuneFile(file);
  if (!tuned)
    return tuned.takeError();
  for (const cuda::TargetRecord *device : options.devices) {
    if (device->name != tuned->code)
      continue;
    cuda::TileChoices &choices = options.tiles[device->name];
    choices.entries = tuned->getEntries();
    if (auto table = cuda::TileTable::create(*device, choices); !table)
      return llvm::createStringError("'" + file +
                                     "': " + llvm::toString(table.takeError()));
    return llvm::Error::success();
  }
  return llvm::createStringError(
      "'" + file + "' has schedules for " + tuned->code + ", measured on '" +
      tuned->device + "': expected a capability that --sm names");
}

llvm::Error TuneFlags::apply(CompileOptions &options) const {
  if (candidates == 0)
    return file.empty() ? llvm::Error::success() : read(options);
  // An error after minutes of measurements would waste them.
  if (!file.empty())
    if (llvm::Error error = checkOutput(file, Contents::Data))
      return error;
  llvm::Expected<TunedSchedules> tuned = Tuner(options, candidates).run();
  if (!tuned)
    return tuned.takeError();
  options.tiles[tuned->code].entries = tuned->getEntries();
  return file.empty() ? llvm::Error::success() : writeTuneFile(file, *tuned);
}
