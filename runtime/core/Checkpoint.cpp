//===- Checkpoint.cpp - the training state on disk ------------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qtcrt/Checkpoint.h"

#include "qtcrt/Error.h"
#include "qtcrt/SafeTensors.h"
#include "qtcrt/StateHash.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>

using namespace qtcrt;

namespace {

using Metadata = std::map<std::string, std::string>;

constexpr const char *formatName = "qtc-checkpoint-1";

/// Doubles as hexadecimal floats: exact.
std::string toText(double value) {
  char text[64];
  std::snprintf(text, sizeof(text), "%a", value);
  return text;
}

Metadata describe(const qtcrt_model &model, const uint8_t *state,
                  const RunRecord &record) {
  return {{"format", formatName},
          {"scheme", model.scheme},
          {"options", model.options},
          {"model", model.name},
          {"model_hash", model.model_hash},
          {"compiler_version", model.compiler_version},
          {"state_hash", hashState(model, state)},
          {"seed", std::to_string(record.seed)},
          {"batch", std::to_string(record.batch)},
          {"limit", std::to_string(record.limit)},
          {"shuffle", record.shuffle ? "true" : "false"},
          {"augment", record.augment},
          {"schedule", record.schedule},
          {"train_hash", record.trainHash},
          {"train_examples", std::to_string(record.trainExamples)},
          {"total_steps", std::to_string(record.totalSteps)},
          {"step", std::to_string(record.step)},
          {"epoch", std::to_string(record.epoch)},
          {"epoch_position", std::to_string(record.position)},
          {"loss_sum", toText(record.lossSum)},
          {"correct", std::to_string(record.correct)},
          {"seen", std::to_string(record.seen)},
          {"test_accuracy", toText(record.testAccuracy)},
          {"best_test_accuracy", toText(record.bestAccuracy)}};
}

/// Typed access to the metadata of a file that may be damaged.
class MetadataReader {
public:
  MetadataReader(const std::string &path, const Metadata &metadata)
      : path(path), metadata(metadata) {}

  const std::string &text(const char *key) const {
    auto found = metadata.find(key);
    if (found == metadata.end())
      fail(inQuotes(path), ": not a checkpoint of a qtc trainer: the metadata ",
           "lack ", inQuotes(key));
    return found->second;
  }
  uint64_t natural(const char *key) const {
    const std::string &value = text(key);
    uint64_t number = 0;
    bool valid = !value.empty();
    for (char digit : value)
      valid = valid && digit >= '0' && digit <= '9' &&
              !__builtin_mul_overflow(number, uint64_t{10}, &number) &&
              !__builtin_add_overflow(number, uint64_t(digit - '0'), &number);
    if (!valid)
      invalid(key);
    return number;
  }
  double real(const char *key) const {
    const std::string &value = text(key);
    char *end = nullptr;
    double number = std::strtod(value.c_str(), &end);
    if (value.empty() || *end != '\0')
      invalid(key);
    return number;
  }
  bool boolean(const char *key) const {
    const std::string &value = text(key);
    if (value != "true" && value != "false")
      invalid(key);
    return value == "true";
  }
  /// Throws unless the entry is `expected`; `what` says what differs.
  void match(const char *key, const char *expected, const char *what) const {
    if (text(key) != expected)
      fail(inQuotes(path), ": the checkpoint's ", what, " differs: it has ",
           inQuotes(text(key)), ", but this trainer has ", inQuotes(expected));
  }

private:
  [[noreturn]] void invalid(const char *key) const {
    fail(inQuotes(path), ": damaged: metadata entry ", inQuotes(key), " is ",
         inQuotes(metadata.at(key)));
  }
  const std::string &path;
  const Metadata &metadata;
};

std::vector<int64_t> shapeOf(const qtcrt_tensor &tensor) {
  return std::vector<int64_t>(tensor.shape, tensor.shape + tensor.rank);
}

const StoredTensor &findTensor(const std::string &path,
                               const SafeTensorsFile &file,
                               const std::string &name, const char *dtype,
                               const std::vector<int64_t> &shape) {
  auto found = file.tensors.find(name);
  if (found == file.tensors.end())
    fail(inQuotes(path), ": tensor ", inQuotes(name),
         " of the model is missing");
  if (found->second.dtype != dtype)
    fail(inQuotes(path), ": tensor ", inQuotes(name), " has type ",
         found->second.dtype, ", expected ", dtype);
  if (found->second.shape != shape)
    fail(inQuotes(path), ": the shape of tensor ", inQuotes(name),
         " differs from the model's");
  return found->second;
}

/// Mantissas are symmetric: the most negative number never occurs, and code
/// relies on it.
void checkMantissas(const std::string &path, const qtcrt_tensor &tensor,
                    const uint8_t *data) {
  bool valid = true;
  if (tensor.dtype == QTCRT_INT8)
    valid = !std::memchr(data, 0x80, tensor.elements);
  if (tensor.dtype == QTCRT_INT16)
    for (uint64_t i = 0; i < tensor.elements && valid; ++i)
      valid = data[2 * i] != 0 || data[2 * i + 1] != 0x80;
  if (!valid)
    fail(inQuotes(path), ": damaged: tensor ", inQuotes(tensor.name),
         " holds the most negative integer, which no mantissa is");
}

void loadTensor(const std::string &path, const SafeTensorsFile &file,
                const qtcrt_tensor &tensor, uint8_t *state) {
  const StoredTensor &stored = findTensor(
      path, file, tensor.name, dtypeName(tensor.dtype), shapeOf(tensor));
  if (tensor.has_exponent) {
    std::string name = std::string(tensor.name) + ".exponent";
    int32_t exponent;
    std::memcpy(&exponent, findTensor(path, file, name, "I32", {}).data,
                sizeof(exponent));
    if (exponent != tensor.exponent)
      fail(inQuotes(path), ": the exponent of tensor ", inQuotes(tensor.name),
           " is ", exponent, ", but the model was compiled with ",
           tensor.exponent);
    checkMantissas(path, tensor, stored.data);
  }
  std::memcpy(state + tensor.offset, stored.data, stored.bytes);
}

void checkIdentity(const MetadataReader &metadata, const qtcrt_model &model) {
  metadata.match("format", formatName, "format");
  metadata.match("model_hash", model.model_hash, "model hash");
  metadata.match("scheme", model.scheme, "scheme");
  metadata.match("options", model.options, "options");
}

RunRecord readRecord(const MetadataReader &metadata) {
  RunRecord record;
  record.seed = metadata.natural("seed");
  record.batch = metadata.natural("batch");
  record.limit = metadata.natural("limit");
  record.shuffle = metadata.boolean("shuffle");
  record.augment = metadata.text("augment");
  record.schedule = metadata.text("schedule");
  record.trainHash = metadata.text("train_hash");
  record.trainExamples = metadata.natural("train_examples");
  record.totalSteps = metadata.natural("total_steps");
  record.step = metadata.natural("step");
  record.epoch = metadata.natural("epoch");
  record.position = metadata.natural("epoch_position");
  record.lossSum = metadata.real("loss_sum");
  record.correct = metadata.natural("correct");
  record.seen = metadata.natural("seen");
  record.testAccuracy = metadata.real("test_accuracy");
  record.bestAccuracy = metadata.real("best_test_accuracy");
  return record;
}

} // namespace

void qtcrt::saveCheckpoint(const std::string &path, const qtcrt_model &model,
                           const uint8_t *state, const RunRecord &record) {
  std::vector<TensorView> tensors;
  for (uint64_t i = 0; i < model.tensor_count; ++i) {
    const qtcrt_tensor &tensor = model.tensors[i];
    tensors.push_back({tensor.name, dtypeName(tensor.dtype), shapeOf(tensor),
                       state + tensor.offset,
                       tensor.elements * dtypeBytes(tensor.dtype)});
    if (tensor.has_exponent)
      tensors.push_back({std::string(tensor.name) + ".exponent",
                         "I32",
                         {},
                         &tensor.exponent,
                         sizeof(tensor.exponent)});
  }
  // Wide elements first: every tensor is aligned for readers that map the file.
  auto width = [](const TensorView &tensor) {
    return tensor.dtype == "I64"   ? 8
           : tensor.dtype == "I16" ? 2
           : tensor.dtype == "I8"  ? 1
                                   : 4;
  };
  std::stable_sort(tensors.begin(), tensors.end(),
                   [&](const TensorView &a, const TensorView &b) {
                     return width(a) > width(b);
                   });
  writeSafeTensors(path, tensors, describe(model, state, record));
}

RunRecord qtcrt::loadCheckpoint(const std::string &path,
                                const qtcrt_model &model, uint8_t *state) {
  uint64_t bytes = 0, count = 0;
  for (uint64_t i = 0; i < model.tensor_count; ++i) {
    const qtcrt_tensor &tensor = model.tensors[i];
    bytes += tensor.elements * dtypeBytes(tensor.dtype);
    bytes += tensor.has_exponent ? sizeof(int32_t) : 0;
    count += tensor.has_exponent ? 2 : 1;
  }
  SafeTensorsFile file = readSafeTensors(path, bytes);
  MetadataReader metadata(path, file.metadata);
  checkIdentity(metadata, model);
  for (uint64_t i = 0; i < model.tensor_count; ++i)
    loadTensor(path, file, model.tensors[i], state);
  if (file.tensors.size() != count)
    fail(inQuotes(path), ": holds ", file.tensors.size(), " tensors, but the ",
         "model has ", count);
  RunRecord record = readRecord(metadata);
  metadata.match("state_hash", hashState(model, state).c_str(),
                 "state hash (the file is damaged)");
  return record;
}
