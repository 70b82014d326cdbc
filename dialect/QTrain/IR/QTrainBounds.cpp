//===- QTrainBounds.cpp - Bounds of mantissas ----------------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialect/QTrain/IR/QTrain.h"

#include "llvm/ADT/STLExtras.h"
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
    bound = std::max(bound, std::abs(value.getSExtValue()));
  return bound;
}

int64_t qtc::qtrain::getMagnitudeBound(Value value) {
  Operation *op = value.getDefiningOp();
  if (auto shift = dyn_cast_or_null<ShiftScaleOp>(op))
    return getLimit(shift.getBits());
  if (auto lookup = dyn_cast_or_null<LookupOp>(op))
    return getTableBound(lookup);
  if (isa_and_nonnull<ReluOp, MaxPool2DOp, ReshapeOp, TransposeOp, SliceOp,
                      ApplyMaskOp>(op))
    return getMagnitudeBound(op->getOperand(0));
  int64_t limit = getLimit(cast<ScaledType>(value.getType()).getWidth());
  if (auto unpool = dyn_cast_or_null<MaxUnpool2DOp>(op))
    return std::min(limit, getMagnitudeBound(unpool.getGradient()) *
                               getOverlap(unpool.getWindow()));
  return limit;
}

bool qtc::qtrain::isNonnegative(Value value) {
  Operation *op = value.getDefiningOp();
  if (!op)
    return false;
  if (isa<ReluOp>(op))
    return true;
  if (auto lookup = dyn_cast<LookupOp>(op)) {
    auto table = dyn_cast<DenseIntElementsAttr>(lookup.getTable());
    return table && llvm::none_of(table.getValues<APInt>(), [](const APInt &v) {
             return v.isNegative();
           });
  }
  if (isa<MaxPool2DOp, AveragePool2DOp, ReshapeOp, TransposeOp, DropoutOp,
          ShiftScaleOp>(op))
    return isNonnegative(op->getOperand(0));
  if (isa<SumOp, ConcatOp>(op))
    return llvm::all_of(op->getOperands(), isNonnegative);
  return false;
}

int64_t qtc::qtrain::getSumBound(int64_t length, Value lhs, Value rhs) {
  int64_t product = getMagnitudeBound(lhs);
  if (rhs)
    product =
        llvm::SaturatingMultiply<uint64_t>(product, getMagnitudeBound(rhs));
  uint64_t bound = llvm::SaturatingMultiply<uint64_t>(product, length);
  return std::min<uint64_t>(bound, getLimit(64));
}
