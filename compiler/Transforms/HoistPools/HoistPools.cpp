//===- HoistPools.cpp - Maximum pools before activations ------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Transforms/HoistPools/HoistPools.h"
#include "compiler/Support/ModelPass.h"

#include "dialect/QTrain/IR/QTrain.h"
#include "mlir/IR/PatternMatch.h"

namespace qtc {
#define GEN_PASS_DEF_HOISTPOOLS
#include "compiler/Transforms/HoistPools/HoistPools.h.inc"
} // namespace qtc

#define DEBUG_TYPE "qtrain-hoist-pools"

using namespace mlir;
using namespace qtc;
using namespace qtc::qtrain;

namespace {
struct HoistPools : qtc::impl::HoistPoolsBase<HoistPools> {
  FunctionNeeds getNeeds() const override { return {/*oneBlock=*/false}; }
  void runOnFunction() override {
    IRRewriter rewriter(&getContext());
    SmallVector<MaxPool2DOp> pools;
    getOperation().walk([&](MaxPool2DOp pool) { pools.push_back(pool); });
    for (MaxPool2DOp pool : pools) {
      auto relu = pool.getInput().getDefiningOp<ReluOp>();
      if (!relu || !relu->hasOneUse())
        continue;
      rewriter.setInsertionPoint(pool);
      auto hoisted = rewriter.create<MaxPool2DOp>(
          pool.getLoc(), pool.getType(), relu.getInput(), pool.getWindow());
      rewriter.replaceOp(pool, rewriter.create<ReluOp>(
                                   relu.getLoc(), hoisted.getType(), hoisted));
      rewriter.eraseOp(relu);
      ++numHoisted;
    }
  }
};
} // namespace
