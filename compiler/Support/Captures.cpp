//===- Captures.cpp - What outlined code uses of its function -------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Support/Captures.h"
#include "compiler/Support/Buffers.h"
#include "dialect/QKernel/IR/QKernel.h"

#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace qtc;

/// Bounds the work for one operation.
static constexpr size_t kMostSunk = 64;

Captures::Captures(Operation *user, ArrayRef<Value> used) : user(user) {
  for (Value value : used)
    add(value, llvm::SmallPtrSet<Operation *, 1>());
}

/// Adds the operations in `sunk` that `value` is computed by, operands first.
void Captures::add(Value value,
                   const llvm::SmallPtrSetImpl<Operation *> &sunk) {
  Operation *op = value.getDefiningOp();
  bool isSunk = op && sunk.contains(op);
  if (!isSunk && (!op || !isConstant(op))) {
    arguments.insert(value);
    return;
  }
  if (clones.contains(op))
    return;
  if (isSunk)
    for (Value operand : op->getOperands())
      add(operand, sunk);
  clones.insert(op);
}

/// Whether `op` computes integers of integers. Sizes are numbers that tasks
/// must not know.
static bool isScalar(Operation *op) {
  auto isInteger = [](Type type) { return type.isIntOrIndex(); };
  return op->getNumRegions() == 0 && isPure(op) && !isConstant(op) &&
         !isa<qkernel::SizeOp>(op) &&
         llvm::all_of(op->getOperandTypes(), isInteger) &&
         llvm::all_of(op->getResultTypes(), isInteger);
}

void Captures::sinkScalars(bool isExclusive) {
  llvm::SmallPtrSet<Operation *, 16> sunk;
  SmallVector<Operation *> candidates;
  auto addCandidate = [&](Value value) {
    Operation *op = value.getDefiningOp();
    if (op && op->getBlock() == user->getBlock() && isScalar(op) &&
        !llvm::is_contained(candidates, op))
      candidates.push_back(op);
  };
  auto isSunk = [&](Operation *op) {
    return sunk.contains(op) || user->isAncestor(op);
  };
  llvm::for_each(arguments, addCandidate);
  // All users of the last one are decided.
  while (!candidates.empty() && sunk.size() < kMostSunk) {
    auto last = llvm::max_element(candidates, [](Operation *a, Operation *b) {
      return a->isBeforeInBlock(b);
    });
    Operation *op = *last;
    candidates.erase(last);
    if (isExclusive && !llvm::all_of(op->getUsers(), isSunk))
      continue;
    sunk.insert(op);
    llvm::for_each(op->getOperands(), addCandidate);
  }
  Captures shorter(user, {});
  for (Operation *op : clones)
    shorter.clones.insert(op);
  for (Value value : arguments)
    shorter.add(value, sunk);
  // An argument is an address and a store.
  if (2 * shorter.arguments.size() <= 2 * arguments.size() + sunk.size())
    *this = std::move(shorter);
}

void Captures::eraseDead() {
  for (Operation *op : llvm::reverse(clones))
    if (!isConstant(op) && op->use_empty())
      op->erase();
}
