//===- ResponseNormPatterns.cpp - Local response normalization ------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Conversion/QTrainToQKernel/PatternSupport.h"

using namespace mlir;
using namespace qtc;
using namespace qtc::qtrain;

namespace {

/// The values that the forward and the backward pass share; `OpTy` is the
/// operation of either pass.
template <typename OpTy> class ResponseNorm {
public:
  ResponseNorm(ImplicitLocOpBuilder &builder, OpTy op, Value x)
      : builder(builder), op(op), x(x), type(getElementType(op.getInput())),
        shape(cast<RankedTensorType>(x.getType()).getShape()) {
    channelDim = isChannelsLast(getTensorType(op.getType())) ? 3 : 1;
  }

  /// A tensor in memory: `element` of tensors like the input.
  Value create(ValueRange tensors, ElementFunction element) {
    SmallVector<AffineMap> maps(tensors.size(),
                                builder.getMultiDimIdentityMap(shape.size()));
    return createMapped(builder, tensors, maps, shape, type, element);
  }

  /// s of the input.
  Value createScale() {
    auto size = static_cast<int64_t>(op.getSize());
    double factor = op.getAlpha().convertToDouble() / static_cast<double>(size);
    return create({}, [&](ImplicitLocOpBuilder &b, ValueRange) -> Value {
      Value sum =
          sumOverWindow(b, x, /*before=*/(size - 1) / 2,
                        /*behind=*/size / 2, [&](Value element) {
                          return b.create<arith::MulFOp>(element, element);
                        });
      Value scaled = b.create<arith::MulFOp>(number(b, factor), sum);
      return b.create<arith::AddFOp>(number(b, op.getBias().convertToDouble()),
                                     scaled);
    });
  }

  /// Σ function(tensor[n, j, ...]) over the existing channels j from `before`
  /// channels before that of the element to `behind` channels after it.
  Value sumOverWindow(ImplicitLocOpBuilder &b, Value tensor, int64_t before,
                      int64_t behind, function_ref<Value(Value)> function) {
    SmallVector<Value> indices;
    for (size_t dim = 0; dim < shape.size(); ++dim)
      indices.push_back(b.create<linalg::IndexOp>(dim));
    auto index = [&](int64_t value) -> Value {
      return b.create<arith::ConstantIndexOp>(value);
    };
    Value channel = indices[channelDim];
    // Indices are not negative.
    Value first = b.create<arith::SubIOp>(
        b.create<arith::MaxUIOp>(channel, index(before)), index(before));
    Value end = b.create<arith::MinUIOp>(
        b.create<arith::AddIOp>(channel, index(behind + 1)),
        index(shape[channelDim]));
    auto loop = b.create<scf::ForOp>(first, end, index(1), number(b, 0.0));
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    indices[channelDim] = loop.getInductionVar();
    Value element = b.create<tensor::ExtractOp>(tensor, indices);
    b.create<scf::YieldOp>(
        b.create<arith::AddFOp>(loop.getRegionIterArg(0), function(element))
            .getResult());
    return loop.getResult(0);
  }

  /// s^exponent; s is positive.
  Value power(ImplicitLocOpBuilder &b, Value s, double exponent) {
    Value logarithm = b.create<math::LogOp>(s);
    return b.create<math::ExpOp>(
        b.create<arith::MulFOp>(number(b, exponent), logarithm));
  }

  Value number(ImplicitLocOpBuilder &b, double value) {
    return b.create<arith::ConstantOp>(b.getFloatAttr(type, value));
  }

private:
  ImplicitLocOpBuilder &builder;
  OpTy op;
  Value x;
  Type type;
  ArrayRef<int64_t> shape;
  unsigned channelDim;
};

struct LowerLocalResponseNorm : LoweringPattern<LocalResponseNormOp> {
  using LoweringPattern::LoweringPattern;
  LogicalResult lower(LocalResponseNormOp op, ArrayRef<ScaledParts> parts,
                      ImplicitLocOpBuilder &builder,
                      PatternRewriter &rewriter) const override {
    Value x = parts[0].mantissas;
    ResponseNorm norm(builder, op, x);
    double beta = op.getBeta().convertToDouble();
    Value result = norm.create(
        {x, norm.createScale()},
        [&](ImplicitLocOpBuilder &b, ValueRange v) -> Value {
          return b.create<arith::MulFOp>(v[0], norm.power(b, v[1], -beta));
        });
    replaceWithParts(rewriter, op, result, Value());
    return success();
  }
};

struct LowerLocalResponseNormGradient
    : LoweringPattern<LocalResponseNormGradientOp> {
  using LoweringPattern::LoweringPattern;
  LogicalResult lower(LocalResponseNormGradientOp op,
                      ArrayRef<ScaledParts> parts,
                      ImplicitLocOpBuilder &builder,
                      PatternRewriter &rewriter) const override {
    Value x = parts[0].mantissas, gradient = parts[1].mantissas;
    ResponseNorm norm(builder, op, x);
    auto size = static_cast<int64_t>(op.getSize());
    double beta = op.getBeta().convertToDouble();
    double factor = -2.0 * op.getAlpha().convertToDouble() * beta /
                    static_cast<double>(size);
    Value scale = norm.createScale();
    Value terms =
        norm.create({x, gradient, scale},
                    [&](ImplicitLocOpBuilder &b, ValueRange v) -> Value {
                      Value product = b.create<arith::MulFOp>(v[0], v[1]);
                      return b.create<arith::MulFOp>(
                          product, norm.power(b, v[2], -beta - 1.0));
                    });
    // The windows that contain a channel are its own window mirrored.
    Value result = norm.create(
        {x, gradient, scale},
        [&](ImplicitLocOpBuilder &b, ValueRange v) -> Value {
          Value sum = norm.sumOverWindow(b, terms, /*before=*/size / 2,
                                         /*behind=*/(size - 1) / 2,
                                         [](Value term) { return term; });
          Value indirect = b.create<arith::MulFOp>(
              b.create<arith::MulFOp>(norm.number(b, factor), v[0]), sum);
          Value direct =
              b.create<arith::MulFOp>(v[1], norm.power(b, v[2], -beta));
          return b.create<arith::AddFOp>(direct, indirect);
        });
    replaceWithParts(rewriter, op, result, Value());
    return success();
  }
};
} // namespace

void qtc::populateResponseNormPatterns(RewritePatternSet &patterns) {
  patterns.add<LowerLocalResponseNorm, LowerLocalResponseNormGradient>(
      patterns.getContext());
}
