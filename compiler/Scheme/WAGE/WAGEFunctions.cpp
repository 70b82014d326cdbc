//===- WAGEFunctions.cpp - Functions of each element in WAGE --------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Numerics contract, section 7.1.
//
//===----------------------------------------------------------------------===//

#include "compiler/Scheme/WAGE/WAGERules.h"
#include "dialect/QTrain/IR/FunctionSamples.h"

#include "llvm/ADT/DenseMap.h"

#include <algorithm>
#include <cmath>
#include <memory>

using namespace mlir;
using namespace qtc;
using namespace qtc::qtrain;
using namespace qtc::scheme;
using wage::Rule;

namespace {

/// Bits of the operands of tables, whatever kA: they enter no contraction.
constexpr int kOperandBits = 8;
/// Fraction bits of the largest slope, less its octave: slopes of 1 are exact.
constexpr int kSlopeBits = 6;

/// A function of the operands m · 2^−7, and its derivative.
struct FunctionTable {
  FunctionTable(FunctionAttrInterface function, int64_t activationBits);

  /// False if no error passes anywhere, or if a number is infinite or NaN.
  bool isTrainable() const { return slopeFraction.has_value(); }

  SmallVector<int8_t> values, slopes;
  /// Fraction bits of slopes.
  std::optional<int> slopeFraction;
};

FunctionTable::FunctionTable(FunctionAttrInterface function,
                             int64_t activationBits) {
  auto fraction = static_cast<int>(activationBits - 1);
  auto largest = static_cast<double>(wage::getLimit(activationBits));
  double limit = std::ldexp(largest, -fraction);

  // -128 is no mantissa.
  auto end = static_cast<int>(wage::getLimit(kOperandBits));
  SmallVector<double> exact;
  double steepest = 0.0;
  for (int i = -end - 1; i <= end; ++i) {
    double x = std::ldexp(std::max(i, -end), 1 - kOperandBits);
    double value = evaluate(function, /*derivative=*/false, x);
    if (!std::isfinite(value))
      return;
    values.push_back(static_cast<int8_t>(std::clamp(
        std::nearbyint(std::ldexp(value, fraction)), -largest, largest)));
    // No error passes where the activation is clipped.
    bool isClipped = std::abs(value) > limit;
    exact.push_back(isClipped ? 0.0
                              : evaluate(function, /*derivative=*/true, x));
    if (!std::isfinite(exact.back()))
      return;
    steepest = std::max(steepest, std::abs(exact.back()));
  }
  if (steepest == 0.0)
    return;
  int exponent = 0;
  std::frexp(steepest, &exponent);
  slopeFraction = kSlopeBits + 1 - exponent;
  for (double slope : exact)
    slopes.push_back(static_cast<int8_t>(std::clamp<double>(
        std::nearbyint(std::ldexp(slope, *slopeFraction)), -end, end)));
}

/// Tables of functions, each computed once.
class TableCache {
public:
  const FunctionTable &get(FunctionAttrInterface function,
                           const ApplyWAGEOptions &options) {
    std::unique_ptr<FunctionTable> &table = known[function];
    if (!table)
      table = std::make_unique<FunctionTable>(function, options.activationBits);
    return *table;
  }

private:
  llvm::DenseMap<Attribute, std::unique_ptr<FunctionTable>> known;
};

/// A rule with tables.
template <typename OpTy> struct FunctionRule : Rule<OpTy> {
  FunctionRule(MLIRContext *context, const ApplyWAGEOptions &options,
               std::shared_ptr<TableCache> cache)
      : Rule<OpTy>(context, options), cache(std::move(cache)) {}

protected:
  /// The shift from the layer's accumulators to operands of tables.
  int64_t getShift(ContractionOpInterface layer) const {
    return wage::getActivationShift(layer, this->options) +
           this->options.activationBits - kOperandBits;
  }

  /// Accumulators as operands of the table. The value is that of the forward
  /// pass once equal operations are merged, so it is made where that is.
  static Value quantizeOperand(OpBuilder &builder, Value accumulators,
                               int64_t shift) {
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointAfterValue(accumulators);
    Location loc = accumulators.getLoc();
    auto type = cast<ScaledType>(accumulators.getType());
    return builder.create<ShiftScaleOp>(
        loc, type.withWidth(8), accumulators, createInt(builder, loc, shift),
        Value(), Rounding::NearestEven, kOperandBits, /*bidirectional=*/true);
  }

  static Value applyTable(OpBuilder &builder, Location loc, Value operand,
                          ArrayRef<int8_t> mantissas, int exponent) {
    auto type =
        RankedTensorType::get({int64_t(mantissas.size())}, builder.getI8Type());
    Value constant = builder.create<arith::ConstantOp>(
        loc, DenseIntElementsAttr::get(type, mantissas));
    Value table = builder.create<ComposeOp>(
        loc, ScaledType::get(builder.getContext(), type), constant,
        createInt(builder, loc, exponent));
    return builder.create<ApplyTableOp>(loc, operand.getType(), operand, table);
  }

  std::shared_ptr<TableCache> cache;
};

struct QuantizeFunction : FunctionRule<ElementwiseOp> {
  using FunctionRule::FunctionRule;
  LogicalResult
  matchAndRewrite(ElementwiseOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    ContractionOpInterface layer = wage::findLayer(op.getInput());
    if (!layer)
      return rewriter.notifyMatchFailure(op, "no layer before the function");
    const FunctionTable &table = cache->get(op.getFunction(), options);
    Value operand =
        quantizeOperand(rewriter, adaptor.getInput(), getShift(layer));
    rewriter.replaceOp(
        op, applyTable(rewriter, op.getLoc(), operand, table.values,
                       static_cast<int>(1 - options.activationBits)));
    return success();
  }
};

/// The mask of clipped operands, QE, and the slopes, with a constant shift.
struct QuantizeFunctionGradient : FunctionRule<ElementwiseGradientOp> {
  using FunctionRule::FunctionRule;
  LogicalResult
  matchAndRewrite(ElementwiseGradientOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    ContractionOpInterface layer = wage::findLayer(op.getInput());
    if (!layer)
      return rewriter.notifyMatchFailure(op, "no layer before the function");
    const FunctionTable &table = cache->get(op.getFunction(), options);
    Location loc = op.getLoc();
    Value accumulators = adaptor.getInput();
    int64_t shift = getShift(layer);
    Value kept = createMask(rewriter, accumulators, shift);
    // Also of errors that a pool has added up, or that come from the loss.
    Value error = wage::quantizeError(rewriter, loc, adaptor.getGradient(),
                                      kept, options);
    Value operand = quantizeOperand(rewriter, accumulators, shift);
    Value slopes =
        applyTable(rewriter, loc, operand, table.slopes, -*table.slopeFraction);
    auto type = cast<ScaledType>(error.getType());
    Value products =
        rewriter.create<MultiplyOp>(loc, type.withWidth(32), error, slopes);
    Value result = rewriter.create<ShiftScaleOp>(
        loc, type.withWidth(wage::getStorageWidth(options.errorBits)), products,
        createInt(rewriter, loc, kSlopeBits), Value(), Rounding::NearestEven,
        options.errorBits);
    rewriter.replaceOp(op, wage::applyMask(rewriter, loc, result, kept));
    return success();
  }

  /// The mask of accumulators whose operand is not clipped.
  static Value createMask(OpBuilder &builder, Value accumulators,
                          int64_t shift) {
    int64_t limit = wage::getLimit(kOperandBits);
    limit = shift < 0 ? limit >> -shift : limit << shift;
    return wage::createMask(builder, accumulators, -limit, limit);
  }
};
} // namespace

LogicalResult wage::expectFunctions(ModuleOp module,
                                    const ApplyWAGEOptions &options) {
  TableCache cache;
  return scheme::expectFunctions(
      module,
      [&](FunctionAttrInterface function) {
        return cache.get(function, options).isTrainable();
      },
      [](ElementwiseOp) -> StringRef {
        return "scheme wage clips activations to ±1, and errors cannot pass "
               "this function there; use another scheme, or change the model";
      });
}

void wage::populateFunctionRules(RewritePatternSet &patterns,
                                 const ApplyWAGEOptions &options) {
  auto cache = std::make_shared<TableCache>();
  patterns.add<QuantizeFunction, QuantizeFunctionGradient>(
      patterns.getContext(), options, cache);
}
