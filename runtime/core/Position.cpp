//===- Position.cpp - a place in a run ------------------------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qtcrt/Position.h"

using namespace qtcrt;

namespace {

constexpr uint64_t percentUnit = 1000000; // percents have up to six decimals
constexpr uint64_t maxEpoch = 1000000000;

bool allDigits(const std::string &text) {
  return !text.empty() &&
         text.find_first_not_of("0123456789") == std::string::npos;
}

/// Reads a percentage, such as `40` or `62.5`, in millionths of a percent.
bool parsePercent(const std::string &text, uint64_t &value) {
  size_t dot = text.find('.');
  std::string whole = text.substr(0, dot);
  std::string fraction = dot == std::string::npos ? "0" : text.substr(dot + 1);
  if (!allDigits(whole) || whole.size() > 3 || !allDigits(fraction) ||
      fraction.size() > 6)
    return false;
  fraction.resize(6, '0');
  value = std::stoull(whole) * percentUnit + std::stoull(fraction);
  return value <= 100 * percentUnit;
}

} // namespace

std::string Position::parse(const std::string &text, Position &position) {
  if (!text.empty() && text.back() == '%') {
    position.unit = Unit::Percent;
    return parsePercent(text.substr(0, text.size() - 1), position.amount)
               ? ""
               : "a percentage from 0% to 100%";
  }
  position.unit = Unit::Epoch;
  bool isNumber = allDigits(text) && text.size() <= 10;
  if (isNumber)
    position.amount = std::stoull(text);
  return isNumber && position.amount <= maxEpoch ? "" : "an epoch number";
}

uint64_t Position::firstStep(uint64_t totalSteps,
                             uint64_t stepsPerEpoch) const {
  unsigned __int128 first = amount;
  constexpr uint64_t whole = 100 * percentUnit;
  first = unit == Unit::Epoch ? first * stepsPerEpoch
                              : (first * totalSteps + whole - 1) / whole;
  return first > UINT64_MAX ? UINT64_MAX : static_cast<uint64_t>(first);
}
