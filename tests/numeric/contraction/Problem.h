//===- Problem.h - A convolution to be computed -----------------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One convolution with its operands, its result by plain loops, and the module
// with which qtc computes the same.
//
//===----------------------------------------------------------------------===//

#ifndef QTC_TESTS_NUMERIC_CONTRACTION_PROBLEM_H
#define QTC_TESTS_NUMERIC_CONTRACTION_PROBLEM_H

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace qtc::test {

enum class Pass { Forward, InputGradient, WeightGradient };

/// Sizes and attributes of a convolution.
struct Problem {
  Pass pass = Pass::Forward;
  int64_t batch, height, width, inputs, outputs;
  std::array<int64_t, 2> kernel;
  std::array<int64_t, 2> strides = {1, 1};
  std::array<int64_t, 4> pads = {0, 0, 0, 0};
  std::array<int64_t, 2> dilations = {1, 1};
  int64_t group = 1;
  bool nonnegative = false;
  bool bias = false;
  bool floats = false; ///< instead of bytes

  int64_t getOutputExtent(unsigned dim) const;
  int64_t getMacs() const;
  /// Elements of activations, weights and errors or accumulators.
  int64_t getImageSize() const { return batch * height * width * inputs; }
  int64_t getWeightSize() const {
    return outputs * getGroupInputs() * kernel[0] * kernel[1];
  }
  int64_t getOutputSize() const {
    return batch * getOutputExtent(0) * getOutputExtent(1) * outputs;
  }
  int64_t getResultSize() const;
  /// Input channels that an output sees.
  int64_t getGroupInputs() const { return inputs / group; }

  std::string getName() const;
  /// A module with @kernel(first operand, second operand, [bias,] accumulators,
  /// maximum) on buffers. Floats have no maximum.
  std::string getModule() const;
};

/// Operands and results.
template <typename Factor, typename Sum> struct Data {
  std::vector<Factor> first, second;
  std::vector<Sum> bias, result;
  Sum maximum = 0;
};
using ByteData = Data<int8_t, int32_t>;
using FloatData = Data<float, float>;
using DoubleData = Data<double, double>;

/// Pseudo-random operands for `problem`: bytes over the full range.
ByteData makeBytes(const Problem &problem, unsigned seed);
/// Floats from −1 to 1.
FloatData makeFloats(const Problem &problem, unsigned seed);

/// Fills in result and maximum, one product at a time.
template <typename Factor, typename Sum>
void computeReference(const Problem &problem, Data<Factor, Sum> &data);
extern template void computeReference(const Problem &, ByteData &);
extern template void computeReference(const Problem &, DoubleData &);

} // namespace qtc::test

#endif // QTC_TESTS_NUMERIC_CONTRACTION_PROBLEM_H
