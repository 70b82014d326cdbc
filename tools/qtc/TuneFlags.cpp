//===- TuneFlags.cpp - Command-line form of tuning ------------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tools/qtc/TuneFlags.h"
#include "tools/qtc/Tuner.h"

#include "compiler/Support/Files.h"

#include <CLI/CLI.hpp>

using namespace qtc;
using namespace qtc::tools;

void TuneFlags::addTo(CLI::App &command) {
  command
      .add_flag("--tune{8}", candidates,
                "with --target=cuda, on a machine with a GPU: measure so many "
                "schedules of every contraction (8 without a number), which "
                "takes minutes, and compile with the fastest; results stay "
                "the same")
      ->check(CLI::Range(2, 64));
  command.add_option("--tune-file", file,
                     "file that --tune writes; without --tune: compile with "
                     "what it says, also where there is no GPU");
}

llvm::Error TuneFlags::check(const CompileOptions &options) const {
  if (options.devices.empty() && (candidates > 0 || !file.empty()))
    return llvm::createStringError(
        llvm::Twine("option '") + (candidates > 0 ? "--tune" : "--tune-file") +
        "': expected --target=cuda, but got --target=cpu");
  return llvm::Error::success();
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
      "'" + file + "' is of code for " + tuned->code + ", measured on '" +
      tuned->device + "': expected a capability that --sm names");
}

llvm::Error TuneFlags::apply(CompileOptions &options) const {
  if (candidates == 0)
    return file.empty() ? llvm::Error::success() : read(options);
  // Minutes would be lost.
  if (!file.empty())
    if (llvm::Error error = checkOutput(file, options.modelPath))
      return error;
  llvm::Expected<TunedSchedules> tuned = Tuner(options, candidates).run();
  if (!tuned)
    return tuned.takeError();
  options.tiles[tuned->code].entries = tuned->getEntries();
  return file.empty() ? llvm::Error::success() : writeTuneFile(file, *tuned);
}
