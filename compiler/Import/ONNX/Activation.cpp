//===- Activation.cpp - Element by element --------------------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// These operations do not depend on the order of dimensions, so transposes stay
// pending across them.
//
//===----------------------------------------------------------------------===//

#include "compiler/Import/ONNX/Handlers.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/Format.h"

#include <cmath>
#include <limits>

using namespace mlir;
using namespace qtc;
using namespace qtc::onnx_import;

static LogicalResult expectActivation(NodeContext &node, unsigned index) {
  if (node.isActivation(index))
    return success();
  return node.refuse() << "expected input " << index
                       << " to depend on the model's input, but it is constant";
}

/// Passes input 0 on.
static LogicalResult forward(NodeContext &node) {
  return node.setResult(node.getInput(0));
}

static LogicalResult createRelu(NodeContext &node, unsigned index) {
  const GraphValue &input = node.getInput(index);
  return node.setActivation(
      node.create<qtrain::ReluOp>(qtrain::getShape(input.activation),
                                  input.activation),
      input.permutation);
}

/// Sets the output to `function` of input `index`.
static LogicalResult applyFunction(NodeContext &node, unsigned index,
                                   qtrain::FunctionAttrInterface function) {
  const GraphValue &input = node.getInput(index);
  return node.setActivation(
      node.create<qtrain::ElementwiseOp>(qtrain::getShape(input.activation),
                                         input.activation, function),
      input.permutation);
}

template <typename FunctionT, typename... Numbers>
static qtrain::FunctionAttrInterface makeFunction(NodeContext &node,
                                                  Numbers... numbers) {
  OpBuilder &builder = node.getBuilder();
  return FunctionT::get(builder.getContext(),
                        builder.getF64FloatAttr(numbers)...);
}

LogicalResult qtc::onnx_import::importRelu(NodeContext &node) {
  if (failed(expectActivation(node, 0)))
    return failure();
  return createRelu(node, 0);
}

/// Reads a bound of Clip: an attribute or, since operator set 11, an input.
static LogicalResult readBound(NodeContext &node, StringRef name,
                               unsigned index, double &bound) {
  float attribute = bound;
  if (failed(node.read(name, attribute)))
    return failure();
  bound = attribute;
  if (!node.hasInput(index))
    return success();
  FailureOr<double> input = node.getScalar(index);
  if (failed(input))
    return failure();
  bound = *input;
  return success();
}

/// Clips operand `index`.
static LogicalResult createClip(NodeContext &node, unsigned index, double low,
                                double high) {
  constexpr double kLargest = std::numeric_limits<float>::max();
  bool isUnbounded = high >= kLargest;
  if (isUnbounded && low == 0.0)
    return createRelu(node, index);
  if (isUnbounded && low <= -kLargest)
    return node.setResult(node.getInput(index));
  std::string range;
  llvm::raw_string_ostream(range) << llvm::format("%g, %g", low, high);
  if (!(low < high))
    return node.refuse() << "expected a lower bound below the upper bound, but "
                            "got Clip("
                         << range << ")";
  return applyFunction(node, index,
                       makeFunction<qtrain::ClipAttr>(node, low, high));
}

LogicalResult qtc::onnx_import::importClip(NodeContext &node) {
  double low = -std::numeric_limits<double>::infinity(), high = -low;
  if (failed(expectActivation(node, 0)) ||
      failed(readBound(node, "min", 1, low)) ||
      failed(readBound(node, "max", 2, high)))
    return failure();
  return createClip(node, 0, low, high);
}

/// Max and Min with one number are a Clip with one bound.
LogicalResult qtc::onnx_import::importExtremum(NodeContext &node) {
  bool isMax = node.getOpType() == "Max";
  unsigned index = node.isActivation(0) ? 0 : 1;
  if (node.getNumInputs() != 2 || node.isActivation(1 - index))
    return node.refuse() << "supported only between data and one number";
  FailureOr<double> bound = node.getScalar(1 - index);
  if (failed(bound))
    return failure();
  double infinity = std::numeric_limits<double>::infinity();
  return isMax ? createClip(node, index, *bound, infinity)
               : createClip(node, index, -infinity, *bound);
}

//===----------------------------------------------------------------------===//
// Functions of one operand
//===----------------------------------------------------------------------===//

namespace {
/// Reads the constants of a function; null if they are refused.
using FunctionReader = qtrain::FunctionAttrInterface (*)(NodeContext &node);

/// A function whose constants are the attributes of a node.
struct FunctionEntry {
  StringLiteral opType;
  FunctionReader read;
};
} // namespace

/// The attribute `name`, by default `value`; the first refusal clears `isRead`.
static double readNumber(NodeContext &node, bool &isRead, StringRef name,
                         float value) {
  isRead = isRead && succeeded(node.read(name, value));
  if (isRead && !std::isfinite(value)) {
    node.refuse() << "expected '" << name << "' to be a finite number";
    isRead = false;
  }
  return value;
}

static qtrain::FunctionAttrInterface readLeakyRelu(NodeContext &node) {
  bool isRead = true;
  double alpha = readNumber(node, isRead, "alpha", 0.01f);
  return isRead ? makeFunction<qtrain::LeakyReluAttr>(node, alpha) : nullptr;
}

static qtrain::FunctionAttrInterface readThresholdedRelu(NodeContext &node) {
  bool isRead = true;
  double alpha = readNumber(node, isRead, "alpha", 1.0f);
  return isRead ? makeFunction<qtrain::ThresholdedReluAttr>(node, alpha)
                : nullptr;
}

static qtrain::FunctionAttrInterface readHardSigmoid(NodeContext &node) {
  bool isRead = true;
  double alpha = readNumber(node, isRead, "alpha", 0.2f);
  double beta = readNumber(node, isRead, "beta", 0.5f);
  return isRead ? makeFunction<qtrain::HardSigmoidAttr>(node, alpha, beta)
                : nullptr;
}

static qtrain::FunctionAttrInterface readElu(NodeContext &node) {
  bool isRead = true;
  double alpha = readNumber(node, isRead, "alpha", 1.0f);
  return isRead ? makeFunction<qtrain::EluAttr>(node, alpha, 1.0, 1.0)
                : nullptr;
}

static qtrain::FunctionAttrInterface readCelu(NodeContext &node) {
  bool isRead = true;
  double alpha = readNumber(node, isRead, "alpha", 1.0f);
  if (isRead && !(alpha > 0.0)) {
    node.refuse() << "expected a positive 'alpha'";
    return nullptr;
  }
  return isRead ? makeFunction<qtrain::EluAttr>(node, alpha, alpha, 1.0)
                : nullptr;
}

static qtrain::FunctionAttrInterface readSelu(NodeContext &node) {
  bool isRead = true;
  double alpha = readNumber(node, isRead, "alpha", 1.67326319217681884765625f);
  double gamma = readNumber(node, isRead, "gamma", 1.05070102214813232421875f);
  return isRead ? makeFunction<qtrain::EluAttr>(node, alpha, 1.0, gamma)
                : nullptr;
}

static qtrain::FunctionAttrInterface readGelu(NodeContext &node) {
  std::string form = "none";
  if (failed(node.read("approximate", form)))
    return nullptr;
  if (form == "none")
    return makeFunction<qtrain::GeluAttr>(node);
  if (form == "tanh")
    return makeFunction<qtrain::TanhGeluAttr>(node);
  node.refuse()
      << "expected 'approximate' to be \"none\" or \"tanh\", but got \"" << form
      << "\"";
  return nullptr;
}

static qtrain::FunctionAttrInterface readSwish(NodeContext &node) {
  bool isRead = true;
  double alpha = readNumber(node, isRead, "alpha", 1.0f);
  if (isRead && alpha != 1.0) {
    node.refuse() << "supported only with an 'alpha' of 1, but got " << alpha;
    return nullptr;
  }
  return isRead ? makeFunction<qtrain::SiluAttr>(node) : nullptr;
}

static constexpr FunctionEntry kFunctions[] = {
    {"Abs", makeFunction<qtrain::AbsAttr>},
    {"Celu", readCelu},
    {"Elu", readElu},
    {"Erf", makeFunction<qtrain::ErfAttr>},
    {"Exp", makeFunction<qtrain::ExpAttr>},
    {"Gelu", readGelu},
    {"HardSigmoid", readHardSigmoid},
    {"HardSwish", makeFunction<qtrain::HardSwishAttr>},
    {"LeakyRelu", readLeakyRelu},
    {"Mish", makeFunction<qtrain::MishAttr>},
    {"Neg", makeFunction<qtrain::NegAttr>},
    {"Selu", readSelu},
    {"Sigmoid", makeFunction<qtrain::SigmoidAttr>},
    {"Softplus", makeFunction<qtrain::SoftplusAttr>},
    {"Softsign", makeFunction<qtrain::SoftsignAttr>},
    {"Tanh", makeFunction<qtrain::TanhAttr>},
    {"Swish", readSwish},
    {"ThresholdedRelu", readThresholdedRelu},
};

LogicalResult qtc::onnx_import::importFunction(NodeContext &node) {
  const FunctionEntry *entry =
      llvm::find_if(kFunctions, [&](const FunctionEntry &entry) {
        return entry.opType == node.getOpType();
      });
  if (failed(expectActivation(node, 0)))
    return failure();
  qtrain::FunctionAttrInterface function = entry->read(node);
  return function ? applyFunction(node, 0, function) : failure();
}

//===----------------------------------------------------------------------===//
// A trained slope
//===----------------------------------------------------------------------===//

/// Whether `slope`, broadcast to `input`, differs between channels only.
static bool isPerChannel(ArrayRef<int64_t> slope, const GraphValue &input) {
  Shape shape = input.getShape();
  if (slope.size() > shape.size())
    return false;
  size_t first = shape.size() - slope.size();
  for (auto [index, extent] : llvm::enumerate(slope)) {
    size_t dim = first + index;
    int64_t place = input.permutation.empty() ? static_cast<int64_t>(dim)
                                              : input.permutation[dim];
    if (extent != 1 && (place != 1 || extent != shape[dim]))
      return false;
  }
  return true;
}

/// `value` as rows, or as an image, which has its channels innermost in memory.
static Value reshapeForChannels(NodeContext &node, Value value) {
  ArrayRef<int64_t> shape = qtrain::getShape(value);
  if (shape.size() == 1)
    return node.reshape(value, {shape[0], 1});
  if (shape.size() == 2)
    return value;
  int64_t rows = ShapedType::getNumElements(shape.drop_front(2).drop_back());
  return node.reshape(value, {shape[0], shape[1], rows, shape.back()});
}

LogicalResult qtc::onnx_import::importPRelu(NodeContext &node) {
  if (failed(expectActivation(node, 0)))
    return failure();
  FailureOr<ConstantView> slope = node.getWeight(1, "slope");
  if (failed(slope))
    return failure();
  const GraphValue &input = node.getInput(0);
  int64_t count = ShapedType::getNumElements(slope->shape);
  if (slope->shape.size() > input.getShape().size() ||
      (count != 1 && !isPerChannel(slope->shape, input)))
    return node.refuse() << "expected one slope, or one per channel of "
                         << formatShape(input.getShape())
                         << ", but got slopes of shape "
                         << formatShape(slope->shape);
  slope->reshape({count}, node.getLoc());
  // Exporters merge slopes that are equal by chance; each node has its own.
  FailureOr<Value> parameter = node.getParameter(*slope, /*owner=*/slope->use);
  if (failed(parameter))
    return failure();
  Value value = reshapeForChannels(node, input.activation);
  Value result =
      node.create<qtrain::PReluOp>(qtrain::getShape(value), value, *parameter);
  return node.setActivation(
      node.reshape(result, qtrain::getShape(input.activation)),
      input.permutation);
}

//===----------------------------------------------------------------------===//
// Dropout, Softmax, Sum
//===----------------------------------------------------------------------===//

/// Reads ratio and mode; sets `isActive` to false if the node drops nothing.
static LogicalResult readDropout(NodeContext &node, double &ratio,
                                 bool &isActive) {
  float attribute = 0.5f;
  int64_t seed = 0;
  if (failed(node.read("ratio", attribute)) || failed(node.read("seed", seed)))
    return failure();
  ratio = attribute;
  if (node.hasAttribute("seed"))
    node.remark("attribute 'seed' has no effect: the program has its own seed");
  if (node.hasInput(1)) {
    FailureOr<double> input = node.getScalar(1);
    if (failed(input))
      return failure();
    ratio = *input;
  }
  if (!(ratio >= 0.0 && ratio < 1.0)) {
    std::string text;
    llvm::raw_string_ostream(text) << llvm::format("%g", ratio);
    return node.refuse() << "expected a ratio in [0, 1), but got " << text;
  }
  isActive = ratio != 0.0;
  if (node.hasInput(2)) {
    FailureOr<double> isTraining = node.getScalar(2);
    if (failed(isTraining))
      return failure();
    if (*isTraining == 0.0) {
      node.remark("left out, its input 'training_mode' is false");
      isActive = false;
    }
  }
  return success();
}

LogicalResult qtc::onnx_import::importDropout(NodeContext &node) {
  double ratio = 0.0;
  bool isActive = false;
  if (failed(expectActivation(node, 0)) ||
      failed(readDropout(node, ratio, isActive)))
    return failure();
  if (!isActive)
    return forward(node);
  const GraphValue &input = node.getInput(0);
  ArrayRef<int64_t> shape = qtrain::getShape(input.activation);
  int64_t features = ShapedType::getNumElements(shape.drop_front());
  OpBuilder &builder = node.getBuilder();
  auto [seed, step] = node.getImporter().getRandomArguments();
  Value random = builder.create<qtrain::RandomOp>(
      node.getLoc(), RankedTensorType::get(features, builder.getI16Type()),
      seed, step, builder.getI64IntegerAttr(node.getNode().dropoutRank),
      qtrain::RandomPurposeAttr::get(builder.getContext(),
                                     qtrain::RandomPurpose::Dropout));
  return node.setActivation(
      node.create<qtrain::DropoutOp>(shape, input.activation, random,
                                     builder.getF64FloatAttr(ratio)),
      input.permutation);
}

LogicalResult qtc::onnx_import::importSoftmax(NodeContext &node) {
  FailureOr<Value> input = node.getActivation(0);
  if (failed(input))
    return failure();
  if (!node.getImporter().isFinalSoftmax(node.getNode()))
    return node.refuse() << "supported only as the last operation of a model, "
                            "where the loss takes its place";
  ArrayRef<int64_t> shape = qtrain::getShape(*input);
  // Before operator set 13, dimensions from the axis on counted as one.
  bool isOld = node.getOpset() < 13;
  int64_t axis = isOld ? 1 : -1;
  if (failed(node.read("axis", axis)))
    return failure();
  FailureOr<int64_t> normalized = node.normalizeAxis(axis, shape.size());
  if (failed(normalized))
    return failure();
  // An example is one row of classes, or has positions with such a row each.
  bool isRow = ShapedType::getNumElements(shape.drop_front(2)) == 1;
  int64_t flattened =
      ShapedType::getNumElements(shape.drop_front(*normalized + 1));
  if (*normalized == 0 || (isRow && *normalized != 1) ||
      (isOld && flattened != 1))
    return node.refuse() << "expected an axis over the classes, dimension 1 of "
                         << formatShape(shape) << ", but got " << axis;
  if (!isRow)
    node.getImporter().setSoftmaxAxis(node.getNode(), *normalized);
  node.remark("left out, the loss takes its place");
  return forward(node);
}

LogicalResult qtc::onnx_import::importSum(NodeContext &node) {
  SmallVector<Value> operands;
  const GraphValue &first = node.getInput(0);
  for (unsigned i = 0, e = node.getNumInputs(); i < e; ++i) {
    if (!node.hasInput(i))
      return node.refuse() << "input " << i << " is missing";
    if (failed(expectActivation(node, i)))
      return failure();
    const GraphValue &input = node.getInput(i);
    if (input.getShape() != first.getShape())
      return node.refuse() << "expected operands of one shape, but got "
                           << formatShape(first.getShape()) << " and "
                           << formatShape(input.getShape())
                           << "; broadcasting is not supported";
    if (input.permutation != first.permutation)
      return node.refuse() << "one operand is transposed, the other is not";
    operands.push_back(input.activation);
  }
  if (operands.size() == 1)
    return forward(node);
  return node.setActivation(
      node.create<qtrain::SumOp>(qtrain::getShape(operands.front()), operands),
      first.permutation);
}
