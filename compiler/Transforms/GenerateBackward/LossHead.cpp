//===- LossHead.cpp - A prediction with the loss that trains it -----------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Transforms/GenerateBackward/LossHead.h"

#include "runtime/include/qtcrt/Printable.h"
#include "runtime/include/qtcrt/abi.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSet.h"

#include <cmath>

using namespace mlir;
using namespace qtc;
using namespace qtc::qtrain;

//===----------------------------------------------------------------------===//
// Options
//===----------------------------------------------------------------------===//

static LogicalResult findLoss(func::FuncOp forward, StringRef name,
                              LossHead &head) {
  head.loss = lookupLoss(name);
  if (head.loss)
    return success();
  InFlightDiagnostic error = forward.emitError("expected a loss among ");
  llvm::interleaveComma(getLosses(), error,
                        [&](const Loss &known) { error << known.name; });
  return error << ", but got '" << qtcrt::printable(name) << "'";
}

static bool hasOption(const Loss &loss, StringRef setting) {
  return llvm::any_of(loss.options, [&](const SchemeOption &option) {
    return option.name == setting.split('=').first;
  });
}

/// Reads those of the `settings` that the loss of `head` has.
static llvm::Error readOptions(ArrayRef<std::string> settings, LossHead &head) {
  std::vector<std::string> own;
  llvm::copy_if(settings, std::back_inserter(own), [&](StringRef setting) {
    return hasOption(*head.loss, setting);
  });
  OptionValues values = getDefaultValues(*head.loss);
  if (llvm::Error error = values.set(own))
    return error;
  llvm::Expected<LossConstants> read = readConstants(*head.loss, values);
  if (read)
    head.constants = std::move(*read);
  return read.takeError();
}

/// Fails if there is an option that no loss has.
static llvm::Error refuseOthers(ArrayRef<std::string> settings,
                                ArrayRef<LossHead> heads) {
  for (const std::string &setting : settings) {
    if (llvm::any_of(heads, [&](const LossHead &head) {
          return hasOption(*head.loss, setting);
        }))
      continue;
    OptionValues values = getDefaultValues(*heads.front().loss);
    return values.set(setting);
  }
  return llvm::Error::success();
}

/// Checks for one weight of each class.
static LogicalResult expectClassWeights(func::FuncOp forward,
                                        const LossHead &head) {
  Operation *terminator = forward.getBody().front().getTerminator();
  ArrayRef<int64_t> shape = getShape(terminator->getOperand(head.index));
  size_t given = head.constants.classWeights.size();
  if (given == 0 || static_cast<int64_t>(given) == shape.back())
    return success();
  return terminator->emitError()
         << "option '--class-weights': expected " << shape.back()
         << " numbers, one for each class, but got " << given;
}

FailureOr<SmallVector<LossHead>>
qtc::readLossHeads(func::FuncOp forward, unsigned count,
                   const LossSettings &settings) {
  SmallVector<std::string> losses(settings.losses);
  if (losses.empty())
    losses.push_back("cross-entropy");
  if (losses.size() == 1)
    losses.resize(count, losses.front());
  SmallVector<double> weights(settings.weights);
  if (weights.empty())
    weights.resize(count, 1.0);
  if (losses.size() != count || weights.size() != count)
    return forward.emitError() << "expected a loss and a weight for each of "
                               << count << " predictions, but got "
                               << losses.size() << " and " << weights.size();
  SmallVector<LossHead> heads(count);
  for (auto [index, head] : llvm::enumerate(heads)) {
    head.index = index;
    head.weight = weights[index];
    if (failed(findLoss(forward, losses[index], head)))
      return failure();
    if (!(head.weight > 0) || !std::isnormal(static_cast<float>(head.weight)))
      return forward.emitError("expected weights of losses that are positive "
                               "in single precision");
    if (llvm::Error error = readOptions(settings.options, head))
      return forward.emitError(llvm::toString(std::move(error)));
    if (failed(expectClassWeights(forward, head)))
      return failure();
  }
  if (llvm::Error error = refuseOthers(settings.options, heads))
    return forward.emitError(llvm::toString(std::move(error)));
  return heads;
}

//===----------------------------------------------------------------------===//
// Gradient and metrics
//===----------------------------------------------------------------------===//

void LossHead::dropLink(func::FuncOp forward) const {
  Operation *terminator = forward.getBody().front().getTerminator();
  OpOperand *use = findLink(*loss, terminator->getOpOperand(index));
  if (!use)
    return;
  auto last = use->get().getDefiningOp<ElementwiseOp>();
  last.emitRemark("left out, the loss takes its place");
  use->set(last.getInput());
  if (last.use_empty())
    last.erase();
}

Value LossHead::buildGradient(OpBuilder &builder, Value prediction,
                              Value target, int64_t rows) const {
  ImplicitLocOpBuilder atPrediction(prediction.getLoc(), builder);
  Value gradient =
      loss->buildGradient(atPrediction, prediction, target, constants);
  double factor = weight * static_cast<double>(rows) /
                  static_cast<double>(getShape(prediction).front());
  if (factor == 1.0)
    return gradient;
  return atPrediction.create<ScaleErrorOp>(
      gradient.getType(), gradient, atPrediction.getF32FloatAttr(factor));
}

void LossHead::buildReports(OpBuilder &builder, Value prediction, Value target,
                            SmallVectorImpl<Report> &metrics,
                            SmallVectorImpl<Report> &weights) const {
  ImplicitLocOpBuilder atPrediction(prediction.getLoc(), builder);
  Builder attributes(builder.getContext());
  IntegerAttr ignored;
  if (constants.ignored)
    ignored = attributes.getI32IntegerAttr(*constants.ignored);
  auto type = RankedTensorType::get(getShape(prediction).take_front(),
                                    attributes.getF32Type());
  auto add = [&](StringRef name, MetricAttrInterface metric,
                 DenseF64ArrayAttr classWeights = {}) {
    Value value = atPrediction.create<RowMetricOp>(type, prediction, target,
                                                   metric, ignored);
    metrics.push_back({value, Role::Metric, name, index});
    if (!classWeights && !ignored)
      return;
    Value ofRow =
        atPrediction.create<LabelWeightOp>(type, target, classWeights, ignored);
    weights.push_back({ofRow, Role::Weight, name, index});
  };
  // A mean does not depend on the scale of weights, and numbers up to 1 fit
  // fixed point.
  LossConstants relative = constants;
  std::vector<double> &ofClasses = relative.classWeights;
  DenseF64ArrayAttr classWeights;
  if (!ofClasses.empty()) {
    double largest = *llvm::max_element(ofClasses);
    for (double &ofClass : ofClasses)
      ofClass /= largest;
    classWeights = attributes.getDenseF64ArrayAttr(ofClasses);
  }
  add(QTCRT_METRIC_LOSS, loss->getValue(attributes, relative), classWeights);
  if (loss->takesClasses)
    add(QTCRT_METRIC_ACCURACY, AccuracyAttr::get(builder.getContext()));
}
