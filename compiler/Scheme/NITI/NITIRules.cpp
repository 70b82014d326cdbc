//===- NITIRules.cpp - Rewrite rules of the NITI scheme -------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Optimizer/IntegerUpdateBuilder.h"
#include "compiler/Scheme/IntegerRules.h"
#include "compiler/Scheme/NITI/NITI.h"

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

namespace {

/// Magnitude bits of a stored mantissa.
constexpr int kMantissaBits = 7;

/// Rebuilds `op`, which gives accumulators, on scaled operands.
Value accumulate(OpBuilder &builder, Operation *op, ValueRange operands) {
  Value accumulators = rebuild(builder, op, operands, 32);
  accumulators.getDefiningOp()->removeAttr(niti::kWideAttrName);
  return accumulators;
}

/// requantize(acc) as `op` is marked.
Value requantizeResult(OpBuilder &builder, Operation *op, Value accumulators) {
  // One bit less than 16: differences of two such fit 16 bits.
  constexpr int kWideBits = 14;
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

/// Contractions give accumulators. Those of activations and errors are
/// requantized, unless a bias comes first; weight gradients stay exact.
struct QuantizeContraction
    : OpInterfaceConversionPattern<ContractionOpInterface> {
  using OpInterfaceConversionPattern::OpInterfaceConversionPattern;
  LogicalResult
  matchAndRewrite(ContractionOpInterface op, ArrayRef<Value> operands,
                  ConversionPatternRewriter &rewriter) const override {
    Value accumulators = accumulate(rewriter, op, operands);
    bool keep =
        isa<Conv2DWeightGradientOp, LinearWeightGradientOp>(op.getOperation());
    if (op->hasOneUse())
      keep |= isa<BiasAddOp>(*op->getUsers().begin());
    rewriter.replaceOp(op, keep ? accumulators
                                : requantizeResult(rewriter, op, accumulators));
    return success();
  }
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

/// Operations that add up mantissas: accumulators, requantized.
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

/// Activations and errors are requantized. Gradients of a parameter of several
/// nodes are accumulators; the update takes their exact sum.
struct QuantizeSum : OpConversionPattern<SumOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(SumOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    auto haveWidth = [&](unsigned width) {
      return llvm::all_of(adaptor.getOperands(), [=](Value operand) {
        return getWidth(operand) == width;
      });
    };
    if (haveWidth(32)) {
      rewriter.replaceOp(op, rebuild(rewriter, op, adaptor.getOperands(), 64));
      return success();
    }
    if (!haveWidth(8))
      return rewriter.notifyMatchFailure(op, "operands are not all mantissas");
    Value sum = rebuild(rewriter, op, adaptor.getOperands(), 32);
    rewriter.replaceOp(op, niti::requantize(rewriter, op.getLoc(), sum));
    return success();
  }
};

struct QuantizeMaxPoolGradient : OpConversionPattern<MaxPool2DGradientOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(MaxPool2DGradientOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    // Errors that meet in one input are summed in 32 bits and requantized.
    bool overlaps = op.getWindow().overlaps();
    Value error =
        rebuild(rewriter, op, adaptor.getOperands(), overlaps ? 32 : 8);
    rewriter.replaceOp(
        op, overlaps ? niti::requantize(rewriter, op.getLoc(), error) : error);
    return success();
  }
};

struct QuantizeDropout : OpConversionPattern<DropoutOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(DropoutOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    // A factor of 2 is an exponent, other factors need accumulators.
    bool exact = op.getRatio().convertToDouble() == 0.5;
    Value kept = rebuild(rewriter, op, adaptor.getOperands(), exact ? 8 : 32);
    rewriter.replaceOp(
        op, exact ? kept : niti::requantize(rewriter, op.getLoc(), kept));
    return success();
  }
};

/// Whether a rule of one of the types gives `gradient`, apart from moves.
template <typename... OpTys> bool isGradientOf(Value gradient) {
  Operation *op = gradient.getDefiningOp();
  while (isa_and_nonnull<ReshapeOp, TransposeOp>(op))
    op = op->getOperand(0).getDefiningOp();
  return isa_and_nonnull<OpTys...>(op);
}

/// The reason why the scheme has no rule for a sum; empty if it has one.
std::string explainSum(SumOp op) {
  if (llvm::any_of(op->getOperands(), niti::isNormalizationGradient))
    return "does not define the sum of gradients of a normalization; give "
           "every node its own scale and bias";
  // 2^31 · 2^20 each: more could leave 64 bits.
  constexpr unsigned kMaxGradients = 2048;
  bool isOfWeight = llvm::all_of(
      op->getOperands(), isGradientOf<Conv2DWeightGradientOp,
                                      LinearWeightGradientOp, BiasGradientOp>);
  if (isOfWeight && op->getNumOperands() > kMaxGradients)
    return llvm::formatv("adds the gradients of at most {0} uses of a weight, "
                         "but got {1}",
                         kMaxGradients, op->getNumOperands());
  return "";
}

//===----------------------------------------------------------------------===//
// Loss and update
//===----------------------------------------------------------------------===//

struct QuantizeLoss : OpConversionPattern<LossGradientOp> {
  QuantizeLoss(MLIRContext *context, Exponential exponential)
      : OpConversionPattern(context), exponential(exponential) {}
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
    // 15 or 11 fraction bits of a probability become 7.
    int64_t shift = exponential == Exponential::Fraction ? 8 : 4;
    Value random =
        createRandom(rewriter, op, type, /*id=*/0, RandomPurpose::LossRounding);
    rewriter.replaceOpWithNewOp<ShiftScaleOp>(
        op, type.withWidth(8), error, createInt(rewriter, op.getLoc(), shift),
        random, Rounding::Stochastic, /*bits=*/8);
    return success();
  }

private:
  Exponential exponential;
};

/// An update does not depend on the scale of the loss.
struct OmitScale : OpConversionPattern<ScaleErrorOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(ScaleErrorOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    rewriter.replaceOp(op, adaptor.getInput());
    return success();
  }
};

struct QuantizeBiasGradient : OpConversionPattern<BiasGradientOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(BiasGradientOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    rewriter.replaceOp(op, rebuild(rewriter, op, adaptor.getOperands(), 32));
    return success();
  }
};

/// The rule of the optimizer. Scales and biases of normalizations learn more
/// slowly.
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
    if (niti::isNormalizationGradient(op.getGradient()))
      rate -= kNormalizationBits;
    IntegerUpdateBuilder builder(rewriter, op, getWidth(adaptor.getParameter()),
                                 rate, rounding);
    rewriter.replaceOp(op, rule.buildUpdate(builder, {adaptor.getParameter(),
                                                      adaptor.getGradient(),
                                                      adaptor.getStates()}));
    return success();
  }

private:
  /// mu of normalizations is smaller by this.
  static constexpr int64_t kNormalizationBits = 3;

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
  return success(reported.empty());
}

void niti::populateRules(RewritePatternSet &patterns,
                         const ApplyNITIOptions &options,
                         const IntegerRule &rule) {
  MLIRContext *context = patterns.getContext();
  patterns.add<QuantizeInput, ComposeNumbers, OmitScale, QuantizeContraction,
               QuantizeBiasAdd, QuantizeMaxPoolGradient, QuantizeDropout,
               QuantizeBiasGradient, KeepMantissas<ReluOp>,
               KeepMantissas<ReluGradientOp>, KeepMantissas<MaxPool2DOp>,
               KeepMantissas<ReshapeOp>, KeepMantissas<TransposeOp>,
               KeepMantissas<ConcatOp>, KeepMantissas<SliceOp>, QuantizeSum,
               AccumulateAndRequantize<ResidualOp>,
               AccumulateAndRequantize<AveragePool2DOp>,
               AccumulateAndRequantize<AveragePool2DGradientOp>>(context);
  populateFunctionRules(patterns);
  populateNormalizationRules(patterns);
  populateReturnRule(patterns);
  patterns.add<QuantizeLoss>(context, options.exponential);
  patterns.add<QuantizeUpdate>(context, options.gradientRounding, rule);
}
