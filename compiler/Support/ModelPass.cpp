//===- ModelPass.cpp - What passes rely on --------------------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Support/ModelPass.h"

#include "dialect/QTrain/IR/QTrain.h"
#include "runtime/include/qtcrt/Printable.h"

#include "mlir/IR/TypeUtilities.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace qtc;
using namespace qtc::qtrain;

namespace {

/// Checks one function for one pass.
class FormChecker {
public:
  FormChecker(func::FuncOp function, StringRef pass)
      : function(function), pass(pass) {}

  LogicalResult check(const FunctionNeeds &needs) {
    if ((needs.oneBlock && failed(checkBody())) ||
        (needs.plainSignature && failed(checkSignature())) ||
        (needs.marks && failed(checkMarks())))
      return failure();
    return success();
  }

private:
  InFlightDiagnostic emitError(Operation *op) {
    return op->emitError() << "pass '" << pass << "' expects ";
  }

  LogicalResult checkBody() {
    Region &body = function.getBody();
    if (!body.hasOneBlock() || body.front().empty() ||
        !isa<func::ReturnOp>(body.front().back()))
      return emitError(function)
             << "a function of one block that ends with func.return";
    for (Operation &op : body.front())
      for (Region &region : op.getRegions()) {
        WalkResult result = region.walk([&](Operation *inner) {
          if (!isa_and_nonnull<QTrainDialect>(inner->getDialect()))
            return WalkResult::advance();
          emitError(inner) << "operations of qtrain in the body of the "
                              "function, but got '"
                           << qtcrt::printable(inner->getName().getStringRef())
                           << "' in another operation";
          return WalkResult::interrupt();
        });
        if (result.wasInterrupted())
          return failure();
      }
    return success();
  }

  static bool isPlain(Type type) {
    if (type.isIntOrIndexOrFloat())
      return true;
    auto shaped = dyn_cast<ShapedType>(type);
    return isa<RankedTensorType, MemRefType>(type) && isWellFormed(shaped) &&
           shaped.getElementType().isIntOrFloat();
  }

  LogicalResult checkSignature() {
    for (auto [what, types] :
         {std::make_pair("argument", function.getArgumentTypes()),
          std::make_pair("result", function.getResultTypes())})
      for (auto [index, type] : llvm::enumerate(types))
        if (!isPlain(type))
          return emitError(function)
                 << "numbers, or tensors and buffers of 1 to 2^40 numbers, but "
                 << what << " " << index << " has type " << type;
    return success();
  }

  LogicalResult checkMarks() {
    DenseMap<Attribute, unsigned> arguments;
    for (unsigned i = 0, e = function.getNumArguments(); i < e; ++i) {
      Attribute symbol =
          function.getArgAttr(i, QTrainDialect::kParameterAttrName);
      if (!symbol)
        continue;
      auto [known, isNew] = arguments.try_emplace(symbol, i);
      if (!isNew)
        return emitError(function)
               << "one argument for a parameter, but " << known->second
               << " and " << i << " are both " << symbol;
    }
    for (unsigned i = 0, e = function.getNumResults(); i < e; ++i) {
      Attribute symbol =
          function.getResultAttr(i, QTrainDialect::kParameterAttrName);
      if (!symbol)
        continue;
      auto argument = arguments.find(symbol);
      if (argument == arguments.end() ||
          function.getArgumentTypes()[argument->second] !=
              function.getResultTypes()[i])
        return emitError(function)
               << "result " << i << " to have an argument of its type that is "
               << symbol << ", too";
    }
    return success();
  }

  func::FuncOp function;
  StringRef pass;
};
} // namespace

void FunctionPass::runOnOperation() {
  func::FuncOp function = getOperation();
  if (function.isExternal())
    return;
  if (failed(FormChecker(function, getArgument()).check(getNeeds())))
    return signalPassFailure();
  runOnFunction();
}

void ModelPass::runOnOperation() {
  bool isUsable = true;
  for (func::FuncOp function : getDefinedFunctions(getOperation()))
    isUsable &=
        !concerns(function) ||
        succeeded(FormChecker(function, getArgument()).check(getNeeds()));
  if (!isUsable)
    return signalPassFailure();
  runOnModel();
}
