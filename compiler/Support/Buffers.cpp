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

Value qtc::getRoot(Value buffer) {
  while (isa_and_nonnull<memref::CollapseShapeOp, memref::ExpandShapeOp>(
      buffer.getDefiningOp()))
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
