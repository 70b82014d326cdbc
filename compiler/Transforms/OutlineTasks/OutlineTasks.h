//===- OutlineTasks.h - Parallel loops to functions -------------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTC_TRANSFORMS_OUTLINE_TASKS_H
#define QTC_TRANSFORMS_OUTLINE_TASKS_H

#include "compiler/Support/Profile.h"
#include "dialect/QKernel/IR/QKernel.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace qtc {

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "compiler/Transforms/OutlineTasks/OutlineTasks.h.inc"

} // namespace qtc

#endif // QTC_TRANSFORMS_OUTLINE_TASKS_H
