//===- SplitReductions.cpp - Long sums in exact parts ---------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Transforms/SplitReductions/SplitReductions.h"
#include "compiler/Support/ModelPass.h"
#include "compiler/Support/Rewriting.h"
#include "compiler/Support/SumParts.h"

#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "llvm/ADT/STLExtras.h"

#include <algorithm>
#include <limits>

namespace qtc {
#define GEN_PASS_DEF_SPLITREDUCTIONS
#include "compiler/Transforms/SplitReductions/SplitReductions.h.inc"
} // namespace qtc

#define DEBUG_TYPE "qkernel-split-reductions"

using namespace mlir;
using namespace qtc;
using namespace qtc::qkernel;

namespace {

constexpr int64_t kLargest = std::numeric_limits<int32_t>::max();

/// `count` images of `images`, from `first` on.
Value createSlice(ImplicitLocOpBuilder &builder, Value images, int64_t first,
                  int64_t count) {
  auto type = cast<RankedTensorType>(images.getType());
  SmallVector<OpFoldResult> offsets(4, builder.getIndexAttr(0));
  SmallVector<OpFoldResult> sizes, strides(4, builder.getIndexAttr(1));
  for (int64_t extent : type.getShape())
    sizes.push_back(builder.getIndexAttr(extent));
  offsets[0] = builder.getIndexAttr(first);
  sizes[0] = builder.getIndexAttr(count);
  return builder.create<tensor::ExtractSliceOp>(images, offsets, sizes,
                                                strides);
}

/// The sum of `parts` in 64 bits, clamped to ±(2^31 − 1) for a result of 32.
Value createSum(ImplicitLocOpBuilder &builder, ValueRange parts,
                RankedTensorType type) {
  Value out =
      builder.create<tensor::EmptyOp>(type.getShape(), type.getElementType());
  SmallVector<AffineMap> maps(parts.size() + 1,
                              builder.getMultiDimIdentityMap(type.getRank()));
  SmallVector<utils::IteratorType> iterators(type.getRank(),
                                             utils::IteratorType::parallel);
  auto body = [&](OpBuilder &nested, Location loc, ValueRange elements) {
    ImplicitLocOpBuilder inner(loc, nested);
    Type wide = inner.getI64Type();
    Value sum = inner.create<arith::ConstantIntOp>(0, 64);
    for (Value element : elements.drop_back())
      sum = inner.create<arith::AddIOp>(
          sum, inner.create<arith::ExtSIOp>(wide, element));
    if (type.getElementType() != wide) {
      sum = inner.create<arith::MaxSIOp>(
          sum, inner.create<arith::ConstantIntOp>(-kLargest, 64));
      sum = inner.create<arith::MinSIOp>(
          sum, inner.create<arith::ConstantIntOp>(kLargest, 64));
      sum = inner.create<arith::TruncIOp>(inner.getI32Type(), sum);
    }
    inner.create<linalg::YieldOp>(sum);
  };
  return builder
      .create<linalg::GenericOp>(out.getType(), parts, out, maps, iterators,
                                 body)
      .getResult(0);
}

struct SplitWeightGradient : OpRewritePattern<Conv2DWeightGradientOp> {
  SplitWeightGradient(MLIRContext *context, bool keepPacked)
      : OpRewritePattern(context), keepPacked(keepPacked) {}

  LogicalResult matchAndRewrite(Conv2DWeightGradientOp op,
                                PatternRewriter &rewriter) const override {
    if (!op.hasWideSums())
      return rewriter.notifyMatchFailure(op, "sums cannot leave 32 bits");
    if (keepPacked && getSumParts(op))
      return rewriter.notifyMatchFailure(op, "one contraction forms the parts");
    auto errors = cast<RankedTensorType>(op.getOutput().getType());
    int64_t batch = errors.getDimSize(0);
    int64_t pixels = errors.getDimSize(1) * errors.getDimSize(2);
    int64_t images = getMaxProducts(/*magnitude=*/128) / pixels;
    if (images == 0)
      return rewriter.notifyMatchFailure(op, "one image is too large");
    // Kernels interleave four images.
    if (images > 4)
      images = images / 4 * 4;
    constexpr int64_t kMaxParts = 1 << 14;
    if (batch / images >= kMaxParts)
      return rewriter.notifyMatchFailure(op, "there are too many images");

    ImplicitLocOpBuilder builder(op.getLoc(), rewriter);
    auto type = cast<RankedTensorType>(op.getWeight().getType());
    SmallVector<Value> parts;
    for (int64_t first = 0; first < batch; first += images) {
      int64_t count = std::min(images, batch - first);
      Value out = builder.create<tensor::EmptyOp>(type.getShape(),
                                                  builder.getI32Type());
      parts.push_back(
          builder
              .create<Conv2DWeightGradientOp>(
                  createSlice(builder, op.getInput(), first, count),
                  createSlice(builder, op.getOutput(), first, count), out,
                  op.getWindow(), op.getGroup(), op.getNonnegative())
              .getResult(0));
    }
    SmallVector<Value> results{createSum(builder, parts, type)};
    if (op.getMaximum())
      results.push_back(builder
                            .create<MaxAbsOp>(results.front(), /*mask=*/Value(),
                                              op.getMaximum())
                            .getResult(0));
    rewriter.replaceOp(op, results);
    return success();
  }

private:
  bool keepPacked;
};

struct SplitReductions : qtc::impl::SplitReductionsBase<SplitReductions> {
  using SplitReductionsBase::SplitReductionsBase;

  FunctionNeeds getNeeds() const override { return {/*oneBlock=*/false}; }
  void runOnFunction() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<SplitWeightGradient>(&getContext(), keepPacked);
    if (failed(rewriteMatching(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};
} // namespace
