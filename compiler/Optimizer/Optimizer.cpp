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

#include <map>

using namespace mlir;
using namespace qtc;
using namespace qtc::qtrain;

llvm::ArrayRef<const Optimizer *> qtc::getFloatOptimizers() {
  static const Optimizer *const optimizers[] = {
#define QTC_FLOAT_OPTIMIZER(NAME) &getFloat##NAME(),
#include "compiler/Optimizer/Optimizers.def"
  };
  return optimizers;
}

llvm::ArrayRef<const Optimizer *> qtc::getIntegerOptimizers() {
  static const Optimizer *const optimizers[] = {
#define QTC_INTEGER_OPTIMIZER(NAME) &getInteger##NAME(),
#include "compiler/Optimizer/Optimizers.def"
  };
  return optimizers;
}

const Optimizer *
qtc::lookupOptimizer(llvm::ArrayRef<const Optimizer *> optimizers,
                     llvm::StringRef name) {
  for (const Optimizer *optimizer : optimizers)
    if (optimizer->name == name)
      return optimizer;
  return nullptr;
}

//===----------------------------------------------------------------------===//
// Options
//===----------------------------------------------------------------------===//

llvm::Error qtc::readNumbers(const OptionValues &values,
                             ArrayRef<NumberSetting> settings) {
  for (const NumberSetting &setting : settings)
    if (llvm::Error error = values.read(setting.option, setting.range.limit,
                                        setting.range.spelling, setting.number))
      return error;
  return llvm::Error::success();
}

/// The rule that `create` makes of `settings`.
template <typename CreateTy>
static auto createRule(CreateTy create, ArrayRef<SchemeOption> options,
                       ArrayRef<std::string> settings, StringRef prefix)
    -> decltype(create(std::declval<OptionValues>())) {
  OptionValues values(options, prefix);
  if (llvm::Error error = values.set(settings))
    return std::move(error);
  return create(values);
}

llvm::Expected<std::unique_ptr<FloatRule>>
qtc::createFloatRule(const Optimizer &optimizer, ArrayRef<std::string> settings,
                     StringRef prefix) {
  return createRule(optimizer.createFloatRule, optimizer.options, settings,
                    prefix);
}

llvm::Expected<std::unique_ptr<IntegerRule>>
qtc::createIntegerRule(const Optimizer &optimizer,
                       ArrayRef<std::string> settings, StringRef prefix) {
  return createRule(optimizer.createIntegerRule, optimizer.options, settings,
                    prefix);
}

//===----------------------------------------------------------------------===//
// States
//===----------------------------------------------------------------------===//

namespace {
/// Gives the updates of a function the tensors that a rule keeps.
class StateBuilder {
public:
  StateBuilder(const UpdateRule &rule, func::FuncOp function,
               SymbolTable &symbols)
      : rule(rule), function(function), symbols(symbols),
        updates(llvm::to_vector(function.getOps<UpdateOp>())) {}

  LogicalResult run();

private:
  void createStates();
  void replace(UpdateOp op, ValueRange states);
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
void StateBuilder::createStates() {
  OpBuilder builder(function.getContext());
  SmallVector<Type> types;
  SmallVector<Location> locations;
  for (UpdateOp op : updates) {
    auto parameter = symbols.lookup<ParameterOp>(*op.getSymbol());
    Type type = op.getResult().getType();
    builder.setInsertionPointAfter(parameter);
    for (StringRef name : rule.getStates()) {
      FlatSymbolRefAttr symbol = ParameterOp::getSymbol(
          builder.getContext(), StateKind::Optimizer,
          (parameter.getTensorName() + "." + name).str());
      symbols.insert(builder.create<ParameterOp>(
          parameter.getLoc(), symbol, parameter.getId(), StateKind::Optimizer,
          DenseElementsAttr::get(cast<ShapedType>(type), 0.0f)));
      marks.push_back(builder.getDictionaryAttr(
          builder.getNamedAttr(QTrainDialect::kParameterAttrName, symbol)));
      types.push_back(type);
      locations.push_back(op.getLoc());
    }
  }
  unsigned first = function.getNumArguments();
  function.insertArguments(SmallVector<unsigned>(types.size(), first), types,
                           marks, locations);
  llvm::append_range(oldStates, function.getArguments().drop_front(first));
}

void StateBuilder::replace(UpdateOp op, ValueRange states) {
  OpBuilder builder(op);
  auto update = builder.create<UpdateOp>(op.getLoc(), op.getResult().getType(),
                                         states.getTypes(), op.getParameter(),
                                         op.getGradient(), states,
                                         op.getSymbolAttr(), op.getLimitAttr());
  op.getResult().replaceAllUsesWith(update.getResult());
  llvm::append_range(newStates, update.getNewStates());
  op.erase();
}

void StateBuilder::returnStates() {
  unsigned first = function.getNumResults();
  function.insertResults(SmallVector<unsigned>(newStates.size(), first),
                         TypeRange(ValueRange(newStates)), marks);
  Operation *terminator = function.getBody().front().getTerminator();
  terminator->insertOperands(first, newStates);
}

LogicalResult StateBuilder::run() {
  for (UpdateOp op : updates) {
    if (!op.getSymbol())
      return op.emitError("expected the symbol of a parameter");
    if (!op.getStates().empty())
      return op.emitError("expected an update without states of an optimizer");
  }
  size_t count = rule.getStates().size();
  if (updates.empty() || count == 0)
    return success();
  createStates();
  ValueRange states = oldStates;
  for (UpdateOp op : updates) {
    replace(op, states.take_front(count));
    states = states.drop_front(count);
  }
  returnStates();
  return success();
}

LogicalResult qtc::addStates(const UpdateRule &rule, func::FuncOp function,
                             SymbolTable &symbols) {
  return StateBuilder(rule, function, symbols).run();
}

//===----------------------------------------------------------------------===//
// Updates in floats
//===----------------------------------------------------------------------===//

/// The factor on the learning rate of what `op` updates.
static double getRate(UpdateOp op, SymbolTable &symbols) {
  auto parameter = symbols.lookup<ParameterOp>(*op.getSymbol());
  return parameter.getRate().value_or(llvm::APFloat(1.0)).convertToDouble();
}

LogicalResult qtc::applyFloatRule(const FloatRule &rule, func::FuncOp function,
                                  SymbolTable &symbols) {
  if (failed(addStates(rule, function, symbols)))
    return failure();
  SmallVector<UpdateOp> updates = llvm::to_vector(function.getOps<UpdateOp>());
  if (updates.empty())
    return success();
  UpdateOp first = updates.front();
  Value schedule = findArgument(first, Role::Schedule);
  Value step = findArgument(first, Role::Step);
  Value labels = findArgument(first, Role::Target);
  if (!schedule || !step || !labels)
    return first.emitError("expected a learning rate, a step and labels");
  int64_t batch = cast<ShapedType>(labels.getType()).getDimSize(0);
  ImplicitLocOpBuilder builder(first.getLoc(), first);
  UpdateBuilder update(builder, schedule, step, batch);
  std::map<double, SmallVector<Value>> numbers;
  for (UpdateOp op : updates) {
    auto [entry, isNew] = numbers.try_emplace(getRate(op, symbols));
    if (!isNew)
      continue;
    update.setFactor(entry->first);
    entry->second = rule.buildNumbers(update);
  }
  for (UpdateOp op : updates) {
    builder.setLoc(op.getLoc());
    builder.setInsertionPoint(op);
    op->replaceAllUsesWith(rule.buildUpdate(
        update, {op.getParameter(), op.getGradient(), op.getStates(),
                 numbers[getRate(op, symbols)]}));
    op.erase();
  }
  return success();
}
