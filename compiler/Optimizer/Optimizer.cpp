//===- Optimizer.cpp - Rules that update parameters -----------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Optimizer/Optimizer.h"

#include "compiler/Optimizer/UpdateBuilder.h"
#include "compiler/Scheme/SchemeSupport.h"

#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace qtc;
using namespace qtc::qtrain;

llvm::ArrayRef<const Optimizer *> qtc::getOptimizers() {
  static const Optimizer *const optimizers[] = {
#define QTC_OPTIMIZER(NAME) &get##NAME(),
#include "compiler/Optimizer/Optimizers.def"
  };
  return optimizers;
}

const Optimizer *qtc::lookupOptimizer(llvm::StringRef name) {
  for (const Optimizer *optimizer : getOptimizers())
    if (optimizer->name == name)
      return optimizer;
  return nullptr;
}

//===----------------------------------------------------------------------===//
// Options
//===----------------------------------------------------------------------===//

llvm::Expected<std::unique_ptr<UpdateRule>>
qtc::createUpdateRule(const Optimizer &optimizer,
                      ArrayRef<std::string> settings, StringRef prefix) {
  OptionValues values(optimizer.options, prefix);
  if (llvm::Error error = values.set(settings))
    return std::move(error);
  return optimizer.createRule(values);
}

//===----------------------------------------------------------------------===//
// Updates of a step
//===----------------------------------------------------------------------===//

namespace {
/// Replaces the updates of a function.
class UpdateRewriter {
public:
  UpdateRewriter(const UpdateRule &rule, func::FuncOp function,
                 SymbolTable &symbols)
      : rule(rule), function(function), symbols(symbols),
        updates(llvm::to_vector(function.getOps<UpdateOp>())) {}

  LogicalResult run();

private:
  void addStates();
  void build(UpdateBuilder &builder, UpdateOp op, ArrayRef<Value> states,
             ArrayRef<Value> numbers);
  void returnStates();

  const UpdateRule &rule;
  func::FuncOp function;
  SymbolTable &symbols;
  SmallVector<UpdateOp> updates;
  /// The states of all updates: marks, arguments and new values.
  SmallVector<DictionaryAttr> marks;
  SmallVector<Value> oldStates, newStates;
};
} // namespace

/// Adds all states at once: each change of a signature makes types and
/// attributes of its length, which the context keeps.
void UpdateRewriter::addStates() {
  OpBuilder builder(function.getContext());
  SmallVector<Type> types;
  SmallVector<Location> locations;
  for (UpdateOp op : updates) {
    auto parameter = symbols.lookup<ParameterOp>(*op.getSymbol());
    builder.setInsertionPointAfter(parameter);
    for (StringRef name : rule.getStates()) {
      FlatSymbolRefAttr symbol = ParameterOp::getSymbol(
          builder.getContext(), StateKind::Optimizer,
          (parameter.getTensorName() + "." + name).str());
      symbols.insert(builder.create<ParameterOp>(
          parameter.getLoc(), symbol, parameter.getId(), StateKind::Optimizer,
          DenseElementsAttr::get(cast<ShapedType>(op.getType()), 0.0f)));
      marks.push_back(builder.getDictionaryAttr(
          builder.getNamedAttr(QTrainDialect::kParameterAttrName, symbol)));
      types.push_back(op.getType());
      locations.push_back(op.getLoc());
    }
  }
  unsigned first = function.getNumArguments();
  function.insertArguments(SmallVector<unsigned>(types.size(), first), types,
                           marks, locations);
  llvm::append_range(oldStates, function.getArguments().drop_front(first));
}

void UpdateRewriter::build(UpdateBuilder &builder, UpdateOp op,
                           ArrayRef<Value> states, ArrayRef<Value> numbers) {
  SmallVector<Value> results = rule.buildUpdate(
      builder, {op.getParameter(), op.getGradient(), states, numbers});
  llvm::append_range(newStates, llvm::drop_begin(results));
  op.replaceAllUsesWith(results.front());
  op.erase();
}

void UpdateRewriter::returnStates() {
  unsigned first = function.getNumResults();
  function.insertResults(SmallVector<unsigned>(newStates.size(), first),
                         TypeRange(ValueRange(newStates)), marks);
  Operation *terminator = function.getBody().front().getTerminator();
  terminator->insertOperands(first, newStates);
}

LogicalResult UpdateRewriter::run() {
  if (updates.empty())
    return success();
  UpdateOp first = updates.front();
  Value schedule = findArgument(first, Role::Schedule);
  Value step = findArgument(first, Role::Step);
  Value labels = findArgument(first, Role::Target);
  if (!schedule || !step || !labels)
    return first.emitError("expected a learning rate, a step and labels");
  for (UpdateOp op : updates)
    if (!op.getSymbol())
      return op.emitError("expected the symbol of a parameter");
  addStates();
  ImplicitLocOpBuilder builder(first.getLoc(), first);
  UpdateBuilder update(builder, schedule, step,
                       cast<ShapedType>(labels.getType()).getDimSize(0));
  SmallVector<Value> numbers = rule.buildNumbers(update);
  ArrayRef<Value> states = oldStates;
  size_t count = rule.getStates().size();
  for (UpdateOp op : updates) {
    builder.setLoc(op.getLoc());
    builder.setInsertionPoint(op);
    build(update, op, states.take_front(count), numbers);
    states = states.drop_front(count);
  }
  returnStates();
  return success();
}

LogicalResult qtc::applyUpdateRule(const UpdateRule &rule,
                                   func::FuncOp function,
                                   SymbolTable &symbols) {
  return UpdateRewriter(rule, function, symbols).run();
}
