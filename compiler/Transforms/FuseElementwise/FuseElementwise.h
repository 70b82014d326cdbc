//===- FuseElementwise.h - Element-wise operations in one loop --*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTC_TRANSFORMS_FUSE_ELEMENTWISE_H
#define QTC_TRANSFORMS_FUSE_ELEMENTWISE_H

#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Pass/Pass.h"

namespace qtc {

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "compiler/Transforms/FuseElementwise/FuseElementwise.h.inc"

} // namespace qtc

#endif // QTC_TRANSFORMS_FUSE_ELEMENTWISE_H
