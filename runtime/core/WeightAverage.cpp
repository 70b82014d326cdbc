//===- WeightAverage.cpp - averages of weights over steps -----------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qtcrt/WeightAverage.h"

#include "qtcrt/StateHash.h"

#include <cstring>
#include <type_traits>

using namespace qtcrt;

bool qtcrt::isAveraged(const qtcrt_tensor &tensor) {
  return tensor.kind == QTCRT_STATE_PARAMETER && !tensor.frozen;
}

namespace {

/// Calls `function` with each averaged tensor and its index.
template <typename Function>
void forEachAveraged(const qtcrt_model &model, Function function) {
  for (uint64_t i = 0; i < model.tensor_count; ++i)
    if (isAveraged(model.tensors[i]))
      function(model.tensors[i], i);
}

/// `Type`, const if `Model` is.
template <typename Model, typename Type>
using LikeConst = std::conditional_t<std::is_const_v<Model>, const Type, Type>;

/// Calls `function` with pointers to the elements of `tensor` and to their
/// sums, both of the right type.
template <typename Elements, typename Sums, typename Function>
void withTypes(const qtcrt_tensor &tensor, Elements *elements, Sums *sums,
               Function function) {
  auto call = [&](auto element, auto sum) {
    using Element = decltype(element);
    using Sum = decltype(sum);
    function(reinterpret_cast<LikeConst<Elements, Element> *>(elements),
             reinterpret_cast<LikeConst<Sums, Sum> *>(sums));
  };
  if (tensor.dtype == QTCRT_FLOAT32)
    return call(float(), double());
  tensor.dtype == QTCRT_INT8 ? call(int8_t(), int64_t())
                             : call(int16_t(), int64_t());
}

float divide(double sum, uint64_t count) {
  return static_cast<float>(sum / static_cast<double>(count));
}

/// To nearest, ties away from zero.
int64_t divide(int64_t sum, uint64_t count) {
  uint64_t magnitude =
      sum < 0 ? -static_cast<uint64_t>(sum) : static_cast<uint64_t>(sum);
  auto quotient = static_cast<int64_t>((magnitude + count / 2) / count);
  return sum < 0 ? -quotient : quotient;
}

} // namespace

void WeightAverage::allocate(const qtcrt_model &model) {
  sums.resize(model.tensor_count);
  forEachAveraged(model, [&](const qtcrt_tensor &tensor, uint64_t i) {
    sums[i].assign(tensor.elements * sizeof(int64_t), 0);
  });
}

void WeightAverage::add(const qtcrt_model &model, const uint8_t *state) {
  if (sums.empty())
    allocate(model);
  ++count;
  forEachAveraged(model, [&](const qtcrt_tensor &tensor, uint64_t i) {
    withTypes(tensor, state + tensor.offset, sums[i].data(),
              [&](const auto *weights, auto *sum) {
                for (uint64_t e = 0; e < tensor.elements; ++e)
                  sum[e] += weights[e];
              });
  });
}

void WeightAverage::writeMeans(const qtcrt_model &model, uint8_t *state) const {
  forEachAveraged(model, [&](const qtcrt_tensor &tensor, uint64_t i) {
    withTypes(tensor, state + tensor.offset, sums[i].data(),
              [&](auto *weights, const auto *sum) {
                using Weight = std::remove_pointer_t<decltype(weights)>;
                for (uint64_t e = 0; e < tensor.elements; ++e)
                  weights[e] = static_cast<Weight>(divide(sum[e], count));
              });
  });
}

std::vector<uint8_t> qtcrt::copyWeights(const qtcrt_model &model,
                                        const uint8_t *state) {
  std::vector<uint8_t> weights;
  forEachAveraged(model, [&](const qtcrt_tensor &tensor, uint64_t) {
    const uint8_t *place = state + tensor.offset;
    weights.insert(weights.end(), place,
                   place + tensor.elements * dtypeBytes(tensor.dtype));
  });
  return weights;
}

void qtcrt::restoreWeights(const qtcrt_model &model,
                           const std::vector<uint8_t> &weights,
                           uint8_t *state) {
  const uint8_t *next = weights.data();
  forEachAveraged(model, [&](const qtcrt_tensor &tensor, uint64_t) {
    uint64_t bytes = tensor.elements * dtypeBytes(tensor.dtype);
    std::memcpy(state + tensor.offset, next, bytes);
    next += bytes;
  });
}
