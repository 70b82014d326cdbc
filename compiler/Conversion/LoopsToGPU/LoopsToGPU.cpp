//===- LoopsToGPU.cpp - Parallel loops to grids of threads ----------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Conversion/LoopsToGPU/LoopsToGPU.h"
#include "compiler/Support/ModelPass.h"

#include "compiler/Support/Indices.h"
#include "compiler/Support/Profile.h"
#include "dialect/QKernel/IR/QKernel.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/Transforms/RegionUtils.h"
#include "llvm/Support/MathExtras.h"

namespace qtc {
#define GEN_PASS_DEF_CONVERTLOOPSTOGPU
#include "compiler/Conversion/LoopsToGPU/LoopsToGPU.h.inc"
} // namespace qtc

#define DEBUG_TYPE "convert-loops-to-gpu"

using namespace mlir;
using namespace qtc;

namespace {

/// Threads of a block: eight warps, of which every chip holds several blocks.
constexpr int64_t kBlockSize = 256;

/// The number of iterations of each dimension; nothing if one of them does not
/// go from 0 to a constant in steps of 1.
FailureOr<SmallVector<int64_t>> getExtents(scf::ParallelOp loop) {
  SmallVector<int64_t> extents;
  for (auto [lower, upper, step] :
       llvm::zip(loop.getLowerBound(), loop.getUpperBound(), loop.getStep())) {
    std::optional<int64_t> end = getConstantIntValue(upper);
    if (getConstantIntValue(lower) != 0 || getConstantIntValue(step) != 1 ||
        !end)
      return failure();
    extents.push_back(*end);
  }
  return extents;
}

void cloneConstants(OpBuilder &b, scf::ParallelOp loop, IRMapping &mapping) {
  SetVector<Value> used;
  getUsedValuesDefinedAbove(loop.getRegion(), used);
  for (Value value : used) {
    Operation *op = value.getDefiningOp();
    if (op &&
        (op->hasTrait<OpTrait::ConstantLike>() || isa<memref::GetGlobalOp>(op)))
      b.clone(*op, mapping);
  }
}

/// Bytes of the widest access of a thread.
constexpr int64_t kAccessBytes = 16;

/// Number of threads that a loop keeps regardless of their work: half of those
/// that the largest devices hold at once.
constexpr int64_t kMinThreads = 1 << 17;

/// Elements that LLVM combines into one access: four bytes become a word.
constexpr int64_t kMaxWidth = 4;

/// The number of neighbouring iterations that a thread runs: enough to fill the
/// widest access with the largest elements, fewer if that leaves too few
/// threads. A warp's accesses are still adjacent, and more memory is under way.
int64_t getIterationsPerThread(scf::ParallelOp loop,
                               ArrayRef<int64_t> extents) {
  for (Operation &op : loop.getBody()->without_terminator())
    if (op.getNumRegions() != 0 || isa<memref::AllocaOp>(op))
      return 1;
  int64_t largest = kAccessBytes / kMaxWidth;
  auto note = [&](MemRefType buffer) {
    if (buffer.getElementType().isIntOrFloat() && buffer.getRank() > 0)
      largest = std::max<int64_t>(
          largest, llvm::divideCeil(buffer.getElementTypeBitWidth(), 8));
  };
  for (auto load : loop.getBody()->getOps<memref::LoadOp>())
    note(load.getMemRefType());
  for (auto store : loop.getBody()->getOps<memref::StoreOp>())
    note(store.getMemRefType());
  int64_t count = ShapedType::getNumElements(extents);
  int64_t width = kAccessBytes / largest;
  while (width > 1 &&
         (extents.back() % width != 0 || count / width < kMinThreads))
    width /= 2;
  return width;
}

/// Clones `width` iterations at once, operation by operation, so that loads
/// from neighbours come before all stores. `indices` are those of the first
/// one.
void cloneIterations(OpBuilder &b, scf::ParallelOp loop, IRMapping &mapping,
                     ArrayRef<Value> indices, int64_t width) {
  SmallVector<IRMapping> iterations(width, mapping);
  for (auto [position, iteration] : llvm::enumerate(iterations)) {
    iteration.map(loop.getInductionVars(), indices);
    if (position == 0)
      continue;
    Value distance = b.create<arith::ConstantIndexOp>(loop.getLoc(), position);
    iteration.map(
        loop.getInductionVars().back(),
        b.create<arith::AddIOp>(loop.getLoc(), indices.back(), distance));
  }
  for (Operation &op : loop.getBody()->without_terminator())
    if (!isa<memref::AllocaOp>(op))
      for (IRMapping &iteration : iterations)
        b.clone(op, iteration);
}

LogicalResult convert(scf::ParallelOp loop) {
  FailureOr<SmallVector<int64_t>> extents = getExtents(loop);
  if (failed(extents) || loop.getNumReductions() != 0)
    return loop.emitError(
        "expected a parallel loop from 0 to constants without reductions");
  for (auto alloca : loop.getBody()->getOps<memref::AllocaOp>())
    if (alloca->getNumOperands() > 0)
      return alloca.emitError("expected a piece of stack of a fixed size");
  uint64_t iterations = 1;
  for (int64_t extent : *extents)
    iterations = llvm::SaturatingMultiply<uint64_t>(
        iterations, std::max<int64_t>(extent, 0));
  if (iterations == 0) {
    loop.erase();
    return success();
  }
  if (iterations > static_cast<uint64_t>(qtrain::kMaxElements))
    return loop.emitError("expected a parallel loop of at most 2^40 "
                          "iterations");
  int64_t width = getIterationsPerThread(loop, *extents);
  extents->back() /= width;
  int64_t count = ShapedType::getNumElements(*extents);
  int64_t threads = std::min(count, kBlockSize);
  int64_t blocks = llvm::divideCeil(count, threads);

  ImplicitLocOpBuilder b(loop.getLoc(), loop);
  auto index = [&](int64_t value) -> Value {
    return b.create<arith::ConstantIndexOp>(value);
  };
  Value one = index(1);
  auto launch = b.create<gpu::LaunchOp>(index(blocks), one, one, index(threads),
                                        one, one);
  for (StringRef name : {qkernel::QKernelDialect::kKindAttrName,
                         qkernel::QKernelDialect::kMacsAttrName})
    if (Attribute attribute = loop->getAttr(name))
      launch->setAttr(name, attribute);
  b.setInsertionPointToStart(&launch.getBody().front());
  IRMapping mapping;
  cloneConstants(b, loop, mapping);
  Value linear = b.create<arith::AddIOp>(
      b.create<arith::MulIOp>(launch.getBlockIds().x, index(threads)),
      launch.getThreadIds().x);
  Value exists;
  if (count % threads != 0)
    exists = b.create<arith::CmpIOp>(arith::CmpIPredicate::ult, linear,
                                     index(count));
  // Stack memory has a fixed place only if every thread reaches the allocation.
  for (auto alloca : loop.getBody()->getOps<memref::AllocaOp>())
    b.clone(*alloca, mapping);
  b.create<gpu::TerminatorOp>();
  b.setInsertionPoint(launch.getBody().front().getTerminator());
  if (exists)
    b.setInsertionPointToStart(
        b.create<scf::IfOp>(exists, /*withElseRegion=*/false).thenBlock());
  SmallVector<Value> indices = delinearize(b, linear, *extents);
  if (width > 1)
    indices.back() = b.create<arith::MulIOp>(indices.back(), index(width));
  cloneIterations(b, loop, mapping, indices, width);
  loop.erase();
  return success();
}

struct ConvertLoopsToGPU : qtc::impl::ConvertLoopsToGPUBase<ConvertLoopsToGPU> {
  void runOnFunction() override {
    Block &body = getOperation().getBody().front();
    for (auto loop : llvm::to_vector(body.getOps<scf::ParallelOp>()))
      if (failed(convert(loop)))
        return signalPassFailure();
    // The profile is made while launches still have their names.
    SmallVector<Attribute> profile;
    for (auto launch : body.getOps<gpu::LaunchOp>()) {
      SetVector<Value> used;
      getUsedValuesDefinedAbove(launch.getBody(), used);
      profile.push_back(getProfileEntry(launch, used.getArrayRef()));
    }
    getOperation()->setAttr(kProfileAttrName,
                            ArrayAttr::get(&getContext(), profile));
  }
};
} // namespace
