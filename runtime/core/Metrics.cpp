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

/// Whether a line is one of an epoch before `firstEpoch`.
bool isKept(const std::string &line, uint64_t firstEpoch) {
  Json value = Json::parse(line, nullptr, /*allow_exceptions=*/false);
  return value.is_object() && value.contains("epoch") &&
         value["epoch"].is_number_unsigned() &&
         value["epoch"].get<uint64_t>() < firstEpoch;
}

std::string keptLines(const std::string &path, uint64_t firstEpoch) {
  if (firstEpoch == 0 || !pathExists(path))
    return "";
  ByteSource file(path, ByteSource::Packing::Never);
  if (file.maximumBytes() > maxFileBytes)
    fail(inQuotes(path), ": too large for a file of metrics; remove it");
  std::string text(file.maximumBytes(), ' ');
  file.read(&text[0], text.size(), "the file");
  std::istringstream lines(text);
  std::string line, kept;
  while (std::getline(lines, line))
    if (isKept(line, firstEpoch))
      kept += line + "\n";
  return kept;
}

Json orNull(double value, bool exists) {
  return exists && std::isfinite(value) ? Json(value) : Json(nullptr);
}

} // namespace

MetricsFile::MetricsFile(const std::string &folder, uint64_t firstEpoch)
    : path(folder + "/" + metricsName) {
  std::string kept = keptLines(path, firstEpoch);
  writeFileAtomically(path, {{kept.data(), kept.size()}});
}

void MetricsFile::append(const EpochMetrics &metrics) {
  Json line = {{"epoch", metrics.epoch},
               {"step", metrics.step},
               {"train_loss", orNull(metrics.trainLoss, true)},
               {"train_accuracy", orNull(metrics.trainAccuracy, true)},
               {"test_accuracy",
                orNull(metrics.testAccuracy, metrics.testAccuracy >= 0)},
               {"images_per_second", orNull(metrics.imagesPerSecond, true)},
               {"seconds", orNull(metrics.seconds, true)},
               {"schedule", orNull(metrics.schedule, true)}};
  if (metrics.schedule == std::floor(metrics.schedule) &&
      std::fabs(metrics.schedule) < 1e15)
    line["schedule"] = static_cast<int64_t>(metrics.schedule);
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
