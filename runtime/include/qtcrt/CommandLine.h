//===- CommandLine.h - the user's options -----------------------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTCRT_COMMANDLINE_H
#define QTCRT_COMMANDLINE_H

#include "qtcrt/abi.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
} // namespace CLI

namespace qtcrt {

/// Names of the files in the folder of a run, --out.
constexpr const char *checkpointName = "checkpoint.safetensors";
constexpr const char *metricsName = "metrics.jsonl";

/// The error of --statistics-batches for a model that has none.
constexpr const char *noStatisticsError =
    "--statistics-batches: the model has no BatchNormalization, so there are "
    "no statistics to estimate; leave the option out";

/// --average-every when it is left out.
constexpr uint64_t defaultAverageEvery = 10;

enum class Command { None, Train, Eval, Bench, Info, Hash };

/// The parsed command line; absent options stay empty.
struct Options {
  Command command = Command::None;
  /// The words of this command, to repeat it: the program first.
  std::vector<std::string> words;
  std::string data;
  std::string isa;
  std::string out, resume, checkpoint;
  std::optional<uint64_t> epochs, steps, seed, limit, statisticsBatches,
      averageEvery;
  std::optional<std::string> schedule, augment, averageFrom;
  int64_t batch = 0; ///< 0: the default, or that of the run to resume
  uint64_t threads = 0;
  uint64_t evalEvery = 1;
  uint64_t saveEvery = 0;
  bool noShuffle = false;
  bool overwrite = false;
  bool memoryReport = false;
  bool json = false;
  bool tensors = false;
};

/// Adds the options of `train` to `command`; parsing writes them to `options`.
/// Without a model, defaults and names that depend on it are not mentioned:
/// `qtc train` takes the same options. Parsing throws UsageError if the format
/// of the data set is unknown.
void addTrainOptions(CLI::App &command, Options &options,
                     const qtcrt_model *model);

/// Parses the command line. Help and version are printed to stdout and leave
/// Command::None. Throws UsageError.
Options parseCommandLine(int argc, char **argv, const qtcrt_model &model);

} // namespace qtcrt

#endif // QTCRT_COMMANDLINE_H
