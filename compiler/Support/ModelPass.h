//===- ModelPass.h - What passes rely on ------------------------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The verifier says what an operation is. A pass relies on more: on the form
// that functions have where it stands in the pipeline. `qtc-opt` runs any pass
// on any module, so these classes check that form first, and a function without
// it is an error that names the pass.
//
//===----------------------------------------------------------------------===//

#ifndef QTC_SUPPORT_MODEL_PASS_H
#define QTC_SUPPORT_MODEL_PASS_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace qtc {

/// The form of a function that a pass relies on. Declarations are never passed
/// to it.
struct FunctionNeeds {
  /// One block, which ends with `func.return`, as in all functions until loops
  /// become branches. Operations of `qtrain` are not inside of others.
  bool oneBlock = true;
  /// Arguments and results are numbers, or tensors of numbers that lie in
  /// memory as a whole.
  bool plainSignature = false;
  /// An argument stands for a parameter that no other stands for, and a result
  /// marked by a parameter has the type of the argument marked alike.
  bool marks = false;
};

/// A pass over a function with a body.
class FunctionPass : public mlir::OperationPass<mlir::func::FuncOp> {
protected:
  using OperationPass::OperationPass;

  virtual FunctionNeeds getNeeds() const { return {}; }
  virtual void runOnFunction() = 0;

private:
  void runOnOperation() final;
};

/// A pass over a module whose functions have the form it needs.
class ModelPass : public mlir::OperationPass<mlir::ModuleOp> {
protected:
  using OperationPass::OperationPass;

  virtual FunctionNeeds getNeeds() const { return {}; }
  /// Whether a function with a body has to have this form.
  virtual bool concerns(mlir::func::FuncOp function) const { return true; }
  virtual void runOnModel() = 0;

private:
  void runOnOperation() final;
};

/// The functions of `module` that have a body.
inline auto getDefinedFunctions(mlir::ModuleOp module) {
  return llvm::make_filter_range(
      module.getOps<mlir::func::FuncOp>(),
      [](mlir::func::FuncOp function) { return !function.isExternal(); });
}

} // namespace qtc

#endif // QTC_SUPPORT_MODEL_PASS_H
