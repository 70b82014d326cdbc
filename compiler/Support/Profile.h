//===- Profile.h - Operations in profiles -----------------------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTC_SUPPORT_PROFILE_H
#define QTC_SUPPORT_PROFILE_H

#include "dialect/QKernel/IR/QKernel.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/Operation.h"

namespace qtc {

constexpr llvm::StringLiteral kProfileAttrName =
    qkernel::QKernelDialect::kProfileAttrName;
constexpr llvm::StringLiteral kTilesAttrName =
    qkernel::QKernelDialect::kTilesAttrName;

/// The entry of `op`, whose code uses `captures`: its name is that of the
/// model's node, its bytes those of the buffers.
mlir::DictionaryAttr getProfileEntry(mlir::Operation *op,
                                     llvm::ArrayRef<mlir::Value> captures);

/// `entry` under the name of the model's node that `loc` stands for.
mlir::DictionaryAttr renameProfileEntry(mlir::DictionaryAttr entry,
                                        mlir::Location loc);

} // namespace qtc

#endif // QTC_SUPPORT_PROFILE_H
