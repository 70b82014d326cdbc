//===- Buffers.h - What is known of a step's buffers ------------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTC_SUPPORT_BUFFERS_H
#define QTC_SUPPORT_BUFFERS_H

#include "mlir/IR/Operation.h"

namespace qtc {

/// Attribute of functions that outline-kernels makes.
constexpr llvm::StringLiteral kKernelAttrName = "qkernel.kernel";

/// Attribute of their arguments: the number of the first argument that is a
/// view of the same buffer.
constexpr llvm::StringLiteral kRootAttrName = "qkernel.root";

/// The allocation or argument that a buffer is a view of the whole of.
mlir::Value getRoot(mlir::Value buffer);

/// What is known of the alignment of a buffer, in bytes: places in the arena
/// lie on cache lines, arguments on their element if they do not say more.
int64_t getAlignment(mlir::Value buffer);

/// Whether `op` gives a value that functions may have their own copy of.
bool isConstant(mlir::Operation *op);

} // namespace qtc

#endif // QTC_SUPPORT_BUFFERS_H
