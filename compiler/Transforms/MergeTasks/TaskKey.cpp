//===- TaskKey.cpp - A task without its constants -------------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Transforms/MergeTasks/TaskKey.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/SymbolTable.h"

using namespace mlir;
using namespace qtc;

/// Whether `op` is an address with one index, a constant. It indexes no struct,
/// as structs take a second one.
static LLVM::GEPOp getConstantAddress(Operation &op) {
  auto address = dyn_cast<LLVM::GEPOp>(op);
  if (!address || address.getRawConstantIndices().size() != 1 ||
      !address.getDynamicIndices().empty())
    return nullptr;
  return address;
}

TypedAttr Hole::getConstant() const {
  if (operand)
    return cast<TypedAttr>(
        operand->get().getDefiningOp<LLVM::ConstantOp>().getValue());
  LLVM::GEPOp op = address;
  return Builder(op.getContext())
      .getI64IntegerAttr(op.getRawConstantIndices().front());
}

Type Hole::getType() const {
  return operand ? operand->get().getType() : getConstant().getType();
}

void Hole::replaceBy(Value argument) const {
  if (operand)
    return operand->set(argument);
  LLVM::GEPOp op = address;
  OpBuilder builder(op);
  op.replaceAllUsesWith(
      builder
          .create<LLVM::GEPOp>(op.getLoc(), op.getType(), op.getElemType(),
                               op.getBase(), ArrayRef<LLVM::GEPArg>{argument},
                               op.getInbounds())
          .getResult());
  op.erase();
}

/// Plain loops of fewer iterations keep their bounds, because LLVM optimizes
/// for them.
static constexpr int64_t kShortLoop = 32;

bool TaskKey::isReplaceable(OpOperand &operand,
                            LLVM::ConstantOp constant) const {
  Operation *user = operand.getOwner();
  if (isa<FloatType>(constant.getType()))
    return !hasVectors &&
           isa<LLVM::FAddOp, LLVM::FSubOp, LLVM::FMulOp, LLVM::StoreOp>(user);
  auto value = dyn_cast<IntegerAttr>(constant.getValue());
  if (!value || !constant.getType().isInteger(64))
    return false;
  // Loops of functions that have vectors already are not optimized further.
  if (isa<LLVM::ICmpOp>(user))
    return hasVectors || value.getInt() >= kShortLoop;
  return isa<LLVM::AddOp, LLVM::SubOp, LLVM::MulOp, LLVM::GEPOp, LLVM::UMinOp,
             LLVM::UMaxOp, LLVM::SMinOp, LLVM::SMaxOp>(user);
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

void TaskKey::addOp(Operation &op) {
  // Constants count where they are used.
  if (isa<LLVM::ConstantOp>(op))
    return;
  if (op.getNumRegions() > 0)
    complete = false;
  add(op.getName().getAsOpaquePointer());
  if (LLVM::GEPOp address = getConstantAddress(op)) {
    add(address.getElemTypeAttr().getAsOpaquePointer());
    addNumber(address.getInbounds());
    holes.emplace_back(address);
  } else {
    add(op.getAttrDictionary().getAsOpaquePointer());
  }
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
  if (!isReplaceable(operand, constant))
    return add(constant.getValue().getAsOpaquePointer());
  add(nullptr);
  holes.emplace_back(operand);
}

void TaskKey::addValue(Value value) {
  addNumber(numbers.try_emplace(value, numbers.size() + 1).first->second);
}
