//===- Normalization.cpp - BatchNormalization and LRN ---------------------===//
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

/// The constant `index`, one number per channel.
static FailureOr<ConstantView> getChannelConstant(NodeContext &node,
                                                  unsigned index,
                                                  StringRef role,
                                                  int64_t channels) {
  FailureOr<ConstantView> view = node.getWeight(index, role);
  if (failed(view))
    return failure();
  if (ArrayRef<int64_t>(view->shape) != ArrayRef(channels))
    return node.refuse() << "expected a " << role << " of shape " << channels
                         << ", but got " << formatShape(view->shape);
  return view;
}

/// The same for a running statistic. Its node gives it a new value, so it is
/// stored as the node sees it, and views must keep the order of its numbers.
static FailureOr<ConstantView> getStatistic(NodeContext &node, unsigned index,
                                            StringRef role, int64_t channels) {
  FailureOr<ConstantView> view =
      getChannelConstant(node, index, role, channels);
  if (failed(view))
    return failure();
  bool isTransposed = llvm::any_of(
      view->steps, [](const auto &step) { return step.isTranspose; });
  bool isMatrix = llvm::count_if(view->root->shape, [](int64_t extent) {
                    return extent != 1;
                  }) > 1;
  if (isTransposed && isMatrix)
    return node.refuse() << "the " << role << " " << quote(view->root->name)
                         << " is transposed; expected its numbers in the order "
                            "of the channels";
  return view;
}

/// Reads the attributes. training_mode has no effect: a program trains with the
/// statistics of the batch and evaluates with running statistics.
static LogicalResult readAttributes(NodeContext &node, float &epsilon,
                                    float &momentum) {
  int64_t spatial = 1, trainingMode = 0;
  if (failed(node.read("epsilon", epsilon)) ||
      failed(node.read("momentum", momentum)) ||
      failed(node.read("training_mode", trainingMode)) ||
      (node.getOpset() < 9 && failed(node.read("spatial", spatial))))
    return failure();
  if (spatial == 0)
    return node.refuse() << "attribute 'spatial' is 0; expected statistics of "
                            "channels, not of single elements";
  if (!std::isfinite(epsilon) || epsilon < 0.0f)
    return node.refuse() << "attribute 'epsilon' is " << epsilon
                         << "; expected a finite number that is not negative";
  epsilon += 0.0f; // -0.0 is 0.0.
  if (epsilon == 0.0f)
    node.remark("attribute 'epsilon' is 0: in floats, a channel whose values "
                "are all equal becomes NaN");
  if (!(momentum >= 0.0f && momentum <= 1.0f))
    return node.refuse() << "attribute 'momentum' is " << momentum
                         << "; expected a number in [0, 1]";
  return success();
}

/// Refuses invalid variances. Parameters that are NaN are refused elsewhere.
static LogicalResult checkVariance(NodeContext &node, const ConstantView &view,
                                   float epsilon) {
  std::string why;
  FailureOr<std::vector<float>> variance =
      readFloats(*view.root, node.getImporter().getModel().folder, why);
  if (failed(variance))
    return node.refuse() << "running variance: " << why;
  for (auto [channel, value] : llvm::enumerate(*variance)) {
    if (value < 0.0f)
      return node.refuse() << "the running variance of channel " << channel
                           << " is " << value
                           << "; expected a number that is not negative";
    if (value + epsilon == 0.0f)
      return node.refuse()
             << "the running variance of channel " << channel
             << " and 'epsilon' are both 0, and evaluation would "
                "divide by their sum; expected one to be positive";
  }
  return success();
}

/// Whether nodes of the file, not an initializer, fill `view` with `number`.
static bool isFilledByNodes(NodeContext &node, const ConstantView &view,
                            float number) {
  Model &model = node.getImporter().getModel();
  std::string ignored;
  if (model.getInitializer(view.root->name))
    return false;
  FailureOr<std::vector<float>> values =
      readFloats(*view.root, model.folder, ignored);
  return succeeded(values) &&
         llvm::all_of(*values, [=](float value) { return value == number; });
}

LogicalResult qtc::onnx_import::importBatchNormalization(NodeContext &node) {
  float epsilon = 1e-5f, momentum = 0.9f;
  if (failed(readAttributes(node, epsilon, momentum)))
    return failure();
  if (!node.isActivation(0))
    return node.refuse() << "a constant input is not supported";
  // Transposes that leave the channels in place stay pending.
  Shape permutation = node.getInput(0).permutation;
  Value input = node.getInput(0).activation;
  if (permutation.size() > 1 && permutation[1] != 1) {
    FailureOr<Value> canonical = node.getActivation(0);
    if (failed(canonical))
      return failure();
    input = *canonical;
    permutation.clear();
  }
  ArrayRef<int64_t> shape = qtrain::getShape(input);
  if (shape.size() < 2)
    return node.refuse()
           << "expected an input of rank 2 or more, but got shape "
           << formatShape(shape);
  int64_t channels = shape[1];
  // The input becomes an image, which has its channels innermost in memory.
  if (shape.size() > 2)
    input = node.reshape(
        input, {shape.front(), channels,
                ShapedType::getNumElements(shape.slice(2, shape.size() - 3)),
                shape.back()});
  FailureOr<ConstantView> scale =
      getChannelConstant(node, 1, "scale", channels);
  if (failed(scale))
    return failure();
  FailureOr<ConstantView> bias = getChannelConstant(node, 2, "bias", channels);
  if (failed(bias))
    return failure();
  FailureOr<ConstantView> mean =
      getStatistic(node, 3, "running mean", channels);
  if (failed(mean))
    return failure();
  FailureOr<ConstantView> variance =
      getStatistic(node, 4, "running variance", channels);
  if (failed(variance) || failed(checkVariance(node, *variance, epsilon)))
    return failure();
  if (ShapedType::getNumElements(shape) == channels)
    node.remark("each channel has one value per step, whose deviation from its "
                "mean is 0: the layers before it will not learn; compile with "
                "a larger --batch");
  if (isFilledByNodes(node, *scale, 1.0f) && isFilledByNodes(node, *bias, 0.0f))
    node.remark("the scale of ones and the bias of zeros are no initializers, "
                "as in a file that PyTorch writes for affine=False; they are "
                "trained all the same");

  FailureOr<Value> gamma = node.getParameter(*scale, /*owner=*/scale->use);
  FailureOr<Value> beta = node.getParameter(*bias, /*owner=*/bias->use);
  if (failed(gamma) || failed(beta))
    return failure();
  Importer &importer = node.getImporter();
  OpBuilder &builder = node.getBuilder();
  Value operands[] = {input, *gamma, *beta, importer.getBuffer(*mean),
                      importer.getBuffer(*variance)};
  Type statistic = node.makeType(channels);
  auto op = builder.create<qtrain::BatchNormTrainingOp>(
      node.getLoc(),
      TypeRange{input.getType(), statistic, statistic, statistic, statistic},
      ValueRange(operands),
      ArrayRef{
          builder.getNamedAttr("epsilon", builder.getF64FloatAttr(epsilon)),
          builder.getNamedAttr("momentum", builder.getF64FloatAttr(momentum))});
  importer.setNewValue(*mean, op.getNewMean());
  importer.setNewValue(*variance, op.getNewVariance());
  return node.setActivation(node.reshape(op.getResult(), shape), permutation);
}

LogicalResult qtc::onnx_import::importLRN(NodeContext &node) {
  int64_t size = 0;
  float alpha = 1e-4f, beta = 0.75f, bias = 1.0f;
  FailureOr<Value> input = node.getActivation(0);
  if (failed(input) || failed(node.read("size", size)) ||
      failed(node.read("alpha", alpha)) || failed(node.read("beta", beta)) ||
      failed(node.read("bias", bias)))
    return failure();
  ArrayRef<int64_t> shape = qtrain::getShape(*input);
  if (shape.size() < 2)
    return node.refuse() << "expected an input of rank 2 or more, but got "
                         << formatShape(shape);
  if (size < 1)
    return node.refuse() << "attribute 'size' is " << size
                         << "; expected a positive number of channels";
  auto isUsable = [](float value) {
    return std::isfinite(value) && value >= 0.0f;
  };
  if (!isUsable(alpha) || !isUsable(beta) || !isUsable(bias) || bias == 0.0f)
    return node.refuse() << "expected 'alpha' and 'beta' that are finite and "
                            "not negative, and a positive 'bias'";
  OpBuilder &builder = node.getBuilder();
  return node.setActivation(node.create<qtrain::LocalResponseNormOp>(
      shape, *input, builder.getI64IntegerAttr(size),
      builder.getF64FloatAttr(alpha), builder.getF64FloatAttr(beta),
      builder.getF64FloatAttr(bias)));
}
