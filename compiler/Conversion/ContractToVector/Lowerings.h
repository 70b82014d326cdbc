//===- Lowerings.h - One lowering for each packed kernel --------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The parts of the pass `convert-contract-to-vector`. Each function writes
// loops before an operation on buffers; the caller erases it.
//
//===----------------------------------------------------------------------===//

#ifndef QTC_CONVERSION_CONTRACTTOVECTOR_LOWERINGS_H
#define QTC_CONVERSION_CONTRACTTOVECTOR_LOWERINGS_H

#include "compiler/Conversion/ContractToVector/Emitter.h"
#include "compiler/Target/CPU/TargetRecord.h"
#include "dialect/QKernel/IR/QKernel.h"

namespace qtc {

/// The kind of factors of the contraction that has the operand `buffer`.
cpu::Factors getFactors(mlir::Value buffer);

void lowerContract(Emitter &emitter, qkernel::ContractOp op,
                   const cpu::TargetRecord &target);
void lowerPackActivation(Emitter &emitter, qkernel::PackActivationOp op,
                         const cpu::TargetRecord &target);
void lowerPackWeight(Emitter &emitter, qkernel::PackWeightOp op,
                     const cpu::TargetRecord &target);
void lowerUnpackWeight(Emitter &emitter, qkernel::UnpackWeightOp op,
                       const cpu::TargetRecord &target);
/// Convolutions marked `direct`.
void lowerDepthwise(Emitter &emitter, qkernel::Conv2DOp op,
                    const cpu::TargetRecord &target);
void lowerDepthwise(Emitter &emitter, qkernel::Conv2DInputGradientOp op,
                    const cpu::TargetRecord &target);
void lowerDepthwise(Emitter &emitter, qkernel::Conv2DWeightGradientOp op,
                    const cpu::TargetRecord &target);

} // namespace qtc

#endif // QTC_CONVERSION_CONTRACTTOVECTOR_LOWERINGS_H
