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
mlir::LogicalResult importReduceMean(NodeContext &node);

// Linear.cpp
mlir::LogicalResult importGemm(NodeContext &node);
mlir::LogicalResult importMatMul(NodeContext &node);
mlir::LogicalResult importAdd(NodeContext &node);

// Activation.cpp
mlir::LogicalResult importRelu(NodeContext &node);
mlir::LogicalResult importClip(NodeContext &node);
mlir::LogicalResult importDropout(NodeContext &node);
mlir::LogicalResult importSoftmax(NodeContext &node);
mlir::LogicalResult importSum(NodeContext &node);

// Normalization.cpp
mlir::LogicalResult importBatchNormalization(NodeContext &node);
mlir::LogicalResult importLRN(NodeContext &node);

// Reshaping.cpp
mlir::LogicalResult importConcat(NodeContext &node);
mlir::LogicalResult importFlatten(NodeContext &node);
mlir::LogicalResult importReshape(NodeContext &node);
mlir::LogicalResult importSqueeze(NodeContext &node);
mlir::LogicalResult importUnsqueeze(NodeContext &node);
mlir::LogicalResult importTranspose(NodeContext &node);
mlir::LogicalResult importIdentity(NodeContext &node);
mlir::LogicalResult importCast(NodeContext &node);

// Constants.cpp
mlir::LogicalResult importConstant(NodeContext &node);
mlir::LogicalResult importConstantOfShape(NodeContext &node);
mlir::LogicalResult importShape(NodeContext &node);
mlir::LogicalResult importSize(NodeContext &node);
mlir::LogicalResult importGather(NodeContext &node);
mlir::LogicalResult importSlice(NodeContext &node);
mlir::LogicalResult importIntegerArithmetic(NodeContext &node);

/// Concat of lists in the arithmetic of shapes.
mlir::LogicalResult importShapeConcat(NodeContext &node, int64_t axis);

/// `value` plus one number per channel; `bias` holds as many as there are
/// channels.
mlir::Value addBias(NodeContext &node, mlir::Value value, ConstantView bias);

} // namespace qtc::onnx_import

#endif // QTC_IMPORT_ONNX_HANDLERS_H
