//===- MergeKernels.cpp - Kernels to one module ---------------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Transforms/MergeKernels/MergeKernels.h"
#include "compiler/Support/ModelPass.h"
#include "runtime/include/qtcrt/Printable.h"

#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/IR/SymbolTable.h"
#include "llvm/ADT/STLExtras.h"

namespace qtc {
#define GEN_PASS_DEF_MERGEKERNELS
#include "compiler/Transforms/MergeKernels/MergeKernels.h.inc"
} // namespace qtc

#define DEBUG_TYPE "merge-kernels"

using namespace mlir;
using namespace qtc;

namespace {

/// The attribute that the conversion to NVVM reads.
constexpr StringRef kAlignment = "llvm.align";

/// Alignment of all memory that kernels access: the widest access.
constexpr int64_t kAccessBytes = 16;
/// Alignment of workgroup memory that matrix descriptors point to: 8 rows of 64
/// bytes, within which runs are exchanged.
constexpr int64_t kDescriptorBytes = 512;

struct MergeKernels : qtc::impl::MergeKernelsBase<MergeKernels> {
  FunctionNeeds getNeeds() const override { return {/*oneBlock=*/false}; }

  void runOnModel() override {
    ModuleOp module = getOperation();
    auto sources = llvm::to_vector(module.getOps<gpu::GPUModuleOp>());
    if (failed(check(module, sources)))
      return signalPassFailure();
    if (sources.empty())
      return;
    auto builder = OpBuilder::atBlockEnd(module.getBody());
    auto merged = builder.create<gpu::GPUModuleOp>(module.getLoc(), "kernels");
    SymbolTable symbols(merged);
    llvm::DenseMap<SymbolRefAttr, SymbolRefAttr> names;
    for (gpu::GPUModuleOp source : sources) {
      StringAttr sourceName = source.getSymNameAttr();
      for (Operation &op :
           llvm::make_early_inc_range(source.getBody()->without_terminator())) {
        auto name = SymbolRefAttr::get(
            sourceName,
            FlatSymbolRefAttr::get(SymbolTable::getSymbolName(&op)));
        names[name] = SymbolRefAttr::get(
            merged.getSymNameAttr(),
            FlatSymbolRefAttr::get(moveOrReuse(&op, symbols)));
      }
      source.erase();
    }
    module.walk([&](gpu::LaunchFuncOp launch) {
      launch.setKernelAttr(names.lookup(launch.getKernel()));
      ++numLaunches;
    });
  }

  /// Checks that operations that move have names, and that launched kernels
  /// exist.
  static LogicalResult check(ModuleOp module,
                             ArrayRef<gpu::GPUModuleOp> sources) {
    for (gpu::GPUModuleOp source : sources)
      for (Operation &op : source.getBody()->without_terminator())
        if (!op.getAttrOfType<StringAttr>(SymbolTable::getSymbolAttrName()))
          return op.emitError()
                 << "expected kernels and tables in a module of "
                    "kernels, but got '"
                 << qtcrt::printable(op.getName().getStringRef()) << "'";
    SymbolTableCollection symbols;
    WalkResult result = module.walk([&](gpu::LaunchFuncOp launch) {
      auto kernel = symbols.lookupSymbolIn(module, launch.getKernel());
      if (isa_and_nonnull<gpu::GPUFuncOp>(kernel))
        return WalkResult::advance();
      launch.emitError() << "expected a kernel named " << launch.getKernel();
      return WalkResult::interrupt();
    });
    return failure(result.wasInterrupted());
  }

  /// Sets alignments, because launches, from which kernels are outlined, cannot
  /// have them.
  static void alignMemory(gpu::GPUFuncOp kernel) {
    Builder builder(kernel.getContext());
    bool hasDescriptors =
        kernel.getBody()
            .walk([](NVVM::WgmmaMmaAsyncOp) { return WalkResult::interrupt(); })
            .wasInterrupted();
    for (unsigned i = 0; i < kernel.getNumWorkgroupAttributions(); ++i)
      if (!kernel.getWorkgroupAttributionAttr(i, kAlignment))
        kernel.setWorkgroupAttributionAttr(
            i, kAlignment,
            builder.getI64IntegerAttr(hasDescriptors ? kDescriptorBytes
                                                     : kAccessBytes));
    for (auto [i, type] : llvm::enumerate(kernel.getArgumentTypes()))
      if (isa<MemRefType>(type))
        kernel.setArgAttr(i, kAlignment,
                          builder.getI64IntegerAttr(kAccessBytes));
  }

  /// The name of `op` in the merged module, or of an equal one there.
  StringAttr moveOrReuse(Operation *op, SymbolTable &symbols) {
    auto kernel = dyn_cast<gpu::GPUFuncOp>(op);
    if (!kernel) {
      // These are tables, which outlining cloned from the host's module by
      // name.
      StringAttr name = SymbolTable::getSymbolName(op);
      if (!symbols.lookup(name)) {
        op->remove();
        symbols.insert(op);
      }
      return name;
    }
    // Launches of one kernel have their own grids.
    kernel.removeKnownGridSizeAttr();
    alignMemory(kernel);
    SmallVector<gpu::GPUFuncOp> &known = kernels[kernel.getFunctionType()];
    for (gpu::GPUFuncOp other : known)
      if (other.getKnownBlockSize() == kernel.getKnownBlockSize() &&
          OperationEquivalence::isRegionEquivalentTo(
              &kernel.getBody(), &other.getBody(),
              OperationEquivalence::IgnoreLocations))
        return other.getNameAttr();
    op->remove();
    StringAttr name = symbols.insert(op);
    known.push_back(kernel);
    ++numKernels;
    return name;
  }

  llvm::DenseMap<Type, SmallVector<gpu::GPUFuncOp>> kernels;
};
} // namespace
