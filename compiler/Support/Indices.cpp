//===- Indices.cpp - Arithmetic on indices --------------------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Support/Indices.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;

llvm::SmallVector<Value> qtc::delinearize(ImplicitLocOpBuilder &builder,
                                          Value linear,
                                          ArrayRef<int64_t> extents) {
  SmallVector<Value> indices(extents.size());
  if (extents.empty())
    return indices;
  for (size_t dim = extents.size() - 1; dim > 0; --dim) {
    Value extent = builder.create<arith::ConstantIndexOp>(extents[dim]);
    indices[dim] = builder.create<arith::RemUIOp>(linear, extent);
    linear = builder.create<arith::DivUIOp>(linear, extent);
  }
  indices[0] = linear;
  return indices;
}
