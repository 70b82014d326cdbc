//===- Handlers.h - The operators that are imported -------------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// To import another operator, write a handler in the file of its family and add
// a line to the table in Registry.cpp.
//
//===----------------------------------------------------------------------===//

#ifndef QTC_IMPORT_ONNX_HANDLERS_H
#define QTC_IMPORT_ONNX_HANDLERS_H

#include "compiler/Import/ONNX/NodeContext.h"

namespace qtc::onnx_import {

// ConvPool.cpp
mlir::LogicalResult importConv(NodeContext &node);
mlir::LogicalResult importMaxPool(NodeContext &node);
mlir::LogicalResult importAveragePool(NodeContext &node);
mlir::LogicalResult importGlobalPool(NodeContext &node);
mlir::LogicalResult importReduction(NodeContext &node);
/// The axes of a reduction, normalized: an attribute or, depending on the
/// operator set, an input. None stands for all.
mlir::FailureOr<std::optional<Shape>> readReducedAxes(NodeContext &node,
                                                      int64_t rank);

// Linear.cpp
mlir::LogicalResult importGemm(NodeContext &node);
mlir::LogicalResult importMatMul(NodeContext &node);
mlir::LogicalResult importAdd(NodeContext &node);

// Activation.cpp
mlir::LogicalResult importRelu(NodeContext &node);
mlir::LogicalResult importClip(NodeContext &node);
mlir::LogicalResult importExtremum(NodeContext &node);
/// Any operator of one operand that works element by element.
mlir::LogicalResult importFunction(NodeContext &node);
mlir::LogicalResult importPRelu(NodeContext &node);
mlir::LogicalResult importDropout(NodeContext &node);
mlir::LogicalResult importSoftmax(NodeContext &node);
mlir::LogicalResult importSum(NodeContext &node);

// Normalization.cpp
mlir::LogicalResult importBatchNormalization(NodeContext &node);
mlir::LogicalResult importLRN(NodeContext &node);

// Reshaping.cpp
mlir::LogicalResult importConcat(NodeContext &node);
mlir::LogicalResult importFlatten(NodeContext &node);
mlir::LogicalResult importGather(NodeContext &node);
mlir::LogicalResult importReshape(NodeContext &node);
mlir::LogicalResult importSqueeze(NodeContext &node);
mlir::LogicalResult importUnsqueeze(NodeContext &node);
mlir::LogicalResult importTranspose(NodeContext &node);
mlir::LogicalResult importIdentity(NodeContext &node);
mlir::LogicalResult importCast(NodeContext &node);
mlir::LogicalResult importCastLike(NodeContext &node);

// Constants.cpp
mlir::LogicalResult importConstant(NodeContext &node);
mlir::LogicalResult importConstantOfShape(NodeContext &node);
mlir::LogicalResult importShape(NodeContext &node);
mlir::LogicalResult importSize(NodeContext &node);

// Folding.cpp: all inputs are constant
mlir::LogicalResult foldElementwise(NodeContext &node);
mlir::LogicalResult foldWhere(NodeContext &node);
mlir::LogicalResult foldReduction(NodeContext &node);
mlir::LogicalResult foldExpand(NodeContext &node);
mlir::LogicalResult foldTile(NodeContext &node);
mlir::LogicalResult foldSlice(NodeContext &node);
mlir::LogicalResult foldGather(NodeContext &node);
mlir::LogicalResult foldGatherND(NodeContext &node);
mlir::LogicalResult foldConcat(NodeContext &node);
mlir::LogicalResult foldRange(NodeContext &node);
/// Input 0 in another type.
mlir::LogicalResult foldCast(NodeContext &node, int elementType);
/// Input 0 with its dimensions in another order.
mlir::LogicalResult foldTranspose(NodeContext &node,
                                  llvm::ArrayRef<int64_t> permutation);

/// `value`, or the result of the layer if `value` is that in the shape that
/// ONNX gives it.
mlir::Value getLayerResult(mlir::Value value);

/// `value` plus one number per channel, `factor` times those of `bias`, which
/// holds as many as there are channels. The sum is taken where the layer gives
/// `value`, so that integer schemes add to its accumulators.
mlir::FailureOr<mlir::Value> addBias(NodeContext &node, mlir::Value value,
                                     ConstantView bias, Factor factor = {});

} // namespace qtc::onnx_import

#endif // QTC_IMPORT_ONNX_HANDLERS_H
