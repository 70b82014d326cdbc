//===- Values.cpp - ONNX values during an import --------------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Import/ONNX/Values.h"

#include "mlir/IR/BuiltinTypes.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallBitVector.h"

using namespace mlir;
using namespace qtc::onnx_import;

bool qtc::onnx_import::isIdentity(ArrayRef<int64_t> permutation) {
  return llvm::all_of(llvm::enumerate(permutation), [](auto entry) {
    return entry.value() == static_cast<int64_t>(entry.index());
  });
}

bool qtc::onnx_import::isPermutation(ArrayRef<int64_t> permutation) {
  llvm::SmallBitVector seen(permutation.size());
  for (int64_t source : permutation) {
    if (source < 0 || source >= static_cast<int64_t>(permutation.size()) ||
        seen.test(source))
      return false;
    seen.set(source);
  }
  return true;
}

Shape qtc::onnx_import::permute(ArrayRef<int64_t> values,
                                ArrayRef<int64_t> permutation) {
  Shape result;
  for (int64_t source : permutation)
    result.push_back(values[source]);
  return result;
}

Shape qtc::onnx_import::invert(ArrayRef<int64_t> permutation) {
  Shape inverse(permutation.size());
  for (auto [index, source] : llvm::enumerate(permutation))
    inverse[source] = index;
  return inverse;
}

void ConstantView::transpose(ArrayRef<int64_t> permutation, Location loc) {
  shape = permute(shape, permutation);
  Shape composed(permutation);
  if (!steps.empty() && steps.back().isTranspose)
    composed = permute(steps.pop_back_val().operand, permutation);
  if (!isIdentity(composed))
    steps.push_back({/*isTranspose=*/true, composed, loc});
}

void ConstantView::reshape(ArrayRef<int64_t> newShape, Location loc) {
  if (ArrayRef(shape) == newShape)
    return;
  shape.assign(newShape.begin(), newShape.end());
  if (!steps.empty() && !steps.back().isTranspose)
    steps.pop_back();
  if (steps.empty() && ArrayRef(root->shape) == newShape)
    return;
  steps.push_back({/*isTranspose=*/false, shape, loc});
}

GraphValue GraphValue::makeActivation(Value value, Shape permutation) {
  GraphValue result;
  result.kind = Kind::Activation;
  result.activation = value;
  if (!isIdentity(permutation))
    result.permutation = std::move(permutation);
  return result;
}

GraphValue GraphValue::makeConstant(ConstantView view) {
  GraphValue result;
  result.kind = Kind::Constant;
  result.constant = std::move(view);
  return result;
}

GraphValue GraphValue::makeIntegers(ShapeTensor integers) {
  GraphValue result;
  result.kind = Kind::ShapeArithmetic;
  result.integers = std::move(integers);
  return result;
}

Shape GraphValue::getShape() const {
  switch (kind) {
  case Kind::Activation: {
    ArrayRef<int64_t> shape =
        cast<RankedTensorType>(activation.getType()).getShape();
    return permutation.empty() ? Shape(shape) : permute(shape, permutation);
  }
  case Kind::Constant:
    return constant.shape;
  case Kind::ShapeArithmetic:
    return integers.shape;
  case Kind::Unknown:
    break;
  }
  return {};
}
