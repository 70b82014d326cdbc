//===- Progress.cpp - a progress line on the terminal ---------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/Progress.h"

#include "qtcrt/Error.h"

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

std::string qtcrt::epochText(const EpochMetrics &line) {
  char loss[32] = "nan", test[32] = "-", speed[32] = "-", text[256];
  // A loss that grows without bound has few digits, too.
  if (!std::isnan(line.trainLoss))
    std::snprintf(loss, sizeof(loss), line.trainLoss < 100 ? "%.4f" : "%.4g",
                  line.trainLoss);
  if (line.testAccuracy >= 0)
    std::snprintf(test, sizeof(test), "%.2f %%", 100 * line.testAccuracy);
  if (!std::isnan(line.imagesPerSecond))
    std::snprintf(speed, sizeof(speed), "%.0f", line.imagesPerSecond);
  std::snprintf(text, sizeof(text),
                "epoch %3llu  loss %7s  train %6.2f %%  test %8s  "
                "%6s img/s  %7.*f s",
                static_cast<unsigned long long>(line.epoch), loss,
                100 * line.trainAccuracy, test, speed,
                line.seconds < 99999 ? 1 : 0, line.seconds);
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
