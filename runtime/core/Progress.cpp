//===- Progress.cpp - a progress line on the terminal ---------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/Progress.h"

#include "qtcrt/Error.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <unistd.h>

using namespace qtcrt;

Progress::Progress() : enabled(isatty(STDERR_FILENO) == 1) {}

void Progress::begin(const std::string &newWhat, const char *newUnit,
                     unsigned long long newTotal,
                     unsigned long long newBefore) {
  clear();
  what = newWhat;
  unit = newUnit;
  total = newTotal;
  before = newBefore;
  sinceBegin.restart();
  sinceUpdate.restart();
}

void Progress::update(unsigned long long done) {
  if (!enabled || sinceBegin.seconds() < 2 ||
      (visible && sinceUpdate.seconds() < 0.2) || done <= before ||
      done > total)
    return;
  sinceUpdate.restart();
  double left = sinceBegin.seconds() / static_cast<double>(done - before) *
                static_cast<double>(total - done);
  std::string text = progressText(what, unit, done, total, left);
  std::fprintf(stderr, "\r\033[K%s", text.c_str());
  std::fflush(stderr);
  visible = true;
}

void Progress::clear() {
  if (visible)
    std::fputs("\r\033[K", stderr);
  visible = false;
}

std::string qtcrt::progressText(const std::string &what,
                                const std::string &unit,
                                unsigned long long done,
                                unsigned long long total, double seconds) {
  std::string text =
      concat(what, ": ", unit, " ", done, "/", total, " (",
             static_cast<unsigned long long>(100.0 * static_cast<double>(done) /
                                             static_cast<double>(total)),
             " %), ", durationText(seconds), " left in ", what);
  // A terminal of 80 columns wraps when the last of them is used.
  return text.substr(0, 79);
}

namespace {

/// `value` as the C library formats it; "nan" has no sign.
std::string format(const char *pattern, double value) {
  char text[64];
  std::snprintf(text, sizeof(text), pattern, value);
  return std::isnan(value) ? "nan" : text;
}

/// The text, with spaces before it to fill `width` columns.
std::string right(const std::string &text, size_t width) {
  return std::string(width - std::min(width, text.size()), ' ') + text;
}

/// The columns of accuracies and of the loss of training.
std::string classColumns(const Scores &train, const Scores &test) {
  // A loss that grows without bound has few digits, too.
  std::string loss = format(train.loss < 100 ? "%.4f" : "%.4g", train.loss);
  std::string accuracy =
      test.accuracy >= 0 ? format("%.2f %%", 100 * test.accuracy) : "-";
  return concat("loss ", right(loss, 7), "  train ",
                format("%6.2f %%", 100 * train.accuracy), "  test ",
                right(accuracy, 8));
}

/// The columns of losses, which have any scale.
std::string numberColumns(const Scores &train, const Scores &test) {
  bool isTested = test.loss >= 0 || std::isnan(test.loss);
  std::string loss = isTested ? format("%.5g", test.loss) : "-";
  return concat("loss ", right(format("%.5g", train.loss), 11), "  test loss ",
                right(loss, 11));
}

std::string columns(const Scores &train, const Scores &test, bool hasAccuracy) {
  return hasAccuracy ? classColumns(train, test) : numberColumns(train, test);
}

} // namespace

std::string qtcrt::epochText(const EpochMetrics &line) {
  std::string speed = std::isnan(line.imagesPerSecond)
                          ? "-"
                          : format("%.0f", line.imagesPerSecond);
  std::string text = concat(
      "epoch ", right(std::to_string(line.epoch), 3), "  ",
      columns(line.train, line.test, line.hasAccuracy), "  ", right(speed, 6),
      line.hasImages ? " img/s" : " ex/s", "  ",
      format(line.seconds < 99999 ? "%7.1f" : "%7.0f", line.seconds), " s");
  for (const OutputMetrics &output : line.outputs)
    text += concat("\n           ",
                   columns(output.train, output.test, output.hasAccuracy),
                   "  output ", inQuotes(output.name));
  return text;
}

std::string qtcrt::durationText(double seconds) {
  unsigned long long whole = static_cast<unsigned long long>(seconds + 0.5);
  if (whole < 60)
    return concat(whole, " s");
  if (whole < 3600)
    return concat(whole / 60, " min ", whole % 60, " s");
  return concat(whole / 3600, " h ", whole / 60 % 60, " min");
}
