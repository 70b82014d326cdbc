//===- Checkpoint.cpp - the training state on disk ------------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qtcrt/Checkpoint.h"

#include "core/Hasher.h"
#include "qtcrt/CheckpointKeys.h"
#include "qtcrt/Error.h"
#include "qtcrt/Ports.h"
#include "qtcrt/SafeTensors.h"
#include "qtcrt/Session.h"
#include "qtcrt/ShellCommand.h"
#include "qtcrt/StateHash.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>

using namespace qtcrt;
using nlohmann::json;

namespace {

using Metadata = std::map<std::string, std::string>;

// The version follows the name. Version 1 had no hashes of metadata and data,
// one object of options with the batch in it, and no escapes in keys.
const std::string formatName = "qtc-checkpoint-";
constexpr uint64_t formatVersion = 2;

/// Room for metadata; the longest argument of a command has 128 KiB.
constexpr uint64_t maxMetadataBytes = uint64_t{1} << 20;
/// Limit of a file's tensors, as a multiple of the model's state. It leaves
/// room because a reader skips the optimizer state of other options, and
/// because a resumed run reports the option that differs rather than the size.
constexpr uint64_t maxSkippedFactor = 4;

constexpr const char *meansKey = "input_means";
constexpr const char *deviationsKey = "input_deviations";
/// Room for each of their numbers, which have 24 letters at most.
constexpr uint64_t maxNumberBytes = 32;

constexpr const char *averageFromKey = "average_from";
constexpr const char *averageCountKey = "average_count";

/// Doubles as hexadecimal floats: exact.
std::string toText(double value) {
  char text[64];
  std::snprintf(text, sizeof(text), "%a", value);
  return text;
}

std::string toText(const std::vector<double> &values) {
  std::string text;
  for (double value : values)
    text += (text.empty() ? "" : " ") + toText(value);
  return text;
}

/// The entries that hold the scores of tests.
struct ScoreKeys {
  const char *last, *best;
};

ScoreKeys scoreKeys(const qtcrt_model &model) {
  return isClassifier(model) ? ScoreKeys{"test_accuracy", "best_test_accuracy"}
                             : ScoreKeys{"test_loss", "best_test_loss"};
}

/// The hash of every other entry, sorted by key: the key, a zero byte, the
/// value, a zero byte.
std::string hashMetadata(const Metadata &metadata) {
  Hasher hasher;
  for (const auto &[key, value] : metadata) {
    if (key == "metadata_hash")
      continue;
    hasher.add(key.c_str(), key.size() + 1);
    hasher.add(value.c_str(), value.size() + 1);
  }
  return hasher.digest();
}

/// The key of a sum of an output. The first one has the keys of a model with
/// one output.
std::string sumKey(const char *name, uint64_t output) {
  return output == 0 ? name : concat(name, ".", output);
}

bool weighsLosses(const qtcrt_model &model, uint64_t output) {
  return findPort(model, QTCRT_PORT_WEIGHT, output, QTCRT_METRIC_LOSS);
}

void describeSums(const qtcrt_model &model, const RunRecord &record,
                  uint64_t output, Metadata &metadata) {
  OutputSums sums;
  if (!record.sums.empty()) // otherwise the run has not begun
    sums = record.sums[output];
  metadata[sumKey("loss_sum", output)] = toText(sums.loss);
  metadata[sumKey("correct", output)] = std::to_string(sums.correct);
  metadata[sumKey("seen", output)] = std::to_string(sums.examples);
  if (weighsLosses(model, output))
    metadata[sumKey("weight_sum", output)] = toText(sums.weight);
}

Metadata describe(const qtcrt_model &model, const uint8_t *state,
                  const RunRecord &record) {
  Metadata metadata = {
      {"format", formatName + std::to_string(formatVersion)},
      {"scheme", model.scheme},
      {"options", model.options},
      {"evaluation_options", model.evaluation_options},
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
      {"statistics_batches", std::to_string(record.estimateBatches)},
      {"train_hash", record.trainHash},
      {"train_examples", std::to_string(record.trainExamples)},
      {"total_steps", std::to_string(record.totalSteps)},
      {"step", std::to_string(record.step)},
      {"epoch", std::to_string(record.epoch)},
      {"epoch_position", std::to_string(record.position)},
      {scoreKeys(model).last, toText(record.testScore)},
      {scoreKeys(model).best, toText(record.bestScore)}};
  for (uint64_t i = 0; i < model.output_count; ++i)
    describeSums(model, record, i, metadata);
  if (!record.standardization.isEmpty()) {
    metadata[meansKey] = toText(record.standardization.means);
    metadata[deviationsKey] = toText(record.standardization.deviations);
  }
  if (!record.averageFrom.empty()) {
    metadata[averageFromKey] = record.averageFrom;
    metadata["average_every"] = std::to_string(record.averageEvery);
    metadata[averageCountKey] = std::to_string(record.average.count);
    metadata["average_tested"] = record.averageIsTested ? "true" : "false";
  }
  return metadata;
}

/// Typed access to the metadata of a file that may be damaged.
class MetadataReader {
public:
  MetadataReader(const std::string &path, const Metadata &metadata)
      : path(path), metadata(metadata) {}

  bool has(const std::string &key) const { return metadata.count(key) != 0; }
  const std::string &text(const std::string &key) const {
    auto found = metadata.find(key);
    if (found == metadata.end())
      fail(inQuotes(path), ": not a checkpoint of a qtc trainer: the metadata ",
           "have no entry ", inQuotes(key));
    return found->second;
  }
  uint64_t natural(const std::string &key) const {
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
  double real(const std::string &key) const {
    const std::string &value = text(key);
    char *end = nullptr;
    double number = std::strtod(value.c_str(), &end);
    if (value.empty() || *end != '\0')
      invalid(key);
    return number;
  }
  /// `count` finite numbers, not less than `least`.
  std::vector<double> reals(const std::string &key, uint64_t count,
                            double least) const {
    std::vector<double> numbers;
    const char *next = text(key).c_str();
    while (*next != '\0') {
      char *end = nullptr;
      double number = std::strtod(next, &end);
      if (end == next || !std::isfinite(number) || number < least)
        invalid(key);
      numbers.push_back(number);
      next = end;
    }
    if (numbers.size() != count)
      fail(inQuotes(path), ": damaged: metadata entry ", inQuotes(key), " has ",
           numbers.size(), " numbers, but the model's input has ", count,
           " channels");
    return numbers;
  }
  bool boolean(const std::string &key) const {
    const std::string &value = text(key);
    if (value != "true" && value != "false")
      invalid(key);
    return value == "true";
  }
  /// Throws unless the entry is `expected`; `what` names the property.
  void match(const std::string &key, const char *expected, const char *what,
             const std::string &advice) const {
    if (text(key) != expected)
      fail(inQuotes(path), ": the checkpoint's ", what, " differs: it has ",
           inQuotes(text(key)), ", but this trainer has ", inQuotes(expected),
           "; ", advice);
  }
  /// Throws unless the entry is `hash`, the hash of the file's contents.
  void matchHash(const std::string &key, const std::string &hash,
                 const char *what) const {
    if (text(key) != hash)
      fail(inQuotes(path), ": damaged: the ", what, " does not have the hash ",
           "that the file states");
  }

private:
  [[noreturn]] void invalid(const std::string &key) const {
    constexpr size_t shown = 200; // lists are long
    fail(inQuotes(path), ": damaged: metadata entry ", inQuotes(key), " is ",
         inQuotes(metadata.at(key).substr(0, shown)));
  }
  const std::string &path;
  const Metadata &metadata;
};

/// A tensor of the state, its exponent, or the sums of its average, as a tensor
/// of the file.
struct Part {
  enum class Content { Elements, Exponent, Sums };

  std::string key;
  const char *dtype;
  std::vector<int64_t> shape;
  const qtcrt_tensor *tensor;
  Content content;

  uint64_t bytes() const {
    switch (content) {
    case Content::Elements:
      break;
    case Content::Exponent:
      return sizeof(tensor->exponent);
    case Content::Sums:
      return tensor->elements * sizeof(int64_t);
    }
    return tensor->elements * dtypeBytes(tensor->dtype);
  }
};

/// All parts of the state that are saved, under the keys that they have in a
/// file of `version`, with the sums of averages if there are any.
std::vector<Part> listParts(const qtcrt_model &model, uint64_t version,
                            bool hasSums) {
  std::vector<Part> parts;
  for (uint64_t i = 0; i < model.tensor_count; ++i) {
    const qtcrt_tensor &tensor = model.tensors[i];
    if (tensor.kind == QTCRT_STATE_SCRATCH)
      continue;
    std::vector<int64_t> shape(tensor.shape, tensor.shape + tensor.rank);
    bool isOld = version == 1;
    std::string name = isOld ? tensor.name : checkpointKey(tensor);
    parts.push_back({name, dtypeName(tensor.dtype), shape, &tensor,
                     Part::Content::Elements});
    std::string exponent = isOld ? name + ".exponent" : exponentKey(tensor);
    if (tensor.has_exponent)
      parts.push_back({exponent, "I32", {}, &tensor, Part::Content::Exponent});
    if (hasSums && isAveraged(tensor))
      parts.push_back({averageKey(tensor),
                       tensor.dtype == QTCRT_FLOAT32 ? "F64" : "I64", shape,
                       &tensor, Part::Content::Sums});
  }
  return parts;
}

/// The place of the elements of `part`, or of their sums.
template <typename State, typename Average>
State *findNumbers(const Part &part, const qtcrt_model &model, State *state,
                   Average &average) {
  if (part.content == Part::Content::Elements)
    return state + part.tensor->offset;
  auto index = static_cast<size_t>(part.tensor - model.tensors);
  return average.sums[index].data();
}

/// Whether a checkpoint without `part` is of no use. Optimizer state is
/// optional for readers: it depends on options that they need not share.
bool isRequired(const Part &part, CheckpointUse use) {
  return use == CheckpointUse::Resume ||
         part.tensor->kind != QTCRT_STATE_OPTIMIZER;
}

/// An open file whose format has been checked.
class CheckpointReader {
public:
  CheckpointReader(const std::string &path, const qtcrt_model &model,
                   CheckpointUse use)
      : path(path), model(model), use(use),
        parts(listParts(model, formatVersion, /*hasSums=*/true)),
        file(path, maxHeaderBytes()), metadata(path, file.header().metadata) {
    checkVersion();
    parts = listParts(model, version,
                      metadata.has(averageCountKey) &&
                          metadata.natural(averageCountKey) > 0);
  }

  void checkIdentity() const;
  void checkSize() const;
  void checkTensors() const;
  void load(uint8_t *state, WeightAverage &average);
  OutputSums readSums(uint64_t output) const;
  RunRecord readRecord() const;

private:
  /// Older files have no evaluation statistics; the running ones take their
  /// place.
  bool isMissing(const qtcrt_tensor &tensor) const {
    return tensor.kind == QTCRT_STATE_EVALUATION &&
           (version == 1 ||
            !file.header().tensors.count(checkpointKey(tensor)));
  }
  bool isRead(const Part &part) const {
    return isRequired(part, use) && !isMissing(*part.tensor);
  }
  uint64_t maxHeaderBytes() const;
  void checkVersion();
  void checkOptions(const char *key, const char *ours) const;
  json getOptions(const char *key) const;
  void checkTensor(const Part &part) const;
  bool holds(const Part &part) const;
  void checkExponent(const Part &part, int32_t exponent) const;
  void checkMantissas(const qtcrt_tensor &tensor, const uint8_t *state) const;
  void checkSums(const WeightAverage &average) const;
  void readAverage(RunRecord &record) const;

  const std::string &path;
  const qtcrt_model &model;
  const CheckpointUse use;
  std::vector<Part> parts;
  SafeTensorsReader file;
  MetadataReader metadata;
  uint64_t version = 0;
};

/// Longer headers are rejected, so that a file cannot claim more memory than
/// its model needs.
uint64_t CheckpointReader::maxHeaderBytes() const {
  uint64_t bytes = 0;
  // A letter takes 6 bytes at most, an extent or offset 20; other writers put
  // spaces in between.
  for (const Part &part : parts)
    bytes += 128 + 6 * part.key.size() + 24 * (part.shape.size() + 2);
  return maxMetadataBytes + maxSkippedFactor * bytes +
         2 * maxNumberBytes * standardizedChannels(model);
}

/// More data are not read. The scheme, the model and the options say more about
/// a wrong file, so they are compared first.
void CheckpointReader::checkSize() const {
  uint64_t most = 0, bytes = file.header().dataBytes;
  for (const Part &part : parts)
    most += maxSkippedFactor * part.bytes();
  if (bytes > most)
    fail(inQuotes(path), ": holds ", bytes, " bytes of tensors, but the ",
         "model has at most ", most);
}

void CheckpointReader::checkVersion() {
  const std::string &format = metadata.text("format");
  std::string number =
      format.substr(std::min(formatName.size(), format.size()));
  for (uint64_t known = 1; known <= formatVersion; ++known)
    if (format == formatName + std::to_string(known))
      version = known;
  if (format.rfind(formatName, 0) != 0 || number.empty())
    fail(inQuotes(path), ": not a checkpoint of a qtc trainer: its format is ",
         inQuotes(format));
  if (version == 0)
    fail(inQuotes(path), ": the checkpoint has format version ",
         inQuotes(number), ", but this trainer reads versions up to ",
         formatVersion, "; compile the model with a newer qtc");
  if (version > 1)
    metadata.matchHash("metadata_hash", hashMetadata(file.header().metadata),
                       "metadata");
}

/// The options of `text`, a JSON object; null if it is none.
json parseOptions(const std::string &text) {
  json options = json::parse(text, nullptr, /*allow_exceptions=*/false);
  return options.is_object() ? options : json();
}

std::string describeOption(const json &options, const std::string &key) {
  auto found = options.find(key);
  if (found == options.end())
    return "no --" + key;
  // An option that is given several times is a list.
  std::string text;
  for (const json &value : found->is_array() ? *found : json::array({*found}))
    text += (text.empty() ? "--" : " --") + key + "=" +
            (value.is_string() ? value.get<std::string>() : value.dump());
  return text;
}

/// The options that two compilations do not share, as the user writes them.
struct Difference {
  std::string theirs, ours;
};

Difference compareOptions(const json &theirs, const json &ours) {
  json all = ours;
  all.update(theirs);
  Difference difference;
  for (const auto &item : all.items()) {
    const std::string &option = item.key();
    auto found = theirs.find(option), expected = ours.find(option);
    if (found != theirs.end() && expected != ours.end() && *found == *expected)
      continue;
    const char *separator = difference.theirs.empty() ? "" : " ";
    difference.theirs += separator + describeOption(theirs, option);
    difference.ours += separator + describeOption(ours, option);
  }
  return difference;
}

json CheckpointReader::getOptions(const char *key) const {
  json options = parseOptions(metadata.text(key));
  if (options.is_null())
    fail(inQuotes(path), ": damaged: metadata entry ", inQuotes(key),
         " is not a JSON object");
  if (version == 1)
    options.erase("batch");
  return options;
}

/// Throws if an option differs from `ours`.
void CheckpointReader::checkOptions(const char *key, const char *ours) const {
  Difference difference = compareOptions(getOptions(key), parseOptions(ours));
  if (difference.theirs.empty())
    return;
  std::string old = version == formatVersion
                        ? ""
                        : concat(" (a checkpoint of format version ", version,
                                 " needs all options of its run, one of ",
                                 "version ", formatVersion, " does not)");
  fail(inQuotes(path), ": the checkpoint's options differ: its run had ",
       inQuotes(difference.theirs), ", but this trainer has ",
       inQuotes(difference.ours), "; ", adviseToCompile("the former"), old);
}

void CheckpointReader::checkIdentity() const {
  metadata.match(
      "scheme", model.scheme, "scheme",
      adviseToCompile("--scheme=" + quoteForShell(metadata.text("scheme"))));
  metadata.match("model_hash", model.model_hash, "model hash",
                 "it is of another model or of other initial weights; use the "
                 "model file of its run");
  if (use == CheckpointUse::Resume || version == 1)
    checkOptions("options", model.options);
  else
    checkOptions("evaluation_options", model.evaluation_options);
}

void CheckpointReader::checkTensor(const Part &part) const {
  auto found = file.header().tensors.find(part.key);
  if (found == file.header().tensors.end())
    fail(inQuotes(path), ": tensor ", inQuotes(part.key),
         " of the model is missing");
  if (found->second.dtype != part.dtype)
    fail(inQuotes(path), ": tensor ", inQuotes(part.key), " has type ",
         found->second.dtype, ", expected ", part.dtype);
  if (found->second.shape != part.shape)
    fail(inQuotes(path), ": the shape of tensor ", inQuotes(part.key),
         " differs from the model's");
}

bool CheckpointReader::holds(const Part &part) const {
  auto found = file.header().tensors.find(part.key);
  return found != file.header().tensors.end() &&
         found->second.dtype == part.dtype && found->second.shape == part.shape;
}

void CheckpointReader::checkTensors() const {
  uint64_t count = 0;
  for (const Part &part : parts)
    if (isRead(part)) {
      checkTensor(part);
      ++count;
    }
  if (use == CheckpointUse::Resume && file.header().tensors.size() != count)
    fail(inQuotes(path), ": holds ", file.header().tensors.size(),
         " tensors, but the model has ", count);
}

void CheckpointReader::checkExponent(const Part &part, int32_t exponent) const {
  if (exponent == part.tensor->exponent)
    return;
  Difference difference =
      compareOptions(getOptions("options"), parseOptions(model.options));
  fail(inQuotes(path), ": the exponent of tensor ", inQuotes(part.tensor->name),
       " is ", exponent, ", but the model was compiled with ",
       part.tensor->exponent, difference.theirs.empty() ? "" : "; ",
       difference.theirs.empty() ? "" : adviseToCompile(difference.theirs));
}

/// Mantissas are symmetric: the most negative number never occurs, and code
/// relies on it.
void CheckpointReader::checkMantissas(const qtcrt_tensor &tensor,
                                      const uint8_t *state) const {
  const uint8_t *data = state + tensor.offset;
  bool valid = true;
  if (tensor.dtype == QTCRT_INT8)
    valid = !std::memchr(data, 0x80, tensor.elements);
  if (tensor.dtype == QTCRT_INT16)
    for (uint64_t i = 0; i < tensor.elements && valid; ++i)
      valid = data[2 * i] != 0 || data[2 * i + 1] != 0x80;
  if (!valid)
    fail(inQuotes(path), ": damaged: tensor ", inQuotes(tensor.name),
         " holds the most negative integer, which is not a valid mantissa");
}

/// Means of mantissas must be mantissas, too.
void CheckpointReader::checkSums(const WeightAverage &average) const {
  for (size_t i = 0; i < average.sums.size(); ++i) {
    const qtcrt_tensor &tensor = model.tensors[i];
    if (!isAveraged(tensor) || tensor.dtype == QTCRT_FLOAT32)
      continue;
    auto largest = static_cast<__int128>(average.count) *
                   (tensor.dtype == QTCRT_INT8 ? INT8_MAX : INT16_MAX);
    const auto *sums =
        reinterpret_cast<const int64_t *>(average.sums[i].data());
    if (std::any_of(sums, sums + tensor.elements, [&](int64_t sum) {
          return sum > largest || sum < -largest;
        }))
      fail(inQuotes(path), ": damaged: tensor ", inQuotes(averageKey(tensor)),
           " is not a sum of ", average.count, " weights");
  }
}

void CheckpointReader::load(uint8_t *state, WeightAverage &average) {
  if (average.count > 0)
    average.allocate(model);
  std::map<std::string, int32_t> exponents;
  std::map<std::string, uint8_t *> places;
  for (const Part &part : parts)
    if (holds(part))
      places[part.key] = part.content == Part::Content::Exponent
                             ? reinterpret_cast<uint8_t *>(&exponents[part.key])
                             : findNumbers(part, model, state, average);
  std::string hash = file.readData([&](const std::string &key) {
    auto found = places.find(key);
    return found == places.end() ? nullptr : found->second;
  });
  if (version > 1)
    metadata.matchHash("data_hash", hash, "data");
  for (const Part &part : parts) {
    if (part.content == Part::Content::Exponent && holds(part)) {
      checkExponent(part, exponents[part.key]);
      checkMantissas(*part.tensor, state);
    }
    if (part.content == Part::Content::Elements && isMissing(*part.tensor))
      copyOrigin(model, *part.tensor, state);
  }
  checkSums(average);
  metadata.matchHash("state_hash", hashState(model, state), "state");
}

OutputSums CheckpointReader::readSums(uint64_t output) const {
  OutputSums sums;
  sums.loss = metadata.real(sumKey("loss_sum", output));
  sums.correct = metadata.natural(sumKey("correct", output));
  sums.examples = metadata.natural(sumKey("seen", output));
  // Without weights of the losses, all that are counted have the weight 1.
  std::string weight = sumKey("weight_sum", output);
  sums.weight = metadata.has(weight) ? metadata.real(weight)
                                     : static_cast<double>(sums.examples);
  return sums;
}

void CheckpointReader::readAverage(RunRecord &record) const {
  record.averageFrom = metadata.text(averageFromKey);
  record.averageEvery = metadata.natural("average_every");
  record.average.count = metadata.natural(averageCountKey);
  record.averageIsTested = metadata.boolean("average_tested");
  if (record.average.count > record.step)
    fail(inQuotes(path), ": damaged: an average of ", record.average.count,
         " weights at step ", record.step);
}

RunRecord CheckpointReader::readRecord() const {
  RunRecord record;
  record.seed = metadata.natural("seed");
  record.batch = metadata.natural("batch");
  record.limit = metadata.natural("limit");
  record.shuffle = metadata.boolean("shuffle");
  record.augment = metadata.text("augment");
  record.schedule = metadata.text("schedule");
  // Older checkpoints do not say.
  record.estimateBatches = metadata.has("statistics_batches")
                               ? metadata.natural("statistics_batches")
                               : model.estimate_batches;
  record.trainHash = metadata.text("train_hash");
  record.trainExamples = metadata.natural("train_examples");
  record.totalSteps = metadata.natural("total_steps");
  record.step = metadata.natural("step");
  record.epoch = metadata.natural("epoch");
  record.position = metadata.natural("epoch_position");
  for (uint64_t i = 0; i < model.output_count; ++i)
    record.sums.push_back(readSums(i));
  record.testScore = metadata.real(scoreKeys(model).last);
  record.bestScore = metadata.real(scoreKeys(model).best);
  if (uint64_t channels = standardizedChannels(model)) {
    constexpr double any = std::numeric_limits<double>::lowest();
    constexpr double positive = std::numeric_limits<double>::denorm_min();
    record.standardization.means = metadata.reals(meansKey, channels, any);
    record.standardization.deviations =
        metadata.reals(deviationsKey, channels, positive);
  }
  if (metadata.has(averageFromKey))
    readAverage(record);
  return record;
}

} // namespace

void qtcrt::saveCheckpoint(const std::string &path, const qtcrt_model &model,
                           const uint8_t *state, const RunRecord &record) {
  std::vector<TensorView> tensors;
  for (const Part &part :
       listParts(model, formatVersion, record.average.count > 0)) {
    const void *data = part.content == Part::Content::Exponent
                           ? static_cast<const void *>(&part.tensor->exponent)
                           : findNumbers(part, model, state, record.average);
    tensors.push_back({part.key, part.dtype, part.shape, data, part.bytes()});
  }
  // Wide elements first: every tensor is aligned for readers that map the file.
  auto width = [](const TensorView &tensor) {
    return tensor.dtype == "I64" || tensor.dtype == "F64" ? 8
           : tensor.dtype == "I16"                        ? 2
           : tensor.dtype == "I8"                         ? 1
                                                          : 4;
  };
  std::stable_sort(tensors.begin(), tensors.end(),
                   [&](const TensorView &a, const TensorView &b) {
                     return width(a) > width(b);
                   });
  Hasher data;
  for (const TensorView &tensor : tensors)
    data.add(tensor.data, tensor.bytes);
  Metadata metadata = describe(model, state, record);
  metadata["data_hash"] = data.digest();
  metadata["metadata_hash"] = hashMetadata(metadata);
  writeSafeTensors(path, tensors, metadata);
}

RunRecord qtcrt::readRunRecord(const std::string &path,
                               const qtcrt_model &model) {
  CheckpointReader reader(path, model, CheckpointUse::Resume);
  reader.checkIdentity();
  return reader.readRecord();
}

RunRecord qtcrt::loadCheckpoint(const std::string &path,
                                const qtcrt_model &model, uint8_t *state,
                                CheckpointUse use) {
  CheckpointReader reader(path, model, use);
  reader.checkIdentity();
  reader.checkSize();
  reader.checkTensors();
  RunRecord record = reader.readRecord();
  reader.load(state, record.average);
  return record;
}
