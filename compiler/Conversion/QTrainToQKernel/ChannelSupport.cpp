//===- ChannelSupport.cpp - Sums and maps by channel ----------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Conversion/QTrainToQKernel/ChannelSupport.h"

#include "llvm/ADT/STLExtras.h"

#include <algorithm>

using namespace mlir;
using namespace qtc;
using namespace qtc::qtrain;

/// The sums of createChannelMoments for tensors whose last dimension is
/// `channels`.
static std::pair<Value, Value> createMoments(ImplicitLocOpBuilder &builder,
                                             Value a, Value b,
                                             int64_t channels) {
  // Lanes that keep vectors busy, elements that justify a task, and tasks for
  // many threads.
  constexpr int64_t kLanes = 64, kTask = 1 << 13, kMaxParts = 128;
  auto type = cast<RankedTensorType>(a.getType());
  int64_t lanes = channels, rows = type.getNumElements() / channels;
  // Several rows of few channels count as one.
  while (2 * lanes <= kLanes && rows % 2 == 0)
    lanes *= 2, rows /= 2;
  int64_t parts = std::clamp<int64_t>(type.getNumElements() / kTask, 1,
                                      std::min(rows, kMaxParts));
  Type sum = isa<FloatType>(type.getElementType()) ? Type(builder.getF64Type())
                                                   : Type(builder.getI64Type());
  SmallVector<Value> ins, outs;
  for (Value tensor : {a, b}) {
    ins.push_back(createReshape(builder, tensor, {rows, lanes}));
    outs.push_back(createEmpty(builder, {parts, lanes}, sum));
  }
  auto kernel = builder.create<qkernel::ChannelMomentsOp>(ins[0], ins[1],
                                                          outs[0], outs[1]);
  auto addParts = [&](Value partial) {
    return createChannelSum(
        builder,
        createReshape(builder, partial, {parts * lanes / channels, channels}));
  };
  return {addParts(kernel.getResult(0)), addParts(kernel.getResult(1))};
}

std::pair<Value, Value> qtc::createChannelMoments(ImplicitLocOpBuilder &builder,
                                                  Value value, Value a,
                                                  Value b) {
  return createMoments(builder, moveChannelsInnermost(builder, value, a),
                       moveChannelsInnermost(builder, value, b),
                       getShape(value)[1]);
}

std::pair<Value, Value> qtc::createTotalMoments(ImplicitLocOpBuilder &builder,
                                                Value a, Value b) {
  return createMoments(builder, a, b, /*channels=*/1);
}

SmallVector<int64_t> qtc::getChannelShape(Value activation) {
  RankedTensorType type = getTensorType(activation.getType());
  int64_t channels = type.getDimSize(1), count = type.getNumElements();
  if (type.getRank() == 2 || isChannelsLast(type))
    return {count / channels, channels};
  int64_t rows = type.getDimSize(0);
  return {rows, channels, count / rows / channels};
}

int64_t qtc::getChannelSize(Value activation) {
  RankedTensorType type = getTensorType(activation.getType());
  return type.getNumElements() / type.getDimSize(1);
}

SmallVector<Value> qtc::createPerChannel(ImplicitLocOpBuilder &builder,
                                         ValueRange tensors,
                                         ArrayRef<Type> types,
                                         ElementsFunction elements,
                                         size_t overwritten) {
  ArrayRef<int64_t> shape =
      cast<RankedTensorType>(tensors.front().getType()).getShape();
  ValueRange ins = tensors.drop_back(overwritten);
  SmallVector<Value> outs;
  for (Type type : types.drop_back(overwritten))
    outs.push_back(createEmpty(builder, shape, type));
  size_t fresh = outs.size();
  llvm::append_range(outs, tensors.take_back(overwritten));
  SmallVector<AffineMap> maps(ins.size() + outs.size(),
                              builder.getMultiDimIdentityMap(1));
  auto body = [&](OpBuilder &nested, Location loc, ValueRange arguments) {
    ImplicitLocOpBuilder inner(loc, nested);
    SmallVector<Value> read(arguments.take_front(ins.size()));
    llvm::append_range(read, arguments.drop_front(ins.size() + fresh));
    inner.create<linalg::YieldOp>(elements(inner, read));
  };
  auto generic = builder.create<linalg::GenericOp>(
      ValueRange(outs).getTypes(), ins, outs, maps,
      utils::IteratorType::parallel, body);
  return SmallVector<Value>(generic.getResults());
}

Value qtc::createChannelwise(ImplicitLocOpBuilder &builder,
                             ValueRange activations, ValueRange vectors,
                             ArrayRef<int64_t> shape, Type type,
                             ElementFunction element) {
  auto memory = cast<RankedTensorType>(activations.front().getType());
  SmallVector<Value> tensors;
  SmallVector<AffineMap> maps;
  for (Value activation : activations) {
    tensors.push_back(createReshape(builder, activation, shape));
    maps.push_back(builder.getMultiDimIdentityMap(shape.size()));
  }
  for (Value vector : vectors) {
    tensors.push_back(vector);
    maps.push_back(
        AffineMap::get(shape.size(), 0, builder.getAffineDimExpr(1)));
  }
  Value result = createMapped(builder, tensors, maps, shape, type, element);
  return createReshape(builder, result, memory.getShape());
}

void qtc::replaceWithAllParts(PatternRewriter &rewriter, Operation *op,
                              ArrayRef<ScaledParts> parts) {
  SmallVector<Value> values;
  for (auto [result, part] : llvm::zip_equal(op->getResults(), parts))
    values.push_back(rewriter.create<ComposeOp>(op->getLoc(), result.getType(),
                                                part.mantissas, part.exponent));
  rewriter.replaceOp(op, values);
}
