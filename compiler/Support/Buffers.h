//===- Buffers.h - Facts about a step's buffers -----------------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTC_SUPPORT_BUFFERS_H
#define QTC_SUPPORT_BUFFERS_H

#include "dialect/QKernel/IR/QKernel.h"

namespace qtc {

constexpr llvm::StringLiteral kKernelAttrName =
    qkernel::QKernelDialect::kKernelAttrName;
constexpr llvm::StringLiteral kRootAttrName =
    qkernel::QKernelDialect::kRootAttrName;

/// True if the result of `op` is its operand, a tensor or a buffer, with
/// dimensions split or joined; false without an operation.
bool isReshape(mlir::Operation *op);

/// The allocation or argument that `buffer` covers as a whole.
mlir::Value getRoot(mlir::Value buffer);

/// The bytes of a buffer whose elements are contiguous, or nothing if there is
/// no such number.
std::optional<int64_t> getByteSize(mlir::MemRefType type);

/// Checks that all tensors of `kernel` are buffers whose elements are
/// contiguous in row-major order.
llvm::LogicalResult expectFlatBuffers(mlir::Operation *kernel);

/// The elements of such a buffer as one dimension.
mlir::Value flattenBuffer(mlir::OpBuilder &builder, mlir::Location loc,
                          mlir::Value buffer);

/// The known alignment of a buffer in bytes. Places in the arena are aligned to
/// cache lines, and arguments to their element unless an attribute says more.
int64_t getAlignment(mlir::Value buffer);

/// Whether `op` gives a value that a function may have its own copy of.
bool isConstant(mlir::Operation *op);

} // namespace qtc

#endif // QTC_SUPPORT_BUFFERS_H
