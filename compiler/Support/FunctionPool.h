//===- FunctionPool.h - Sharing of equal functions --------------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTC_SUPPORT_FUNCTION_POOL_H
#define QTC_SUPPORT_FUNCTION_POOL_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/SymbolTable.h"
#include "llvm/ADT/DenseMap.h"

namespace qtc {

/// Private functions of a module, of which equal ones are kept once.
class FunctionPool {
public:
  explicit FunctionPool(mlir::SymbolTable &symbols) : symbols(symbols) {}

  /// Returns an earlier function that is equal to `function` except for its
  /// name and locations, and erases `function`; or adds it and returns it.
  mlir::func::FuncOp insert(mlir::func::FuncOp function);

private:
  mlir::SymbolTable &symbols;
  /// The functions by a hash of their types and operations.
  llvm::DenseMap<size_t, llvm::SmallVector<mlir::func::FuncOp>> functions;
};

} // namespace qtc

#endif // QTC_SUPPORT_FUNCTION_POOL_H
