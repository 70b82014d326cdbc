//===- Tuner.h - Schedules of contractions by measurement -------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTC_TOOLS_QTC_TUNER_H
#define QTC_TOOLS_QTC_TUNER_H

#include "compiler/Pipelines/Compiler.h"
#include "compiler/Support/Programs.h"
#include "tools/qtc/TuneFile.h"

#include "llvm/Support/JSON.h"

namespace qtc::tools {

/// Measures a model's contractions on this machine's GPU. In the first trainer
/// every contraction takes the first of its schedules, in the second the second
/// and so on; the trainers run their `bench` in turn. Reports progress to
/// stderr.
class Tuner {
public:
  /// `options.devices` are the capabilities to compile for; the one that the
  /// trainer chooses is tuned. `candidates` is the number of schedules of a
  /// shape to try.
  Tuner(const CompileOptions &options, unsigned candidates)
      : options(options), wanted(candidates) {}

  /// The fastest schedule of every shape; that of the estimate unless another
  /// is clearly faster.
  llvm::Expected<TunedSchedules> run();

private:
  /// A trainer, and the contractions of its launches by the variant's name and
  /// batch.
  struct Candidate {
    std::string trainer;
    std::map<std::pair<std::string, int64_t>, std::vector<std::string>> tiles;
  };
  /// The times of all contractions of one shape.
  struct Times {
    /// The schedule that is estimated the best.
    std::string estimated;
    /// Milliseconds of a step, one number per run of `bench`, by schedule.
    std::map<std::string, std::vector<double>> samples;
  };

  llvm::Expected<Candidate> compile(unsigned index);
  /// Runs `bench` with each batch, records the times and returns the
  /// milliseconds of a step of each, together.
  llvm::Expected<double> measure(const Candidate &candidate);
  llvm::Expected<double> measure(const Candidate &candidate, int64_t batch);
  llvm::Error note(const Candidate &candidate, int64_t batch,
                   const llvm::json::Object &bench);
  void choose();

  const CompileOptions &options;
  unsigned wanted;
  TemporaryFiles files;
  /// The times by shape.
  std::map<std::string, Times> shapes;
  TunedSchedules tuned;
};

} // namespace qtc::tools

#endif // QTC_TOOLS_QTC_TUNER_H
