//===- TaskSharing.h - Tasks that variants have in common -------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTC_TARGET_CPU_TASK_SHARING_H
#define QTC_TARGET_CPU_TASK_SHARING_H

#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/StringSet.h"

namespace qtc::cpu {

/// Makes the tasks of `module`, in the LLVM dialect, visible to the other
/// object files of a program. Their names become hashes of their code, target
/// attributes and the tables that they read. Tasks whose names are in `known`
/// become declarations; the others are added to it.
void shareTasks(mlir::ModuleOp module, llvm::StringSet<> &known);

} // namespace qtc::cpu

#endif // QTC_TARGET_CPU_TASK_SHARING_H
