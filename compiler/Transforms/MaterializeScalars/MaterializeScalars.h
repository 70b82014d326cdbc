//===- MaterializeScalars.h - Scalars of a step to memory -------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTC_TRANSFORMS_MATERIALIZE_SCALARS_H
#define QTC_TRANSFORMS_MATERIALIZE_SCALARS_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Pass/Pass.h"

namespace qtc {

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "compiler/Transforms/MaterializeScalars/MaterializeScalars.h.inc"

} // namespace qtc

#endif // QTC_TRANSFORMS_MATERIALIZE_SCALARS_H
