//===- Float.h - The fp32 scheme ------------------------------ -*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTC_SCHEME_FLOAT_H
#define QTC_SCHEME_FLOAT_H

#include "compiler/Scheme/Scheme.h"
#include "dialect/QTrain/IR/QTrain.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace qtc {

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "compiler/Scheme/Float/Float.h.inc"

namespace fp32 {

const Scheme &getScheme();

/// Draws the weights of `module` with `seed`, uniform within He's bound, and
/// sets biases to zero. Other parameters keep their values.
void initializeParameters(mlir::ModuleOp module, uint64_t seed);

} // namespace fp32
} // namespace qtc

#endif // QTC_SCHEME_FLOAT_H
