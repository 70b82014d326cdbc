//===- Rewriting.cpp - Patterns for some operations of a module -----------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Support/Rewriting.h"

#include "mlir/Rewrite/FrozenRewritePatternSet.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

using namespace mlir;
using namespace qtc;

LogicalResult qtc::rewriteMatching(Operation *root,
                                   RewritePatternSet &&patterns) {
  FrozenRewritePatternSet frozen(std::move(patterns));
  SmallVector<Operation *> matched;
  root->walk([&](Operation *op) {
    if (op != root &&
        frozen.getOpSpecificNativePatterns().contains(op->getName()))
      matched.push_back(op);
  });
  GreedyRewriteConfig config;
  config.strictMode = GreedyRewriteStrictness::ExistingAndNewOps;
  return applyOpPatternsAndFold(matched, frozen, config);
}
