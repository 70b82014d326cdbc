//===- ShapePatterns.cpp - Operations that move elements ------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Conversion/QTrainToQKernel/IntegerMath.h"
#include "compiler/Conversion/QTrainToQKernel/PatternSupport.h"

#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace qtc;
using namespace qtc::qtrain;

namespace {

/// The logical dimensions of a value in memory order.
SmallVector<int64_t> getMemoryOrder(Value value) {
  RankedTensorType type = getTensorType(value.getType());
  if (isChannelsLast(type))
    return {0, 2, 3, 1};
  return llvm::to_vector(llvm::seq<int64_t>(0, type.getRank()));
}

/// The position in memory of the logical dimension `dim` of a value.
int64_t getMemoryDim(Value value, int64_t dim) {
  SmallVector<int64_t> order = getMemoryOrder(value);
  return llvm::find(order, dim) - order.begin();
}

/// Row-major reshapes are views; with channels innermost the elements move,
/// unless there is only one pixel or one channel.
struct LowerReshape : LoweringPattern<ReshapeOp> {
  using LoweringPattern::LoweringPattern;
  LogicalResult lower(ReshapeOp op, ArrayRef<ScaledParts> parts,
                      ImplicitLocOpBuilder &builder,
                      PatternRewriter &rewriter) const override {
    Value tensor = parts[0].mantissas;
    if (needsMove(op.getInput()))
      tensor = createPermutation(builder, tensor, {0, 3, 1, 2});
    RankedTensorType result = getTensorType(op.getType());
    if (needsMove(op.getResult())) {
      tensor = createReshape(builder, tensor, result.getShape());
      tensor = createPermutation(builder, tensor, {0, 2, 3, 1});
    }
    tensor = createReshape(builder, tensor, getMemoryType(result).getShape());
    replaceWithParts(rewriter, op, tensor, parts[0].exponent);
    return success();
  }

  static bool needsMove(Value value) {
    RankedTensorType type = getTensorType(value.getType());
    if (!isChannelsLast(type))
      return false;
    return type.getDimSize(1) != 1 &&
           type.getDimSize(2) * type.getDimSize(3) != 1;
  }
};

struct LowerTranspose : LoweringPattern<TransposeOp> {
  using LoweringPattern::LoweringPattern;

  /// The permutation of the dimensions in memory.
  static SmallVector<int64_t> getMoves(TransposeOp op) {
    SmallVector<int64_t> source = getMemoryOrder(op.getInput()), moves;
    for (int64_t dim : getMemoryOrder(op.getResult()))
      moves.push_back(llvm::find(source, op.getPermutation()[dim]) -
                      source.begin());
    return moves;
  }

  LogicalResult lower(TransposeOp op, ArrayRef<ScaledParts> parts,
                      ImplicitLocOpBuilder &builder,
                      PatternRewriter &rewriter) const override {
    replaceWithParts(
        rewriter, op,
        createPermutation(builder, parts[0].mantissas, getMoves(op)),
        parts[0].exponent);
    return success();
  }
};

/// A kernel that copies, after the alignment of differently scaled operands
/// (numerics contract, section 4.8).
struct LowerConcat : LoweringPattern<ConcatOp> {
  using LoweringPattern::LoweringPattern;
  LogicalResult lower(ConcatOp op, ArrayRef<ScaledParts> parts,
                      ImplicitLocOpBuilder &builder,
                      PatternRewriter &rewriter) const override {
    SmallVector<int64_t> order = getMemoryOrder(op.getResult());
    for (Value input : op.getInputs())
      if (getMemoryOrder(input) != order)
        return rewriter.notifyMatchFailure(op, "layouts differ");
    Value largest = parts.front().exponent;
    for (const ScaledParts &part : llvm::drop_begin(parts))
      if (largest && part.exponent != largest)
        largest = builder.create<arith::MaxSIOp>(largest, part.exponent);
    SmallVector<Value> tensors;
    for (const ScaledParts &part : parts)
      tensors.push_back(part.exponent == largest
                            ? part.mantissas
                            : createAligned(builder, part, largest));
    RankedTensorType type = getTensorType(op.getType());
    auto kernel = builder.create<qkernel::ConcatOp>(
        tensors,
        createEmpty(builder, getMemoryType(type).getShape(),
                    type.getElementType()),
        getMemoryDim(op.getResult(), op.getAxis()));
    replaceWithParts(rewriter, op, kernel.getResult(0), largest);
    return success();
  }

  /// The mantissas of `part` at the larger exponent `exponent`.
  static Value createAligned(ImplicitLocOpBuilder &builder, ScaledParts part,
                             Value exponent) {
    Type type = getElementTypeOrSelf(part.mantissas);
    unsigned width = type.getIntOrFloatBitWidth();
    unsigned computed = std::max(width, 32u);
    Value distance = builder.create<arith::SubIOp>(exponent, part.exponent);
    ShiftBuilder shift(builder, distance,
                       {Rounding::Nearest, /*bits=*/width, computed});
    return createElementwise(
        builder, part.mantissas, type,
        [&](ImplicitLocOpBuilder &inner, ValueRange elements) {
          Value wide = extendTo(inner, elements[0], computed);
          return truncateTo(inner, shift.shift(inner, wide, Value()), width);
        });
  }
};

/// Reads rows of the table where they are used.
struct LowerGather : LoweringPattern<GatherOp> {
  using LoweringPattern::LoweringPattern;
  LogicalResult lower(GatherOp op, ArrayRef<ScaledParts> parts,
                      ImplicitLocOpBuilder &builder,
                      PatternRewriter &rewriter) const override {
    ArrayRef<int64_t> shape = getShape(op.getResult());
    Value indices = createReshape(builder, op.getIndices(), shape.drop_back());
    AffineMap rows = builder.getMultiDimIdentityMap(3).getMajorSubMap(2);
    Value table = parts[0].mantissas;
    Value result = createMapped(
        builder, indices, rows, shape, getElementType(op.getResult()),
        [&](ImplicitLocOpBuilder &inner, ValueRange elements) -> Value {
          Value row = inner.create<arith::IndexCastOp>(inner.getIndexType(),
                                                       elements[0]);
          Value column = inner.create<linalg::IndexOp>(2);
          return inner.create<tensor::ExtractOp>(table,
                                                 ValueRange{row, column});
        });
    replaceWithParts(rewriter, op, result, parts[0].exponent);
    return success();
  }
};

struct LowerGatherGradient : LoweringPattern<GatherGradientOp> {
  using LoweringPattern::LoweringPattern;
  LogicalResult lower(GatherGradientOp op, ArrayRef<ScaledParts> parts,
                      ImplicitLocOpBuilder &builder,
                      PatternRewriter &rewriter) const override {
    int64_t rows = op.getIndices().getType().getNumElements();
    int64_t columns = getShape(op.getGradient()).back();
    auto kernel = builder.create<qkernel::ScatterAddOp>(
        createReshape(builder, parts[0].mantissas, {rows, columns}),
        createReshape(builder, op.getIndices(), {rows}),
        createResult(builder, op));
    replaceWithParts(rewriter, op, kernel.getResult(0), parts[0].exponent);
    return success();
  }
};

struct LowerSlice : LoweringPattern<SliceOp> {
  using LoweringPattern::LoweringPattern;
  LogicalResult lower(SliceOp op, ArrayRef<ScaledParts> parts,
                      ImplicitLocOpBuilder &builder,
                      PatternRewriter &rewriter) const override {
    if (getMemoryOrder(op.getInput()) != getMemoryOrder(op.getResult()))
      return rewriter.notifyMatchFailure(op, "layouts differ");
    RankedTensorType memory = getMemoryType(getTensorType(op.getType()));
    int64_t axis = getMemoryDim(op.getInput(), op.getAxis());
    SmallVector<AffineExpr> from;
    for (int64_t dim : llvm::seq<int64_t>(0, memory.getRank()))
      from.push_back(builder.getAffineDimExpr(dim));
    from[axis] = from[axis] + static_cast<int64_t>(op.getOffset());
    auto kernel = builder.create<qkernel::MappedCopyOp>(
        parts[0].mantissas,
        createEmpty(builder, memory.getShape(), memory.getElementType()),
        AffineMap::get(memory.getRank(), 0, from, builder.getContext()));
    replaceWithParts(rewriter, op, kernel.getResult(0), parts[0].exponent);
    return success();
  }
};
} // namespace

void qtc::populateShapePatterns(RewritePatternSet &patterns) {
  patterns.add<LowerConcat, LowerGather, LowerGatherGradient, LowerReshape,
               LowerSlice, LowerTranspose>(patterns.getContext());
}
