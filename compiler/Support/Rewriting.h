//===- Rewriting.h - Patterns for some operations of a module ---*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTC_SUPPORT_REWRITING_H
#define QTC_SUPPORT_REWRITING_H

#include "mlir/IR/PatternMatch.h"
#include "mlir/Rewrite/FrozenRewritePatternSet.h"

namespace qtc {

/// True if `patterns` has one whose root is an operation like `op`.
inline bool hasPattern(const mlir::FrozenRewritePatternSet &patterns,
                       mlir::Operation *op) {
  return patterns.getOpSpecificNativePatterns().contains(op->getName());
}

/// Applies `patterns`, each of which names its root operation, to the
/// operations inside of `root` and to those that they create, until none
/// matches. Unlike upstream's greedy driver for a whole region it neither
/// visits nor folds the operations that no pattern is for: of the thousands in
/// a step these are nearly all.
mlir::LogicalResult rewriteMatching(mlir::Operation *root,
                                    mlir::RewritePatternSet &&patterns);

/// Applies `patterns`, each of which names its root operation, once to every
/// operation inside of `root` that has one, in the order of the text. It visits
/// neither the operations inside of these nor new ones. Fails at the first
/// operation whose patterns all fail; they report why.
llvm::LogicalResult rewriteEach(mlir::Operation *root,
                                const mlir::FrozenRewritePatternSet &patterns);

} // namespace qtc

#endif // QTC_SUPPORT_REWRITING_H
