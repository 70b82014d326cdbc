//===- Constants.cpp - Constants and the arithmetic of shapes -------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Exporters write x.view(x.size(0), -1) as a chain of Shape, Gather, Unsqueeze
// and Concat. Such chains are evaluated here; the batch stays symbolic in them.
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

/// A constant named by the node's output.
static LogicalResult setTensor(NodeContext &node, Tensor tensor) {
  tensor.name = node.getNode().proto->output(0);
  ConstantView view;
  view.root = node.getImporter().addConstant(std::move(tensor));
  view.shape = view.root->shape;
  return node.setConstant(std::move(view));
}

static LogicalResult setFloats(NodeContext &node, ArrayRef<float> values,
                               bool isScalar) {
  Tensor tensor;
  tensor.elementType = onnx::TensorProto::FLOAT;
  tensor.numElements = values.size();
  if (!isScalar)
    tensor.shape.push_back(values.size());
  tensor.proto = node.getImporter().makeTensorProto();
  tensor.proto->mutable_float_data()->Add(values.begin(), values.end());
  return setTensor(node, std::move(tensor));
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
    return setTensor(node, std::move(*tensor));
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
  FailureOr<int64_t> count = countElements(*shape);
  if (failed(count))
    return node.refuse() << "shape " << formatShape(*shape)
                         << " is out of range; a tensor has at most "
                         << kMaxElements << " elements";
  value->shape = *shape;
  value->numElements = *count;
  value->isSplat = true;
  return setTensor(node, std::move(*value));
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

/// Input 0 as a list of integers; refuses the operator for anything else.
static FailureOr<ShapeTensor> getList(NodeContext &node) {
  if (!node.isShapeTensor(0))
    return node.refuse()
           << "the operator is supported only in the arithmetic of shapes";
  FailureOr<ShapeTensor> list = node.getShapeTensor(0);
  if (succeeded(list) && list->shape.size() != 1)
    return node.refuse() << "expected a list, but got shape "
                         << formatShape(list->shape);
  return list;
}

LogicalResult qtc::onnx_import::importGather(NodeContext &node) {
  FailureOr<ShapeTensor> data = getList(node);
  if (failed(data))
    return failure();
  FailureOr<ShapeTensor> indices = node.getShapeTensor(1);
  int64_t axis = 0;
  if (failed(indices) || failed(node.read("axis", axis)) ||
      failed(node.normalizeAxis(axis, 1)))
    return failure();
  ShapeTensor result;
  result.shape = indices->shape;
  for (ShapeNumber index : indices->elements) {
    if (index.timesBatch)
      return node.refuse() << "an index depends on the batch";
    FailureOr<int64_t> position =
        node.normalizeAxis(index.value, data->elements.size());
    if (failed(position))
      return failure();
    result.elements.push_back(data->elements[*position]);
  }
  return node.setIntegers(std::move(result));
}

/// One number of Slice: attribute `name` before operator set 10, else an input.
static LogicalResult readSliceNumber(NodeContext &node, StringRef name,
                                     unsigned index, int64_t &number) {
  Shape values;
  if (failed(node.read(name, values)))
    return failure();
  if (node.hasInput(index)) {
    FailureOr<Shape> input = node.getIntegers(index);
    if (failed(input))
      return failure();
    values = *input;
  }
  if (values.empty())
    return success();
  if (values.size() > 1)
    return node.refuse() << "expected one number in '" << name << "', but got "
                         << values.size();
  number = values.front();
  return success();
}

LogicalResult qtc::onnx_import::importSlice(NodeContext &node) {
  FailureOr<ShapeTensor> data = getList(node);
  if (failed(data))
    return failure();
  int64_t size = data->elements.size(), start = 0, end = size, axis = 0,
          step = 1;
  if (failed(readSliceNumber(node, "starts", 1, start)) ||
      failed(readSliceNumber(node, "ends", 2, end)) ||
      failed(readSliceNumber(node, "axes", 3, axis)) ||
      failed(readSliceNumber(node, "steps", 4, step)) ||
      failed(node.normalizeAxis(axis, 1)))
    return failure();
  if (step != 1)
    return node.refuse() << "expected a step of 1, but got " << step;
  auto clamp = [&](int64_t position) {
    return std::clamp<int64_t>(position < 0 ? position + size : position, 0,
                               size);
  };
  start = clamp(start);
  end = std::max(start, clamp(end));
  ShapeTensor result;
  result.elements.assign(data->elements.begin() + start,
                         data->elements.begin() + end);
  result.shape = {end - start};
  return node.setIntegers(std::move(result));
}

LogicalResult qtc::onnx_import::importShapeConcat(NodeContext &node,
                                                  int64_t axis) {
  ShapeTensor result;
  unsigned numInputs = node.getNumInputs();
  if (numInputs > kMaxRank)
    return node.refuse() << "expected at most " << kMaxRank
                         << " lists, but got " << numInputs;
  for (unsigned i = 0; i < numInputs; ++i) {
    FailureOr<ShapeTensor> part = node.getShapeTensor(i);
    if (failed(part) || failed(node.normalizeAxis(axis, part->shape.size())))
      return failure();
    if (part->shape.size() != 1)
      return node.refuse() << "expected lists, but got shape "
                           << formatShape(part->shape);
    result.elements.append(part->elements);
  }
  result.shape = {static_cast<int64_t>(result.elements.size())};
  return node.setIntegers(std::move(result));
}

//===----------------------------------------------------------------------===//
// Integers
//===----------------------------------------------------------------------===//

/// a op b, where it is a number or a multiple of the batch.
static std::optional<ShapeNumber> evaluate(StringRef op, ShapeNumber a,
                                           ShapeNumber b) {
  ShapeNumber result;
  if (op == "Mul") {
    result.timesBatch = a.timesBatch || b.timesBatch;
    if ((a.timesBatch && b.timesBatch) ||
        llvm::MulOverflow(a.value, b.value, result.value))
      return std::nullopt;
    return result;
  }
  if (op == "Div") {
    // Truncating, like ONNX's division of integers.
    if (b.value == 0 || b.value == -1 || (b.timesBatch && !a.timesBatch))
      return std::nullopt;
    bool isExact = a.value % b.value == 0;
    if ((a.timesBatch || b.timesBatch) && !isExact)
      return std::nullopt;
    return ShapeNumber{a.value / b.value, a.timesBatch && !b.timesBatch};
  }
  if (a.timesBatch != b.timesBatch)
    return std::nullopt;
  result.timesBatch = a.timesBatch;
  bool overflows = op == "Add"
                       ? llvm::AddOverflow(a.value, b.value, result.value)
                       : llvm::SubOverflow(a.value, b.value, result.value);
  return overflows ? std::nullopt : std::optional(result);
}

LogicalResult qtc::onnx_import::importIntegerArithmetic(NodeContext &node) {
  if (!node.isShapeTensor(0) || !node.isShapeTensor(1))
    return node.refuse() << (node.getOpType() == "Add"
                                 ? "a sum of constants is not supported"
                                 : "the operator is supported only in the "
                                   "arithmetic of shapes");
  FailureOr<ShapeTensor> a = node.getShapeTensor(0);
  FailureOr<ShapeTensor> b = node.getShapeTensor(1);
  if (failed(a) || failed(b))
    return failure();
  size_t sizeA = a->elements.size(), sizeB = b->elements.size();
  if (a->shape.size() > 1 || b->shape.size() > 1 ||
      (sizeA != sizeB && sizeA != 1 && sizeB != 1))
    return node.refuse() << "expected lists of one length, but got shapes "
                         << formatShape(a->shape) << " and "
                         << formatShape(b->shape);
  ShapeTensor result;
  size_t size = sizeA == 1 ? sizeB : sizeA;
  for (size_t i = 0; i < size; ++i) {
    std::optional<ShapeNumber> number =
        evaluate(node.getOpType(), a->elements[sizeA == 1 ? 0 : i],
                 b->elements[sizeB == 1 ? 0 : i]);
    if (!number)
      return node.refuse() << "the result depends on the batch, or is out of "
                              "range";
    result.elements.push_back(*number);
  }
  if (!a->shape.empty() || !b->shape.empty())
    result.shape = {static_cast<int64_t>(size)};
  return node.setIntegers(std::move(result));
}
