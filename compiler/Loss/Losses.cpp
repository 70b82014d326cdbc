//===- Losses.cpp - Functions that training minimizes ---------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Loss/Loss.h"

#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace qtc;
using namespace qtc::qtrain;

namespace {

//===----------------------------------------------------------------------===//
// Classes
//===----------------------------------------------------------------------===//

template <ClassLoss kind>
Value buildClassGradient(ImplicitLocOpBuilder &builder, Value prediction,
                         Value target, const LossConstants &) {
  return builder.create<LossGradientOp>(prediction.getType(), prediction,
                                        target, kind, ExponentialAttr());
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
    {"cross-entropy", "softmax cross-entropy of classes",
     QTCRT_LOSS_CROSS_ENTROPY, /*takesClasses=*/true,
     buildClassGradient<ClassLoss::CrossEntropy>},
    {"sse", "half the sum of squared errors to one-hot classes",
     QTCRT_LOSS_SQUARES, /*takesClasses=*/true,
     buildClassGradient<ClassLoss::SumOfSquares>},
    {"mse", "mean of squared errors", QTCRT_LOSS_MEAN_SQUARES,
     /*takesClasses=*/false, buildSquaresGradient},
    {"l1", "mean of absolute errors", QTCRT_LOSS_ABSOLUTE,
     /*takesClasses=*/false, buildAbsoluteGradient},
    {"huber", "squares of small errors, absolute values of large ones",
     QTCRT_LOSS_HUBER, /*takesClasses=*/false, buildHuberGradient},
    {"bce", "binary cross-entropy of the sigmoid of each output",
     QTCRT_LOSS_LOGISTIC, /*takesClasses=*/false, buildLogisticGradient,
     getSigmoid},
};

} // namespace

llvm::ArrayRef<Loss> qtc::getLosses() { return kLosses; }

const Loss *qtc::lookupLoss(llvm::StringRef name) {
  const Loss *found = llvm::find_if(
      kLosses, [&](const Loss &loss) { return loss.name == name; });
  return found == std::end(kLosses) ? nullptr : found;
}
