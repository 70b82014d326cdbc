//===- PoolLoops.cpp - Pools as loops -------------------------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Conversion/QKernelToLoops/LoopBuilder.h"

#include "llvm/Support/MathExtras.h"

#include <functional>
#include <limits>

using namespace mlir;
using namespace qtc;
using namespace qtc::qkernel;
using arith::CmpIPredicate;

namespace {

/// Larger windows become loops, because unrolled code grows with the taps.
constexpr int64_t kMaxUnrolledTaps = 49;

int64_t countTaps(qtrain::WindowAttr window) {
  return window.getKernel()[0] * window.getKernel()[1];
}

bool isUnrolled(qtrain::WindowAttr window) {
  return countTaps(window) <= kMaxUnrolledTaps;
}

/// The position of tap `tap` of window `out` along a spatial dimension.
Value getPosition(LoopBuilder &b, qtrain::WindowAttr window, unsigned dim,
                  Value out, int64_t tap) {
  return b.affine(out, window.getStrides()[dim],
                  tap * window.getDilations()[dim] - window.getPads()[dim]);
}

Value getPosition(LoopBuilder &b, qtrain::WindowAttr window, unsigned dim,
                  Value out, Value tap) {
  Value start = b.affine(out, window.getStrides()[dim], -window.getPads()[dim]);
  return b.add(start, b.affine(tap, window.getDilations()[dim], 0));
}

/// True when no window of `y` reaches outside `x`.
bool isAlwaysInside(qtrain::WindowAttr window, ArrayRef<int64_t> x,
                    ArrayRef<int64_t> y) {
  for (unsigned dim : {0u, 1u}) {
    int64_t last = (y[dim + 1] - 1) * window.getStrides()[dim] +
                   window.getSpan(dim) - window.getPads()[dim];
    if (window.getPads()[dim] != 0 || last > x[dim + 1])
      return false;
  }
  return true;
}

/// An element of a window.
struct Tap {
  Value h, w;
  Value isInside; ///< null where all windows are inside of the image
  int64_t number; ///< among the window's taps, or -1 in a loop
  Value index;    ///< the number in a loop

  Value getNumber(LoopBuilder &b, unsigned width) const {
    if (!index)
      return b.integer(number, width);
    return b.create<arith::IndexCastOp>(b.getIntegerType(width), index);
  }
};

/// Replaces `carried` for one tap after the other.
using TapBody = llvm::function_ref<void(const Tap &, MutableArrayRef<Value>)>;

/// Calls `body` for every tap of the window at (oh, ow), in row-major order.
void forEachTap(LoopBuilder &b, qtrain::WindowAttr window, ArrayRef<int64_t> x,
                bool inside, Value oh, Value ow, MutableArrayRef<Value> carried,
                TapBody body) {
  auto visit = [&](Tap tap, MutableArrayRef<Value> values) {
    if (!inside)
      tap.isInside = b.create<arith::AndIOp>(b.isInside(tap.h, x[1]),
                                             b.isInside(tap.w, x[2]));
    body(tap, values);
  };
  ArrayRef<int64_t> kernel = window.getKernel();
  if (!isUnrolled(window))
    return b.fold(
        kernel, carried, [&](ValueRange k, MutableArrayRef<Value> values) {
          Value number = b.add(b.affine(k[0], kernel[1], 0), k[1]);
          visit({getPosition(b, window, 0, oh, k[0]),
                 getPosition(b, window, 1, ow, k[1]), Value(), -1, number},
                values);
        });
  for (int64_t kh = 0; kh < kernel[0]; ++kh) {
    Value h = getPosition(b, window, 0, oh, kh);
    for (int64_t kw = 0; kw < kernel[1]; ++kw)
      visit({h, getPosition(b, window, 1, ow, kw), Value(), kh * kernel[1] + kw,
             Value()},
            carried);
  }
}

/// The element at a tap, or `otherwise` outside the image.
Value loadTap(LoopBuilder &b, Value x, Value n, const Tap &tap, Value c,
              Value otherwise) {
  if (!tap.isInside)
    return b.load(x, {n, tap.h, tap.w, c});
  return b.choose(tap.isInside, otherwise, [&] {
    return b.load(x, {n, tap.h, tap.w, c});
  });
}

/// Runs its argument for the channels of a window: for all of them, or for the
/// one of this iteration if the grain is fine.
using ChannelLoop = llvm::function_ref<void(llvm::function_ref<void(Value)>)>;

using WindowBody =
    llvm::function_ref<void(Value n, Value oh, Value ow, ChannelLoop)>;

/// Runs `body` over all windows, the first `outer` dimensions of `y` in
/// parallel, or all and the channels if the grain is fine.
void forEachWindow(LoopBuilder &b, ArrayRef<int64_t> y, unsigned outer,
                   StringRef kind, WindowBody body) {
  if (b.hasFineGrain())
    return b.parallelNest(y, outer, kind, /*macs=*/0, [&](ValueRange i) {
      body(i[0], i[1], i[2],
           [&](llvm::function_ref<void(Value)> channel) { channel(i[3]); });
    });
  b.parallelNest(y.take_front(3), outer, kind, /*macs=*/0, [&](ValueRange i) {
    body(i[0], i[1], i[2], [&](llvm::function_ref<void(Value)> channel) {
      b.loop(y[3], channel);
    });
  });
}

/// Runs `body` over all windows of which those of one image and channel may
/// write the same place unless they are `disjoint`.
void forEachWrittenWindow(LoopBuilder &b, ArrayRef<int64_t> y, bool disjoint,
                          StringRef kind, WindowBody body) {
  if (disjoint)
    return forEachWindow(b, y, /*outer=*/1, kind, body);
  auto inOrder = [&](Value n, ChannelLoop channels) {
    b.nest({y[1], y[2]},
           [&](ValueRange out) { body(n, out[0], out[1], channels); });
  };
  if (b.hasFineGrain())
    return b.parallelNest({y[0], y[3]}, /*outer=*/2, kind, /*macs=*/0,
                          [&](ValueRange i) {
                            inOrder(i[0], [&](auto channel) { channel(i[1]); });
                          });
  b.parallel(y[0], kind, /*macs=*/0, [&](Value n) {
    inOrder(n, [&](auto channel) { b.loop(y[3], channel); });
  });
}

Type getElementType(Value buffer) {
  return cast<MemRefType>(buffer.getType()).getElementType();
}

struct LowerMaxPool : LoopPattern<MaxPool2DOp> {
  using LoopPattern::LoopPattern;
  LogicalResult matchAndRewrite(MaxPool2DOp op,
                                PatternRewriter &rewriter) const override {
    LoopBuilder b = start(op, rewriter);
    Value x = op.getInput(), y = op.getOutput();
    ArrayRef<int64_t> in = getBufferShape(x), out = getBufferShape(y);
    bool inside = isAlwaysInside(op.getWindow(), in, out);
    auto pool = [&](Value n, Value oh, Value ow, ChannelLoop channels) {
      channels([&](Value c) {
        Value lowest = b.lowest(getElementType(x)), best = lowest;
        forEachTap(b, op.getWindow(), in, inside, oh, ow, best,
                   [&](const Tap &tap, MutableArrayRef<Value> largest) {
                     largest[0] = b.maximum(largest[0],
                                            loadTap(b, x, n, tap, c, lowest));
                   });
        b.store(best, y, {n, oh, ow, c});
      });
    };
    forEachWindow(b, out, /*outer=*/2, "max_pool", pool);
    rewriter.eraseOp(op);
    return success();
  }
};

/// True when the windows reach every input position.
bool covers(qtrain::WindowAttr window, ArrayRef<int64_t> x,
            ArrayRef<int64_t> y) {
  for (unsigned dim : {0u, 1u})
    if (window.getKernel()[dim] < window.getStrides()[dim] ||
        window.getDilations()[dim] != 1 ||
        (y[dim + 1] - 1) * window.getStrides()[dim] + window.getSpan(dim) <
            x[dim + 1])
      return false;
  return true;
}

/// The taps of a window that take its error. They are selected one after the
/// other, with a state that is carried from each to the next.
struct Choice {
  SmallVector<Value> state;
  std::function<Value(const Tap &, MutableArrayRef<Value> state)> takes;
};

/// Gives the error of every window to the taps that `select`(n, oh, ow, c)
/// chooses; errors are added where windows overlap.
void routeErrors(
    LoopBuilder &b, qtrain::WindowAttr window, Value e, Value ex,
    llvm::function_ref<Choice(Value, Value, Value, Value)> select) {
  ArrayRef<int64_t> in = getBufferShape(ex), out = getBufferShape(e);
  bool inside = isAlwaysInside(window, in, out);
  bool overlaps = window.overlaps();
  if (overlaps || !inside || !covers(window, in, out))
    b.fillZero(ex, "max_pool_gradient");
  Type type = getElementType(ex);
  auto route = [&](Value n, Value oh, Value ow, Value c) {
    Choice choice = select(n, oh, ow, c);
    Value error =
        b.extend(b.load(e, {n, oh, ow, c}), type.getIntOrFloatBitWidth());
    Value zero = b.zero(type);
    forEachTap(b, window, in, inside, oh, ow, choice.state,
               [&](const Tap &tap, MutableArrayRef<Value> state) {
                 Value share = b.select(choice.takes(tap, state), error, zero);
                 auto write = [&] {
                   if (overlaps)
                     b.accumulate(share, ex, {n, tap.h, tap.w, c});
                   else
                     b.store(share, ex, {n, tap.h, tap.w, c});
                 };
                 if (tap.isInside)
                   b.when(tap.isInside, write);
                 else
                   write();
               });
  };
  forEachWrittenWindow(b, out, !overlaps, "max_pool_gradient",
                       [&](Value n, Value oh, Value ow, ChannelLoop channels) {
                         channels([&](Value c) { route(n, oh, ow, c); });
                       });
}

struct LowerMaxPoolGradient : LoopPattern<MaxPool2DGradientOp> {
  using LoopPattern::LoopPattern;
  LogicalResult matchAndRewrite(MaxPool2DGradientOp op,
                                PatternRewriter &rewriter) const override {
    LoopBuilder b = start(op, rewriter);
    Value x = op.getInput(), e = op.getError(), ex = op.getInputError();
    ArrayRef<int64_t> in = getBufferShape(x), out = getBufferShape(e);
    qtrain::WindowAttr window = op.getWindow();
    bool inside = isAlwaysInside(window, in, out);
    routeErrors(b, window, e, ex, [&](Value n, Value oh, Value ow, Value c) {
      Value lowest = b.lowest(getElementType(x)), best = lowest;
      SmallVector<Value> taps; // of an unrolled window
      forEachTap(b, window, in, inside, oh, ow, best,
                 [&](const Tap &tap, MutableArrayRef<Value> largest) {
                   taps.push_back(loadTap(b, x, n, tap, c, lowest));
                   largest[0] = b.maximum(largest[0], taps.back());
                 });
      // The first maximum takes the error and closes the window.
      Value isClosed = b.integer(0, 1);
      return Choice{
          {b.integer(1, 1)}, [=, &b](const Tap &tap, auto isOpen) -> Value {
            Value element =
                tap.index ? loadTap(b, x, n, tap, c, lowest) : taps[tap.number];
            Value isBest = b.isEqual(element, best);
            Value takes = b.create<arith::AndIOp>(isBest, isOpen[0]);
            isOpen[0] = b.select(isBest, isClosed, isOpen[0]);
            return takes;
          }};
    });
    rewriter.eraseOp(op);
    return success();
  }
};

struct LowerMaxPoolPositions : LoopPattern<MaxPool2DPositionsOp> {
  using LoopPattern::LoopPattern;
  LogicalResult matchAndRewrite(MaxPool2DPositionsOp op,
                                PatternRewriter &rewriter) const override {
    LoopBuilder b = start(op, rewriter);
    Value x = op.getInput(), positions = op.getPositions();
    ArrayRef<int64_t> in = getBufferShape(x), out = getBufferShape(positions);
    bool inside = isAlwaysInside(op.getWindow(), in, out);
    unsigned width = getElementType(positions).getIntOrFloatBitWidth();
    auto pool = [&](Value n, Value oh, Value ow, ChannelLoop channels) {
      channels([&](Value c) {
        Value lowest = b.lowest(getElementType(x));
        Value found[] = {lowest, b.integer(0, width)};
        forEachTap(b, op.getWindow(), in, inside, oh, ow, found,
                   [&](const Tap &tap, MutableArrayRef<Value> best) {
                     Value element = loadTap(b, x, n, tap, c, lowest);
                     Value isBetter =
                         b.compare(CmpIPredicate::sgt, element, best[0]);
                     best[1] =
                         b.select(isBetter, tap.getNumber(b, width), best[1]);
                     best[0] = b.create<arith::MaxSIOp>(best[0], element);
                   });
        b.store(found[1], positions, {n, oh, ow, c});
      });
    };
    forEachWindow(b, out, /*outer=*/2, "max_pool", pool);
    rewriter.eraseOp(op);
    return success();
  }
};

struct LowerMaxUnpool : LoopPattern<MaxUnpool2DOp> {
  using LoopPattern::LoopPattern;
  LogicalResult matchAndRewrite(MaxUnpool2DOp op,
                                PatternRewriter &rewriter) const override {
    LoopBuilder b = start(op, rewriter);
    Value positions = op.getPositions(), e = op.getError(),
          ex = op.getInputError();
    unsigned width = getElementType(positions).getIntOrFloatBitWidth();
    routeErrors(b, op.getWindow(), e, ex,
                [&](Value n, Value oh, Value ow, Value c) {
                  Value position = b.load(positions, {n, oh, ow, c});
                  return Choice{{}, [=, &b](const Tap &tap, auto) {
                                  return b.compare(CmpIPredicate::eq, position,
                                                   tap.getNumber(b, width));
                                }};
                });
    rewriter.eraseOp(op);
    return success();
  }
};

/// Positions of a window along one dimension that are in [begin, end).
Value countInside(LoopBuilder &b, qtrain::WindowAttr window, unsigned dim,
                  Value out, int64_t begin, int64_t end) {
  auto countTap = [&](Value position, Value count) {
    Value inside = b.isInside(b.affine(position, 1, -begin), end - begin);
    return b.add(count, b.select(inside, b.index(1), b.index(0)));
  };
  Value count = b.index(0);
  int64_t extent = window.getKernel()[dim];
  if (!isUnrolled(window))
    return b.fold(count, b.index(extent), count, [&](Value tap, Value sum) {
      return countTap(getPosition(b, window, dim, out, tap), sum);
    });
  for (int64_t tap = 0; tap < extent; ++tap)
    count = countTap(getPosition(b, window, dim, out, tap), count);
  return count;
}

/// Positions that the mean of the window at (oh, ow) covers: those inside the
/// image, or inside of image and padding.
Value getArea(LoopBuilder &b, qtrain::WindowAttr window, bool countPadding,
              ArrayRef<int64_t> x, Value oh, Value ow) {
  Value counts[2];
  for (unsigned dim : {0u, 1u}) {
    int64_t begin = countPadding ? -window.getPads()[dim] : 0;
    int64_t end = x[dim + 1] + (countPadding ? window.getPads()[dim + 2] : 0);
    counts[dim] = countInside(b, window, dim, dim == 0 ? oh : ow, begin, end);
  }
  return b.mul(counts[0], counts[1]);
}

/// The factor of the sum of the window at (oh, ow): 1 / area for floats, else
/// c = round(2^(7+k) / area), with the area of the whole kernel if padding
/// counts.
Value getFactor(LoopBuilder &b, qtrain::WindowAttr window, bool countPadding,
                ArrayRef<int64_t> x, Value oh, Value ow, Type type) {
  if (isa<FloatType>(type)) {
    Value area = b.create<arith::IndexCastOp>(
        b.getI32Type(), getArea(b, window, countPadding, x, oh, ow));
    Value one = b.create<arith::ConstantOp>(b.getFloatAttr(type, 1.0));
    return b.create<arith::DivFOp>(one, b.create<arith::SIToFPOp>(type, area));
  }
  int64_t fraction = 7 + llvm::Log2_64_Ceil(countTaps(window));
  Value area = countPadding ? b.index(countTaps(window))
                            : getArea(b, window, false, x, oh, ow);
  Value doubled = b.affine(area, 2, 0);
  Value numerator = b.affine(area, 1, int64_t(2) << fraction);
  Value factor = b.create<arith::DivUIOp>(numerator, doubled);
  return b.create<arith::IndexCastOp>(b.getI32Type(), factor);
}

/// Width of Σ m · c: up to 127 · 2^(7+k), and a little for rounded factors.
unsigned getSumWidth(qtrain::WindowAttr window) {
  return llvm::Log2_64_Ceil(countTaps(window)) > 16 ? 64 : 32;
}

/// `sum` · `factor`, of integers in 32 bits, saturated if it may need more.
Value scaleSum(LoopBuilder &b, Value sum, Value factor, unsigned width) {
  if (isa<FloatType>(sum.getType()))
    return b.mul(sum, factor);
  Value product = b.mul(b.extend(sum, width), b.extend(factor, width));
  if (width == 32)
    return product;
  Value clamped = b.clamp(product, std::numeric_limits<int32_t>::max());
  return b.create<arith::TruncIOp>(b.getI32Type(), clamped);
}

struct LowerAveragePool : LoopPattern<AveragePool2DOp> {
  using LoopPattern::LoopPattern;
  LogicalResult matchAndRewrite(AveragePool2DOp op,
                                PatternRewriter &rewriter) const override {
    LoopBuilder b = start(op, rewriter);
    Value x = op.getInput(), y = op.getOutput();
    ArrayRef<int64_t> in = getBufferShape(x), out = getBufferShape(y);
    qtrain::WindowAttr window = op.getWindow();
    Value zero = b.index(0);
    auto pool = [&](Value n, Value oh, Value ow, ChannelLoop channels) {
      Value factor = getFactor(b, window, op.getCountIncludePad(), in, oh, ow,
                               getElementType(y));
      channels([&](Value c) {
        Value sum = b.fold(
            zero, b.index(window.getKernel()[0]), b.zero(getElementType(y)),
            [&](Value kh, Value rowSum) {
              Value h = getPosition(b, window, 0, oh, kh);
              return b.choose(b.isInside(h, in[1]), rowSum, [&] {
                return b.fold(
                    zero, b.index(window.getKernel()[1]), rowSum,
                    [&](Value kw, Value partial) {
                      Value w = getPosition(b, window, 1, ow, kw);
                      return b.choose(b.isInside(w, in[2]), partial, [&] {
                        return b.add(partial,
                                     b.extend(b.load(x, {n, h, w, c})));
                      });
                    });
              });
            });
        b.store(scaleSum(b, sum, factor, getSumWidth(window)), y,
                {n, oh, ow, c});
      });
    };
    forEachWindow(b, out, /*outer=*/2, "average_pool", pool);
    rewriter.eraseOp(op);
    return success();
  }
};

struct LowerAveragePoolGradient : LoopPattern<AveragePool2DGradientOp> {
  using LoopPattern::LoopPattern;
  LogicalResult matchAndRewrite(AveragePool2DGradientOp op,
                                PatternRewriter &rewriter) const override {
    bool isExact = !isa<FloatType>(getElementType(op.getInputError()));
    if (isExact && getSumWidth(op.getWindow()) > 32 &&
        op.getWindow().overlaps())
      return rewriter.notifyMatchFailure(op, "sums could leave 32 bits");
    LoopBuilder b = start(op, rewriter);
    Value e = op.getError(), ex = op.getInputError();
    ArrayRef<int64_t> in = getBufferShape(ex), out = getBufferShape(e);
    qtrain::WindowAttr window = op.getWindow();
    b.fillZero(ex, "average_pool_gradient");
    forEachWrittenWindow(
        b, out, !window.overlaps(), "average_pool_gradient",
        [&](Value n, Value oh, Value ow, ChannelLoop channels) {
          Value factor = getFactor(b, window, op.getCountIncludePad(), in, oh,
                                   ow, getElementType(ex));
          b.nest(window.getKernel(), [&](ValueRange k) {
            Value h = getPosition(b, window, 0, oh, k[0]);
            Value w = getPosition(b, window, 1, ow, k[1]);
            Value isInside = b.create<arith::AndIOp>(b.isInside(h, in[1]),
                                                     b.isInside(w, in[2]));
            b.when(isInside, [&] {
              channels([&](Value c) {
                Value share =
                    b.mul(b.extend(b.load(e, {n, oh, ow, c})), factor);
                b.accumulate(share, ex, {n, h, w, c});
              });
            });
          });
        });
    rewriter.eraseOp(op);
    return success();
  }
};
} // namespace

void qtc::populatePoolLoops(RewritePatternSet &patterns, Grain grain) {
  patterns.add<LowerMaxPool, LowerMaxPoolGradient, LowerMaxPoolPositions,
               LowerMaxUnpool, LowerAveragePool, LowerAveragePoolGradient>(
      patterns.getContext(), grain);
}
