//===- MaskLoops.cpp - Masks as loops over vectors of bits ----------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Conversion/QKernelToLoops/LoopBuilder.h"

#include <optional>

using namespace mlir;
using namespace qtc;
using namespace qtc::qkernel;
using arith::CmpIPredicate;

namespace {

/// Elements that are compared or selected at once: their bits fill a register.
constexpr int64_t kLanes = 64;

unsigned getWidth(Value buffer) {
  return cast<MemRefType>(buffer.getType()).getElementTypeBitWidth();
}

int64_t getCount(Value buffer) {
  return cast<MemRefType>(buffer.getType()).getNumElements();
}

/// A constant of the type of `like`, an integer or a vector of integers.
Value createConstant(LoopBuilder &b, Value like, int64_t value) {
  Attribute element =
      b.getIntegerAttr(getElementTypeOrSelf(like.getType()), value);
  if (auto vector = dyn_cast<VectorType>(like.getType()))
    element = DenseElementsAttr::get(vector, element);
  return b.create<arith::ConstantOp>(cast<TypedAttr>(element));
}

/// Calls `vector`(i) for the first element of every kLanes whole ones in
/// [begin, end), and `scalar`(first, end) for the rest.
void forEachVector(LoopBuilder &b, Value begin, Value end,
                   llvm::function_ref<void(Value)> vector,
                   llvm::function_ref<void(Value, Value)> scalar) {
  Value lanes = b.index(kLanes);
  Value groups = b.create<arith::DivUIOp>(b.sub(end, begin), lanes);
  b.loop(b.index(0), groups,
         [&](Value group) { vector(b.add(begin, b.mul(group, lanes))); });
  scalar(b.add(begin, b.mul(groups, lanes)), end);
}

Value loadVector(LoopBuilder &b, Value buffer, Value index, int64_t lanes) {
  Type element = cast<MemRefType>(buffer.getType()).getElementType();
  return b.create<vector::LoadOp>(VectorType::get({lanes}, element), buffer,
                                  index);
}

/// The bits of kLanes elements from `index` on.
Value loadBits(LoopBuilder &b, Value bits, Value index) {
  Value byte = b.create<arith::DivUIOp>(index, b.index(8));
  return b.create<vector::BitCastOp>(VectorType::get({kLanes}, b.getI1Type()),
                                     loadVector(b, bits, byte, kLanes / 8));
}

/// The bit of element `index`.
Value loadBit(LoopBuilder &b, Value bits, Value index) {
  Value byte =
      b.load(bits, b.create<arith::DivUIOp>(index, b.index(8)).getResult());
  Value position = b.create<arith::IndexCastOp>(
      b.getI8Type(), b.create<arith::RemUIOp>(index, b.index(8)));
  Value shifted = b.create<arith::ShRUIOp>(byte, position);
  return b.create<arith::TruncIOp>(b.getI1Type(), shifted);
}

struct LowerRangeMask : LoopPattern<RangeMaskOp> {
  using LoopPattern::LoopPattern;
  LogicalResult matchAndRewrite(RangeMaskOp op,
                                PatternRewriter &rewriter) const override {
    LoopBuilder b = start(op, rewriter);
    Value x = b.flatten(op.getInput()), bits = op.getMask();
    int64_t count = getCount(x);
    forEachChunk(b, count, "range_mask", [&](Value begin, Value end) {
      forEachVector(
          b, begin, end,
          [&](Value i) {
            Value inside = isInRange(b, op, loadVector(b, x, i, kLanes));
            Value packed = b.create<vector::BitCastOp>(
                VectorType::get({kLanes / 8}, b.getI8Type()), inside);
            Value byte = b.create<arith::DivUIOp>(i, b.index(8));
            b.create<vector::StoreOp>(packed, bits, byte);
          },
          [&](Value first, Value last) {
            packRest(b, op, x, bits, first, last);
          });
    });
    rewriter.eraseOp(op);
    return success();
  }

  static Value isInRange(LoopBuilder &b, RangeMaskOp op, Value elements) {
    Value inside;
    auto require = [&](CmpIPredicate predicate, std::optional<int64_t> limit) {
      if (!limit)
        return;
      Value holds =
          b.compare(predicate, elements, createConstant(b, elements, *limit));
      inside = inside ? b.create<arith::AndIOp>(inside, holds) : holds;
    };
    require(CmpIPredicate::sge, op.getLow());
    require(CmpIPredicate::sle, op.getHigh());
    return inside;
  }

  /// Bytes of single elements from `first`, a multiple of 8, to `last`.
  static void packRest(LoopBuilder &b, RangeMaskOp op, Value x, Value bits,
                       Value first, Value last) {
    Value eight = b.index(8);
    Value begin = b.create<arith::DivUIOp>(first, eight);
    Value end = b.create<arith::DivUIOp>(b.affine(last, 1, 7), eight);
    b.loop(begin, end, [&](Value byte) {
      Value start = b.mul(byte, eight);
      Value stop = b.create<arith::MinUIOp>(b.add(start, eight), last);
      Value packed = b.fold(
          start, stop, b.integer(0, 8), [&](Value i, Value sum) -> Value {
            Value bit = b.create<arith::ExtUIOp>(
                b.getI8Type(), isInRange(b, op, b.load(x, i)));
            Value position =
                b.create<arith::IndexCastOp>(b.getI8Type(), b.sub(i, start));
            return b.create<arith::OrIOp>(
                sum, b.create<arith::ShLIOp>(bit, position));
          });
      b.store(packed, bits, byte);
    });
  }
};

struct LowerApplyMask : LoopPattern<ApplyMaskOp> {
  using LoopPattern::LoopPattern;
  LogicalResult matchAndRewrite(ApplyMaskOp op,
                                PatternRewriter &rewriter) const override {
    LoopBuilder b = start(op, rewriter);
    Value x = b.flatten(op.getInput()), bits = op.getMask();
    Value y = b.flatten(op.getOutput());
    forEachChunk(b, getCount(x), "apply_mask", [&](Value begin, Value end) {
      forEachVector(
          b, begin, end,
          [&](Value i) {
            Value elements = loadVector(b, x, i, kLanes);
            Value kept = b.select(loadBits(b, bits, i), elements,
                                  createConstant(b, elements, 0));
            b.create<vector::StoreOp>(kept, y, i);
          },
          [&](Value first, Value last) {
            b.loop(first, last, [&](Value i) {
              Value element = b.load(x, i);
              b.store(b.select(loadBit(b, bits, i), element,
                               createConstant(b, element, 0)),
                      y, i);
            });
          });
    });
    rewriter.eraseOp(op);
    return success();
  }
};

/// The largest magnitude of the elements whose bit is set.
struct LowerMaskedMaxAbs : LoopPattern<MaxAbsOp> {
  using LoopPattern::LoopPattern;
  LogicalResult matchAndRewrite(MaxAbsOp op,
                                PatternRewriter &rewriter) const override {
    if (!op.getMask())
      return rewriter.notifyMatchFailure(op, "has no mask");
    LoopBuilder b = start(op, rewriter);
    Value x = b.flatten(op.getInput()), bits = op.getMask();
    Value maximum = op.getMaximum();
    unsigned width = getWidth(maximum);
    b.store(b.integer(0, width), maximum, {});
    auto update = [&](Value largest) {
      b.create<memref::AtomicRMWOp>(arith::AtomicRMWKind::maxs,
                                    b.extend(largest, width), maximum,
                                    ValueRange());
    };
    forEachChunk(b, getCount(x), "max_abs", [&](Value begin, Value end) {
      Value lanes = b.index(kLanes);
      Value groups = b.create<arith::DivUIOp>(b.sub(end, begin), lanes);
      Value rest = b.add(begin, b.mul(groups, lanes));
      Type type = VectorType::get({kLanes}, b.getIntegerType(getWidth(x)));
      Value none = b.create<arith::ConstantOp>(b.getZeroAttr(type));
      Value whole =
          b.fold(b.index(0), groups, none, [&](Value group, Value best) {
            Value i = b.add(begin, b.mul(group, lanes));
            return grow(b, best, loadVector(b, x, i, kLanes),
                        loadBits(b, bits, i));
          });
      update(
          b.create<vector::ReductionOp>(vector::CombiningKind::MAXSI, whole));
      update(b.fold(rest, end, b.integer(0, getWidth(x)),
                    [&](Value i, Value best) {
                      return grow(b, best, b.load(x, i), loadBit(b, bits, i));
                    }));
    });
    rewriter.eraseOp(op);
    return success();
  }

  /// max(best, |elements|) where the bits are set.
  static Value grow(LoopBuilder &b, Value best, Value elements, Value bits) {
    Value magnitude = b.create<math::AbsIOp>(elements);
    Value counted = b.select(bits, magnitude, createConstant(b, elements, 0));
    return b.create<arith::MaxSIOp>(best, counted);
  }
};
} // namespace

void qtc::populateMaskLoops(RewritePatternSet &patterns, Grain grain) {
  patterns.add<LowerRangeMask, LowerApplyMask, LowerMaskedMaxAbs>(
      patterns.getContext(), grain);
}
