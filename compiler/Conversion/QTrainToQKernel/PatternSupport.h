//===- PatternSupport.h - Pieces shared by patterns -------------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTC_CONVERSION_QTRAIN_TO_QKERNEL_PATTERN_SUPPORT_H
#define QTC_CONVERSION_QTRAIN_TO_QKERNEL_PATTERN_SUPPORT_H

#include "compiler/Conversion/QTrainToQKernel/QTrainToQKernel.h"

#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/PatternMatch.h"

#include <optional>

namespace qtc {

/// The parts of a value. Floats are mantissas without an exponent: patterns
/// propagate null exponents.
struct ScaledParts {
  mlir::Value mantissas; ///< tensor in memory order
  mlir::Value exponent;  ///< i32; null for a float tensor
};

/// Parts of all operands of `op` that are scaled or float tensors, in order;
/// nothing if the producer of one is not converted yet.
std::optional<llvm::SmallVector<ScaledParts>>
getOperandParts(mlir::Operation *op);

/// A pattern for operations whose operands have been converted. Until then it
/// fails, and the driver tries it again later.
template <typename OpTy> struct LoweringPattern : mlir::OpRewritePattern<OpTy> {
  using mlir::OpRewritePattern<OpTy>::OpRewritePattern;

  mlir::LogicalResult
  matchAndRewrite(OpTy op, mlir::PatternRewriter &rewriter) const final {
    std::optional<llvm::SmallVector<ScaledParts>> parts = getOperandParts(op);
    if (!parts)
      return rewriter.notifyMatchFailure(op, "operands not converted yet");
    mlir::ImplicitLocOpBuilder builder(op.getLoc(), rewriter);
    return lower(op, *parts, builder, rewriter);
  }

  /// Replaces `op`, whose operands that are scaled or float tensors are
  /// `parts`, or fails.
  virtual mlir::LogicalResult lower(OpTy op, llvm::ArrayRef<ScaledParts> parts,
                                    mlir::ImplicitLocOpBuilder &builder,
                                    mlir::PatternRewriter &rewriter) const = 0;
};

/// The memory of `value`, a mask or positions, whose producer has been
/// converted already; null if it has not.
mlir::Value getMemory(mlir::Value value);

/// Replaces `op`, whose result is a mask or positions, by `memory`.
void replaceWithMemory(mlir::PatternRewriter &rewriter, mlir::Operation *op,
                       mlir::Value memory);

/// Discardable attributes of contractions and channel sums during the
/// conversion: the largest magnitude of each operand, and whether the first one
/// has no negative element.
constexpr llvm::StringLiteral kBoundsAttrName = "bounds";
constexpr llvm::StringLiteral kNonnegativeAttrName = "nonnegative";

/// The largest magnitude of operand `operand` of `op`, see kBoundsAttrName.
int64_t getOperandBound(mlir::Operation *op, unsigned operand);

/// True when `value`, an activation or an error, is laid out as kernels expect:
/// with channels innermost if it has rank 4.
bool hasKernelLayout(mlir::Value value);

/// Elements of `value`, a float or scaled tensor.
mlir::Type getElementType(mlir::Value value);

/// Replaces `op` by the parts of its result.
void replaceWithParts(mlir::PatternRewriter &rewriter, mlir::Operation *op,
                      mlir::Value mantissas, mlir::Value exponent);

mlir::Value createInt(mlir::ImplicitLocOpBuilder &builder, int64_t value,
                      unsigned width = 32);

/// The zero of an integer or float type.
mlir::Value createZero(mlir::ImplicitLocOpBuilder &builder, mlir::Type type);

/// exponent + offset; null if `exponent` is null.
mlir::Value createOffset(mlir::ImplicitLocOpBuilder &builder,
                         mlir::Value exponent, int64_t offset);

/// element > 0, for an integer or float.
mlir::Value createIsPositive(mlir::ImplicitLocOpBuilder &builder,
                             mlir::Value element);

/// An uninitialized tensor of `shape`.
mlir::Value createEmpty(mlir::ImplicitLocOpBuilder &builder,
                        llvm::ArrayRef<int64_t> shape, mlir::Type element);

/// An empty tensor for the first result of `op`.
mlir::Value createResult(mlir::ImplicitLocOpBuilder &builder,
                         mlir::Operation *op);

/// The row-major elements of `tensor` in another shape.
mlir::Value createReshape(mlir::ImplicitLocOpBuilder &builder,
                          mlir::Value tensor, llvm::ArrayRef<int64_t> shape);

/// `tensor` with dimension i its dimension `permutation`[i].
mlir::Value createPermutation(mlir::ImplicitLocOpBuilder &builder,
                              mlir::Value tensor,
                              llvm::ArrayRef<int64_t> permutation);

/// `value`, sign-extended to `width` bits if it has fewer.
mlir::Value extendTo(mlir::ImplicitLocOpBuilder &builder, mlir::Value value,
                     unsigned width);

/// `value`, cut to `width` bits if it has more.
mlir::Value truncateTo(mlir::ImplicitLocOpBuilder &builder, mlir::Value value,
                       unsigned width);

/// The i64 `value` clamped to ±`limit`, as an i32.
mlir::Value clampToInt32(mlir::ImplicitLocOpBuilder &builder, mlir::Value value,
                         int64_t limit);

/// Returns the result element for the operands' elements.
using ElementFunction = llvm::function_ref<mlir::Value(
    mlir::ImplicitLocOpBuilder &, mlir::ValueRange)>;

/// Applies `element` to all elements of tensors of one shape and returns a
/// tensor of `type` elements. With `inPlace` the result overwrites the last
/// operand.
mlir::Value createElementwise(mlir::ImplicitLocOpBuilder &builder,
                              mlir::ValueRange tensors, mlir::Type type,
                              ElementFunction element, bool inPlace = false);

/// Applies `element` over the iteration space of `shape` and returns a tensor
/// of `type` elements; `maps` select the element of each tensor.
mlir::Value createMapped(mlir::ImplicitLocOpBuilder &builder,
                         mlir::ValueRange tensors,
                         llvm::ArrayRef<mlir::AffineMap> maps,
                         llvm::ArrayRef<int64_t> shape, mlir::Type type,
                         ElementFunction element);

/// [N, ..., C]: the elements `tensor` of the activation or error `value` with
/// channels innermost.
mlir::Value moveChannelsInnermost(mlir::ImplicitLocOpBuilder &builder,
                                  mlir::Value value, mlir::Value tensor);

/// A tensor [C]: the sums of floats or 64-bit integers [..., C] over all
/// dimensions except the last, in an order that depends only on the shape.
mlir::Value createChannelSum(mlir::ImplicitLocOpBuilder &builder,
                             mlir::Value tensor);

/// The largest magnitude of `tensor`, or of those of its elements that `mask`
/// selects: an integer of 32 bits or its own 64.
mlir::Value createMaxAbs(mlir::ImplicitLocOpBuilder &builder,
                         mlir::Value tensor, mlir::Value mask = {});

void populateContractionPatterns(mlir::RewritePatternSet &patterns);
void populateElementwisePatterns(mlir::RewritePatternSet &patterns);
void populateFunctionPatterns(mlir::RewritePatternSet &patterns);
void populateIntegerNormalizationPatterns(mlir::RewritePatternSet &patterns);
void populateLossPatterns(mlir::RewritePatternSet &patterns);
void populateMaskPatterns(mlir::RewritePatternSet &patterns);
void populateMetricPatterns(mlir::RewritePatternSet &patterns);
void populateNormalizationPatterns(mlir::RewritePatternSet &patterns);
void populateReductionPatterns(mlir::RewritePatternSet &patterns);
void populateResponseNormPatterns(mlir::RewritePatternSet &patterns);
void populateShapePatterns(mlir::RewritePatternSet &patterns);
void populateQuantizerPatterns(mlir::RewritePatternSet &patterns);
void populateSlopePatterns(mlir::RewritePatternSet &patterns);

} // namespace qtc

#endif // QTC_CONVERSION_QTRAIN_TO_QKERNEL_PATTERN_SUPPORT_H
