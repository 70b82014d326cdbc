//===- QKernel.h - The kernel dialect ---------------------------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QKERNEL_IR_QKERNEL_H
#define QKERNEL_IR_QKERNEL_H

#include "dialect/QTrain/IR/QTrain.h"
#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/IR/TypeUtilities.h"
#include "mlir/Interfaces/DestinationStyleOpInterface.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

namespace qtc::qkernel::detail {
/// Adds the effects of a kernel, which reads its input buffers and writes its
/// output buffers.
void getKernelEffects(mlir::DestinationStyleOpInterface op,
                      llvm::SmallVectorImpl<mlir::SideEffects::EffectInstance<
                          mlir::MemoryEffects::Effect>> &effects);

/// Adds the types of a kernel's results: those of its outputs that are tensors.
void inferKernelTypes(mlir::ValueRange outputs,
                      llvm::SmallVectorImpl<mlir::Type> &types);

llvm::LogicalResult verifyOneMemory(mlir::Operation *op);

/// The operands of a kernel, except scalars, are all tensors without an
/// encoding or all buffers.
template <typename OpTy>
struct OneMemory : mlir::OpTrait::TraitBase<OpTy, OneMemory> {
  static llvm::LogicalResult verifyTrait(mlir::Operation *op) {
    return verifyOneMemory(op);
  }
};
} // namespace qtc::qkernel::detail

#include "dialect/QKernel/IR/QKernelAttributesEnums.h.inc"
#include "dialect/QKernel/IR/QKernelDialect.h.inc"
#define GET_ATTRDEF_CLASSES
#include "dialect/QKernel/IR/QKernelAttributes.h.inc"
#include "dialect/QKernel/IR/QKernelInterfaces.h.inc"
#define GET_OP_CLASSES
#include "dialect/QKernel/IR/QKernelOps.h.inc"

namespace qtc::qkernel {

/// True if a convolution with these weights may be `direct`.
bool supportsDirect(mlir::Value weights, int64_t group);

/// Lets kernels and launches take part in bufferization.
void registerBufferizableOpInterfaceExternalModels(
    mlir::DialectRegistry &registry);

} // namespace qtc::qkernel

#endif // QKERNEL_IR_QKERNEL_H
