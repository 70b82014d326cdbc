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
#include "mlir/Interfaces/SideEffectInterfaces.h"

namespace qtc::qkernel::detail {
/// Adds the effects of a kernel, which reads its input buffers and writes its
/// output buffers.
void getKernelEffects(mlir::DestinationStyleOpInterface op,
                      llvm::SmallVectorImpl<mlir::SideEffects::EffectInstance<
                          mlir::MemoryEffects::Effect>> &effects);
} // namespace qtc::qkernel::detail

#include "dialect/QKernel/IR/QKernelAttributesEnums.h.inc"
#include "dialect/QKernel/IR/QKernelDialect.h.inc"
#define GET_ATTRDEF_CLASSES
#include "dialect/QKernel/IR/QKernelAttributes.h.inc"
#define GET_OP_CLASSES
#include "dialect/QKernel/IR/QKernelOps.h.inc"

namespace qtc::qkernel {

/// True if a convolution with these weights may be `direct`.
bool supportsDirect(mlir::Value weights, int64_t group);

/// Builds a kernel on `ins` and `outs`; its results are the tensors among
/// `outs`. Further arguments are the operation's attributes in ODS order.
template <typename OpTy, typename... Attributes>
OpTy createKernel(mlir::OpBuilder &builder, mlir::Location loc,
                  mlir::ValueRange ins, mlir::ValueRange outs,
                  Attributes &&...attributes) {
  llvm::SmallVector<mlir::Type> results;
  for (mlir::Value out : outs)
    if (llvm::isa<mlir::RankedTensorType>(out.getType()))
      results.push_back(out.getType());
  return builder.create<OpTy>(loc, results, ins, outs,
                              std::forward<Attributes>(attributes)...);
}

/// Lets kernels and launches take part in bufferization.
void registerBufferizableOpInterfaceExternalModels(
    mlir::DialectRegistry &registry);

} // namespace qtc::qkernel

#endif // QKERNEL_IR_QKERNEL_H
