//===- Losses.cpp - Functions that training minimizes ---------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Loss/Loss.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

#include <algorithm>
#include <cmath>
#include <limits>

using namespace mlir;
using namespace qtc;
using namespace qtc::qtrain;

namespace {

//===----------------------------------------------------------------------===//
// Classes
//===----------------------------------------------------------------------===//

template <ClassLoss kind>
Value createClassGradient(ImplicitLocOpBuilder &builder, Value prediction,
                          Value target) {
  return builder.create<LossGradientOp>(prediction.getType(), prediction,
                                        target, kind, ExponentialAttr());
}

/// Half the sum of squares: y − onehot(t).
Value buildClassSquaresGradient(ImplicitLocOpBuilder &builder, Value prediction,
                                Value target, const LossConstants &) {
  return createClassGradient<ClassLoss::SumOfSquares>(builder, prediction,
                                                      target);
}

/// softmax(y) − onehot(t), and with options the same for smooth targets
/// (Szegedy et al., "Rethinking the Inception Architecture for Computer
/// Vision", 2015) and for weights as torch.nn.CrossEntropyLoss has them.
Value buildCrossEntropyGradient(ImplicitLocOpBuilder &builder, Value prediction,
                                Value target, const LossConstants &constants) {
  Value error =
      createClassGradient<ClassLoss::CrossEntropy>(builder, prediction, target);
  bool isMean = !constants.classWeights.empty() || constants.ignored;
  if (!isMean && constants.smoothing == 0.0)
    return error;
  DenseF64ArrayAttr weights;
  if (!constants.classWeights.empty())
    weights = builder.getDenseF64ArrayAttr(constants.classWeights);
  IntegerAttr ignored;
  if (constants.ignored)
    ignored = builder.getI32IntegerAttr(*constants.ignored);
  error =
      builder.create<WeighErrorOp>(error.getType(), error, target,
                                   builder.getF64FloatAttr(constants.smoothing),
                                   weights, ignored, ExponentialAttr());
  if (!isMean)
    return error;
  return builder.create<AverageErrorOp>(error.getType(), error, target,
                                        /*total=*/Value(), weights, ignored);
}

MetricAttrInterface getCrossEntropy(Builder &builder,
                                    const LossConstants &constants) {
  ArrayAttr weights;
  if (!constants.classWeights.empty())
    weights = builder.getF64ArrayAttr(constants.classWeights);
  return CrossEntropyAttr::get(builder.getContext(),
                               builder.getF64FloatAttr(constants.smoothing),
                               weights);
}

/// −log(1 / K).
double getUniformCrossEntropy(int64_t classes) {
  return std::log(static_cast<double>(classes));
}

/// A value without constants.
template <typename MetricTy>
MetricAttrInterface getMetric(Builder &builder, const LossConstants &) {
  return MetricTy::get(builder.getContext());
}

MetricAttrInterface getHuber(Builder &builder, const LossConstants &constants) {
  return MeanHuberAttr::get(builder.getContext(),
                            builder.getF64FloatAttr(constants.delta));
}

/// The text of weights in one form: numbers with commas between them.
std::string spellWeights(StringRef text) {
  SmallVector<StringRef> parts;
  text.split(parts, ',');
  return llvm::join(llvm::map_range(parts, spellValue), ",");
}

std::string spellInteger(StringRef text) {
  int64_t number;
  return text.getAsInteger(10, number) ? text.str() : std::to_string(number);
}

// There were checkpoints before these options.
enum { Smoothing, Weights, Ignored };
constexpr SchemeOption kClassOptions[] = {
    {"label-smoothing",
     "0",
     "Part of a target that all classes share, from 0 to below 1",
     {},
     getWholeValue,
     spellValue,
     /*omitsDefault=*/true},
    {"class-weights",
     "",
     "Weight of each class, W0,W1,... or @FILE with these numbers",
     {},
     getWholeValue,
     spellWeights,
     /*omitsDefault=*/true},
    {"ignore-index",
     "",
     "Label of examples that do not count",
     {},
     getWholeValue,
     spellInteger,
     /*omitsDefault=*/true},
};

/// Weights beyond this are a mistake, and their sums would leave singles.
constexpr double kMaxWeight = 1e6;

llvm::Error readWeights(const OptionValues &values,
                        std::vector<double> &weights) {
  const SchemeOption &option = kClassOptions[Weights];
  if (values.get(option).empty())
    return llvm::Error::success();
  SmallVector<StringRef> parts;
  values.get(option).split(parts, ',');
  double largest = 0;
  for (StringRef part : parts) {
    double weight;
    if (part.trim().empty() || !llvm::to_float(part.trim(), weight) ||
        !(weight >= 0) || weight > kMaxWeight)
      return llvm::createStringError(
          "option '" + values.spell(option) +
          "': expected numbers from 0 to 1e6 with commas between them, but "
          "got '" +
          part.trim().take_front(40).str() + "'");
    // -0 is 0, and so is what no single can hold.
    if (weight < std::numeric_limits<float>::min())
      weight = 0;
    weights.push_back(weight);
    largest = std::max(largest, weight);
  }
  if (largest > 0)
    return llvm::Error::success();
  return values.refuse(option, "a weight that is not 0");
}

llvm::Error readClassOptions(const OptionValues &values,
                             LossConstants &constants) {
  if (llvm::Error error = values.read(kClassOptions[Smoothing], 1.0,
                                      "from 0 to below 1", constants.smoothing))
    return error;
  constants.smoothing += 0.0; // -0 is 0
  if (llvm::Error error = readWeights(values, constants.classWeights))
    return error;
  const SchemeOption &option = kClassOptions[Ignored];
  if (values.get(option).empty())
    return llvm::Error::success();
  int32_t ignored;
  if (values.get(option).getAsInteger(10, ignored))
    return values.refuse(option, "an integer of 32 bits");
  constants.ignored = ignored;
  return llvm::Error::success();
}

//===----------------------------------------------------------------------===//
// Numbers
//===----------------------------------------------------------------------===//

Value createResidual(ImplicitLocOpBuilder &builder, Value prediction,
                     Value target) {
  return builder.create<ResidualOp>(prediction.getType(), prediction, target);
}

Value applyFunction(ImplicitLocOpBuilder &builder, Value value,
                    FunctionAttrInterface function) {
  return builder.create<ElementwiseOp>(value.getType(), value, function);
}

/// The loss of an example is the mean over its outputs: `error` times `factor`
/// divided by their number.
Value average(ImplicitLocOpBuilder &builder, Value error, double factor = 1.0) {
  auto outputs = static_cast<double>(getShape(error).back());
  if (factor == outputs)
    return error;
  return builder.create<ScaleErrorOp>(
      error.getType(), error, builder.getF32FloatAttr(factor / outputs));
}

/// 2 · (y − t) / C.
Value buildSquaresGradient(ImplicitLocOpBuilder &builder, Value prediction,
                           Value target, const LossConstants &) {
  return average(builder, createResidual(builder, prediction, target), 2.0);
}

/// sign(y − t) / C.
Value buildAbsoluteGradient(ImplicitLocOpBuilder &builder, Value prediction,
                            Value target, const LossConstants &) {
  Value residual = createResidual(builder, prediction, target);
  return average(builder, applyFunction(builder, residual,
                                        SignAttr::get(builder.getContext())));
}

/// clip(y − t, ±delta) / C (Huber, "Robust estimation of a location parameter",
/// Annals of Mathematical Statistics 35, 1964).
Value buildHuberGradient(ImplicitLocOpBuilder &builder, Value prediction,
                         Value target, const LossConstants &constants) {
  Value residual = createResidual(builder, prediction, target);
  auto clip = ClipAttr::get(builder.getContext(),
                            builder.getF64FloatAttr(-constants.delta),
                            builder.getF64FloatAttr(constants.delta));
  return average(builder, applyFunction(builder, residual, clip));
}

enum { Delta };
constexpr SchemeOption kHuberOptions[] = {
    {"loss-delta",
     "1",
     "Largest error that is squared",
     {},
     getWholeValue,
     spellValue},
};

llvm::Error readHuberOptions(const OptionValues &values,
                             LossConstants &constants) {
  const SchemeOption &option = kHuberOptions[Delta];
  double delta;
  if (!llvm::to_float(values.get(option), delta) || delta < 0 ||
      !std::isnormal(static_cast<float>(delta)))
    return values.refuse(option, "a positive number in single precision");
  constants.delta = delta;
  return llvm::Error::success();
}

FunctionAttrInterface getSigmoid(MLIRContext *context) {
  return SigmoidAttr::get(context);
}

/// (sigmoid(y) − t) / C.
Value buildLogisticGradient(ImplicitLocOpBuilder &builder, Value prediction,
                            Value target, const LossConstants &) {
  Value probability =
      applyFunction(builder, prediction, getSigmoid(builder.getContext()));
  return average(builder, createResidual(builder, probability, target));
}

constexpr Loss kLosses[] = {
    {"cross-entropy", "softmax cross-entropy of classes", /*takesClasses=*/true,
     buildCrossEntropyGradient, getCrossEntropy, getUniformCrossEntropy,
     kClassOptions, readClassOptions},
    {"sse", "half the sum of squared errors to one-hot classes",
     /*takesClasses=*/true, buildClassSquaresGradient,
     getMetric<ClassSquaresAttr>},
    {"mse", "mean of squared errors", /*takesClasses=*/false,
     buildSquaresGradient, getMetric<MeanSquaresAttr>},
    {"l1", "mean of absolute errors", /*takesClasses=*/false,
     buildAbsoluteGradient, getMetric<MeanAbsoluteAttr>},
    {"huber", "squares of small errors, absolute values of large ones",
     /*takesClasses=*/false, buildHuberGradient, getHuber,
     /*getGuessValue=*/nullptr, kHuberOptions, readHuberOptions},
    {"bce", "binary cross-entropy of the sigmoid of each output",
     /*takesClasses=*/false, buildLogisticGradient, getMetric<MeanLogisticAttr>,
     /*getGuessValue=*/nullptr, /*options=*/{},
     /*readOptions=*/nullptr, getSigmoid},
};

} // namespace

llvm::ArrayRef<Loss> qtc::getLosses() { return kLosses; }

const Loss *qtc::lookupLoss(llvm::StringRef name) {
  const Loss *found = llvm::find_if(
      kLosses, [&](const Loss &loss) { return loss.name == name; });
  return found == std::end(kLosses) ? nullptr : found;
}

OpOperand *qtc::findLink(const Loss &loss, OpOperand &output) {
  if (!loss.getLink)
    return nullptr;
  OpOperand *use = &output;
  while (auto view = use->get().getDefiningOp<ReshapeOp>()) {
    if (!view->hasOneUse())
      return nullptr;
    use = &view.getInputMutable();
  }
  auto last = use->get().getDefiningOp<ElementwiseOp>();
  bool isLink = last && last.getFunction() == loss.getLink(last.getContext());
  return isLink ? use : nullptr;
}

OptionValues qtc::getDefaultValues(const Loss &loss) {
  return OptionValues(loss.options, "--");
}

llvm::Expected<LossConstants> qtc::readConstants(const Loss &loss,
                                                 const OptionValues &values) {
  LossConstants constants;
  if (loss.readOptions)
    if (llvm::Error error = loss.readOptions(values, constants))
      return std::move(error);
  return constants;
}
