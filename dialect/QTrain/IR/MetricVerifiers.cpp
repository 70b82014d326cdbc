//===- MetricVerifiers.cpp - Verifiers of metrics -------------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialect/QTrain/IR/QTrain.h"
#include "dialect/QTrain/IR/VerifierSupport.h"

using namespace mlir;
using namespace qtc::qtrain;

/// Checks for the form of a metric of rows, if it is scaled.
static LogicalResult expectFixedPoint(Operation *op, Value result) {
  auto scaled = dyn_cast<ScaledType>(result.getType());
  if (!scaled || scaled.getWidth() == 64)
    return success();
  return op->emitOpError() << "expected a scaled result of 64 bits, but got "
                           << scaled;
}

LogicalResult RowMetricOp::verify() {
  MetricAttrInterface metric = getMetric();
  ArrayRef<int64_t> shape = getShape(getPrediction());
  if (shape.size() != 2 || !metric.accepts(shape[1])) // C1
    return emitOpError() << "expected predictions of rank 2 as the metric "
                            "takes them, but got "
                         << getPrediction().getType();
  if (failed(expectOneForm(*this, {getPrediction(), getResult()})) ||
      failed(expectFixedPoint(*this, getResult()))) // C3
    return failure();
  auto target = dyn_cast<RankedTensorType>(getTarget().getType());
  bool hasLabels = target && target.getElementType().isInteger(32);
  if (hasLabels != metric.takesClasses()) // C2
    return emitOpError() << "expected a target of "
                         << (hasLabels ? "numbers" : "labels") << ", but got "
                         << getTarget().getType();
  if (getIgnored() && !hasLabels) // C4
    return emitOpError("expected labels where one is ignored");
  if (!hasLabels &&
      failed(expectOneForm(*this, {getPrediction(), getTarget()}))) // C2
    return failure();
  if (failed(expectShape(*this, "target", getTarget(),
                         hasLabels ? shape.take_front() : shape))) // C2
    return failure();
  return expectShape(*this, "result", getResult(), shape.take_front()); // C3
}

LogicalResult LabelWeightSumOp::verify() {
  if (failed(expectRank(*this, "labels", getLabels(), 1))) // C1
    return failure();
  return getWeights() ? expectWeights(*this, *getWeights()) : success(); // C2
}

LogicalResult LabelWeightOp::verify() {
  if (failed(expectRank(*this, "labels", getLabels(), 1)) ||
      failed(expectShape(*this, "result", getResult(), getShape(getLabels()))))
    return failure();                                              // C1
  if (getWeights() && failed(expectWeights(*this, *getWeights()))) // C2
    return failure();
  return expectFixedPoint(*this, getResult()); // C1
}
