//===- QKernelToLLVM.h - Step functions to the LLVM dialect -----*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTC_CONVERSION_QKERNEL_TO_LLVM_H
#define QTC_CONVERSION_QKERNEL_TO_LLVM_H

#include "compiler/Target/CPU/TargetRecord.h"
#include "dialect/QKernel/IR/QKernel.h"
#include "mlir/Conversion/LLVMCommon/TypeConverter.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

#include <string>

namespace qtc {

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "compiler/Conversion/QKernelToLLVM/QKernelToLLVM.h.inc"

/// Symbol of the entry point of step function `function` for an instruction
/// set.
std::string getEntryPointName(const cpu::TargetRecord &target,
                              llvm::StringRef function);

/// Makes the step functions of `module` entry points, in which launches and
/// marks are calls of the runtime. LLVM does not optimize them, because their
/// time is spent in tasks.
llvm::LogicalResult createEntryPoints(mlir::ModuleOp module,
                                      const mlir::LLVMTypeConverter &converter,
                                      const cpu::TargetRecord &target);

/// Makes sizes constants of the functions that pass them to tasks.
void lowerSizes(mlir::ModuleOp module);

/// Multiply-accumulates of one round of the peak function.
int64_t getPeakMacs(const cpu::TargetRecord &target, bool floats);

/// Creates the function that measures the peak of dot products of bytes, or of
/// multiply-adds of floats: it takes a number of rounds and returns an i32 that
/// depends on all of them.
void createPeakFunction(mlir::ModuleOp module, const cpu::TargetRecord &target,
                        bool floats);

} // namespace qtc

#endif // QTC_CONVERSION_QKERNEL_TO_LLVM_H
