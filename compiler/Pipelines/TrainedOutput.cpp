//===- TrainedOutput.cpp - Outputs and their losses -----------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Pipelines/TrainedOutput.h"

#include "compiler/Pipelines/LayerSettings.h"

#include "llvm/ADT/StringExtras.h"

using namespace qtc;
using llvm::StringRef;

static constexpr llvm::StringLiteral kOption = "--output";

void TrainedOutput::setLoss(const Loss &chosen) {
  loss = &chosen;
  lossValues = getDefaultValues(chosen);
}

std::string TrainedOutput::spell() const {
  std::string text = name + ":weight=" + spellNumber(weight);
  if (!loss)
    return text;
  text += ",loss=" + loss->name.str();
  for (const SchemeOption &option : loss->options)
    if (StringRef value = lossValues.get(option); value != option.defaultValue)
      text += ("," + option.name + "=" + value).str();
  return text;
}

llvm::Expected<const Loss *> qtc::findLossOf(const Scheme &scheme,
                                             StringRef option, StringRef name) {
  if (llvm::is_contained(scheme.losses, name))
    return lookupLoss(name);
  return llvm::createStringError(
      "option '" + option + "': scheme " + scheme.name + " defines " +
      llvm::join(scheme.losses, ", ") + ", but got " + name);
}

/// Sets what `entry`, KEY=VALUE, says about `output`.
static llvm::Error parseEntry(StringRef entry, const Scheme &scheme,
                              TrainedOutput &output) {
  auto [key, value] = entry.split('=');
  if (key == "loss") {
    llvm::Expected<const Loss *> loss = findLossOf(scheme, kOption, value);
    if (!loss)
      return loss.takeError();
    output.setLoss(**loss);
    return llvm::Error::success();
  }
  if (key == "weight") {
    llvm::Expected<double> weight =
        parseFactor(kOption, key, "the loss", value, scheme);
    if (!weight)
      return weight.takeError();
    output.weight = *weight;
    return llvm::Error::success();
  }
  return llvm::createStringError("option '" + kOption +
                                 "': expected one of the keys loss, weight, "
                                 "but got '" +
                                 entry + "'");
}

llvm::Expected<TrainedOutput> qtc::parseOutput(StringRef text,
                                               const Scheme &scheme) {
  TrainedOutput output;
  // Names of outputs may contain colons.
  auto [name, settings] = text.rsplit(':');
  if (!settings.contains('='))
    name = text, settings = "";
  output.name = name.str();
  if (name.empty())
    return llvm::createStringError(
        "option '" + kOption +
        "': expected NAME or NAME:key=value[,key=value] with the keys loss, "
        "weight, but got '" +
        text + "'");
  llvm::SmallVector<StringRef> entries;
  settings.split(entries, ',', /*MaxSplit=*/-1,
                 /*KeepEmpty=*/!settings.empty());
  for (StringRef entry : entries)
    if (llvm::Error error = parseEntry(entry, scheme, output))
      return std::move(error);
  return output;
}
