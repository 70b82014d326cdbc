//===- QTrainToQKernel.h - Scaled operations to kernels ---------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTC_CONVERSION_QTRAIN_TO_QKERNEL_H
#define QTC_CONVERSION_QTRAIN_TO_QKERNEL_H

#include "dialect/QKernel/IR/QKernel.h"
#include "dialect/QTrain/IR/QTrain.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Pass/Pass.h"

namespace qtc {

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "compiler/Conversion/QTrainToQKernel/QTrainToQKernel.h.inc"

} // namespace qtc

#endif // QTC_CONVERSION_QTRAIN_TO_QKERNEL_H
