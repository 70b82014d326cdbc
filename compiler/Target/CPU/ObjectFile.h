//===- ObjectFile.h - From the LLVM dialect to machine code -----*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTC_TARGET_CPU_OBJECT_FILE_H
#define QTC_TARGET_CPU_OBJECT_FILE_H

#include "compiler/Target/CPU/TargetRecord.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/Error.h"

#include <string>
#include <vector>

namespace qtc::cpu {

/// The form in which a module is written.
enum class OutputKind { LLVMIR, Assembly, Object };

/// Prepares LLVM's x86-64 back end. Called once before threads use it.
void initializeBackend();

/// Translates `module`, in the LLVM dialect, optimizes it for `target` and
/// writes it to `output`.
llvm::Error emitModule(mlir::ModuleOp module, const TargetRecord &target,
                       OutputKind kind, llvm::SmallVectorImpl<char> &output);

/// The same as object files: one of the functions that LLVM must not optimize,
/// whose code is generated without optimization, and one of all others.
/// Functions that both need are visible to other files, see shareTasks().
/// `module` is freed before code is generated, which takes as much memory.
llvm::Expected<std::vector<llvm::SmallVector<char, 0>>>
emitObjects(mlir::OwningOpRef<mlir::ModuleOp> module,
            const TargetRecord &target);

/// Writes `module` as it is, without optimization, for any x86-64 processor.
llvm::Error emitPlainModule(llvm::Module &module, OutputKind kind,
                            llvm::SmallVectorImpl<char> &output);

/// The strongest instruction set of the machine that compiles.
const TargetRecord &getHostTarget();

} // namespace qtc::cpu

#endif // QTC_TARGET_CPU_OBJECT_FILE_H
