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
#include "llvm/ADT/TypeSwitch.h"

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
    SmallVector<Operation *> kernels;
    getOperation()->walk([&](Operation *op) {
      if (isVectorKernel(op))
        kernels.push_back(op);
    });
    for (Operation *op : kernels)
      if (failed(lower(op, *target)))
        return signalPassFailure();
  }

private:
  static bool isVectorKernel(Operation *op) {
    return llvm::TypeSwitch<Operation *, bool>(op)
        .Case<qkernel::ContractOp, qkernel::PackActivationOp,
              qkernel::PackWeightOp, qkernel::UnpackWeightOp>(
            [](auto) { return true; })
        .Case<qkernel::Conv2DOp, qkernel::Conv2DInputGradientOp,
              qkernel::Conv2DWeightGradientOp>(
            [](auto convolution) { return convolution.getDirect(); })
        .Default(false);
  }

  /// Panels must not be wider than tiles, so they have to be made for the same
  /// instruction set.
  static LogicalResult expectTiles(qkernel::ContractOp op,
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

  /// Rows of a direct kernel are unrolled by what columns see.
  template <typename OpTy> static LogicalResult expectFewPhases(OpTy op) {
    for (Value operand : {op.getInput(), op.getOutput()}) {
      ArrayRef<int64_t> shape = cast<ShapedType>(operand.getType()).getShape();
      if (!hasFewPhases(op.getWindow(), shape.slice(1, 2)))
        return op.emitError("expected a direct convolution of a smaller image");
    }
    return success();
  }

  static LogicalResult lower(Operation *op, const cpu::TargetRecord &target) {
    if (failed(expectFlatBuffers(op)))
      return failure();
    if (auto contract = dyn_cast<qkernel::ContractOp>(op);
        contract && failed(expectTiles(contract, target)))
      return failure();
    LogicalResult isSmall =
        llvm::TypeSwitch<Operation *, LogicalResult>(op)
            .Case<qkernel::Conv2DOp, qkernel::Conv2DInputGradientOp,
                  qkernel::Conv2DWeightGradientOp>(
                [](auto convolution) { return expectFewPhases(convolution); })
            .Default(success());
    if (failed(isSmall))
      return failure();
    Emitter emitter(op->getLoc(), op);
    llvm::TypeSwitch<Operation *>(op)
        .Case([&](qkernel::ContractOp contract) {
          lowerContract(emitter, contract, target);
        })
        .Case([&](qkernel::PackActivationOp pack) {
          lowerPackActivation(emitter, pack, target);
        })
        .Case([&](qkernel::PackWeightOp pack) {
          lowerPackWeight(emitter, pack, target);
        })
        .Case([&](qkernel::UnpackWeightOp unpack) {
          lowerUnpackWeight(emitter, unpack, target);
        })
        .Case<qkernel::Conv2DOp, qkernel::Conv2DInputGradientOp,
              qkernel::Conv2DWeightGradientOp>([&](auto convolution) {
          lowerDepthwise(emitter, convolution, target);
        });
    op->erase();
    return success();
  }
};
} // namespace
