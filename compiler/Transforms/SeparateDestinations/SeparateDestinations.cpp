//===- SeparateDestinations.cpp - One result, one buffer ------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Transforms/SeparateDestinations/SeparateDestinations.h"
#include "compiler/Support/ModelPass.h"

#include "llvm/ADT/STLExtras.h"

namespace qtc {
#define GEN_PASS_DEF_SEPARATEDESTINATIONS
#include "compiler/Transforms/SeparateDestinations/SeparateDestinations.h.inc"
} // namespace qtc

#define DEBUG_TYPE "separate-destinations"

using namespace mlir;
using namespace qtc;

namespace {
struct SeparateDestinations
    : qtc::impl::SeparateDestinationsBase<SeparateDestinations> {
  FunctionNeeds getNeeds() const override { return {/*oneBlock=*/false}; }
  void runOnFunction() override {
    getOperation().walk([&](tensor::EmptyOp empty) {
      if (empty->hasOneUse())
        return;
      OpBuilder builder(empty);
      for (OpOperand &use : llvm::make_early_inc_range(empty->getUses())) {
        builder.setInsertionPoint(use.getOwner());
        use.set(builder.clone(*empty)->getResult(0));
        ++numSeparated;
      }
      empty.erase();
    });
  }
};
} // namespace
