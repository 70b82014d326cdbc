//===- IntegerVerifiers.cpp - Constraints of operations on mantissas ------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialect/QTrain/IR/QTrain.h"
#include "dialect/QTrain/IR/VerifierSupport.h"

#include "llvm/ADT/STLExtras.h"

#include <cmath>
#include <cstdlib>

using namespace mlir;
using namespace qtc::qtrain;

//===----------------------------------------------------------------------===//
// Integer operations
//===----------------------------------------------------------------------===//

LogicalResult LookupOp::verify() {
  ArrayRef<int64_t> shape = getPixels().getType().getShape();
  auto table = cast<ShapedType>(getTable().getType());
  int64_t channels = shape.size() > 1 ? shape[1] : 1;
  if (table.getRank() != 2 || table.getDimSize(1) != 256 ||
      (table.getDimSize(0) != 1 && table.getDimSize(0) != channels) ||
      table.getElementType() !=
          getTensorType(getResult().getType()).getElementType()) // C1
    return emitOpError() << "expected a table of 1 or " << channels
                         << " rows of 256 elements of the result, but got "
                         << table;
  if (isScaled(getResult().getType()) != getExponent().has_value()) // C3
    return emitOpError("expected an exponent exactly for a scaled result");
  return expectShape(*this, "result", getResult(), shape); // C2
}

/// Checks that a mask has one bit per element of its value.
static LogicalResult expectMask(Operation *op, Value value, Value mask) {
  return expectShape(op, "mask", mask, getShape(value));
}

LogicalResult MagnitudeBitsOp::verify() {
  return getMask() ? expectMask(*this, getInput(), getMask()) // C1
                   : success();
}

LogicalResult RangeMaskOp::verify() {
  unsigned width = getInput().getType().getWidth();
  auto fits = [&](std::optional<int64_t> end) {
    return llvm::isIntN(width, end.value_or(0));
  };
  if ((!getLow() && !getHigh()) || !fits(getLow()) || !fits(getHigh())) // C2
    return emitOpError() << "expected a lower or an upper end, of " << width
                         << " bits";
  return expectMask(*this, getInput(), getResult()); // C1
}

LogicalResult ApplyMaskOp::verify() {
  return expectMask(*this, getInput(), getMask()); // C1
}

/// Checks the `bits` that an operation clips its result to.
static LogicalResult expectBits(Operation *op, int64_t bits,
                                ScaledType result) {
  if (bits >= 2 && bits <= static_cast<int64_t>(result.getWidth()))
    return success();
  return op->emitOpError() << "expected 2 to " << result.getWidth()
                           << " bits, but got " << bits;
}

LogicalResult ShiftScaleOp::verify() {
  ArrayRef<int64_t> shape = getInput().getType().getShape();
  if (failed(expectBits(*this, getBits(), getResult().getType()))) // C2
    return failure();
  bool stochastic = getRounding() == Rounding::Stochastic;
  if (stochastic != static_cast<bool>(getRandom())) // C3
    return emitOpError(
        "expected random numbers exactly for stochastic rounding");
  if (getBidirectional() && (getRounding() == Rounding::Nearest ||
                             getRounding() == Rounding::PseudoStochastic)) // C4
    return emitOpError("expected rounding 'even', 'floor0' or 'stochastic' for "
                       "a bidirectional shift");
  if (getRandom() && getRandom().getType().getShape() != shape)
    return emitOpError() << "expected random numbers of shape [" << shape
                         << "], but got " << getRandom().getType();
  return expectShape(*this, "result", getResult(), shape); // C1
}

LogicalResult WeightedSumOp::verify() {
  ArrayRef<int64_t> factors = getFactors();
  if (factors.empty() || factors.size() != getTerms().size()) // C2
    return emitOpError("expected terms, and a factor for each");
  constexpr int64_t kLimit = int64_t(1) << 30;
  int64_t room = kLimit;
  for (int64_t factor : factors) { // C2
    if (factor < -room || factor > room)
      return emitOpError(
          "expected factors whose magnitudes add up to at most 2^30");
    room -= std::abs(factor);
  }
  if (static_cast<int64_t>(getShift()) < 0 || getShift() > 62) // C3
    return emitOpError() << "expected a shift from 0 to 62, but got "
                         << getShift();
  if (getRounding() != Rounding::Nearest &&
      getRounding() != Rounding::TowardZero) // C4
    return emitOpError("expected rounding 'nearest' or 'floor0'");
  for (Value term : getTerms()) // C1
    if (failed(expectShape(*this, "term", term, getShape(getResult()))))
      return failure();
  return expectBits(*this, getBits(), getResult().getType()); // C3
}

LogicalResult AddScaledOp::verify() {
  ArrayRef<int64_t> shape = getShape(getInput());
  if (failed(expectShape(*this, "addend", getAddend(), shape)) || // C1
      failed(expectShape(*this, "result", getResult(), shape)))
    return failure();
  constexpr int64_t kMaxFactor = int64_t(1) << 24;
  if (static_cast<int64_t>(getFactor()) < 1 || getFactor() > kMaxFactor) // C2
    return emitOpError() << "expected a factor from 1 to 2^24, but got "
                         << static_cast<int64_t>(getFactor());
  return expectBits(*this, getBits(), getResult().getType()); // C3
}

/// Checks that the tensors in memory match the type of the value.
static LogicalResult verifyMemory(Operation *op, Type tensor, Value exponent,
                                  Type value) {
  RankedTensorType expected = getMemoryType(getTensorType(value));
  if (tensor != expected) // C1
    return op->emitOpError() << "expected mantissas of type " << expected
                             << ", but got " << tensor;
  if (isScaled(value) != static_cast<bool>(exponent)) // C2
    return op->emitOpError("expected an exponent exactly for a scaled value");
  return success();
}

LogicalResult ComposeOp::verify() {
  return verifyMemory(*this, getMantissas().getType(), getExponent(),
                      getResult().getType());
}

LogicalResult DecomposeOp::verify() {
  return verifyMemory(*this, getMantissas().getType(), getExponent(),
                      getInput().getType());
}

//===----------------------------------------------------------------------===//
// Functions of each element
//===----------------------------------------------------------------------===//

LogicalResult ElementwiseGradientOp::verify() {
  if (!getFromResult() || getFunction().isGivenByResult()) // C1
    return success();
  return emitOpError("expected a function whose result gives its derivative");
}

/// Checks what `qtrain.prelu` and its gradients, which have one result, share:
/// all `activations` have one shape, and accumulators have `width` bits.
static LogicalResult verifyPRelu(Operation *op, ValueRange activations,
                                 Value slope, unsigned width) {
  ArrayRef<int64_t> shape = getShape(activations.front());
  if (shape.size() < 2) // C1
    return op->emitOpError() << "expected an input of rank 2 or more, but got "
                             << activations.front().getType();
  if (getShape(slope) != ArrayRef<int64_t>{1} &&
      failed(expectShape(op, "one or all slopes", slope, {shape[1]})))
    return failure();
  for (Value activation : activations.drop_front()) // C2
    if (failed(expectShape(op, "activations", activation, shape)))
      return failure();
  SmallVector<Value> values(op->getOperands());
  values.append(op->result_begin(), op->result_end());
  if (failed(expectOneForm(op, values))) // C3
    return failure();
  for (Value value : values) {
    auto scaled = dyn_cast<ScaledType>(value.getType());
    unsigned expected = value == values.back() ? width : 8;
    // Sums of 64 bits hold products of wide errors, too.
    bool isWideError = scaled && width == 64 && value == activations.back() &&
                       scaled.getWidth() == 16;
    if (scaled && scaled.getWidth() != expected && !isWideError)
      return op->emitOpError() << "expected mantissas of " << expected
                               << " bits, but got " << scaled;
  }
  return success();
}

LogicalResult PReluOp::verify() {
  return verifyPRelu(*this, {getInput(), getResult()}, getSlope(), 32);
}

LogicalResult PReluInputGradientOp::verify() {
  return verifyPRelu(*this, {getInput(), getGradient(), getResult()},
                     getSlope(), 32);
}

LogicalResult PReluSlopeGradientOp::verify() {
  return verifyPRelu(*this, {getInput(), getGradient()}, getResult(), 64);
}

LogicalResult SampleFunctionOp::verify() {
  return expectShape(*this, "result", getResult(), {256}); // C1
}

LogicalResult ApplyTableOp::verify() {
  if (failed(expectShape(*this, "table", getTable(), {256}))) // C1
    return failure();
  if (cast<ScaledType>(getTable().getType()).getWidth() !=
      cast<ScaledType>(getType()).getWidth()) // C2
    return emitOpError() << "expected a result as wide as the table, but got "
                         << getType();
  return expectShape(*this, "result", getResult(), getShape(getInput())); // C2
}

LogicalResult MultiplyOp::verify() {
  if (failed(expectShape(*this, "rhs", getRhs(), getShape(getLhs())))) // C1
    return failure();
  return expectShape(*this, "result", getResult(), getShape(getLhs()));
}

LogicalResult ScaleBySignOp::verify() {
  ArrayRef<int64_t> shape = getShape(getReference());
  if (failed(expectShape(*this, "value", getValue(), shape)) || // C1
      failed(expectShape(*this, "result", getResult(), shape)))
    return failure();
  constexpr int64_t kLimit = int64_t(1) << 23;
  for (int64_t factor : {getPositive(), getNegative()}) // C2
    if (factor < -kLimit || factor > kLimit)
      return emitOpError() << "expected factors in ±2^23, but got " << factor;
  return success();
}
