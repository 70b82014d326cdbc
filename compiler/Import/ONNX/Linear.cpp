//===- Linear.cpp - Matrix products and biases ----------------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Import/ONNX/Handlers.h"

#include "llvm/ADT/STLExtras.h"

#include <cmath>

using namespace mlir;
using namespace qtc;
using namespace qtc::onnx_import;

//===----------------------------------------------------------------------===//
// Products
//===----------------------------------------------------------------------===//

/// A linear layer of `input` [N, F] and `weight` [O, F].
static FailureOr<Value> createLinear(NodeContext &node, Value input,
                                     const ConstantView &weight) {
  ArrayRef<int64_t> shape = qtrain::getShape(input);
  if (shape[1] != weight.shape[1])
    return node.refuse() << "the input has " << shape[1]
                         << " features, but the weight expects "
                         << weight.shape[1];
  Shape result = {shape[0], weight.shape[0]};
  if (failed(node.checkShape(result)))
    return failure();
  return node.create<qtrain::LinearOp>(result, input,
                                       node.getImporter().getParameter(weight));
}

/// Folds a factor of the graph into the initial value of a parameter.
static LogicalResult foldScale(NodeContext &node, StringRef attribute,
                               float scale, const ConstantView &view) {
  if (scale == 1.0f)
    return success();
  if (scale == 0.0f || !std::isfinite(scale))
    return node.refuse() << "attribute '" << attribute << "' is " << scale
                         << "; expected a finite number other than zero";
  if (view.isShared)
    return node.refuse() << "attribute '" << attribute << "' is " << scale
                         << ", and cannot be folded into "
                         << quote(view.root->name)
                         << ", which has several users";
  node.getImporter().scaleParameter(view, scale);
  node.remark("the initial value of " + quote(view.root->name) +
              " is multiplied by '" + attribute + "', " +
              std::to_string(scale));
  return success();
}

/// The bias of a Gemm, or none where it has no effect.
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
  FailureOr<Value> product = createLinear(node, input.activation, *weight);
  if (failed(product) || failed(foldScale(node, "alpha", alpha, *weight)))
    return failure();
  if (!bias)
    return node.setActivation(*product);
  Value sum = addBias(node, *product, *bias);
  if (failed(foldScale(node, "beta", beta, *bias)))
    return failure();
  return node.setActivation(sum);
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
  auto middle = ArrayRef(shape).drop_front().drop_back();
  if (shape.size() < 2 ||
      llvm::any_of(middle, [](int64_t extent) { return extent != 1; }))
    return node.refuse()
           << "expected one row per example, but the left operand "
              "has shape "
           << formatShape(shape);
  weight->transpose({1, 0}, node.getLoc());
  FailureOr<Value> product = createLinear(
      node, node.reshape(*input, {shape.front(), shape.back()}), *weight);
  if (failed(product))
    return failure();
  shape.back() = weight->shape[0];
  return node.setActivation(node.reshape(*product, shape));
}

//===----------------------------------------------------------------------===//
// Sums
//===----------------------------------------------------------------------===//

/// The dimension of `shape` that a broadcast constant of `bias` varies along,
/// if it is the only one along which examples do: a row of features with
/// dimensions of extent 1 around it, as MatMul makes it of [N, 1, F].
static std::optional<size_t> findRow(ArrayRef<int64_t> shape,
                                     ArrayRef<int64_t> bias) {
  std::optional<size_t> row;
  for (size_t dim = 1; dim < shape.size(); ++dim) {
    if (shape[dim] == 1)
      continue;
    if (row)
      return std::nullopt;
    row = dim;
  }
  if (!row || bias.size() < shape.size() - *row || bias.size() > shape.size() ||
      bias[bias.size() - (shape.size() - *row)] != shape[*row])
    return std::nullopt;
  return row;
}

/// Adds the constant `index`, one number per channel, to the other operand.
static LogicalResult addConstant(NodeContext &node, unsigned index) {
  const GraphValue &input = node.getInput(1 - index);
  FailureOr<ConstantView> bias = node.getWeight(index, "operand");
  if (failed(bias))
    return failure();
  Shape shape = input.getShape();
  std::optional<size_t> row = findRow(shape, bias->shape);
  if (row && *row > 1 && input.permutation.empty() &&
      bias->root->numElements == shape[*row]) {
    Value flat = node.reshape(input.activation, {shape[0], shape[*row]});
    return node.setActivation(node.reshape(addBias(node, flat, *bias), shape));
  }
  int64_t channels = qtrain::getShape(input.activation)[1];
  // Which dimension of the activation each extent of the constant belongs to.
  bool fits =
      bias->shape.size() <= shape.size() && bias->root->numElements == channels;
  size_t offset = shape.size() - bias->shape.size();
  for (auto [i, extent] : llvm::enumerate(bias->shape)) {
    if (!fits || extent == 1)
      continue;
    int64_t dim =
        input.permutation.empty() ? offset + i : input.permutation[offset + i];
    fits &= dim == 1;
  }
  if (!fits)
    return node.refuse() << "a constant of shape " << formatShape(bias->shape)
                         << " is not one number for each of the " << channels
                         << " channels of " << formatShape(shape)
                         << (input.permutation.empty()
                                 ? ""
                                 : ", which is transposed");
  return node.setActivation(addBias(node, input.activation, *bias),
                            input.permutation);
}

LogicalResult qtc::onnx_import::importAdd(NodeContext &node) {
  if (node.isActivation(0) && node.isActivation(1))
    return importSum(node);
  return addConstant(node, node.isActivation(0) ? 1 : 0);
}
