//===- DeviceProgram.h - Device code and its launches as data ---*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTC_TARGET_CUDA_DEVICE_PROGRAM_H
#define QTC_TARGET_CUDA_DEVICE_PROGRAM_H

#include "compiler/Target/ModelDescriptor.h"
#include "compiler/Target/PortLayout.h"
#include "compiler/Target/StateLayout.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/Support/Error.h"

namespace qtc::cuda {

/// The launches of `step` in order. Its body must consist of launches with
/// static grids and sizes of shared memory whose operands are arguments of the
/// function or static views of them.
llvm::Expected<std::vector<LaunchDescription>>
collectLaunches(mlir::func::FuncOp step, const StateLayout &state,
                const PortLayout &ports);

/// The text of the only `gpu.binary` of `module`.
llvm::Expected<std::string> extractPTX(mlir::ModuleOp module);

} // namespace qtc::cuda

#endif // QTC_TARGET_CUDA_DEVICE_PROGRAM_H
