//===- NITIRules.cpp - Rewrite rules of the NITI scheme -------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Optimizer/IntegerUpdateBuilder.h"
#include "compiler/Scheme/IntegerRules.h"
#include "compiler/Scheme/NITI/NITI.h"
#include "compiler/Scheme/SchemeOption.h"

#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FormatVariadic.h"

#include <algorithm>
#include <cmath>

using namespace mlir;
using namespace qtc;
using namespace qtc::qtrain;
using namespace qtc::scheme;

//===----------------------------------------------------------------------===//
// Shared pieces
//===----------------------------------------------------------------------===//

Value niti::requantize(OpBuilder &builder, Location loc, Value accumulators,
                       int magnitudeBits) {
  auto type = cast<ScaledType>(accumulators.getType());
  Value bits = builder.create<MagnitudeBitsOp>(loc, accumulators);
  Value excess = builder.create<arith::SubIOp>(
      loc, bits, createInt(builder, loc, magnitudeBits));
  Value shift =
      builder.create<arith::MaxSIOp>(loc, excess, createInt(builder, loc, 0));
  return builder.create<ShiftScaleOp>(
      loc, type.withWidth(magnitudeBits < 8 ? 8 : 16), accumulators, shift,
      Value(), Rounding::Nearest, magnitudeBits + 1);
}

int niti::getMagnitudeBits(Value mantissas) {
  return getWidth(mantissas) == 8 ? kMantissaBits : kWideBits;
}

Value niti::narrow(OpBuilder &builder, Location loc, Value mantissas) {
  return getWidth(mantissas) == 8 ? mantissas
                                  : requantize(builder, loc, mantissas);
}

namespace {

using niti::kMantissaBits;
using niti::kWideBits;

/// Rebuilds `op`, which gives accumulators of `width` bits, on scaled operands.
Value accumulate(OpBuilder &builder, Operation *op, ValueRange operands,
                 unsigned width) {
  Value accumulators = rebuild(builder, op, operands, width);
  accumulators.getDefiningOp()->removeAttr(niti::kWideAttrName);
  return accumulators;
}

/// requantize(acc) as `op` is marked.
Value requantizeResult(OpBuilder &builder, Operation *op, Value accumulators) {
  bool isWide = op->hasAttr(niti::kWideAttrName);
  return niti::requantize(builder, op->getLoc(), accumulators,
                          isWide ? kWideBits : kMantissaBits);
}

//===----------------------------------------------------------------------===//
// Input
//===----------------------------------------------------------------------===//

/// Pixels go through a table of 256 mantissas per channel, computed here in
/// IEEE double (numerics contract, section 3).
struct QuantizeInput : OpConversionPattern<NormalizeOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(NormalizeOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    std::vector<double> values = tabulatePixels(op);
    double maximum = 0.0;
    for (double value : values)
      maximum = std::max(maximum, std::abs(value));
    if (!(maximum > 0.0) || !std::isfinite(maximum))
      return op.emitError("expected a finite, non-zero range of pixel values");
    int exponent;
    double fraction = std::frexp(maximum, &exponent);
    exponent -= (fraction == 0.5 ? 1 : 0) + kMantissaBits;
    SmallVector<int8_t> table;
    for (double value : values)
      table.push_back(static_cast<int8_t>(std::clamp(
          std::nearbyint(value * std::ldexp(1.0, -exponent)), -127.0, 127.0)));
    auto rows = static_cast<int64_t>(values.size() / 256);
    auto type = RankedTensorType::get({rows, 256}, rewriter.getI8Type());
    rewriter.replaceOpWithNewOp<LookupOp>(
        op, getScaledType(op.getType(), 8), op.getPixels(),
        DenseIntElementsAttr::get(type, ArrayRef<int8_t>(table)),
        rewriter.getIntegerAttr(rewriter.getIntegerType(32, true), exponent));
    return success();
  }
};

/// Numbers of the data set are mantissas already.
struct ComposeNumbers : OpConversionPattern<DecodeOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(DecodeOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    RankedTensorType mantissas = op.getMantissas().getType();
    rewriter.replaceOpWithNewOp<ComposeOp>(
        op, ScaledType::get(getContext(), mantissas), op.getMantissas(),
        createInt(rewriter, op.getLoc(), op.getExponent()));
    return success();
  }
};

//===----------------------------------------------------------------------===//
// Forward and error propagation
//===----------------------------------------------------------------------===//

/// The width of a sum of `length` products of mantissas, or of mantissas alone.
/// It is 32 for mantissas of 8 bits, where longer sums saturate.
unsigned getSumWidth(int64_t length, ValueRange mantissas) {
  bool isWide = llvm::any_of(
      mantissas, [](Value operand) { return getWidth(operand) == 16; });
  if (!isWide)
    return 32;
  Value rhs = mantissas.size() > 1 ? mantissas[1] : Value();
  return getWidthFor(getSumBound(length, mantissas[0], rhs), /*minWidth=*/32);
}

/// Contractions give accumulators. Those of activations and errors are
/// requantized, unless a bias comes first; weight gradients stay exact.
struct QuantizeContraction
    : OpInterfaceConversionPattern<ContractionOpInterface> {
  QuantizeContraction(MLIRContext *context, int64_t errorBits)
      : OpInterfaceConversionPattern(context), errorBits(errorBits) {}
  LogicalResult
  matchAndRewrite(ContractionOpInterface op, ArrayRef<Value> operands,
                  ConversionPatternRewriter &rewriter) const override {
    unsigned width = getSumWidth(op.getReductionLength(), operands);
    Value accumulators = accumulate(rewriter, op, operands, width);
    auto layout = dyn_cast<LayoutOpInterface>(op.getOperation());
    bool isGradient = layout && layout.formsParameters();
    bool takesBias = op->hasOneUse() && isa<BiasAddOp>(*op->getUsers().begin());
    if (isGradient || takesBias)
      rewriter.replaceOp(op, accumulators);
    else if (isa<LayerOpInterface>(op.getOperation()))
      rewriter.replaceOp(op, requantizeResult(rewriter, op, accumulators));
    else
      rewriter.replaceOp(
          op, niti::requantize(rewriter, op.getLoc(), accumulators,
                               errorBits == 8 ? kMantissaBits : kWideBits));
    return success();
  }

private:
  int64_t errorBits;
};

/// A bias is added to accumulators; mantissas are widened to such first.
struct QuantizeBiasAdd : OpConversionPattern<BiasAddOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(BiasAddOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Value input = adaptor.getInput();
    if (getWidth(input) != 32)
      input = rewriter.create<ShiftScaleOp>(
          op.getLoc(), cast<ScaledType>(input.getType()).withWidth(32), input,
          createInt(rewriter, op.getLoc(), 0), Value(), Rounding::Nearest,
          /*bits=*/32);
    Value sum = rewriter.create<BiasAddOp>(op.getLoc(), input.getType(), input,
                                           adaptor.getBias());
    rewriter.replaceOp(op, requantizeResult(rewriter, op, sum));
    return success();
  }
};

/// Operations that add up mantissas of 8 bits: accumulators, requantized.
template <typename OpTy>
struct AccumulateAndRequantize : OpConversionPattern<OpTy> {
  using OpConversionPattern<OpTy>::OpConversionPattern;
  LogicalResult
  matchAndRewrite(OpTy op, typename OpTy::Adaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Value sum = rebuild(rewriter, op, adaptor.getOperands(), 32);
    rewriter.replaceOp(op, niti::requantize(rewriter, op->getLoc(), sum));
    return success();
  }
};

/// An error with 16 bits keeps them where no sum can leave 32 bits.
struct QuantizeAveragePoolGradient
    : OpConversionPattern<AveragePool2DGradientOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(AveragePool2DGradientOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Value error = adaptor.getGradient();
    if (!isSmall(op.getWindow(), getShape(error).take_back(2)))
      error = niti::narrow(rewriter, op.getLoc(), error);
    Value sum = rebuild(rewriter, op, error, 32);
    rewriter.replaceOp(op, niti::requantize(rewriter, op.getLoc(), sum,
                                            niti::getMagnitudeBits(error)));
    return success();
  }

private:
  /// Whether windows at `positions` are apart and their factors small.
  static bool isSmall(WindowAttr window, ArrayRef<int64_t> positions) {
    constexpr int64_t kMaxArea = 512;
    for (auto [dim, count] : llvm::enumerate(positions))
      if (count > 1 && window.getStrides()[dim] < window.getSpan(dim))
        return false;
    return ShapedType::getNumElements(window.getKernel()) <= kMaxArea;
  }
};

/// A slope is not applied to more than 8 bits of an error.
struct QuantizePReluGradient : OpConversionPattern<PReluInputGradientOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(PReluInputGradientOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    SmallVector<Value> operands(adaptor.getOperands());
    Value &error = operands[op.getGradientMutable().getOperandNumber()];
    error = niti::narrow(rewriter, op.getLoc(), error);
    Value sum = rebuild(rewriter, op, operands, 32);
    rewriter.replaceOp(op, niti::requantize(rewriter, op.getLoc(), sum));
    return success();
  }
};

/// Activations and errors are requantized. Gradients of a parameter of several
/// nodes are accumulators; the update takes their exact sum.
struct QuantizeSum : OpConversionPattern<SumOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(SumOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    SmallVector<unsigned> widths =
        llvm::map_to_vector(adaptor.getInputs(), getWidth);
    unsigned widest = *llvm::max_element(widths);
    if (*llvm::min_element(widths) >= 32) {
      SmallVector<Value> uses = convert(rewriter, op, adaptor.getInputs(), 32);
      rewriter.replaceOp(op, add(rewriter, op, uses, 64));
      return success();
    }
    if (widest > 16)
      return rewriter.notifyMatchFailure(op, "operands are not all mantissas");
    SmallVector<Value> terms =
        convert(rewriter, op, adaptor.getInputs(), widest);
    Value sum = add(rewriter, op, terms, widest == 8 ? 32 : 64);
    rewriter.replaceOp(op,
                       niti::requantize(rewriter, op.getLoc(), sum,
                                        niti::getMagnitudeBits(terms.front())));
    return success();
  }

  /// The operands in `width` bits: wider ones saturate.
  static SmallVector<Value> convert(OpBuilder &builder, SumOp op,
                                    ValueRange operands, unsigned width) {
    return llvm::map_to_vector(operands, [&](Value operand) -> Value {
      if (getWidth(operand) == width)
        return operand;
      return builder.create<ShiftScaleOp>(
          op.getLoc(), cast<ScaledType>(operand.getType()).withWidth(width),
          operand, createInt(builder, op.getLoc(), 0), Value(),
          Rounding::Nearest, /*bits=*/width);
    });
  }

  static Value add(OpBuilder &builder, SumOp op, ValueRange operands,
                   unsigned width) {
    SmallVector<Value> maxima;
    for (Value operand : operands)
      maxima.push_back(builder.create<MaxMagnitudeOp>(
          op.getLoc(), builder.getI32Type(), operand));
    return builder.create<SumOp>(
        op.getLoc(), getScaledType(op.getType(), width), operands, maxima);
  }
};

/// Rows of a table are mantissas with its exponent.
struct QuantizeGather : OpConversionPattern<GatherOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(GatherOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    rewriter.replaceOp(op, rebuild(rewriter, op, adaptor.getOperands(),
                                   getWidth(adaptor.getTable())));
    return success();
  }
};

struct QuantizeMaxPoolGradient : OpConversionPattern<MaxPool2DGradientOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(MaxPool2DGradientOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Value gradient = adaptor.getGradient();
    bool overlaps = op.getWindow().overlaps();
    Value error = rebuild(rewriter, op, adaptor.getOperands(),
                          overlaps ? 32 : getWidth(gradient));
    // Errors that meet in one input are summed in 32 bits and requantized.
    if (overlaps)
      error = niti::requantize(rewriter, op.getLoc(), error,
                               niti::getMagnitudeBits(gradient));
    rewriter.replaceOp(op, error);
    return success();
  }
};

struct QuantizeDropout : OpConversionPattern<DropoutOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(DropoutOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    // A factor of 2 is an exponent, other factors need accumulators.
    SmallVector<Value> operands(adaptor.getOperands());
    if (op.getRatio().convertToDouble() == 0.5) {
      rewriter.replaceOp(
          op, rebuild(rewriter, op, operands, getWidth(operands.front())));
      return success();
    }
    // Products of 8 bits and any factor fit 32.
    constexpr double kMaxWideFactor = 256.0;
    if (1.0 / (1.0 - op.getRatio().convertToDouble()) > kMaxWideFactor)
      operands.front() = niti::narrow(rewriter, op.getLoc(), operands.front());
    Value kept = rebuild(rewriter, op, operands, 32);
    rewriter.replaceOp(
        op, niti::requantize(rewriter, op.getLoc(), kept,
                             niti::getMagnitudeBits(operands.front())));
    return success();
  }
};

/// Whether `gradient` is that of a parameter, apart from moves.
bool isParameterGradient(Value gradient) {
  Operation *op = gradient.getDefiningOp();
  while (onlyMovesElements(op))
    op = op->getOperand(0).getDefiningOp();
  auto layout = dyn_cast_or_null<LayoutOpInterface>(op);
  return layout && layout.formsParameters();
}

/// The reason why the scheme has no rule for a sum; empty if it has one.
std::string explainSum(SumOp op) {
  if (llvm::any_of(op->getOperands(), niti::isChannelGradient))
    return "does not define the sum of gradients of a normalization or of a "
           "slope; give every node its own scale, bias and slope";
  // 2^31 · 2^20 each: more could leave 64 bits.
  constexpr unsigned kMaxGradients = 2048;
  bool isOfWeight = llvm::all_of(op->getOperands(), isParameterGradient);
  if (isOfWeight && op->getNumOperands() > kMaxGradients)
    return llvm::formatv("adds the gradients of at most {0} uses of a weight, "
                         "but got {1}",
                         kMaxGradients, op->getNumOperands());
  return "";
}

//===----------------------------------------------------------------------===//
// Loss and update
//===----------------------------------------------------------------------===//

/// Fraction bits of a probability (numerics contract, section 4.10).
int getLossFraction(Exponential exponential) {
  return exponential == Exponential::Fraction ? 15 : 11;
}

/// The errors of the loss of `labels` in `width` bits: as many of their
/// `fraction` bits as fit, rounded at random.
Value roundLoss(OpBuilder &builder, Operation *op, Value labels, Value error,
                int fraction, int64_t width) {
  auto type = cast<ScaledType>(error.getType());
  Value random = createRandom(builder, op, type, scheme::getOutputIndex(labels),
                              RandomPurpose::LossRounding);
  int magnitudeBits = width == 8 ? kMantissaBits : kWideBits;
  return builder.create<ShiftScaleOp>(
      op->getLoc(), type.withWidth(width), error,
      createInt(builder, op->getLoc(), std::max(fraction - magnitudeBits, 0)),
      random, Rounding::Stochastic, /*bits=*/magnitudeBits + 1);
}

struct QuantizeLoss : OpConversionPattern<LossGradientOp> {
  QuantizeLoss(MLIRContext *context, Exponential exponential, int64_t errorBits)
      : OpConversionPattern(context), exponential(exponential),
        errorBits(errorBits) {}
  LogicalResult
  matchAndRewrite(LossGradientOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    if (op.getLoss() != ClassLoss::CrossEntropy)
      return op.emitError("scheme niti defines no other loss of classes than "
                          "cross-entropy; use --loss=cross-entropy");
    if (!hasRandom(op))
      return op.emitError("expected a seed and a step to draw numbers with");
    ScaledType type = getScaledType(op.getType(), 32);
    Value error = rewriter.create<LossGradientOp>(
        op.getLoc(), type, adaptor.getLogits(), op.getLabels(), op.getLoss(),
        ExponentialAttr::get(getContext(), exponential));
    bool isWeighed = op->hasOneUse() && isa<WeighErrorOp>(*op->user_begin());
    rewriter.replaceOp(
        op, isWeighed ? error
                      : roundLoss(rewriter, op, op.getLabels(), error,
                                  getLossFraction(exponential), errorBits));
    return success();
  }

private:
  Exponential exponential;
  int64_t errorBits;
};

struct QuantizeWeighError : OpConversionPattern<WeighErrorOp> {
  QuantizeWeighError(MLIRContext *context, Exponential exponential,
                     int64_t errorBits)
      : OpConversionPattern(context), exponential(exponential),
        errorBits(errorBits) {}
  LogicalResult
  matchAndRewrite(WeighErrorOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    if (getWidth(adaptor.getError()) != 32 || !hasRandom(op))
      return rewriter.notifyMatchFailure(op, "is not of a loss");
    std::string problem = findLostOption(op);
    if (!problem.empty())
      return op.emitError() << "scheme niti " << problem;
    Value error = rewriter.create<WeighErrorOp>(
        op.getLoc(), adaptor.getError().getType(), adaptor.getError(),
        op.getLabels(), op.getSmoothingAttr(), op.getWeightsAttr(),
        op.getIgnoredAttr(), ExponentialAttr::get(getContext(), exponential));
    rewriter.replaceOp(op,
                       roundLoss(rewriter, op, op.getLabels(), error,
                                 getLossFraction(exponential) + 8, errorBits));
    return success();
  }

private:
  /// An option that would have no effect in integers; empty if there is none.
  std::string findLostOption(WeighErrorOp op) const {
    double smoothing = op.getSmoothing().convertToDouble();
    int64_t classes = getShape(op.getError())[1];
    int fraction = getLossFraction(exponential);
    if (smoothing > 0 &&
        std::ldexp(smoothing, fraction) < static_cast<double>(classes))
      return llvm::formatv("has {0} bits for the probability of a class: with "
                           "{1} classes, expected a --label-smoothing of 0, or "
                           "of at least {2}",
                           fraction, classes,
                           std::ldexp(static_cast<double>(classes), -fraction));
    if (!op.getWeights())
      return "";
    ArrayRef<double> weights = *op.getWeights();
    double largest = *llvm::max_element(weights);
    for (double weight : weights)
      if (weight > 0 && weight * 512 <= largest)
        return llvm::formatv("has 8 bits for a weight of a class: expected "
                             "--class-weights of 0, or of more than 1/512 of "
                             "the largest, {0}, but got {1}",
                             spellNumber(largest), spellNumber(weight));
    return "";
  }

  Exponential exponential;
  int64_t errorBits;
};

/// An update does not depend on the scale of the loss. Where the errors of
/// several losses meet, they count by the nearest power of two.
struct QuantizeScaleError : OpConversionPattern<ScaleErrorOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(ScaleErrorOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Value error = adaptor.getInput();
    if (countOutputs(op) == 1) {
      rewriter.replaceOp(op, error);
      return success();
    }
    Location loc = op.getLoc();
    auto type = cast<ScaledType>(error.getType());
    auto parts = rewriter.create<DecomposeOp>(loc, type.getMantissa(),
                                              rewriter.getI32Type(), error);
    double octaves = std::round(std::log2(op.getFactor().convertToDouble()));
    Value exponent = rewriter.create<arith::AddIOp>(
        loc, parts.getExponent(),
        createInt(rewriter, loc, static_cast<int32_t>(octaves)));
    rewriter.replaceOpWithNewOp<ComposeOp>(op, type, parts.getMantissas(),
                                           exponent);
    return success();
  }
};

/// The error has the scale of the largest weight.
struct OmitAverage : OpConversionPattern<AverageErrorOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(AverageErrorOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    rewriter.replaceOp(op, adaptor.getError());
    return success();
  }
};

/// Gradients of slopes stay exact.
struct KeepSlopeSums : OpConversionPattern<PReluSlopeGradientOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(PReluSlopeGradientOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    rewriter.replaceOp(op, rebuild(rewriter, op, adaptor.getOperands(), 64));
    return success();
  }
};

/// Gradients of biases and tables stay exact.
template <typename OpTy> struct KeepSums : OpConversionPattern<OpTy> {
  using OpConversionPattern<OpTy>::OpConversionPattern;
  LogicalResult
  matchAndRewrite(OpTy op, typename OpTy::Adaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    // No entry is the sum of more errors than there are.
    int64_t count = ShapedType::getNumElements(getShape(op.getGradient()));
    unsigned width = getSumWidth(count, adaptor.getGradient());
    rewriter.replaceOp(op, rebuild(rewriter, op, adaptor.getOperands(), width));
    return success();
  }
};

/// The rule of the optimizer. Scales and biases of normalizations, and slopes,
/// learn more slowly.
struct QuantizeUpdate : OpConversionPattern<UpdateOp> {
  QuantizeUpdate(MLIRContext *context, Rounding rounding,
                 const IntegerRule &rule)
      : OpConversionPattern(context), rounding(rounding), rule(rule) {}
  LogicalResult
  matchAndRewrite(UpdateOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    if (!findArgument(op, Role::Schedule))
      return op.emitError("expected a learning rate");
    if (rounding == Rounding::Stochastic && !hasRandom(op))
      return op.emitError("expected a seed and a step to draw numbers with");
    int64_t rate = *scheme::getLog2Rate(findUpdated(op));
    if (niti::isChannelGradient(op.getGradient()))
      rate -= kChannelBits;
    IntegerUpdateBuilder builder(rewriter, op, getWidth(adaptor.getParameter()),
                                 rate, rounding);
    rewriter.replaceOp(op, rule.buildUpdate(builder, {adaptor.getParameter(),
                                                      adaptor.getGradient(),
                                                      adaptor.getStates()}));
    return success();
  }

private:
  /// mu of normalizations and slopes is smaller by this.
  static constexpr int64_t kChannelBits = 3;

  Rounding rounding;
  const IntegerRule &rule;
};

} // namespace

LogicalResult niti::expectSums(ModuleOp module) {
  llvm::DenseSet<Location> reported;
  module.walk([&](SumOp op) {
    std::string reason = explainSum(op);
    if (!reason.empty() && reported.insert(op->getLoc()).second)
      op->emitError() << "scheme niti " << reason;
  });
  module.walk([&](GatherGradientOp op) {
    int64_t rows = op.getIndices().getType().getNumElements();
    if (rows > kMaxGatheredRows && reported.insert(op->getLoc()).second)
      op->emitError() << "scheme niti reads at most " << kMaxGatheredRows
                      << " rows of a table per step, but got " << rows
                      << "; use a smaller --batch";
  });
  return success(reported.empty());
}

void niti::populateRules(RewritePatternSet &patterns,
                         const ApplyNITIOptions &options,
                         const IntegerRule &rule) {
  MLIRContext *context = patterns.getContext();
  patterns.add<
      QuantizeInput, ComposeNumbers, QuantizeScaleError, OmitAverage,
      QuantizeBiasAdd, QuantizeMaxPoolGradient, QuantizeAveragePoolGradient,
      QuantizePReluGradient, QuantizeDropout, KeepSums<BiasGradientOp>,
      KeepSums<GatherGradientOp>, KeepSlopeSums, QuantizeGather,
      KeepMantissas<ReluOp>, KeepMantissas<ReluGradientOp>,
      KeepMantissas<MaxPool2DOp>, KeepMantissas<ReshapeOp>,
      KeepMantissas<TransposeOp>, KeepMantissas<ConcatOp>,
      KeepMantissas<SliceOp>, QuantizeSum, AccumulateAndRequantize<ResidualOp>,
      AccumulateAndRequantize<PReluOp>,
      AccumulateAndRequantize<AveragePool2DOp>>(context);
  populateFunctionRules(patterns);
  populateNormalizationRules(patterns);
  populateSharedRules(patterns);
  patterns.add<QuantizeContraction>(context, options.errorBits);
  patterns.add<QuantizeLoss, QuantizeWeighError>(context, options.exponential,
                                                 options.errorBits);
  patterns.add<QuantizeUpdate>(context, options.gradientRounding, rule);
}
