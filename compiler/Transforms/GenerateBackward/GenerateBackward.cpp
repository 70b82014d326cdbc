//===- GenerateBackward.cpp - Forward function to training step -----------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Transforms/GenerateBackward/GenerateBackward.h"
#include "compiler/Support/ModelPass.h"
#include "compiler/Transforms/GenerateBackward/LossHead.h"
#include "runtime/include/qtcrt/Printable.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/STLExtras.h"

namespace qtc {
#define GEN_PASS_DEF_GENERATEBACKWARD
#include "compiler/Transforms/GenerateBackward/GenerateBackward.h.inc"
} // namespace qtc

#define DEBUG_TYPE "qtrain-generate-backward"

using namespace mlir;
using namespace qtc;
using namespace qtc::qtrain;

static bool isInput(func::FuncOp forward, unsigned index) {
  auto type = dyn_cast<RankedTensorType>(forward.getArgumentTypes()[index]);
  return type && type.getRank() > 0 &&
         (type.getElementType().isF32() ||
          type.getElementType().isInteger(32)) &&
         !forward.getArgAttr(index, QTrainDialect::kParameterAttrName) &&
         !getRole(forward, index);
}

ArrayRef<BlockArgument> qtc::getInputs(func::FuncOp forward) {
  unsigned count = 0;
  while (count < forward.getNumArguments() && isInput(forward, count))
    ++count;
  return forward.getArguments().take_front(count);
}

namespace {

/// The arguments of `forward` that stand for parameters.
SmallVector<BlockArgument> getParameterArguments(func::FuncOp forward) {
  SmallVector<BlockArgument> arguments;
  for (BlockArgument argument : forward.getArguments())
    if (forward.getArgAttr(argument.getArgNumber(),
                           QTrainDialect::kParameterAttrName))
      arguments.push_back(argument);
  return arguments;
}

/// The argument of `forward` whose new value result `index` is; null for a
/// prediction.
BlockArgument getOldValue(func::FuncOp forward, unsigned index) {
  Attribute symbol =
      forward.getResultAttr(index, QTrainDialect::kParameterAttrName);
  for (BlockArgument argument : getParameterArguments(forward))
    if (symbol == forward.getArgAttr(argument.getArgNumber(),
                                     QTrainDialect::kParameterAttrName))
      return argument;
  return BlockArgument();
}

/// The number of predictions of `forward`: its first results, without a mark.
unsigned countPredictions(func::FuncOp forward) {
  unsigned count = 0;
  while (count < forward.getNumResults() &&
         !forward.getResultAttr(count, QTrainDialect::kParameterAttrName))
    ++count;
  return count;
}

/// True for a function of inputs to predictions and new values of parameters.
bool hasModelSignature(func::FuncOp forward) {
  if (forward.isExternal() || getInputs(forward).empty())
    return false;
  unsigned first = countPredictions(forward);
  auto results = llvm::seq(first, forward.getNumResults());
  return first > 0 && llvm::all_of(results, [&](unsigned i) {
           BlockArgument argument = getOldValue(forward, i);
           return argument && argument.getType() == forward.getResultTypes()[i];
         });
}

LogicalResult expectRows(func::FuncOp forward) {
  for (Type type :
       forward.getResultTypes().take_front(countPredictions(forward))) {
    auto tensor = dyn_cast<RankedTensorType>(type);
    if (!tensor || tensor.getRank() != 2 || !tensor.getElementType().isF32())
      return forward.emitError("expected predictions of type tensor<NxKxf32>, "
                               "but got ")
             << type;
  }
  return success();
}

/// Checks that every argument after the inputs is a parameter or counts random
/// numbers, and that no operation has a region, which clones would share.
LogicalResult expectModelBody(func::FuncOp forward,
                              const SymbolTable &symbols) {
  unsigned first = getInputs(forward).size();
  for (unsigned i = first, e = forward.getNumArguments(); i < e; ++i) {
    std::optional<Role> role = getRole(forward, i);
    auto symbol = forward.getArgAttrOfType<FlatSymbolRefAttr>(
        i, QTrainDialect::kParameterAttrName);
    auto parameter =
        symbol ? symbols.lookup<ParameterOp>(symbol.getValue()) : ParameterOp();
    if (symbol ? !parameter || parameter.getValue().getType() !=
                                   forward.getArgumentTypes()[i]
               : role != Role::Seed && role != Role::Step)
      return forward.emitError()
             << "expected argument " << i << " of type "
             << forward.getArgumentTypes()[i]
             << " to be marked by a parameter of this type, or as seed or step";
  }
  for (Operation &op : forward.getBody().front())
    if (op.getNumRegions() > 0 || op.getNumSuccessors() > 0)
      return op.emitError()
             << "expected operations without regions in the "
                "forward pass, but got '"
             << qtcrt::printable(op.getName().getStringRef()) << "'";
  return success();
}

/// Tensors of the state, by the arguments of the forward function that they
/// replace.
using StateMap = DenseMap<Value, ParameterOp>;

/// Creates a function with the inputs and the parameters of a forward function
/// as arguments, and clones the forward pass into it.
class FunctionBuilder {
public:
  FunctionBuilder(func::FuncOp forward, StringRef name)
      : forward(forward), builder(forward) {
    builder.setInsertionPoint(forward);
    function = builder.create<func::FuncOp>(forward.getLoc(), name,
                                            builder.getFunctionType({}, {}));
    function.addEntryBlock();
    builder.setInsertionPointToEnd(&function.getBody().front());
  }

  /// Appends arguments that carry `attributes`, all at once: each change of a
  /// signature makes types and attributes of its length, which the context
  /// keeps.
  SmallVector<Value> addArguments(ArrayRef<Type> types,
                                  ArrayRef<DictionaryAttr> attributes,
                                  std::optional<Location> loc = std::nullopt) {
    unsigned first = function.getNumArguments();
    function.insertArguments(
        SmallVector<unsigned>(types.size(), first), types, attributes,
        SmallVector<Location>(types.size(), loc.value_or(forward.getLoc())));
    return llvm::to_vector_of<Value>(function.getArguments().drop_front(first));
  }

  Value addArgument(Type type, Role role,
                    std::optional<Location> loc = std::nullopt) {
    return addArguments(type, getRoleMark(builder.getContext(), role), loc)
        .front();
  }

  /// The pixels of the input `argument`, normalized.
  void addPixels(BlockArgument argument, ArrayRef<double> mean,
                 ArrayRef<double> std) {
    auto type = cast<RankedTensorType>(argument.getType());
    Type ui8 = builder.getIntegerType(8, /*isSigned=*/false);
    Value pixels = addArgument(type.clone(ui8), Role::Input, argument.getLoc());
    mapping.map(argument,
                builder.create<NormalizeOp>(forward.getLoc(), type, pixels,
                                            builder.getDenseF64ArrayAttr(mean),
                                            builder.getDenseF64ArrayAttr(std),
                                            builder.getF64FloatAttr(255.0)));
  }

  /// An argument of floats of `type`. With `width` not 0, the numbers enter as
  /// mantissas of so many bits with `exponent`.
  Value addNumbers(Type type, Role role, Location loc, unsigned width,
                   int32_t exponent) {
    if (width == 0)
      return addArgument(type, role, loc);
    Value mantissas = addArgument(
        cast<RankedTensorType>(type).clone(builder.getIntegerType(width)), role,
        loc);
    return builder.create<DecodeOp>(
        forward.getLoc(), type, mantissas,
        builder.getIntegerAttr(builder.getIntegerType(32, /*isSigned=*/true),
                               exponent));
  }

  /// Adds the parameters of the forward function, or the tensors in `places`.
  void addParameters(const StateMap &places = StateMap()) {
    SmallVector<BlockArgument> replaced = getParameterArguments(forward);
    SmallVector<Type> types;
    SmallVector<DictionaryAttr> attributes;
    for (BlockArgument argument : replaced) {
      ParameterOp parameter = places.lookup(argument);
      types.push_back(parameter ? parameter.getValue().getType()
                                : argument.getType());
      attributes.push_back(
          parameter ? getMark(parameter)
                    : forward.getArgAttrDict(argument.getArgNumber()));
    }
    mapping.map(replaced, addArguments(types, attributes));
  }

  /// Adds an argument for each tensor of the state.
  SmallVector<Value> addState(ArrayRef<ParameterOp> tensors) {
    SmallVector<Type> types;
    for (ParameterOp tensor : tensors)
      types.push_back(tensor.getValue().getType());
    return addArguments(types, llvm::map_to_vector(tensors, getMark));
  }

  static DictionaryAttr getMark(ParameterOp parameter) {
    Builder builder(parameter.getContext());
    return builder.getDictionaryAttr(builder.getNamedAttr(
        QTrainDialect::kParameterAttrName, FlatSymbolRefAttr::get(parameter)));
  }

  /// Clones the forward pass as it is.
  void cloneTraining() {
    for (Operation &op : forward.getBody().front().without_terminator())
      builder.clone(op, mapping);
  }

  /// Clones the forward pass with the evaluation form of operations that are
  /// for training only, except those that `isKept`, and without operations on
  /// values that evaluation does not have, such as new running statistics.
  void cloneEvaluation(function_ref<bool(Operation *)> isKept =
                           [](Operation *) { return false; }) {
    for (Operation &op : forward.getBody().front().without_terminator()) {
      auto training = dyn_cast<TrainingOpInterface>(op);
      if (!training || isKept(&op)) {
        if (llvm::all_of(op.getOperands(), [&](Value operand) {
              return mapping.contains(operand);
            }))
          builder.clone(op, mapping);
        continue;
      }
      SmallVector<Value> operands;
      for (Value operand : op.getOperands())
        operands.push_back(mapping.lookupOrNull(operand));
      for (auto [result, value] : llvm::zip_equal(
               op.getResults(), training.buildEvaluation(builder, operands)))
        if (value)
          mapping.map(result, value);
    }
  }

  /// The value of the clone for result `index` of the forward function; null if
  /// the clone does not have it.
  Value getResult(unsigned index) {
    Operation *terminator = forward.getBody().front().getTerminator();
    return mapping.lookupOrNull(terminator->getOperand(index));
  }

  func::FuncOp forward;
  func::FuncOp function;
  OpBuilder builder;
  IRMapping mapping;
};

/// Walks a forward pass in reverse and builds gradients and updates.
class BackwardBuilder {
public:
  BackwardBuilder(FunctionBuilder &target, SymbolTable &symbols)
      : target(target), builder(target.builder), symbols(symbols) {}

  /// Adds `gradient` to that of `prediction`.
  void addGradient(Value prediction, Value gradient) {
    gradients[prediction].push_back(gradient);
  }

  /// Builds everything after the gradients of predictions. The new values of
  /// parameters are in `updated` afterwards.
  LogicalResult run(ArrayRef<Operation *> forwardOps);

  /// New values of trainable parameters, by the argument of the old value.
  llvm::MapVector<Value, Value> updated;
  unsigned numGradients = 0;

private:
  void findNeeded(ArrayRef<Operation *> forwardOps);
  LogicalResult differentiate(Operation *op);
  void finishParameters(Operation *op);
  bool isTrainable(BlockArgument argument);
  Value takeGradient(Value value);

  FunctionBuilder &target;
  OpBuilder &builder;
  SymbolTable &symbols;
  /// Values that depend on a trainable parameter.
  DenseSet<Value> needed;
  /// Contributions to the gradient of a value, one per use.
  DenseMap<Value, SmallVector<Value>> gradients;
  /// Forward operations not differentiated yet.
  DenseSet<Operation *> pending;
};

bool BackwardBuilder::isTrainable(BlockArgument argument) {
  auto symbol = target.function.getArgAttrOfType<FlatSymbolRefAttr>(
      argument.getArgNumber(), QTrainDialect::kParameterAttrName);
  if (!symbol)
    return false;
  auto parameter = symbols.lookup<ParameterOp>(symbol.getValue());
  return parameter && parameter.getKind() == StateKind::Parameter &&
         !parameter.getFrozen();
}

void BackwardBuilder::findNeeded(ArrayRef<Operation *> forwardOps) {
  for (BlockArgument argument : target.function.getArguments())
    if (isTrainable(argument))
      needed.insert(argument);
  for (Operation *op : forwardOps)
    if (llvm::any_of(op->getOperands(),
                     [&](Value operand) { return needed.contains(operand); }))
      needed.insert(op->result_begin(), op->result_end());
}

/// The whole gradient of `value`: its contributions summed at once.
Value BackwardBuilder::takeGradient(Value value) {
  auto found = gradients.find(value);
  if (found == gradients.end())
    return Value();
  SmallVector<Value> contributions = std::move(found->second);
  gradients.erase(found);
  if (contributions.size() == 1)
    return contributions.front();
  Location loc = value.getDefiningOp() ? value.getDefiningOp()->getLoc()
                                       : contributions.front().getLoc();
  return builder.create<SumOp>(loc, value.getType(), contributions);
}

LogicalResult BackwardBuilder::differentiate(Operation *op) {
  SmallVector<Value> resultGradients;
  for (Value result : op->getResults())
    resultGradients.push_back(needed.contains(result) ? takeGradient(result)
                                                      : Value());
  if (llvm::none_of(resultGradients, [](Value value) { return value; }))
    return success();
  auto differentiable = dyn_cast<DifferentiableOpInterface>(op);
  if (!differentiable)
    return op->emitOpError("has no gradient, but a parameter needs one");
  SmallVector<Value> contributions = differentiable.buildGradients(
      builder, resultGradients,
      [&](unsigned index) { return needed.contains(op->getOperand(index)); });
  for (auto [operand, contribution] :
       llvm::zip_equal(op->getOperands(), contributions)) {
    if (!contribution)
      continue;
    gradients[operand].push_back(contribution);
    ++numGradients;
  }
  return success();
}

/// Updates the parameters that `op` was the last to use.
void BackwardBuilder::finishParameters(Operation *op) {
  for (Value operand : op->getOperands()) {
    auto argument = dyn_cast<BlockArgument>(operand);
    if (!argument || !needed.contains(argument) || updated.count(argument))
      continue;
    bool used = llvm::any_of(argument.getUsers(), [&](Operation *user) {
      return pending.contains(user);
    });
    if (used)
      continue;
    Value gradient = takeGradient(argument);
    if (!gradient)
      continue;
    auto symbol = target.function.getArgAttrOfType<FlatSymbolRefAttr>(
        argument.getArgNumber(), QTrainDialect::kParameterAttrName);
    updated[argument] =
        builder.create<UpdateOp>(op->getLoc(), argument, gradient, symbol)
            .getResult();
  }
}

LogicalResult BackwardBuilder::run(ArrayRef<Operation *> forwardOps) {
  findNeeded(forwardOps);
  pending.insert(forwardOps.begin(), forwardOps.end());
  for (Operation *op : llvm::reverse(forwardOps)) {
    if (failed(differentiate(op)))
      return failure();
    pending.erase(op);
    finishParameters(op);
  }
  return success();
}

/// Builds the function that estimates statistics: the forward pass of training
/// without dropout, in which every normalization pools the statistics of its
/// batches.
class EstimateBuilder {
public:
  EstimateBuilder(FunctionBuilder &target, SymbolTable &symbols, Value index)
      : target(target), symbols(symbols), index(index) {}

  /// Makes the pooled statistics of all normalizations of `forward` the new
  /// values of those that `statistics` has for the running ones.
  void run(func::FuncOp forward, const StateMap &statistics) {
    SmallVector<BatchNormTrainingOp> normalizations;
    SmallVector<ParameterOp> state;
    for (auto op : forward.getOps<BatchNormTrainingOp>()) {
      ParameterOp mean = statistics.lookup(op.getRunningMean()),
                  variance = statistics.lookup(op.getRunningVariance());
      // The clone lacks them if the input is something that evaluation does not
      // have.
      if (!mean || !variance || !target.mapping.contains(op.getMean()) ||
          !target.mapping.contains(op.getVariance()))
        continue;
      normalizations.push_back(op);
      state.append({mean, variance, createSum(mean, ".sum"),
                    createSum(variance, ".spread")});
    }
    SmallVector<Value> arguments = target.addState(state);
    for (auto [index, op] : llvm::enumerate(normalizations))
      pool(op, ArrayRef(arguments).slice(kStateTensors * index, kStateTensors));
  }

  /// New values of the state, by the argument of the old value.
  llvm::MapVector<Value, Value> updated;

private:
  /// Mean, variance, sum and spread.
  static constexpr size_t kStateTensors = 4;

  void pool(BatchNormTrainingOp normalization, ArrayRef<Value> state) {
    Value batchMean = target.mapping.lookup(normalization.getMean());
    Value batchVariance = target.mapping.lookup(normalization.getVariance());
    Type type = state.front().getType();
    OpBuilder::InsertionGuard guard(target.builder);
    target.builder.setInsertionPointAfterValue(batchMean);
    auto pooled = target.builder.create<PoolStatisticsOp>(
        normalization.getLoc(), type, type, type, type, batchMean,
        batchVariance, state[0], state[1], state[2], state[3], index);
    for (auto [old, result] : llvm::zip_equal(state, pooled.getResults()))
      updated[old] = result;
  }

  /// A tensor in which sums of the batches are kept.
  ParameterOp createSum(ParameterOp statistic, StringRef suffix) {
    OpBuilder builder(statistic);
    builder.setInsertionPointAfter(statistic);
    auto origin = symbols.lookup<ParameterOp>(*statistic.getOrigin());
    FlatSymbolRefAttr symbol =
        ParameterOp::getSymbol(builder.getContext(), StateKind::Scratch,
                               (origin.getTensorName() + suffix).str());
    auto type = cast<RankedTensorType>(statistic.getValue().getType());
    auto sum = builder.create<ParameterOp>(
        statistic.getLoc(), symbol, statistic.getId(), StateKind::Scratch,
        DenseElementsAttr::get(type, 0.0f));
    symbols.insert(sum);
    return sum;
  }

  FunctionBuilder &target;
  SymbolTable &symbols;
  Value index;
};

struct GenerateBackward : qtc::impl::GenerateBackwardBase<GenerateBackward> {
  using GenerateBackwardBase::GenerateBackwardBase;

  FunctionNeeds getNeeds() const override {
    return {/*oneBlock=*/true, /*plainSignature=*/true, /*marks=*/true};
  }
  bool concerns(func::FuncOp function) const override {
    return function.getSymName() == "forward";
  }

  void runOnModel() override {
    auto forward = getOperation().lookupSymbol<func::FuncOp>("forward");
    if (!forward) {
      getOperation().emitError("expected a function @forward");
      return signalPassFailure();
    }
    if (!hasModelSignature(forward)) {
      forward.emitError("expected a body, inputs, predictions, and further "
                        "results that are new values of parameters");
      return signalPassFailure();
    }
    SymbolTable symbols(getOperation());
    if (failed(expectRows(forward)) ||
        failed(expectModelBody(forward, symbols)))
      return signalPassFailure();
    auto read = readLossHeads(forward, countPredictions(forward),
                              {losses, lossOptions, lossWeights});
    if (failed(read))
      return signalPassFailure();
    heads = std::move(*read);
    for (const LossHead &head : heads)
      head.dropLink(forward);
    if (mean.empty())
      mean = ArrayRef<double>{0.0};
    if (std.empty())
      std = ArrayRef<double>{1.0};
    StateMap statistics = addEvaluationState(forward, symbols);
    if (failed(buildEvaluate(forward, statistics)) ||
        failed(buildTrainStep(forward, symbols)))
      return signalPassFailure();
    if (!statistics.empty() &&
        failed(buildEstimate(forward, statistics, symbols)))
      return signalPassFailure();
    forward.erase();
  }

  void addInputs(FunctionBuilder &target) {
    for (BlockArgument input : getInputs(target.forward))
      addInput(target, input);
  }

  void addInput(FunctionBuilder &target, BlockArgument input) {
    Type type = input.getType();
    if (getElementTypeOrSelf(type).isInteger(32))
      return target.mapping.map(
          input, target.addArgument(type, Role::Input, input.getLoc()));
    if (!llvm::is_contained(*numberInputs, input.getArgNumber()))
      return target.addPixels(input, *mean, *std);
    target.mapping.map(input,
                       target.addNumbers(type, Role::Input, input.getLoc(),
                                         mantissas ? 8 : 0, kInputExponent));
  }

  /// The targets of all predictions.
  SmallVector<Value> addTargets(FunctionBuilder &target) {
    return llvm::map_to_vector(
        heads, [&](const LossHead &head) { return addTarget(target, head); });
  }

  Value addTarget(FunctionBuilder &target, const LossHead &head) {
    auto type =
        cast<RankedTensorType>(target.forward.getResultTypes()[head.index]);
    Location loc = target.forward.getLoc();
    if (head.loss->takesClasses)
      return target.addArgument(
          RankedTensorType::get(type.getShape().take_front(),
                                target.builder.getI32Type()),
          Role::Target, loc);
    return target.addNumbers(type, Role::Target, loc, mantissas ? 32 : 0,
                             kTargetExponent);
  }

  /// Running statistics lag behind the weights, so evaluation has its own
  /// tensors instead, which start as copies.
  StateMap addEvaluationState(func::FuncOp forward, SymbolTable &symbols) {
    StateMap state;
    for (unsigned i = heads.size(), e = forward.getNumResults(); i < e; ++i) {
      auto symbol = forward.getResultAttrOfType<FlatSymbolRefAttr>(
          i, QTrainDialect::kParameterAttrName);
      auto running =
          symbol ? symbols.lookup<ParameterOp>(symbol.getValue()) : nullptr;
      if (!running ||
          running.getValue().getType() != forward.getResultTypes()[i])
        continue;
      OpBuilder builder(running);
      builder.setInsertionPointAfter(running);
      auto copy = cast<ParameterOp>(builder.clone(*running));
      std::string name = (running.getTensorName() + ".evaluation").str();
      copy.setSymNameAttr(
          ParameterOp::getSymbol(&getContext(), StateKind::Evaluation, name)
              .getAttr());
      copy.setKind(StateKind::Evaluation);
      copy.setOriginAttr(FlatSymbolRefAttr::get(running));
      symbols.insert(copy);
      state[getOldValue(forward, i)] = copy;
    }
    return state;
  }

  LogicalResult buildEvaluate(func::FuncOp forward,
                              const StateMap &statistics) {
    FunctionBuilder target(forward, QTrainDialect::kEvaluateName);
    addInputs(target);
    SmallVector<Value> truths = addTargets(target);
    target.addParameters(statistics);
    target.cloneEvaluation();
    return finish(target, {}, buildReports(target, truths));
  }

  LogicalResult buildEstimate(func::FuncOp forward, const StateMap &statistics,
                              SymbolTable &symbols) {
    FunctionBuilder target(forward, QTrainDialect::kEstimateName);
    addInputs(target);
    target.addParameters();
    Value index = target.addArgument(target.builder.getI32Type(), Role::Step);
    target.cloneEvaluation(
        [](Operation *op) { return isa<BatchNormTrainingOp>(op); });
    EstimateBuilder estimate(target, symbols, index);
    estimate.run(forward, statistics);
    return finish(target, estimate.updated);
  }

  LogicalResult buildTrainStep(func::FuncOp forward, SymbolTable &symbols) {
    FunctionBuilder target(forward, QTrainDialect::kTrainStepName);
    OpBuilder &builder = target.builder;
    addInputs(target);
    SmallVector<Value> truths = addTargets(target);
    target.addParameters();
    Value seed = target.addArgument(builder.getI64Type(), Role::Seed);
    Value step = target.addArgument(builder.getI32Type(), Role::Step);
    target.addArgument(builder.getI64Type(), Role::Schedule);
    for (BlockArgument argument : forward.getArguments()) {
      std::optional<Role> role = getRole(forward, argument.getArgNumber());
      if (role == Role::Seed || role == Role::Step)
        target.mapping.map(argument, role == Role::Seed ? seed : step);
    }
    target.cloneTraining();
    SmallVector<Operation *> forwardOps;
    for (Operation &op : target.function.getBody().front())
      forwardOps.push_back(&op);

    BackwardBuilder backward(target, symbols);
    int64_t rows = getShape(target.getResult(0)).front();
    for (auto [head, truth] : llvm::zip_equal(heads, truths)) {
      Value prediction = target.getResult(head.index);
      backward.addGradient(
          prediction, head.buildGradient(builder, prediction, truth, rows));
    }
    if (failed(backward.run(forwardOps)))
      return failure();
    numGradients += backward.numGradients;
    numUpdates += backward.updated.size();
    // The forward pass itself gives the new values of running statistics.
    for (unsigned i = heads.size(), e = forward.getNumResults(); i < e; ++i)
      backward.updated[target.mapping.lookup(getOldValue(forward, i))] =
          target.getResult(i);
    return finish(target, backward.updated, buildReports(target, truths));
  }

  /// Builds the metrics of all predictions, then their weights; nothing without
  /// predictions.
  SmallVector<Report> buildReports(FunctionBuilder &target,
                                   ArrayRef<Value> truths) {
    SmallVector<Report> metrics, weights;
    for (auto [head, truth] : llvm::zip_equal(heads, truths))
      if (Value prediction = target.getResult(head.index))
        head.buildReports(target.builder, prediction, truth, metrics, weights);
    metrics.append(weights);
    return metrics;
  }

  /// Returns the predictions, what is reported and the updated parameters from
  /// the function.
  LogicalResult finish(FunctionBuilder &target,
                       const llvm::MapVector<Value, Value> &updated,
                       ArrayRef<Report> reports = {}) {
    SmallVector<Value> results;
    SmallVector<Attribute> marks;
    for (const LossHead &head : heads) {
      results.push_back(target.getResult(head.index));
      // The first one needs no mark.
      marks.push_back(head.index == 0
                          ? target.builder.getDictionaryAttr({})
                          : getRoleMark(&getContext(), Role::Prediction));
    }
    if (llvm::is_contained(results, Value()))
      return target.forward.emitError("expected logits that evaluation can "
                                      "compute without random numbers");
    for (const Report &report : reports) {
      results.push_back(report.value);
      marks.push_back(getMark(report));
    }
    for (auto [parameter, value] : updated) {
      results.push_back(value);
      NamedAttribute mark = target.builder.getNamedAttr(
          QTrainDialect::kParameterAttrName,
          target.function.getArgAttr(
              cast<BlockArgument>(parameter).getArgNumber(),
              QTrainDialect::kParameterAttrName));
      marks.push_back(target.builder.getDictionaryAttr(mark));
    }
    // The names of the outputs are kept.
    target.builder.create<func::ReturnOp>(
        target.forward.getBody().front().getTerminator()->getLoc(), results);
    func::FuncOp function = target.function;
    function.setType(target.builder.getFunctionType(
        function.getArgumentTypes(), ValueRange(results).getTypes()));
    function.setAllResultAttrs(marks);
    return success();
  }

  DictionaryAttr getMark(const Report &report) {
    Builder builder(&getContext());
    NamedAttrList mark(getRoleMark(&getContext(), report.role));
    mark.set(QTrainDialect::kNameAttrName, builder.getStringAttr(report.name));
    if (report.output > 0)
      mark.set(QTrainDialect::kOutputAttrName,
               builder.getI32IntegerAttr(report.output));
    return mark.getDictionary(&getContext());
  }

  SmallVector<LossHead> heads;
};
} // namespace
