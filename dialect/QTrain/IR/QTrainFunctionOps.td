//===- QTrainFunctionOps.td - Functions of each element ----*- tablegen -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTRAIN_FUNCTION_OPS_TD
#define QTRAIN_FUNCTION_OPS_TD

include "dialect/QTrain/IR/QTrainModelOps.td"

//===----------------------------------------------------------------------===//
// Floats
//===----------------------------------------------------------------------===//

def QTrain_ElementwiseOp
    : QTrain_PureOp<"elementwise",
        [Differentiable, SameOperandsAndResultType,
         QTrain_LayoutOpInterface]> {
  let summary = "Applies a function to each element";
  let description = [{
    `function`(x) of each element, in floats. `qtrain.relu` is an operation of
    its own, as integer schemes have rules for it.

    Example:

    ```mlir
    %y = qtrain.elementwise %x {function = #qtrain.clip<low = 0.0, high = 6.0>}
         : (tensor<8x10xf32>) -> tensor<8x10xf32>
    ```
  }];
  let arguments = (ins QTrain_FloatTensor:$input, QTrain_Function:$function);
  let results = (outs QTrain_FloatTensor:$result);
}

def QTrain_ElementwiseGradientOp
    : QTrain_PureOp<"elementwise_gradient", [SameOperandsAndResultType]> {
  let summary = "Gradient of a function of each element";
  let description = [{
    `gradient` times the derivative of `function` at `input`, the operand of
    `qtrain.elementwise`. With `from_result`, the first operand is the result of
    that operation instead; `function` must say that it is enough.

    Constraints:
    - (C1) `from_result` only for functions that are given by their result.

    Example:

    ```mlir
    %ex = qtrain.elementwise_gradient %x, %e {function = #qtrain.sigmoid}
          : (tensor<8x10xf32>, tensor<8x10xf32>) -> tensor<8x10xf32>
    ```
  }];
  let arguments = (ins QTrain_FloatTensor:$input, QTrain_FloatTensor:$gradient,
                       QTrain_Function:$function, UnitAttr:$from_result);
  let results = (outs QTrain_FloatTensor:$result);
  let hasVerifier = 1;
}

//===----------------------------------------------------------------------===//
// A trained slope
//===----------------------------------------------------------------------===//

def QTrain_PReluOp : QTrain_PureOp<"prelu", [Differentiable]> {
  let summary = "Rectified linear unit with a trained slope (ONNX PRelu)";
  let description = [{
    He et al., "Delving deep into rectifiers", ICCV 2015, equation 1: x for x >
    0, else slope · x, with the slope of the channel, or with one slope for all
    of them. Scaled: mantissas m give the exact accumulators m · 2^f for m > 0,
    else m · a, with the mantissa a of the slope. f is its exponent, negated,
    from 0 to 20, and the exponent of the result is that of the input less f
    (numerics contract, section 4.17).

    Constraints:
    - (C1) `input` has rank 2 or more, and `slope` rank 1 and the extent 1 or
      that of dimension 1 of `input`.
    - (C2) the result has the shape of `input`.
    - (C3) all values are float, or scaled with operands of 8 bits and a result
      of 32 bits.

    Example:

    ```mlir
    %y = qtrain.prelu %x, %slope
         : (tensor<8x4x6x6xf32>, tensor<4xf32>) -> tensor<8x4x6x6xf32>
    ```
  }];
  let arguments = (ins QTrain_Value:$input, QTrain_Value:$slope);
  let results = (outs QTrain_Value:$result);
  let hasVerifier = 1;
}

def QTrain_PReluInputGradientOp : QTrain_PureOp<"prelu_input_gradient"> {
  let summary = "Gradient of the input of a unit with a trained slope";
  let description = [{
    `gradient` where `input` is positive, else slope · gradient. Scaled: as
    `qtrain.prelu`, with the mantissas of `gradient` in place of those of
    `input`, which decide about the factor only.

    Constraints: those of `qtrain.prelu`; `gradient` has the shape of `input`.

    Example:

    ```mlir
    %ex = qtrain.prelu_input_gradient %x, %e, %slope
          : (tensor<8x4xf32>, tensor<8x4xf32>, tensor<1xf32>)
          -> tensor<8x4xf32>
    ```
  }];
  let arguments = (ins QTrain_Value:$input, QTrain_Value:$gradient,
                       QTrain_Value:$slope);
  let results = (outs QTrain_Value:$result);
  let hasVerifier = 1;
}

def QTrain_PReluSlopeGradientOp
    : QTrain_PureOp<"prelu_slope_gradient",
        [QTrain_FormsChannelGradients,
         FormsParameters]> {
  let summary = "Gradient of a trained slope";
  let description = [{
    Σ gradient · min(input, 0) over a channel, or over everything if there is
    one slope. Floats are added up in double. Scaled: the sums are exact in 64
    bits, and the exponents are added.

    Constraints:
    - (C1) `input` has rank 2 or more, and the result rank 1 and the extent 1 or
      that of dimension 1 of `input`.
    - (C2) `gradient` has the shape of `input`.
    - (C3) all values are float, or scaled with an input of 8 bits, a gradient
      of 8 or 16 bits and a result of 64 bits.

    Example:

    ```mlir
    %g = qtrain.prelu_slope_gradient %x, %e
         : (!qtrain.scaled<tensor<8x4xi8>>, !qtrain.scaled<tensor<8x4xi8>>)
         -> !qtrain.scaled<tensor<4xi64>>
    ```
  }];
  let arguments = (ins QTrain_Value:$input, QTrain_Value:$gradient);
  let results = (outs QTrain_Value:$result);
  let hasVerifier = 1;
}

//===----------------------------------------------------------------------===//
// Integers
//===----------------------------------------------------------------------===//

def QTrain_SampleFunctionOp : QTrain_PureOp<"sample_function"> {
  let summary = "A function of every 8-bit mantissa";
  let description = [{
    Element i is f(m · 2^s) for m = max(i − 128, −127), where f is `function`, or
    its derivative, and s the exponent of `input`, of which nothing else counts. It is interpolated between samples of f at
    the multiples of 2^−8 in [−8, 8], and continued as a straight line outside
    of them (numerics contract, section 4.15).

    Constraints:
    - (C1) the result has 256 mantissas of 64 bits.

    Example:

    ```mlir
    %f = qtrain.sample_function %x {function = #qtrain.tanh}
         : (!qtrain.scaled<tensor<8x10xi8>>)
         -> !qtrain.scaled<tensor<256xi64>>
    ```
  }];
  let arguments = (ins QTrain_ScaledOf<[8]>:$input, QTrain_Function:$function,
                       UnitAttr:$derivative);
  let results = (outs QTrain_ScaledOf<[64]>:$result);
  let hasVerifier = 1;
}

def QTrain_ApplyTableOp : QTrain_PureOp<"apply_table"> {
  let summary = "Each mantissa by a table of all mantissas";
  let description = [{
    The element 128 + m of `table` for each mantissa m of `input`, with the
    exponent of the table.

    Constraints:
    - (C1) `input` has mantissas of 8 bits, and `table` 256 of 8 or 16 bits.
    - (C2) the result has the shape of `input` and the width of `table`.

    Example:

    ```mlir
    %y = qtrain.apply_table %x, %table
         : (!qtrain.scaled<tensor<8x10xi8>>, !qtrain.scaled<tensor<256xi8>>)
         -> !qtrain.scaled<tensor<8x10xi8>>
    ```
  }];
  let arguments = (ins QTrain_ScaledOf<[8]>:$input,
                       QTrain_ScaledOf<[8, 16]>:$table);
  let results = (outs QTrain_ScaledOf<[8, 16]>:$result);
  let hasVerifier = 1;
}

def QTrain_MultiplyOp : QTrain_PureOp<"multiply"> {
  let summary = "Product of two values, element by element";
  let description = [{
    Exact products of the mantissas; the exponents are added.

    Constraints:
    - (C1) operands of 8 or 16 bits, a result of 32 bits, all of one shape.

    Example:

    ```mlir
    %p = qtrain.multiply %a, %b
         : (!qtrain.scaled<tensor<8x10xi8>>, !qtrain.scaled<tensor<8x10xi8>>)
         -> !qtrain.scaled<tensor<8x10xi32>>
    ```
  }];
  let arguments = (ins QTrain_ScaledOf<[8, 16]>:$lhs,
                       QTrain_ScaledOf<[8, 16]>:$rhs);
  let results = (outs QTrain_ScaledOf<[32]>:$result);
  let hasVerifier = 1;
}

def QTrain_ScaleBySignOp : QTrain_PureOp<"scale_by_sign"> {
  let summary = "One of two factors for each element";
  let description = [{
    Mantissas of `value` times `positive` where the mantissa of `reference` is
    positive, else times `negative`, as exact accumulators of exponent
    s − `fraction_bits`: homogeneous functions and their gradients.

    Constraints:
    - (C1) `reference` of 8 bits, `value` of 8 or 16, a result of 32 bits, all
      of one shape.
    - (C2) both factors are in ±2^23.

    Example:

    ```mlir
    %y = qtrain.scale_by_sign %x, %x {positive = 64 : i64, negative = 13 : i64,
           fraction_bits = 6 : i64}
         : (!qtrain.scaled<tensor<8x10xi8>>, !qtrain.scaled<tensor<8x10xi8>>)
         -> !qtrain.scaled<tensor<8x10xi32>>
    ```
  }];
  let arguments = (ins QTrain_ScaledOf<[8]>:$reference,
                       QTrain_ScaledOf<[8, 16]>:$value, I64Attr:$positive,
                       I64Attr:$negative, I64Attr:$fraction_bits);
  let results = (outs QTrain_ScaledOf<[32]>:$result);
  let hasVerifier = 1;
}

#endif // QTRAIN_FUNCTION_OPS_TD
