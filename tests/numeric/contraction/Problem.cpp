//===- Problem.cpp - A convolution to be computed -------------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tests/numeric/contraction/Problem.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FormatVariadic.h"

#include <algorithm>
#include <cstdlib>
#include <random>

using namespace qtc::test;
using llvm::formatv;

int64_t Problem::getOutputExtent(unsigned dim) const {
  int64_t span = (kernel[dim] - 1) * dilations[dim] + 1;
  int64_t extent = dim == 0 ? height : width;
  return (extent + pads[dim] + pads[dim + 2] - span) / strides[dim] + 1;
}

int64_t Problem::getMacs() const {
  return getOutputSize() * getGroupInputs() * kernel[0] * kernel[1];
}

int64_t Problem::getResultSize() const {
  switch (pass) {
  case Pass::Forward:
    return getOutputSize();
  case Pass::InputGradient:
    return getImageSize();
  case Pass::WeightGradient:
    return getWeightSize();
  }
  return 0;
}

std::string Problem::getName() const {
  static const char *const names[] = {"forward", "input_gradient",
                                      "weight_gradient"};
  return formatv("{0} {1}x{2}x{3}x{4}->{5} {6}x{7} s{8},{9} p{10},{11},{12},"
                 "{13} d{14},{15} g{16}{17}{18}{19}",
                 names[static_cast<int>(pass)], batch, height, width, inputs,
                 outputs, kernel[0], kernel[1], strides[0], strides[1], pads[0],
                 pads[1], pads[2], pads[3], dilations[0], dilations[1], group,
                 nonnegative ? " nonnegative" : "", bias ? " bias" : "",
                 floats ? " floats" : "");
}

/// The names of `count` values: %i0, %i1, ...
static std::string list(const char *prefix, size_t count) {
  std::string result;
  for (size_t i = 0; i < count; ++i)
    result += formatv("{0}{1}{2}", i ? ", " : "", prefix, i);
  return result;
}

static std::string listTypes(const std::vector<std::string> &shapes) {
  std::string result;
  for (const std::string &shape : shapes)
    result += formatv("{0}tensor<{1}>", result.empty() ? "" : ", ", shape);
  return result;
}

std::string Problem::getModule() const {
  std::string x =
      formatv("{0}x{1}x{2}x{3}", batch, height, width, inputs).str();
  std::string w = formatv("{0}x{1}x{2}x{3}", outputs, getGroupInputs(),
                          kernel[0], kernel[1])
                      .str();
  std::string y = formatv("{0}x{1}x{2}x{3}", batch, getOutputExtent(0),
                          getOutputExtent(1), outputs)
                      .str();
  std::string first = x, second = w, result = y, name = "conv2d";
  if (pass == Pass::InputGradient)
    first = y, result = x, name = "conv2d_input_gradient";
  if (pass == Pass::WeightGradient)
    second = y, result = w, name = "conv2d_weight_gradient";
  std::string factor = floats ? "f32" : "i8", sum = floats ? "f32" : "i32";
  std::vector<std::string> ins = {first + "x" + factor, second + "x" + factor};
  if (bias)
    ins.push_back(std::to_string(outputs) + "x" + sum);
  std::vector<std::string> outs = {result + "x" + sum};
  if (!floats)
    outs.push_back(sum);
  std::string arguments, before, after;
  for (auto [i, type] : llvm::enumerate(ins)) {
    arguments += formatv("%a{0}: memref<{1}>, ", i, type);
    before += formatv(
        "  %i{0} = bufferization.to_tensor %a{0} restrict : memref<{1}>\n", i,
        type);
  }
  for (auto [i, type] : llvm::enumerate(outs)) {
    arguments += formatv("{0}%r{1}: memref<{2}>", i ? ", " : "", i, type);
    before += formatv("  %o{0} = tensor.empty() : tensor<{1}>\n", i, type);
    after += formatv("  bufferization.materialize_in_destination %y#{0} in "
                     "restrict writable %r{0} : (tensor<{1}>, memref<{1}>) -> "
                     "()\n",
                     i, type);
  }
  std::string attributes = formatv(
      "{{group = {0} : i64, {1}window = #qtrain.window<kernel = [{2}, {3}], "
      "strides = [{4}, {5}], pads = [{6}, {7}, {8}, {9}], dilations = [{10}, "
      "{11}]>}",
      group, nonnegative ? "nonnegative, " : "", kernel[0], kernel[1],
      strides[0], strides[1], pads[0], pads[1], pads[2], pads[3], dilations[0],
      dilations[1]);
  // The bias is a clause of its own.
  std::string clause;
  if (bias) {
    clause = formatv(" bias(%i2 : tensor<{0}>)", ins.back());
    ins.pop_back();
  }
  return formatv("func.func @kernel({0}) {{\n{1}  %y:{2} = qkernel.{3} ins({4} "
                 ": {5}){6} outs({7} : {8}) {9} -> {8}\n{10}  return\n}\n",
                 arguments, before, outs.size(), name, list("%i", ins.size()),
                 listTypes(ins), clause, list("%o", outs.size()),
                 listTypes(outs), attributes, after);
}

/// Operands for `problem` with elements from `firstElement` and
/// `secondElement`; the caller sets the bias.
template <typename Factor, typename Sum, typename First, typename Second>
static Data<Factor, Sum> makeData(const Problem &problem, First firstElement,
                                  Second secondElement) {
  Data<Factor, Sum> data;
  data.first.resize(problem.pass == Pass::InputGradient
                        ? problem.getOutputSize()
                        : problem.getImageSize());
  data.second.resize(problem.pass == Pass::WeightGradient
                         ? problem.getOutputSize()
                         : problem.getWeightSize());
  std::generate(data.first.begin(), data.first.end(), firstElement);
  std::generate(data.second.begin(), data.second.end(), secondElement);
  data.bias.resize(problem.bias ? problem.outputs : 0);
  data.result.assign(problem.getResultSize(), 0);
  return data;
}

ByteData qtc::test::makeBytes(const Problem &problem, unsigned seed) {
  std::mt19937 random(seed);
  int low = problem.nonnegative ? 0 : -127;
  std::uniform_int_distribution<int> firstRange(low, 127), range(-127, 127);
  auto data = makeData<int8_t, int32_t>(
      problem, [&] { return firstRange(random); },
      [&] { return range(random); });
  // Runs of extremes find saturating and 16-bit intermediate sums.
  std::fill_n(data.first.begin(), data.first.size() / 3, 127);
  std::fill_n(data.second.begin(), data.second.size() / 4, -127);
  std::uniform_int_distribution<int> biases(-(1 << 30), 1 << 30);
  for (int32_t &value : data.bias)
    value = biases(random);
  return data;
}

FloatData qtc::test::makeFloats(const Problem &problem, unsigned seed) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<float> range(-1, 1);
  auto element = [&] { return range(random); };
  auto data = makeData<float, float>(problem, element, element);
  std::generate(data.bias.begin(), data.bias.end(), element);
  return data;
}

/// Calls `body(image, weight, output)` with the indices of every product.
template <typename Body> static void forProducts(const Problem &p, Body body) {
  int64_t oh = p.getOutputExtent(0), ow = p.getOutputExtent(1);
  for (int64_t n = 0; n < p.batch; ++n)
    for (int64_t y = 0; y < oh; ++y)
      for (int64_t x = 0; x < ow; ++x)
        for (int64_t kh = 0; kh < p.kernel[0]; ++kh)
          for (int64_t kw = 0; kw < p.kernel[1]; ++kw) {
            int64_t h = y * p.strides[0] - p.pads[0] + kh * p.dilations[0];
            int64_t w = x * p.strides[1] - p.pads[1] + kw * p.dilations[1];
            if (h < 0 || h >= p.height || w < 0 || w >= p.width)
              continue;
            int64_t image = ((n * p.height + h) * p.width + w) * p.inputs;
            int64_t output = ((n * oh + y) * ow + x) * p.outputs;
            int64_t seen = p.getGroupInputs();
            for (int64_t o = 0; o < p.outputs; ++o)
              for (int64_t i = 0; i < seen; ++i)
                body(image + o / (p.outputs / p.group) * seen + i,
                     ((o * seen + i) * p.kernel[0] + kh) * p.kernel[1] + kw,
                     output + o);
          }
}

static int32_t addBias(int32_t sum, int32_t bias) {
  return std::clamp<int64_t>(int64_t(sum) + bias, -(1 << 30), 1 << 30);
}

static double addBias(double sum, double bias) { return sum + bias; }

template <typename Factor, typename Sum>
void qtc::test::computeReference(const Problem &problem,
                                 Data<Factor, Sum> &data) {
  const Factor *first = data.first.data(), *second = data.second.data();
  Sum *result = data.result.data();
  std::fill(data.result.begin(), data.result.end(), 0);
  switch (problem.pass) {
  case Pass::Forward:
    forProducts(problem, [=](int64_t x, int64_t w, int64_t y) {
      result[y] += Sum(first[x]) * second[w];
    });
    break;
  case Pass::InputGradient:
    forProducts(problem, [=](int64_t x, int64_t w, int64_t y) {
      result[x] += Sum(first[y]) * second[w];
    });
    break;
  case Pass::WeightGradient:
    forProducts(problem, [=](int64_t x, int64_t w, int64_t y) {
      result[w] += Sum(first[x]) * second[y];
    });
    break;
  }
  for (size_t i = 0; problem.bias && i < data.result.size(); ++i)
    result[i] = addBias(result[i], data.bias[i % problem.outputs]);
  data.maximum = 0;
  for (Sum value : data.result)
    data.maximum = std::max<Sum>(data.maximum, std::abs(value));
}

template void qtc::test::computeReference(const Problem &, ByteData &);
template void qtc::test::computeReference(const Problem &, DoubleData &);
