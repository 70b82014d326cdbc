//===- FuseElementwise.cpp - Element-wise operations in one loop ----------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Transforms/FuseElementwise/FuseElementwise.h"

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

namespace {
struct FuseElementwise : qtc::impl::FuseElementwiseBase<FuseElementwise> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    linalg::populateElementwiseOpsFusionPatterns(
        patterns, [](OpOperand *operand) {
          Operation *producer = operand->get().getDefiningOp();
          auto consumer = cast<linalg::LinalgOp>(operand->getOwner());
          return producer && producer->hasOneUse() &&
                 consumer.getMatchingIndexingMap(operand).isPermutation();
        });
    tensor::CollapseShapeOp::getCanonicalizationPatterns(patterns,
                                                         &getContext());
    tensor::ExpandShapeOp::getCanonicalizationPatterns(patterns, &getContext());
    if (failed(
            applyPatternsAndFoldGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};
} // namespace
