//===- EmulateLaunches.cpp - Grids of threads to loops --------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Transforms/EmulateLaunches/EmulateLaunches.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/SymbolTable.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/TypeSwitch.h"

namespace qtc {
#define GEN_PASS_DEF_EMULATELAUNCHES
#include "compiler/Transforms/EmulateLaunches/EmulateLaunches.h.inc"
} // namespace qtc

#define DEBUG_TYPE "emulate-launches"

using namespace mlir;
using namespace qtc;

namespace {

/// What a kernel reads of its place in the grid, by dimension.
struct Position {
  Value block, thread, blocks, threads, zero, one;

  /// The value of `op` if it asks for the place, else null.
  Value lookup(Operation *op) const {
    auto choose = [this](gpu::Dimension dimension, Value x, bool isSize) {
      return dimension == gpu::Dimension::x ? x : isSize ? one : zero;
    };
    return llvm::TypeSwitch<Operation *, Value>(op)
        .Case([&](gpu::BlockIdOp id) {
          return choose(id.getDimension(), block, /*isSize=*/false);
        })
        .Case([&](gpu::ThreadIdOp id) {
          return choose(id.getDimension(), thread, /*isSize=*/false);
        })
        .Case([&](gpu::GridDimOp size) {
          return choose(size.getDimension(), blocks, /*isSize=*/true);
        })
        .Case([&](gpu::BlockDimOp size) {
          return choose(size.getDimension(), threads, /*isSize=*/true);
        })
        .Default(Value());
  }
};

/// Arguments of a function before those of its kernel.
enum FunctionArgument { BlockIndex, BlockCount, ThreadCount, FirstOfKernel };

/// A function that runs all threads of one block of `kernel`.
FailureOr<func::FuncOp> createFunction(gpu::GPUFuncOp kernel,
                                       SymbolTable &symbols) {
  if (!kernel.getBody().hasOneBlock())
    return kernel.emitError("expected structured control flow");
  ImplicitLocOpBuilder b(kernel.getLoc(), kernel.getContext());
  SmallVector<Type> types(FirstOfKernel, b.getIndexType());
  llvm::append_range(types, kernel.getArgumentTypes());
  auto function =
      func::FuncOp::create(kernel.getLoc(), kernel.getName(),
                           b.getFunctionType(types, /*results=*/{}));
  function.setPrivate();
  symbols.insert(function);
  Block *entry = function.addEntryBlock();
  b.setInsertionPointToStart(entry);
  Block &body = kernel.getBody().front();
  IRMapping mapping;
  mapping.map(body.getArguments(),
              entry->getArguments().drop_front(FirstOfKernel));
  // All threads of a block use one piece of stack: they run one by one.
  for (auto alloca : body.getOps<memref::AllocaOp>())
    b.clone(*alloca, mapping);
  Position position;
  position.zero = b.create<arith::ConstantIndexOp>(0);
  position.one = b.create<arith::ConstantIndexOp>(1);
  position.block = entry->getArgument(BlockIndex);
  position.blocks = entry->getArgument(BlockCount);
  position.threads = entry->getArgument(ThreadCount);
  auto loop =
      b.create<scf::ForOp>(position.zero, position.threads, position.one);
  b.create<func::ReturnOp>();
  position.thread = loop.getInductionVar();
  b.setInsertionPointToStart(loop.getBody());
  for (Operation &op : body.without_terminator()) {
    if (Value value = position.lookup(&op))
      mapping.map(op.getResult(0), value);
    else if (!isa<memref::AllocaOp>(op))
      b.clone(op, mapping);
  }
  return function;
}

void emulate(gpu::LaunchFuncOp launch, func::FuncOp function) {
  ImplicitLocOpBuilder b(launch.getLoc(), launch);
  Value zero = b.create<arith::ConstantIndexOp>(0);
  Value one = b.create<arith::ConstantIndexOp>(1);
  Value blocks = launch.getGridSizeX();
  auto loop = b.create<scf::ParallelOp>(ValueRange{zero}, ValueRange{blocks},
                                        ValueRange{one});
  b.setInsertionPointToStart(loop.getBody());
  SmallVector<Value> arguments = {loop.getInductionVars().front(), blocks,
                                  launch.getBlockSizeX()};
  llvm::append_range(arguments, launch.getKernelOperands());
  b.create<func::CallOp>(function, arguments);
  launch.erase();
}

struct EmulateLaunches : qtc::impl::EmulateLaunchesBase<EmulateLaunches> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    SymbolTable symbols(module);
    llvm::DenseMap<SymbolRefAttr, func::FuncOp> functions;
    for (auto kernels : module.getOps<gpu::GPUModuleOp>())
      for (auto kernel : kernels.getOps<gpu::GPUFuncOp>()) {
        FailureOr<func::FuncOp> function = createFunction(kernel, symbols);
        if (failed(function))
          return signalPassFailure();
        functions[SymbolRefAttr::get(kernels.getSymNameAttr(),
                                     FlatSymbolRefAttr::get(kernel))] =
            *function;
      }
    module.walk([&](gpu::LaunchFuncOp launch) {
      emulate(launch, functions.at(launch.getKernel()));
    });
    for (auto kernels : llvm::to_vector(module.getOps<gpu::GPUModuleOp>()))
      kernels.erase();
    module->removeAttr(gpu::GPUDialect::getContainerModuleAttrName());
  }
};
} // namespace
