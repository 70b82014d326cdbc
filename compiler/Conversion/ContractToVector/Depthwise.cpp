//===- Depthwise.cpp - Vectors of channels --------------------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Conversion/ContractToVector/Depthwise.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/Support/MathExtras.h"

#include <algorithm>

using namespace mlir;
using namespace qtc;

/// Channels that unpack instructions treat as a unit: 128 bits of 16-bit lanes.
static constexpr int64_t kUnit = 8;

ChannelVectors::ChannelVectors(Emitter &emitter,
                               const cpu::TargetRecord &target,
                               int64_t channels)
    : e(emitter), channels(channels),
      lanes(std::min<int64_t>(2 * target.getLanes(),
                              llvm::bit_floor<uint64_t>(channels))) {}

int64_t ChannelVectors::getBlockCount() const {
  return llvm::divideCeil(channels, lanes);
}

Value ChannelVectors::getBlockStart(Value block) {
  return e.min(e.mul(block, lanes), channels - lanes);
}

Halves ChannelVectors::getZeroAccumulators() {
  Value zero = e.splat(lanes / 2, 32, 0);
  return {zero, zero};
}

Value ChannelVectors::shuffle(Value lhs, Value rhs, ArrayRef<int64_t> mask) {
  return e.create<vector::ShuffleOp>(lhs, rhs, mask);
}

Halves ChannelVectors::interleave(Value even, Value odd) {
  SmallVector<int64_t> masks[2];
  for (int64_t lane = 0; lane < lanes; ++lane)
    llvm::append_range(masks[lane / (kUnit / 2) % 2],
                       ArrayRef<int64_t>{lane, lanes + lane});
  return {shuffle(even, odd, masks[0]), shuffle(even, odd, masks[1])};
}

Value ChannelVectors::multiplyAdd(Value accumulator, Value lhs, Value rhs) {
  StringRef intrinsic = lanes == 8    ? "llvm.x86.sse2.pmadd.wd"
                        : lanes == 16 ? "llvm.x86.avx2.pmadd.wd"
                                      : "llvm.x86.avx512.pmaddw.d.512";
  Value products = e.create<LLVM::CallIntrinsicOp>(accumulator.getType(),
                                                   e.getStringAttr(intrinsic),
                                                   ValueRange{lhs, rhs})
                       .getResult(0);
  return e.create<arith::AddIOp>(accumulator, products);
}

Halves ChannelVectors::restoreOrder(Halves accumulators) {
  if (lanes == kUnit)
    return accumulators;
  SmallVector<int64_t> order;
  for (int64_t lane = 0; lane < lanes; ++lane)
    order.push_back(lane / (kUnit / 2) % 2 * (lanes / 2) +
                    lane / kUnit * (kUnit / 2) + lane % (kUnit / 2));
  ArrayRef<int64_t> mask(order);
  return {shuffle(accumulators.first, accumulators.second,
                  mask.take_front(lanes / 2)),
          shuffle(accumulators.first, accumulators.second,
                  mask.drop_front(lanes / 2))};
}

Value ChannelVectors::getSlot(Value lane) {
  Value half = e.rem(e.div(lane, kUnit / 2), 2);
  return e.add(
      e.mul(half, lanes / 2),
      e.add(e.mul(e.div(lane, kUnit), kUnit / 2), e.rem(lane, kUnit / 2)));
}

Value ChannelVectors::widen(Value bytes) {
  return e.create<arith::ExtSIOp>(e.vectorType(lanes, 16), bytes);
}

Value ChannelVectors::loadRepeated(Value flat, Value offset, int64_t repeat) {
  Value bytes = e.load(flat, offset, lanes / repeat);
  if (repeat == 1)
    return widen(bytes);
  SmallVector<int64_t> mask;
  for (int64_t lane = 0; lane < lanes; ++lane)
    mask.push_back(lane / repeat);
  return widen(shuffle(bytes, bytes, mask));
}

Value ChannelVectors::loadStrided(Value flat, Value offset, int64_t stride,
                                  int64_t first) {
  Value bytes = e.load(flat, offset, lanes * stride);
  if (stride == 1)
    return widen(bytes);
  SmallVector<int64_t> mask;
  for (int64_t lane = 0; lane < lanes; ++lane)
    mask.push_back(lane * stride + first);
  return widen(shuffle(bytes, bytes, mask));
}

Value PixelVectors::get(Key key) {
  Value &value = pixels[key];
  if (!value)
    value = key ? load(key->first, key->second) : vectors.getZero();
  return value;
}

Halves PixelVectors::getPair(Key even, Key odd) {
  Halves &pair = pairs[{even, odd}];
  if (!pair.first)
    pair = vectors.interleave(get(even), get(odd));
  return pair;
}

TapRange qtc::getTapRange(Emitter &e, const WindowPhase &phase, int64_t extent,
                          Value position) {
  Value start = e.add(e.mul(position, phase.stride), phase.offset);
  // Taps before position `end`; the distance may be negative.
  auto count = [&](Value distance) {
    distance = e.createOrFold<arith::MaxSIOp>(distance, e.index(0));
    return e.min(e.div(e.add(distance, phase.dilation - 1), phase.dilation),
                 phase.taps);
  };
  return {count(e.createOrFold<arith::SubIOp>(e.index(0), start)),
          count(e.createOrFold<arith::SubIOp>(e.index(extent), start)), start};
}

void qtc::forTiles(Emitter &e, const WindowSegment &segment, int64_t tile,
                   Values &carried,
                   function_ref<Values(Value, int64_t, ValueRange)> body) {
  int64_t whole = segment.count / tile * tile;
  carried = e.loop(e.index(segment.first), e.index(segment.first + whole), tile,
                   carried, [&](Value first, ValueRange values) {
                     return body(first, tile, values);
                   });
  if (whole < segment.count)
    carried =
        body(e.index(segment.first + whole), segment.count - whole, carried);
}
