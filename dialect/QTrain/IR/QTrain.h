//===- QTrain.h - The integer-training dialect ------------------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTRAIN_IR_QTRAIN_H
#define QTRAIN_IR_QTRAIN_H

#include "dialect/QTrain/Interfaces/QTrainInterfaces.h"
#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "dialect/QTrain/IR/QTrainAttributesEnums.h.inc"
#include "dialect/QTrain/IR/QTrainDialect.h.inc"
#define GET_ATTRDEF_CLASSES
#include "dialect/QTrain/IR/QTrainAttributes.h.inc"
#define GET_TYPEDEF_CLASSES
#include "dialect/QTrain/IR/QTrainTypes.h.inc"
#define GET_OP_CLASSES
#include "dialect/QTrain/IR/QTrainOps.h.inc"

namespace qtc::qtrain {

/// The ranked tensor of `type`: a float tensor itself, or the mantissas of a
/// scaled tensor.
mlir::RankedTensorType getTensorType(mlir::Type type);

/// Logical shape of a value of a float or scaled tensor type.
llvm::ArrayRef<int64_t> getShape(mlir::Value value);

/// True when `type` is a scaled tensor.
inline bool isScaled(mlir::Type type) { return llvm::isa<ScaledType>(type); }

/// True when a value of `type` lies in memory with its channels innermost.
bool isChannelsLast(mlir::RankedTensorType type);

/// The most elements that a tensor or a buffer may have, so that sums of sizes
/// in bits fit 64 bits.
constexpr int64_t kMaxElements = int64_t(1) << 40;

/// The most rows that the gradient of a table may have, so that sums of their
/// 8-bit mantissas fit 32 bits.
constexpr int64_t kMaxGatheredRows = ((int64_t(1) << 31) - 1) / 127;

/// Fraction bits of metrics and their weights in fixed point, and the largest
/// magnitude of their mantissas (numerics contract, section 4.20).
constexpr int64_t kMetricFraction = 32, kMetricLimit = int64_t(1) << 61;

/// The mantissa of `number` in fixed point.
int64_t toMetricMantissa(double number);

/// True when `type` can be stored: all extents are known and
/// positive, their product is at most `kMaxElements`, and a tensor has no
/// encoding but `channels_last`, with rank 4.
bool isWellFormed(mlir::ShapedType type);

/// True when the products of `count` sums of `length` products each can be
/// counted in 64 bits.
bool isCountable(int64_t count, int64_t length);

/// The tensor type that stores `type`: its dimensions in memory order and no
/// encoding.
mlir::RankedTensorType getMemoryType(mlir::RankedTensorType type);

/// An upper bound of the magnitudes of the mantissas of the scaled `value`,
/// derived from the operations that compute it.
int64_t getMagnitudeBound(mlir::Value value);

/// The largest magnitude of a sum of `length` products of mantissas of `lhs`
/// and `rhs`, or of mantissas of `lhs` if `rhs` is null; at most 2^63 − 1.
int64_t getSumBound(int64_t length, mlir::Value lhs, mlir::Value rhs);

/// True when no element of `value` can be negative.
bool isNonnegative(mlir::Value value);

/// The role of argument `index` of `function`, if it has one.
std::optional<Role> getRole(mlir::FunctionOpInterface function, unsigned index);

/// The role of result `index` of `function`, unless it is the new value of a
/// parameter. Without a mark, the first result is a prediction, and another is
/// the exponent of the prediction before it.
std::optional<Role> getResultRole(mlir::FunctionOpInterface function,
                                  unsigned index);

/// The output of the model, counted from 0, that metric `index` of the results
/// of `function` belongs to.
unsigned getOutputIndex(mlir::FunctionOpInterface function, unsigned index);

/// The attributes of an argument with `role`.
mlir::DictionaryAttr getRoleMark(mlir::MLIRContext *context, Role role);

} // namespace qtc::qtrain

#endif // QTRAIN_IR_QTRAIN_H
