//===- MapContractions.cpp - Convolutions to mapped ones ------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Transforms/MapContractions/MapContractions.h"
#include "compiler/Support/ModelPass.h"
#include "compiler/Support/Rewriting.h"

#include "compiler/Support/WindowPhases.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "llvm/Support/MathExtras.h"

namespace qtc {
#define GEN_PASS_DEF_MAPCONTRACTIONS
#include "compiler/Transforms/MapContractions/MapContractions.h.inc"
} // namespace qtc

#define DEBUG_TYPE "qkernel-map-contractions"

using namespace mlir;
using namespace qtc;
using namespace qtc::qkernel;
using llvm::alignTo;
using llvm::divideCeil;

namespace {

constexpr int64_t kRun = MappedContractOp::kRun;

/// Fewest channels that are padded to whole runs, so that at most one product
/// per needed one is added. Images with fewer are unfolded with their window.
constexpr int64_t kMinPadded = kRun / 2;

ArrayRef<int64_t> shapeOf(Value value) {
  return cast<ShapedType>(value.getType()).getShape();
}

bool isOfBytes(Value value) { return getElementTypeOrSelf(value).isInteger(8); }

/// The reason why a convolution keeps its form, or an empty string.
template <typename OpTy> StringRef getObstacle(OpTy op) {
  if (op->getNumResults() != 0)
    return "expected buffers";
  if (op.getDirect() || op.getGroup() != 1)
    return "groups would multiply zeros";
  if (op.hasWideSums())
    return "accumulators of 32 bits would overflow";
  // The operands are the first two, whichever of the three they are.
  if (!isOfBytes(op->getOperand(0)) || !isOfBytes(op->getOperand(1)))
    return "matrix units multiply bytes";
  if (!hasFewPhases(op.getWindow(), shapeOf(op.getInput()).slice(1, 2)))
    return "extents are too large";
  return "";
}

/// The operations from which the rewrites of this pass build their results.
class Builder : public ImplicitLocOpBuilder {
public:
  Builder(Operation *op, PatternRewriter &rewriter, StringRef kind)
      : ImplicitLocOpBuilder(op->getLoc(), rewriter), kind(kind) {}

  AffineExpr dim(unsigned position) { return getAffineDimExpr(position); }

  /// A buffer of this shape with the elements of `source` at `map`.
  Value copy(Value source, ArrayRef<int64_t> shape,
             ArrayRef<AffineExpr> results) {
    Value buffer = create<memref::AllocOp>(MemRefType::get(shape, getI8Type()));
    auto map = AffineMap::get(shape.size(), 0, results, getContext());
    auto op = create<MappedCopyOp>(source, buffer, map);
    setKind(op, "pack", 0);
    return buffer;
  }
  /// An image whose channels are whole runs.
  Value padChannels(Value image) {
    SmallVector<int64_t> shape(shapeOf(image));
    if (shape[3] % kRun == 0)
      return image;
    shape[3] = alignTo(shape[3], kRun);
    return copy(image, shape, {dim(0), dim(1), dim(2), dim(3)});
  }
  /// [N, H, W, C] as [H, W, C, N], whole runs of images.
  Value transposeBatch(Value image) {
    ArrayRef<int64_t> x = shapeOf(image);
    int64_t images = alignTo(x[0], kRun);
    return copy(image, {x[1], x[2], x[3], images},
                {dim(3), dim(0), dim(1), dim(2)});
  }
  void setZero(Value scalar) {
    Value zero = create<arith::ConstantIntOp>(0, 32);
    create<memref::StoreOp>(zero, scalar);
  }
  void setKind(Operation *op, StringRef name, int64_t macs) {
    op->setAttr(QKernelDialect::kKindAttrName, getStringAttr(name));
    op->setAttr(QKernelDialect::kMacsAttrName, getI64IntegerAttr(macs));
  }

  StringRef kind;
};

/// A contraction under construction.
struct Contraction {
  Value a, b, bias;
  SmallVector<int64_t, 3> rows, steps;
  int64_t columns = 0;
  SmallVector<AffineExpr> aResults, bResults, resultResults;

  void create(Builder &b, Value accumulators, Value maximum, bool accumulate,
              int64_t macs) {
    auto map = [&](size_t dims, ArrayRef<AffineExpr> results) {
      return AffineMap::get(dims, 0, results, b.getContext());
    };
    auto op = b.create<MappedContractOp>(
        a, this->b, bias, accumulators, maximum, ArrayRef<int64_t>(rows),
        columns, ArrayRef<int64_t>(steps),
        map(rows.size() + steps.size(), aResults),
        map(1 + steps.size(), bResults), map(rows.size() + 1, resultResults),
        accumulate);
    b.setKind(op, b.kind, macs);
  }
};

/// The position of an image that row `row` of a phase sees in step `step`.
AffineExpr getPosition(const WindowPhase &phase, AffineExpr row,
                       AffineExpr step) {
  return row * phase.stride + step * phase.dilation + phase.offset;
}

struct MapForward : OpRewritePattern<Conv2DOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(Conv2DOp op,
                                PatternRewriter &rewriter) const override {
    if (StringRef obstacle = getObstacle(op); !obstacle.empty())
      return rewriter.notifyMatchFailure(op, obstacle);
    Builder b(op, rewriter, "conv2d");
    Value image = op.getInput();
    ArrayRef<int64_t> x = shapeOf(image), w = shapeOf(op.getWeight());
    ArrayRef<int64_t> y = shapeOf(op.getOutput());
    Contraction contraction;
    contraction.rows.assign({y[0], y[1], y[2]});
    contraction.columns = w[0];
    contraction.resultResults = {b.dim(0), b.dim(1), b.dim(2), b.dim(3)};
    contraction.bias = op.getBias();
    if (x[3] % kRun == 0 || x[3] >= kMinPadded)
      useChannels(b, op, contraction);
    else
      unfold(b, op, contraction);
    if (op.getMaximum())
      b.setZero(op.getMaximum());
    int64_t macs = y[0] * y[1] * y[2] * w[0] * w[1] * w[2] * w[3];
    contraction.create(b, op.getOutput(), op.getMaximum(), /*accumulate=*/false,
                       macs);
    rewriter.eraseOp(op);
    return success();
  }

private:
  static std::array<WindowPhase, 2> getPhases(Conv2DOp op) {
    ArrayRef<int64_t> y = shapeOf(op.getOutput());
    return {getForwardPhase(op.getWindow(), 0, y[1]),
            getForwardPhase(op.getWindow(), 1, y[2])};
  }

  /// A step is a run of channels under one position of the kernel.
  static void useChannels(Builder &b, Conv2DOp op, Contraction &c) {
    ArrayRef<int64_t> w = shapeOf(op.getWeight());
    auto [vertical, horizontal] = getPhases(op);
    int64_t channels = alignTo(w[1], kRun);
    c.a = b.padChannels(op.getInput());
    c.b = b.copy(op.getWeight(), {w[0], w[2], w[3], channels},
                 {b.dim(0), b.dim(3), b.dim(1), b.dim(2)});
    c.steps.assign({w[2], w[3], channels / kRun});
    c.aResults = {b.dim(0), getPosition(vertical, b.dim(1), b.dim(3)),
                  getPosition(horizontal, b.dim(2), b.dim(4)), b.dim(5) * kRun};
    c.bResults = {b.dim(0), b.dim(1), b.dim(2), b.dim(3) * kRun};
  }

  /// Windows are consecutive, with (kh, kw, c) in a row. The elements that fill
  /// their last run have no meaning, because their weights are 0.
  static void unfold(Builder &b, Conv2DOp op, Contraction &c) {
    ArrayRef<int64_t> w = shapeOf(op.getWeight());
    ArrayRef<int64_t> y = shapeOf(op.getOutput());
    auto [vertical, horizontal] = getPhases(op);
    int64_t length = alignTo(w[1] * w[2] * w[3], kRun);
    auto split = [&](AffineExpr k) -> std::array<AffineExpr, 3> {
      return {k.floorDiv(w[3] * w[1]), k.floorDiv(w[1]) % w[3], k % w[1]};
    };
    auto [kh, kw, channel] = split(b.dim(3));
    c.a = b.copy(op.getInput(), {y[0], y[1], y[2], length},
                 {b.dim(0), getPosition(vertical, b.dim(1), kh),
                  getPosition(horizontal, b.dim(2), kw), channel});
    auto [weightRow, weightColumn, input] = split(b.dim(1));
    c.b = b.copy(op.getWeight(), {w[0], length},
                 {b.dim(0), input, weightRow, weightColumn});
    c.steps.assign({length / kRun});
    c.aResults = {b.dim(0), b.dim(1), b.dim(2), b.dim(3) * kRun};
    c.bResults = {b.dim(0), b.dim(1) * kRun};
  }
};

struct MapInputGradient : OpRewritePattern<Conv2DInputGradientOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(Conv2DInputGradientOp op,
                                PatternRewriter &rewriter) const override {
    if (StringRef obstacle = getObstacle(op); !obstacle.empty())
      return rewriter.notifyMatchFailure(op, obstacle);
    Builder b(op, rewriter, "input_gradient");
    ArrayRef<int64_t> w = shapeOf(op.getWeight());
    ArrayRef<int64_t> x = shapeOf(op.getInput());
    int64_t channels = alignTo(w[0], kRun);
    Contraction contraction;
    contraction.a = b.padChannels(op.getOutput());
    contraction.b = b.copy(op.getWeight(), {w[1], w[2], w[3], channels},
                           {b.dim(3), b.dim(0), b.dim(1), b.dim(2)});
    contraction.columns = w[1];
    if (op.getMaximum())
      b.setZero(op.getMaximum());
    for (const WindowPhase &vertical :
         getGradientPhases(op.getWindow(), 0, x[1]))
      for (const WindowPhase &horizontal :
           getGradientPhases(op.getWindow(), 1, x[2])) {
        Contraction phase = contraction;
        addPhase(b, phase, x[0], channels, vertical, horizontal);
        int64_t macs = x[0] * vertical.count * vertical.taps *
                       horizontal.count * horizontal.taps * w[0] * w[1];
        phase.create(b, op.getInput(), op.getMaximum(), /*accumulate=*/false,
                     macs);
      }
    rewriter.eraseOp(op);
    return success();
  }

private:
  /// The pixels of one phase, which see a part of the kernel.
  static void addPhase(Builder &b, Contraction &c, int64_t images,
                       int64_t channels, const WindowPhase &vertical,
                       const WindowPhase &horizontal) {
    c.rows.assign({images, vertical.count, horizontal.count});
    c.steps.assign({vertical.taps, horizontal.taps, channels / kRun});
    c.aResults = {b.dim(0), getPosition(vertical, b.dim(1), b.dim(3)),
                  getPosition(horizontal, b.dim(2), b.dim(4)), b.dim(5) * kRun};
    auto getTap = [&](const WindowPhase &phase, unsigned step) {
      return b.dim(step) * phase.tapStep + phase.firstTap;
    };
    c.bResults = {b.dim(0), getTap(vertical, 1), getTap(horizontal, 2),
                  b.dim(3) * kRun};
    auto getPixel = [&](const WindowPhase &phase, unsigned row) {
      return b.dim(row) * phase.step + phase.first;
    };
    c.resultResults = {b.dim(0), getPixel(vertical, 1), getPixel(horizontal, 2),
                       b.dim(3)};
  }
};

struct MapWeightGradient : OpRewritePattern<Conv2DWeightGradientOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(Conv2DWeightGradientOp op,
                                PatternRewriter &rewriter) const override {
    if (StringRef obstacle = getObstacle(op); !obstacle.empty())
      return rewriter.notifyMatchFailure(op, obstacle);
    Builder b(op, rewriter, "weight_gradient");
    ArrayRef<int64_t> e = shapeOf(op.getOutput());
    ArrayRef<int64_t> w = shapeOf(op.getWeight());
    WindowPhase vertical = getForwardPhase(op.getWindow(), 0, e[1]);
    WindowPhase horizontal = getForwardPhase(op.getWindow(), 1, e[2]);
    Contraction c;
    c.a = b.transposeBatch(op.getInput());
    c.b = b.transposeBatch(op.getOutput());
    c.columns = w[0];
    // (kh, kw, i) and (oh, ow, n)
    c.rows.assign({w[2], w[3], w[1]});
    c.steps.assign({e[1], e[2], static_cast<int64_t>(divideCeil(e[0], kRun))});
    c.aResults = {getPosition(vertical, b.dim(3), b.dim(0)),
                  getPosition(horizontal, b.dim(4), b.dim(1)), b.dim(2),
                  b.dim(5) * kRun};
    c.bResults = {b.dim(1), b.dim(2), b.dim(0), b.dim(3) * kRun};
    c.resultResults = {b.dim(3), b.dim(2), b.dim(0), b.dim(1)};
    Value sums = op.getWeight();
    Value zero = b.create<arith::ConstantIntOp>(0, 32);
    b.create<linalg::FillOp>(zero, sums);
    int64_t macs = e[0] * e[1] * e[2] * w[0] * w[1] * w[2] * w[3];
    c.create(b, sums, /*maximum=*/Value(), /*accumulate=*/true, macs);
    if (op.getMaximum())
      b.create<MaxAbsOp>(sums, /*mask=*/Value(), op.getMaximum());
    rewriter.eraseOp(op);
    return success();
  }
};

struct MapContractions : qtc::impl::MapContractionsBase<MapContractions> {
  FunctionNeeds getNeeds() const override { return {/*oneBlock=*/false}; }
  void runOnFunction() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<MapForward, MapInputGradient, MapWeightGradient>(
        &getContext());
    if (failed(rewriteMatching(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};
} // namespace
