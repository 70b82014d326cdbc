//===- NormalizationVerifiers.cpp - Constraints of normalizations ---------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialect/QTrain/IR/QTrain.h"
#include "dialect/QTrain/IR/VerifierSupport.h"

#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace qtc::qtrain;

/// All operands and results except `activations` have one number per channel.
static LogicalResult expectChannelNumbers(Operation *op, ValueRange activations,
                                          int64_t channels) {
  SmallVector<Value> values(op->getOperands());
  values.append(op->result_begin(), op->result_end());
  for (Value value : values)
    if (!llvm::is_contained(activations, value) &&
        failed(expectShape(op, "one number per channel", value, channels)))
      return failure();
  return success();
}

/// Checks the constraints C1 to C3 that all operations of BatchNormalization
/// share: every operand and result that is not in `activations` has one number
/// per channel.
static LogicalResult verifyBatchNorm(Operation *op, ValueRange activations,
                                     const APFloat &epsilon) {
  Value input = activations.front();
  ArrayRef<int64_t> shape = getShape(input);
  if (shape.size() < 2) // C1
    return op->emitOpError() << "expected an input of rank 2 or more, but got "
                             << input.getType();
  for (Value activation : activations)
    if (activation.getType() != input.getType())
      return op->emitOpError()
             << "expected activations of one type, but got " << input.getType()
             << " and " << activation.getType();
  if (failed(expectChannelNumbers(op, activations, shape[1]))) // C2
    return failure();
  if (!epsilon.isFinite() || epsilon.isNegative()) // C3
    return op->emitOpError("expected a finite epsilon that is not negative");
  return success();
}

/// Checks constraint C5 of operations that sums are given to.
template <typename OpTy> static LogicalResult expectMoments(OpTy op) {
  size_t count = op.getMoments().size();
  if (count == 0 || count == 2)
    return success();
  return op.emitOpError() << "expected no moments or two, but got " << count;
}

LogicalResult BatchNormTrainingOp::verify() {
  if (failed(expectMoments(*this))) // C5
    return failure();
  double momentum = getMomentum().convertToDouble();
  if (!(momentum >= 0.0 && momentum <= 1.0)) // C4
    return emitOpError("expected a momentum in [0, 1]");
  return verifyBatchNorm(*this, {getInput(), getResult()}, getEpsilon());
}

LogicalResult BatchNormInferenceOp::verify() {
  return verifyBatchNorm(*this, {getInput(), getResult()}, getEpsilon());
}

LogicalResult BatchNormParameterGradientOp::verify() {
  if (failed(expectMoments(*this))) // C5
    return failure();
  return verifyBatchNorm(*this, {getInput(), getGradient()}, getEpsilon());
}

LogicalResult BatchNormInputGradientOp::verify() {
  return verifyBatchNorm(*this, {getInput(), getGradient(), getResult()},
                         getEpsilon());
}

template <typename OpTy> static LogicalResult verifyLocalResponseNorm(OpTy op) {
  if (getShape(op.getInput()).size() < 2) // C1
    return op.emitOpError() << "expected an input of rank 2 or more, but got "
                            << op.getInput().getType();
  auto isUsable = [](const APFloat &value) {
    return value.isFinite() && !value.isNegative();
  };
  if (static_cast<int64_t>(op.getSize()) > 0 && isUsable(op.getAlpha()) &&
      isUsable(op.getBeta()) && isUsable(op.getBias()) &&
      !op.getBias().isZero()) // C2
    return success();
  return op.emitOpError("expected a positive size and bias, and an alpha and a "
                        "beta that are finite and not negative");
}

LogicalResult LocalResponseNormOp::verify() {
  return verifyLocalResponseNorm(*this);
}

LogicalResult LocalResponseNormGradientOp::verify() {
  return verifyLocalResponseNorm(*this);
}

/// Checks the constraints C1 and C2 of the integer steps: `activations`, the
/// input first, have the same shape, and all other values have one number per
/// channel.
static LogicalResult verifyChannels(Operation *op, ValueRange activations) {
  ArrayRef<int64_t> shape = getShape(activations.front());
  if (shape.size() < 2) // C1
    return op->emitOpError() << "expected an input of rank 2 or more, but got "
                             << activations.front().getType();
  for (Value activation : activations)
    if (failed(expectShape(op, "an activation", activation, shape)))
      return failure();
  if (failed(expectChannelNumbers(op, activations, shape[1]))) // C2
    return failure();
  return success();
}

LogicalResult RecallStatisticsOp::verify() {
  return verifyChannels(*this, getInput());
}

LogicalResult StandardizeOp::verify() {
  return verifyChannels(*this, {getInput(), getResult()});
}

LogicalResult ChannelAffineOp::verify() {
  return verifyChannels(*this, {getInput(), getResult()});
}

LogicalResult ChannelMomentsOp::verify() {
  bool areScaled = isScaled(getInput().getType());
  for (Value value : {getValue(), getSum(), getProducts()}) // C3
    if (isScaled(value.getType()) != areScaled)
      return emitOpError() << "expected values that are all scaled or all "
                              "floats, but got "
                           << getInput().getType() << " and "
                           << value.getType();
  return verifyChannels(*this, {getInput(), getValue()});
}

LogicalResult StandardizeGradientOp::verify() {
  return verifyChannels(*this, {getInput(), getGradient(), getResult()});
}

/// Checks that `values` have rank 1 and the extent of the first of them.
static LogicalResult verifyStatistics(Operation *op, ValueRange values) {
  if (failed(expectRank(op, "a statistic", values.front(), 1)))
    return failure();
  for (Value value : values)
    if (failed(expectShape(op, "one number per channel", value,
                           getShape(values.front()))))
      return failure();
  return success();
}

LogicalResult ChannelStatisticsOp::verify() {
  return verifyStatistics(
      *this, {getSum(), getSquares(), getMean(), getVariance()}); // C1
}

LogicalResult FollowStatisticsOp::verify() {
  double momentum = getMomentum().convertToDouble();
  if (!(momentum >= 0.0 && momentum <= 1.0)) // C2
    return emitOpError("expected a momentum in [0, 1]");
  return verifyStatistics(*this, getOperands()); // C1
}

LogicalResult PoolStatisticsOp::verify() {
  constexpr unsigned kWidths[] = {16, 32, 32, 64, 64, 64};
  ValueRange values = getOperands().drop_back();
  bool scaled = isScaled(getMean().getType());
  for (auto [value, width] : llvm::zip_equal(values, kWidths)) {
    auto type = dyn_cast<ScaledType>(value.getType());
    if (scaled ? !type || type.getWidth() != width : bool(type)) // C2
      return emitOpError() << "expected floats alone, or mantissas of 16, 32, "
                              "32, 64, 64 and 64 bits, but got "
                           << value.getType();
  }
  return verifyStatistics(*this, values); // C1
}
