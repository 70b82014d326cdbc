//===- TaskKey.cpp - A task without its constants -------------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Transforms/MergeTasks/TaskKey.h"

#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/SymbolTable.h"

using namespace mlir;
using namespace qtc;

/// Loops of fewer iterations keep their bounds, because LLVM optimizes for
/// them.
static constexpr int64_t kShortLoop = 32;

/// Whether the task is as fast with an argument in place of `constant`.
static bool isReplaceable(OpOperand &operand, LLVM::ConstantOp constant) {
  Operation *user = operand.getOwner();
  if (isa<FloatType>(constant.getType()))
    return isa<LLVM::FAddOp, LLVM::FSubOp, LLVM::FMulOp, LLVM::StoreOp>(user);
  auto value = dyn_cast<IntegerAttr>(constant.getValue());
  if (!value || !constant.getType().isInteger(64))
    return false;
  if (isa<LLVM::ICmpOp>(user))
    return value.getInt() >= kShortLoop;
  return isa<LLVM::AddOp, LLVM::SubOp, LLVM::MulOp, LLVM::GEPOp>(user);
}

TaskKey::TaskKey(LLVM::LLVMFuncOp function) {
  for (NamedAttribute attribute : function->getAttrs()) {
    if (attribute.getName() == SymbolTable::getSymbolAttrName())
      continue;
    add(attribute.getName().getAsOpaquePointer());
    add(attribute.getValue().getAsOpaquePointer());
  }
  for (Block &block : function.getBody())
    blocks[&block] = blocks.size() + 1;
  function.walk([&](Operation *op) {
    hasVectors |= llvm::any_of(op->getResultTypes(),
                               [](Type type) { return isa<VectorType>(type); });
  });
  for (Block &block : function.getBody()) {
    add(nullptr); // a new block
    for (BlockArgument argument : block.getArguments()) {
      add(argument.getType().getAsOpaquePointer());
      addValue(argument);
    }
    for (Operation &op : block)
      addOp(op);
  }
}

Attribute TaskKey::getConstant(size_t hole) const {
  return holes[hole]->get().getDefiningOp<LLVM::ConstantOp>().getValue();
}

void TaskKey::addOp(Operation &op) {
  // Constants count where they are used.
  if (isa<LLVM::ConstantOp>(op))
    return;
  if (op.getNumRegions() > 0)
    complete = false;
  add(op.getName().getAsOpaquePointer());
  add(op.getAttrDictionary().getAsOpaquePointer());
  addNumber(op.getNumResults());
  addNumber(op.getNumOperands());
  for (Type type : op.getResultTypes())
    add(type.getAsOpaquePointer());
  for (OpOperand &operand : op.getOpOperands())
    addOperand(operand);
  for (Block *successor : op.getSuccessors())
    addNumber(blocks.lookup(successor));
  for (Value result : op.getResults())
    addValue(result);
}

void TaskKey::addOperand(OpOperand &operand) {
  auto constant = operand.get().getDefiningOp<LLVM::ConstantOp>();
  if (!constant)
    return addValue(operand.get());
  add(constant.getType().getAsOpaquePointer());
  if (hasVectors || !isReplaceable(operand, constant))
    return add(constant.getValue().getAsOpaquePointer());
  add(nullptr);
  holes.push_back(&operand);
}

void TaskKey::addValue(Value value) {
  addNumber(numbers.try_emplace(value, numbers.size() + 1).first->second);
}
