//===- QTrainInterfaces.h - Interfaces of training operations ---*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTRAIN_INTERFACES_H
#define QTRAIN_INTERFACES_H

#include "mlir/IR/Builders.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/OpDefinition.h"

namespace qtc::qtrain {
class MetricRow;

namespace detail {
/// The largest mantissa that the width of the scaled `value` allows.
int64_t getLargestMantissa(mlir::Value value);
} // namespace detail

template <typename OpTy>
class OnlyMovesElements
    : public mlir::OpTrait::TraitBase<OpTy, OnlyMovesElements> {};

template <typename OpTy>
class SelectsElements : public mlir::OpTrait::TraitBase<OpTy, SelectsElements> {
};

template <typename OpTy>
class FormsChannelGradients
    : public mlir::OpTrait::TraitBase<OpTy, FormsChannelGradients> {};

/// True if the result of `op` has the elements of its first operand, in another
/// order or shape; false without an operation.
inline bool onlyMovesElements(mlir::Operation *op) {
  return op && op->hasTrait<OnlyMovesElements>();
}

/// True if each element of the result of `op` is an element of its first
/// operand; false without an operation.
inline bool selectsElements(mlir::Operation *op) {
  return onlyMovesElements(op) || (op && op->hasTrait<SelectsElements>());
}
} // namespace qtc::qtrain

#include "dialect/QTrain/Interfaces/FunctionInterface.h.inc"
#include "dialect/QTrain/Interfaces/MetricInterface.h.inc"
#include "dialect/QTrain/Interfaces/QTrainInterfaces.h.inc"

#endif // QTRAIN_INTERFACES_H
