//===- QKernelToLoops.cpp - Kernels to plain loops ------------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Conversion/QKernelToLoops/QKernelToLoops.h"
#include "compiler/Conversion/QKernelToLoops/LoopBuilder.h"
#include "compiler/Support/Buffers.h"

#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace qtc {
#define GEN_PASS_DEF_CONVERTQKERNELTOLOOPS
#include "compiler/Conversion/QKernelToLoops/QKernelToLoops.h.inc"
} // namespace qtc

#define DEBUG_TYPE "convert-qkernel-to-loops"

using namespace mlir;
using namespace qtc;

namespace {
struct ConvertQKernelToLoops
    : qtc::impl::ConvertQKernelToLoopsBase<ConvertQKernelToLoops> {
  using ConvertQKernelToLoopsBase::ConvertQKernelToLoopsBase;

  void runOnOperation() override {
    WalkResult result = getOperation().walk([](Operation *op) {
      bool isKernel =
          isa_and_nonnull<qkernel::QKernelDialect>(op->getDialect()) &&
          isa<DestinationStyleOpInterface>(op);
      return isKernel && failed(expectFlatBuffers(op)) ? WalkResult::interrupt()
                                                       : WalkResult::advance();
    });
    if (result.wasInterrupted())
      return signalPassFailure();
    RewritePatternSet patterns(&getContext());
    Grain grain = elements ? Grain::Element : Grain::Row;
    populateConvolutionLoops(patterns, grain);
    populateCopyLoops(patterns, grain);
    populateIntegerMath(patterns);
    populateMaskLoops(patterns, grain);
    populateMetricLoops(patterns, grain);
    populateNormalizationLoops(patterns, grain);
    populatePoolLoops(patterns, grain);
    populateReductionLoops(patterns, grain);
    GreedyRewriteConfig config;
    // Kernels and their loops are single blocks.
    config.enableRegionSimplification = GreedySimplifyRegionLevel::Disabled;
    if (failed(applyPatternsAndFoldGreedily(getOperation(), std::move(patterns),
                                            config)))
      return signalPassFailure();
  }
};
} // namespace
