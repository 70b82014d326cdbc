//===- ThreadFunction.h - Threads that work together ------------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTC_TRANSFORMS_EMULATE_LAUNCHES_THREAD_FUNCTION_H
#define QTC_TRANSFORMS_EMULATE_LAUNCHES_THREAD_FUNCTION_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/Support/LogicalResult.h"

namespace qtc {

/// Calls `name`, a function of the emulator, and declares it if needed.
mlir::func::CallOp callEmulator(mlir::ImplicitLocOpBuilder &b,
                                mlir::StringRef name,
                                mlir::ValueRange arguments,
                                mlir::TypeRange results = {});

/// `type` without the memory space of a buffer; tokens of copies are numbers.
mlir::Type getEmulatedType(mlir::Type type);

/// The address of an element of `buffer`, as an index.
mlir::Value getAddress(mlir::ImplicitLocOpBuilder &b, mlir::Value buffer,
                       mlir::ValueRange indices);

/// True if `body` has operations at which threads meet: barriers, and those
/// that exchange values between threads.
bool threadsMeet(mlir::Region &body);

/// Replaces operations that synchronize threads in `function`, the copy of a
/// kernel's body, by calls of the emulator, reports accesses to workgroup
/// memory to it, and drops memory spaces.
mlir::LogicalResult emulateSynchronization(mlir::func::FuncOp function);

} // namespace qtc

#endif // QTC_TRANSFORMS_EMULATE_LAUNCHES_THREAD_FUNCTION_H
