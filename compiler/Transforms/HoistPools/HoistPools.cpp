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
#include "llvm/ADT/STLExtras.h"

#include <optional>

namespace qtc {
#define GEN_PASS_DEF_HOISTPOOLS
#include "compiler/Transforms/HoistPools/HoistPools.h.inc"
} // namespace qtc

#define DEBUG_TYPE "qtrain-hoist-pools"

using namespace mlir;
using namespace qtc;
using namespace qtc::qtrain;

namespace {
/// The operations around one rectified linear unit; gradients are null if
/// nothing is trained.
struct Unit {
  ReluOp relu;
  MaxPool2DOp pool;
  MaxPool2DGradientOp poolGradient;
  ReluGradientOp reluGradient;
};

/// The unit before `pool`, if only these operations use its result.
std::optional<Unit> findUnit(MaxPool2DOp pool) {
  Unit unit{pool.getInput().getDefiningOp<ReluOp>(), pool, {}, {}};
  if (!unit.relu)
    return std::nullopt;
  for (Operation *user : unit.relu->getUsers()) {
    if (user == pool)
      continue;
    if (auto gradient = dyn_cast<MaxPool2DGradientOp>(user);
        gradient && !unit.poolGradient &&
        gradient.getWindow() == pool.getWindow() && gradient->hasOneUse())
      unit.poolGradient = gradient;
    else if (auto relu = dyn_cast<ReluGradientOp>(user);
             relu && !unit.reluGradient)
      unit.reluGradient = relu;
    else
      return std::nullopt;
  }
  Value error = unit.reluGradient ? unit.reluGradient.getGradient() : Value();
  Operation *producer = error ? error.getDefiningOp() : nullptr;
  if (producer != unit.poolGradient ||
      bool(unit.poolGradient) != bool(unit.reluGradient))
    return std::nullopt;
  return unit;
}

void hoist(Unit &unit, IRRewriter &rewriter) {
  Value input = unit.relu.getInput();
  rewriter.setInsertionPoint(unit.pool);
  auto pool = rewriter.create<MaxPool2DOp>(
      unit.pool.getLoc(), unit.pool.getType(), input, unit.pool.getWindow());
  auto relu = rewriter.create<ReluOp>(unit.relu.getLoc(), pool.getType(), pool);
  rewriter.replaceOp(unit.pool, relu);
  if (unit.reluGradient) {
    rewriter.setInsertionPoint(unit.reluGradient);
    Value error = unit.poolGradient.getGradient();
    auto kept = rewriter.create<ReluGradientOp>(unit.reluGradient.getLoc(),
                                                error.getType(), relu, error);
    rewriter.replaceOpWithNewOp<MaxPool2DGradientOp>(
        unit.reluGradient, unit.reluGradient.getType(), input, kept,
        unit.poolGradient.getWindow());
    rewriter.eraseOp(unit.poolGradient);
  }
  rewriter.eraseOp(unit.relu);
}

struct HoistPools : qtc::impl::HoistPoolsBase<HoistPools> {
  FunctionNeeds getNeeds() const override { return {/*oneBlock=*/false}; }
  void runOnFunction() override {
    IRRewriter rewriter(&getContext());
    SmallVector<MaxPool2DOp> pools;
    getOperation().walk([&](MaxPool2DOp pool) { pools.push_back(pool); });
    for (MaxPool2DOp pool : pools) {
      std::optional<Unit> unit = findUnit(pool);
      if (!unit)
        continue;
      hoist(*unit, rewriter);
      ++numHoisted;
    }
  }
};
} // namespace
