//===- ConvolutionLoops.cpp - Convolutions as scalar loops ----------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Conversion/QKernelToLoops/LoopBuilder.h"

#include <limits>

using namespace mlir;
using namespace qtc;
using namespace qtc::qkernel;

namespace {

/// Extents of a convolution: x [N, H, W, C], w [O, C/group, KH, KW],
/// y [N, OH, OW, O].
struct Geometry {
  Geometry(Value x, Value w, Value y, qtrain::WindowAttr window, int64_t group)
      : x(getBufferShape(x)), w(getBufferShape(w)), y(getBufferShape(y)),
        window(window), group(group) {}

  int64_t getMacs() const {
    return y[0] * y[1] * y[2] * y[3] * w[1] * w[2] * w[3];
  }
  /// Input position of output position `out` under kernel position `k`.
  Value getInput(LoopBuilder &b, unsigned dim, Value out, Value k) const {
    Value start =
        b.affine(out, window.getStrides()[dim], -window.getPads()[dim]);
    return b.add(start, b.affine(k, window.getDilations()[dim], 0));
  }
  /// The output position that sees input position `in` under kernel position
  /// `k`, and whether there is one.
  std::pair<Value, Value> getOutput(LoopBuilder &b, unsigned dim, Value in,
                                    Value k) const {
    Value stride = b.index(window.getStrides()[dim]);
    Value distance = b.sub(b.affine(in, 1, window.getPads()[dim]),
                           b.affine(k, window.getDilations()[dim], 0));
    // Quotients of negative distances are large, so they are outside, too.
    Value out = b.create<arith::DivUIOp>(distance, stride);
    Value isExact =
        b.compare(arith::CmpIPredicate::eq, b.mul(out, stride), distance);
    Value exists =
        b.create<arith::AndIOp>(isExact, b.isInside(out, y[dim + 1]));
    return {out, exists};
  }
  /// The channel of x that output `o` sees as its channel `i`.
  Value getChannel(LoopBuilder &b, Value o, Value i) const {
    if (group == 1)
      return i;
    Value block = b.create<arith::DivUIOp>(o, b.index(w[0] / group));
    return b.add(b.affine(block, w[1], 0), i);
  }

  ArrayRef<int64_t> x, w, y;
  qtrain::WindowAttr window;
  int64_t group;
};

/// The type in which sums are formed: integers have 64 bits if they need them.
template <typename OpTy> Type getSumType(LoopBuilder &b, OpTy op) {
  return op.hasWideSums() ? b.getI64Type() : getElementTypeOrSelf(op.getSums());
}

/// The sum as an element of `accumulators`, saturated if they are narrower.
Value finishSum(LoopBuilder &b, Value sum, Value accumulators) {
  Type type = getElementTypeOrSelf(accumulators);
  if (sum.getType() == type)
    return sum;
  Value clamped = b.clamp(sum, std::numeric_limits<int32_t>::max());
  return b.create<arith::TruncIOp>(type, clamped);
}

/// sum + lhs · rhs in the type of the sum. Floats are rounded twice, which all
/// instruction sets do alike.
Value addProduct(LoopBuilder &b, Value sum, Value lhs, Value rhs) {
  if (isa<FloatType>(sum.getType()))
    return b.add(sum, b.mul(lhs, rhs));
  Value product = b.mul(b.extend(lhs), b.extend(rhs));
  return b.add(sum, b.extend(product, sum.getType().getIntOrFloatBitWidth()));
}

/// Σ over kernel positions inside the image and channels.
struct LowerConv2D : LoopPattern<Conv2DOp> {
  using LoopPattern::LoopPattern;
  LogicalResult matchAndRewrite(Conv2DOp op,
                                PatternRewriter &rewriter) const override {
    if (op.getDirect())
      return rewriter.notifyMatchFailure(op, "has a vector kernel");
    LoopBuilder b = start(op, rewriter);
    Value x = op.getInput(), w = op.getWeight(), y = op.getOutput();
    Value bias = op.getBias();
    Geometry g(x, w, y, op.getWindow(), op.getGroup());
    b.parallelNest(g.y, /*outer=*/2, "conv2d", g.getMacs(), [&](ValueRange i) {
      Value zero = b.zero(getSumType(b, op));
      Value sum =
          finishSum(b, sumWindow(b, g, x, w, i[0], i[1], i[2], i[3], zero), y);
      if (bias)
        sum = addBias(b, sum, b.load(bias, i[3]));
      b.store(sum, y, i);
    });
    if (op.getMaximum())
      buildMaxAbs(b, y, op.getMaximum());
    rewriter.eraseOp(op);
    return success();
  }

  static Value addBias(LoopBuilder &b, Value sum, Value bias) {
    if (isa<FloatType>(sum.getType()))
      return b.add(sum, bias);
    Value wide = b.add(b.extend(sum, 64), b.extend(bias, 64));
    return b.create<arith::TruncIOp>(b.getI32Type(),
                                     b.clamp(wide, int64_t(1) << 30));
  }

  static Value sumWindow(LoopBuilder &b, const Geometry &g, Value x, Value w,
                         Value n, Value oh, Value ow, Value o, Value start) {
    Value zero = b.index(0);
    return b.fold(zero, b.index(g.w[2]), start, [&](Value kh, Value rowSum) {
      Value h = g.getInput(b, 0, oh, kh);
      return b.choose(b.isInside(h, g.x[1]), rowSum, [&] {
        return b.fold(zero, b.index(g.w[3]), rowSum, [&](Value kw, Value sum) {
          Value c = g.getInput(b, 1, ow, kw);
          return b.choose(b.isInside(c, g.x[2]), sum, [&] {
            return b.fold(
                zero, b.index(g.w[1]), sum, [&](Value i, Value partial) {
                  Value channel = g.getChannel(b, o, i);
                  return addProduct(b, partial, b.load(x, {n, h, c, channel}),
                                    b.load(w, {o, i, kh, kw}));
                });
          });
        });
      });
    });
  }
};

/// Every output position spreads its error over the inputs it saw. One image
/// is one iteration, so no two iterations write the same place.
struct LowerInputGradient : LoopPattern<Conv2DInputGradientOp> {
  using LoopPattern::LoopPattern;
  LogicalResult matchAndRewrite(Conv2DInputGradientOp op,
                                PatternRewriter &rewriter) const override {
    if (op.getDirect())
      return rewriter.notifyMatchFailure(op, "has a vector kernel");
    LoopBuilder b = start(op, rewriter);
    Value e = op.getOutput(), w = op.getWeight(), x = op.getInput();
    Geometry g(x, w, e, op.getWindow(), op.getGroup());
    if (op.hasWideSums() || b.hasFineGrain()) {
      gather(b, g, e, w, x, getSumType(b, op));
    } else {
      scatter(b, g, e, w, x);
    }
    if (op.getMaximum())
      buildMaxAbs(b, x, op.getMaximum());
    rewriter.eraseOp(op);
    return success();
  }

  static void scatter(LoopBuilder &b, const Geometry &g, Value e, Value w,
                      Value x) {
    b.fillZero(x, "input_gradient");
    b.parallel(g.x[0], "input_gradient", g.getMacs(), [&](Value n) {
      b.nest({g.y[1], g.y[2]}, [&](ValueRange out) {
        b.nest({g.w[2], g.w[3]}, [&](ValueRange k) {
          Value h = g.getInput(b, 0, out[0], k[0]);
          Value c = g.getInput(b, 1, out[1], k[1]);
          Value inside = b.create<arith::AndIOp>(b.isInside(h, g.x[1]),
                                                 b.isInside(c, g.x[2]));
          b.when(inside, [&] {
            b.nest({g.w[0], g.w[1]}, [&](ValueRange oi) {
              SmallVector<Value> in = {n, h, c, g.getChannel(b, oi[0], oi[1])};
              Value sum = addProduct(b, b.load(x, in),
                                     b.load(e, {n, out[0], out[1], oi[0]}),
                                     b.load(w, {oi[0], oi[1], k[0], k[1]}));
              b.store(sum, x, in);
            });
          });
        });
      });
    });
  }

  /// The same sums one at a time, formed in `type`.
  static void gather(LoopBuilder &b, const Geometry &g, Value e, Value w,
                     Value x, Type type) {
    auto sumInput = [&](ValueRange in) {
      Value sum = sumOutputs(b, g, e, w, in, b.zero(type));
      b.store(finishSum(b, sum, x), x, in);
    };
    b.parallelNest(g.x, /*outer=*/2, "input_gradient", g.getMacs(), sumInput);
  }

  /// start + Σ over the outputs that see input `in`.
  static Value sumOutputs(LoopBuilder &b, const Geometry &g, Value e, Value w,
                          ValueRange in, Value start) {
    Value zero = b.index(0), perGroup = b.index(g.w[1]);
    int64_t outputs = g.w[0] / g.group;
    Value block = b.create<arith::DivUIOp>(in[3], perGroup);
    Value i = b.create<arith::RemUIOp>(in[3], perGroup);
    Value first = b.affine(block, outputs, 0);
    Value last = b.affine(first, 1, outputs);
    return b.fold(zero, b.index(g.w[2]), start, [&](Value kh, Value rowSum) {
      auto [oh, isRow] = g.getOutput(b, 0, in[1], kh);
      return b.choose(isRow, rowSum, [&, oh = oh] {
        return b.fold(zero, b.index(g.w[3]), rowSum, [&](Value kw, Value part) {
          auto [ow, isColumn] = g.getOutput(b, 1, in[2], kw);
          return b.choose(isColumn, part, [&, ow = ow] {
            return b.fold(first, last, part, [&](Value o, Value partial) {
              return addProduct(b, partial, b.load(e, {in[0], oh, ow, o}),
                                b.load(w, {o, i, kh, kw}));
            });
          });
        });
      });
    });
  }
};

/// Σ over the batch and all output positions whose input is inside the image.
struct LowerWeightGradient : LoopPattern<Conv2DWeightGradientOp> {
  using LoopPattern::LoopPattern;
  LogicalResult matchAndRewrite(Conv2DWeightGradientOp op,
                                PatternRewriter &rewriter) const override {
    if (op.getDirect())
      return rewriter.notifyMatchFailure(op, "has a vector kernel");
    LoopBuilder b = start(op, rewriter);
    Value x = op.getInput(), e = op.getOutput(), w = op.getWeight();
    Geometry g(x, w, e, op.getWindow(), op.getGroup());
    Type sumType = getSumType(b, op);
    if (b.hasFineGrain() && sumType.isInteger(32))
      addImages(b, g, x, e, w);
    else
      sumBatch(b, g, x, e, w, sumType);
    if (op.getMaximum())
      buildMaxAbs(b, w, op.getMaximum());
    rewriter.eraseOp(op);
    return success();
  }

  /// One sum over the whole batch for each weight.
  static void sumBatch(LoopBuilder &b, const Geometry &g, Value x, Value e,
                       Value w, Type type) {
    auto sumWeight = [&](ValueRange weight) {
      Value sum = b.fold(b.index(0), b.index(g.y[0]), b.zero(type),
                         [&](Value n, Value partial) {
                           return sumImage(b, g, x, e, n, weight, partial);
                         });
      b.store(finishSum(b, sum, w), w, weight);
    };
    b.parallelNest(g.w, /*outer=*/1, "weight_gradient", g.getMacs(), sumWeight);
  }

  /// There are too few weights for the threads of a device, so images are added
  /// atomically. Neighbours differ in the output channel, which is innermost in
  /// the error.
  static void addImages(LoopBuilder &b, const Geometry &g, Value x, Value e,
                        Value w) {
    b.fillZero(w, "weight_gradient");
    int64_t shape[] = {g.y[0], g.w[1], g.w[2], g.w[3], g.w[0]};
    auto addImage = [&](ValueRange i) {
      SmallVector<Value> weight = {i[4], i[1], i[2], i[3]};
      Value sum = sumImage(b, g, x, e, i[0], weight, b.integer(0));
      b.create<memref::AtomicRMWOp>(arith::AtomicRMWKind::addi, sum, w, weight);
    };
    b.parallelNest(shape, /*outer=*/1, "weight_gradient", g.getMacs(),
                   addImage);
  }

  /// start + the contribution of image `n` to a weight.
  static Value sumImage(LoopBuilder &b, const Geometry &g, Value x, Value e,
                        Value n, ValueRange weight, Value start) {
    Value zero = b.index(0);
    Value channel = g.getChannel(b, weight[0], weight[1]);
    return b.fold(zero, b.index(g.y[1]), start, [&](Value oh, Value rowSum) {
      Value h = g.getInput(b, 0, oh, weight[2]);
      return b.choose(b.isInside(h, g.x[1]), rowSum, [&] {
        return b.fold(zero, b.index(g.y[2]), rowSum, [&](Value ow, Value sum) {
          Value c = g.getInput(b, 1, ow, weight[3]);
          return b.choose(b.isInside(c, g.x[2]), sum, [&] {
            return addProduct(b, sum, b.load(x, {n, h, c, channel}),
                              b.load(e, {n, oh, ow, weight[0]}));
          });
        });
      });
    });
  }
};
} // namespace

void qtc::populateConvolutionLoops(RewritePatternSet &patterns, Grain grain) {
  patterns.add<LowerConv2D, LowerInputGradient, LowerWeightGradient>(
      patterns.getContext(), grain);
}
