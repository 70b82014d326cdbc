//===- BufferizableOpInterfaceImpl.cpp - Kernels on buffers ---------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialect/QKernel/IR/QKernel.h"

#include "mlir/Dialect/Bufferization/IR/BufferizableOpInterface.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Bufferization/IR/DstBufferizableOpInterfaceImpl.h"

using namespace mlir;
using namespace mlir::bufferization;
using namespace qtc::qkernel;

namespace {
/// A kernel on tensors becomes the same kernel on buffers, without results.
template <typename OpTy>
struct KernelBufferization
    : DstBufferizableOpInterfaceExternalModel<KernelBufferization<OpTy>, OpTy> {
  bool bufferizesToMemoryRead(Operation *op, OpOperand &operand,
                              const AnalysisState &state) const {
    return cast<DestinationStyleOpInterface>(op).isDpsInput(&operand);
  }

  LogicalResult bufferize(Operation *op, RewriterBase &rewriter,
                          const BufferizationOptions &options) const {
    auto kernel = cast<DestinationStyleOpInterface>(op);
    OpBuilder::InsertionGuard guard(rewriter);
    rewriter.setInsertionPoint(op);
    SmallVector<Value> operands, replacements;
    for (OpOperand &operand : op->getOpOperands()) {
      if (!isa<TensorType>(operand.get().getType())) {
        operands.push_back(operand.get());
        continue;
      }
      FailureOr<Value> buffer = getBuffer(rewriter, operand.get(), options);
      if (failed(buffer))
        return failure();
      operands.push_back(*buffer);
      if (kernel.isDpsInit(&operand))
        replacements.push_back(*buffer);
    }
    OperationState state(op->getLoc(), op->getName(), operands, TypeRange(),
                         op->getAttrs());
    state.propertiesAttr = op->getPropertiesAsAttribute();
    rewriter.create(state);
    replaceOpWithBufferizedValues(rewriter, op, replacements);
    return success();
  }
};

template <typename... OpTys> void attach(MLIRContext *context) {
  (OpTys::template attachInterface<KernelBufferization<OpTys>>(*context), ...);
}
} // namespace

void qtc::qkernel::registerBufferizableOpInterfaceExternalModels(
    DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, QKernelDialect *dialect) {
    attach<Conv2DOp, Conv2DInputGradientOp, Conv2DWeightGradientOp,
           PackActivationOp, PackWeightOp, ContractOp, UnpackWeightOp,
           MappedCopyOp, ConcatOp, MaxPool2DOp, MaxPool2DGradientOp,
           MaxPool2DPositionsOp, MaxUnpool2DOp, AveragePool2DOp,
           AveragePool2DGradientOp, MaxAbsOp, RangeMaskOp, ApplyMaskOp,
           ChannelMomentsOp, ChannelSumOp, RowMetricOp, ScatterAddOp,
           SoftmaxErrorOp>(context);
  });
}
