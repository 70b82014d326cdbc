//===- QKernelToLoops.cpp - Kernels to plain loops ------------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Conversion/QKernelToLoops/QKernelToLoops.h"
#include "compiler/Conversion/QKernelToLoops/LoopBuilder.h"

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
    RewritePatternSet patterns(&getContext());
    Grain grain = elements ? Grain::Element : Grain::Row;
    populateConvolutionLoops(patterns, grain);
    populateCopyLoops(patterns, grain);
    populateIntegerMath(patterns);
    populateMaskLoops(patterns, grain);
    populateNormalizationLoops(patterns, grain);
    populatePoolLoops(patterns, grain);
    populateReductionLoops(patterns, grain);
    if (failed(
            applyPatternsAndFoldGreedily(getOperation(), std::move(patterns))))
      return signalPassFailure();
  }
};
} // namespace
