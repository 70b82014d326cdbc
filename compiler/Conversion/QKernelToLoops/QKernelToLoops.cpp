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
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    populateConvolutionLoops(patterns);
    populateIntegerMath(patterns);
    populateMaskLoops(patterns);
    populateNormalizationLoops(patterns);
    populatePoolLoops(patterns);
    populateReductionLoops(patterns);
    if (failed(
            applyPatternsAndFoldGreedily(getOperation(), std::move(patterns))))
      return signalPassFailure();
  }
};
} // namespace
