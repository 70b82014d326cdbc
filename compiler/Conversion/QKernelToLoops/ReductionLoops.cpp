//===- ReductionLoops.cpp - Maxima, channel sums and the loss as loops ----===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Conversion/QKernelToLoops/LoopBuilder.h"

#include "mlir/IR/SymbolTable.h"

#include <algorithm>
#include <cmath>
#include <limits>

using namespace mlir;
using namespace qtc;
using namespace qtc::qkernel;
using arith::CmpIPredicate;

namespace {

/// Elements of one iteration of a reduction: a few tens of microseconds on a
/// processor, or few enough for all threads of a device.
int64_t getChunkSize(bool hasFineGrain) { return hasFineGrain ? 256 : 1 << 15; }

int64_t ceilDiv(int64_t a, int64_t b) { return (a + b - 1) / b; }

/// [begin, end) of chunk `chunk` of `count` elements.
std::pair<Value, Value> getChunk(LoopBuilder &b, Value chunk, int64_t size,
                                 int64_t count) {
  Value begin = b.affine(chunk, size, 0);
  Value end =
      b.create<arith::MinUIOp>(b.affine(begin, 1, size), b.index(count));
  return {begin, end};
}
} // namespace

void qtc::forEachChunk(LoopBuilder &b, int64_t count, StringRef kind,
                       llvm::function_ref<void(Value, Value)> body) {
  int64_t size = getChunkSize(b.hasFineGrain());
  b.parallel(ceilDiv(count, size), kind, /*macs=*/0, [&](Value chunk) {
    auto [begin, end] = getChunk(b, chunk, size, count);
    body(begin, end);
  });
}

/// Threads of a device that search for a maximum. Each reads elements at this
/// distance, so that neighbours read neighbours.
static constexpr int64_t kSearchingThreads = 1 << 15;

static void buildFineMaxAbs(LoopBuilder &b, Value flat, int64_t count,
                            Value zero, Value maximum) {
  unsigned width = zero.getType().getIntOrFloatBitWidth();
  int64_t threads = std::min(count, kSearchingThreads);
  Value rounds = b.index(llvm::divideCeil(count, threads));
  b.parallel(threads, "max_abs", /*macs=*/0, [&](Value thread) {
    auto search = [&](Value round, Value best) -> Value {
      Value i = b.add(thread, b.affine(round, threads, 0));
      auto improve = [&]() -> Value {
        Value magnitude =
            b.create<math::AbsIOp>(b.extend(b.load(flat, i), width));
        return b.create<arith::MaxSIOp>(best, magnitude);
      };
      if (count % threads == 0)
        return improve();
      return b.choose(b.isInside(i, count), best, improve);
    };
    Value largest = b.fold(b.index(0), rounds, zero, search);
    // All atomic operations would meet in one place; few of them are needed.
    b.when(b.compare(CmpIPredicate::sgt, largest, b.load(maximum, {})), [&] {
      b.create<memref::AtomicRMWOp>(arith::AtomicRMWKind::maxs, largest,
                                    maximum, ValueRange());
    });
  });
}

void qtc::buildMaxAbs(LoopBuilder &b, Value buffer, Value maximum) {
  int64_t count = cast<MemRefType>(buffer.getType()).getNumElements();
  unsigned width = cast<MemRefType>(maximum.getType()).getElementTypeBitWidth();
  Value flat = b.flatten(buffer), zero = b.integer(0, width);
  b.store(zero, maximum, {});
  if (b.hasFineGrain())
    return buildFineMaxAbs(b, flat, count, zero, maximum);
  forEachChunk(b, count, "max_abs", [&](Value begin, Value end) {
    Value largest = b.fold(begin, end, zero, [&](Value i, Value best) -> Value {
      Value magnitude =
          b.create<math::AbsIOp>(b.extend(b.load(flat, i), width));
      return b.create<arith::MaxSIOp>(best, magnitude);
    });
    b.create<memref::AtomicRMWOp>(arith::AtomicRMWKind::maxs, largest, maximum,
                                  ValueRange());
  });
}

namespace {
struct LowerMaxAbs : LoopPattern<MaxAbsOp> {
  using LoopPattern::LoopPattern;
  LogicalResult matchAndRewrite(MaxAbsOp op,
                                PatternRewriter &rewriter) const override {
    if (op.getMask())
      return rewriter.notifyMatchFailure(op, "has a mask");
    LoopBuilder b = start(op, rewriter);
    buildMaxAbs(b, op.getInput(), op.getMaximum());
    rewriter.eraseOp(op);
    return success();
  }
};

/// Blocks of channels over chunks of rows. Chunks of integers are added up
/// atomically, because their sums do not depend on the order. Several rows of
/// few channels count as one row, so that the inner loop is long enough for
/// vectors. Chunks of floats are those of the operation. If the grain is fine,
/// a block is one channel: its sum is a register, and neighbouring threads read
/// neighbouring channels.
struct LowerChannelSum : LoopPattern<ChannelSumOp> {
  using LoopPattern::LoopPattern;

  /// Channels whose sums an iteration keeps on its stack.
  static constexpr int64_t kBlock = 256;
  /// Channels in a cache line, and blocks for a few threads.
  static constexpr int64_t kLine = 64, kMinBlocks = 4;

  /// The partition of the sum into iterations: `chunks` of rows times `blocks`
  /// of channels.
  struct Plan {
    Plan(ChannelSumOp op, bool hasFineGrain);
    int64_t rows, channels; ///< of the input, as a matrix
    int64_t outputs;        ///< channels of the result
    int64_t block, blocks, chunk, chunks;
    /// Whether every sum is complete after one iteration, or is added to
    /// atomically.
    bool isWhole;
  };

  LogicalResult matchAndRewrite(ChannelSumOp op,
                                PatternRewriter &rewriter) const override {
    LoopBuilder b = start(op, rewriter);
    Plan plan(op, b.hasFineGrain());
    Value flat = b.flatten(op.getInput());
    if (!plan.isWhole)
      b.fillZero(op.getSums(), "channel_sum");
    int64_t tasks = plan.blocks * plan.chunks;
    b.parallel(tasks, "channel_sum", /*macs=*/0, [&](Value task) {
      Value divisor = b.index(plan.blocks);
      Value part = b.create<arith::DivUIOp>(task, divisor);
      Value which = b.create<arith::RemUIOp>(task, divisor);
      auto [firstRow, lastRow] = getChunk(b, part, plan.chunk, plan.rows);
      auto [first, last] = getChunk(b, which, plan.block, plan.channels);
      Value size = plan.channels % plan.block == 0 ? b.index(plan.block)
                                                   : b.sub(last, first);
      Type type = getSumType(b, op);
      Value sums =
          b.create<memref::AllocaOp>(MemRefType::get({plan.block}, type));
      Value begin = first;
      b.loop(b.index(0), size,
             [&](Value c) { b.store(b.zero(type), sums, c); });
      b.loop(firstRow, lastRow, [&](Value row) {
        Value base = b.add(b.affine(row, plan.channels, 0), begin);
        b.loop(b.index(0), size, [&](Value c) {
          Value element = b.load(flat, b.add(base, c));
          b.accumulate(b.extend(element, type.getIntOrFloatBitWidth()), sums,
                       c);
        });
      });
      b.loop(b.index(0), size, [&](Value c) {
        storeSum(b, op, plan, b.load(sums, c), part, b.add(begin, c));
      });
    });
    rewriter.eraseOp(op);
    return success();
  }

  static bool hasFloats(ChannelSumOp op) {
    return isa<FloatType>(
        cast<MemRefType>(op.getSums().getType()).getElementType());
  }

  static Type getSumType(LoopBuilder &b, ChannelSumOp op) {
    if (op.getSaturate())
      return b.getI64Type();
    return cast<MemRefType>(op.getSums().getType()).getElementType();
  }

  static void storeSum(LoopBuilder &b, ChannelSumOp op, const Plan &plan,
                       Value sum, Value part, Value target) {
    Value y = op.getSums();
    if (hasFloats(op)) {
      bool isPartial = getBufferShape(y).size() == 2;
      return b.store(sum, y,
                     isPartial ? ValueRange{part, target} : ValueRange(target));
    }
    unsigned width = sum.getType().getIntOrFloatBitWidth();
    sum = b.mul(sum, b.integer(op.getFactor(), width));
    if (plan.channels > plan.outputs)
      target = b.create<arith::RemUIOp>(target, b.index(plan.outputs));
    if (op.getSaturate())
      sum = b.create<arith::TruncIOp>(
          b.getI32Type(), b.clamp(sum, std::numeric_limits<int32_t>::max()));
    if (plan.isWhole)
      return b.store(sum, y, target);
    b.create<memref::AtomicRMWOp>(arith::AtomicRMWKind::addi, sum, y, target);
  }
};

LowerChannelSum::Plan::Plan(ChannelSumOp op, bool hasFineGrain) {
  ArrayRef<int64_t> out = getBufferShape(op.getSums());
  outputs = channels = out.back();
  rows = cast<MemRefType>(op.getInput().getType()).getNumElements() / channels;
  // 64-bit sums are not added atomically to a 32-bit result.
  bool isFree = !op.getSaturate() && !hasFloats(op);
  while (isFree && !hasFineGrain && 2 * channels <= kBlock && rows % 2 == 0)
    channels *= 2, rows /= 2;
  // Blocks have equal size; there are at least a few if there are enough lines.
  blocks = std::max(ceilDiv(channels, kBlock),
                    std::min(kMinBlocks, channels / kLine));
  block = ceilDiv(ceilDiv(channels, std::max<int64_t>(blocks, 1)), 16) * 16;
  block = std::min(block, hasFineGrain ? 1 : channels);
  blocks = ceilDiv(channels, block);
  int64_t parts = out.size() == 2 ? out.front() : 1;
  chunk = isFree ? std::max<int64_t>(1, getChunkSize(hasFineGrain) / block)
                 : ceilDiv(rows, parts);
  chunks = isFree ? ceilDiv(rows, chunk) : parts;
  isWhole = !isFree || (chunks == 1 && channels == outputs);
}

/// Every iteration owns a block of columns, so that rows are added in order.
struct LowerScatterAdd : LoopPattern<ScatterAddOp> {
  using LoopPattern::LoopPattern;

  /// Columns of a cache line of sums.
  static constexpr int64_t kBlock = 16;

  LogicalResult matchAndRewrite(ScatterAddOp op,
                                PatternRewriter &rewriter) const override {
    LoopBuilder b = start(op, rewriter);
    Value rows = op.getRows(), indices = op.getIndices();
    Value sums = op.getSums();
    Type type = cast<MemRefType>(sums.getType()).getElementType();
    int64_t count = getBufferShape(rows)[0], columns = getBufferShape(rows)[1];
    int64_t block = b.hasFineGrain() ? 1 : kBlock;
    b.fillZero(sums, "gather_gradient");
    b.parallel(ceilDiv(columns, block), "gather_gradient", /*macs=*/0,
               [&](Value chunk) {
                 auto [begin, end] = getChunk(b, chunk, block, columns);
                 b.loop(count, [&, begin = begin, end = end](Value row) {
                   Value target = b.create<arith::IndexCastOp>(
                       b.getIndexType(), b.load(indices, row));
                   b.loop(begin, end, [&](Value column) {
                     Value term = b.load(rows, {row, column});
                     if (auto integer = dyn_cast<IntegerType>(type))
                       term = b.extend(term, integer.getWidth());
                     b.accumulate(term, sums, {target, column});
                   });
                 });
               });
    rewriter.eraseOp(op);
    return success();
  }
};

/// Softmax of floats minus target, one row at a time.
struct LowerFloatSoftmaxError : LoopPattern<SoftmaxErrorOp> {
  using LoopPattern::LoopPattern;

  LogicalResult matchAndRewrite(SoftmaxErrorOp op,
                                PatternRewriter &rewriter) const override {
    if (op.getExponential())
      return rewriter.notifyMatchFailure(op, "is of integers");
    LoopBuilder b = start(op, rewriter);
    Value logits = op.getLogits(), labels = op.getLabels();
    Value errors = op.getError();
    ArrayRef<int64_t> shape = getBufferShape(errors);
    auto type =
        cast<FloatType>(cast<MemRefType>(errors.getType()).getElementType());
    b.parallel(shape[0], "softmax_error", /*macs=*/0, [&](Value n) {
      Value zero = b.index(0), classes = b.index(shape[1]);
      Value largest =
          b.fold(zero, classes, b.lowest(type), [&](Value k, Value best) {
            return b.maximum(b.load(logits, {n, k}), best);
          });
      Value total =
          b.fold(zero, classes, b.zero(type), [&](Value k, Value sum) {
            Value power =
                b.create<math::ExpOp>(b.sub(b.load(logits, {n, k}), largest));
            b.store(power, errors, {n, k});
            return b.add(sum, power);
          });
      Value one = b.create<arith::ConstantOp>(b.getFloatAttr(type, 1.0));
      Value label =
          b.create<arith::IndexCastOp>(b.getIndexType(), b.load(labels, n));
      b.loop(zero, classes, [&](Value k) {
        Value probability =
            b.create<arith::DivFOp>(b.load(errors, {n, k}), total);
        Value isTarget = b.compare(CmpIPredicate::eq, k, label);
        b.store(b.sub(probability, b.select(isTarget, one, b.zero(type))),
                errors, {n, k});
      });
    });
    rewriter.eraseOp(op);
    return success();
  }
};

/// Integer softmax minus target, one row at a time, in 64 bits.
struct LowerSoftmaxError : LoopPattern<SoftmaxErrorOp> {
  using LoopPattern::LoopPattern;

  /// log2(e) with 15 fraction bits.
  static constexpr int64_t kLog2E = 47274;

  LogicalResult matchAndRewrite(SoftmaxErrorOp op,
                                PatternRewriter &rewriter) const override {
    if (!op.getExponential())
      return rewriter.notifyMatchFailure(op, "is of floats");
    LoopBuilder b = start(op, rewriter);
    Value logits = op.getLogits(), exponent = op.getExponent();
    Value labels = op.getLabels(), errors = op.getError();
    ArrayRef<int64_t> shape = getBufferShape(errors);
    bool fraction = *op.getExponential() == qtrain::Exponential::Fraction;
    Value table = fraction ? getTable(b) : Value();
    b.parallel(shape[0], "softmax_error", /*macs=*/0, [&](Value n) {
      auto power = [&](Value k) -> Value {
        Value logit = b.extend(b.load(logits, {n, k}), 64);
        return fraction ? getOctaves(b, logit, exponent)
                        : getWholeOctaves(b, logit, exponent);
      };
      Value zero = b.index(0), classes = b.index(shape[1]);
      Value lowest = b.integer(std::numeric_limits<int64_t>::min(), 64);
      Value largest =
          b.fold(zero, classes, lowest, [&](Value k, Value best) -> Value {
            return b.create<arith::MaxSIOp>(best, power(k));
          });
      auto weight = [&](Value k) -> Value {
        if (fraction)
          return lookUpPower(b, table, b.sub(largest, power(k)));
        Value logit = b.extend(b.load(logits, {n, k}), 64);
        return getPaperWeight(b, logit, power(k), largest, exponent);
      };
      Value total =
          b.fold(zero, classes, b.integer(0, 64),
                 [&](Value k, Value sum) { return b.add(sum, weight(k)); });
      storeErrors(b, n, classes, fraction ? 15 : 11, weight, total, labels,
                  errors);
    });
    rewriter.eraseOp(op);
    return success();
  }

  /// Probabilities with `bits` fraction bits; the target gets minus the sum of
  /// the others, so that errors sum to zero.
  static void storeErrors(LoopBuilder &b, Value n, Value classes, int64_t bits,
                          llvm::function_ref<Value(Value)> weight, Value total,
                          Value labels, Value errors) {
    Value label =
        b.create<arith::IndexCastOp>(b.getIndexType(), b.load(labels, n));
    Value zero64 = b.integer(0, 64);
    Value others =
        b.fold(b.index(0), classes, zero64, [&](Value k, Value sum) -> Value {
          Value scaled =
              b.create<arith::ShLIOp>(weight(k), b.integer(bits, 64));
          Value probability = b.create<arith::DivSIOp>(scaled, total);
          b.store(b.create<arith::TruncIOp>(b.getI32Type(), probability),
                  errors, {n, k});
          Value isTarget = b.compare(CmpIPredicate::eq, k, label);
          return b.add(sum, b.select(isTarget, zero64, probability));
        });
    Value negated = b.sub(zero64, others);
    // The label of an example that is left out may be no class.
    b.when(b.isInside(label, getBufferShape(errors)[1]), [&] {
      b.store(b.create<arith::TruncIOp>(b.getI32Type(), negated), errors,
              {n, label});
    });
  }

  /// u = t·2^(e−7) with t = m·47274: base-2 logits with 8 fraction bits.
  static Value getOctaves(LoopBuilder &b, Value logit, Value exponent) {
    Value product = b.mul(logit, b.integer(kLog2E, 64));
    Value shift = b.sub(exponent, b.integer(7));
    Value left = clampShift(b, shift, 8);
    Value right = clampShift(b, b.sub(b.integer(0), shift), 31);
    product = b.create<arith::ShLIOp>(product, left);
    return b.create<arith::ShRSIOp>(product, right);
  }

  /// shift clamped to [0, limit], as an i64.
  static Value clampShift(LoopBuilder &b, Value shift, int64_t limit) {
    shift = b.create<arith::MaxSIOp>(shift, b.integer(0));
    shift = b.create<arith::MinSIOp>(shift, b.integer(limit));
    return b.extend(shift, 64);
  }

  /// T[n & 255] >> (n >> 8), 0 beyond 16 octaves.
  static Value lookUpPower(LoopBuilder &b, Value table, Value distance) {
    Value fraction = b.create<arith::AndIOp>(distance, b.integer(255, 64));
    Value octaves = b.create<arith::ShRUIOp>(distance, b.integer(8, 64));
    octaves = b.create<arith::MinUIOp>(octaves, b.integer(63, 64));
    Value index = b.create<arith::IndexCastOp>(b.getIndexType(), fraction);
    Value power = b.extend(b.load(table, index), 64);
    return b.create<arith::ShRUIOp>(power, octaves);
  }

  /// T[f] = round(2^16 · 2^(−f/256)).
  static Value getTable(LoopBuilder &b) {
    SmallVector<int32_t> values;
    for (int f = 0; f < 256; ++f)
      values.push_back(
          static_cast<int32_t>(std::round(65536.0 * std::exp2(-f / 256.0))));
    return b.table(
        "qtc_power_table",
        DenseIntElementsAttr::get(RankedTensorType::get({256}, b.getI32Type()),
                                  ArrayRef<int32_t>(values)));
  }

  /// Case A of `niti.md` 4.4: whole octaves, truncated toward zero.
  static Value getWholeOctaves(LoopBuilder &b, Value logit, Value exponent) {
    Value product = b.mul(logit, b.integer(kLog2E, 64));
    Value octaves = b.create<arith::DivSIOp>(product, b.integer(1 << 15, 64));
    Value left = clampShift(b, exponent, 20);
    Value right = clampShift(b, b.sub(b.integer(0), exponent), 31);
    octaves = b.create<arith::ShLIOp>(octaves, left);
    Value divisor = b.create<arith::ShLIOp>(b.integer(1, 64), right);
    return b.create<arith::DivSIOp>(octaves, divisor);
  }

  /// Case A: 2^s − 1 with the winner at s = 10. Case B, e ≤ −7:
  /// 2^(1−2e) + a·2^(1−e) + a².
  static Value getPaperWeight(LoopBuilder &b, Value logit, Value octaves,
                              Value largest, Value exponent) {
    Value zero = b.integer(0, 64), one = b.integer(1, 64);
    Value floor = b.sub(largest, b.integer(10, 64));
    Value power = b.create<arith::MaxSIOp>(b.sub(octaves, floor), zero);
    Value caseA = b.sub(b.create<arith::ShLIOp>(one, power), one);
    Value negated = clampShift(b, b.sub(b.integer(0), exponent), 22);
    Value linear = b.create<arith::ShLIOp>(logit, b.add(negated, one));
    Value constant =
        b.create<arith::ShLIOp>(one, b.add(b.add(negated, negated), one));
    Value caseB = b.add(b.add(constant, linear), b.mul(logit, logit));
    Value isSmall = b.compare(CmpIPredicate::sle, exponent, b.integer(-7));
    return b.select(isSmall, caseB, caseA);
  }
};
} // namespace

void qtc::populateReductionLoops(RewritePatternSet &patterns, Grain grain) {
  patterns.add<LowerMaxAbs, LowerChannelSum, LowerScatterAdd,
               LowerFloatSoftmaxError, LowerSoftmaxError>(patterns.getContext(),
                                                          grain);
}
