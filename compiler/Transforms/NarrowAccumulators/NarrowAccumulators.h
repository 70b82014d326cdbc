//===- NarrowAccumulators.h - Accumulators of 16 bits -----------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The pass `qkernel-narrow-accumulators`, see NarrowAccumulators.td.
//
//===----------------------------------------------------------------------===//

#ifndef QTC_TRANSFORMS_NARROW_ACCUMULATORS_H
#define QTC_TRANSFORMS_NARROW_ACCUMULATORS_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/Pass.h"

#include <memory>

namespace qtc {

#define GEN_PASS_DECL
#include "compiler/Transforms/NarrowAccumulators/NarrowAccumulators.h.inc"

#define GEN_PASS_REGISTRATION
#include "compiler/Transforms/NarrowAccumulators/NarrowAccumulators.h.inc"

} // namespace qtc

#endif // QTC_TRANSFORMS_NARROW_ACCUMULATORS_H
