//===- Encode.cpp - from files' numbers to a step's bytes -----------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "data/Encode.h"

#include "qtcrt/Error.h"
#include "qtcrt/ShellCommand.h"
#include "qtcrt/StateHash.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>
#include <utility>

using namespace qtcrt;

namespace {

/// Clipping is remarked from this share of the inputs on.
constexpr double remarkedShare = 0.01;

std::string toText(double number, int digits = 6) {
  char text[32];
  std::snprintf(text, sizeof(text), "%.*g", digits, number);
  return text;
}

[[noreturn]] void failNumber(const NumberArray &array, uint64_t example,
                             double number, const std::string &problem) {
  fail(inQuotes(array.file), ": number ", toText(number), " of example ",
       example, " ", problem);
}

/// Reads the numbers of an example.
void readExample(const NumberArray &array, uint64_t example,
                 std::vector<double> &out) {
  array.read(example * out.size(), out);
  for (double number : out)
    if (!std::isfinite(number))
      failNumber(array, example, number,
                 "is not finite; replace it or leave the example out");
}

/// Calls `visit(number, channel)` for the numbers of all examples, in order.
template <typename Visit>
void visitNumbers(const RawColumn &column, uint64_t channels, Visit visit) {
  std::vector<double> example(column.shape.elements());
  uint64_t perChannel = example.size() / channels;
  for (uint64_t i = 0; i < column.count(); ++i) {
    readExample(column.numbers, i, example);
    for (uint64_t j = 0; j < example.size(); ++j)
      visit(example[j], j / perChannel);
  }
}

} // namespace

Standardization qtcrt::measureStandardization(const RawColumn &column,
                                              uint64_t channels) {
  Standardization result;
  std::vector<double> &means = result.means, &deviations = result.deviations;
  means.resize(channels);
  deviations.resize(channels);
  std::vector<double> least(channels, std::numeric_limits<double>::max());
  std::vector<double> most(channels, std::numeric_limits<double>::lowest());
  visitNumbers(column, channels, [&](double number, uint64_t channel) {
    least[channel] = std::min(least[channel], number);
    most[channel] = std::max(most[channel], number);
    means[channel] += number;
  });
  double count = static_cast<double>(column.numbers.size() / channels);
  for (uint64_t c = 0; c < channels; ++c)
    means[c] = least[c] == most[c] ? least[c] : means[c] / count;
  visitNumbers(column, channels, [&](double number, uint64_t channel) {
    double difference = number - means[channel];
    deviations[channel] += difference * difference;
  });
  for (uint64_t c = 0; c < channels; ++c) {
    deviations[c] = std::sqrt(deviations[c] / count);
    if (!std::isfinite(means[c]) || !std::isfinite(deviations[c]))
      fail(inQuotes(column.numbers.file), ": the numbers of channel ", c,
           " are too large to standardize; scale them down");
    if (deviations[c] == 0)
      deviations[c] = 1;
  }
  return result;
}

namespace {

/// Encodes what the files of one data set have for one port.
class Encoder {
public:
  Encoder(const ColumnRequest &request, Standardization standardization)
      : request(request), standardization(std::move(standardization)) {}

  Column encode(RawColumn &&raw) {
    Column result;
    result.shape = raw.shape;
    if (request.encoding == QTCRT_ENCODING_NUMBER) {
      encodeNumbers(raw, result);
    } else {
      result.elementBytes = raw.numbers.type.bytes;
      result.bytes = std::move(raw.numbers.data);
    }
    raw = RawColumn(); // its memory is not needed any more
    return result;
  }

  /// The remark about clipping in what was encoded so far.
  std::string getRemark() const {
    double share = static_cast<double>(clipped) / static_cast<double>(stored);
    if (clipped == 0 || share <= remarkedShare)
      return "";
    double mantissa =
        static_cast<double>(largestMantissa(request.format.dtype));
    double limit = std::ldexp(mantissa, request.format.exponent);
    return concat(toText(100 * share, 3), " % of the input numbers are beyond ",
                  toText(limit), " or -", toText(limit), " and were clipped; ",
                  request.standardized
                      ? "scale outliers down, for example with a logarithm"
                      : "standardize the data or scale them down");
  }

private:
  void encodeNumbers(const RawColumn &raw, Column &out) {
    out.elementBytes = dtypeBytes(request.format.dtype);
    out.bytes.resize(raw.count() * out.exampleBytes());
    std::vector<double> numbers(raw.shape.elements());
    for (uint64_t i = 0; i < raw.count(); ++i) {
      readExample(raw.numbers, i, numbers);
      standardize(numbers);
      checkNumbers(raw.numbers, i, numbers);
      clipped += storeNumbers(numbers, request.format,
                              out.bytes.data() + i * out.exampleBytes());
    }
    stored += raw.numbers.size();
  }

  void standardize(std::vector<double> &numbers) const {
    if (standardization.isEmpty())
      return;
    uint64_t perChannel = numbers.size() / standardization.means.size();
    for (uint64_t i = 0; i < numbers.size(); ++i)
      numbers[i] = (numbers[i] - standardization.means[i / perChannel]) /
                   standardization.deviations[i / perChannel];
  }

  void checkNumbers(const NumberArray &array, uint64_t example,
                    const std::vector<double> &numbers) const {
    constexpr double largest = std::numeric_limits<float>::max();
    for (double number : numbers) {
      if (request.areShares && !(number >= 0 && number <= 1))
        failNumber(array, example, number,
                   "is not between 0 and 1, as targets of the logistic loss "
                   "are; scale the targets, or " +
                       adviseToCompile("--loss=mse"));
      if (request.format.dtype == QTCRT_FLOAT32 && std::fabs(number) > largest)
        failNumber(array, example, number,
                   "is too large for a 32-bit float; scale the data down");
    }
  }

  const ColumnRequest &request;
  const Standardization standardization;
  uint64_t clipped = 0, stored = 0; ///< numbers
};

/// What input `index` is standardized with, the channels of which begin at
/// `begin` in that of the request; measured if the request has none.
Standardization findStandardization(const RawDataSet &raw,
                                    const DataRequest &request, size_t index,
                                    size_t begin) {
  const ColumnRequest &input = request.inputs[index];
  if (!input.standardized)
    return {};
  auto channels = static_cast<size_t>(input.shape.channels);
  if (request.standardization.isEmpty())
    return measureStandardization(raw.train.inputs[index], channels);
  auto slice = [&](const std::vector<double> &numbers) {
    auto first = numbers.begin() + static_cast<std::ptrdiff_t>(begin);
    return std::vector<double>(first,
                               first + static_cast<std::ptrdiff_t>(channels));
  };
  return {slice(request.standardization.means),
          slice(request.standardization.deviations)};
}

/// The targets of all outputs. Where files have one for all, it is copied.
std::vector<Column> encodeTargets(RawSplit &raw, const DataRequest &request) {
  raw.targets.resize(request.targets.size(), raw.targets.front());
  std::vector<Column> result;
  for (size_t i = 0; i < request.targets.size(); ++i)
    result.push_back(
        Encoder(request.targets[i], {}).encode(std::move(raw.targets[i])));
  return result;
}

} // namespace

DataSet qtcrt::encodeDataSet(RawDataSet &&raw, const DataRequest &request) {
  DataSet data;
  for (size_t i = 0; i < request.inputs.size(); ++i) {
    Standardization found =
        findStandardization(raw, request, i, data.standardization.means.size());
    data.standardization.append(found);
    Encoder encoder(request.inputs[i], found);
    if (request.train)
      data.train.inputs.push_back(
          encoder.encode(std::move(raw.train.inputs[i])));
    data.test.inputs.push_back(encoder.encode(std::move(raw.test.inputs[i])));
    if (data.remark.empty())
      data.remark = encoder.getRemark();
  }
  if (request.train)
    data.train.targets = encodeTargets(raw.train, request);
  data.test.targets = encodeTargets(raw.test, request);
  return data;
}
