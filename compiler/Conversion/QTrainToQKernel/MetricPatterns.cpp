//===- MetricPatterns.cpp - Metrics of predictions ------------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Conversion/QTrainToQKernel/LabelSupport.h"
#include "compiler/Conversion/QTrainToQKernel/PatternSupport.h"
#include "dialect/QKernel/IR/QKernel.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace qtc;
using namespace qtc::qtrain;

namespace {

/// The exponent of fixed point, or null if `mantissas` are floats.
Value createFixedExponent(ImplicitLocOpBuilder &builder, Value mantissas) {
  return getElementTypeOrSelf(mantissas.getType()).isF32()
             ? Value()
             : createInt(builder, -kMetricFraction);
}

struct LowerRowMetric : LoweringPattern<RowMetricOp> {
  using LoweringPattern::LoweringPattern;
  LogicalResult lower(RowMetricOp op, ArrayRef<ScaledParts> parts,
                      ImplicitLocOpBuilder &builder,
                      PatternRewriter &rewriter) const override {
    bool hasLabels = op.getMetric().takesClasses();
    Value targets = hasLabels ? createCounted(builder, op, op.getTarget())
                              : parts[1].mantissas;
    auto kernel = builder.create<qkernel::RowMetricOp>(
        parts[0].mantissas, targets, parts[0].exponent,
        hasLabels ? Value() : parts[1].exponent, createResult(builder, op),
        op.getMetric());
    Value values = createCounted(builder, op, kernel.getResult(0));
    replaceWithParts(rewriter, op, values,
                     createFixedExponent(builder, values));
    return success();
  }

  /// Those of `rows`, one for each label, that count, and 0 for the others.
  static Value createCounted(ImplicitLocOpBuilder &builder, RowMetricOp op,
                             Value rows) {
    if (!op.getIgnored())
      return rows;
    return createElementwise(
        builder, {rows, op.getTarget()}, getElementTypeOrSelf(rows.getType()),
        [&](ImplicitLocOpBuilder &inner, ValueRange elements) {
          return selectCounted(
              inner, isIgnored(inner, elements[1], op.getIgnoredAttr()),
              elements[0]);
        });
  }
};

/// The entry of `table` for each label, or its only one, and 0 for labels that
/// do not count.
template <typename OpTy>
Value createWeights(ImplicitLocOpBuilder &builder, OpTy op, Value table) {
  return createMapped(
      builder, op.getLabels(), builder.getMultiDimIdentityMap(1),
      getShape(op.getLabels()), getElementTypeOrSelf(table.getType()),
      [&](ImplicitLocOpBuilder &inner, ValueRange elements) {
        auto [label, isIgnored] =
            readLabel(inner, elements[0], op.getIgnoredAttr());
        Value place =
            op.getWeights() ? label : inner.create<arith::ConstantIndexOp>(0);
        return selectCounted(inner, isIgnored,
                             inner.create<tensor::ExtractOp>(table, place));
      });
}

struct LowerLabelWeight : LoweringPattern<LabelWeightOp> {
  using LoweringPattern::LoweringPattern;
  LogicalResult lower(LabelWeightOp op, ArrayRef<ScaledParts> parts,
                      ImplicitLocOpBuilder &builder,
                      PatternRewriter &rewriter) const override {
    Value weights = createWeights(
        builder, op, createTable(builder, op, getElementType(op.getResult())));
    replaceWithParts(rewriter, op, weights,
                     createFixedExponent(builder, weights));
    return success();
  }

  static Value createTable(ImplicitLocOpBuilder &builder, LabelWeightOp op,
                           Type type) {
    SmallVector<double> weights = getClassWeights(op.getWeights(), 1);
    auto table =
        RankedTensorType::get(static_cast<int64_t>(weights.size()), type);
    if (type.isF32()) {
      SmallVector<float> singles(weights.begin(), weights.end());
      return builder.create<arith::ConstantOp>(
          DenseElementsAttr::get(table, ArrayRef<float>(singles)));
    }
    SmallVector<int64_t> fixed;
    for (double weight : weights)
      fixed.push_back(toMetricMantissa(weight));
    return builder.create<arith::ConstantOp>(
        DenseElementsAttr::get(table, ArrayRef<int64_t>(fixed)));
  }
};

struct LowerLabelWeightSum : LoweringPattern<LabelWeightSumOp> {
  using LoweringPattern::LoweringPattern;
  LogicalResult lower(LabelWeightSumOp op, ArrayRef<ScaledParts> parts,
                      ImplicitLocOpBuilder &builder,
                      PatternRewriter &rewriter) const override {
    SmallVector<double> weights = getClassWeights(op.getWeights(), 1);
    auto type = RankedTensorType::get(static_cast<int64_t>(weights.size()),
                                      builder.getF64Type());
    Value table = builder.create<arith::ConstantOp>(
        DenseElementsAttr::get(type, ArrayRef<double>(weights)));
    Value ofLabels = createWeights(builder, op, table);
    int64_t rows = getShape(op.getLabels())[0];
    Value sums =
        createChannelSum(builder, createReshape(builder, ofLabels, {rows, 1}));
    rewriter.replaceOpWithNewOp<tensor::ExtractOp>(
        op, sums, ValueRange(builder.create<arith::ConstantIndexOp>(0)));
    return success();
  }
};
} // namespace

void qtc::populateMetricPatterns(RewritePatternSet &patterns) {
  patterns.add<LowerRowMetric, LowerLabelWeight, LowerLabelWeightSum>(
      patterns.getContext());
}
