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

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "compiler/Transforms/GenerateBackward/GenerateBackward.h.inc"

} // namespace qtc

#endif // QTC_TRANSFORMS_GENERATE_BACKWARD_H
