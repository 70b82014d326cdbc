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

int64_t qtc::qtrain::detail::getLargestMantissa(Value value) {
  return getLimit(cast<ScaledType>(value.getType()).getWidth());
}

int64_t qtc::qtrain::getMagnitudeBound(Value value) {
  while (auto op = value.getDefiningOp<RangeOpInterface>()) {
    Value same = op.getEqualRange();
    if (!same)
      return op.getMaxMagnitude();
    value = same;
  }
  return qtc::qtrain::detail::getLargestMantissa(value);
}

int64_t QuantizeOp::getMaxMagnitude() { return getLevels(); }

int64_t ShiftScaleOp::getMaxMagnitude() { return getLimit(getBits()); }

int64_t LookupOp::getMaxMagnitude() { return getTableBound(*this); }

int64_t MaxUnpool2DOp::getMaxMagnitude() {
  return std::min<uint64_t>(
      qtc::qtrain::detail::getLargestMantissa(getResult()),
      llvm::SaturatingMultiply<uint64_t>(getMagnitudeBound(getGradient()),
                                         getOverlap(getWindow())));
}

Value ReluOp::getEqualRange() { return getInput(); }
Value MaxPool2DOp::getEqualRange() { return getInput(); }
Value ReshapeOp::getEqualRange() { return getInput(); }
Value TransposeOp::getEqualRange() { return getInput(); }
Value SliceOp::getEqualRange() { return getInput(); }
Value ApplyMaskOp::getEqualRange() { return getInput(); }

using SignOperands = std::optional<OperandRange>;

/// The first operand, which decides alone.
static SignOperands getFirst(Operation *op) {
  return op->getOperands().take_front();
}

/// Nothing is negative, whatever the operands are.
static SignOperands getNone(Operation *op) {
  return op->getOperands().take_front(0);
}

SignOperands MaxPool2DOp::getSignOperands() { return getFirst(*this); }
SignOperands AveragePool2DOp::getSignOperands() { return getFirst(*this); }
SignOperands ReshapeOp::getSignOperands() { return getFirst(*this); }
SignOperands TransposeOp::getSignOperands() { return getFirst(*this); }
SignOperands DropoutOp::getSignOperands() { return getFirst(*this); }
SignOperands ShiftScaleOp::getSignOperands() { return getFirst(*this); }
SignOperands SumOp::getSignOperands() { return getInputs(); }
SignOperands ConcatOp::getSignOperands() { return getOperands(); }
SignOperands ReluOp::getSignOperands() { return getNone(*this); }

SignOperands QuantizeOp::getSignOperands() {
  return getIsSigned() ? std::nullopt : getNone(*this);
}

SignOperands LookupOp::getSignOperands() {
  auto table = dyn_cast<DenseIntElementsAttr>(getTable());
  if (table && llvm::none_of(table.getValues<APInt>(),
                             [](const APInt &v) { return v.isNegative(); }))
    return getNone(*this);
  return std::nullopt;
}

bool qtc::qtrain::isNonnegative(Value value) {
  // Each value once: sums of sums have many ways to the same one.
  SetVector<Value> seen;
  seen.insert(value);
  for (size_t i = 0; i < seen.size(); ++i) {
    auto op = seen[i].getDefiningOp<RangeOpInterface>();
    SignOperands operands = op ? op.getSignOperands() : std::nullopt;
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
