//===- NITINormalization.cpp - BatchNormalization under NITI --------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The paper defines none; see docs/numerics.md, section 4.14. Rules of
// gradients repeat steps of the forward pass, which common subexpression
// elimination merges.
//
//===----------------------------------------------------------------------===//

#include "compiler/Scheme/IntegerRules.h"
#include "compiler/Scheme/NITI/NITI.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;
using namespace qtc;
using namespace qtc::qtrain;
using namespace qtc::scheme;

//===----------------------------------------------------------------------===//
// The input of a normalization
//===----------------------------------------------------------------------===//

namespace {

/// The operation that gives accumulators to `normalization` and to no other
/// operation; null if there is none. Gradients of the normalization read the
/// input again.
Operation *findWideProducer(NormalizationOpInterface normalization) {
  OpOperand &input = normalization.getInputMutable();
  for (OpOperand &use : input.get().getUses()) {
    auto gradient = dyn_cast<NormalizationGradientOpInterface>(use.getOwner());
    bool isGradients = gradient && &use == &gradient.getInputMutable();
    if (&use != &input && !isGradients)
      return nullptr;
  }
  Value value = input.get();
  Operation *producer = value.getDefiningOp();
  while (onlyMovesElements(producer)) {
    producer = producer->getOperand(0).getDefiningOp();
    if (producer && !producer->hasOneUse())
      return nullptr;
  }
  Operation *contraction = producer;
  if (auto bias = dyn_cast_or_null<BiasAddOp>(producer))
    contraction = bias.getInput().getDefiningOp();
  bool isWide = isa_and_nonnull<LayerOpInterface>(contraction) &&
                (contraction == producer || contraction->hasOneUse());
  return isWide ? producer : nullptr;
}

/// The name of the running mean of `normalization`, which no other shares.
StringRef getRunningMean(NormalizationOpInterface normalization,
                         const SymbolTable &symbols) {
  auto function = normalization->getParentOfType<func::FuncOp>();
  ParameterOp mean =
      findParameter(function, symbols, normalization.getRunningMean());
  if (!mean)
    return "";
  return mean.getOrigin().value_or(mean.getSymName());
}
} // namespace

void niti::markWideResults(ModuleOp module) {
  SymbolTable symbols(module);
  SmallVector<std::pair<Operation *, StringRef>> producers;
  llvm::StringSet<> narrow;
  auto note = [&](NormalizationOpInterface op) {
    StringRef name = getRunningMean(op, symbols);
    if (Operation *producer = findWideProducer(op))
      producers.emplace_back(producer, name);
    else
      narrow.insert(name);
  };
  for (func::FuncOp function : getDefinedFunctions(module))
    function.walk(note);
  for (auto [producer, name] : producers)
    if (!narrow.contains(name))
      producer->setAttr(kWideAttrName, UnitAttr::get(module.getContext()));
}

llvm::DenseSet<ParameterOp> niti::widenNormalizations(ModuleOp module) {
  SymbolTable symbols(module);
  llvm::DenseSet<ParameterOp> parameters;
  for (func::FuncOp function : getDefinedFunctions(module))
    function.walk([&](NormalizationOpInterface op) {
      for (Value value : {op.getScale(), op.getBias()})
        if (ParameterOp parameter = findParameter(function, symbols, value))
          parameters.insert(parameter);
    });
  for (ParameterOp parameter : parameters)
    parameter.setWeightBits(16);
  return parameters;
}

bool niti::isChannelGradient(Value gradient) {
  Operation *op = gradient.getDefiningOp();
  while (onlyMovesElements(op))
    op = op->getOperand(0).getDefiningOp();
  return op && op->hasTrait<FormsChannelGradients>();
}

//===----------------------------------------------------------------------===//
// Rules
//===----------------------------------------------------------------------===//

namespace {

/// A scaled tensor [C] for the values of the channels of `input`.
ScaledType getChannelType(Value input, unsigned width) {
  MLIRContext *context = input.getContext();
  return ScaledType::get(
      context, RankedTensorType::get(getShape(input)[1],
                                     IntegerType::get(context, width)));
}

/// The input with 16 bits: 64 · m if it has 8.
Value widen(OpBuilder &builder, Location loc, Value input) {
  constexpr int64_t kMoreBits = 6;
  if (getWidth(input) == 16)
    return input;
  return builder.create<ShiftScaleOp>(
      loc, cast<ScaledType>(input.getType()).withWidth(16), input,
      createInt(builder, loc, -kMoreBits), Value(), Rounding::TowardZero,
      /*bits=*/15, /*bidirectional=*/true);
}

/// The input, standardized, then scaled and shifted by the model's numbers.
Value normalize(OpBuilder &builder, Location loc, Value input, Value mean,
                Value variance, Value scale, Value bias) {
  Value standard = builder.create<StandardizeOp>(loc, input.getType(), input,
                                                 mean, variance);
  Value accumulators = builder.create<ChannelAffineOp>(
      loc, cast<ScaledType>(input.getType()).withWidth(32), standard, scale,
      bias);
  return niti::requantize(builder, loc, accumulators);
}

struct QuantizeTraining : OpConversionPattern<BatchNormTrainingOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(BatchNormTrainingOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    Value input = widen(rewriter, loc, adaptor.getInput());
    ScaledType sums = getChannelType(input, 64);
    auto moments =
        rewriter.create<ChannelMomentsOp>(loc, sums, sums, input, input);
    ArrayRef<int64_t> shape = getShape(input);
    auto batch = rewriter.create<ChannelStatisticsOp>(
        loc, sums.withWidth(16), sums.withWidth(32), moments.getSum(),
        moments.getProducts(), ShapedType::getNumElements(shape) / shape[1]);
    auto running = rewriter.create<FollowStatisticsOp>(
        loc, adaptor.getRunningMean().getType(),
        adaptor.getRunningVariance().getType(), batch.getMean(),
        batch.getVariance(), adaptor.getRunningMean(),
        adaptor.getRunningVariance(), op.getMomentumAttr());
    Value result =
        normalize(rewriter, loc, input, batch.getMean(), batch.getVariance(),
                  adaptor.getScale(), adaptor.getBias());
    rewriter.replaceOp(op, {result, batch.getMean(), batch.getVariance(),
                            running.getNewMean(), running.getNewVariance()});
    return success();
  }
};

struct QuantizeInference : OpConversionPattern<BatchNormInferenceOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(BatchNormInferenceOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    Value input = widen(rewriter, loc, adaptor.getInput());
    auto statistics = rewriter.create<RecallStatisticsOp>(
        loc, getChannelType(input, 16), getChannelType(input, 32), input,
        adaptor.getRunningMean(), adaptor.getRunningVariance());
    rewriter.replaceOp(op, normalize(rewriter, loc, input, statistics.getMean(),
                                     statistics.getVariance(),
                                     adaptor.getScale(), adaptor.getBias()));
    return success();
  }
};

struct QuantizePool : OpConversionPattern<PoolStatisticsOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(PoolStatisticsOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    ScaledType wide = getScaledType(op.getPooledMean().getType(), 64);
    rewriter.replaceOpWithNewOp<PoolStatisticsOp>(
        op, wide.withWidth(32), wide, wide, wide, adaptor.getMean(),
        adaptor.getVariance(), adaptor.getOldMean(), adaptor.getOldVariance(),
        adaptor.getSum(), adaptor.getSpread(), adaptor.getIndex());
    return success();
  }
};

/// xhat and the moments of the error, which both gradients use.
struct Moments {
  template <typename Adaptor>
  Moments(OpBuilder &builder, Location loc, Adaptor adaptor) {
    Value input = widen(builder, loc, adaptor.getInput());
    standard = builder.create<StandardizeOp>(
        loc, input.getType(), input, adaptor.getMean(), adaptor.getVariance());
    auto moments = builder.create<ChannelMomentsOp>(
        loc, getChannelType(input, 64), getChannelType(input, 64), standard,
        adaptor.getGradient());
    sum = moments.getSum();
    products = moments.getProducts();
  }
  Value standard, sum, products;
};

struct QuantizeParameterGradient
    : OpConversionPattern<BatchNormParameterGradientOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(BatchNormParameterGradientOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    constexpr int64_t kFractionBits = 12;
    Location loc = op.getLoc();
    Moments moments(rewriter, loc, adaptor);
    Value scaleGradient = rewriter.create<ShiftScaleOp>(
        loc, moments.products.getType(), moments.products,
        createInt(rewriter, loc, kFractionBits), Value(), Rounding::Nearest,
        /*bits=*/64);
    rewriter.replaceOp(op, {scaleGradient, moments.sum});
    return success();
  }
};

struct QuantizeInputGradient : OpConversionPattern<BatchNormInputGradientOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(BatchNormInputGradientOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    Moments moments(rewriter, loc, adaptor);
    Value accumulators = rewriter.create<StandardizeGradientOp>(
        loc, getScaledType(op.getType(), 32), moments.standard,
        adaptor.getGradient(), adaptor.getVariance(), adaptor.getScale(),
        moments.sum, moments.products);
    rewriter.replaceOp(
        op, niti::requantize(rewriter, loc, accumulators,
                             niti::getMagnitudeBits(adaptor.getGradient())));
    return success();
  }
};
} // namespace

void niti::populateNormalizationRules(RewritePatternSet &patterns) {
  patterns.add<QuantizeTraining, QuantizeInference, QuantizePool,
               QuantizeParameterGradient, QuantizeInputGradient>(
      patterns.getContext());
}
