//===- GenerateBackward.h - Forward function to training step ---*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTC_TRANSFORMS_GENERATE_BACKWARD_H
#define QTC_TRANSFORMS_GENERATE_BACKWARD_H

#include "dialect/QTrain/IR/QTrain.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/Pass.h"

namespace qtc {

/// Exponents of numbers that enter as mantissas (numerics contract, section 3):
/// 8 bits of an input reach ±3.97, enough for standardized features, and 31
/// bits of a target ±16384.
constexpr int32_t kInputExponent = -5, kTargetExponent = -16;

/// The inputs of the forward pass of a model: its first arguments, which have
/// no mark and are floats or indices of one batch.
llvm::ArrayRef<mlir::BlockArgument> getInputs(mlir::func::FuncOp forward);

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "compiler/Transforms/GenerateBackward/GenerateBackward.h.inc"

} // namespace qtc

#endif // QTC_TRANSFORMS_GENERATE_BACKWARD_H
