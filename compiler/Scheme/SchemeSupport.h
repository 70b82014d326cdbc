//===- SchemeSupport.h - Functions that schemes share -----------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTC_SCHEME_SCHEME_SUPPORT_H
#define QTC_SCHEME_SCHEME_SUPPORT_H

#include "compiler/Support/ModelPass.h"
#include "dialect/QTrain/IR/QTrain.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

#include <vector>

namespace qtc {

/// What schemes rely on in every function.
inline FunctionNeeds getTrainingNeeds() {
  return {/*oneBlock=*/true, /*plainSignature=*/true, /*marks=*/true};
}

/// Reports a function of `module` that is no training of floats: float tensors
/// are parameters, or results of operations of `qtrain`, and are returned.
llvm::LogicalResult expectTrainingForm(mlir::ModuleOp module,
                                       llvm::StringRef scheme,
                                       bool hasFloatInputs = false);

/// The first argument of the function around `op` with `role`, or null.
mlir::Value findArgument(mlir::Operation *op, qtrain::Role role);

/// The parameter that `value` is, through transposes and reshapes, or null.
qtrain::ParameterOp findParameter(mlir::func::FuncOp function,
                                  const mlir::SymbolTable &symbols,
                                  mlir::Value value);

/// The values of all 256 pixels, one row per channel or one for all, in IEEE
/// double (numerics contract, section 3).
std::vector<double> tabulatePixels(qtrain::NormalizeOp op);

} // namespace qtc

#endif // QTC_SCHEME_SCHEME_SUPPORT_H
