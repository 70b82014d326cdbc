//===- ConstantArray.cpp - Constants with their elements ------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Import/ONNX/ConstantArray.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"

#include "onnx/onnx_pb.h"

using namespace qtc::onnx_import;
using llvm::ArrayRef;
using onnx::TensorProto;

bool ConstantArray::isFloat() const {
  Tensor type;
  type.elementType = elementType;
  return type.isFloat();
}

Shape qtc::onnx_import::getStrides(ArrayRef<int64_t> shape) {
  Shape strides(shape.size(), 1);
  for (size_t dim = shape.size(); dim > 1; --dim)
    strides[dim - 2] = strides[dim - 1] * shape[dim - 1];
  return strides;
}

Rearrangement qtc::onnx_import::makeTranspose(ArrayRef<int64_t> shape,
                                              ArrayRef<int64_t> permutation) {
  Rearrangement result;
  Shape strides = getStrides(shape);
  result.shape = permute(shape, permutation);
  for (int64_t source : permutation)
    result.axes.push_back({shape[source], 0, strides[source]});
  return result;
}

Rearrangement qtc::onnx_import::makeExpansion(ArrayRef<int64_t> shape,
                                              ArrayRef<int64_t> target) {
  Rearrangement result;
  Shape strides = getStrides(shape);
  size_t offset = target.size() - shape.size();
  result.shape.assign(target.begin(), target.end());
  for (auto [dim, extent] : llvm::enumerate(target)) {
    bool moves = dim >= offset && shape[dim - offset] == extent;
    result.axes.push_back({extent, 0, moves ? strides[dim - offset] : 0});
  }
  return result;
}

template <typename Element>
static std::vector<Element> rearrange(const std::vector<Element> &elements,
                                      ArrayRef<Rearrangement::Axis> axes) {
  std::vector<Element> result;
  int64_t count = 1;
  for (const Rearrangement::Axis &axis : axes)
    count *= axis.count;
  if (elements.empty() || count == 0)
    return result;
  result.reserve(count);
  // The last axis is the inner loop, the others count up like an odometer.
  Rearrangement::Axis single;
  const Rearrangement::Axis &inner = axes.empty() ? single : axes.back();
  ArrayRef<Rearrangement::Axis> outer = axes.drop_back(axes.empty() ? 0 : 1);
  Shape indices(outer.size(), 0);
  while (static_cast<int64_t>(result.size()) < count) {
    int64_t base = 0;
    for (auto [axis, index] : llvm::zip(outer, indices))
      base += axis.at(index);
    for (int64_t i = 0; i < inner.count; ++i)
      result.push_back(elements[base + inner.at(i)]);
    for (size_t dim = outer.size(); dim > 0; --dim) {
      if (++indices[dim - 1] < outer[dim - 1].count)
        break;
      indices[dim - 1] = 0;
    }
  }
  return result;
}

ConstantArray qtc::onnx_import::rearrange(const ConstantArray &array,
                                          const Rearrangement &rearrangement) {
  ConstantArray result;
  result.elementType = array.elementType;
  result.shape = rearrangement.shape;
  result.isSplat = array.hasOneValue();
  if (result.isSplat) {
    result.floats = array.floats;
    result.integers = array.integers;
    return result;
  }
  result.floats = ::rearrange(array.floats, rearrangement.axes);
  result.integers = ::rearrange(array.integers, rearrangement.axes);
  return result;
}

bool qtc::onnx_import::fitsType(int elementType, int64_t value) {
  switch (elementType) {
  case TensorProto::BOOL:
    return llvm::isUInt<1>(value);
  case TensorProto::INT8:
    return llvm::isInt<8>(value);
  case TensorProto::UINT8:
    return llvm::isUInt<8>(value);
  case TensorProto::INT16:
    return llvm::isInt<16>(value);
  case TensorProto::UINT16:
    return llvm::isUInt<16>(value);
  case TensorProto::INT32:
    return llvm::isInt<32>(value);
  case TensorProto::UINT32:
    return llvm::isUInt<32>(value);
  case TensorProto::UINT64:
    return value >= 0;
  default:
    return true;
  }
}
