//===- Rewriting.cpp - Patterns for some operations of a module -----------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Support/Rewriting.h"

#include "mlir/Rewrite/PatternApplicator.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

using namespace mlir;
using namespace qtc;

LogicalResult qtc::rewriteMatching(Operation *root,
                                   RewritePatternSet &&patterns) {
  FrozenRewritePatternSet frozen(std::move(patterns));
  SmallVector<Operation *> matched;
  root->walk([&](Operation *op) {
    if (op != root && hasPattern(frozen, op))
      matched.push_back(op);
  });
  GreedyRewriteConfig config;
  config.strictMode = GreedyRewriteStrictness::ExistingAndNewOps;
  return applyOpPatternsAndFold(matched, frozen, config);
}

LogicalResult qtc::rewriteEach(Operation *root,
                               const FrozenRewritePatternSet &patterns) {
  SmallVector<Operation *> matched;
  root->walk<WalkOrder::PreOrder>([&](Operation *op) {
    if (op == root || !hasPattern(patterns, op))
      return WalkResult::advance();
    matched.push_back(op);
    return WalkResult::skip();
  });
  PatternApplicator applicator(patterns);
  applicator.applyDefaultCostModel();
  PatternRewriter rewriter(root->getContext());
  for (Operation *op : matched)
    if (failed(applicator.matchAndRewrite(op, rewriter)))
      return failure();
  return success();
}
