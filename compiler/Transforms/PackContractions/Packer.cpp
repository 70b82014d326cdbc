//===- Packer.cpp - Operations of packed contractions ---------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Transforms/PackContractions/Packer.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace qtc;
using namespace qtc::qkernel;
using llvm::alignTo;

/// Bytes after packed activations. A run is read in whole steps; a vector is at
/// most this long.
static constexpr int64_t kSlackBytes = 64;

/// Cycles to read a partial sum and add it.
static constexpr double kPartialSumCycles = 2;

int64_t Packer::getSlack() const {
  return kSlackBytes / cpu::getFactorBytes(factors);
}

PackedImage Packer::packImage(Value image, const Placement &placement,
                              bool offset, int64_t channels, int64_t block,
                              int64_t interleave, bool inPlace) {
  ArrayRef<int64_t> shape = shapeOf(image);
  int64_t height = placement.getExtent(0, shape[1]);
  int64_t width = placement.getExtent(1, shape[2]);
  int64_t pixel = block * interleave;
  PackedImage result{nullptr, channels, width * pixel, height * width * pixel};
  if (inPlace && placement.isTrivial() && !offset && interleave == 1 &&
      block == channels && channels == shape[3]) {
    result.elements = rewriter.create<tensor::CollapseShapeOp>(
        loc, image, ArrayRef<ReassociationIndices>{{0, 1, 2, 3}});
    return result;
  }
  int64_t size =
      alignTo(shape[0], interleave) * height * width * channels + getSlack();
  auto op = rewriter.create<PackActivationOp>(
      loc, image, empty({size}, element), ArrayRef<int64_t>(placement.pads),
      ArrayRef<int64_t>(placement.dilation), channels, block, interleave,
      offset);
  setKind(op, "pack", 0);
  result.elements = op->getResult(0);
  return result;
}

PackedWeights Packer::packWeights(Value weights, WeightOrder order,
                                  int64_t columns, int64_t steps,
                                  bool needsStart, int64_t group,
                                  ArrayRef<int64_t> classes) {
  int64_t panel = getPanel(columns);
  int64_t padded = group * alignTo(columns, panel);
  Value packed = empty({padded * steps * getDepth()}, element);
  Value corrections =
      needsStart ? emptySums({padded * classes[0] * classes[1]}) : Value();
  auto op = rewriter.create<PackWeightOp>(loc, weights, packed, corrections,
                                          order, panel, group, classes);
  setKind(op, "pack", 0);
  return {op->getResult(0), needsStart ? op->getResult(1) : Value()};
}

Value Packer::sumChannels(Value image, int64_t factor) {
  Value sums = emptySums({shapeOf(image).back()});
  return rewriter
      .create<ChannelSumOp>(loc, image, sums, factor, /*saturate=*/false)
      ->getResult(0);
}

Value Packer::flattenPixels(Value image) {
  ArrayRef<int64_t> shape = shapeOf(image);
  Value rows = rewriter.create<tensor::CollapseShapeOp>(
      loc, image, ArrayRef<ReassociationIndices>{{0, 1, 2}, {3}});
  auto type = RankedTensorType::get(
      {shape[0] * shape[1] * shape[2], 1, 1, shape[3]}, elementOf(image));
  return rewriter.create<tensor::ExpandShapeOp>(
      loc, type, rows, ArrayRef<ReassociationIndices>{{0, 1, 2}, {3}});
}

Operation *Packer::unpackWeights(Value parts, Value errorSums, Value weights,
                                 Value maximum, bool saturate) {
  auto op = rewriter.create<UnpackWeightOp>(loc, parts, errorSums, weights,
                                            maximum, saturate);
  setKind(op, "pack", 0);
  return op;
}

/// The divisors of `number`, in ascending order.
static SmallVector<int64_t> getDivisors(int64_t number) {
  SmallVector<int64_t> small, large;
  for (int64_t divisor = 1; divisor * divisor <= number; ++divisor) {
    if (number % divisor != 0)
      continue;
    small.push_back(divisor);
    if (divisor * divisor != number)
      large.push_back(number / divisor);
  }
  llvm::append_range(small, llvm::reverse(large));
  return small;
}

int64_t Packer::chooseSplits(const Addresses &addresses,
                             int64_t maxProducts) const {
  double best = std::numeric_limits<double>::infinity();
  int64_t splits = 1, first = addresses.steps.front();
  int64_t products = addresses.getStepCount() * getDepth();
  for (int64_t candidate : getDivisors(first)) {
    if (products / candidate > maxProducts)
      continue;
    cpu::ContractionGeometry geometry = addresses.getGeometry(candidate);
    double cycles = cpu::chooseSchedule(target, geometry).cycles;
    // Partial sums are read again, from outside the cache.
    cycles += kPartialSumCycles * candidate * geometry.getRowCount() *
              geometry.columns * geometry.groups;
    if (cycles < best) {
      best = cycles;
      splits = candidate;
    }
  }
  return splits;
}

ContractOp Packer::contract(ArrayRef<ContractionAttr> contractions, Value a,
                            Value b, Value start, Value bias, Value sums,
                            Value maximum) {
  SmallVector<Attribute> phases(contractions.drop_front());
  auto op = rewriter.create<ContractOp>(
      loc, a, b, start, bias, sums, maximum, /*shift=*/Value(),
      contractions.front(),
      phases.empty() ? ArrayAttr() : rewriter.getArrayAttr(phases));
  setKind(op, kind, macs);
  return op;
}
