//===- Profile.h - Operations in profiles -----------------------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTC_SUPPORT_PROFILE_H
#define QTC_SUPPORT_PROFILE_H

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/Operation.h"

namespace qtc {

/// Function attribute that lists the operations of profiles: an array of
/// dictionaries with `name`, `kind`, `macs` and `bytes`, and perhaps `tiles`.
constexpr llvm::StringLiteral kProfileAttrName = "qkernel.profile";

/// Attribute of a launch for a contraction, and `tiles` of its entry: shape and
/// schedule, `SHAPE:SCHEDULE` as in compiler/Target/CUDA/TileTable.h.
constexpr llvm::StringLiteral kTilesAttrName = "qkernel.tiles";

/// The entry of `op`, whose code uses `captures`: its name is that of the
/// model's node, its bytes those of the buffers.
mlir::DictionaryAttr getProfileEntry(mlir::Operation *op,
                                     llvm::ArrayRef<mlir::Value> captures);

/// `entry` under the name of the model's node that `loc` stands for.
mlir::DictionaryAttr renameProfileEntry(mlir::DictionaryAttr entry,
                                        mlir::Location loc);

} // namespace qtc

#endif // QTC_SUPPORT_PROFILE_H
