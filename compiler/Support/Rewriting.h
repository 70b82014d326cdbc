//===- Rewriting.h - Patterns for some operations of a module ---*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTC_SUPPORT_REWRITING_H
#define QTC_SUPPORT_REWRITING_H

#include "mlir/IR/PatternMatch.h"

namespace qtc {

/// Applies `patterns`, each of which names its root operation, to the
/// operations inside of `root` and to those that they create, until none
/// matches. Unlike upstream's greedy driver for a whole region it neither
/// visits nor folds the operations that no pattern is for: of the thousands in
/// a step these are nearly all.
mlir::LogicalResult rewriteMatching(mlir::Operation *root,
                                    mlir::RewritePatternSet &&patterns);

} // namespace qtc

#endif // QTC_SUPPORT_REWRITING_H
