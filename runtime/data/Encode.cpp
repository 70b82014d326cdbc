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
void visitNumbers(const RawSplit &split, uint64_t channels, Visit visit) {
  std::vector<double> example(split.shape.elements());
  uint64_t perChannel = example.size() / channels;
  for (uint64_t i = 0; i < split.count(); ++i) {
    readExample(split.inputs, i, example);
    for (uint64_t j = 0; j < example.size(); ++j)
      visit(example[j], j / perChannel);
  }
}

} // namespace

Standardization qtcrt::measureStandardization(const RawSplit &split,
                                              uint64_t channels) {
  Standardization result;
  std::vector<double> &means = result.means, &deviations = result.deviations;
  means.resize(channels);
  deviations.resize(channels);
  std::vector<double> least(channels, std::numeric_limits<double>::max());
  std::vector<double> most(channels, std::numeric_limits<double>::lowest());
  visitNumbers(split, channels, [&](double number, uint64_t channel) {
    least[channel] = std::min(least[channel], number);
    most[channel] = std::max(most[channel], number);
    means[channel] += number;
  });
  double count = static_cast<double>(split.inputs.size() / channels);
  for (uint64_t c = 0; c < channels; ++c)
    means[c] = least[c] == most[c] ? least[c] : means[c] / count;
  visitNumbers(split, channels, [&](double number, uint64_t channel) {
    double difference = number - means[channel];
    deviations[channel] += difference * difference;
  });
  for (uint64_t c = 0; c < channels; ++c) {
    deviations[c] = std::sqrt(deviations[c] / count);
    if (!std::isfinite(means[c]) || !std::isfinite(deviations[c]))
      fail(inQuotes(split.inputs.file), ": the numbers of channel ", c,
           " are too large to standardize; scale them down");
    if (deviations[c] == 0)
      deviations[c] = 1;
  }
  return result;
}

namespace {

/// Encodes the splits of one data set.
class Encoder {
public:
  Encoder(const DataRequest &request, const Standardization &standardization)
      : request(request), standardization(standardization) {}

  DataSplit encode(RawSplit &&split) {
    DataSplit result;
    result.shape = split.shape;
    if (request.classes)
      result.targets = std::move(split.targets.data);
    else
      encodeTargets(split, result);
    // The examples are counted by their inputs, which therefore come last.
    if (request.takesPixels)
      result.inputs = std::move(split.inputs.data);
    else
      encodeInputs(split, result);
    split = RawSplit(); // its memory is not needed any more
    return result;
  }

  /// The remark about clipping in what was encoded so far.
  std::string getRemark() const {
    double share = static_cast<double>(clipped) / static_cast<double>(stored);
    if (clipped == 0 || share <= remarkedShare)
      return "";
    double mantissa =
        static_cast<double>(largestMantissa(request.inputFormat.dtype));
    double limit = std::ldexp(mantissa, request.inputFormat.exponent);
    return concat(toText(100 * share, 3), " % of the input numbers are beyond ",
                  toText(limit), " or -", toText(limit), " and were clipped; ",
                  request.standardized
                      ? "scale outliers down, for example with a logarithm"
                      : "standardize the data or scale them down");
  }

private:
  void encodeInputs(const RawSplit &split, DataSplit &out) {
    out.elementBytes = dtypeBytes(request.inputFormat.dtype);
    out.inputs.resize(split.count() * out.inputBytes());
    std::vector<double> numbers(split.shape.elements());
    for (uint64_t i = 0; i < split.count(); ++i) {
      readExample(split.inputs, i, numbers);
      standardize(numbers);
      checkFloats(split.inputs, i, numbers, request.inputFormat);
      clipped += storeNumbers(numbers, request.inputFormat,
                              out.inputs.data() + i * out.inputBytes());
    }
    stored += split.inputs.size();
  }

  void encodeTargets(const RawSplit &split, DataSplit &out) const {
    out.targetBytes = request.outputs * dtypeBytes(request.targetFormat.dtype);
    out.targets.resize(split.count() * out.targetBytes);
    std::vector<double> numbers(request.outputs);
    for (uint64_t i = 0; i < split.count(); ++i) {
      readExample(split.targets, i, numbers);
      for (double number : numbers)
        if (request.isLogistic && !(number >= 0 && number <= 1))
          failNumber(split.targets, i, number,
                     "is not between 0 and 1, as targets of the logistic loss "
                     "are; scale the targets, or " +
                         adviseToCompile("--loss=mse"));
      checkFloats(split.targets, i, numbers, request.targetFormat);
      storeNumbers(numbers, request.targetFormat,
                   out.targets.data() + i * out.targetBytes);
    }
  }

  void standardize(std::vector<double> &numbers) const {
    if (standardization.isEmpty())
      return;
    uint64_t perChannel = numbers.size() / standardization.means.size();
    for (uint64_t i = 0; i < numbers.size(); ++i)
      numbers[i] = (numbers[i] - standardization.means[i / perChannel]) /
                   standardization.deviations[i / perChannel];
  }

  void checkFloats(const NumberArray &array, uint64_t example,
                   const std::vector<double> &numbers,
                   const NumberFormat &format) const {
    if (format.dtype != QTCRT_FLOAT32)
      return;
    constexpr double largest = std::numeric_limits<float>::max();
    for (double number : numbers)
      if (std::fabs(number) > largest)
        failNumber(array, example, number,
                   "is too large for a 32-bit float; scale the data down");
  }

  const DataRequest &request;
  const Standardization &standardization;
  uint64_t clipped = 0, stored = 0; ///< inputs
};

} // namespace

DataSet qtcrt::encodeDataSet(RawDataSet &&raw, const DataRequest &request) {
  DataSet data;
  if (request.standardized)
    data.standardization =
        request.standardization.isEmpty()
            ? measureStandardization(
                  raw.train, static_cast<uint64_t>(request.input.channels))
            : request.standardization;
  Encoder encoder(request, data.standardization);
  if (request.train)
    data.train = encoder.encode(std::move(raw.train));
  data.test = encoder.encode(std::move(raw.test));
  data.remark = encoder.getRemark();
  return data;
}
