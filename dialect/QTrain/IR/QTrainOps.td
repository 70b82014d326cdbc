//===- QTrainOps.td - All operations of the qtrain dialect -*- tablegen -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTRAIN_OPS_TD
#define QTRAIN_OPS_TD

include "dialect/QTrain/IR/QTrainFunctionOps.td"
include "dialect/QTrain/IR/QTrainGradientOps.td"
include "dialect/QTrain/IR/QTrainIntegerOps.td"
include "dialect/QTrain/IR/QTrainMetricOps.td"
include "dialect/QTrain/IR/QTrainModelOps.td"
include "dialect/QTrain/IR/QTrainNormalizationOps.td"
include "dialect/QTrain/IR/QTrainQuantizerOps.td"

#endif // QTRAIN_OPS_TD
