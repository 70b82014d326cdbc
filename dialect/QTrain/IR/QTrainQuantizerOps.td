//===- QTrainQuantizerOps.td - Trained quantizers ----------*- tablegen -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTRAIN_QUANTIZER_OPS_TD
#define QTRAIN_QUANTIZER_OPS_TD

include "dialect/QTrain/IR/QTrainOpBase.td"
include "dialect/QTrain/IR/QTrainModelOps.td"

def QTrain_QuantizeOp
    : QTrain_PureOp<"quantize",
        [Differentiable, OwnRange, QTrain_LayoutOpInterface]> {
  let summary = "Rounds each element to a level of a trained interval";
  let description = [{
    The transformer and the discretizer of Jung et al., "Learning to Quantize
    Deep Networks by Optimizing Quantization Intervals with Task Loss", CVPR
    2019, equations 1 to 3 and 5. `interval` is the center c and the distance d
    of its ends, and perhaps an exponent γ, otherwise 1. With v = |input| and s
    its sign if the quantizer `is_signed`, otherwise v = input and s = 1, and
    with q = `levels`,

        u      = clamp((v − (c − d)) · (0.5 / d), 0, 1), and 0 if that is no number
        code   = s · floor(q · u^γ + 0.5)
        result = code / q

    in singles, every operation rounded. A scaled result has the codes as
    mantissas and the exponent 0.

    The gradient passes the discretizer unchanged (the straight-through
    estimator), so that it reaches the input and the interval through the
    transformer.

    Constraints:
    - (C1) the result has the shape of `input`.
    - (C2) `interval` has 2 or 3 elements.
    - (C3) `levels` is from 1 to 255 and fits the mantissas of a scaled result,
      which have 8 or 16 bits.

    Example:

    ```mlir
    %y = qtrain.quantize %x, %interval {levels = 15 : i64}
         : (tensor<8x4x6x6xf32>, tensor<2xf32>) -> tensor<8x4x6x6xf32>
    %c = qtrain.quantize %w, %i {is_signed, levels = 7 : i64}
         : (tensor<10x4xf32>, tensor<3xf32>) -> !qtrain.scaled<tensor<10x4xi8>>
    ```
  }];
  let arguments = (ins QTrain_FloatTensor:$input, QTrain_FloatTensor:$interval,
                       I64Attr:$levels, UnitAttr:$is_signed);
  let results = (outs QTrain_Value:$result);
  let hasVerifier = 1;
}

def QTrain_QuantizeInputGradientOp
    : QTrain_PureOp<"quantize_input_gradient", [QTrain_LayoutOpInterface]> {
  let summary = "Gradient of the input of a quantizer";
  let description = [{
    With u of `qtrain.quantize` before it is clamped, and u' = max(u, 1/256),

        result = gradient · (γ · u'^(γ − 1)) · (0.5 / d)

    where 0 ≤ u ≤ 1, else 0. Without an exponent the second factor is left out.
    u' bounds it: the derivative of a power below 1 has no limit at 0.

    Constraints: C1 and C2 of `qtrain.quantize`; `gradient` has the shape of
    `input`.

    Example:

    ```mlir
    %g = qtrain.quantize_input_gradient %x, %e, %interval
         : (tensor<8x4xf32>, tensor<8x4xf32>, tensor<2xf32>) -> tensor<8x4xf32>
    ```
  }];
  let arguments = (ins QTrain_FloatTensor:$input, QTrain_FloatTensor:$gradient,
                       QTrain_FloatTensor:$interval, UnitAttr:$is_signed);
  let results = (outs QTrain_FloatTensor:$result);
  let hasVerifier = 1;
}

def QTrain_IntervalGradientOp
    : QTrain_PureOp<"interval_gradient", [FormsParameters]> {
  let summary = "Gradient of the interval of a quantizer";
  let description = [{
    With g = s · gradient times the factors of `qtrain.quantize_input_gradient`,
    where 0 ≤ u ≤ 1, the sums over all elements

        −Σ g,   Σ g · (1 − 2u)   and, with an exponent,   Σ s · gradient · u'^γ · ln u'

    are the derivatives with respect to c, d and γ. They are formed in double,
    the second one as Σ g − 2 · Σ g · u, and rounded once.

    Constraints: as of `qtrain.quantize_input_gradient`; the result has the shape
    of `interval`.

    Example:

    ```mlir
    %g = qtrain.interval_gradient %x, %e, %interval {is_signed}
         : (tensor<8x4xf32>, tensor<8x4xf32>, tensor<3xf32>) -> tensor<3xf32>
    ```
  }];
  let arguments = (ins QTrain_FloatTensor:$input, QTrain_FloatTensor:$gradient,
                       QTrain_FloatTensor:$interval, UnitAttr:$is_signed);
  let results = (outs QTrain_FloatTensor:$result);
  let hasVerifier = 1;
}

def QTrain_DequantizeOp
    : QTrain_PureOp<"dequantize", [QTrain_LayoutOpInterface]> {
  let summary = "The floats that mantissas stand for";
  let description = [{
    mantissa · (2^s · `factor`) for each element, where s is the exponent of
    `input`, clamped to [−126, 127]: two products and a conversion of singles,
    each rounded.

    Constraints:
    - (C1) the result has the shape of `input`.
    - (C2) `input` has mantissas of up to 32 bits, and `factor` is positive and
      finite.

    Example:

    ```mlir
    %y = qtrain.dequantize %acc {factor = 0.0095238095 : f32}
         : (!qtrain.scaled<tensor<8x10xi32>>) -> tensor<8x10xf32>
    ```
  }];
  let arguments = (ins QTrain_ScaledOf<[8, 16, 32]>:$input, F32Attr:$factor);
  let results = (outs QTrain_FloatTensor:$result);
  let hasVerifier = 1;
}

#endif // QTRAIN_QUANTIZER_OPS_TD
