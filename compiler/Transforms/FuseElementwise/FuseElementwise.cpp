//===- FuseElementwise.cpp - Element-wise operations in one loop ----------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Transforms/FuseElementwise/FuseElementwise.h"
#include "compiler/Support/Buffers.h"
#include "compiler/Support/ModelPass.h"

#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/Tensor/Transforms/Transforms.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace qtc {
#define GEN_PASS_DEF_FUSEELEMENTWISE
#include "compiler/Transforms/FuseElementwise/FuseElementwise.h.inc"
} // namespace qtc

#define DEBUG_TYPE "fuse-elementwise"

using namespace mlir;
using namespace qtc;

/// Operations of the largest fused body. A fusion copies both bodies, so
/// without a limit a chain takes time quadratic in its length. With that much
/// arithmetic per element, the way through memory costs little.
static constexpr size_t kMaxBodySize = 128;

/// True when the body of `operand`'s user is small enough to absorb that of its
/// producer.
static bool isSmallEnough(OpOperand *operand) {
  auto countOps = [](Operation *op) -> size_t {
    auto generic = dyn_cast_or_null<linalg::GenericOp>(op);
    return generic ? generic.getBody()->getOperations().size() : 0;
  };
  return countOps(operand->getOwner()) +
             countOps(operand->get().getDefiningOp()) <=
         kMaxBodySize;
}

/// True when the user of `operand` reads each of its elements once.
static bool isReadOnce(OpOperand *operand) {
  auto user = cast<linalg::LinalgOp>(operand->getOwner());
  return user.getMatchingIndexingMap(operand).isPermutation();
}

/// True when `user` only stores the value.
static bool isStore(Operation *user) {
  while (isReshape(user) && user->hasOneUse())
    user = *user->user_begin();
  return isa<bufferization::MaterializeInDestinationOp>(user);
}

/// Moves `user` and the reshapes after it behind `op`, which computes their
/// operands.
static void moveReshapesBehind(Operation *user, Operation *op,
                               RewriterBase &rewriter) {
  for (; isReshape(user); user = *user->user_begin()) {
    rewriter.moveOpAfter(user, op);
    op = user;
  }
}

namespace {
/// Fuses a producer whose other users only store its result: one operation
/// gives both results. Upstream's pattern would leave the producer, which then
/// computes the stored result a second time.
struct FuseStoredProducer : OpRewritePattern<linalg::GenericOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(linalg::GenericOp op,
                                PatternRewriter &rewriter) const override {
    for (OpOperand &operand : op->getOpOperands()) {
      Operation *producer = operand.get().getDefiningOp();
      if (!producer || producer->hasOneUse() ||
          !linalg::areElementwiseOpsFusable(&operand) ||
          !isReadOnce(&operand) || !isSmallEnough(&operand))
        continue;
      SmallVector<Operation *> stores;
      for (Operation *user : producer->getUsers())
        if (user != op)
          stores.push_back(user);
      if (!llvm::all_of(stores, isStore))
        continue;
      FailureOr<linalg::ElementwiseOpFusionResult> fused =
          linalg::fuseElementwiseOps(rewriter, &operand);
      if (failed(fused))
        return rewriter.notifyMatchFailure(op, "upstream cannot fuse it");
      for (Operation *store : stores)
        moveReshapesBehind(store, fused->fusedOp, rewriter);
      for (auto [from, to] : fused->replacements)
        rewriter.replaceAllUsesWith(from, to);
      return success();
    }
    return rewriter.notifyMatchFailure(op, "no producer is stored");
  }
};

struct FuseElementwise : qtc::impl::FuseElementwiseBase<FuseElementwise> {
  FunctionNeeds getNeeds() const override { return {/*oneBlock=*/false}; }
  void runOnFunction() override {
    RewritePatternSet patterns(&getContext());
    linalg::populateElementwiseOpsFusionPatterns(
        patterns, [](OpOperand *operand) {
          Operation *producer = operand->get().getDefiningOp();
          return producer && producer->hasOneUse() && isReadOnce(operand) &&
                 isSmallEnough(operand);
        });
    patterns.add<FuseStoredProducer>(&getContext());
    tensor::CollapseShapeOp::getCanonicalizationPatterns(patterns,
                                                         &getContext());
    tensor::ExpandShapeOp::getCanonicalizationPatterns(patterns, &getContext());
    GreedyRewriteConfig config;
    // A step is one block.
    config.enableRegionSimplification = GreedySimplifyRegionLevel::Disabled;
    if (failed(applyPatternsAndFoldGreedily(getOperation(), std::move(patterns),
                                            config)))
      signalPassFailure();
  }
};
} // namespace
