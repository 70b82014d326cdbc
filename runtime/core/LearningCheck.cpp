//===- LearningCheck.cpp - whether a run learns ---------------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qtcrt/LearningCheck.h"

#include "qtcrt/Error.h"
#include "qtcrt/Ports.h"
#include "qtcrt/ShellCommand.h"
#include "qtcrt/StateHash.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <vector>

using namespace qtcrt;

namespace {

/// With fewer examples, the loss is not conclusive.
constexpr uint64_t minExamples = 1000;
/// A loss this close to the loss of guessing, relative to it, is not a
/// coincidence.
constexpr double sameLoss = 0.0005;
/// A loss this close may be a coincidence unless the accuracy is that of
/// guessing, too.
constexpr double similarLoss = 0.005;
/// From this number of layers on, networks hardly learn without normalization.
constexpr uint64_t deepLayers = 8;

bool isTrained(const qtcrt_tensor &tensor) {
  return tensor.kind == QTCRT_STATE_PARAMETER && !tensor.frozen;
}

bool isZero(const qtcrt_tensor &tensor, const uint8_t *state) {
  const uint8_t *begin = state + tensor.offset;
  const uint8_t *end = begin + tensor.elements * dtypeBytes(tensor.dtype);
  return std::all_of(begin, end, [](uint8_t byte) { return byte == 0; });
}

bool isNormalized(const qtcrt_model &model) {
  using Json = nlohmann::json;
  Json options = Json::parse(model.options, nullptr,
                             /*allow_exceptions=*/false);
  return !options.is_object() || options.value("normalize", "") != "none";
}

/// Whether the share of correct answers is at most three standard deviations
/// above that of guessing.
bool isGuessing(const OutputSums &sums, int64_t classes) {
  double chance = 1 / static_cast<double>(classes);
  double examples = static_cast<double>(sums.examples);
  double deviation = std::sqrt(chance * (1 - chance) / examples);
  return sums.accuracy() <= chance + 3 * deviation;
}

std::string fixed(double value) {
  char text[64];
  std::snprintf(text, sizeof(text), "%.4f", value);
  return text;
}

/// Whether an input is numbers as they are.
bool hasPlainNumbers(const qtcrt_model &model) {
  return std::any_of(
      model.ports, model.ports + model.port_count, [](const qtcrt_port &port) {
        return port.role == QTCRT_PORT_INPUT &&
               port.encoding == QTCRT_ENCODING_NUMBER && !port.standardized;
      });
}

std::vector<std::string> likelyReasons(const qtcrt_model &model,
                                       const uint8_t *state,
                                       const std::string &schedule,
                                       const char *scheduleFault) {
  std::vector<std::string> reasons;
  uint64_t weights = 0;
  bool hasStatistics = false;
  for (uint64_t i = 0; i < model.tensor_count; ++i) {
    const qtcrt_tensor &tensor = model.tensors[i];
    hasStatistics |= tensor.kind == QTCRT_STATE_BUFFER;
    if (!isTrained(tensor) || tensor.rank < 2)
      continue;
    ++weights;
    if (reasons.empty() && isZero(tensor, state))
      reasons.push_back(
          concat("all weights of ", inQuotes(tensor.name), " are 0"));
  }
  reasons.push_back(concat("the learning rate is too ", scheduleFault,
                           " (--schedule=", quoteForShell(schedule), ")"));
  if (takesPixels(model) && !isNormalized(model))
    reasons.push_back("pixels are not normalized (compile with --normalize)");
  if (hasPlainNumbers(model))
    reasons.push_back("inputs are not standardized");
  if (weights >= deepLayers && !hasStatistics)
    reasons.push_back(
        concat("a network of ", weights, " layers has no BatchNormalization"));
  reasons.push_back(isClassifier(model)
                        ? "labels do not belong to their images"
                        : "targets do not belong to their inputs");
  return reasons;
}

} // namespace

LearningCheck::LearningCheck(const qtcrt_model &model, const uint8_t *state)
    : model(model) {
  if (std::any_of(model.tensors, model.tensors + model.tensor_count, isTrained))
    initialHash = hashParameters(model, state);
}

std::string LearningCheck::describeLoss(const OutputSums &sums,
                                        uint64_t index) const {
  const qtcrt_output &output = model.outputs[index];
  if (sums.examples < minExamples || output.classes == 1)
    return "";
  double loss = sums.meanLoss();
  if (std::isnan(loss))
    return "the loss is not a number";
  if (!predictsClasses(model, index))
    return ""; // the loss of guessing depends on the targets
  bool guesses = isGuessing(sums, output.classes);
  if (output.guess_loss == 0)
    return guesses ? "the training accuracy is that of guessing" : "";
  double distance = loss / output.guess_loss - 1;
  if (std::fabs(distance) <= sameLoss || (guesses && distance >= -similarLoss))
    return concat("the training loss is ", fixed(loss), ", guessing gives ",
                  fixed(output.guess_loss));
  return "";
}

/// The first output that has learned nothing.
std::string LearningCheck::describeLosses(const MetricSums &sums) const {
  for (uint64_t i = 0; i < model.output_count; ++i) {
    std::string text = describeLoss(sums[i], i);
    if (!text.empty() && model.output_count > 1)
      return concat("of output ", inQuotes(model.outputs[i].name), ", ", text);
    if (!text.empty())
      return text;
  }
  return "";
}

std::string LearningCheck::explain(const uint8_t *state, const MetricSums &sums,
                                   const std::string &schedule) const {
  if (initialHash.empty() || sums.front().examples == 0)
    return "";
  bool stands = hashParameters(model, state) == initialHash;
  std::string symptom =
      stands ? "no parameter has changed" : describeLosses(sums);
  if (symptom.empty())
    return "";
  std::string text = concat("nothing was learned: ", symptom);
  const char *separator = "; likely reasons: ";
  for (const std::string &reason : likelyReasons(
           model, state, schedule, stands ? "small" : "large or too small")) {
    text += separator + reason;
    separator = ", ";
  }
  return text;
}
