//===- SchemeSupport.h - Functions that schemes share -----------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTC_SCHEME_SCHEME_SUPPORT_H
#define QTC_SCHEME_SCHEME_SUPPORT_H

#include "dialect/QTrain/IR/QTrain.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

#include <vector>

namespace qtc {

/// The argument of the function around `op` that is marked `kind`, or null.
mlir::Value findArgument(mlir::Operation *op, llvm::StringRef kind);

/// The parameter that `value` is, through transposes and reshapes, or null.
qtrain::ParameterOp findParameter(mlir::func::FuncOp function,
                                  const mlir::SymbolTable &symbols,
                                  mlir::Value value);

/// The values of all 256 pixels, one row per channel or one for all, in IEEE
/// double (numerics contract, section 3).
std::vector<double> tabulatePixels(qtrain::NormalizeOp op);

} // namespace qtc

#endif // QTC_SCHEME_SCHEME_SUPPORT_H
