//===- StateHash.cpp - fingerprints of states and data --------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qtcrt/StateHash.h"

#include "core/Hasher.h"
#include "qtcrt/DataSet.h"

#include <cstring>

using namespace qtcrt;

const char *qtcrt::dtypeName(uint32_t dtype) {
  static const char *const names[] = {"I8", "I16", "I32", "I64", "F32", "U8"};
  return dtype <= QTCRT_UINT8 ? names[dtype] : "?";
}

uint64_t qtcrt::dtypeBytes(uint32_t dtype) {
  static const uint64_t bytes[] = {1, 2, 4, 8, 4, 1};
  return dtype <= QTCRT_UINT8 ? bytes[dtype] : 0;
}

std::string qtcrt::hashState(const qtcrt_model &model, const uint8_t *state) {
  Hasher hasher;
  for (uint64_t i = 0; i < model.tensor_count; ++i) {
    const qtcrt_tensor &tensor = model.tensors[i];
    if (tensor.kind != QTCRT_STATE_PARAMETER &&
        tensor.kind != QTCRT_STATE_BUFFER)
      continue;
    const char *type = dtypeName(tensor.dtype);
    hasher.add(tensor.name, std::strlen(tensor.name));
    hasher.add(type, std::strlen(type));
    hasher.add(tensor.shape, tensor.rank * sizeof(int64_t));
    hasher.add(state + tensor.offset,
               tensor.elements * dtypeBytes(tensor.dtype));
    if (tensor.has_exponent)
      hasher.add(&tensor.exponent, sizeof(tensor.exponent));
  }
  return hasher.digest();
}

std::string qtcrt::hashParameters(const qtcrt_model &model,
                                  const uint8_t *state) {
  Hasher hasher;
  for (uint64_t i = 0; i < model.tensor_count; ++i) {
    const qtcrt_tensor &tensor = model.tensors[i];
    if (tensor.kind == QTCRT_STATE_PARAMETER && !tensor.frozen)
      hasher.add(state + tensor.offset,
                 tensor.elements * dtypeBytes(tensor.dtype));
  }
  return hasher.digest();
}

std::string qtcrt::hashData(const DataSplit &split) {
  Hasher hasher;
  for (const Column &input : split.inputs) {
    const int64_t shape[] = {input.shape.channels, input.shape.height,
                             input.shape.width};
    hasher.add(shape, sizeof(shape));
    hasher.add(input.bytes.data(), input.bytes.size());
  }
  for (const Column &target : split.targets)
    hasher.add(target.bytes.data(), target.bytes.size());
  return hasher.digest();
}
