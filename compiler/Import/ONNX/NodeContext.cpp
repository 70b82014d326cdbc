//===- NodeContext.cpp - A handler's view of a node -----------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Import/ONNX/NodeContext.h"
#include "compiler/Support/NodeLocation.h"

#include "llvm/ADT/STLExtras.h"

#include "onnx/onnx_pb.h"

#include <cmath>

using namespace mlir;
using namespace qtc::onnx_import;
using llvm::StringRef;
using onnx::AttributeProto;

/// Shape tensors have few elements; larger ones are not evaluated.
static constexpr int64_t kMaxShapeElements = 4096;

void NodeContext::remark(const llvm::Twine &text) {
  importer.addRemark(describeNode(node) + ": " + text);
}

StringRef NodeContext::getOpType() const { return node.proto->op_type(); }

Location NodeContext::getLoc() {
  return getNodeLocation(getBuilder().getContext(), node.name, getOpType());
}

//===----------------------------------------------------------------------===//
// Attributes
//===----------------------------------------------------------------------===//

bool NodeContext::hasAttribute(StringRef name) const {
  return llvm::any_of(node.proto->attribute(), [&](const auto &attribute) {
    return StringRef(attribute.name()) == name;
  });
}

LogicalResult NodeContext::checkAttributes() {
  llvm::StringSet<> seen;
  for (const AttributeProto &attribute : node.proto->attribute()) {
    if (!seen.insert(attribute.name()).second)
      return refuse() << "attribute " << quote(attribute.name())
                      << " is given twice";
    if (!attribute.ref_attr_name().empty())
      return refuse() << "attribute " << quote(attribute.name())
                      << " refers to a function's attribute, which is not "
                         "supported";
  }
  return success();
}

/// Files before IR version 2 have no types in attributes, and some writers
/// still omit them. The field in use then shows the type.
static bool hasType(const AttributeProto &attribute, int type) {
  if (attribute.has_type() && attribute.type() != AttributeProto::UNDEFINED)
    return attribute.type() == type;
  switch (type) {
  case AttributeProto::INT:
    return attribute.has_i();
  case AttributeProto::FLOAT:
    return attribute.has_f();
  case AttributeProto::STRING:
    return attribute.has_s();
  case AttributeProto::TENSOR:
    return attribute.has_t();
  default:
    return true;
  }
}

LogicalResult NodeContext::find(StringRef name, int type,
                                const AttributeProto *&attribute) {
  attribute = nullptr;
  for (const AttributeProto &candidate : node.proto->attribute())
    if (StringRef(candidate.name()) == name)
      attribute = &candidate;
  if (!attribute)
    return success();
  consumed.insert(name);
  if (hasType(*attribute, type))
    return success();
  return refuse() << "expected attribute " << quote(name) << " of type "
                  << AttributeProto::AttributeType_Name(
                         static_cast<AttributeProto::AttributeType>(type))
                  << ", but got another type";
}

LogicalResult NodeContext::read(StringRef name, int64_t &value) {
  const AttributeProto *attribute;
  if (failed(find(name, AttributeProto::INT, attribute)))
    return failure();
  if (attribute)
    value = attribute->i();
  return success();
}

LogicalResult NodeContext::read(StringRef name, float &value) {
  const AttributeProto *attribute;
  if (failed(find(name, AttributeProto::FLOAT, attribute)))
    return failure();
  if (attribute)
    value = attribute->f();
  return success();
}

LogicalResult NodeContext::read(StringRef name, std::string &value) {
  const AttributeProto *attribute;
  if (failed(find(name, AttributeProto::STRING, attribute)))
    return failure();
  if (attribute)
    value = attribute->s();
  return success();
}

LogicalResult NodeContext::read(StringRef name, Shape &value) {
  const AttributeProto *attribute;
  if (failed(find(name, AttributeProto::INTS, attribute)))
    return failure();
  if (attribute)
    value.assign(attribute->ints().begin(), attribute->ints().end());
  return success();
}

LogicalResult NodeContext::read(StringRef name, std::vector<float> &value) {
  const AttributeProto *attribute;
  if (failed(find(name, AttributeProto::FLOATS, attribute)))
    return failure();
  if (attribute)
    value.assign(attribute->floats().begin(), attribute->floats().end());
  return success();
}

LogicalResult NodeContext::read(StringRef name, std::optional<Tensor> &value) {
  const AttributeProto *attribute;
  if (failed(find(name, AttributeProto::TENSOR, attribute)))
    return failure();
  if (!attribute)
    return success();
  // We own the model, and releaseData() frees the data after reading.
  auto &proto = const_cast<onnx::TensorProto &>(attribute->t());
  FailureOr<Tensor> tensor =
      describeTensor(proto, name, importer.getModel().folder, why);
  if (failed(tensor)) {
    why = "attribute " + quote(name) + ": " + why;
    return failure();
  }
  value = std::move(*tensor);
  return success();
}

LogicalResult NodeContext::expectAllRead() {
  for (const AttributeProto &attribute : node.proto->attribute())
    if (!consumed.contains(attribute.name()))
      return refuse() << "attribute " << quote(attribute.name())
                      << " is not supported";
  return success();
}

//===----------------------------------------------------------------------===//
// Inputs
//===----------------------------------------------------------------------===//

unsigned NodeContext::getNumInputs() const {
  // Absent optional inputs at the end may be spelled out.
  int count = node.proto->input_size();
  while (count > 0 && node.proto->input(count - 1).empty())
    --count;
  return count;
}

bool NodeContext::hasInput(unsigned index) const {
  return index < getNumInputs() && !node.proto->input(index).empty();
}

LogicalResult NodeContext::resolveInputs() {
  inputs.clear();
  for (unsigned i = 0, e = getNumInputs(); i < e; ++i) {
    inputs.push_back(nullptr);
    if (!hasInput(i))
      continue;
    FailureOr<GraphValue *> value = importer.lookup(node.proto->input(i), why);
    if (failed(value))
      return failure();
    inputs.back() = *value;
    blocked |= (*value)->kind == GraphValue::Kind::Unknown;
  }
  resolved = true;
  if (blocked)
    return refuse() << "the shape of an input is not known";
  return success();
}

bool NodeContext::isShapeTensor(unsigned index) const {
  return hasKind(index, GraphValue::Kind::ShapeArithmetic) ||
         (isConstant(index) && getInput(index).constant.root->isInteger());
}

FailureOr<Value> NodeContext::getActivation(unsigned index) {
  if (!isActivation(index))
    return refuse() << "expected input " << index
                    << " to depend on the model's input, but it is constant";
  const GraphValue &value = getInput(index);
  if (value.permutation.empty())
    return value.activation;
  // No other transpose has cancelled it: the elements move.
  if (value.permutation.front() != 0)
    return refuse() << "input " << index
                    << " is transposed so that the batch is not first";
  return create<qtrain::TransposeOp>(value.getShape(), value.activation,
                                     ArrayRef<int64_t>(value.permutation));
}

FailureOr<ConstantView> NodeContext::getWeight(unsigned index, StringRef role) {
  if (!isConstant(index))
    return refuse() << "expected a constant " << role
                    << ", but got a computed value";
  ConstantView view = getInput(index).constant;
  if (!view.root->isFloat())
    return refuse() << "expected " << role << " of type float, but got "
                    << view.root->getElementTypeName();
  if (view.root->numElements == 0)
    return refuse() << "the " << role << " has no elements";
  view.use = &node.proto->input(index);
  return view;
}

FailureOr<Value> NodeContext::getParameter(const ConstantView &view,
                                           const void *owner, Factor factor) {
  if (factor.value == 0.0f || !std::isfinite(factor.value))
    return refuse() << "attribute " << quote(factor.attribute) << " is "
                    << factor.value
                    << "; expected a finite number other than zero";
  size_t numBefore = importer.getParameters().size();
  Parameter &parameter = importer.getParameter(view, owner);
  if (importer.getParameters().size() > numBefore) {
    parameter.scale = factor.value;
    if (factor.value != 1.0f)
      remark("the initial value of " + quote(view.root->name) +
             " is multiplied by '" + factor.attribute + "', " +
             std::to_string(factor.value));
  }
  if (parameter.scale != factor.value)
    return refuse() << quote(view.root->name) << " is multiplied by "
                    << factor.value << " here and by " << parameter.scale
                    << " in another node; expected one factor in all nodes "
                       "that share a weight";
  return importer.createView(view, parameter);
}

bool NodeContext::isComputedZero(const ConstantView &view) {
  const Tensor &root = *view.root;
  return root.isFolded && root.isSplat && root.proto->float_data(0) == 0.0f;
}

bool NodeContext::hasConstantInputs() const {
  return llvm::all_of(inputs, [](const GraphValue *value) {
    return !value || value->kind != GraphValue::Kind::Activation;
  });
}

FailureOr<ConstantArray> NodeContext::getArray(unsigned index) {
  ConstantArray array;
  if (hasKind(index, GraphValue::Kind::ShapeArithmetic)) {
    const ShapeTensor &integers = getInput(index).integers;
    array.elementType = integers.elementType;
    array.shape = integers.shape;
    array.integers.assign(integers.elements.begin(), integers.elements.end());
    return array;
  }
  if (!isConstant(index))
    return refuse() << "expected input " << index
                    << " to be known at compile time";
  const ConstantView &view = getInput(index).constant;
  const Tensor &root = *view.root;
  array.elementType = root.elementType;
  array.shape = root.shape;
  array.isSplat = root.isSplat;
  if (failed(takeElements(root.isSplat ? Shape() : root.shape,
                          /*isSplat=*/false)))
    return failure();
  const std::string &folder = importer.getModel().folder;
  LogicalResult isRead = success();
  if (root.isFloat()) {
    FailureOr<std::vector<float>> floats = readFloats(root, folder, why);
    isRead = floats;
    if (succeeded(floats))
      array.floats.assign(floats->begin(), floats->end());
  } else {
    FailureOr<std::vector<int64_t>> integers = readIntegers(root, folder, why);
    isRead = integers;
    if (succeeded(integers))
      for (int64_t integer : *integers)
        array.integers.push_back({integer, /*timesBatch=*/false});
  }
  if (failed(isRead)) {
    why = "input " + std::to_string(index) + ": " + why;
    return failure();
  }
  for (const ConstantView::Step &step : view.steps)
    if (step.isTranspose)
      array = rearrange(array, makeTranspose(array.shape, step.operand));
    else
      array.shape = step.operand;
  return array;
}

/// The integers of `array`, all of them.
static ShapeTensor makeShapeTensor(ConstantArray array) {
  ShapeTensor result;
  result.elementType = array.elementType;
  if (array.isSplat)
    array.integers.resize(ShapedType::getNumElements(array.shape),
                          array.integers.front());
  result.elements.assign(array.integers.begin(), array.integers.end());
  result.shape = std::move(array.shape);
  return result;
}

FailureOr<ShapeTensor> NodeContext::getShapeTensor(unsigned index) {
  if (hasKind(index, GraphValue::Kind::ShapeArithmetic))
    return getInput(index).integers;
  if (isConstant(index)) {
    const Tensor &root = *getInput(index).constant.root;
    if (!root.isInteger())
      return refuse() << "input " << index << ": expected integers, but got "
                      << root.getElementTypeName();
    if (root.numElements > kMaxShapeElements)
      return refuse() << "expected input " << index << " to have at most "
                      << kMaxShapeElements << " elements, but got "
                      << root.numElements;
  }
  FailureOr<ConstantArray> array = getArray(index);
  if (failed(array))
    return failure();
  return makeShapeTensor(std::move(*array));
}

FailureOr<Shape> NodeContext::getIntegers(unsigned index) {
  FailureOr<ShapeTensor> tensor = getShapeTensor(index);
  if (failed(tensor))
    return failure();
  Shape result;
  for (ShapeNumber number : tensor->elements) {
    if (number.timesBatch)
      return refuse() << "input " << index << " depends on the batch";
    result.push_back(number.value);
  }
  return result;
}

FailureOr<double> NodeContext::getScalar(unsigned index) {
  if (isActivation(index) ||
      ShapedType::getNumElements(getInput(index).getShape()) != 1)
    return refuse() << "expected input " << index
                    << " to be a constant of one element";
  FailureOr<ConstantArray> array = getArray(index);
  if (failed(array))
    return failure();
  if (array->isFloat())
    return array->floats.front();
  if (array->integers.front().timesBatch)
    return refuse() << "input " << index << " depends on the batch";
  return static_cast<double>(array->integers.front().value);
}

FailureOr<int64_t> NodeContext::normalizeAxis(int64_t axis, int64_t rank) {
  if (axis < -rank || axis >= rank)
    return refuse() << "axis " << axis << " is out of range for rank " << rank;
  return axis < 0 ? axis + rank : axis;
}

//===----------------------------------------------------------------------===//
// Results
//===----------------------------------------------------------------------===//

RankedTensorType NodeContext::makeType(ArrayRef<int64_t> shape) {
  return RankedTensorType::get(shape, getBuilder().getF32Type());
}

Value NodeContext::reshape(Value value, ArrayRef<int64_t> shape) {
  if (cast<RankedTensorType>(value.getType()).getShape() == shape)
    return value;
  return create<qtrain::ReshapeOp>(shape, value);
}

LogicalResult NodeContext::checkShape(ArrayRef<int64_t> shape) {
  if (llvm::all_of(shape, [](int64_t extent) { return extent > 0; }) &&
      succeeded(countElements(shape)))
    return success();
  return refuse() << "the result would have shape " << formatShape(shape)
                  << "; a tensor has 1 to " << kMaxElements << " elements";
}

FailureOr<int64_t> NodeContext::takeElements(ArrayRef<int64_t> shape,
                                             bool isSplat) {
  FailureOr<int64_t> count = countElements(shape);
  if (failed(count))
    return refuse() << "a constant of shape " << formatShape(shape)
                    << " is out of range; a tensor has at most " << kMaxElements
                    << " elements";
  if (importer.takeElements(*count, isSplat))
    return count;
  if (isSplat)
    return refuse() << "a constant of shape " << formatShape(shape)
                    << " is too large: constants that nodes fill with one "
                       "number have at most "
                    << kMaxSplatElements
                    << " elements in all; store it in the file";
  return refuse() << "a constant of shape " << formatShape(shape)
                  << " is too large: the evaluation of constants is limited to "
                  << kMaxFoldedElements
                  << " elements and 4 per byte of the file; store the result "
                     "in the file";
}

LogicalResult NodeContext::setResult(GraphValue value) {
  if (value.getShape().size() > kMaxRank)
    return refuse() << "the result has rank " << value.getShape().size()
                    << "; expected at most " << kMaxRank;
  // Every value keeps its steps: a long chain would be copied again and again.
  constexpr size_t kMaxSteps = 8;
  if (value.constant.steps.size() > kMaxSteps)
    return refuse() << "a constant is reshaped and transposed more than "
                    << kMaxSteps << " times";
  result = std::move(value);
  return success();
}

LogicalResult NodeContext::setActivation(Value value, Shape permutation) {
  return setResult(GraphValue::makeActivation(value, std::move(permutation)));
}

LogicalResult NodeContext::setConstant(ConstantView view) {
  return setResult(GraphValue::makeConstant(std::move(view)));
}

LogicalResult NodeContext::setTensor(Tensor tensor) {
  tensor.name = node.proto->output(0);
  ConstantView view;
  view.root = importer.addConstant(std::move(tensor));
  view.shape = view.root->shape;
  return setConstant(std::move(view));
}

LogicalResult NodeContext::setArray(ConstantArray array) {
  int64_t count = ShapedType::getNumElements(array.shape);
  if (!array.isFloat()) {
    if (count > kMaxShapeElements)
      return refuse() << "expected at most " << kMaxShapeElements
                      << " integers in a constant, but got " << count;
    return setIntegers(makeShapeTensor(std::move(array)));
  }
  Tensor tensor;
  tensor.elementType = onnx::TensorProto::FLOAT;
  tensor.shape = array.shape;
  tensor.numElements = count;
  tensor.isSplat = array.isSplat;
  tensor.isFolded = true;
  tensor.proto = importer.makeTensorProto();
  tensor.proto->mutable_float_data()->Add(array.floats.begin(),
                                          array.floats.end());
  return setTensor(std::move(tensor));
}

LogicalResult NodeContext::setIntegers(ShapeTensor integers) {
  if (static_cast<int64_t>(integers.elements.size()) > kMaxShapeElements)
    return refuse() << "expected at most " << kMaxShapeElements
                    << " elements in the arithmetic of shapes, but got "
                    << integers.elements.size();
  return setResult(GraphValue::makeIntegers(std::move(integers)));
}

void NodeContext::commit() {
  for (auto [index, name] : llvm::enumerate(node.proto->output()))
    if (!name.empty())
      importer.define(name, index == 0 && result ? *result : GraphValue());
}

LogicalResult NodeContext::expectOneOutputUsed() {
  for (int i = 1; i < node.proto->output_size(); ++i) {
    const std::string &name = node.proto->output(i);
    if (!name.empty() && importer.getModel().getNumUses(name) > 0)
      return refuse() << "output " << i << ", " << quote(name)
                      << ", is used, which is not supported";
  }
  return success();
}
