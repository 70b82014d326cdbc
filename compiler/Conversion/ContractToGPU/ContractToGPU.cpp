//===- ContractToGPU.cpp - Contractions to matrix units -------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Conversion/ContractToGPU/ContractToGPU.h"
#include "compiler/Conversion/ContractToGPU/KernelEmitter.h"
#include "compiler/Conversion/ContractToGPU/TransposeEmitter.h"
#include "compiler/Support/ModelPass.h"

#include "compiler/Support/Profile.h"
#include "compiler/Target/CUDA/TileTable.h"

#include "llvm/ADT/STLExtras.h"

namespace qtc {
#define GEN_PASS_DEF_CONVERTCONTRACTTOGPU
#include "compiler/Conversion/ContractToGPU/ContractToGPU.h.inc"
} // namespace qtc

#define DEBUG_TYPE "convert-contract-to-gpu"

using namespace mlir;
using namespace qtc;

namespace {
struct ConvertContractToGPU
    : qtc::impl::ConvertContractToGPUBase<ConvertContractToGPU> {
  using ConvertContractToGPUBase::ConvertContractToGPUBase;

  void runOnFunction() override {
    const cuda::TargetRecord *target = cuda::lookupTargetRecord(device);
    if (!target) {
      getOperation().emitError() << "expected a known compute capability, but "
                                    "got "
                                 << device.getValue();
      return signalPassFailure();
    }
    auto table = cuda::TileTable::create(
        *target, {candidate, {tiles.begin(), tiles.end()}});
    if (!table) {
      getOperation().emitError() << llvm::toString(table.takeError());
      return signalPassFailure();
    }
    Block &body = getOperation().getBody().front();
    for (auto op : llvm::to_vector(body.getOps<qkernel::MappedContractOp>())) {
      cuda::ContractionShape shape{op.getRowCount(),
                                   static_cast<int64_t>(op.getColumns()),
                                   op.getStepCount(), op.getAccumulate()};
      cuda::TileSchedule schedule = table->choose(shape);
      OpBuilder builder(op);
      op->setAttr(kTilesAttrName,
                  builder.getStringAttr(shape.getSpelling() + ":" +
                                        schedule.getSpelling()));
      KernelEmitter(builder, op, *target, schedule).emit();
      op.erase();
      ++numKernels;
    }
    for (auto op : llvm::to_vector(body.getOps<qkernel::MappedCopyOp>())) {
      if (!op.isTransposition(LaunchBuilder::kCopyBytes)) {
        op.emitError("expected a copy of bytes that makes the first dimension "
                     "the last");
        return signalPassFailure();
      }
      OpBuilder builder(op);
      emitTransposition(builder, op, *target);
      op.erase();
    }
  }
};
} // namespace
