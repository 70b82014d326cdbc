//===- OutlineKernels.cpp - Sharing of equal kernels ----------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Transforms/OutlineKernels/OutlineKernels.h"
#include "compiler/Support/Buffers.h"
#include "compiler/Support/Captures.h"
#include "compiler/Support/FunctionPool.h"
#include "compiler/Support/ModelPass.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/Interfaces/DestinationStyleOpInterface.h"
#include "mlir/Transforms/RegionUtils.h"
#include "llvm/ADT/STLExtras.h"

namespace qtc {
#define GEN_PASS_DEF_OUTLINEKERNELS
#include "compiler/Transforms/OutlineKernels/OutlineKernels.h.inc"
} // namespace qtc

#define DEBUG_TYPE "outline-kernels"

using namespace mlir;
using namespace qtc;

namespace {

/// Whether `op` only writes its destinations.
bool isKernel(Operation &op) {
  return isa<DestinationStyleOpInterface>(op) && op.getNumResults() == 0;
}

class KernelOutliner {
public:
  KernelOutliner(func::FuncOp step, SymbolTable &symbols, FunctionPool &pool)
      : step(step), symbols(symbols), pool(pool), builder(step) {}

  void run() {
    for (Operation &op : llvm::make_early_inc_range(step.getBody().front()))
      if (isKernel(op))
        outline(op);
  }

private:
  void outline(Operation &op) {
    llvm::SetVector<Value> used(op.operand_begin(), op.operand_end());
    getUsedValuesDefinedAbove(op.getRegions(), used);
    Captures captures(&op, used.getArrayRef());
    captures.sinkScalars(/*isExclusive=*/true);
    func::FuncOp kernel = pool.insert(createFunction(op, captures));
    builder.setInsertionPoint(&op);
    builder.create<func::CallOp>(op.getLoc(), kernel, captures.getArguments());
    op.erase();
    captures.eraseDead();
  }

  func::FuncOp createFunction(Operation &op, const Captures &captures) {
    ArrayRef<Value> arguments = captures.getArguments();
    builder.setInsertionPoint(step);
    auto kernel = builder.create<func::FuncOp>(
        op.getLoc(), (step.getSymName() + "_kernel").str(),
        builder.getFunctionType(TypeRange(ValueRange(arguments)), {}));
    kernel.setPrivate();
    kernel->setAttr(kKernelAttrName, builder.getUnitAttr());
    symbols.insert(kernel);
    builder.setInsertionPointToStart(kernel.addEntryBlock());
    IRMapping mapping;
    mapping.map(arguments, kernel.getArguments());
    for (Operation *clone : captures.getClones())
      builder.clone(*clone, mapping);
    builder.clone(op, mapping);
    builder.create<func::ReturnOp>(op.getLoc());
    describeBuffers(kernel, arguments);
    return kernel;
  }

  void describeBuffers(func::FuncOp kernel, ArrayRef<Value> arguments) {
    DenseMap<Value, unsigned> roots;
    for (auto [index, argument] : llvm::enumerate(arguments)) {
      if (!isa<MemRefType>(argument.getType()))
        continue;
      auto [root, isNew] = roots.try_emplace(getRoot(argument), index);
      if (!isNew)
        kernel.setArgAttr(index, kRootAttrName,
                          builder.getI64IntegerAttr(root->second));
      kernel.setArgAttr(index, LLVM::LLVMDialect::getAlignAttrName(),
                        builder.getI64IntegerAttr(getAlignment(argument)));
    }
  }

  func::FuncOp step;
  SymbolTable &symbols;
  FunctionPool &pool;
  OpBuilder builder;
};

struct OutlineKernels : qtc::impl::OutlineKernelsBase<OutlineKernels> {
  bool concerns(func::FuncOp function) const override {
    return !function.isPrivate();
  }

  void runOnModel() override {
    SymbolTable symbols(getOperation());
    FunctionPool pool(symbols);
    for (auto function : llvm::to_vector(getOperation().getOps<func::FuncOp>()))
      if (!function.isPrivate() && !function.isExternal())
        KernelOutliner(function, symbols, pool).run();
  }
};
} // namespace
