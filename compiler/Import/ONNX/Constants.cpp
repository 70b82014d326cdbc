//===- Constants.cpp - Constants and shapes -------------------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The start of the evaluation of constants: the constants of a file and the
// shapes of values, in which the batch stays symbolic. Folding.cpp does the
// rest.
//
//===----------------------------------------------------------------------===//

#include "compiler/Import/ONNX/Handlers.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"

#include "onnx/onnx_pb.h"

using namespace mlir;
using namespace qtc;
using namespace qtc::onnx_import;

//===----------------------------------------------------------------------===//
// Constants
//===----------------------------------------------------------------------===//

static LogicalResult setFloats(NodeContext &node, ArrayRef<float> values,
                               bool isScalar) {
  Tensor tensor;
  tensor.elementType = onnx::TensorProto::FLOAT;
  tensor.numElements = values.size();
  if (!isScalar)
    tensor.shape.push_back(values.size());
  tensor.proto = node.getImporter().makeTensorProto();
  tensor.proto->mutable_float_data()->Add(values.begin(), values.end());
  return node.setTensor(std::move(tensor));
}

static LogicalResult setShapeNumbers(NodeContext &node,
                                     ArrayRef<int64_t> values, bool isScalar) {
  ShapeTensor tensor;
  if (!isScalar)
    tensor.shape.push_back(values.size());
  for (int64_t value : values)
    tensor.elements.push_back({value, /*timesBatch=*/false});
  return node.setIntegers(std::move(tensor));
}

LogicalResult qtc::onnx_import::importConstant(NodeContext &node) {
  if (node.getNode().proto->attribute_size() != 1)
    return node.refuse() << "expected one attribute, but got "
                         << node.getNode().proto->attribute_size();
  if (node.hasAttribute("value")) {
    std::optional<Tensor> tensor;
    if (failed(node.read("value", tensor)))
      return failure();
    return node.setTensor(std::move(*tensor));
  }
  if (node.hasAttribute("value_float")) {
    float value = 0.0f;
    if (failed(node.read("value_float", value)))
      return failure();
    return setFloats(node, value, /*isScalar=*/true);
  }
  if (node.hasAttribute("value_floats")) {
    std::vector<float> values;
    if (failed(node.read("value_floats", values)))
      return failure();
    return setFloats(node, values, /*isScalar=*/false);
  }
  if (node.hasAttribute("value_int")) {
    int64_t value = 0;
    if (failed(node.read("value_int", value)))
      return failure();
    return setShapeNumbers(node, value, /*isScalar=*/true);
  }
  if (node.hasAttribute("value_ints")) {
    Shape values;
    if (failed(node.read("value_ints", values)))
      return failure();
    return setShapeNumbers(node, values, /*isScalar=*/false);
  }
  return node.refuse() << "attribute "
                       << quote(node.getNode().proto->attribute(0).name())
                       << " is not supported";
}

LogicalResult qtc::onnx_import::importConstantOfShape(NodeContext &node) {
  FailureOr<Shape> shape = node.getIntegers(0);
  std::optional<Tensor> value;
  if (failed(shape) || failed(node.read("value", value)))
    return failure();
  if (!value) {
    value.emplace();
    value->elementType = onnx::TensorProto::FLOAT;
    value->numElements = 1;
    value->proto = node.getImporter().makeTensorProto();
    value->proto->add_float_data(0.0f);
  }
  if (value->numElements != 1)
    return node.refuse() << "expected attribute 'value' to have one element, "
                            "but got "
                         << value->numElements;
  FailureOr<int64_t> count = node.takeElements(*shape, /*isSplat=*/true);
  if (failed(count))
    return failure();
  value->shape = *shape;
  value->numElements = *count;
  value->isSplat = true;
  return node.setTensor(std::move(*value));
}

//===----------------------------------------------------------------------===//
// Shapes
//===----------------------------------------------------------------------===//

/// The shape of input 0, the batch marked.
static SmallVector<ShapeNumber> getShapeNumbers(NodeContext &node) {
  const GraphValue &input = node.getInput(0);
  SmallVector<ShapeNumber> result;
  for (auto [i, extent] : llvm::enumerate(input.getShape())) {
    int64_t dim = input.permutation.empty() ? i : input.permutation[i];
    if (node.isActivation(0) && dim == 0)
      result.push_back({1, /*timesBatch=*/true});
    else
      result.push_back({extent, /*timesBatch=*/false});
  }
  return result;
}

LogicalResult qtc::onnx_import::importShape(NodeContext &node) {
  SmallVector<ShapeNumber> numbers = getShapeNumbers(node);
  int64_t rank = numbers.size(), start = 0, end = rank;
  if (failed(node.read("start", start)) || failed(node.read("end", end)))
    return failure();
  auto clamp = [&](int64_t axis) {
    return std::clamp<int64_t>(axis < 0 ? axis + rank : axis, 0, rank);
  };
  start = clamp(start);
  end = std::max(start, clamp(end));
  ShapeTensor result;
  result.elements.assign(numbers.begin() + start, numbers.begin() + end);
  result.shape = {end - start};
  return node.setIntegers(std::move(result));
}

LogicalResult qtc::onnx_import::importSize(NodeContext &node) {
  ShapeNumber total{1, false};
  for (ShapeNumber number : getShapeNumbers(node)) {
    total.timesBatch |= number.timesBatch;
    total.value *= number.value;
  }
  ShapeTensor result;
  result.elements.push_back(total);
  return node.setIntegers(std::move(result));
}
