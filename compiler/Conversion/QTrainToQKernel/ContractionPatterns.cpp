//===- ContractionPatterns.cpp - Convolutions, linear layers, biases ------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Conversion/QTrainToQKernel/IntegerMath.h"
#include "compiler/Conversion/QTrainToQKernel/PatternSupport.h"
#include "compiler/Support/Buffers.h"

#include "llvm/ADT/STLExtras.h"

#include <algorithm>

using namespace mlir;
using namespace qtc;
using namespace qtc::qtrain;

namespace {

/// Largest product of two mantissas.
constexpr int64_t kMaxProduct = 127 * 127;
/// Accumulators stay below 2^29 up to here, so that they and an aligned bias
/// add up without overflow.
constexpr int64_t kMaxFusedBiasLength = ((int64_t(1) << 29) - 1) / kMaxProduct;
/// Largest magnitude of 32-bit accumulators.
constexpr int64_t kMaxAccumulator = (int64_t(1) << 31) - 1;
/// Accumulators are clamped to ± this after a bias (numerics contract).
constexpr int64_t kBiasClamp = int64_t(1) << 30;
/// Larger left shifts of a bias count as this (numerics contract).
constexpr int64_t kMaxBiasShift = 40;

SmallVector<int64_t> getMemoryShape(Value value) {
  return SmallVector<int64_t>(
      getMemoryType(getTensorType(value.getType())).getShape());
}

/// A linear layer is the convolution whose kernel is its image.
struct LinearGeometry {
  LinearGeometry(Value input, Value weight) {
    SmallVector<int64_t> shape = getMemoryShape(input);
    if (shape.size() == 4)
      image = shape;
    else
      image = {shape[0], 1, 1, getShape(weight)[1]};
    if (image[3] == 1) // pixels of one channel are features
      image = {image[0], 1, 1, image[1] * image[2]};
    kernel = {getShape(weight)[0], image[3], image[1], image[2]};
    output = {image[0], 1, 1, kernel[0]};
    window = WindowAttr::get(input.getContext(), {kernel[2], kernel[3]}, {1, 1},
                             {0, 0, 0, 0}, {1, 1});
  }
  SmallVector<int64_t> image;  ///< [N, H, W, C]
  SmallVector<int64_t> kernel; ///< [O, C, H, W]
  SmallVector<int64_t> output; ///< [N, 1, 1, O]
  WindowAttr window;
};

/// The exponent of products; null for floats.
Value addExponents(ImplicitLocOpBuilder &builder, const ScaledParts &lhs,
                   const ScaledParts &rhs) {
  if (!lhs.exponent)
    return Value();
  return builder.create<arith::AddIOp>(lhs.exponent, rhs.exponent);
}

/// Bytes of mantissas: Σ digit · 256^i. All except the last are the low bytes
/// of two's complement and may be −128.
struct Digits {
  SmallVector<Value, 3> digits;
  int64_t lastBound; ///< largest magnitude of the last digit

  int64_t getBound(size_t digit) const {
    return digit + 1 == digits.size() ? lastBound : 128;
  }
};

/// Cuts mantissas of magnitudes up to `bound` into bytes, which contractions
/// multiply.
Digits cutIntoBytes(ImplicitLocOpBuilder &builder, Value mantissas,
                    int64_t bound) {
  if (getElementTypeOrSelf(mantissas).isInteger(8))
    return {{mantissas}, bound};
  Digits result;
  for (unsigned index = 0;; ++index) {
    bool isLast = bound <= 127;
    result.digits.push_back(createElementwise(
        builder, mantissas, builder.getI8Type(),
        [&](ImplicitLocOpBuilder &inner, ValueRange elements) -> Value {
          Value rest = extendTo(inner, elements[0], 32);
          // The bytes below are signed, so each adds a carry.
          for (unsigned below = 0; below < index; ++below) {
            rest = inner.create<arith::AddIOp>(rest, createInt(inner, 128));
            rest = inner.create<arith::ShRSIOp>(rest, createInt(inner, 8));
          }
          return truncateTo(inner, rest, 8);
        }));
    if (isLast) {
      result.lastBound = bound;
      return result;
    }
    bound = (bound + 128) >> 8;
  }
}

/// Σ part · 256^i of partial accumulators. 32-bit sums are exact although
/// partial ones may wrap around.
Value createWeightedSum(ImplicitLocOpBuilder &builder, ArrayRef<Value> parts,
                        ArrayRef<unsigned> weights, unsigned width) {
  return createElementwise(
      builder, parts, builder.getIntegerType(width),
      [&](ImplicitLocOpBuilder &inner, ValueRange elements) -> Value {
        Value sum = createInt(inner, 0, width);
        for (auto [element, weight] : llvm::zip_equal(elements, weights)) {
          Value wide = extendTo(inner, element, width);
          Value term = inner.create<arith::ShLIOp>(
              wide, createInt(inner, 8 * weight, width));
          sum = inner.create<arith::AddIOp>(sum, term);
        }
        return sum;
      });
}

/// Accumulators of kernels of `shape`, one for each pair of bytes.
template <typename KernelTy>
Value createExactSums(ImplicitLocOpBuilder &builder, ContractionOpInterface op,
                      ValueRange ins, ArrayRef<int64_t> shape,
                      WindowAttr window, int64_t group) {
  const unsigned width = cast<ScaledType>(op->getResultTypes()[0]).getWidth();
  Digits lhs = cutIntoBytes(builder, ins[0], getOperandBound(op, 0));
  Digits rhs = cutIntoBytes(builder, ins[1], getOperandBound(op, 1));
  const bool isWhole = lhs.digits.size() == 1 && rhs.digits.size() == 1;
  bool nonnegative =
      lhs.digits.size() == 1 && op->hasAttr(kNonnegativeAttrName);
  SmallVector<Value> parts;
  SmallVector<unsigned> weights;
  for (auto [i, left] : llvm::enumerate(lhs.digits))
    for (auto [j, right] : llvm::enumerate(rhs.digits)) {
      bool isLong = op.getReductionLength() >
                    kMaxAccumulator / (lhs.getBound(i) * rhs.getBound(j));
      // A sum that is a part of others must be exact.
      unsigned partWidth = isWhole ? width : isLong ? 64 : 32;
      Value out =
          createEmpty(builder, shape, builder.getIntegerType(partWidth));
      auto kernel =
          builder.create<KernelTy>(left, right, out, window, group, nonnegative,
                                   /*saturate=*/isLong && partWidth == 32);
      parts.push_back(kernel.getResult(0));
      weights.push_back(i + j);
    }
  return isWhole ? parts[0] : createWeightedSum(builder, parts, weights, width);
}

/// Creates the kernels of `op` and gives their sums, of `shape`, the memory
/// shape of its result.
template <typename KernelTy>
void replaceWithKernel(PatternRewriter &rewriter, ContractionOpInterface op,
                       ImplicitLocOpBuilder &builder, ValueRange ins,
                       ArrayRef<int64_t> shape, WindowAttr window,
                       int64_t group, Value exponent) {
  Value sums;
  if (exponent) {
    sums = createExactSums<KernelTy>(builder, op, ins, shape, window, group);
  } else {
    Value out = createEmpty(builder, shape, getElementType(op->getResult(0)));
    sums = builder.create<KernelTy>(ins[0], ins[1], out, window, group)
               .getResult(0);
  }
  replaceWithParts(
      rewriter, op,
      createReshape(builder, sums, getMemoryShape(op->getResult(0))), exponent);
}

/// Convolutions and their gradients map one to one.
template <typename OpTy, typename KernelTy>
struct LowerConvolution : LoweringPattern<OpTy> {
  using LoweringPattern<OpTy>::LoweringPattern;
  LogicalResult lower(OpTy op, ArrayRef<ScaledParts> parts,
                      ImplicitLocOpBuilder &builder,
                      PatternRewriter &rewriter) const override {
    if (!hasKernelLayout(op->getOperand(0)))
      return rewriter.notifyMatchFailure(op, "channels are not innermost");
    ScaledParts lhs = parts[0], rhs = parts[1];
    Value exponent = addExponents(builder, lhs, rhs);
    replaceWithKernel<KernelTy>(
        rewriter, cast<ContractionOpInterface>(op.getOperation()), builder,
        {lhs.mantissas, rhs.mantissas}, getMemoryShape(op.getResult()),
        op.getWindow(), op.getGroup(), exponent);
    return success();
  }
};

/// The three products of a linear layer; `input`, `weight` and `output` are
/// those of the layer, whichever of them is the result.
template <typename OpTy, typename KernelTy>
struct LowerLinear : LoweringPattern<OpTy> {
  using LoweringPattern<OpTy>::LoweringPattern;

  static LinearGeometry getGeometry(LinearOp op) {
    return {op.getInput(), op.getWeight()};
  }
  static LinearGeometry getGeometry(LinearInputGradientOp op) {
    return {op.getResult(), op.getWeight()};
  }
  static LinearGeometry getGeometry(LinearWeightGradientOp op) {
    return {op.getInput(), op.getResult()};
  }

  LogicalResult lower(OpTy op, ArrayRef<ScaledParts> parts,
                      ImplicitLocOpBuilder &builder,
                      PatternRewriter &rewriter) const override {
    if (!hasKernelLayout(op->getOperand(0)))
      return rewriter.notifyMatchFailure(op, "channels are not innermost");
    LinearGeometry geometry = getGeometry(op);
    constexpr bool isInputGradient =
        std::is_same_v<OpTy, LinearInputGradientOp>;
    constexpr bool isWeightGradient =
        std::is_same_v<OpTy, LinearWeightGradientOp>;
    ScaledParts lhs = parts[0], rhs = parts[1];
    Value left =
        createReshape(builder, lhs.mantissas,
                      isInputGradient ? geometry.output : geometry.image);
    Value right =
        createReshape(builder, rhs.mantissas,
                      isWeightGradient ? geometry.output : geometry.kernel);
    ArrayRef<int64_t> shape = isInputGradient    ? geometry.image
                              : isWeightGradient ? geometry.kernel
                                                 : geometry.output;
    Value exponent = addExponents(builder, lhs, rhs);
    replaceWithKernel<KernelTy>(
        rewriter, cast<ContractionOpInterface>(op.getOperation()), builder,
        {left, right}, shape, geometry.window, /*group=*/1, exponent);
    return success();
  }
};

/// The tensor before views that only change the shape.
Value skipReshapes(Value tensor) {
  while (isReshape(tensor.getDefiningOp()))
    tensor = tensor.getDefiningOp()->getOperand(0);
  return tensor;
}

/// The maximum of the kernel `op`, which gets this output if it has none.
Value getMaximum(PatternRewriter &rewriter,
                 qkernel::ConvolutionOpInterface op) {
  if (op.getMaximum())
    return op->getResult(1);
  ImplicitLocOpBuilder builder(op.getLoc(), rewriter);
  builder.setInsertionPoint(op);
  Value out = createEmpty(builder, {}, builder.getI32Type());
  SmallVector<Type> results(op->getResultTypes());
  results.push_back(out.getType());
  auto extended = cast<qkernel::ConvolutionOpInterface>(
      builder.create(op.getLoc(), op->getName().getIdentifier(),
                     op->getOperands(), results, op->getAttrs()));
  extended.getMaximumMutable().assign(out);
  rewriter.replaceOp(op,
                     extended->getResults().take_front(op->getNumResults()));
  return extended->getResult(1);
}

/// W of a tensor: from the kernel that computes it, else by a pass over it.
struct LowerMagnitudeBits : LoweringPattern<MagnitudeBitsOp> {
  using LoweringPattern::LoweringPattern;
  LogicalResult lower(MagnitudeBitsOp op, ArrayRef<ScaledParts> parts,
                      ImplicitLocOpBuilder &builder,
                      PatternRewriter &rewriter) const override {
    Value mask = op.getMask() ? getMemory(op.getMask()) : Value();
    if (op.getMask() && !mask)
      return rewriter.notifyMatchFailure(op, "mask not converted yet");
    unsigned width = std::max(op.getInput().getType().getWidth(), 32u);
    Value scalar;
    // Kernels find the maximum of 32-bit accumulators while they store them.
    auto contraction = skipReshapes(parts[0].mantissas)
                           .getDefiningOp<qkernel::ConvolutionOpInterface>();
    if (contraction && width == 32 && !mask) {
      Value maximum = getMaximum(rewriter, contraction);
      scalar = builder.create<tensor::ExtractOp>(maximum, ValueRange());
    } else {
      scalar = createMaxAbs(builder, parts[0].mantissas, mask);
    }
    rewriter.replaceOp(op, builder.create<qkernel::MagnitudeBitsOp>(
                               builder.getI32Type(), scalar, op.getNearest()));
    return success();
  }
};

/// b · 2^d of bias mantissas b, d = s_b − s at most 40, rounded to nearest for
/// d < 0. The constructor computes everything that depends only on d, once.
class BiasAligner {
public:
  BiasAligner(ImplicitLocOpBuilder &builder, Value biasExponent, Value exponent)
      : BiasAligner(builder,
                    builder.create<arith::SubIOp>(exponent, biasExponent)) {}

  /// The aligned i64 of a stored mantissa.
  Value align(ImplicitLocOpBuilder &builder, Value mantissa) const {
    Value wide = builder.create<arith::ExtSIOp>(builder.getI32Type(), mantissa);
    Value rounded = right.shift(builder, wide, Value());
    return builder.create<arith::ShLIOp>(
        builder.create<arith::ExtSIOp>(builder.getI64Type(), rounded), left);
  }

private:
  BiasAligner(ImplicitLocOpBuilder &builder, Value rightShift)
      : right(builder, rightShift, {Rounding::Nearest, /*bits=*/32}) {
    Value zero = createInt(builder, 0);
    Value shift = builder.create<arith::MinSIOp>(
        builder.create<arith::MaxSIOp>(
            builder.create<arith::SubIOp>(zero, rightShift), zero),
        createInt(builder, kMaxBiasShift));
    left = builder.create<arith::ExtSIOp>(builder.getI64Type(), shift);
  }

  ShiftBuilder right;
  Value left; ///< i64, 0 when the shift is to the right
};

/// The aligned bias, clamped to a magnitude that gives every sum the same
/// result as the exact value.
Value alignBias(ImplicitLocOpBuilder &builder, ScaledParts bias,
                Value exponent) {
  BiasAligner aligner(builder, bias.exponent, exponent);
  // |accumulator| < 2^29 and the sum is clamped to 2^30.
  int64_t limit = kBiasClamp + (int64_t(1) << 29) - 1;
  return createElementwise(
      builder, bias.mantissas, builder.getI32Type(),
      [&](ImplicitLocOpBuilder &inner, ValueRange elements) -> Value {
        return clampToInt32(inner, aligner.align(inner, elements[0]), limit);
      });
}

/// acc' = clamp(acc + b·2^d, ±2^30), for floats acc + b. The kernel adds the
/// bias if its sums leave room. Otherwise a pass does, in 64 bits for integers.
struct LowerBiasAdd : LoweringPattern<BiasAddOp> {
  using LoweringPattern::LoweringPattern;
  LogicalResult lower(BiasAddOp op, ArrayRef<ScaledParts> parts,
                      ImplicitLocOpBuilder &builder,
                      PatternRewriter &rewriter) const override {
    if (!hasKernelLayout(op->getOperand(0)))
      return rewriter.notifyMatchFailure(op, "channels are not innermost");
    if (getElementType(op.getResult()).isInteger(64))
      return rewriter.notifyMatchFailure(op, "sums are not of 32 bits");
    ScaledParts input = parts[0], bias = parts[1];
    auto kernel =
        skipReshapes(input.mantissas).getDefiningOp<qkernel::Conv2DOp>();
    if (kernel && canFuse(op, kernel, input.mantissas)) {
      auto shape = llvm::to_vector(
          cast<RankedTensorType>(input.mantissas.getType()).getShape());
      // The bias is aligned before the kernel, where its operands exist.
      builder.setInsertionPoint(op);
      Value aligned = bias.exponent ? alignBias(builder, bias, input.exponent)
                                    : bias.mantissas;
      rewriter.moveOpBefore(kernel, op);
      rewriter.modifyOpInPlace(
          kernel, [&] { kernel.getBiasMutable().assign(aligned); });
      builder.setInsertionPoint(op);
      replaceWithParts(rewriter, op,
                       createReshape(builder, kernel->getResult(0), shape),
                       input.exponent);
      return success();
    }
    replaceWithParts(rewriter, op, addInPass(builder, input, bias),
                     input.exponent);
    return success();
  }

  static bool canFuse(BiasAddOp op, qkernel::Conv2DOp kernel,
                      Value accumulators) {
    auto weight = cast<RankedTensorType>(kernel.getWeight().getType());
    int64_t length = weight.getNumElements() / weight.getDimSize(0);
    bool isRoomy = !isScaled(op.getType()) || length <= kMaxFusedBiasLength;
    if (kernel.getBias() || kernel.getMaximum() || !isRoomy)
      return false;
    // No other operation may use the sums without the bias.
    for (Value value = accumulators;;
         value = value.getDefiningOp()->getOperand(0)) {
      if (!value.hasOneUse())
        return false;
      if (value.getDefiningOp() == kernel.getOperation())
        break;
    }
    return op.getInput().hasOneUse();
  }

  static Value addInPass(ImplicitLocOpBuilder &builder, ScaledParts input,
                         ScaledParts bias) {
    auto type = cast<RankedTensorType>(input.mantissas.getType());
    std::optional<BiasAligner> aligner;
    if (input.exponent)
      aligner.emplace(builder, bias.exponent, input.exponent);
    MLIRContext *context = builder.getContext();
    unsigned rank = type.getRank();
    AffineMap identity = builder.getMultiDimIdentityMap(rank);
    // Channels of images are innermost; those of other tensors keep their
    // place.
    unsigned dim = rank == 4 ? 3 : 1;
    AffineMap channel =
        AffineMap::get(rank, 0, builder.getAffineDimExpr(dim), context);
    return createMapped(
        builder, {input.mantissas, bias.mantissas}, {identity, channel},
        type.getShape(), type.getElementType(),
        [&](ImplicitLocOpBuilder &inner, ValueRange elements) -> Value {
          if (!aligner)
            return inner.create<arith::AddFOp>(elements[0], elements[1]);
          Value wide =
              inner.create<arith::ExtSIOp>(inner.getI64Type(), elements[0]);
          Value sum = inner.create<arith::AddIOp>(
              wide, aligner->align(inner, elements[1]));
          return clampToInt32(inner, sum, kBiasClamp);
        });
  }
};
} // namespace

void qtc::populateContractionPatterns(RewritePatternSet &patterns) {
  patterns.add<
      LowerConvolution<Conv2DOp, qkernel::Conv2DOp>,
      LowerConvolution<Conv2DInputGradientOp, qkernel::Conv2DInputGradientOp>,
      LowerConvolution<Conv2DWeightGradientOp, qkernel::Conv2DWeightGradientOp>,
      LowerLinear<LinearOp, qkernel::Conv2DOp>,
      LowerLinear<LinearInputGradientOp, qkernel::Conv2DInputGradientOp>,
      LowerLinear<LinearWeightGradientOp, qkernel::Conv2DWeightGradientOp>,
      LowerMagnitudeBits, LowerBiasAdd>(patterns.getContext());
}
