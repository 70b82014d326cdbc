//===- PatternSupport.cpp - Pieces shared by the conversion's patterns ----===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Conversion/QTrainToQKernel/PatternSupport.h"

#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace qtc;
using namespace qtc::qtrain;

/// True for values of floats. Sums are in double, and plain tensors.
static bool isFloatTensor(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  return tensor && tensor.getElementType().isF32();
}

std::optional<SmallVector<ScaledParts>> qtc::getOperandParts(Operation *op) {
  SmallVector<ScaledParts> parts;
  for (Value operand : op->getOperands()) {
    // Labels and random numbers are plain tensors of integers.
    if (!isScaled(operand.getType()) && !isFloatTensor(operand.getType()))
      continue;
    auto compose = operand.getDefiningOp<ComposeOp>();
    if (!compose)
      return std::nullopt;
    parts.push_back({compose.getMantissas(), compose.getExponent()});
  }
  return parts;
}

// A mask is packed and positions are permuted in memory, so a cast stands
// between them and the dialect's values until both sides are converted.

Value qtc::getMemory(Value value) {
  auto cast = value.getDefiningOp<UnrealizedConversionCastOp>();
  if (!cast || cast.getNumOperands() != 1 ||
      !isa<RankedTensorType>(cast.getOperand(0).getType()))
    return Value();
  return cast.getOperand(0);
}

void qtc::replaceWithMemory(PatternRewriter &rewriter, Operation *op,
                            Value memory) {
  rewriter.replaceOpWithNewOp<UnrealizedConversionCastOp>(
      op, op->getResult(0).getType(), memory);
}

int64_t qtc::getOperandBound(Operation *op, unsigned operand) {
  return op->getAttrOfType<DenseI64ArrayAttr>(kBoundsAttrName)[operand];
}

bool qtc::hasKernelLayout(Value value) {
  RankedTensorType type = getTensorType(value.getType());
  return type.getRank() != 4 || isChannelsLast(type);
}

Type qtc::getElementType(Value value) {
  return getTensorType(value.getType()).getElementType();
}

void qtc::replaceWithParts(PatternRewriter &rewriter, Operation *op,
                           Value mantissas, Value exponent) {
  rewriter.replaceOpWithNewOp<ComposeOp>(op, op->getResult(0).getType(),
                                         mantissas, exponent);
}

Value qtc::createInt(ImplicitLocOpBuilder &builder, int64_t value,
                     unsigned width) {
  return builder.create<arith::ConstantIntOp>(value, width);
}

Value qtc::createZero(ImplicitLocOpBuilder &builder, Type type) {
  return builder.create<arith::ConstantOp>(builder.getZeroAttr(type));
}

Value qtc::createOffset(ImplicitLocOpBuilder &builder, Value exponent,
                        int64_t offset) {
  if (!exponent)
    return Value();
  return builder.create<arith::AddIOp>(exponent, createInt(builder, offset));
}

Value qtc::createIsPositive(ImplicitLocOpBuilder &builder, Value element) {
  Value zero = createZero(builder, element.getType());
  if (isa<FloatType>(element.getType()))
    return builder.create<arith::CmpFOp>(arith::CmpFPredicate::OGT, element,
                                         zero);
  return builder.create<arith::CmpIOp>(arith::CmpIPredicate::sgt, element,
                                       zero);
}

Value qtc::extendTo(ImplicitLocOpBuilder &builder, Value value,
                    unsigned width) {
  if (value.getType().getIntOrFloatBitWidth() >= width)
    return value;
  return builder.create<arith::ExtSIOp>(builder.getIntegerType(width), value);
}

Value qtc::truncateTo(ImplicitLocOpBuilder &builder, Value value,
                      unsigned width) {
  if (value.getType().getIntOrFloatBitWidth() <= width)
    return value;
  return builder.create<arith::TruncIOp>(builder.getIntegerType(width), value);
}

Value qtc::createEmpty(ImplicitLocOpBuilder &builder, ArrayRef<int64_t> shape,
                       Type element) {
  return builder.create<tensor::EmptyOp>(shape, element);
}

/// All dimensions of a tensor of `rank` as one.
static SmallVector<ReassociationIndices> getFlattening(int64_t rank) {
  if (rank == 0)
    return {};
  return {llvm::to_vector<2>(llvm::seq<int64_t>(0, rank))};
}

Value qtc::createResult(ImplicitLocOpBuilder &builder, Operation *op) {
  RankedTensorType type = getTensorType(op->getResult(0).getType());
  return createEmpty(builder, getMemoryType(type).getShape(),
                     type.getElementType());
}

Value qtc::createReshape(ImplicitLocOpBuilder &builder, Value tensor,
                         ArrayRef<int64_t> shape) {
  auto type = cast<RankedTensorType>(tensor.getType());
  if (type.getShape() == shape)
    return tensor;
  if (type.getRank() != 1)
    tensor = builder.create<tensor::CollapseShapeOp>(
        tensor, getFlattening(type.getRank()));
  if (shape.size() == 1)
    return tensor;
  return builder.create<tensor::ExpandShapeOp>(
      RankedTensorType::get(shape, type.getElementType()), tensor,
      getFlattening(shape.size()));
}

Value qtc::createPermutation(ImplicitLocOpBuilder &builder, Value tensor,
                             ArrayRef<int64_t> permutation) {
  auto type = cast<RankedTensorType>(tensor.getType());
  SmallVector<int64_t> shape;
  for (int64_t source : permutation)
    shape.push_back(type.getDimSize(source));
  Value out = createEmpty(builder, shape, type.getElementType());
  return builder.create<linalg::TransposeOp>(tensor, out, permutation)
      ->getResult(0);
}

Value qtc::moveChannelsInnermost(ImplicitLocOpBuilder &builder, Value value,
                                 Value tensor) {
  RankedTensorType type = getTensorType(value.getType());
  if (isChannelsLast(type) || type.getRank() == 2)
    return tensor;
  SmallVector<int64_t> permutation{0};
  llvm::append_range(permutation, llvm::seq<int64_t>(2, type.getRank()));
  permutation.push_back(1);
  return createPermutation(builder, tensor, permutation);
}

static SmallVector<utils::IteratorType> getParallelIterators(size_t rank) {
  return SmallVector<utils::IteratorType>(rank, utils::IteratorType::parallel);
}

Value qtc::clampToInt32(ImplicitLocOpBuilder &builder, Value value,
                        int64_t limit) {
  value = builder.create<arith::MaxSIOp>(value, createInt(builder, -limit, 64));
  value = builder.create<arith::MinSIOp>(value, createInt(builder, limit, 64));
  return builder.create<arith::TruncIOp>(builder.getI32Type(), value);
}

Value qtc::createElementwise(ImplicitLocOpBuilder &builder, ValueRange tensors,
                             Type type, ElementFunction element, bool inPlace) {
  auto operand = cast<RankedTensorType>(tensors.front().getType());
  int64_t count = operand.getNumElements();
  SmallVector<Value> flat;
  for (Value tensor : tensors)
    flat.push_back(createReshape(builder, tensor, {count}));
  Value out =
      inPlace ? flat.pop_back_val() : createEmpty(builder, {count}, type);
  SmallVector<AffineMap> maps(flat.size() + 1,
                              builder.getMultiDimIdentityMap(1));
  auto body = [&](OpBuilder &nested, Location loc, ValueRange arguments) {
    ImplicitLocOpBuilder inner(loc, nested);
    ValueRange elements = inPlace ? arguments : arguments.drop_back();
    inner.create<linalg::YieldOp>(element(inner, elements));
  };
  auto generic = builder.create<linalg::GenericOp>(
      out.getType(), flat, out, maps, getParallelIterators(1), body);
  return createReshape(builder, generic.getResult(0), operand.getShape());
}

Value qtc::createMapped(ImplicitLocOpBuilder &builder, ValueRange tensors,
                        ArrayRef<AffineMap> maps, ArrayRef<int64_t> shape,
                        Type type, ElementFunction element) {
  Value out = createEmpty(builder, shape, type);
  SmallVector<AffineMap> allMaps(maps);
  allMaps.push_back(builder.getMultiDimIdentityMap(shape.size()));
  auto body = [&](OpBuilder &nested, Location loc, ValueRange arguments) {
    ImplicitLocOpBuilder inner(loc, nested);
    inner.create<linalg::YieldOp>(element(inner, arguments.drop_back()));
  };
  auto generic = builder.create<linalg::GenericOp>(
      out.getType(), tensors, out, allMaps, getParallelIterators(shape.size()),
      body);
  return generic.getResult(0);
}

Value qtc::createMaxAbs(ImplicitLocOpBuilder &builder, Value tensor,
                        Value mask) {
  unsigned width = std::max(
      32u, getElementTypeOrSelf(tensor.getType()).getIntOrFloatBitWidth());
  Value out = createEmpty(builder, {}, builder.getIntegerType(width));
  Value maximum =
      builder.create<qkernel::MaxAbsOp>(tensor, mask, out).getResult(0);
  return builder.create<tensor::ExtractOp>(maximum, ValueRange());
}
