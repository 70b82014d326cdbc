//===- Outputs.cpp - The outputs of a model that are trained --------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Import/ONNX/Importer.h"
#include "compiler/Import/ONNX/Refusal.h"

#include "onnx/onnx_pb.h"
#include "llvm/ADT/StringSwitch.h"

using namespace mlir;
using namespace qtc;
using namespace qtc::onnx_import;

Location Importer::getLocation(const TrainedOutput &output) {
  return NameLoc::get(builder.getStringAttr(output.name));
}

void Importer::startOutputs() {
  for (auto [name, given] :
       llvm::zip_equal(model.getOutputs(), options.outputs)) {
    outputs.push_back({name, given.hasClasses, nullptr, std::nullopt});
    if (given.hasClasses.value_or(true))
      outputs.back().finalSoftmax = findFinalSoftmax(name);
  }
  std::vector<std::string> others;
  for (const onnx::ValueInfoProto &output : model.getGraph().output())
    if (!llvm::is_contained(model.getOutputs(), output.name()))
      others.push_back(output.name());
  if (!others.empty())
    addRemark((outputs.size() == 1 ? "output " : "outputs ") +
              listNames(model.getOutputs()) +
              (outputs.size() == 1 ? " is" : " are") + " trained, but not " +
              listNames(others) + "; --output=NAME chooses another");
}

/// Softmax belongs to the loss. It is the last operation if only changes of
/// shape follow, and if nothing else reads its result.
const Node *Importer::findFinalSoftmax(StringRef wanted) const {
  for (const Node &node : llvm::reverse(model.nodes)) {
    if (node.proto->output_size() == 0 || node.proto->output(0) != wanted)
      continue;
    if (model.getNumUses(wanted) != 1)
      return nullptr;
    StringRef op = node.proto->op_type();
    if (op == "Softmax" || op == "LogSoftmax")
      return &node;
    bool keepsElements = llvm::StringSwitch<bool>(op)
                             .Cases("Identity", "Flatten", "Reshape", "Squeeze",
                                    "Unsqueeze", "Cast", true)
                             .Default(false);
    if (!keepsElements || node.proto->input_size() == 0)
      return nullptr;
    wanted = node.proto->input(0);
  }
  return nullptr;
}

bool Importer::isFinalSoftmax(const Node &node) const {
  return llvm::any_of(outputs, [&](const TrainedOutput &output) {
    return output.finalSoftmax == &node;
  });
}

void Importer::setSoftmaxAxis(const Node &node, int64_t axis) {
  for (TrainedOutput &output : outputs)
    if (output.finalSoftmax == &node)
      output.softmaxAxis = axis;
}

/// Row-major elements of `value` with its dimension i moved from `order`[i],
/// in `shape`.
Value Importer::reshapeOutput(const TrainedOutput &output,
                              const GraphValue &value, ArrayRef<int64_t> order,
                              ArrayRef<int64_t> shape) {
  Location loc = getLocation(output);
  Value result = value.activation;
  Shape moves(order);
  if (!value.permutation.empty())
    moves = permute(value.permutation, order);
  if (!isIdentity(moves)) {
    auto type = RankedTensorType::get(permute(qtrain::getShape(result), moves),
                                      builder.getF32Type());
    result = builder.create<qtrain::TransposeOp>(
        loc, type, result, builder.getDenseI64ArrayAttr(moves));
  }
  if (qtrain::getShape(result) == shape)
    return result;
  return builder.create<qtrain::ReshapeOp>(
      loc, RankedTensorType::get(shape, builder.getF32Type()), result);
}

/// Numbers: [N, F], whatever the shape of the output.
Value Importer::getNumbers(const TrainedOutput &output,
                           const GraphValue &value) {
  Shape shape = value.getShape();
  Shape order = llvm::to_vector<4>(llvm::seq<int64_t>(0, shape.size()));
  int64_t features = ShapedType::getNumElements(ArrayRef(shape).drop_front());
  if (shape.size() > 2)
    addRemark("output " + quote(output.name) + " of shape " +
              formatShape(shape) + " is taken as " + Twine(features) +
              " numbers per example");
  return reshapeOutput(output, value, order, {shape[0], features});
}

/// The scores of one class per example: [N, K].
FailureOr<Value> Importer::getScores(const TrainedOutput &output,
                                     const GraphValue &value,
                                     std::string &why) {
  Shape shape = value.getShape();
  std::string name = "output " + quote(output.name);
  if (shape.size() < 2)
    return Refusal(why) << name << " has shape " << formatShape(shape)
                        << ", but expected one row of class scores per example";
  if (ShapedType::getNumElements(ArrayRef(shape).drop_front(2)) != 1)
    return getPositions(output, value, why);
  if (shape.size() > 2)
    addRemark(name + " loses its dimensions of extent 1");
  Shape order = llvm::to_vector<4>(llvm::seq<int64_t>(0, shape.size()));
  return reshapeOutput(output, value, order, {shape[0], shape[1]});
}

/// The scores of a class for each position of an example: [N·P, K].
FailureOr<Value> Importer::getPositions(const TrainedOutput &output,
                                        const GraphValue &value,
                                        std::string &why) {
  Shape shape = value.getShape();
  auto rank = static_cast<int64_t>(shape.size());
  int64_t axis = options.classAxis.value_or(
      output.softmaxAxis.value_or(rank == 3 ? rank - 1 : 1));
  if (axis < 0)
    axis += rank;
  if (axis < 1 || axis >= rank)
    return Refusal(why) << "option '--class-axis': expected a dimension from 1 "
                           "to "
                        << rank - 1 << " of output " << quote(output.name)
                        << " of shape " << formatShape(shape) << ", but got "
                        << *options.classAxis;
  Shape order;
  for (int64_t dim = 0; dim < rank; ++dim)
    if (dim != axis)
      order.push_back(dim);
  order.push_back(axis);
  int64_t rows = ShapedType::getNumElements(shape) / shape[axis];
  addRemark("output " + quote(output.name) + " of shape " + formatShape(shape) +
            " has a class for each of " + Twine(rows / shape[0]) +
            " positions of an example, whose scores "
            "are along dimension " +
            Twine(axis));
  return reshapeOutput(output, value, order, {rows, shape[axis]});
}

FailureOr<Value> Importer::getOutput(const TrainedOutput &output,
                                     std::string &why) {
  FailureOr<GraphValue *> value = lookup(output.name, why);
  if (failed(value))
    return failure();
  std::string name = "output " + quote(output.name);
  if ((*value)->kind != GraphValue::Kind::Activation)
    return Refusal(why) << name << " does not depend on the input";
  const Shape &permutation = (*value)->permutation;
  if (!permutation.empty() && permutation.front() != 0)
    return Refusal(why) << name
                        << " is transposed so that the batch is not first";
  bool isOneNumber = (*value)->getShape().size() == 1;
  bool haveNumbers = !output.hasClasses.value_or(true) ||
                     (isOneNumber && !output.mustHaveClasses());
  if (haveNumbers)
    return getNumbers(output, **value);
  return getScores(output, **value, why);
}

LogicalResult Importer::checkClasses(const TrainedOutput &output, Value value,
                                     std::string &why) const {
  if (!options.forTraining || !output.mustHaveClasses() ||
      qtrain::getShape(value)[1] >= 2)
    return success();
  return Refusal(why) << "output " << quote(output.name)
                      << " is one number per example; expected a score for "
                         "each of two or more classes, or another loss, such "
                         "as --loss=mse for numbers or --loss=bce for yes "
                         "and no";
}

LogicalResult Importer::checkTrainable(std::string &why) const {
  bool hasParameters = llvm::any_of(parameters, [](const auto &entry) {
    return entry.second.kind == qtrain::StateKind::Parameter;
  });
  if (!options.forTraining || hasParameters)
    return success();
  return Refusal(why) << "the model has no weights, so there is nothing to "
                         "train";
}
