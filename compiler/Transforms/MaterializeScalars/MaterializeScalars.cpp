//===- MaterializeScalars.cpp - Scalars of a step to memory ---------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Transforms/MaterializeScalars/MaterializeScalars.h"
#include "compiler/Support/ModelPass.h"

#include "dialect/QKernel/IR/QKernel.h"

#include "mlir/Interfaces/ViewLikeInterface.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/STLExtras.h"

namespace qtc {
#define GEN_PASS_DEF_MATERIALIZESCALARS
#include "compiler/Transforms/MaterializeScalars/MaterializeScalars.h.inc"
} // namespace qtc

#define DEBUG_TYPE "materialize-scalars"

using namespace mlir;
using namespace qtc;

namespace {

/// Whether an operation only describes a place in memory.
bool isPlace(Operation *op) {
  return op->hasTrait<OpTrait::ConstantLike>() ||
         (op->getNumResults() == 1 &&
          isa<MemRefType>(op->getResult(0).getType()));
}

struct MaterializeScalars
    : qtc::impl::MaterializeScalarsBase<MaterializeScalars> {
  void runOnFunction() override {
    Block &body = getOperation().getBody().front();
    if (failed(collectScalarOps(body)))
      return signalPassFailure();
    for (BlockArgument argument : body.getArguments())
      if (argument.getType().isIntOrIndexOrFloat() &&
          failed(convertArgument(argument)))
        return signalPassFailure();
    auto function = getOperation();
    function.setType(FunctionType::get(&getContext(), body.getArgumentTypes(),
                                       function.getResultTypes()));
    for (auto loop : body.getOps<scf::ParallelOp>())
      for (Operation &op : llvm::make_early_inc_range(*loop.getBody()))
        for (Value result : op.getResults())
          if (failed(storeIfUsedElsewhere(result, loop)))
            return signalPassFailure();
  }

  /// Moves all operations that are neither loops nor places into loops of one
  /// iteration.
  LogicalResult collectScalarOps(Block &body) {
    SmallVector<Operation *> pending;
    for (Operation &op : llvm::make_early_inc_range(body)) {
      if (isa<scf::ParallelOp>(op) || isa<DestinationStyleOpInterface>(op) ||
          op.hasTrait<OpTrait::IsTerminator>()) {
        moveIntoLoop(pending, &op);
        pending.clear();
        continue;
      }
      if (isPlace(&op))
        continue;
      bool hasLoop = op.walk([](scf::ParallelOp) {
                         return WalkResult::interrupt();
                       }).wasInterrupted();
      if (hasLoop)
        return op.emitError("expected parallel loops in the function's body "
                            "alone, but got one inside another operation");
      pending.push_back(&op);
    }
    return success();
  }

  void moveIntoLoop(ArrayRef<Operation *> ops, Operation *next) {
    if (ops.empty())
      return;
    OpBuilder builder(next);
    Location loc = ops.front()->getLoc();
    Value zero = builder.create<arith::ConstantIndexOp>(loc, 0);
    Value one = builder.create<arith::ConstantIndexOp>(loc, 1);
    auto loop = builder.create<scf::ParallelOp>(
        loc, ValueRange{zero}, ValueRange{one}, ValueRange{one});
    loop->setAttr(qkernel::QKernelDialect::kKindAttrName,
                  builder.getStringAttr("scalar"));
    Operation *terminator = loop.getBody()->getTerminator();
    for (Operation *op : ops)
      op->moveBefore(terminator);
    ++numScalarLoops;
  }

  using UsesByLoop = llvm::MapVector<Operation *, SmallVector<OpOperand *>>;

  /// Uses of a scalar in all loops except the one that computes it.
  UsesByLoop getUsesOutside(Value scalar, scf::ParallelOp definition) {
    Block &body = getOperation().getBody().front();
    UsesByLoop uses;
    for (OpOperand &use : scalar.getUses()) {
      Operation *loop = body.findAncestorOpInBlock(*use.getOwner());
      if (loop != definition)
        uses[loop].push_back(&use);
    }
    return uses;
  }

  /// Only loops can load a scalar, and only numbers can be stored.
  static LogicalResult expectSlot(Value scalar, const UsesByLoop &uses) {
    auto report = [&](Operation *op) {
      return op->emitError() << "expected numbers that parallel loops alone "
                                "use, but got a use of type "
                             << scalar.getType();
    };
    for (const auto &[loop, operands] : uses)
      if (!isa<scf::ParallelOp>(loop) ||
          !scalar.getType().isIntOrIndexOrFloat())
        return report(loop);
    return success();
  }

  void loadFromSlot(Value slot, const UsesByLoop &uses) {
    for (auto &[loop, operands] : uses) {
      Block *iteration = cast<scf::ParallelOp>(loop).getBody();
      auto builder = OpBuilder::atBlockBegin(iteration);
      Value loaded = builder.create<memref::LoadOp>(loop->getLoc(), slot);
      for (OpOperand *operand : operands)
        operand->set(loaded);
    }
  }

  LogicalResult convertArgument(BlockArgument argument) {
    UsesByLoop uses = getUsesOutside(argument, /*definition=*/nullptr);
    if (failed(expectSlot(argument, uses)))
      return failure();
    argument.setType(MemRefType::get({}, argument.getType()));
    loadFromSlot(argument, uses);
    return success();
  }

  LogicalResult storeIfUsedElsewhere(Value scalar, scf::ParallelOp loop) {
    UsesByLoop uses = getUsesOutside(scalar, loop);
    if (uses.empty())
      return success();
    if (failed(expectSlot(scalar, uses)))
      return failure();
    auto builder = OpBuilder::atBlockBegin(&getOperation().getBody().front());
    Location loc = scalar.getLoc();
    Value slot = builder.create<memref::AllocOp>(
        loc, MemRefType::get({}, scalar.getType()));
    loadFromSlot(slot, uses);
    builder.setInsertionPointAfterValue(scalar);
    builder.create<memref::StoreOp>(loc, scalar, slot);
    ++numSlots;
    return success();
  }
};
} // namespace
