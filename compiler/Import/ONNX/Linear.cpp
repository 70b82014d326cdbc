//===- Linear.cpp - Matrix products and biases ----------------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Import/ONNX/Handlers.h"

#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace qtc;
using namespace qtc::onnx_import;

//===----------------------------------------------------------------------===//
// Products
//===----------------------------------------------------------------------===//

/// A linear layer of `input` [N, F] and `factor` times `weight` [O, F].
static FailureOr<Value> createLinear(NodeContext &node, Value input,
                                     const ConstantView &weight,
                                     Factor factor = {}) {
  ArrayRef<int64_t> shape = qtrain::getShape(input);
  if (shape[1] != weight.shape[1])
    return node.refuse() << "the input has " << shape[1]
                         << " features, but the weight expects "
                         << weight.shape[1];
  Shape result = {shape[0], weight.shape[0]};
  if (failed(node.checkShape(result)))
    return failure();
  FailureOr<Value> parameter =
      node.getParameter(weight, /*owner=*/nullptr, factor);
  if (failed(parameter))
    return failure();
  return node.create<qtrain::LinearOp>(result, input, *parameter);
}

/// The bias of a Gemm, or none if it has no effect.
static LogicalResult getGemmBias(NodeContext &node, int64_t outputs, float beta,
                                 std::optional<ConstantView> &bias) {
  if (!node.hasInput(2))
    return success();
  if (beta == 0.0f) {
    node.remark("input C is dropped, 'beta' is 0");
    return success();
  }
  FailureOr<ConstantView> view = node.getWeight(2, "input C");
  if (failed(view))
    return failure();
  ArrayRef<int64_t> shape = view->shape;
  bool isRow = shape.size() <= 2 && view->root->numElements == outputs &&
               (shape.empty() || shape.back() == outputs);
  if (!isRow)
    return node.refuse() << "expected an input C of shape " << outputs
                         << " or 1x" << outputs << ", but got "
                         << formatShape(shape);
  bias = *view;
  return success();
}

LogicalResult qtc::onnx_import::importGemm(NodeContext &node) {
  float alpha = 1.0f, beta = 1.0f;
  int64_t transA = 0, transB = 0;
  if (failed(node.read("alpha", alpha)) || failed(node.read("beta", beta)) ||
      failed(node.read("transA", transA)) ||
      failed(node.read("transB", transB)))
    return failure();
  if (!node.isActivation(0))
    return node.refuse() << "a constant input A is not supported";
  GraphValue input = node.getInput(0);
  if (input.getShape().size() != 2)
    return node.refuse() << "expected an input A of rank 2, but got shape "
                         << formatShape(input.getShape());
  // Rows are examples: transA has to undo a transpose.
  if ((transA != 0) != !input.permutation.empty())
    return node.refuse() << "input A is transposed: its rows are not the "
                            "examples of a batch";
  FailureOr<ConstantView> weight = node.getWeight(1, "input B");
  if (failed(weight))
    return failure();
  if (weight->shape.size() != 2)
    return node.refuse() << "expected an input B of rank 2, but got shape "
                         << formatShape(weight->shape);
  if (transB == 0)
    weight->transpose({1, 0}, node.getLoc());
  std::optional<ConstantView> bias;
  if (failed(getGemmBias(node, weight->shape[0], beta, bias)))
    return failure();
  FailureOr<Value> result =
      createLinear(node, input.activation, *weight, {"alpha", alpha});
  if (succeeded(result) && bias)
    result = addBias(node, *result, *bias, {"beta", beta});
  if (failed(result))
    return failure();
  return node.setActivation(*result);
}

LogicalResult qtc::onnx_import::importMatMul(NodeContext &node) {
  if (!node.isActivation(0))
    return node.refuse() << "a constant left operand is not supported";
  FailureOr<Value> input = node.getActivation(0);
  if (failed(input))
    return failure();
  FailureOr<ConstantView> weight = node.getWeight(1, "right operand");
  if (failed(weight))
    return failure();
  Shape shape = node.getInput(0).getShape();
  if (weight->shape.size() != 2)
    return node.refuse() << "expected a right operand of rank 2, but got shape "
                         << formatShape(weight->shape);
  if (shape.size() < 2)
    return node.refuse() << "expected rows, but the left operand has shape "
                         << formatShape(shape);
  weight->transpose({1, 0}, node.getLoc());
  int64_t rows = ShapedType::getNumElements(ArrayRef(shape).drop_back());
  FailureOr<Value> product =
      createLinear(node, node.reshape(*input, {rows, shape.back()}), *weight);
  if (failed(product))
    return failure();
  shape.back() = weight->shape[0];
  return node.setActivation(node.reshape(*product, shape));
}

//===----------------------------------------------------------------------===//
// Sums
//===----------------------------------------------------------------------===//

/// The dimension of `shape` for whose indices `bias` has one number each; none
/// if it is not a bias. A constant of one number is a bias only if `channels`
/// is 1.
static std::optional<size_t>
findBiasDim(ArrayRef<int64_t> bias, ArrayRef<int64_t> shape, size_t channels) {
  if (bias.size() > shape.size())
    return std::nullopt;
  size_t offset = shape.size() - bias.size();
  std::optional<size_t> found;
  for (auto [i, extent] : llvm::enumerate(bias)) {
    if (extent == 1)
      continue;
    if (found || extent != shape[offset + i])
      return std::nullopt;
    found = offset + i;
  }
  if (!found && shape[channels] == 1)
    found = channels;
  return found;
}

/// True if dimension `dim` is the columns of a matrix: all other extents except
/// that of the batch are 1, or, in the result of a linear layer, all after it.
static bool areColumns(ArrayRef<int64_t> shape, int64_t dim, bool isLinear) {
  return ShapedType::getNumElements(shape.drop_front(isLinear ? dim : 1)) ==
         shape[dim];
}

/// Adds the constant `index`, one number per channel, to the other operand.
static LogicalResult addConstant(NodeContext &node, unsigned index) {
  const GraphValue &input = node.getInput(1 - index);
  FailureOr<ConstantView> bias = node.getWeight(index, "operand");
  if (failed(bias))
    return failure();
  const Shape &permutation = input.permutation;
  Value value = input.activation;
  Shape shape = input.getShape(), memory(qtrain::getShape(value));
  if (memory.size() < 2)
    return node.refuse() << "expected an operand of rank 2 or more, but got "
                         << formatShape(shape);
  auto getMemoryDim = [&](size_t dim) {
    return permutation.empty() ? static_cast<int64_t>(dim) : permutation[dim];
  };
  size_t channels = 1;
  while (getMemoryDim(channels) != 1)
    channels = (channels + 1) % shape.size();
  std::optional<size_t> dim = findBiasDim(bias->shape, shape, channels);
  if (!dim && bias->root->numElements == 1)
    return node.refuse() << "a scalar constant is not supported; expected one "
                            "number for each of the "
                         << memory[1] << " channels of " << formatShape(shape);
  int64_t memoryDim = dim ? getMemoryDim(*dim) : 0;
  Value sums = getLayerResult(value);
  bool isLinear = sums.getDefiningOp<qtrain::LinearOp>() != nullptr;
  if (memoryDim > 1 && areColumns(memory, memoryDim, isLinear) &&
      !sums.getDefiningOp<qtrain::Conv2DOp>()) {
    int64_t extent = memory[memoryDim];
    int64_t rows = ShapedType::getNumElements(memory) / extent;
    value = node.reshape(sums, {rows, extent});
    memoryDim = 1;
  }
  if (memoryDim > 1 && !permutation.empty())
    return node.refuse() << "a constant of shape " << formatShape(bias->shape)
                         << " is one number for each index of dimension "
                         << *dim << ", where a transpose has put dimension "
                         << memoryDim
                         << "; expected one number for each channel, now "
                            "dimension "
                         << channels;
  if (memoryDim != 1)
    return node.refuse() << "a constant of shape " << formatShape(bias->shape)
                         << " is not one number for each of the " << memory[1]
                         << " channels of " << formatShape(shape);
  FailureOr<Value> sum = addBias(node, value, *bias);
  if (failed(sum))
    return failure();
  return node.setActivation(node.reshape(*sum, memory), permutation);
}

LogicalResult qtc::onnx_import::importAdd(NodeContext &node) {
  if (node.isActivation(0) && node.isActivation(1))
    return importSum(node);
  return addConstant(node, node.isActivation(0) ? 1 : 0);
}
