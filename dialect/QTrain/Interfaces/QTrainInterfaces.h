//===- QTrainInterfaces.h - Interfaces of training operations ---*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTRAIN_INTERFACES_H
#define QTRAIN_INTERFACES_H

#include "mlir/IR/Builders.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/OpDefinition.h"

#include "dialect/QTrain/Interfaces/FunctionInterface.h.inc"
#include "dialect/QTrain/Interfaces/QTrainInterfaces.h.inc"

#endif // QTRAIN_INTERFACES_H
