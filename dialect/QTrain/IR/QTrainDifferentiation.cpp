//===- QTrainDifferentiation.cpp - Gradients, evaluation form, costs ------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialect/QTrain/IR/QTrain.h"

#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace qtc::qtrain;

//===----------------------------------------------------------------------===//
// Gradients
//===----------------------------------------------------------------------===//

Value Conv2DOp::buildOperandGradient(OpBuilder &builder, unsigned operand,
                                     Value resultGradient) {
  if (operand == 0)
    return builder.create<Conv2DInputGradientOp>(getLoc(), getInput().getType(),
                                                 resultGradient, getWeight(),
                                                 getWindow(), getGroup());
  return builder.create<Conv2DWeightGradientOp>(getLoc(), getWeight().getType(),
                                                getInput(), resultGradient,
                                                getWindow(), getGroup());
}

Value LinearOp::buildOperandGradient(OpBuilder &builder, unsigned operand,
                                     Value resultGradient) {
  if (operand == 0)
    return builder.create<LinearInputGradientOp>(getLoc(), getInput().getType(),
                                                 resultGradient, getWeight());
  return builder.create<LinearWeightGradientOp>(getLoc(), getWeight().getType(),
                                                getInput(), resultGradient);
}

Value BiasAddOp::buildOperandGradient(OpBuilder &builder, unsigned operand,
                                      Value resultGradient) {
  if (operand == 0)
    return resultGradient;
  return builder.create<BiasGradientOp>(getLoc(), getBias().getType(),
                                        resultGradient);
}

Value ReluOp::buildOperandGradient(OpBuilder &builder, unsigned operand,
                                   Value resultGradient) {
  return builder.create<ReluGradientOp>(getLoc(), getInput().getType(),
                                        getResult(), resultGradient);
}

Value ElementwiseOp::buildOperandGradient(OpBuilder &builder, unsigned operand,
                                          Value resultGradient) {
  return builder.create<ElementwiseGradientOp>(
      getLoc(), getInput().getType(), getInput(), resultGradient, getFunction(),
      /*from_result=*/false);
}

Value PReluOp::buildOperandGradient(OpBuilder &builder, unsigned operand,
                                    Value resultGradient) {
  if (operand == 0)
    return builder.create<PReluInputGradientOp>(
        getLoc(), getInput().getType(), getInput(), resultGradient, getSlope());
  return builder.create<PReluSlopeGradientOp>(getLoc(), getSlope().getType(),
                                              getInput(), resultGradient);
}

Value QuantizeOp::buildOperandGradient(OpBuilder &builder, unsigned operand,
                                       Value resultGradient) {
  if (operand == 0)
    return builder.create<QuantizeInputGradientOp>(
        getLoc(), getInput().getType(), getInput(), resultGradient,
        getInterval(), getIsSignedAttr());
  return builder.create<IntervalGradientOp>(getLoc(), getInterval().getType(),
                                            getInput(), resultGradient,
                                            getInterval(), getIsSignedAttr());
}

Value MaxPool2DOp::buildOperandGradient(OpBuilder &builder, unsigned operand,
                                        Value resultGradient) {
  return builder.create<MaxPool2DGradientOp>(
      getLoc(), getInput().getType(), getInput(), resultGradient, getWindow());
}

Value AveragePool2DOp::buildOperandGradient(OpBuilder &builder,
                                            unsigned operand,
                                            Value resultGradient) {
  return builder.create<AveragePool2DGradientOp>(getLoc(), getInput().getType(),
                                                 resultGradient, getWindow(),
                                                 getCountIncludePad());
}

Value GatherOp::buildOperandGradient(OpBuilder &builder, unsigned operand,
                                     Value resultGradient) {
  if (operand != 0)
    return Value();
  return builder.create<GatherGradientOp>(getLoc(), getTable().getType(),
                                          resultGradient, getIndices());
}

Value ReshapeOp::buildOperandGradient(OpBuilder &builder, unsigned operand,
                                      Value resultGradient) {
  return builder.create<ReshapeOp>(getLoc(), getInput().getType(),
                                   resultGradient);
}

Value TransposeOp::buildOperandGradient(OpBuilder &builder, unsigned operand,
                                        Value resultGradient) {
  SmallVector<int64_t> inverse(getPermutation().size());
  for (auto [index, source] : llvm::enumerate(getPermutation()))
    inverse[source] = index;
  return builder.create<TransposeOp>(getLoc(), getInput().getType(),
                                     resultGradient, inverse);
}

Value ConcatOp::buildOperandGradient(OpBuilder &builder, unsigned operand,
                                     Value resultGradient) {
  int64_t axis = getAxis(), offset = 0;
  for (Value before : getInputs().take_front(operand))
    offset += getShape(before)[axis];
  return builder.create<SliceOp>(getLoc(), getInputs()[operand].getType(),
                                 resultGradient, axis, offset);
}

Value SumOp::buildOperandGradient(OpBuilder &builder, unsigned operand,
                                  Value resultGradient) {
  return resultGradient;
}

Value DropoutOp::buildOperandGradient(OpBuilder &builder, unsigned operand,
                                      Value resultGradient) {
  if (operand != 0)
    return Value();
  return builder.create<DropoutOp>(getLoc(), getInput().getType(),
                                   resultGradient, getRandom(), getRatioAttr());
}

SmallVector<Value>
BatchNormTrainingOp::buildGradients(OpBuilder &builder,
                                    ArrayRef<Value> resultGradients,
                                    function_ref<bool(unsigned)> isNeeded) {
  enum { Input, Scale, Bias };
  SmallVector<Value> gradients(getNumOperands());
  // The other results are statistics, which the loss does not depend on.
  Value gradient = resultGradients.front();
  if (!gradient)
    return gradients;
  auto parameters = builder.create<BatchNormParameterGradientOp>(
      getLoc(), getScale().getType(), getBias().getType(), getInput(),
      getMean(), getVariance(), gradient, /*moments=*/ValueRange(),
      getEpsilonAttr());
  if (isNeeded(Input))
    gradients[Input] = builder.create<BatchNormInputGradientOp>(
        getLoc(), getInput().getType(), getInput(), getMean(), getVariance(),
        getScale(), gradient, parameters.getScaleGradient(),
        parameters.getBiasGradient(), getEpsilonAttr());
  if (isNeeded(Scale))
    gradients[Scale] = parameters.getScaleGradient();
  if (isNeeded(Bias))
    gradients[Bias] = parameters.getBiasGradient();
  return gradients;
}

Value LocalResponseNormOp::buildOperandGradient(OpBuilder &builder,
                                                unsigned operand,
                                                Value resultGradient) {
  return builder.create<LocalResponseNormGradientOp>(
      getLoc(), getInput().getType(), getInput(), resultGradient, getSizeAttr(),
      getAlphaAttr(), getBetaAttr(), getBiasAttr());
}

//===----------------------------------------------------------------------===//
// Evaluation
//===----------------------------------------------------------------------===//

SmallVector<Value> DropoutOp::buildEvaluation(OpBuilder &builder,
                                              ValueRange operands) {
  return {operands[0]};
}

SmallVector<Value> RandomOp::buildEvaluation(OpBuilder &builder,
                                             ValueRange operands) {
  return {Value()};
}

SmallVector<Value> BatchNormTrainingOp::buildEvaluation(OpBuilder &builder,
                                                        ValueRange operands) {
  SmallVector<Value> values(getNumResults());
  if (llvm::is_contained(operands, Value()))
    return values;
  values[0] = builder.create<BatchNormInferenceOp>(
      getLoc(), getResult().getType(), operands[0], operands[1], operands[2],
      operands[3], operands[4], getEpsilonAttr());
  return values;
}

//===----------------------------------------------------------------------===//
// Costs
//===----------------------------------------------------------------------===//

/// Number of products per output of a convolution with these weights.
static int64_t getFanIn(Value weight) {
  ArrayRef<int64_t> shape = getShape(weight);
  return shape[1] * shape[2] * shape[3];
}

static int64_t getElementCount(Value value) {
  return getTensorType(value.getType()).getNumElements();
}

int64_t Conv2DOp::getReductionLength() { return getFanIn(getWeight()); }

int64_t Conv2DOp::getMultiplyAccumulates() {
  return getElementCount(getResult()) * getFanIn(getWeight());
}

int64_t Conv2DInputGradientOp::getReductionLength() {
  ArrayRef<int64_t> weight = getShape(getWeight());
  return weight[0] / getGroup() * weight[2] * weight[3];
}

int64_t Conv2DInputGradientOp::getMultiplyAccumulates() {
  return getElementCount(getGradient()) * getFanIn(getWeight());
}

int64_t Conv2DWeightGradientOp::getReductionLength() {
  ArrayRef<int64_t> gradient = getShape(getGradient());
  return gradient[0] * gradient[2] * gradient[3];
}

int64_t Conv2DWeightGradientOp::getMultiplyAccumulates() {
  return getElementCount(getGradient()) * getFanIn(getResult());
}

int64_t LinearOp::getReductionLength() { return getShape(getWeight())[1]; }

int64_t LinearOp::getMultiplyAccumulates() {
  return getShape(getInput())[0] * getElementCount(getWeight());
}

int64_t LinearInputGradientOp::getReductionLength() {
  return getShape(getWeight())[0];
}

int64_t LinearInputGradientOp::getMultiplyAccumulates() {
  return getShape(getGradient())[0] * getElementCount(getWeight());
}

int64_t LinearWeightGradientOp::getReductionLength() {
  return getShape(getInput())[0];
}

int64_t LinearWeightGradientOp::getMultiplyAccumulates() {
  return getShape(getInput())[0] * getElementCount(getResult());
}

int64_t BiasGradientOp::getReductionLength() {
  return getElementCount(getGradient()) / getShape(getResult())[0];
}
