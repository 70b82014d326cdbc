//===- Metrics.cpp - the file of one JSON object per epoch ----------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/Metrics.h"

#include "core/AtomicFile.h"
#include "core/RunFolder.h"
#include "data/ByteSource.h"
#include "qtcrt/Error.h"

#include <cerrno>
#include <cmath>
#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <sstream>
#include <unistd.h>

using namespace qtcrt;
using Json = nlohmann::ordered_json;

namespace {

constexpr uint64_t maxFileBytes = uint64_t{1} << 30;

/// A number of a line, or a number that no line has.
uint64_t getNumber(const Json &line, const char *key) {
  auto found = line.find(key);
  bool isNumber = found != line.end() && found->is_number_unsigned();
  return isNumber ? found->get<uint64_t>() : UINT64_MAX;
}

std::string readText(const std::string &path) {
  ByteSource file(path, ByteSource::Packing::Never);
  if (file.maximumBytes() > maxFileBytes)
    fail(inQuotes(path), ": too large for a file of metrics; remove it");
  std::string text(file.maximumBytes(), ' ');
  file.read(&text[0], text.size(), "the file");
  return text;
}

Json orNull(double value, bool exists) {
  return exists && std::isfinite(value) ? Json(value) : Json(nullptr);
}

void addScores(Json &object, const Scores &train, const Scores &test,
               bool hasAccuracy) {
  object["train_loss"] = orNull(train.loss, true);
  if (hasAccuracy)
    object["train_accuracy"] = orNull(train.accuracy, true);
  object["test_loss"] = orNull(test.loss, test.loss >= 0);
  if (hasAccuracy)
    object["test_accuracy"] = orNull(test.accuracy, test.accuracy >= 0);
}

} // namespace

bool MetricsFile::keep(const std::string &line, const EarlierMetrics &earlier) {
  Json value = Json::parse(line, nullptr, /*allow_exceptions=*/false);
  if (!value.is_object())
    return false;
  uint64_t epoch = getNumber(value, "epoch");
  bool isFinal = earlier.finalStep > 0 &&
                 getNumber(value, "step") == earlier.finalStep &&
                 epoch <= earlier.epochs;
  hasFinal = hasFinal || isFinal;
  if (epoch < earlier.epochs)
    epochs.insert(epoch);
  return epoch < earlier.epochs || isFinal;
}

MetricsFile::MetricsFile(const std::string &folder,
                         const EarlierMetrics &earlier)
    : path(folder + "/" + metricsName) {
  std::string line, kept;
  if ((earlier.epochs > 0 || earlier.finalStep > 0) && pathExists(path)) {
    std::istringstream lines(readText(path));
    while (std::getline(lines, line))
      if (keep(line, earlier))
        kept += line + "\n";
  }
  writeFileAtomically(path, {{kept.data(), kept.size()}});
}

void MetricsFile::append(const EpochMetrics &metrics) {
  Json line = {{"epoch", metrics.epoch}, {"step", metrics.step}};
  addScores(line, metrics.train, metrics.test, metrics.hasAccuracy);
  for (const OutputMetrics &output : metrics.outputs)
    addScores(line["outputs"][output.name], output.train, output.test,
              output.hasAccuracy);
  line["images_per_second"] = orNull(metrics.imagesPerSecond, true);
  line["seconds"] = orNull(metrics.seconds, true);
  line["schedule"] = orNull(metrics.schedule, true);
  if (metrics.schedule == std::floor(metrics.schedule) &&
      std::fabs(metrics.schedule) < 1e15)
    line["schedule"] = static_cast<int64_t>(metrics.schedule);
  if (metrics.averaged)
    line["averaged"] = *metrics.averaged;
  std::string text = line.dump() + "\n";
  int file =
      open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
  int error = file < 0 ? errno : 0;
  if (file >= 0) {
    ssize_t done = write(file, text.data(), text.size());
    if (done != static_cast<ssize_t>(text.size()))
      error = done < 0 ? errno : ENOSPC;
    close(file);
  }
  if (error)
    fail("cannot write ", inQuotes(path), ": ", describeErrno(error));
}
