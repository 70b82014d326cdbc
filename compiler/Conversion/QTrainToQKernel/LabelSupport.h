//===- LabelSupport.h - Labels and weights of classes --------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTC_CONVERSION_QTRAIN_TO_QKERNEL_LABEL_SUPPORT_H
#define QTC_CONVERSION_QTRAIN_TO_QKERNEL_LABEL_SUPPORT_H

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

#include <optional>
#include <utility>

namespace qtc {

/// The weights of the classes, 1 by default.
llvm::SmallVector<double>
getClassWeights(std::optional<llvm::ArrayRef<double>> weights, int64_t classes);

/// Whether `label` is `ignored`; null if no label is.
mlir::Value isIgnored(mlir::ImplicitLocOpBuilder &builder, mlir::Value label,
                      mlir::IntegerAttr ignored);

/// `label` as an index, or 0 where it is `ignored`, and whether it is; null if
/// no label is.
std::pair<mlir::Value, mlir::Value>
readLabel(mlir::ImplicitLocOpBuilder &builder, mlir::Value label,
          mlir::IntegerAttr ignored);

/// `value`, or 0 where `isIgnored`, which may be null.
mlir::Value selectCounted(mlir::ImplicitLocOpBuilder &builder,
                          mlir::Value isIgnored, mlir::Value value);

} // namespace qtc

#endif // QTC_CONVERSION_QTRAIN_TO_QKERNEL_LABEL_SUPPORT_H
