//===- AffineRange.h - Values of affine expressions -------------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTC_SUPPORT_AFFINERANGE_H
#define QTC_SUPPORT_AFFINERANGE_H

#include "mlir/IR/AffineExpr.h"
#include "llvm/ADT/ArrayRef.h"

#include <cstdint>

namespace qtc {

/// Whether `expr` is known to stay in [0, `extent`) where dimension d goes from
/// 0 to `extents`[d] − 1.
bool isAlwaysInside(mlir::AffineExpr expr, llvm::ArrayRef<int64_t> extents,
                    int64_t extent);

} // namespace qtc

#endif // QTC_SUPPORT_AFFINERANGE_H
