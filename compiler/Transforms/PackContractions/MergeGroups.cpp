//===- MergeGroups.cpp - Groups of few channels ---------------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Groups whose results fill a small part of a vector become one, with weights
// that are 0 between channels of different groups: a vector has as many dot
// products as before, and its results are stored at once. With floats,
// infinities and NaN spread to the channels that are multiplied by these zeros.
//
//===----------------------------------------------------------------------===//

#include "compiler/Transforms/PackContractions/PackContractions.h"

#include "dialect/QKernel/IR/QKernel.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

using namespace mlir;
using namespace qtc;
using namespace qtc::qkernel;

/// The number of the `group` groups, each with `results` channels, that become
/// one.
static int64_t getMergedCount(int64_t group, int64_t results, int64_t lanes) {
  int64_t merged = std::min(group, lanes / results);
  while (merged > 1 && group % merged != 0)
    --merged;
  return merged;
}

/// Weights [O, merged · I, KH, KW] of weights [O, I, KH, KW] in `group` groups.
static Value mergeWeights(ImplicitLocOpBuilder &builder, Value weights,
                          int64_t group, int64_t merged) {
  auto type = cast<RankedTensorType>(weights.getType());
  int64_t outputs = type.getDimSize(0) / group, inputs = type.getDimSize(1);
  SmallVector<int64_t> shape(type.getShape());
  shape[1] *= merged;
  Type element = type.getElementType();
  Value out = builder.create<tensor::EmptyOp>(shape, element);
  auto body = [&](OpBuilder &nested, Location loc, ValueRange) {
    ImplicitLocOpBuilder b(loc, nested);
    auto index = [&](int64_t i) -> Value {
      return b.create<arith::ConstantIndexOp>(i);
    };
    SmallVector<Value> place;
    for (int64_t dim = 0; dim < 4; ++dim)
      place.push_back(b.create<linalg::IndexOp>(dim));
    Value owner = b.create<arith::RemUIOp>(
        b.create<arith::DivUIOp>(place[0], index(outputs)), index(merged));
    Value neighbour = b.create<arith::DivUIOp>(place[1], index(inputs));
    place[1] = b.create<arith::RemUIOp>(place[1], index(inputs));
    Value weight = b.create<tensor::ExtractOp>(weights, place);
    Value isOwn =
        b.create<arith::CmpIOp>(arith::CmpIPredicate::eq, owner, neighbour);
    Value zero = b.create<arith::ConstantOp>(b.getZeroAttr(element));
    b.create<linalg::YieldOp>(
        ValueRange(b.create<arith::SelectOp>(isOwn, weight, zero)));
  };
  return builder
      .create<linalg::GenericOp>(
          out.getType(), ValueRange(), out,
          ArrayRef<AffineMap>(builder.getMultiDimIdentityMap(4)),
          SmallVector<utils::IteratorType>(4, utils::IteratorType::parallel),
          body)
      .getResult(0);
}

namespace {
/// A convolution or an input gradient.
template <typename OpTy> struct MergeGroups : OpRewritePattern<OpTy> {
  MergeGroups(MLIRContext *context, int64_t lanes)
      : OpRewritePattern<OpTy>(context), lanes(lanes) {}

  LogicalResult matchAndRewrite(OpTy op,
                                PatternRewriter &rewriter) const override {
    Value weights = op.getWeight();
    int64_t group = op.getGroup();
    ArrayRef<int64_t> w = cast<ShapedType>(weights.getType()).getShape();
    if (op->getNumResults() == 0 || op.hasWideSums() ||
        supportsDirect(weights, group))
      return rewriter.notifyMatchFailure(op, "groups stay as they are");
    constexpr bool isForward = std::is_same_v<OpTy, Conv2DOp>;
    int64_t merged =
        getMergedCount(group, isForward ? w[0] / group : w[1], lanes);
    if (merged <= 1)
      return rewriter.notifyMatchFailure(op, "groups fill vectors");
    auto y = cast<ShapedType>(op.getOutput().getType());
    int64_t macs = y.getNumElements() * w[1] * w[2] * w[3];
    ImplicitLocOpBuilder builder(op.getLoc(), rewriter);
    Value dense = mergeWeights(builder, weights, group, merged);
    rewriter.modifyOpInPlace(op, [&] {
      op.getWeightMutable().set(dense);
      op.setGroup(group / merged);
      op->setAttr(QKernelDialect::kMacsAttrName,
                  builder.getI64IntegerAttr(macs));
    });
    return success();
  }

private:
  int64_t lanes;
};
} // namespace

void qtc::populateMergeGroupsPatterns(RewritePatternSet &patterns,
                                      const cpu::TargetRecord &target) {
  patterns.add<MergeGroups<Conv2DOp>, MergeGroups<Conv2DInputGradientOp>>(
      patterns.getContext(), target.getLanes());
}
