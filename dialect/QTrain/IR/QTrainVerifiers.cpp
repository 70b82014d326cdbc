//===- QTrainVerifiers.cpp - Constraints that ODS cannot express ----------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialect/QTrain/IR/QTrain.h"
#include "dialect/QTrain/IR/VerifierSupport.h"

#include "llvm/ADT/STLExtras.h"

#include <cmath>
#include <cstdlib>

using namespace mlir;
using namespace qtc::qtrain;

//===----------------------------------------------------------------------===//
// Shared checks
//===----------------------------------------------------------------------===//

LogicalResult qtc::qtrain::expectShape(Operation *op, StringRef what,
                                       Value value,
                                       ArrayRef<int64_t> expected) {
  ArrayRef<int64_t> shape = getShape(value);
  if (shape == expected)
    return success();
  return op->emitOpError() << "expected " << what << " of shape [" << expected
                           << "], but got [" << shape << "]";
}

LogicalResult qtc::qtrain::expectRank(Operation *op, StringRef what,
                                      Value value, size_t rank) {
  if (getShape(value).size() == rank)
    return success();
  return op->emitOpError() << "expected " << what << " of rank " << rank
                           << ", but got " << value.getType();
}

LogicalResult qtc::qtrain::expectOneForm(Operation *op, ValueRange values) {
  bool scaled = isScaled(values.front().getType());
  for (Value value : values)
    if (isScaled(value.getType()) != scaled)
      return op->emitOpError()
             << "expected only float or only scaled tensors, but got "
             << values.front().getType() << " and " << value.getType();
  return success();
}

/// Checks that an accumulator is float, or scaled and 32 or `maxWidth` bits
/// wide.
static LogicalResult expectAccumulator(Operation *op, Value value,
                                       unsigned maxWidth = 32) {
  auto scaled = dyn_cast<ScaledType>(value.getType());
  if (!scaled || scaled.getWidth() == 32 || scaled.getWidth() == maxWidth)
    return success();
  return op->emitOpError() << "expected "
                           << (maxWidth == 32 ? "32" : "32- or 64")
                           << "-bit accumulators, but got " << scaled;
}

/// Checks the sums of a contraction, which may have 64 bits.
static LogicalResult expectSum(Operation *op, Value value) {
  return expectAccumulator(op, value, /*maxWidth=*/64);
}

/// The multiply-accumulates of a contraction are a number of 64 bits.
static LogicalResult expectCountable(Operation *op, Value result,
                                     int64_t length) {
  int64_t count = ShapedType::getNumElements(getShape(result));
  if (isCountable(count, length))
    return success();
  return op->emitOpError() << "expected fewer than 2^63 products, but got "
                           << count << " sums of " << length;
}

/// Checks the geometry common to a convolution and its gradients.
static LogicalResult verifyConvolution(Operation *op, Value input, Value weight,
                                       Value result, WindowAttr window,
                                       int64_t group) {
  if (failed(expectRank(op, "input", input, 4)) ||
      failed(expectRank(op, "weight", weight, 4)) ||
      failed(expectRank(op, "output", result, 4)) ||
      failed(expectOneForm(op, {input, weight, result}))) // C1, C4
    return failure();
  ArrayRef<int64_t> x = getShape(input), w = getShape(weight);
  if (window.getKernel() != w.drop_front(2)) // C1
    return op->emitOpError()
           << "expected the window's kernel [" << window.getKernel()
           << "] to be the weight's [" << w.drop_front(2) << "]";
  if (group < 1 || w[0] % group != 0 || x[1] % group != 0 ||
      x[1] / group != w[1]) // C2
    return op->emitOpError()
           << "expected " << group << " groups of " << w[1]
           << " input channels and a multiple of " << group
           << " output channels, but got " << x[1] << " and " << w[0];
  if (failed(expectShape(op, "output", result, // C3
                         {x[0], w[0], window.getOutputExtent(0, x[2]),
                          window.getOutputExtent(1, x[3])})))
    return failure();
  return expectCountable(op, result, w[1] * w[2] * w[3]);
}

static LogicalResult verifyLinear(Operation *op, Value input, Value weight,
                                  Value result) {
  if (failed(expectRank(op, "weight", weight, 2)) ||
      failed(expectRank(op, "output", result, 2)) ||
      failed(expectOneForm(op, {input, weight, result}))) // C3
    return failure();
  ArrayRef<int64_t> x = getShape(input), w = getShape(weight);
  if (x.size() < 2 || ShapedType::getNumElements(x.drop_front()) != w[1]) // C1
    return op->emitOpError() << "expected an input of " << w[1]
                             << " features, but got " << input.getType();
  if (failed(expectShape(op, "output", result, {x[0], w[0]}))) // C2
    return failure();
  return expectCountable(op, result, w[1]);
}

static LogicalResult verifyPoolShapes(Operation *op, ArrayRef<int64_t> x,
                                      ArrayRef<int64_t> y, WindowAttr window) {
  if (x.size() != 4 || y.size() != 4) // C1
    return op->emitOpError() << "expected input and output of rank 4, but got ["
                             << x << "] and [" << y << "]";
  if (x[0] != y[0] || x[1] != y[1]) // C1
    return op->emitOpError() << "expected equal batch and channels, but got ["
                             << x << "] and [" << y << "]";
  for (unsigned dim : {0u, 1u}) // C2
    if (!window.alwaysTouches(dim, x[dim + 2], y[dim + 2]))
      return op->emitOpError()
             << "expected every window to touch the input, but got " << window
             << " on [" << x << "] giving [" << y << "]";
  return success();
}

static LogicalResult verifyPool(Operation *op, Value input, Value result,
                                WindowAttr window) {
  if (failed(expectRank(op, "input", input, 4)) ||
      failed(expectRank(op, "output", result, 4)) ||
      failed(expectOneForm(op, {input, result}))) // C1, C3
    return failure();
  return verifyPoolShapes(op, getShape(input), getShape(result), window);
}

//===----------------------------------------------------------------------===//
// Forward operations
//===----------------------------------------------------------------------===//

/// Mantissas have one of four widths.
static bool isMantissa(Type type) {
  return llvm::any_of(
      std::initializer_list<unsigned>{8, 16, 32, 64},
      [=](unsigned width) { return type.isSignlessInteger(width); });
}

/// The prefix of the names of tensors of `kind` in their symbols.
static std::string getSymbolPrefix(StateKind kind) {
  return (stringifyStateKind(kind) + ".").str();
}

FlatSymbolRefAttr ParameterOp::getSymbol(MLIRContext *context, StateKind kind,
                                         StringRef name) {
  return FlatSymbolRefAttr::get(context,
                                getSymbolPrefix(kind).append(name.str()));
}

StringRef ParameterOp::getTensorName() {
  StringRef name = getSymName();
  name.consume_front(getSymbolPrefix(getKind()));
  return name;
}

LogicalResult
ParameterOp::verifySymbolUses(SymbolTableCollection &symbolTable) {
  if (!getOriginAttr())
    return success();
  auto origin =
      symbolTable.lookupNearestSymbolFrom<ParameterOp>(*this, getOriginAttr());
  if (origin && origin.getValue().getType() == getValue().getType())
    return success();
  return emitOpError() << "expected origin " << getOriginAttr() // C6
                       << " to be a parameter of type " << getValue().getType();
}

LogicalResult ParameterOp::verify() {
  auto type = dyn_cast<RankedTensorType>(getValue().getType());
  if (!type || !isWellFormed(type) || type.getEncoding() ||
      !(type.getElementType().isF32() || isMantissa(type.getElementType())))
    return emitOpError() // C7
           << "expected a tensor of f32, i8, i16, i32 or i64 with 1 to 2^40 "
              "elements, but got "
           << getValue().getType();
  // Whatever replaces the value has to be stored element by element.
  constexpr int64_t kMaxSplat = int64_t(1) << 28;
  if (getValue().isSplat() && type.getNumElements() > kMaxSplat)
    return emitOpError() << "expected at most 2^28 equal elements, but got "
                         << type.getNumElements();                    // C7
  if (type.getElementType().isInteger() != getExponent().has_value()) // C1
    return emitOpError("expected an exponent exactly for integer values");
  if (static_cast<int64_t>(getId()) < 0) // C2
    return emitOpError("expected a non-negative id");
  if (getUniform() && (*getUniform() < 1 || *getUniform() > 32767 ||
                       !type.getElementType().isInteger())) // C3
    return emitOpError(
        "expected a scale from 1 to 32767 for uniform integer values");
  if (getBound() &&
      (!(*getBound() > APFloat(0.0f)) || !getBound()->isFinite() ||
       !type.getElementType().isF32())) // C4
    return emitOpError(
        "expected a positive, finite bound for uniform f32 values");
  if (getOrigin().has_value() != (getKind() == StateKind::Evaluation)) // C6
    return emitOpError("expected an origin exactly for kind 'evaluation'");
  if (getRate() &&
      (!(*getRate() > APFloat(0.0)) || !getRate()->isFinite())) // C8
    return emitOpError("expected a positive, finite factor on the rate");
  if (getWeightBits() && *getWeightBits() != 8 && *getWeightBits() != 16) // C8
    return emitOpError() << "expected 8 or 16 weight bits, but got "
                         << *getWeightBits();
  if (getHeadroom() && *getHeadroom() > 7) // C8
    return emitOpError() << "expected a headroom from 0 to 7, but got "
                         << static_cast<int64_t>(*getHeadroom());
  if (!getLevels())
    return success();
  int64_t levels = *getLevels(), half = levels / 2;
  if (!getUniform() || levels < 1 || levels > 255 || levels % 2 == 0 ||
      !llvm::isIntN(type.getElementTypeBitWidth(),
                    half * static_cast<int64_t>(*getUniform()))) // C5
    return emitOpError("expected an odd number of levels, 1 to 255, for "
                       "uniform values that fit");
  return success();
}

LogicalResult DecodeOp::verify() {
  if (getExponent() < -100 || getExponent() > 100) // C2
    return emitOpError() << "expected an exponent of at most 100, but got "
                         << getExponent();
  return expectShape(*this, "result", getResult(),
                     getMantissas().getType().getShape()); // C1
}

LogicalResult NormalizeOp::verify() {
  if (failed(expectShape(*this, "result", getResult(), // C1
                         getPixels().getType().getShape())))
    return failure();
  ArrayRef<int64_t> shape = getPixels().getType().getShape();
  int64_t channels = shape.size() > 1 ? shape[1] : 1;
  for (ArrayRef<double> values : {getMean(), getStd()}) // C2
    if (values.size() != 1 && static_cast<int64_t>(values.size()) != channels)
      return emitOpError() << "expected 1 or " << channels
                           << " means and deviations, but got "
                           << values.size();
  auto isUsable = [](double value) {
    return std::isfinite(value) && value != 0.0;
  };
  if (!llvm::all_of(getStd(), isUsable) ||
      !isUsable(getDivisor().convertToDouble())) // C3
    return emitOpError("expected finite divisors other than zero");
  return success();
}

LogicalResult Conv2DOp::verify() {
  if (failed(expectSum(*this, getResult())))
    return failure();
  return verifyConvolution(*this, getInput(), getWeight(), getResult(),
                           getWindow(), getGroup());
}

LogicalResult LinearOp::verify() {
  if (failed(expectSum(*this, getResult())))
    return failure();
  return verifyLinear(*this, getInput(), getWeight(), getResult());
}

LogicalResult BiasAddOp::verify() {
  ArrayRef<int64_t> shape = getShape(getInput());
  if (shape.size() < 2)
    return emitOpError() << "expected an input of rank 2 or more, but got "
                         << getInput().getType();
  if (getInput().getType() != getResult().getType()) // C2
    return emitOpError("expected input and result of one type");
  if (failed(expectOneForm(*this, {getInput(), getBias()}))) // C3
    return failure();
  return expectShape(*this, "bias", getBias(), {shape[1]}); // C1
}

LogicalResult MaxPool2DOp::verify() {
  if (failed(expectOneForm(*this, {getInput(), getResult()})))
    return failure();
  if (getTensorType(getInput().getType()).getElementType() !=
      getTensorType(getResult().getType()).getElementType()) // C3
    return emitOpError() << "expected operand and result of one width, but got "
                         << getInput().getType() << " and "
                         << getResult().getType();
  return verifyPool(*this, getInput(), getResult(), getWindow());
}

LogicalResult AveragePool2DOp::verify() {
  if (failed(expectAccumulator(*this, getResult())))
    return failure();
  return verifyPool(*this, getInput(), getResult(), getWindow());
}

/// Checks the shapes of a gather of rows of `table` by `indices`.
static LogicalResult verifyGather(Operation *op, Value table, Value indices,
                                  Value rows) {
  ArrayRef<int64_t> shape = cast<ShapedType>(indices.getType()).getShape();
  if (failed(expectRank(op, "the table", table, 2)))
    return failure();
  if (shape.empty())
    return op->emitOpError("expected indices of rank 1 or more"); // C1
  if (failed(expectOneForm(op, {table, rows})))
    return failure();
  return expectShape(op, "the rows", rows, // C2
                     {shape[0], ShapedType::getNumElements(shape.drop_front()),
                      getShape(table)[1]});
}

LogicalResult GatherOp::verify() {
  if (getTensorType(getTable().getType()).getElementType() !=
      getTensorType(getResult().getType()).getElementType()) // C3
    return emitOpError() << "expected table and result of one width, but got "
                         << getTable().getType() << " and "
                         << getResult().getType();
  return verifyGather(*this, getTable(), getIndices(), getResult());
}

LogicalResult ReshapeOp::verify() {
  RankedTensorType input = getTensorType(getInput().getType());
  RankedTensorType result = getTensorType(getResult().getType());
  if (input.getNumElements() != result.getNumElements()) // C1
    return emitOpError() << "expected " << input.getNumElements()
                         << " elements, but got " << result.getNumElements();
  if (input.getElementType() != result.getElementType()) // C2
    return emitOpError("expected operand and result of one element type");
  return expectOneForm(*this, {getInput(), getResult()});
}

LogicalResult TransposeOp::verify() {
  if (failed(expectOneForm(*this, {getInput(), getResult()})))
    return failure();
  if (getTensorType(getInput().getType()).getElementType() !=
      getTensorType(getResult().getType()).getElementType()) // C2
    return emitOpError("expected operand and result of one element type");
  ArrayRef<int64_t> shape = getShape(getInput());
  SmallVector<int64_t> expected;
  llvm::SmallBitVector seen(shape.size());
  for (int64_t source : getPermutation()) { // C1
    if (source < 0 || source >= static_cast<int64_t>(shape.size()) ||
        seen.test(source))
      return emitOpError() << "expected a permutation of " << shape.size()
                           << " dimensions, but got [" << getPermutation()
                           << "]";
    seen.set(source);
    expected.push_back(shape[source]);
  }
  if (expected.size() != shape.size())
    return emitOpError() << "expected a permutation of " << shape.size()
                         << " dimensions, but got [" << getPermutation() << "]";
  return expectShape(*this, "result", getResult(), expected); // C2
}

/// Checks that `part` has the shape of `whole` except for dimension `axis`, and
/// the same element type.
static LogicalResult verifyPart(Operation *op, Value whole, Value part,
                                int64_t axis) {
  ArrayRef<int64_t> shape = getShape(whole);
  if (axis < 1 || axis >= static_cast<int64_t>(shape.size())) // C1
    return op->emitOpError()
           << "expected an axis from 1 to " << int64_t(shape.size()) - 1
           << ", but got " << axis;
  SmallVector<int64_t> expected(shape);
  if (getShape(part).size() == shape.size())
    expected[axis] = getShape(part)[axis];
  if (failed(expectShape(op, "a part", part, expected))) // C2
    return failure();
  if (getTensorType(part.getType()).getElementType() !=
      getTensorType(whole.getType()).getElementType()) // C3
    return op->emitOpError() << "expected parts of one element type, but got "
                             << part.getType() << " of " << whole.getType();
  return expectOneForm(op, {whole, part});
}

LogicalResult ConcatOp::verify() {
  int64_t axis = getAxis(), extent = 0;
  if (getInputs().empty()) // C2
    return emitOpError("expected an operand");
  for (Value input : getInputs()) {
    if (failed(verifyPart(*this, getResult(), input, axis)))
      return failure();
    extent += getShape(input)[axis];
  }
  if (extent == getShape(getResult())[axis])
    return success();
  return emitOpError() << "expected a result of extent " << extent // C2
                       << " in dimension " << axis << ", but got "
                       << getResult().getType();
}

LogicalResult SumOp::verify() {
  if (getInputs().size() < 2) // C1
    return emitOpError() << "expected two or more operands, but got "
                         << getInputs().size();
  if (!llvm::all_equal(getInputs().getTypes())) // C1
    return emitOpError() << "expected operands of one type, but got "
                         << getInputs().getTypes();
  if (failed(expectOneForm(*this, {getInputs().front(), getResult()})))
    return failure();
  size_t maxima = isScaled(getResult().getType()) ? getInputs().size() : 0;
  if (getMaxima().size() != maxima) // C4
    return emitOpError() << "expected " << maxima << " maxima, but got "
                         << getMaxima().size();
  auto operand = dyn_cast<ScaledType>(getInputs().front().getType());
  auto result = dyn_cast<ScaledType>(getResult().getType());
  bool addsGradients =
      operand && operand.getWidth() == 32 && result.getWidth() == 64;
  if (operand && operand.getWidth() > 16 && !addsGradients) // C3
    return emitOpError() << "expected mantissas and accumulators of 32 or 64 "
                            "bits, or accumulators of 32 bits and of 64, but "
                            "got "
                         << operand << " and " << result;
  if (failed(expectSum(*this, getResult()))) // C3
    return failure();
  return expectShape(*this, "result", getResult(), // C2
                     getShape(getInputs().front()));
}

LogicalResult DropoutOp::verify() {
  double ratio = getRatio().convertToDouble();
  if (!(ratio >= 0.0 && ratio < 1.0)) // C1
    return emitOpError() << "expected a ratio in [0, 1), but got " << ratio;
  ArrayRef<int64_t> shape = getShape(getInput());
  if (shape.empty())
    return emitOpError() << "expected an input of rank 1 or more, but got "
                         << getInput().getType();
  if (failed(expectOneForm(*this, {getInput(), getResult()})))
    return failure();
  if (isScaled(getInput().getType())) { // C4
    if (ratio != 0.5 && failed(expectAccumulator(*this, getResult())))
      return failure();
    if (ratio == 0.5 && getInput().getType() != getResult().getType())
      return emitOpError("expected operand and result of one type");
  }
  int64_t features = ShapedType::getNumElements(shape.drop_front());
  if (getRandom().getType().getNumElements() != features) // C2
    return emitOpError() << "expected " << features
                         << " random numbers, but got "
                         << getRandom().getType();
  return expectShape(*this, "result", getResult(), shape); // C3
}

//===----------------------------------------------------------------------===//
// Backward operations
//===----------------------------------------------------------------------===//

LogicalResult LossGradientOp::verify() {
  ArrayRef<int64_t> shape = getShape(getLogits());
  if (shape.size() != 2 ||
      getLabels().getType().getShape() != shape.take_front()) // C1
    return emitOpError() << "expected logits of rank 2 and one label per row, "
                            "but got "
                         << getLogits().getType() << " and "
                         << getLabels().getType();
  if (failed(expectOneForm(*this, {getLogits(), getResult()})) ||
      failed(expectAccumulator(*this, getResult())))
    return failure();
  auto logits = dyn_cast<ScaledType>(getLogits().getType());
  bool isInteger = logits && getLoss() == ClassLoss::CrossEntropy;
  if (getExponential().has_value() != isInteger) // C3
    return emitOpError("expected a power function exactly for a cross-entropy "
                       "of scaled logits");
  if (isInteger && *getExponential() == Exponential::Octave &&
      logits.getWidth() != 8) // C4
    return emitOpError() << "expected logits of 8 bits, but got " << logits;
  return expectShape(*this, "result", getResult(), shape); // C2
}

LogicalResult qtc::qtrain::expectWeights(Operation *op,
                                         ArrayRef<double> weights) {
  auto isWeight = [](double weight) {
    return std::isfinite(weight) && weight >= 0;
  };
  if (llvm::all_of(weights, isWeight) &&
      llvm::any_of(weights, [](double weight) { return weight > 0; }))
    return success();
  return op->emitOpError("expected finite weights, none of them negative and "
                         "one of them positive");
}

/// Checks errors [N, K], labels [N] and the weights of K classes, if any.
static LogicalResult expectWeighable(Operation *op, Value error, Value labels,
                                     std::optional<ArrayRef<double>> weights) {
  ArrayRef<int64_t> shape = getShape(error);
  if (shape.size() != 2 || getShape(labels) != shape.take_front())
    return op->emitOpError()
           << "expected errors of rank 2 and one label per row, but got "
           << error.getType() << " and " << labels.getType();
  if (!weights)
    return success();
  if (static_cast<int64_t>(weights->size()) != shape[1])
    return op->emitOpError() << "expected " << shape[1] << " weights, but got "
                             << weights->size();
  return expectWeights(op, *weights);
}

LogicalResult WeighErrorOp::verify() {
  if (failed(expectWeighable(*this, getError(), getLabels(),
                             getWeights()))) // C1, C5
    return failure();
  if (failed(expectOneForm(*this, {getError(), getResult()})) ||
      failed(expectAccumulator(*this, getError())) ||
      failed(expectAccumulator(*this, getResult()))) // C2
    return failure();
  if (isScaled(getError().getType()) != getExponential().has_value()) // C3
    return emitOpError("expected a power function exactly for scaled errors");
  double smoothing = getSmoothing().convertToDouble();
  if (!(smoothing >= 0 && smoothing < 1)) // C4
    return emitOpError("expected a smoothing from 0 to below 1");
  return expectShape(*this, "result", getResult(), getShape(getError())); // C2
}

LogicalResult AverageErrorOp::verify() {
  return expectWeighable(*this, getError(), getLabels(),
                         getWeights()); // C1, C2
}

LogicalResult ResidualOp::verify() {
  if (failed(expectOneForm(*this, {getPrediction(), getTarget(), getResult()})))
    return failure(); // C2
  if (isScaled(getTarget().getType()) &&
      cast<ScaledType>(getTarget().getType()).getWidth() != 32) // C2
    return emitOpError() << "expected targets of 32 bits, but got "
                         << getTarget().getType();
  if (failed(expectAccumulator(*this, getResult())) || // C2
      failed(expectShape(*this, "target", getTarget(),
                         getShape(getPrediction())))) // C1
    return failure();
  return expectShape(*this, "result", getResult(),
                     getShape(getPrediction())); // C1
}

LogicalResult ScaleErrorOp::verify() {
  if (getFactor().isFinite() && !getFactor().isNegative() &&
      !getFactor().isZero()) // C1
    return success();
  return emitOpError("expected a positive, finite factor");
}

LogicalResult Conv2DInputGradientOp::verify() {
  if (failed(expectSum(*this, getResult())))
    return failure();
  return verifyConvolution(*this, getResult(), getWeight(), getGradient(),
                           getWindow(), getGroup());
}

LogicalResult Conv2DWeightGradientOp::verify() {
  if (failed(expectSum(*this, getResult())))
    return failure();
  return verifyConvolution(*this, getInput(), getResult(), getGradient(),
                           getWindow(), getGroup());
}

LogicalResult LinearInputGradientOp::verify() {
  if (failed(expectSum(*this, getResult())))
    return failure();
  return verifyLinear(*this, getResult(), getWeight(), getGradient());
}

LogicalResult LinearWeightGradientOp::verify() {
  if (failed(expectSum(*this, getResult())))
    return failure();
  return verifyLinear(*this, getInput(), getResult(), getGradient());
}

LogicalResult BiasGradientOp::verify() {
  ArrayRef<int64_t> shape = getShape(getGradient());
  if (shape.size() < 2)
    return emitOpError() << "expected a gradient of rank 2 or more, but got "
                         << getGradient().getType();
  if (failed(expectOneForm(*this, {getGradient(), getResult()})) ||
      failed(expectSum(*this, getResult())))
    return failure();
  return expectShape(*this, "result", getResult(), {shape[1]}); // C1
}

LogicalResult GatherGradientOp::verify() {
  if (failed(expectSum(*this, getResult())))
    return failure();
  int64_t terms = getIndices().getType().getNumElements();
  if (isScaled(getGradient().getType()) && terms > kMaxGatheredRows) // C4
    return emitOpError() << "expected at most " << kMaxGatheredRows
                         << " indices, but got " << terms;
  return verifyGather(*this, getResult(), getIndices(), getGradient());
}

LogicalResult ReluGradientOp::verify() {
  if (getGradient().getType() != getResult().getType())
    return emitOpError("expected gradient and result of one type");
  if (failed(expectOneForm(*this, {getOutput(), getGradient()})))
    return failure();
  return expectShape(*this, "output", getOutput(), getShape(getGradient()));
}

LogicalResult MaxPool2DGradientOp::verify() {
  if (failed(verifyPool(*this, getInput(), getGradient(), getWindow())) || // C2
      failed(expectOneForm(*this, {getGradient(), getResult()})))
    return failure();
  if (auto scaled = dyn_cast<ScaledType>(getResult().getType())) { // C3
    unsigned width = cast<ScaledType>(getGradient().getType()).getWidth();
    bool narrow = scaled.getWidth() == width && !getWindow().overlaps();
    if (scaled.getWidth() != 32 && !narrow)
      return emitOpError() << "expected a 32-bit result for these windows, but "
                              "got "
                           << scaled;
  }
  return expectShape(*this, "result", getResult(), // C1
                     getShape(getInput()));
}

LogicalResult MaxPool2DPositionsOp::verify() {
  RankedTensorType type = getResult().getType();
  int64_t positions = ShapedType::getNumElements(getWindow().getKernel());
  if (!llvm::isIntN(type.getElementTypeBitWidth(), positions - 1)) // C2
    return emitOpError() << "expected elements that hold " << positions
                         << " positions, but got " << type;
  return verifyPoolShapes(*this, getShape(getInput()), type.getShape(), // C1
                          getWindow());
}

LogicalResult MaxUnpool2DOp::verify() {
  if (getResult().getType().getWidth() < getGradient().getType().getWidth())
    return emitOpError()
           << "expected a result as wide as the gradient, but " // C2
              "got "
           << getResult().getType();
  ArrayRef<int64_t> shape = getPositions().getType().getShape();
  if (failed(expectShape(*this, "gradient", getGradient(), shape))) // C1
    return failure();
  return verifyPoolShapes(*this, getShape(getResult()), shape, getWindow());
}

LogicalResult AveragePool2DGradientOp::verify() {
  if (failed(expectAccumulator(*this, getResult()))) // C2
    return failure();
  return verifyPool(*this, getResult(), getGradient(), getWindow()); // C1
}

LogicalResult UpdateOp::verifySymbolUses(SymbolTableCollection &symbolTable) {
  FlatSymbolRefAttr symbol = getSymbolAttr();
  if (!symbol ||
      symbolTable.lookupNearestSymbolFrom<ParameterOp>(*this, symbol))
    return success();
  return emitOpError() << "expected a parameter named " << symbol; // C3
}

LogicalResult UpdateOp::verify() {
  if (getParameter().getType() != getResult().getType()) // C1
    return emitOpError("expected parameter and result of one type");
  if (getStates().size() != getNewStates().size()) // C4
    return emitOpError() << "expected as many new states as states, but got "
                         << getNewStates().size() << " and "
                         << getStates().size();
  for (ValueRange states :
       {ValueRange(getStates()), ValueRange(getNewStates())})
    for (Value state : states) // C4
      if (isScaled(state.getType()) || state.getType() != getResult().getType())
        return emitOpError()
               << "expected states of a float parameter, of its type, but got "
               << state.getType();
  auto scaled = dyn_cast<ScaledType>(getParameter().getType());
  if (getLimit() && (!scaled || static_cast<int64_t>(*getLimit()) < 1 ||
                     !llvm::isIntN(scaled.getWidth(), *getLimit()))) // C2
    return emitOpError(
        "expected a positive limit that fits a scaled parameter");
  if (failed(expectOneForm(*this, {getParameter(), getGradient()}))) // C1
    return failure();
  return expectShape(*this, "gradient", getGradient(),
                     getShape(getParameter()));
}

LogicalResult SliceOp::verify() {
  int64_t axis = getAxis(), offset = getOffset();
  if (failed(verifyPart(*this, getInput(), getResult(), axis)))
    return failure();
  int64_t last = getShape(getInput())[axis] - getShape(getResult())[axis];
  if (offset >= 0 && offset <= last)
    return success();
  return emitOpError() << "expected an offset from 0 to " << last // C2
                       << ", but got " << offset;
}

LogicalResult LinearCombinationOp::verify() {
  if (getTerms().empty()) // C1
    return emitOpError("expected a term");
  for (Value term : getTerms()) // C2
    if (term.getType() != getType())
      return emitOpError() << "expected terms of the result's type, but got "
                           << term.getType() << " and " << getType();
  return success();
}
