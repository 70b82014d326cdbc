//===- Float.cpp - The fp32 scheme ----------------------------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Scheme/Float/Float.h"
#include "compiler/Scheme/SchemeSupport.h"
#include "compiler/Support/ModelPass.h"

#include "llvm/ADT/STLExtras.h"

#include <cmath>

namespace qtc {
#define GEN_PASS_DEF_APPLYFLOAT
#include "compiler/Scheme/Float/Float.h.inc"
} // namespace qtc

#define DEBUG_TYPE "qtrain-apply-float"

using namespace mlir;
using namespace qtc;
using namespace qtc::qtrain;

namespace {

bool isFloat(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  return tensor && isa<FloatType>(tensor.getElementType());
}

/// Rewrites the functions of one module.
class FloatRewriter {
public:
  FloatRewriter(ModuleOp module, const FloatRule &rule)
      : symbols(module), builder(module.getContext()), rule(rule) {}

  LogicalResult rewrite(func::FuncOp function);

private:
  LogicalResult rewritePixels(NormalizeOp op);
  void useResult(ElementwiseGradientOp op);
  void showSums(func::FuncOp function);
  template <typename OpTy> void addMoments(OpTy op, Value value);
  void composeArguments(func::FuncOp function);
  void decomposeResults(func::FuncOp function);

  SymbolTable symbols;
  OpBuilder builder;
  const FloatRule &rule;
};

/// The table is computed in double and rounded once.
LogicalResult FloatRewriter::rewritePixels(NormalizeOp op) {
  SmallVector<float> table;
  for (double value : tabulatePixels(op)) {
    table.push_back(static_cast<float>(value));
    if (!std::isfinite(table.back()))
      return op.emitError("expected finite pixel values");
  }
  auto rows = static_cast<int64_t>(table.size() / 256);
  auto type = RankedTensorType::get({rows, 256}, builder.getF32Type());
  builder.setInsertionPoint(op);
  Value lookup = builder.create<LookupOp>(
      op.getLoc(), op.getType(), op.getPixels(),
      DenseElementsAttr::get(type, ArrayRef(table)), IntegerAttr());
  op.replaceAllUsesWith(lookup);
  op.erase();
  return success();
}

/// Arguments of float type keep the floats in memory.
void FloatRewriter::composeArguments(func::FuncOp function) {
  builder.setInsertionPointToStart(&function.getBody().front());
  for (BlockArgument argument : function.getArguments()) {
    if (!isFloat(argument.getType()))
      continue;
    auto value = builder.create<ComposeOp>(argument.getLoc(),
                                           argument.getType(), argument,
                                           /*exponent=*/Value());
    argument.replaceAllUsesExcept(value, value);
  }
}

void FloatRewriter::decomposeResults(func::FuncOp function) {
  Operation *terminator = function.getBody().front().getTerminator();
  builder.setInsertionPoint(terminator);
  for (OpOperand &operand : terminator->getOpOperands()) {
    Value value = operand.get();
    auto parts = builder.create<DecomposeOp>(
        value.getLoc(), getMemoryType(cast<RankedTensorType>(value.getType())),
        /*exponent=*/Type(), value);
    operand.set(parts.getMantissas());
  }
}

/// The result of a function is there anyway, as the next operation's operand:
/// a derivative that needs no more lets go of the function's own operand.
void FloatRewriter::useResult(ElementwiseGradientOp op) {
  if (!op.getFunction().isGivenByResult())
    return;
  for (Operation *user : op.getInput().getUsers()) {
    auto forward = dyn_cast<ElementwiseOp>(user);
    if (!forward || forward.getFunction() != op.getFunction())
      continue;
    op.getInputMutable().assign(forward);
    op.setFromResult(true);
    return;
  }
}

template <typename OpTy> void FloatRewriter::addMoments(OpTy op, Value value) {
  builder.setInsertionPoint(op);
  auto type =
      RankedTensorType::get(getShape(op.getInput())[1], builder.getF64Type());
  auto moments = builder.create<ChannelMomentsOp>(op.getLoc(), type, type,
                                                  op.getInput(), value);
  op.getMomentsMutable().assign(moments.getResults());
}

/// Makes the sums over a batch operations of the step.
void FloatRewriter::showSums(func::FuncOp function) {
  for (auto op : function.getOps<BatchNormTrainingOp>())
    addMoments(op, op.getInput());
  for (auto op : function.getOps<BatchNormParameterGradientOp>())
    addMoments(op, op.getGradient());
  for (auto op : function.getOps<AverageErrorOp>()) {
    builder.setInsertionPoint(op);
    Value sum = builder.create<LabelWeightSumOp>(
        op.getLoc(), builder.getF64Type(), op.getLabels(), op.getWeightsAttr(),
        op.getIgnoredAttr());
    op.getTotalMutable().assign(sum);
  }
}

LogicalResult FloatRewriter::rewrite(func::FuncOp function) {
  showSums(function);
  function.walk([&](ElementwiseGradientOp op) { useResult(op); });
  for (auto op : llvm::to_vector(function.getOps<NormalizeOp>()))
    if (failed(rewritePixels(op)))
      return failure();
  if (failed(applyFloatRule(rule, function, symbols)))
    return failure();
  composeArguments(function);
  decomposeResults(function);
  return success();
}

struct ApplyFloat : qtc::impl::ApplyFloatBase<ApplyFloat> {
  using ApplyFloatBase::ApplyFloatBase;

  FunctionNeeds getNeeds() const override { return getTrainingNeeds(); }

  void runOnModel() override {
    const Optimizer *found = lookupOptimizer(getFloatOptimizers(), optimizer);
    if (!found) {
      getOperation().emitError()
          << "expected the name of an optimizer, but got '" << optimizer << "'";
      return signalPassFailure();
    }
    llvm::Expected<std::unique_ptr<FloatRule>> rule =
        createFloatRule(*found, *settings, /*prefix=*/"");
    if (!rule) {
      getOperation().emitError() << llvm::toString(rule.takeError());
      return signalPassFailure();
    }
    if (failed(expectTrainingForm(getOperation(), "fp32",
                                  /*hasFloatInputs=*/true)))
      return signalPassFailure();
    if (schemeInit)
      fp32::initializeParameters(getOperation(), seed);
    FloatRewriter rewriter(getOperation(), **rule);
    for (func::FuncOp function : getDefinedFunctions(getOperation()))
      if (failed(rewriter.rewrite(function)))
        return signalPassFailure();
  }
};
} // namespace
