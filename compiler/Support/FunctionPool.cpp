//===- FunctionPool.cpp - Sharing of equal functions ----------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Support/FunctionPool.h"

using namespace mlir;
using namespace qtc;

/// A hash of the type of a function and of its operations in order, without
/// their operands.
static llvm::hash_code computeHash(func::FuncOp function) {
  llvm::hash_code hash = hash_value(function.getFunctionType());
  function.getBody().walk([&](Operation *op) {
    hash =
        llvm::hash_combine(hash, OperationEquivalence::computeHash(
                                     op, OperationEquivalence::ignoreHashValue,
                                     OperationEquivalence::ignoreHashValue,
                                     OperationEquivalence::IgnoreLocations));
  });
  return hash;
}

func::FuncOp FunctionPool::insert(func::FuncOp function) {
  SmallVector<func::FuncOp> &candidates = functions[computeHash(function)];
  for (func::FuncOp other : candidates) {
    if (other.getFunctionType() != function.getFunctionType() ||
        other.getAllArgAttrs() != function.getAllArgAttrs() ||
        !OperationEquivalence::isRegionEquivalentTo(
            &function.getBody(), &other.getBody(),
            OperationEquivalence::IgnoreLocations))
      continue;
    symbols.erase(function);
    return other;
  }
  candidates.push_back(function);
  return function;
}
