//===- Transpose.cpp - Transposition in registers -------------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Conversion/ContractToVector/Transpose.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace qtc;

/// Words of a 128-bit block.
static constexpr int64_t kBlock = 4;

static int64_t getLanes(Value vector) {
  return cast<VectorType>(vector.getType()).getNumElements();
}

/// Shuffles the words of all blocks in the same way; `pattern` names the words
/// 0 to 3 of `lhs` and 4 to 7 of `rhs`.
static Value shuffleBlocks(Emitter &e, Value lhs, Value rhs,
                           ArrayRef<int64_t> pattern) {
  int64_t lanes = getLanes(lhs);
  SmallVector<int64_t> mask;
  for (int64_t block = 0; block < lanes; block += kBlock)
    for (int64_t word : pattern)
      mask.push_back(block + word % kBlock + (word < kBlock ? 0 : lanes));
  return e.create<vector::ShuffleOp>(lhs, rhs, mask);
}

Values qtc::transposeWords(Emitter &e, ValueRange rows) {
  static constexpr int64_t low[] = {0, 4, 1, 5}, high[] = {2, 6, 3, 7};
  static constexpr int64_t lowPairs[] = {0, 1, 4, 5},
                           highPairs[] = {2, 3, 6, 7};
  Value low01 = shuffleBlocks(e, rows[0], rows[1], low);
  Value high01 = shuffleBlocks(e, rows[0], rows[1], high);
  Value low23 = shuffleBlocks(e, rows[2], rows[3], low);
  Value high23 = shuffleBlocks(e, rows[2], rows[3], high);
  return {shuffleBlocks(e, low01, low23, lowPairs),
          shuffleBlocks(e, low01, low23, highPairs),
          shuffleBlocks(e, high01, high23, lowPairs),
          shuffleBlocks(e, high01, high23, highPairs)};
}

/// Exchanges parts of `bits` bits: the low parts of both and the high parts of
/// both, where `lowMask` covers the low parts of words.
static std::pair<Value, Value> exchange(Emitter &e, Value lhs, Value rhs,
                                        int64_t bits, int64_t lowMask) {
  int64_t lanes = getLanes(lhs);
  Value mask = e.splat(lanes, 32, lowMask),
        inverse = e.splat(lanes, 32, ~lowMask);
  Value shift = e.splat(lanes, 32, bits);
  auto merge = [&](Value low, Value high) -> Value {
    return e.create<arith::OrIOp>(
        e.create<arith::AndIOp>(low, mask).getResult(),
        e.create<arith::AndIOp>(high, inverse));
  };
  return {merge(lhs, e.create<arith::ShLIOp>(rhs, shift)),
          merge(e.create<arith::ShRUIOp>(lhs, shift), rhs)};
}

Values qtc::transposeBytes(Emitter &e, ValueRange rows) {
  auto [a0, a1] = exchange(e, rows[0], rows[1], 8, 0x00ff00ff);
  auto [b0, b1] = exchange(e, rows[2], rows[3], 8, 0x00ff00ff);
  auto [c0, c2] = exchange(e, a0, b0, 16, 0x0000ffff);
  auto [c1, c3] = exchange(e, a1, b1, 16, 0x0000ffff);
  return {c0, c1, c2, c3};
}

Value qtc::interleaveBytes(Emitter &e, ValueRange rows) {
  int64_t lanes = getLanes(rows[0]);
  Value packed;
  for (auto [i, bytes] : llvm::enumerate(rows)) {
    Value word = e.create<arith::ExtUIOp>(e.vectorType(lanes, 32), bytes);
    if (i > 0)
      word = e.create<arith::ShLIOp>(word, e.splat(lanes, 32, 8 * int64_t(i)));
    packed = i == 0 ? word : e.create<arith::OrIOp>(packed, word).getResult();
  }
  return e.create<vector::BitCastOp>(e.vectorType(lanes * 4, 8), packed);
}

/// One vector of all blocks, which are a power of two.
static Value concatenate(Emitter &e, ArrayRef<Value> parts) {
  if (parts.size() == 1)
    return parts.front();
  Value lhs = concatenate(e, parts.take_front(parts.size() / 2));
  Value rhs = concatenate(e, parts.take_back(parts.size() / 2));
  return e.create<vector::ShuffleOp>(
      lhs, rhs, llvm::to_vector(llvm::seq<int64_t>(0, 2 * getLanes(lhs))));
}

Values qtc::loadColumns(Emitter &e, Value flat, Value offset, int64_t stride,
                        int64_t lanes) {
  bool hasBytes =
      cast<MemRefType>(flat.getType()).getElementType().isInteger(8);
  int64_t elements = hasBytes ? 4 * kBlock : kBlock;
  // Row l in place l mod 4 of block l div 4 of the transposition.
  Values rows;
  for (int64_t place = 0; place < kBlock; ++place) {
    SmallVector<Value, 4> blocks;
    for (int64_t lane = place; lane < lanes; lane += kBlock) {
      Value words = e.load(flat, e.add(offset, lane * stride), elements);
      if (hasBytes)
        words = e.create<vector::BitCastOp>(e.vectorType(kBlock, 32), words);
      blocks.push_back(words);
    }
    rows.push_back(concatenate(e, blocks));
  }
  return transposeWords(e, rows);
}
