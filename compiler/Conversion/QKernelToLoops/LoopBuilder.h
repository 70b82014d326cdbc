//===- LoopBuilder.h - Shorthand for loops over buffers ---------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTC_CONVERSION_QKERNEL_TO_LOOPS_LOOP_BUILDER_H
#define QTC_CONVERSION_QKERNEL_TO_LOOPS_LOOP_BUILDER_H

#include "compiler/Conversion/QKernelToLoops/QKernelToLoops.h"

#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/PatternMatch.h"

namespace qtc {

/// The work of one iteration of a parallel loop.
enum class Grain {
  Row,    ///< a row, an image: enough to keep a processor's thread busy
  Element ///< one result, where iterations are threads of a device
};

/// An op builder with the few forms that loop nests consist of.
class LoopBuilder : public mlir::ImplicitLocOpBuilder {
public:
  using Value = mlir::Value;

  LoopBuilder(mlir::Location loc, mlir::OpBuilder &builder,
              Grain grain = Grain::Row)
      : ImplicitLocOpBuilder(loc, builder), grain(grain) {}

  bool hasFineGrain() const { return grain == Grain::Element; }

  Value index(int64_t value);
  Value integer(int64_t value, unsigned width = 32);
  Value zero(mlir::Type type);
  /// Below every value of an integer or float type, or −∞.
  Value lowest(mlir::Type type);
  Value extend(Value value, unsigned width = 32);
  /// Arithmetic on integers, indices or floats.
  Value add(Value a, Value b);
  Value sub(Value a, Value b);
  Value mul(Value a, Value b);
  Value compare(mlir::arith::CmpIPredicate predicate, Value a, Value b);
  Value isEqual(Value a, Value b);
  Value select(Value condition, Value a, Value b);
  /// The larger one; `b` if floats are unordered.
  Value maximum(Value a, Value b);
  Value clamp(Value value, int64_t limit);
  Value load(Value buffer, mlir::ValueRange indices);
  void store(Value value, Value buffer, mlir::ValueRange indices);
  /// buffer[indices] += value, of the buffer's type.
  void accumulate(Value value, Value buffer, mlir::ValueRange indices);

  /// a · factor + offset on indices.
  Value affine(Value a, int64_t factor, int64_t offset);
  /// 0 ≤ value < extent.
  Value isInside(Value value, int64_t extent);

  /// The outermost loop of a kernel: iterations may run in any order on any
  /// thread. `kind` and `macs` are for profiles.
  void parallel(int64_t count, llvm::StringRef kind, int64_t macs,
                llvm::function_ref<void(Value)> body);
  /// The same with a dimension for each of `shape`.
  void parallel(llvm::ArrayRef<int64_t> shape, llvm::StringRef kind,
                int64_t macs, llvm::function_ref<void(mlir::ValueRange)> body);
  /// Loops over all of `shape`, in parallel over its first `outer` dimensions,
  /// or, with a dimension for each, over all if the grain is fine.
  void parallelNest(llvm::ArrayRef<int64_t> shape, unsigned outer,
                    llvm::StringRef kind, int64_t macs,
                    llvm::function_ref<void(mlir::ValueRange)> body);
  /// A loop over [0, count).
  void loop(int64_t count, llvm::function_ref<void(Value)> body);
  /// A loop over [begin, end).
  void loop(Value begin, Value end, llvm::function_ref<void(Value)> body);
  /// A nest of loops over all of `shape`.
  void nest(llvm::ArrayRef<int64_t> shape,
            llvm::function_ref<void(mlir::ValueRange)> body);
  /// A loop that carries one value.
  Value fold(Value begin, Value end, Value start,
             llvm::function_ref<Value(Value, Value)> body);
  /// A nest of loops over all of `shape` that carries `values`: `body` gets the
  /// indices and replaces the values.
  void
  fold(llvm::ArrayRef<int64_t> shape, llvm::MutableArrayRef<Value> values,
       llvm::function_ref<void(mlir::ValueRange, llvm::MutableArrayRef<Value>)>
           body);
  /// Runs `body` if `condition` holds.
  void when(Value condition, llvm::function_ref<void()> body);
  /// `body` if `condition` holds, else `otherwise`.
  Value choose(Value condition, Value otherwise,
               llvm::function_ref<Value()> body);
  /// Sets a buffer of any shape to zero.
  void fillZero(Value buffer, llvm::StringRef kind);
  /// The elements of a buffer in a row.
  Value flatten(Value buffer);
  /// A buffer with constant `elements`, which the functions of a module share.
  /// It is named `name`, perhaps with a number.
  Value table(llvm::StringRef name, mlir::DenseElementsAttr elements);

private:
  Grain grain;
};

/// A rewrite of an operation to loops of a grain.
template <typename OpTy> struct LoopPattern : mlir::OpRewritePattern<OpTy> {
  LoopPattern(mlir::MLIRContext *context, Grain grain)
      : mlir::OpRewritePattern<OpTy>(context), grain(grain) {}

  LoopBuilder start(OpTy op, mlir::PatternRewriter &rewriter) const {
    return LoopBuilder(op.getLoc(), rewriter, grain);
  }

  Grain grain;
};

llvm::ArrayRef<int64_t> getBufferShape(mlir::Value buffer);

/// Runs `body`(begin, end) over chunks of [0, `count`) in parallel, of a size
/// that takes a few tens of microseconds and is a multiple of 64.
void forEachChunk(LoopBuilder &builder, int64_t count, llvm::StringRef kind,
                  llvm::function_ref<void(mlir::Value, mlir::Value)> body);

/// Writes max|x| of `buffer` to the rank-0 buffer `maximum`.
void buildMaxAbs(LoopBuilder &builder, mlir::Value buffer, mlir::Value maximum);

void populateConvolutionLoops(mlir::RewritePatternSet &patterns, Grain grain);
void populateCopyLoops(mlir::RewritePatternSet &patterns, Grain grain);
void populateIntegerMath(mlir::RewritePatternSet &patterns);
void populateMaskLoops(mlir::RewritePatternSet &patterns, Grain grain);
void populateMetricLoops(mlir::RewritePatternSet &patterns, Grain grain);
void populateNormalizationLoops(mlir::RewritePatternSet &patterns, Grain grain);
void populatePoolLoops(mlir::RewritePatternSet &patterns, Grain grain);
void populateReductionLoops(mlir::RewritePatternSet &patterns, Grain grain);

} // namespace qtc

#endif // QTC_CONVERSION_QKERNEL_TO_LOOPS_LOOP_BUILDER_H
