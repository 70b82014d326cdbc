//===- SeparateDestinations.h - One result, one buffer ----------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTC_TRANSFORMS_SEPARATE_DESTINATIONS_H
#define QTC_TRANSFORMS_SEPARATE_DESTINATIONS_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Pass/Pass.h"

namespace qtc {

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "compiler/Transforms/SeparateDestinations/SeparateDestinations.h.inc"

} // namespace qtc

#endif // QTC_TRANSFORMS_SEPARATE_DESTINATIONS_H
