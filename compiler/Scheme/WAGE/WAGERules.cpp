//===- WAGERules.cpp - Rewrite rules of the WAGE scheme -------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Scheme/WAGE/WAGERules.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"

#include <algorithm>

using namespace mlir;
using namespace qtc;
using namespace qtc::qtrain;
using namespace qtc::scheme;
using wage::applyMask;
using wage::createMask;
using wage::InputForm;
using wage::ParameterRoles;
using wage::quantizeError;
using wage::Rule;

//===----------------------------------------------------------------------===//
// Shared pieces
//===----------------------------------------------------------------------===//

Value wage::quantizeError(OpBuilder &builder, Location loc, Value error,
                          Value mask, const ApplyWAGEOptions &options) {
  auto type = cast<ScaledType>(error.getType());
  Value octaves = builder.create<MagnitudeBitsOp>(
      loc, builder.getI32Type(), error, mask, /*nearest=*/true);
  Value shift = builder.create<arith::SubIOp>(
      loc, octaves,
      createInt(builder, loc, options.errorBits - 1 + options.window));
  return builder.create<ShiftScaleOp>(
      loc, type.withWidth(wage::getStorageWidth(options.errorBits)), error,
      shift, Value(), Rounding::NearestEven, options.errorBits,
      /*bidirectional=*/true);
}

Value wage::createMask(OpBuilder &builder, Value accumulators,
                       std::optional<int64_t> low, int64_t high) {
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointAfterValue(accumulators);
  auto type = cast<ScaledType>(accumulators.getType());
  return builder.create<RangeMaskOp>(
      accumulators.getLoc(),
      RankedTensorType::get(type.getShape(), builder.getI1Type()), accumulators,
      low ? builder.getI64IntegerAttr(*low) : IntegerAttr(),
      builder.getI64IntegerAttr(high));
}

Value wage::applyMask(OpBuilder &builder, Location loc, Value value,
                      Value mask) {
  return builder.create<ApplyMaskOp>(loc, value.getType(), value, mask);
}

namespace {

/// Bits of a step of a weight: more than any weight can use.
constexpr unsigned kStepBits = 24;

/// True if `error` is the result of a contraction, apart from moves.
bool isSum(Value error) {
  Operation *op = error.getDefiningOp();
  while (onlyMovesElements(op) || isa_and_nonnull<MaxPool2DGradientOp>(op))
    op = op->getOperand(isa<MaxPool2DGradientOp>(op) ? 1 : 0).getDefiningOp();
  return isa_and_nonnull<ContractionOpInterface>(op);
}

/// Accumulators as activations: shifted by a constant, ties to even.
Value quantizeActivation(OpBuilder &builder, Location loc, Value accumulators,
                         ContractionOpInterface layer,
                         const ApplyWAGEOptions &options) {
  auto type = cast<ScaledType>(accumulators.getType());
  Value shift =
      createInt(builder, loc, wage::getActivationShift(layer, options));
  return builder.create<ShiftScaleOp>(loc, type.withWidth(8), accumulators,
                                      shift, Value(), Rounding::NearestEven,
                                      options.activationBits);
}

/// The largest accumulator that an activation does not clip (`wage.md` 2.4).
int64_t getSaturation(ContractionOpInterface layer,
                      const ApplyWAGEOptions &options) {
  return wage::getLimit(options.activationBits)
         << wage::getActivationShift(layer, options);
}

//===----------------------------------------------------------------------===//
// Forward
//===----------------------------------------------------------------------===//

/// num / den, rounded to nearest, ties to even; den > 0.
int64_t divideToEven(int64_t num, int64_t den) {
  int64_t doubled = 2 * num + den;
  int64_t quotient = llvm::divideFloorSigned(doubled, 2 * den);
  bool isTie = quotient * 2 * den == doubled;
  return isTie && quotient % 2 != 0 ? quotient - 1 : quotient;
}

/// Pixels by the form's line, through a table (`wage.md` 2.12).
struct QuantizeInput : Rule<NormalizeOp> {
  using Rule::Rule;
  LogicalResult
  matchAndRewrite(NormalizeOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    if (op.getMean() != ArrayRef<double>{0.0} ||
        op.getStd() != ArrayRef<double>{1.0})
      return op.emitError("scheme wage has its own forms of input; choose one "
                          "by --wage-input and leave out --normalize");
    ArrayRef<int64_t> shape = op.getPixels().getType().getShape();
    InputForm form = options.input;
    if (form == InputForm::Auto)
      form = shape.size() < 4 || shape[1] == 1 ? InputForm::MNIST
                                               : InputForm::Head;
    int64_t limit = wage::getLimit(options.activationBits);
    SmallVector<int8_t> table;
    for (int64_t pixel = 0; pixel < 256; ++pixel)
      table.push_back(
          static_cast<int8_t>(std::clamp(getCode(form, pixel), -limit, limit)));
    auto type = RankedTensorType::get({1, 256}, rewriter.getI8Type());
    rewriter.replaceOpWithNewOp<LookupOp>(
        op, getScaledType(op.getType(), 8), op.getPixels(),
        DenseIntElementsAttr::get(type, ArrayRef<int8_t>(table)),
        rewriter.getIntegerAttr(rewriter.getIntegerType(32, true),
                                1 - options.activationBits));
    return success();
  }

  int64_t getCode(InputForm form, int64_t pixel) const {
    int64_t one = int64_t(1) << (options.activationBits - 1);
    switch (form) {
    case InputForm::Head:
      return divideToEven((2 * pixel - 255) * one, 255);
    case InputForm::C17:
      return divideToEven((pixel - 128) * one, 128);
    default:
      return divideToEven(pixel * one, 256);
    }
  }
};

/// True when `value` is the output of the network or a reshape of it.
bool isOutput(Value value) {
  return llvm::any_of(value.getUsers(), [](Operation *user) {
    if (isa<ReshapeOp>(user))
      return isOutput(user->getResult(0));
    return user->hasTrait<OpTrait::IsTerminator>() || isa<LossGradientOp>(user);
  });
}

/// Contractions give accumulators as wide as their sums need. Those of the last
/// layer are the output, quantized to activations if requested.
struct QuantizeContraction
    : OpInterfaceConversionPattern<ContractionOpInterface> {
  QuantizeContraction(MLIRContext *context, const ApplyWAGEOptions &options)
      : OpInterfaceConversionPattern(context), options(options) {}
  LogicalResult
  matchAndRewrite(ContractionOpInterface op, ArrayRef<Value> operands,
                  ConversionPatternRewriter &rewriter) const override {
    int64_t bound =
        getSumBound(op.getReductionLength(), operands[0], operands[1]);
    Value accumulators =
        rebuild(rewriter, op, operands, getWidthFor(bound, /*minWidth=*/32));
    bool cuts = options.quantizeLast &&
                isa<LayerOpInterface>(op.getOperation()) &&
                isOutput(op->getResult(0));
    rewriter.replaceOp(op, cuts ? quantizeActivation(rewriter, op.getLoc(),
                                                     accumulators, op, options)
                                : accumulators);
    return success();
  }

private:
  ApplyWAGEOptions options;
};

/// A bias has the scale of stored weights, so its addition to accumulators is
/// exact except for the lowest bits of a wide one; see `docs/schemes/wage.md`.
struct QuantizeBiasAdd : Rule<BiasAddOp> {
  using Rule::Rule;
  LogicalResult
  matchAndRewrite(BiasAddOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Value sum = rebuild(rewriter, op, adaptor.getOperands(),
                        getWidth(adaptor.getInput()));
    ContractionOpInterface layer = wage::findLayer(op.getInput());
    bool cuts = layer && options.quantizeLast && isOutput(op.getResult());
    rewriter.replaceOp(op, cuts ? quantizeActivation(rewriter, op.getLoc(), sum,
                                                     layer, options)
                                : sum);
    return success();
  }
};

struct QuantizeRelu : Rule<ReluOp> {
  using Rule::Rule;
  LogicalResult
  matchAndRewrite(ReluOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Value input = adaptor.getInput();
    Value positive =
        rewriter.create<ReluOp>(op.getLoc(), input.getType(), input);
    ContractionOpInterface layer = wage::findLayer(op.getInput());
    rewriter.replaceOp(op, layer ? quantizeActivation(rewriter, op.getLoc(),
                                                      positive, layer, options)
                                 : positive);
    return success();
  }
};

/// Pools select among accumulators. Only the positions of the maxima are kept.
struct QuantizeMaxPool : Rule<MaxPool2DOp> {
  using Rule::Rule;
  LogicalResult
  matchAndRewrite(MaxPool2DOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Value input = adaptor.getInput();
    bool isTrained =
        llvm::any_of(op.getInput().getUsers(), [](Operation *user) {
          return isa<MaxPool2DGradientOp>(user);
        });
    if (isTrained)
      createPositions(rewriter, op, input);
    rewriter.replaceOp(op, rebuild(rewriter, op, input, getWidth(input)));
    return success();
  }

  static void createPositions(OpBuilder &builder, MaxPool2DOp op, Value input) {
    ArrayRef<int64_t> kernel = op.getWindow().getKernel();
    unsigned width = getWidthFor(kernel[0] * kernel[1] - 1, /*minWidth=*/8);
    auto type = RankedTensorType::get(getShape(op.getResult()),
                                      builder.getIntegerType(width));
    builder.create<MaxPool2DPositionsOp>(op.getLoc(), type, input,
                                         op.getWindow());
  }
};

//===----------------------------------------------------------------------===//
// Backward
//===----------------------------------------------------------------------===//

struct QuantizeLoss : Rule<LossGradientOp> {
  using Rule::Rule;
  LogicalResult
  matchAndRewrite(LossGradientOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    Value logits = adaptor.getLogits();
    if (getWidth(logits) > 32)
      return op.emitError("expected an output of 32 bits, but sums of the last "
                          "layer need 64");
    ExponentialAttr exponential;
    if (op.getLoss() == ClassLoss::CrossEntropy)
      exponential = ExponentialAttr::get(getContext(), Exponential::Fraction);
    Value error = rewriter.create<LossGradientOp>(
        loc, getScaledType(op.getType(), 32), logits, op.getLabels(),
        op.getLoss(), exponential);
    error = quantizeError(rewriter, loc, error, /*mask=*/Value(), options);
    ContractionOpInterface layer = wage::findLayer(op.getLogits());
    if (auto cut = logits.getDefiningOp<ShiftScaleOp>();
        cut && layer && options.quantizeLast) {
      int64_t limit = getSaturation(layer, options);
      error = applyMask(rewriter, loc, error,
                        createMask(rewriter, cut.getInput(), -limit, limit));
    }
    rewriter.replaceOp(op, error);
    return success();
  }
};

/// The mask of clipped activations, QE, and the mask of the unit. The largest
/// error is searched where activations are not clipped, regardless of the unit
/// (`wage.md` 2.5). Zeroing may then wait until the end.
struct QuantizeReluGradient : Rule<ReluGradientOp> {
  using Rule::Rule;
  LogicalResult
  matchAndRewrite(ReluGradientOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    Value error = adaptor.getGradient(), output = adaptor.getOutput();
    auto unit = op.getOutput().getDefiningOp<ReluOp>();
    ContractionOpInterface layer =
        unit ? wage::findLayer(unit.getInput()) : ContractionOpInterface();
    if (!layer)
      return rewriter.notifyMatchFailure(op, "no layer before the unit");
    auto cut = output.getDefiningOp<ShiftScaleOp>();
    auto positive = cut ? cut.getInput().getDefiningOp<ReluOp>() : ReluOp();
    if (!positive)
      return rewriter.notifyMatchFailure(op, "unit is not quantized yet");
    Value accumulators = positive.getInput();
    int64_t limit = getSaturation(layer, options);
    // Errors from another unit or from the loss are quantized already.
    if (isSum(op.getGradient())) {
      Value kept = createMask(rewriter, accumulators, std::nullopt, limit);
      error = quantizeError(rewriter, loc, error, kept, options);
    }
    Value passes = createMask(rewriter, accumulators, /*low=*/1, limit);
    rewriter.replaceOp(op, applyMask(rewriter, loc, error, passes));
    return success();
  }
};

struct QuantizeMaxPoolGradient : Rule<MaxPool2DGradientOp> {
  using Rule::Rule;
  LogicalResult
  matchAndRewrite(MaxPool2DGradientOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    MaxPool2DPositionsOp positions;
    for (Operation *user : adaptor.getInput().getUsers())
      if (auto candidate = dyn_cast<MaxPool2DPositionsOp>(user);
          candidate && candidate.getWindow() == op.getWindow())
        positions = candidate;
    if (!positions)
      return rewriter.notifyMatchFailure(op, "pool is not quantized yet");
    // Errors that meet in one input are added.
    Value error = adaptor.getGradient();
    auto unpooled = rewriter.create<MaxUnpool2DOp>(
        op.getLoc(), getScaledType(op.getType(), 64), positions, error,
        op.getWindow());
    unsigned width = getWidthFor(getMagnitudeBound(unpooled), getWidth(error));
    unpooled.getResult().setType(unpooled.getType().withWidth(width));
    rewriter.replaceOp(op, unpooled);
    return success();
  }
};

struct QuantizeBiasGradient : Rule<BiasGradientOp> {
  using Rule::Rule;
  LogicalResult
  matchAndRewrite(BiasGradientOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Value error = adaptor.getGradient();
    int64_t bound = getSumBound(op.getReductionLength(), error, Value());
    rewriter.replaceOp(
        op, rebuild(rewriter, op, error, getWidthFor(bound, /*minWidth=*/32)));
    return success();
  }
};

/// QG: the largest gradient takes about as many steps of the grid as the
/// schedule says; fractions of a step are taken at random (`wage.md` 2.10).
struct QuantizeUpdate : Rule<UpdateOp> {
  QuantizeUpdate(MLIRContext *context, const ApplyWAGEOptions &options,
                 const ParameterRoles &roles)
      : Rule(context, options), roles(roles) {}
  LogicalResult
  matchAndRewrite(UpdateOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    if (!findArgument(op, Role::Schedule))
      return op.emitError("expected a learning rate");
    if (!hasRandom(op))
      return op.emitError("expected a seed and a step to draw numbers with");
    Value gradient = adaptor.getGradient();
    auto type = cast<ScaledType>(gradient.getType());
    ParameterOp parameter = findUpdated(op);
    if (!parameter)
      return op.emitError("expected the name of a parameter");
    Value schedule = rewriter.create<arith::TruncIOp>(
        loc, rewriter.getI32Type(), findArgument(op, Role::Schedule));
    std::optional<int64_t> rate = getLog2Rate(parameter);
    if (!rate)
      return op.emitError()
             << "scheme wage expects a factor on the rate that "
                "is a power of two, but got "
             << spellNumber(parameter.getRate()->convertToDouble());
    if (*rate != 0)
      schedule = rewriter.create<arith::AddIOp>(
          loc, schedule, createInt(rewriter, loc, *rate));
    Value octaves = rewriter.create<MagnitudeBitsOp>(
        loc, rewriter.getI32Type(), gradient, Value(), /*nearest=*/true);
    Value shift = rewriter.create<arith::SubIOp>(loc, octaves, schedule);
    Value random = createRandom(rewriter, op, type, parameter.getId(),
                                RandomPurpose::GradientRounding);
    Value step = rewriter.create<ShiftScaleOp>(
        loc, type.withWidth(32), gradient, shift, random, Rounding::Stochastic,
        kStepBits, /*bidirectional=*/true);
    int64_t limit = roles.lookup(parameter).isBias
                        ? wage::getLimit(wage::kBiasBits)
                        : wage::getWeightLimit(options);
    rewriter.replaceOpWithNewOp<UpdateOp>(op, adaptor.getParameter(), step,
                                          op.getSymbolAttr(),
                                          rewriter.getI64IntegerAttr(limit));
    return success();
  }

private:
  const ParameterRoles &roles;
};
} // namespace

void wage::populateRules(RewritePatternSet &patterns,
                         const ApplyWAGEOptions &options,
                         const ParameterRoles &roles) {
  MLIRContext *context = patterns.getContext();
  populateSharedRules(patterns);
  patterns.add<KeepMantissas<ReshapeOp>, KeepMantissas<TransposeOp>>(context);
  patterns
      .add<QuantizeInput, QuantizeContraction, QuantizeBiasAdd, QuantizeRelu,
           QuantizeMaxPool, QuantizeLoss, QuantizeReluGradient,
           QuantizeMaxPoolGradient, QuantizeBiasGradient>(context, options);
  patterns.add<QuantizeUpdate>(context, options, roles);
  populateFunctionRules(patterns, options);
}
