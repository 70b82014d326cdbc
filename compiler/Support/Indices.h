//===- Indices.h - Arithmetic on indices ------------------------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTC_SUPPORT_INDICES_H
#define QTC_SUPPORT_INDICES_H

#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace qtc {

/// The index in each dimension of element `linear` of `extents`, counted in
/// row-major order. The first index is not reduced to its extent.
llvm::SmallVector<mlir::Value> delinearize(mlir::ImplicitLocOpBuilder &builder,
                                           mlir::Value linear,
                                           llvm::ArrayRef<int64_t> extents);

} // namespace qtc

#endif // QTC_SUPPORT_INDICES_H
