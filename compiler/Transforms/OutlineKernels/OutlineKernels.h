//===- OutlineKernels.h - Sharing of equal kernels --------------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTC_TRANSFORMS_OUTLINE_KERNELS_H
#define QTC_TRANSFORMS_OUTLINE_KERNELS_H

#include "dialect/QKernel/IR/QKernel.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace qtc {

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "compiler/Transforms/OutlineKernels/OutlineKernels.h.inc"

} // namespace qtc

#endif // QTC_TRANSFORMS_OUTLINE_KERNELS_H
