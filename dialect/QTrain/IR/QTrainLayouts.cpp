//===- QTrainLayouts.cpp - Results that are shaped like parameters --------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialect/QTrain/IR/QTrain.h"

using namespace mlir;
using namespace qtc::qtrain;

ResultRange Conv2DWeightGradientOp::getParameterResults(bool) {
  return (*this)->getResults();
}

ResultRange LinearWeightGradientOp::getParameterResults(bool) {
  return (*this)->getResults();
}

ResultRange BiasGradientOp::getParameterResults(bool) {
  return (*this)->getResults();
}

ResultRange GatherGradientOp::getParameterResults(bool) {
  return (*this)->getResults();
}

ResultRange PReluSlopeGradientOp::getParameterResults(bool) {
  return (*this)->getResults();
}

ResultRange BatchNormParameterGradientOp::getParameterResults(bool) {
  return (*this)->getResults();
}

ResultRange ChannelMomentsOp::getParameterResults(bool) {
  return (*this)->getResults();
}

ResultRange IntervalGradientOp::getParameterResults(bool) {
  return (*this)->getResults();
}

ResultRange FollowStatisticsOp::getParameterResults(bool) {
  return (*this)->getResults();
}

ResultRange RandomOp::getParameterResults(bool) {
  return (*this)->getResults();
}

ResultRange BatchNormTrainingOp::getParameterResults(bool) {
  return (*this)->getResults().drop_front(); // statistics after the activation
}
