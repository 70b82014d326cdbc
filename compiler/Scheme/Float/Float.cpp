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
  FloatRewriter(ModuleOp module, double momentum, double weightDecay)
      : symbols(module), builder(module.getContext()), momentum(momentum),
        weightDecay(weightDecay) {}

  LogicalResult rewrite(func::FuncOp function);

private:
  LogicalResult rewritePixels(NormalizeOp op);
  LogicalResult rewriteUpdate(UpdateOp op);
  void useResult(ElementwiseGradientOp op);
  Value createDirection(UpdateOp op, double batch);
  BlockArgument addMomentum(UpdateOp op);
  void returnState(BlockArgument old, Value updated);
  Value createNumber(Location loc, double value);
  void composeArguments(func::FuncOp function);
  void decomposeResults(func::FuncOp function);

  SymbolTable symbols;
  OpBuilder builder;
  double momentum, weightDecay;
};

Value FloatRewriter::createNumber(Location loc, double value) {
  return builder.create<arith::ConstantOp>(loc, builder.getF32FloatAttr(value));
}

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

/// A zero tensor of the state that belongs to the parameter of `op`, as an
/// argument of the function.
BlockArgument FloatRewriter::addMomentum(UpdateOp op) {
  auto function = op->getParentOfType<func::FuncOp>();
  auto parameter = symbols.lookup<ParameterOp>(*op.getSymbol());
  auto type = cast<RankedTensorType>(op.getType());
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointAfter(parameter);
  FlatSymbolRefAttr symbol =
      ParameterOp::getSymbol(builder.getContext(), StateKind::Optimizer,
                             (parameter.getTensorName() + ".momentum").str());
  auto state = builder.create<ParameterOp>(
      parameter.getLoc(), symbol, parameter.getId(), StateKind::Optimizer,
      DenseElementsAttr::get(type, 0.0f));
  symbols.insert(state);
  NamedAttribute mark =
      builder.getNamedAttr(QTrainDialect::kParameterAttrName, symbol);
  unsigned index = function.getNumArguments();
  function.insertArgument(index, type, builder.getDictionaryAttr(mark),
                          op.getLoc());
  return function.getArgument(index);
}

/// Makes `updated` the new value of the state tensor `old`.
void FloatRewriter::returnState(BlockArgument old, Value updated) {
  auto function = cast<func::FuncOp>(old.getOwner()->getParentOp());
  NamedAttribute mark = builder.getNamedAttr(
      QTrainDialect::kParameterAttrName,
      function.getArgAttr(old.getArgNumber(),
                          QTrainDialect::kParameterAttrName));
  unsigned index = function.getNumResults();
  function.insertResult(index, updated.getType(),
                        builder.getDictionaryAttr(mark));
  Operation *terminator = function.getBody().front().getTerminator();
  terminator->insertOperands(index, updated);
}

/// momentum · v + G + B·d·w.
Value FloatRewriter::createDirection(UpdateOp op, double batch) {
  Location loc = op.getLoc();
  SmallVector<Value> terms, factors;
  if (momentum != 0.0) {
    terms.push_back(addMomentum(op));
    factors.push_back(createNumber(loc, momentum));
  }
  terms.push_back(op.getGradient());
  factors.push_back(createNumber(loc, 1.0));
  if (weightDecay != 0.0) {
    terms.push_back(op.getParameter());
    factors.push_back(createNumber(loc, batch * weightDecay));
  }
  if (terms.size() == 1)
    return op.getGradient();
  Value direction =
      builder.create<LinearCombinationOp>(loc, op.getType(), terms, factors);
  if (momentum != 0.0)
    returnState(cast<BlockArgument>(terms.front()), direction);
  return direction;
}

/// The formulas of the pass's description.
LogicalResult FloatRewriter::rewriteUpdate(UpdateOp op) {
  Location loc = op.getLoc();
  Value schedule = findArgument(op, Role::Schedule);
  Value labels = findArgument(op, Role::Target);
  if (!schedule || !labels || !op.getSymbol())
    return op.emitError("expected a learning rate, labels and a parameter");
  auto batch =
      static_cast<double>(cast<ShapedType>(labels.getType()).getDimSize(0));
  builder.setInsertionPoint(op);
  Value direction = createDirection(op, batch);
  Value bits =
      builder.create<arith::TruncIOp>(loc, builder.getI32Type(), schedule);
  Value rate =
      builder.create<arith::BitcastOp>(loc, builder.getF32Type(), bits);
  Value step =
      builder.create<arith::MulFOp>(loc, rate, createNumber(loc, -1.0 / batch));
  Value updated = builder.create<LinearCombinationOp>(
      loc, op.getType(), ValueRange{op.getParameter(), direction},
      ValueRange{createNumber(loc, 1.0), step});
  op.replaceAllUsesWith(updated);
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

LogicalResult FloatRewriter::rewrite(func::FuncOp function) {
  function.walk([&](ElementwiseGradientOp op) { useResult(op); });
  for (auto op : llvm::to_vector(function.getOps<NormalizeOp>()))
    if (failed(rewritePixels(op)))
      return failure();
  for (auto op : llvm::to_vector(function.getOps<UpdateOp>()))
    if (failed(rewriteUpdate(op)))
      return failure();
  composeArguments(function);
  decomposeResults(function);
  return success();
}

struct ApplyFloat : qtc::impl::ApplyFloatBase<ApplyFloat> {
  using ApplyFloatBase::ApplyFloatBase;

  FunctionNeeds getNeeds() const override { return getTrainingNeeds(); }

  void runOnModel() override {
    if (!(momentum >= 0.0 && momentum < 1.0) || !(weightDecay >= 0.0)) {
      getOperation().emitError("expected a momentum in [0, 1) and a weight "
                               "decay that is not negative");
      return signalPassFailure();
    }
    if (failed(expectTrainingForm(getOperation(), "fp32",
                                  /*hasFloatInputs=*/true)))
      return signalPassFailure();
    if (schemeInit)
      fp32::initializeParameters(getOperation(), seed);
    FloatRewriter rewriter(getOperation(), momentum, weightDecay);
    for (func::FuncOp function : getDefinedFunctions(getOperation()))
      if (failed(rewriter.rewrite(function)))
        return signalPassFailure();
  }
};
} // namespace
