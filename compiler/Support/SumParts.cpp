//===- SumParts.cpp - Parts of long sums that 32 bits can hold ------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Support/SumParts.h"

using namespace mlir;
using namespace qtc;

static ArrayRef<int64_t> getErrorShape(qkernel::Conv2DWeightGradientOp op) {
  return cast<ShapedType>(op.getOutput().getType()).getShape();
}

bool qtc::supportsPixelSteps(qkernel::Conv2DWeightGradientOp op) {
  return op.getWindow().getStrides()[1] == 1 && getErrorShape(op)[2] % 4 == 0;
}

std::optional<SumParts> qtc::getSumParts(qkernel::Conv2DWeightGradientOp op) {
  if (!op.getSaturate() || op.getGroup() != 1 ||
      !getElementTypeOrSelf(op.getWeight()).isInteger(32))
    return std::nullopt;
  ArrayRef<int64_t> errors = getErrorShape(op);
  int64_t pixels = errors[1] * errors[2];
  // Activations that may be negative get an offset of 128. It is taken out of
  // the whole sum by the sums of errors, which have to fit 32 bits, too.
  constexpr int64_t kMaxErrors = std::numeric_limits<int32_t>::max() / 128;
  if (!op.getNonnegative() && pixels > kMaxErrors / errors[0])
    return std::nullopt;
  int64_t limit = getMaxProducts(op.getNonnegative() ? 127 : 255);
  if (4 * pixels <= limit)
    return SumParts{/*hasPixelSteps=*/false, limit};
  if (pixels <= limit && supportsPixelSteps(op))
    return SumParts{/*hasPixelSteps=*/true, limit};
  return std::nullopt;
}
