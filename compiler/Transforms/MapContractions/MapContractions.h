//===- MapContractions.h - Convolutions to mapped ones ----------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTC_TRANSFORMS_MAP_CONTRACTIONS_H
#define QTC_TRANSFORMS_MAP_CONTRACTIONS_H

#include "dialect/QKernel/IR/QKernel.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Pass/Pass.h"

namespace qtc {

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "compiler/Transforms/MapContractions/MapContractions.h.inc"

} // namespace qtc

#endif // QTC_TRANSFORMS_MAP_CONTRACTIONS_H
