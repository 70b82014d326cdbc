//===- Schedule.cpp - learning-rate lists ---------------------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qtcrt/Schedule.h"

#include "qtcrt/Error.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iterator>

using namespace qtcrt;

namespace {

constexpr int64_t maxInteger = 1000;

/// A list that suits the values of `kind`.
const char *example(qtcrt_schedule_kind kind) {
  switch (kind) {
  case QTCRT_SCHEDULE_INTEGER:
    return "4,2@40%,0@60%";
  case QTCRT_SCHEDULE_LOG2:
    return "8,1@67%,1/8@83%";
  case QTCRT_SCHEDULE_FLOAT:
    break;
  }
  return "0.05,0.005@60%,0.0005@90%";
}

bool allDigits(const std::string &text) {
  return !text.empty() &&
         text.find_first_not_of("0123456789") == std::string::npos;
}

bool isDecimal(std::string text) {
  if (!text.empty() && (text[0] == '-' || text[0] == '+'))
    text.erase(0, 1);
  return !text.empty() && text.size() <= 64 &&
         std::strchr("0123456789.", text[0]) &&
         text.find_first_not_of("0123456789.eE+-") == std::string::npos;
}

int64_t bitsOf(float single) {
  int32_t bits;
  std::memcpy(&bits, &single, sizeof(bits));
  return bits;
}

float singleOf(int64_t value) {
  float single;
  int32_t bits = static_cast<int32_t>(value);
  std::memcpy(&single, &bits, sizeof(single));
  return single;
}

/// Reads `text` as a decimal number; false if it is not one.
bool parseDecimal(const std::string &text, double &value) {
  if (!isDecimal(text))
    return false;
  char *end = nullptr;
  value = std::strtod(text.c_str(), &end);
  return *end == '\0' && std::isfinite(value);
}

} // namespace

void Schedule::malformed(const std::string &entry,
                         const std::string &expected) const {
  throw UsageError(concat("--schedule: entry ", inQuotes(entry), ": expected ",
                          expected, "; write a list such as ", example(kind)));
}

int64_t Schedule::parseValue(const std::string &text) const {
  if (kind == QTCRT_SCHEDULE_INTEGER) {
    std::string digits = text;
    if (!digits.empty() && (digits[0] == '-' || digits[0] == '+'))
      digits.erase(0, 1);
    if (!allDigits(digits) || digits.size() > 6 ||
        std::stoll(digits) > maxInteger)
      malformed(text, "an integer from -1000 to 1000");
    int64_t value = std::stoll(digits);
    return text[0] == '-' ? -value : value;
  }
  size_t slash = text.find('/');
  double value = 0, divisor = 1;
  if (!parseDecimal(text.substr(0, slash), value) ||
      (slash != std::string::npos &&
       (!parseDecimal(text.substr(slash + 1), divisor) || divisor == 0)))
    malformed(text, "a number such as 0.01 or 1/8");
  value /= divisor;
  if (kind == QTCRT_SCHEDULE_LOG2) {
    int exponent = 0;
    if (!(value > 0) || std::frexp(value, &exponent) != 0.5)
      malformed(text, "a power of two such as 1/8");
    return exponent - 1;
  }
  float single = static_cast<float>(value);
  if (!std::isfinite(single) || single < 0)
    malformed(text, "a number of single precision that is not negative");
  return bitsOf(single);
}

void Schedule::parsePosition(const std::string &text, Entry &entry) const {
  std::string expected = Position::parse(text, entry.position.emplace());
  if (!expected.empty())
    malformed(entry.text, entry.position->unit == Position::Unit::Epoch
                              ? expected + " after '@'"
                              : expected);
}

void Schedule::parseEntry(const std::string &text) {
  Entry entry;
  entry.text = text;
  size_t at = text.find('@');
  std::string value = text.substr(0, at), prefix;
  if (size_t colon = value.find(':'); colon != std::string::npos) {
    prefix = value.substr(0, colon + 1);
    value.erase(0, colon + 1);
    if (prefix != "linear:" && prefix != "cosine:")
      malformed(text, "'linear:' or 'cosine:' before the value of a ramp");
    if (entries.empty())
      malformed(text, "a first entry that is no ramp");
    entry.ramp = prefix == "linear:" ? Ramp::Linear : Ramp::Cosine;
  }
  entry.value = parseValue(value);
  if (at != std::string::npos) {
    parsePosition(text.substr(at + 1), entry);
    if (entries.empty())
      malformed(text, "a first entry without '@'");
  } else if (!entries.empty()) {
    malformed(text, concat(prefix, "value@epoch or ", prefix,
                           "value@percent% after the first entry"));
  }
  // Those of other units are compared once they are steps.
  for (const Entry &before : entries)
    if (before.position && before.position->unit == entry.position->unit &&
        before.position->amount >= entry.position->amount)
      throw UsageError(concat("--schedule: entry ", inQuotes(text),
                              " is not after ", inQuotes(before.text),
                              "; sort the list by time"));
  entries.push_back(entry);
}

Schedule Schedule::parse(const std::string &text, qtcrt_schedule_kind kind) {
  Schedule schedule;
  schedule.kind = kind;
  if (text.size() > 65536)
    throw UsageError("--schedule: the list is longer than 65536 characters");
  size_t begin = 0;
  while (true) {
    size_t comma = text.find(',', begin);
    schedule.parseEntry(text.substr(begin, comma - begin));
    if (comma == std::string::npos)
      return schedule;
    begin = comma + 1;
  }
}

bool Schedule::operator==(const Schedule &other) const {
  return kind == other.kind &&
         std::equal(entries.begin(), entries.end(), other.entries.begin(),
                    other.entries.end(), [](const Entry &a, const Entry &b) {
                      return a.ramp == b.ramp && a.value == b.value &&
                             a.position == b.position;
                    });
}

void Schedule::resolve(uint64_t totalSteps, uint64_t stepsPerEpoch) {
  uint64_t previous = 0;
  for (Entry &entry : entries) {
    if (entry.position)
      entry.firstStep = entry.position->firstStep(totalSteps, stepsPerEpoch);
    if (entry.firstStep < previous)
      throw UsageError(concat("--schedule: entry ", inQuotes(entry.text),
                              " is at step ", entry.firstStep,
                              ", before the previous entry (step ", previous,
                              "); sort the list by time"));
    previous = entry.firstStep;
  }
}

int64_t Schedule::valueBetween(const Entry &from, const Entry &to,
                               double x) const {
  if (kind != QTCRT_SCHEDULE_FLOAT)
    return exponentBetween(*to.ramp, from.value, to.value, x);
  return bitsOf(static_cast<float>(
      rateBetween(*to.ramp, singleOf(from.value), singleOf(to.value), x)));
}

int64_t Schedule::valueAt(uint64_t step) const {
  auto next = std::upper_bound(
      entries.begin(), entries.end(), step,
      [](uint64_t step, const Entry &entry) { return step < entry.firstStep; });
  const Entry &last = *std::prev(next);
  if (next == entries.end() || !next->ramp || step == last.firstStep)
    return last.value;
  return valueBetween(
      last, *next,
      static_cast<double>(step - last.firstStep) /
          static_cast<double>(next->firstStep - last.firstStep));
}

double Schedule::toNumber(int64_t value) const {
  if (kind == QTCRT_SCHEDULE_LOG2)
    return std::ldexp(1.0, static_cast<int>(value));
  if (kind == QTCRT_SCHEDULE_INTEGER)
    return static_cast<double>(value);
  float single = singleOf(value);
  double number = 0;
  for (int digits = 1; digits <= 9; ++digits) { // nine always are enough
    char text[32];
    std::snprintf(text, sizeof(text), "%.*g", digits,
                  static_cast<double>(single));
    number = std::strtod(text, nullptr);
    if (static_cast<float>(number) == single)
      break;
  }
  return number;
}
