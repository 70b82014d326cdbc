//===- Buffers.cpp - Facts about a step's buffers -------------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Support/Buffers.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/Support/MathExtras.h"

#include <algorithm>

using namespace mlir;
using namespace qtc;

/// The attribute of an argument of a function, or null.
static IntegerAttr getArgumentAttr(Value value, StringRef name) {
  auto argument = dyn_cast<BlockArgument>(value);
  if (!argument)
    return {};
  auto function =
      dyn_cast_or_null<func::FuncOp>(argument.getOwner()->getParentOp());
  if (!function)
    return {};
  return function.getArgAttrOfType<IntegerAttr>(argument.getArgNumber(), name);
}

bool qtc::isReshape(Operation *op) {
  return isa_and_nonnull<tensor::CollapseShapeOp, tensor::ExpandShapeOp,
                         memref::CollapseShapeOp, memref::ExpandShapeOp>(op);
}

Value qtc::getRoot(Value buffer) {
  while (isReshape(buffer.getDefiningOp()))
    buffer = buffer.getDefiningOp()->getOperand(0);
  if (IntegerAttr root = getArgumentAttr(buffer, kRootAttrName))
    return cast<BlockArgument>(buffer).getOwner()->getArgument(root.getInt());
  return buffer;
}

/// Bytes of a value of `type` in memory; nothing of a type without a size.
static std::optional<int64_t> getElementBytes(Type type) {
  constexpr int64_t kIndexBytes = 8;
  if (type.isIndex())
    return kIndexBytes;
  if (type.isIntOrFloat())
    return llvm::divideCeil(type.getIntOrFloatBitWidth(), 8);
  return std::nullopt;
}

std::optional<int64_t> qtc::getByteSize(MemRefType type) {
  std::optional<int64_t> bytes = getElementBytes(type.getElementType());
  if (!bytes || !qtrain::isWellFormed(type))
    return std::nullopt;
  return type.getNumElements() * *bytes;
}

/// All dimensions as one.
static SmallVector<ReassociationIndices> getFlattening(MemRefType type) {
  if (type.getRank() == 0)
    return {};
  return {llvm::to_vector<2>(llvm::seq<int64_t>(0, type.getRank()))};
}

LogicalResult qtc::expectFlatBuffers(Operation *kernel) {
  for (Type type : kernel->getOperandTypes()) {
    if (!isa<ShapedType>(type))
      continue;
    auto buffer = dyn_cast<MemRefType>(type);
    if (!buffer)
      return kernel->emitError("expected buffers, but got tensors");
    if (!buffer.getLayout().isIdentity() &&
        (buffer.getRank() == 0 ||
         !memref::CollapseShapeOp::isGuaranteedCollapsible(
             buffer, getFlattening(buffer))))
      return kernel->emitError()
             << "expected buffers without gaps, but got " << buffer;
  }
  return success();
}

Value qtc::flattenBuffer(OpBuilder &builder, Location loc, Value buffer) {
  auto type = cast<MemRefType>(buffer.getType());
  if (type.getRank() == 1)
    return buffer;
  if (type.getRank() == 0)
    return builder.create<memref::ExpandShapeOp>(
        loc,
        MemRefType::get({1}, type.getElementType(), MemRefLayoutAttrInterface(),
                        type.getMemorySpace()),
        buffer, getFlattening(type));
  return builder.create<memref::CollapseShapeOp>(loc, buffer,
                                                 getFlattening(type));
}

int64_t qtc::getAlignment(Value buffer) {
  Value root = getRoot(buffer);
  if (root.getDefiningOp<memref::ViewOp>())
    return 64;
  if (IntegerAttr known =
          getArgumentAttr(root, LLVM::LLVMDialect::getAlignAttrName()))
    return known.getInt();
  auto type = cast<MemRefType>(buffer.getType());
  return getElementBytes(type.getElementType()).value_or(1);
}

bool qtc::isConstant(Operation *op) {
  return op->hasTrait<OpTrait::ConstantLike>() || isa<memref::GetGlobalOp>(op);
}
