//===- AssertInteger.cpp - Proof that a step has no floats ----------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Transforms/AssertInteger/AssertInteger.h"
#include "dialect/QTrain/IR/QTrain.h"
#include "runtime/include/qtcrt/Printable.h"

#include "llvm/ADT/STLExtras.h"

namespace qtc {
#define GEN_PASS_DEF_ASSERTINTEGER
#include "compiler/Transforms/AssertInteger/AssertInteger.h.inc"
} // namespace qtc

#define DEBUG_TYPE "assert-integer"

using namespace mlir;
using namespace qtc;

/// True when `type` is, or is made of, floats.
static bool hasFloat(Type type) {
  bool found = false;
  type.walk([&](Type part) { found |= isa<FloatType>(part); });
  return found;
}

namespace {
struct AssertInteger : qtc::impl::AssertIntegerBase<AssertInteger> {
  void runOnOperation() override {
    markAllAnalysesPreserved();
    for (Type type : getOperation().getArgumentTypes())
      if (hasFloat(type)) {
        getOperation().emitError()
            << "expected no float type under an integer scheme, but argument "
               "has type "
            << type;
        return signalPassFailure();
      }
    WalkResult result = getOperation().walk([](Operation *op) {
      for (TypeRange types :
           {TypeRange(op->getOperandTypes()), TypeRange(op->getResultTypes())})
        for (Type type : types)
          if (hasFloat(type)) {
            op->emitOpError() << "expected no float type under an integer "
                                 "scheme, but got "
                              << type;
            return WalkResult::interrupt();
          }
      return WalkResult::advance();
    });
    if (result.wasInterrupted())
      signalPassFailure();
  }
};
} // namespace
