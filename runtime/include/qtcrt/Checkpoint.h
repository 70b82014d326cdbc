//===- Checkpoint.h - the training state on disk ----------------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A checkpoint is a safetensors file. Its tensors are the state without
// scratch: each tensor under its name NAME, its exponent under NAME.exponent,
// what an optimizer keeps for it under NAME.momentum, NAME.moment1 and so on,
// the values that evaluation reads in its place under NAME.evaluation. A name
// that looks like a key of the format has an additional tilde in the file
// (numerics contract, section 5.1). Its metadata are strings; these describe
// the file itself:
//
//   format         "qtc-checkpoint-2": the number is the format's version
//   metadata_hash  XXH3-128 of all other entries, sorted bytewise by key: the
//                  key, a zero byte, the value, a zero byte
//   data_hash      XXH3-128 of all bytes after the header
//   state_hash     see StateHash.h
//
// Where the model's inputs are standardized, these are what the run
// standardizes them with:
//
//   input_means, input_deviations   a hexadecimal IEEE double for each channel,
//                                   with a space between them
//
// A run that averages weights (numerics contract, 5.4) has these entries:
//
//   average_from, average_every   its options
//   average_count                 summands so far; if there are any, the sums
//   of
//                                 a tensor NAME are NAME.average_sum
//   average_tested                "true" if evaluation takes the means
//
// Version 1 has neither metadata_hash nor data_hash nor evaluation_options, the
// batch is one of the options, and no name has an additional tilde. It has no
// tensors of kind QTCRT_STATE_EVALUATION. Files of later versions may lack
// them, too; their origins then take their place.
//
//===----------------------------------------------------------------------===//

#ifndef QTCRT_CHECKPOINT_H
#define QTCRT_CHECKPOINT_H

#include "qtcrt/MetricSums.h"
#include "qtcrt/Standardization.h"
#include "qtcrt/WeightAverage.h"
#include "qtcrt/abi.h"

#include <cstdint>
#include <string>

namespace qtcrt {

/// The data besides the state that a run needs to continue as if it had never
/// stopped. Stored as strings in the checkpoint's metadata.
struct RunRecord {
  // The settings of the run.
  uint64_t seed = 0;
  uint64_t batch = 0;
  uint64_t limit = 0; ///< training examples used, 0: all
  bool shuffle = true;
  std::string augment = "none";
  std::string schedule;
  /// Where averaging starts, see Position; "": weights are not averaged.
  std::string averageFrom;
  uint64_t averageEvery = 0; ///< steps from one summand to the next
  /// Most batches to estimate statistics on; 0: the model has none.
  uint64_t estimateBatches = 0;
  /// Empty unless the model's inputs are standardized.
  Standardization standardization;
  std::string trainHash;      ///< XXH3-128 of the training data, "" if unknown
  uint64_t trainExamples = 0; ///< 0 if unknown
  uint64_t totalSteps = 0;

  // The progress of the run.
  uint64_t step = 0;  ///< steps done
  uint64_t epoch = 0; ///< epochs done, with their evaluation
  /// Batches of the current epoch that are done. Equal to the batches per epoch
  /// when only the evaluation at its end is missing.
  uint64_t position = 0;

  // Reporting: sums over the current epoch, and scores of the last and of the
  // best test (-1: none yet). The score of a classifier is its accuracy,
  // otherwise it is the loss, of which less is better.
  MetricSums sums;
  double testScore = -1;
  double bestScore = -1;

  WeightAverage average;
  /// Whether evaluation takes the means instead of the weights: statistics in
  /// the state are those of the means, or the model has none.
  bool averageIsTested = false;
};

/// The purpose that a checkpoint is loaded for.
enum class CheckpointUse {
  /// Evaluation, hashes, export: needs the model, the scheme and the options
  /// that change evaluation (qtcrt_model::evaluation_options), whatever the
  /// batch. Optimizer state may be missing; then it stays as it was.
  Read,
  /// Continuing the training: needs all options of the run and the whole state.
  /// The caller compares the record with the requested settings.
  Resume
};

/// Writes state and record to `path`, see writeSafeTensors. Throws Error.
void saveCheckpoint(const std::string &path, const qtcrt_model &model,
                    const uint8_t *state, const RunRecord &record);

/// Reads the record of a checkpoint of `model`, to choose what the run is
/// continued with; loadCheckpoint does the other checks. Throws Error.
RunRecord readRunRecord(const std::string &path, const qtcrt_model &model);

/// Reads and validates a checkpoint of `model` into `state`, of this or an
/// older version of the format. Throws Error that names what differs (model,
/// scheme, an option, a tensor, ...); then the contents of `state` are
/// undefined.
RunRecord loadCheckpoint(const std::string &path, const qtcrt_model &model,
                         uint8_t *state, CheckpointUse use);

} // namespace qtcrt

#endif // QTCRT_CHECKPOINT_H
