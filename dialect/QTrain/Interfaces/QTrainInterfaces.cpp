//===- QTrainInterfaces.cpp - Interfaces of training operations -----------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialect/QTrain/Interfaces/QTrainInterfaces.h"

#include "dialect/QTrain/Interfaces/FunctionInterface.cpp.inc"
#include "dialect/QTrain/Interfaces/MetricInterface.cpp.inc"
#include "dialect/QTrain/Interfaces/QTrainInterfaces.cpp.inc"
