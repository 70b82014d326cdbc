//===- ContractToVector.cpp - Packed kernels to vector loops --------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Conversion/ContractToVector/ContractToVector.h"
#include "compiler/Conversion/ContractToVector/Lowerings.h"
#include "compiler/Support/Buffers.h"
#include "compiler/Support/WindowPhases.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

namespace qtc {
#define GEN_PASS_DEF_CONVERTCONTRACTTOVECTOR
#include "compiler/Conversion/ContractToVector/ContractToVector.h.inc"
} // namespace qtc

using namespace mlir;
using namespace qtc;

cpu::Factors qtc::getFactors(Value buffer) {
  Type element = cast<MemRefType>(buffer.getType()).getElementType();
  return element.isF32() ? cpu::Factors::Floats : cpu::Factors::Bytes;
}

namespace {
class ConvertContractToVector
    : public qtc::impl::ConvertContractToVectorBase<ConvertContractToVector> {
public:
  using ConvertContractToVectorBase::ConvertContractToVectorBase;

  void runOnOperation() override {
    const cpu::TargetRecord *target = cpu::lookupTargetRecord(isa);
    if (!target) {
      getOperation()->emitError() << "unknown instruction set '" << isa << "'";
      return signalPassFailure();
    }
    if (failed(lowerAll<qkernel::ContractOp>(lowerContract, *target)) ||
        failed(lowerAll<qkernel::PackActivationOp>(lowerPackActivation,
                                                   *target)) ||
        failed(lowerAll<qkernel::PackWeightOp>(lowerPackWeight, *target)) ||
        failed(lowerAll<qkernel::UnpackWeightOp>(lowerUnpackWeight, *target)) ||
        failed(lowerAll<qkernel::Conv2DOp>(lowerDepthwise, *target)) ||
        failed(lowerAll<qkernel::Conv2DInputGradientOp>(lowerDepthwise,
                                                        *target)) ||
        failed(
            lowerAll<qkernel::Conv2DWeightGradientOp>(lowerDepthwise, *target)))
      signalPassFailure();
  }

private:
  /// Convolutions without vectors of channels are lowered to loops.
  static bool isVectorKernel(Operation *op) {
    auto convolution = dyn_cast<qkernel::ConvolutionOpInterface>(op);
    return !convolution || convolution.getDirect();
  }

  /// Panels must not be wider than tiles, so they have to be made for the same
  /// instruction set.
  static LogicalResult check(qkernel::ContractOp op,
                             const cpu::TargetRecord &target) {
    int64_t widest =
        target.getLanes() * target.getMaxVectors(getFactors(op.getA()));
    for (qkernel::ContractionAttr contraction : op.getContractions())
      if (contraction.getPanel() > widest)
        return op.emitError()
               << "expected panels of at most " << widest << " columns with "
               << target.name << ", but got " << contraction.getPanel();
    return success();
  }

  /// Rows of a direct kernel are unrolled by what columns see. Other kernels
  /// have no limits.
  static LogicalResult check(Operation *kernel, const cpu::TargetRecord &) {
    auto op = dyn_cast<qkernel::ConvolutionOpInterface>(kernel);
    if (!op)
      return success();
    for (Value operand : {op.getInput(), op.getOutput()}) {
      ArrayRef<int64_t> shape = cast<ShapedType>(operand.getType()).getShape();
      if (!hasFewPhases(op.getWindow(), shape.slice(1, 2)))
        return op.emitError("expected a direct convolution of a smaller image");
    }
    return success();
  }

  /// Replaces the operations of one type by the loops that `lower` writes.
  template <typename OpTy>
  LogicalResult lowerAll(void (*lower)(Emitter &, OpTy,
                                       const cpu::TargetRecord &),
                         const cpu::TargetRecord &target) {
    SmallVector<OpTy> kernels;
    getOperation()->walk([&](OpTy op) {
      if (isVectorKernel(op))
        kernels.push_back(op);
    });
    for (OpTy op : kernels) {
      if (failed(expectFlatBuffers(op)) || failed(check(op, target)))
        return failure();
      Emitter emitter(op.getLoc(), op);
      lower(emitter, op, target);
      op.erase();
    }
    return success();
  }
};
} // namespace
