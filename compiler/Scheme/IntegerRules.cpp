//===- IntegerRules.cpp - Pieces of integer schemes -----------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Scheme/IntegerRules.h"
#include "compiler/Support/Rewriting.h"

#include "mlir/IR/Diagnostics.h"
#include "mlir/Rewrite/PatternApplicator.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"

#include <cmath>

using namespace mlir;
using namespace qtc;
using namespace qtc::qtrain;

//===----------------------------------------------------------------------===//
// Values
//===----------------------------------------------------------------------===//

ScaledType scheme::getScaledType(Type type, unsigned width) {
  auto tensor = cast<RankedTensorType>(type);
  return ScaledType::get(type.getContext(), tensor.clone(IntegerType::get(
                                                type.getContext(), width)));
}

unsigned scheme::getWidth(Value value) {
  return cast<ScaledType>(value.getType()).getWidth();
}

unsigned scheme::getWidthFor(int64_t bound, unsigned minWidth) {
  unsigned width = minWidth;
  while (width < 64 && !llvm::isIntN(width, bound))
    width *= 2;
  return width;
}

Value scheme::createInt(OpBuilder &builder, Location loc, int64_t value) {
  return builder.create<arith::ConstantIntOp>(loc, value, 32);
}

/// The targets among the first `end` arguments of `function`.
static unsigned countTargets(func::FuncOp function, unsigned end) {
  return llvm::count_if(llvm::seq(0u, end), [&](unsigned index) {
    return getRole(function, index) == Role::Target;
  });
}

unsigned scheme::countOutputs(Operation *op) {
  auto function = op->getParentOfType<func::FuncOp>();
  return countTargets(function, function.getNumArguments());
}

unsigned scheme::getOutputIndex(Value targets) {
  auto argument = dyn_cast<BlockArgument>(targets);
  if (!argument)
    return 0;
  auto function = dyn_cast<func::FuncOp>(argument.getOwner()->getParentOp());
  return function ? countTargets(function, argument.getArgNumber()) : 0;
}

bool scheme::hasRandom(Operation *op) {
  return findArgument(op, Role::Seed) && findArgument(op, Role::Step);
}

ParameterOp scheme::findUpdated(UpdateOp op) {
  FlatSymbolRefAttr symbol = op.getSymbolAttr();
  return symbol ? SymbolTable::lookupNearestSymbolFrom<ParameterOp>(op, symbol)
                : ParameterOp();
}

std::optional<int64_t> scheme::getLog2Rate(ParameterOp parameter) {
  int exponent = 1;
  if (parameter.getRate() &&
      std::frexp(parameter.getRate()->convertToDouble(), &exponent) != 0.5)
    return std::nullopt;
  return exponent - 1;
}

Value scheme::createRandom(OpBuilder &builder, Operation *op, ScaledType scaled,
                           int64_t id, RandomPurpose purpose) {
  auto type = RankedTensorType::get(scaled.getShape(), builder.getI16Type());
  return builder.create<RandomOp>(op->getLoc(), type,
                                  findArgument(op, Role::Seed),
                                  findArgument(op, Role::Step), id, purpose);
}

Value scheme::rebuild(OpBuilder &builder, Operation *op, ValueRange operands,
                      unsigned width) {
  OperationState state(op->getLoc(), op->getName(), operands,
                       getScaledType(op->getResult(0).getType(), width),
                       op->getAttrs());
  state.propertiesAttr = op->getPropertiesAsAttribute();
  return builder.create(state)->getResult(0);
}

//===----------------------------------------------------------------------===//
// Parameters
//===----------------------------------------------------------------------===//

void scheme::setMantissas(ParameterOp parameter, ArrayRef<int16_t> mantissas,
                          unsigned width, int exponent) {
  auto type = cast<ShapedType>(parameter.getValue().getType());
  Builder builder(parameter.getContext());
  auto tensor =
      RankedTensorType::get(type.getShape(), builder.getIntegerType(width));
  if (width == 16) {
    parameter.setValueAttr(DenseIntElementsAttr::get(tensor, mantissas));
  } else {
    SmallVector<int8_t> bytes(mantissas.begin(), mantissas.end());
    parameter.setValueAttr(
        DenseIntElementsAttr::get(tensor, ArrayRef<int8_t>(bytes)));
  }
  parameter.setExponentAttr(
      builder.getIntegerAttr(builder.getIntegerType(32, true), exponent));
}

//===----------------------------------------------------------------------===//
// Functions
//===----------------------------------------------------------------------===//

namespace {
struct ReturnMantissas : OpConversionPattern<func::ReturnOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(func::ReturnOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    auto function = op->getParentOfType<func::FuncOp>();
    SmallVector<Value> results;
    for (auto [index, value] : llvm::enumerate(adaptor.getOperands())) {
      auto type = cast<ScaledType>(value.getType());
      auto parts = rewriter.create<DecomposeOp>(
          op.getLoc(), getMemoryType(type.getMantissa()), rewriter.getI32Type(),
          value);
      results.push_back(parts.getMantissas());
      if (getResultRole(function, index) == Role::Prediction)
        results.push_back(parts.getExponent());
    }
    rewriter.replaceOpWithNewOp<func::ReturnOp>(op, results);
    return success();
  }
};

/// Metrics and their weights are fixed point.
template <typename OpTy> struct FixMetric : OpConversionPattern<OpTy> {
  using OpConversionPattern<OpTy>::OpConversionPattern;
  LogicalResult
  matchAndRewrite(OpTy op, typename OpTy::Adaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    rewriter.replaceOp(op, scheme::rebuild(rewriter, op, adaptor.getOperands(),
                                           /*width=*/64));
    return success();
  }
};
} // namespace

void scheme::populateSharedRules(RewritePatternSet &patterns) {
  patterns
      .add<ReturnMantissas, FixMetric<RowMetricOp>, FixMetric<LabelWeightOp>>(
          patterns.getContext());
}

static bool isFloat(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  return tensor && isa<FloatType>(tensor.getElementType());
}

/// Turns arguments that stand for parameters into mantissas, and those into
/// scaled values.
static void composeParameters(func::FuncOp function, const SymbolTable &symbols,
                              scheme::ComputedCopy getComputed) {
  MLIRContext *context = function.getContext();
  auto builder = OpBuilder::atBlockBegin(&function.getBody().front());
  for (BlockArgument argument : function.getArguments()) {
    ParameterOp parameter = findParameter(function, symbols, argument);
    if (!parameter)
      continue;
    auto type = cast<RankedTensorType>(parameter.getValue().getType());
    Location loc = parameter.getLoc();
    SmallVector<OpOperand *> uses;
    for (OpOperand &use : argument.getUses())
      uses.push_back(&use);
    argument.setType(type);
    Value exponent =
        scheme::createInt(builder, loc, int32_t(*parameter.getExponent()));
    Value stored = builder.create<ComposeOp>(
        loc, ScaledType::get(context, type), argument, exponent);
    Value computed = getComputed(builder, parameter, stored);
    for (OpOperand *use : uses)
      use->set(isa<UpdateOp>(use->getOwner()) ? stored : computed);
  }
}

static void updateType(func::FuncOp function) {
  MLIRContext *context = function.getContext();
  Operation *terminator = function.getBody().front().getTerminator();
  SmallVector<Attribute> attributes;
  for (unsigned i = 0, e = function.getNumResults(); i < e; ++i) {
    auto given = function.getResultAttrDict(i);
    attributes.push_back(given ? given : DictionaryAttr::get(context));
    if (getResultRole(function, i) == Role::Prediction) // its exponent follows
      attributes.push_back(DictionaryAttr::get(context));
  }
  function.setType(
      FunctionType::get(context, function.getBody().front().getArgumentTypes(),
                        terminator->getOperandTypes()));
  function.setAllResultAttrs(attributes);
}

/// Applies `rules`. A rule that fails reports the reason, and the driver adds
/// that it could not legalize an operation. That does not help a user, so the
/// driver's errors are reported only if there are no others.
static LogicalResult convert(func::FuncOp function, ConversionTarget &target,
                             const FrozenRewritePatternSet &rules) {
  bool hasReason = false;
  ScopedDiagnosticHandler handler(
      function.getContext(), [&](Diagnostic &diagnostic) {
        bool isDrivers =
            StringRef(diagnostic.str()).starts_with("failed to legalize");
        bool isDropped = isDrivers && hasReason;
        hasReason |= diagnostic.getSeverity() == DiagnosticSeverity::Error;
        return success(isDropped);
      });
  return applyPartialConversion(function, target, rules);
}

/// True for operations that have no floats.
static bool isInteger(Operation *op) {
  return llvm::none_of(op->getOperandTypes(), isFloat) &&
         llvm::none_of(op->getResultTypes(), isFloat);
}

LogicalResult scheme::refuse(Operation *op, StringRef name, StringRef reason) {
  return op->emitError() << "scheme " << name << " " << reason
                         << "; use another scheme, or change the model";
}

LogicalResult scheme::expectRules(ModuleOp module, StringRef name,
                                  RewritePatternSet rules,
                                  RewritePatternSet refusals) {
  FrozenRewritePatternSet known(std::move(rules)), refused(std::move(refusals));
  PatternApplicator applicator(refused);
  applicator.applyDefaultCostModel();
  PatternRewriter rewriter(module.getContext());
  // Functions repeat the operations of a node, and gradients have its location.
  DenseSet<Location> reported;
  module.walk([&](Operation *op) {
    if (!isa_and_nonnull<QTrainDialect>(op->getDialect()) || isInteger(op) ||
        hasPattern(known, op) || !reported.insert(op->getLoc()).second)
      return;
    if (hasPattern(refused, op))
      (void)applicator.matchAndRewrite(op, rewriter);
    else
      (void)refuse(op, name, "does not define this operator");
  });
  return success(reported.empty());
}

LogicalResult
scheme::expectFunctions(ModuleOp module,
                        function_ref<bool(FunctionAttrInterface)> isDefined,
                        function_ref<StringRef(ElementwiseOp)> explain) {
  DenseMap<Attribute, bool> known;
  DenseSet<Location> reported;
  module.walk([&](ElementwiseOp op) {
    auto [entry, isNew] = known.try_emplace(op.getFunction(), true);
    if (isNew)
      entry->second = isDefined(op.getFunction());
    if (!entry->second && reported.insert(op->getLoc()).second)
      op->emitError() << explain(op);
  });
  return success(reported.empty());
}

LogicalResult scheme::applyRules(ModuleOp module, RewritePatternSet rules,
                                 ComputedCopy getComputed) {
  ConversionTarget target(*module.getContext());
  target.addLegalDialect<arith::ArithDialect>();
  target.addDynamicallyLegalDialect<QTrainDialect>(isInteger);
  target.addDynamicallyLegalOp<func::ReturnOp>(isInteger);
  FrozenRewritePatternSet frozen(std::move(rules));
  SymbolTable symbols(module);
  for (func::FuncOp function : getDefinedFunctions(module)) {
    composeParameters(function, symbols, getComputed);
    if (failed(convert(function, target, frozen)))
      return failure();
    updateType(function);
  }
  return success();
}
