//===- QuantizerVerifiers.cpp - Constraints of trained quantizers ---------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialect/QTrain/IR/QTrain.h"
#include "dialect/QTrain/IR/VerifierSupport.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace qtc::qtrain;

/// Checks constraints C1 and C2 that all operations of a quantizer share:
/// `values` have the shape of the first of them.
static LogicalResult verifyQuantizer(Operation *op, ValueRange values,
                                     Value interval) {
  for (Value value : values.drop_front()) // C1
    if (failed(expectShape(op, "elements of a quantizer", value,
                           getShape(values.front()))))
      return failure();
  ArrayRef<int64_t> shape = getShape(interval);
  if (shape.size() == 1 && (shape[0] == 2 || shape[0] == 3)) // C2
    return success();
  return op->emitOpError()
         << "expected an interval of 2 or 3 elements, but got "
         << interval.getType();
}

LogicalResult QuantizeOp::verify() {
  if (failed(verifyQuantizer(*this, {getInput(), getResult()}, getInterval())))
    return failure();
  auto levels = static_cast<int64_t>(getLevels());
  auto scaled = dyn_cast<ScaledType>(getType());
  if (levels < 1 || levels > 255 ||
      (scaled && levels > llvm::maxIntN(scaled.getWidth()))) // C3
    return emitOpError() << "expected 1 to 255 levels that fit the result, but "
                            "got "
                         << levels << " and " << getType();
  if (scaled && scaled.getWidth() > 16) // C3
    return emitOpError() << "expected mantissas of 8 or 16 bits, but got "
                         << scaled;
  return success();
}

LogicalResult QuantizeInputGradientOp::verify() {
  return verifyQuantizer(*this, {getInput(), getGradient(), getResult()},
                         getInterval());
}

LogicalResult IntervalGradientOp::verify() {
  if (failed(
          verifyQuantizer(*this, {getInput(), getGradient()}, getInterval())))
    return failure();
  return expectShape(*this, "the gradient of an interval", getResult(),
                     getShape(getInterval()));
}

LogicalResult DequantizeOp::verify() {
  if (failed(expectShape(*this, "result", getResult(), getShape(getInput()))))
    return failure(); // C1
  if (getFactor().isFinite() && !getFactor().isNegative() &&
      !getFactor().isZero()) // C2
    return success();
  return emitOpError("expected a factor that is positive and finite");
}
