//===- Problem.cpp - A convolution to be computed -------------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tests/numeric/contraction/Problem.h"

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
                 "{13} d{14},{15} g{16}{17}{18}",
                 names[static_cast<int>(pass)], batch, height, width, inputs,
                 outputs, kernel[0], kernel[1], strides[0], strides[1], pads[0],
                 pads[1], pads[2], pads[3], dilations[0], dilations[1], group,
                 nonnegative ? " nonnegative" : "", bias ? " bias" : "");
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
  std::string text = formatv(
      "func.func @kernel(%a: memref<{0}xi8>, %b: memref<{1}xi8>, {2}"
      "%acc: memref<{3}xi32>, %max: memref<i32>) {{\n"
      "  %ta = bufferization.to_tensor %a restrict : memref<{0}xi8>\n"
      "  %tb = bufferization.to_tensor %b restrict : memref<{1}xi8>\n",
      first, second,
      bias ? formatv("%c: memref<{0}xi32>, ", outputs).str() : "", result);
  if (bias)
    text += formatv("  %tc = bufferization.to_tensor %c restrict : "
                    "memref<{0}xi32>\n",
                    outputs);
  text += formatv(
      "  %e0 = tensor.empty() : tensor<{0}xi32>\n"
      "  %e1 = tensor.empty() : tensor<i32>\n"
      "  %r:2 = qkernel.{1} ins(%ta, %tb{2} : tensor<{3}xi8>, tensor<{4}xi8>"
      "{5}) outs(%e0, %e1 : tensor<{0}xi32>, tensor<i32>) {{group = {17} : "
      "i64, "
      "{6}window = #qtrain.window<kernel = [{7}, {8}], strides = [{9}, {10}], "
      "pads = [{11}, {12}, {13}, {14}], dilations = [{15}, {16}]>} -> "
      "tensor<{0}xi32>, tensor<i32>\n"
      "  bufferization.materialize_in_destination %r#0 in restrict writable "
      "%acc : (tensor<{0}xi32>, memref<{0}xi32>) -> ()\n"
      "  bufferization.materialize_in_destination %r#1 in restrict writable "
      "%max : (tensor<i32>, memref<i32>) -> ()\n"
      "  return\n}\n",
      result, name, bias ? ", %tc" : "", first, second,
      bias ? formatv(", tensor<{0}xi32>", outputs).str() : "",
      nonnegative ? "nonnegative, " : "", kernel[0], kernel[1], strides[0],
      strides[1], pads[0], pads[1], pads[2], pads[3], dilations[0],
      dilations[1], group);
  return text;
}

Data qtc::test::makeData(const Problem &problem, unsigned seed) {
  std::mt19937 random(seed);
  Data data;
  bool isForward = problem.pass == Pass::Forward;
  data.first.resize(problem.pass == Pass::InputGradient
                        ? problem.getOutputSize()
                        : problem.getImageSize());
  data.second.resize(problem.pass == Pass::WeightGradient
                         ? problem.getOutputSize()
                         : problem.getWeightSize());
  int low = problem.nonnegative ? 0 : -127;
  std::uniform_int_distribution<int> firstRange(low, 127), range(-127, 127);
  for (int8_t &value : data.first)
    value = firstRange(random);
  for (int8_t &value : data.second)
    value = range(random);
  // Runs of extremes find saturating and 16-bit intermediate sums.
  std::fill_n(data.first.begin(), data.first.size() / 3, 127);
  std::fill_n(data.second.begin(), data.second.size() / 4, -127);
  if (isForward && problem.bias) {
    std::uniform_int_distribution<int> biases(-(1 << 30), 1 << 30);
    data.bias.resize(problem.outputs);
    for (int32_t &value : data.bias)
      value = biases(random);
  }
  data.result.assign(problem.getResultSize(), 0);
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

void qtc::test::computeReference(const Problem &problem, Data &data) {
  const int8_t *first = data.first.data(), *second = data.second.data();
  int32_t *result = data.result.data();
  std::fill(data.result.begin(), data.result.end(), 0);
  switch (problem.pass) {
  case Pass::Forward:
    forProducts(problem, [=](int64_t x, int64_t w, int64_t y) {
      result[y] += int32_t(first[x]) * second[w];
    });
    break;
  case Pass::InputGradient:
    forProducts(problem, [=](int64_t x, int64_t w, int64_t y) {
      result[x] += int32_t(first[y]) * second[w];
    });
    break;
  case Pass::WeightGradient:
    forProducts(problem, [=](int64_t x, int64_t w, int64_t y) {
      result[w] += int32_t(first[x]) * second[y];
    });
    break;
  }
  if (problem.bias)
    for (size_t i = 0; i < data.result.size(); ++i)
      result[i] = std::clamp<int64_t>(int64_t(result[i]) +
                                          data.bias[i % problem.outputs],
                                      -(1 << 30), 1 << 30);
  data.maximum = 0;
  for (int32_t value : data.result)
    data.maximum = std::max(data.maximum, std::abs(value));
}
