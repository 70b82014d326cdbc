//===- SumParts.h - Parts of long sums that 32 bits can hold ----*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A weight gradient reduces over batch and space. Sums of more products than 32
// bits can hold are made of parts, which are added in 64 bits (numerics
// contract, section 1.5).
//
//===----------------------------------------------------------------------===//

#ifndef QTC_SUPPORT_SUMPARTS_H
#define QTC_SUPPORT_SUMPARTS_H

#include "dialect/QKernel/IR/QKernel.h"

#include <limits>
#include <optional>

namespace qtc {

/// The most products whose sum always fits 32 bits, of numbers from
/// −`magnitude` to `magnitude` and signed bytes.
constexpr int64_t getMaxProducts(int64_t magnitude) {
  return std::numeric_limits<int32_t>::max() / (magnitude * 128);
}

/// The parts in which one packed contraction forms the sums of a gradient.
struct SumParts {
  /// Whether a step takes four pixels of an image, instead of one pixel of four
  /// images. Parts consist of whole images or groups of four images.
  bool hasPixelSteps;
  /// The most products of a part.
  int64_t maxProducts;
};

/// Whether four pixels of a row can be one step: they are neighbours in the
/// image, and rows are whole steps.
bool supportsPixelSteps(qkernel::Conv2DWeightGradientOp op);

/// The parts of a gradient of bytes whose sums need more than 32 bits. Null if
/// an image, or a group of them, is too large to be a part, if results have 64
/// bits, and for several groups of channels.
std::optional<SumParts> getSumParts(qkernel::Conv2DWeightGradientOp op);

} // namespace qtc

#endif // QTC_SUPPORT_SUMPARTS_H
