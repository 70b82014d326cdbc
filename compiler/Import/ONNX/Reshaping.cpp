//===- Reshaping.cpp - Operations that only move elements -----------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Import/ONNX/Handlers.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/Sequence.h"

#include "onnx/onnx_pb.h"

using namespace mlir;
using namespace qtc;
using namespace qtc::onnx_import;
using onnx::TensorProto;

/// Gives input 0, of any kind, another shape.
static LogicalResult reshapeInput(NodeContext &node, ArrayRef<int64_t> shape) {
  GraphValue input = node.getInput(0);
  switch (input.kind) {
  case GraphValue::Kind::Activation: {
    FailureOr<Value> value = node.getActivation(0);
    if (failed(value))
      return failure();
    return node.setActivation(node.reshape(*value, shape));
  }
  case GraphValue::Kind::Constant:
    input.constant.reshape(shape, node.getLoc());
    return node.setConstant(std::move(input.constant));
  default:
    input.integers.shape.assign(shape.begin(), shape.end());
    return node.setIntegers(std::move(input.integers));
  }
}

static int64_t getProduct(ArrayRef<int64_t> extents) {
  return ShapedType::getNumElements(extents);
}

//===----------------------------------------------------------------------===//
// Reshape
//===----------------------------------------------------------------------===//

namespace {
/// A Reshape under evaluation: the entries of the requested shape from `begin`
/// on divide `numElements` elements of the input.
struct ReshapeRequest {
  ArrayRef<ShapeNumber> numbers;
  ArrayRef<int64_t> input;

  /// Replaces 0 and -1. `begin` is 1 where the first entry is the batch.
  FailureOr<Shape> resolve(NodeContext &node, size_t begin,
                           int64_t numElements) const;
  /// Refuses entries that no input could satisfy.
  LogicalResult check(NodeContext &node) const;
  /// Product of the entries after the first one; fails if one is -1.
  FailureOr<int64_t> countRest() const;
};
} // namespace

LogicalResult ReshapeRequest::check(NodeContext &node) const {
  bool isInferred = false;
  for (auto [i, number] : llvm::enumerate(numbers)) {
    if (number.value == 0 && i >= input.size())
      return node.refuse() << "entry " << i << " of the new shape is 0, the "
                           << "input's extent, but the input has rank "
                           << input.size();
    if (number.value < -1 || (number.timesBatch && number.value < 1))
      return node.refuse() << "entry " << i << " of the new shape is "
                           << number.value
                           << "; expected -1, 0 or a positive number";
    if (number.value == -1 && isInferred)
      return node.refuse() << "the new shape has -1 twice; expected it once";
    isInferred |= number.value == -1;
  }
  return success();
}

FailureOr<Shape> ReshapeRequest::resolve(NodeContext &node, size_t begin,
                                         int64_t numElements) const {
  Shape result;
  std::optional<size_t> inferred;
  int64_t known = 1;
  for (size_t i = begin; i < numbers.size(); ++i) {
    int64_t extent = numbers[i].value;
    if (numbers[i].timesBatch)
      return node.refuse() << "the batch has to stay dimension 0";
    if (extent == 0)
      extent = input[i];
    if (extent == -1)
      inferred = result.size();
    else if (llvm::MulOverflow(known, extent, known))
      return node.refuse() << "the new shape is out of range";
    result.push_back(extent);
  }
  if (inferred) {
    if (known == 0 || numElements % known != 0)
      return node.refuse() << "cannot divide " << numElements
                           << " elements into rows of " << known;
    result[*inferred] = numElements / known;
    known *= result[*inferred];
  }
  if (known != numElements)
    return node.refuse() << "the new shape has " << known
                         << " elements, but the input has " << numElements;
  return result;
}

FailureOr<int64_t> ReshapeRequest::countRest() const {
  int64_t count = 1;
  for (size_t i = 1; i < numbers.size(); ++i) {
    int64_t extent = numbers[i].value;
    if (extent == 0)
      extent = input[i];
    if (extent < 0 || numbers[i].timesBatch ||
        llvm::MulOverflow(count, extent, count))
      return failure();
  }
  return count;
}

/// True if the first entry of a requested shape stands for the batch.
static bool isBatchEntry(NodeContext &node, const ReshapeRequest &request,
                         int64_t features) {
  ShapeNumber first = request.numbers.front();
  if (first.timesBatch)
    return first.value == 1;
  std::optional<int64_t> fixedBatch = node.getImporter().getFixedBatch();
  if (first.value == 0 || (fixedBatch && first.value == *fixedBatch))
    return true;
  // -1, or a batch that only this node fixes, stands for the batch if the other
  // entries cover all features.
  FailureOr<int64_t> rest = request.countRest();
  return succeeded(rest) && *rest == features &&
         (first.value == -1 || !fixedBatch);
}

static LogicalResult reshapeActivation(NodeContext &node,
                                       ArrayRef<ShapeNumber> numbers) {
  Shape input = node.getInput(0).getShape();
  int64_t features = getProduct(ArrayRef(input).drop_front());
  ReshapeRequest request{numbers, input};
  if (failed(request.check(node)))
    return failure();
  if (numbers.empty() || !isBatchEntry(node, request, features))
    return node.refuse() << "the new shape mixes examples of the batch: "
                            "expected its first dimension to be the batch";
  ShapeNumber first = numbers.front();
  if (!first.timesBatch && first.value > 0 &&
      !node.getImporter().getFixedBatch())
    node.remark("the fixed batch " + std::to_string(first.value) +
                " of its shape is replaced");
  FailureOr<Shape> rest = request.resolve(node, 1, features);
  if (failed(rest))
    return failure();
  rest->insert(rest->begin(), input[0]);
  return reshapeInput(node, *rest);
}

LogicalResult qtc::onnx_import::importReshape(NodeContext &node) {
  int64_t allowZero = 0;
  if (failed(node.read("allowzero", allowZero)))
    return failure();
  FailureOr<ShapeTensor> request = node.getShapeTensor(1);
  if (failed(request))
    return failure();
  if (allowZero != 0 && llvm::any_of(request->elements, [](ShapeNumber number) {
        return number.value == 0;
      }))
    return node.refuse() << "the new shape has a dimension of extent 0";
  if (node.isActivation(0))
    return reshapeActivation(node, request->elements);
  Shape input = node.getInput(0).getShape();
  ReshapeRequest resolvable{request->elements, input};
  if (failed(resolvable.check(node)))
    return failure();
  FailureOr<Shape> shape = resolvable.resolve(node, 0, getProduct(input));
  if (failed(shape))
    return failure();
  return reshapeInput(node, *shape);
}

LogicalResult qtc::onnx_import::importFlatten(NodeContext &node) {
  Shape shape = node.getInput(0).getShape();
  int64_t axis = 1, rank = shape.size();
  if (failed(node.read("axis", axis)))
    return failure();
  if (axis < -rank || axis > rank)
    return node.refuse() << "axis " << axis << " is out of range for rank "
                         << rank;
  if (axis < 0)
    axis += rank;
  // With a batch of 1, flattening all dimensions keeps the example apart.
  if (node.isActivation(0) && axis == 0 &&
      node.getImporter().getFixedBatch() == 1)
    axis = 1;
  ArrayRef<int64_t> rows = ArrayRef(shape).take_front(axis);
  ArrayRef<int64_t> columns = ArrayRef(shape).drop_front(axis);
  if (node.isActivation(0) && (rows.empty() || getProduct(rows) != shape[0]))
    return node.refuse() << "axis " << axis
                         << " mixes examples of the batch; expected 1";
  return reshapeInput(node, {getProduct(rows), getProduct(columns)});
}

//===----------------------------------------------------------------------===//
// Squeeze, Unsqueeze
//===----------------------------------------------------------------------===//

/// Axes from the attribute or, since operator set 13, from input 1.
static FailureOr<std::optional<Shape>> readAxes(NodeContext &node,
                                                int64_t rank) {
  std::optional<Shape> axes;
  if (node.hasAttribute("axes")) {
    axes.emplace();
    if (failed(node.read("axes", *axes)))
      return failure();
  }
  if (node.hasInput(1)) {
    FailureOr<Shape> input = node.getIntegers(1);
    if (failed(input))
      return failure();
    axes = *input;
  }
  if (!axes)
    return axes;
  for (int64_t &axis : *axes) {
    FailureOr<int64_t> normalized = node.normalizeAxis(axis, rank);
    if (failed(normalized))
      return failure();
    axis = *normalized;
  }
  llvm::sort(*axes);
  if (std::adjacent_find(axes->begin(), axes->end()) != axes->end())
    return node.refuse() << "an axis is given twice";
  return axes;
}

LogicalResult qtc::onnx_import::importSqueeze(NodeContext &node) {
  Shape shape = node.getInput(0).getShape();
  FailureOr<std::optional<Shape>> axes = readAxes(node, shape.size());
  if (failed(axes))
    return failure();
  bool dropsBatch = *axes ? llvm::is_contained(**axes, 0)
                          : node.getImporter().getFixedBatch() == 1;
  if (node.isActivation(0) && dropsBatch)
    return node.refuse() << "it would remove the batch dimension";
  Shape result;
  for (auto [i, extent] : llvm::enumerate(shape)) {
    bool isBatch = node.isActivation(0) && i == 0;
    bool isNamed = *axes && llvm::is_contained(**axes, i);
    if (isNamed && extent != 1)
      return node.refuse() << "dimension " << i << " has extent " << extent
                           << ", but expected 1";
    if (isBatch || (*axes ? !isNamed : extent != 1))
      result.push_back(extent);
  }
  return reshapeInput(node, result);
}

LogicalResult qtc::onnx_import::importUnsqueeze(NodeContext &node) {
  Shape shape = node.getInput(0).getShape();
  // The axes count dimensions of the result, one more for each of them.
  int64_t numAxes = 0;
  if (node.hasInput(1)) {
    FailureOr<Shape> input = node.getIntegers(1);
    if (failed(input))
      return failure();
    numAxes = input->size();
  } else {
    Shape attribute;
    if (failed(node.read("axes", attribute)))
      return failure();
    numAxes = attribute.size();
  }
  FailureOr<std::optional<Shape>> axes = readAxes(node, shape.size() + numAxes);
  if (failed(axes))
    return failure();
  if (!*axes)
    return node.refuse() << "'axes' is missing";
  if (shape.size() + (*axes)->size() > kMaxRank)
    return node.refuse() << "the result has rank "
                         << shape.size() + (*axes)->size()
                         << "; expected at most " << kMaxRank;
  if (node.isActivation(0) && llvm::is_contained(**axes, 0))
    return node.refuse() << "it would put a dimension before the batch";
  for (int64_t axis : **axes)
    shape.insert(shape.begin() + axis, 1);
  return reshapeInput(node, shape);
}

//===----------------------------------------------------------------------===//
// Transpose
//===----------------------------------------------------------------------===//

/// True if only dimensions of extent 1 change their place. The batch never
/// counts as one of these.
static bool movesOnlyUnits(ArrayRef<int64_t> shape,
                           ArrayRef<int64_t> permutation) {
  int64_t last = -1;
  for (int64_t source : permutation) {
    if (source != 0 && shape[source] == 1)
      continue;
    if (source < last)
      return false;
    last = source;
  }
  return permutation.empty() || permutation[0] == 0;
}

static LogicalResult transposeActivation(NodeContext &node,
                                         ArrayRef<int64_t> permutation) {
  const GraphValue &input = node.getInput(0);
  Shape composed(permutation);
  if (!input.permutation.empty())
    composed = permute(input.permutation, permutation);
  ArrayRef<int64_t> shape = qtrain::getShape(input.activation);
  if (!isIdentity(composed) && movesOnlyUnits(shape, composed))
    return node.setActivation(
        node.reshape(input.activation, permute(shape, composed)));
  return node.setActivation(input.activation, composed);
}

LogicalResult qtc::onnx_import::importTranspose(NodeContext &node) {
  Shape shape = node.getInput(0).getShape(), permutation;
  if (failed(node.read("perm", permutation)))
    return failure();
  if (!node.hasAttribute("perm"))
    for (size_t i = shape.size(); i > 0; --i)
      permutation.push_back(i - 1);
  if (permutation.size() != shape.size() || !isPermutation(permutation))
    return node.refuse() << "attribute 'perm' is not a permutation of "
                         << shape.size() << " dimensions";
  if (node.isActivation(0))
    return transposeActivation(node, permutation);
  if (node.isConstant(0)) {
    ConstantView view = node.getInput(0).constant;
    view.transpose(permutation, node.getLoc());
    return node.setConstant(std::move(view));
  }
  return foldTranspose(node, permutation);
}

//===----------------------------------------------------------------------===//
// Concat
//===----------------------------------------------------------------------===//

/// The operands of a Concat with one order of dimensions: that of the first
/// operand if all have it, else ONNX's. `permutation` is set to that order.
static FailureOr<SmallVector<Value>> getParts(NodeContext &node,
                                              Shape &permutation) {
  unsigned count = node.getNumInputs();
  permutation = node.getInput(0).permutation;
  bool isCommon = llvm::all_of(llvm::seq(0u, count), [&](unsigned i) {
    return node.isActivation(i) && node.getInput(i).permutation == permutation;
  });
  if (!isCommon)
    permutation.clear();
  SmallVector<Value> parts;
  for (unsigned i = 0; i < count; ++i) {
    FailureOr<Value> part =
        isCommon ? node.getInput(i).activation : node.getActivation(i);
    if (failed(part))
      return failure();
    parts.push_back(*part);
  }
  return parts;
}

static LogicalResult concatActivations(NodeContext &node, int64_t axis) {
  Shape shape = node.getInput(0).getShape(), permutation;
  FailureOr<int64_t> dim = node.normalizeAxis(axis, shape.size());
  FailureOr<SmallVector<Value>> parts = getParts(node, permutation);
  if (failed(dim) || failed(parts))
    return failure();
  int64_t extent = 0;
  for (unsigned i = 0, e = node.getNumInputs(); i < e; ++i) {
    Shape part = node.getInput(i).getShape();
    if (part.size() == shape.size()) {
      extent += part[*dim];
      part[*dim] = shape[*dim];
    }
    if (part != shape)
      return node.refuse() << "expected inputs that differ in dimension "
                           << *dim << " only, but got " << formatShape(shape)
                           << " and "
                           << formatShape(node.getInput(i).getShape());
  }
  int64_t memoryDim = permutation.empty() ? *dim : permutation[*dim];
  if (memoryDim == 0)
    return node.refuse() << "axis " << axis
                         << " is the batch; expected another";
  Shape result(qtrain::getShape(parts->front()));
  result[memoryDim] = extent;
  if (failed(node.checkShape(result)))
    return failure();
  if (parts->size() == 1)
    return node.setActivation(parts->front(), permutation);
  return node.setActivation(
      node.create<qtrain::ConcatOp>(
          result, *parts, node.getBuilder().getI64IntegerAttr(memoryDim)),
      permutation);
}

LogicalResult qtc::onnx_import::importConcat(NodeContext &node) {
  int64_t axis = 0;
  if (failed(node.read("axis", axis)))
    return failure();
  for (unsigned i = 0, e = node.getNumInputs(); i < e; ++i)
    if (!node.hasInput(i))
      return node.refuse() << "input " << i << " is missing";
  return concatActivations(node, axis);
}

//===----------------------------------------------------------------------===//
// Identity, Cast
//===----------------------------------------------------------------------===//

LogicalResult qtc::onnx_import::importIdentity(NodeContext &node) {
  return node.setResult(node.getInput(0));
}

static LogicalResult convert(NodeContext &node, int64_t elementType) {
  Tensor target;
  target.elementType = elementType > 0 && elementType < 64
                           ? static_cast<int>(elementType)
                           : int(TensorProto::UNDEFINED);
  // Indices have one type, whatever the file calls it.
  bool areIndices =
      node.isActivation(0) &&
      getElementTypeOrSelf(node.getInput(0).activation).isInteger(32);
  if (areIndices && target.isInteger())
    return node.setResult(node.getInput(0));
  bool fromInteger = node.isShapeTensor(0) || areIndices;
  if (!target.isFloat() && (node.isActivation(0) || !target.isInteger()))
    return node.refuse() << "a conversion from "
                         << (fromInteger ? "integers" : "floats") << " to "
                         << target.getElementTypeName() << " is not supported";
  if (node.isActivation(0) && elementType != TensorProto::FLOAT)
    node.remark("the conversion to " + target.getElementTypeName() +
                " is left out");
  // A conversion between types of floats does not change the parameter.
  if (!fromInteger && target.isFloat())
    return node.setResult(node.getInput(0));
  return foldCast(node, target.elementType);
}

LogicalResult qtc::onnx_import::importCast(NodeContext &node) {
  int64_t to = 0, saturate = 1;
  if (failed(node.read("to", to)) || failed(node.read("saturate", saturate)))
    return failure();
  return convert(node, to);
}

LogicalResult qtc::onnx_import::importCastLike(NodeContext &node) {
  int64_t saturate = 1;
  if (failed(node.read("saturate", saturate)))
    return failure();
  if (node.isActivation(1))
    return convert(node, TensorProto::FLOAT);
  const GraphValue &like = node.getInput(1);
  return convert(node, node.isConstant(1) ? like.constant.root->elementType
                                          : like.integers.elementType);
}

//===----------------------------------------------------------------------===//
// Gather
//===----------------------------------------------------------------------===//

LogicalResult qtc::onnx_import::importGather(NodeContext &node) {
  int64_t axis = 0;
  if (failed(node.read("axis", axis)))
    return failure();
  if (!node.isActivation(1))
    return node.refuse() << "constant indices of a computed value are not "
                            "supported yet; expected indices that are an input "
                            "of the model";
  FailureOr<ConstantView> table = node.getWeight(0, "table");
  if (failed(table))
    return failure();
  FailureOr<int64_t> dim = node.normalizeAxis(axis, table->shape.size());
  if (failed(dim))
    return failure();
  if (*dim != 0)
    return node.refuse() << "expected indices of rows, along axis 0, but got "
                            "axis "
                         << axis;
  Value indices = node.getInput(1).activation;
  Shape result = node.getInput(1).getShape();
  int64_t examples = result.front();
  int64_t rows = ShapedType::getNumElements(result) / examples;
  ArrayRef<int64_t> row = ArrayRef(table->shape).drop_front();
  int64_t features = ShapedType::getNumElements(row);
  int64_t count = table->shape.front();
  result.append(row.begin(), row.end());
  if (failed(node.checkShape(result)))
    return failure();
  FailureOr<Value> parameter = node.getParameter(*table, /*owner=*/nullptr);
  if (failed(parameter))
    return failure();
  Value gathered = node.create<qtrain::GatherOp>(
      {examples, rows, features}, node.reshape(*parameter, {count, features}),
      indices);
  return node.setActivation(node.reshape(gathered, result));
}
