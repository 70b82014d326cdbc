//===- QTrainBounds.cpp - Bounds of mantissas ----------------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialect/QTrain/IR/QTrain.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/Support/MathExtras.h"

#include <algorithm>

using namespace mlir;
using namespace qtc::qtrain;

/// The largest mantissa of `bits` bits, 2^(bits − 1) − 1.
static int64_t getLimit(unsigned bits) { return llvm::maxIntN(bits); }

/// The largest number of windows that contain one input position.
static int64_t getOverlap(WindowAttr window) {
  int64_t count = 1;
  for (unsigned dim : {0u, 1u})
    count *= llvm::divideCeil(window.getSpan(dim), window.getStrides()[dim]);
  return count;
}

/// The largest magnitude in a table, but at least 1, so that bounds can divide
/// by it.
static int64_t getTableBound(LookupOp op) {
  auto table = dyn_cast<DenseIntElementsAttr>(op.getTable());
  int64_t bound = 1;
  if (!table)
    return getLimit(cast<ScaledType>(op.getType()).getWidth());
  for (const APInt &value : table.getValues<APInt>())
    bound = std::max<int64_t>(bound, value.abs().getLimitedValue(INT64_MAX));
  return bound;
}

int64_t qtc::qtrain::getMagnitudeBound(Value value) {
  Operation *op = value.getDefiningOp();
  for (; isa_and_nonnull<ReluOp, MaxPool2DOp, ReshapeOp, TransposeOp, SliceOp,
                         ApplyMaskOp>(op);
       op = value.getDefiningOp())
    value = op->getOperand(0);
  if (auto shift = dyn_cast_or_null<ShiftScaleOp>(op))
    return getLimit(shift.getBits());
  if (auto lookup = dyn_cast_or_null<LookupOp>(op))
    return getTableBound(lookup);
  int64_t limit = getLimit(cast<ScaledType>(value.getType()).getWidth());
  if (auto unpool = dyn_cast_or_null<MaxUnpool2DOp>(op))
    return std::min<uint64_t>(limit,
                              llvm::SaturatingMultiply<uint64_t>(
                                  getMagnitudeBound(unpool.getGradient()),
                                  getOverlap(unpool.getWindow())));
  return limit;
}

/// The operands of `op` without a negative element that its result has none
/// with; nothing if no operand says so.
static std::optional<OperandRange> getDeciding(Operation *op) {
  if (isa<MaxPool2DOp, AveragePool2DOp, ReshapeOp, TransposeOp, DropoutOp,
          ShiftScaleOp>(op))
    return op->getOperands().take_front();
  if (isa<SumOp, ConcatOp>(op))
    return op->getOperands();
  if (isa<ReluOp>(op))
    return op->getOperands().take_front(0);
  auto lookup = dyn_cast<LookupOp>(op);
  auto table = lookup ? dyn_cast<DenseIntElementsAttr>(lookup.getTable())
                      : DenseIntElementsAttr();
  if (table && llvm::none_of(table.getValues<APInt>(),
                             [](const APInt &v) { return v.isNegative(); }))
    return op->getOperands().take_front(0);
  return std::nullopt;
}

bool qtc::qtrain::isNonnegative(Value value) {
  // Each value once: sums of sums have many ways to the same one.
  SetVector<Value> seen;
  seen.insert(value);
  for (size_t i = 0; i < seen.size(); ++i) {
    Operation *op = seen[i].getDefiningOp();
    std::optional<OperandRange> operands =
        op ? getDeciding(op) : std::optional<OperandRange>();
    if (!operands)
      return false;
    seen.insert(operands->begin(), operands->end());
  }
  return true;
}

int64_t qtc::qtrain::getSumBound(int64_t length, Value lhs, Value rhs) {
  int64_t product = getMagnitudeBound(lhs);
  if (rhs)
    product =
        llvm::SaturatingMultiply<uint64_t>(product, getMagnitudeBound(rhs));
  uint64_t bound = llvm::SaturatingMultiply<uint64_t>(product, length);
  return std::min<uint64_t>(bound, getLimit(64));
}
