//===- AffineRange.cpp - Values of affine expressions ---------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Support/AffineRange.h"

#include "llvm/ADT/SmallVector.h"

using namespace mlir;

bool qtc::isAlwaysInside(AffineExpr expr, llvm::ArrayRef<int64_t> extents,
                         int64_t extent) {
  llvm::SmallVector<std::optional<int64_t>> lower(extents.size(), 0), upper;
  for (int64_t count : extents)
    upper.push_back(count - 1);
  auto getBound = [&](bool isUpper) {
    return getBoundForAffineExpr(expr, extents.size(), /*numSymbols=*/0, lower,
                                 upper, isUpper);
  };
  std::optional<int64_t> least = getBound(/*isUpper=*/false);
  std::optional<int64_t> largest = getBound(/*isUpper=*/true);
  return least && largest && *least >= 0 && *largest < extent;
}
