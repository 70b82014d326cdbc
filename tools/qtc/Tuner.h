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

/// Measures a model's contractions on this machine's GPU: trainers in which
/// every contraction takes the first of its schedules, the second and so on run
/// their `bench` in turn. Talks to stderr.
class Tuner {
public:
  /// `options.devices` are the capabilities to compile for; the one that the
  /// trainer chooses is tuned. `candidates` are the schedules of a shape to
  /// try.
  Tuner(const CompileOptions &options, unsigned candidates)
      : options(options), wanted(candidates) {}

  /// The fastest schedule of every shape; that of the estimate unless another
  /// is clearly faster.
  llvm::Expected<TunedSchedules> run();

private:
  /// A trainer, and what its launches compute by the variant's name.
  struct Candidate {
    std::string trainer;
    std::map<std::string, std::vector<std::string>> tiles;
  };
  /// Of all contractions of one shape.
  struct Times {
    /// The schedule that is estimated the best.
    std::string estimated;
    /// Milliseconds of a step, one number a run of `bench`, by schedule.
    std::map<std::string, std::vector<double>> samples;
  };

  llvm::Expected<Candidate> compile(unsigned index);
  /// Runs `bench`, notes the times and returns the milliseconds of a step.
  llvm::Expected<double> measure(const Candidate &candidate);
  llvm::Error note(const Candidate &candidate, const llvm::json::Object &bench);
  void choose();

  const CompileOptions &options;
  unsigned wanted;
  TemporaryFiles files;
  /// By shape.
  std::map<std::string, Times> shapes;
  TunedSchedules tuned;
};

} // namespace qtc::tools

#endif // QTC_TOOLS_QTC_TUNER_H
