//===- QTrainIntegerOps.td - Integer operations ------------*- tablegen -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTRAIN_INTEGER_OPS_TD
#define QTRAIN_INTEGER_OPS_TD

include "dialect/QTrain/IR/QTrainOpBase.td"

def QTrain_LookupOp
    : QTrain_PureOp<"lookup",
        [OwnRange]> {
  let summary = "Converts pixels to input values by a table";
  let description = [{
    result[n, c, ...] = table[c, pixels[n, c, ...]]; a table of one row applies
    to all channels. The exponent of a scaled result is `exponent` (numerics
    contract, section 3, rule 2).

    Constraints:
    - (C1) the table has shape [channels or 1, 256] and the result's elements.
    - (C2) `pixels` and result have the same shape.
    - (C3) `exponent` is present exactly when the result is scaled.

    Example:

    ```mlir
    %x = qtrain.lookup %pixels {exponent = -7 : si32,
           table = dense<1> : tensor<1x256xi8>}
         : (tensor<8x1x28x28xui8>) -> !qtrain.scaled<tensor<8x1x28x28xi8>>
    ```
  }];
  let arguments = (ins QTrain_TensorOf<[UI8]>:$pixels, ElementsAttr:$table,
                       OptionalAttr<SI32Attr>:$exponent);
  let results = (outs QTrain_Value:$result);
  let hasVerifier = 1;
}

def QTrain_MaxMagnitudeOp : QTrain_PureOp<"max_magnitude"> {
  let summary = "The largest magnitude of the mantissas of a value";
  let description = [{
    It is 0 if all mantissas are.

    Example:

    ```mlir
    %m = qtrain.max_magnitude %x : (!qtrain.scaled<tensor<8x4xi8>>) -> i32
    ```
  }];
  let arguments = (ins QTrain_ScaledOf<[8, 16, 32]>:$input);
  let results = (outs I32:$result);
}

def QTrain_MagnitudeBitsOp : QTrain_PureOp<"magnitude_bits"> {
  let summary = "Bits needed for the largest magnitude";
  let description = [{
    W(x) = 0 if max|x| ≤ 1, else bit_length(max|x| − 1) = ceil(log2 max|x|),
    over all mantissas (numerics contract, section 1; `niti.md` 1.2). With
    `nearest` the logarithm is rounded to nearest instead: round(log2 max|x|), 0
    if max|x| = 0 (`wage.md` 2.3). With `mask` the maximum is over the mantissas
    whose bit is set.

    Constraints:
    - (C1) `mask` has the shape of `input`.

    Example:

    ```mlir
    %bits = qtrain.magnitude_bits %acc
            : (!qtrain.scaled<tensor<8x10xi32>>) -> i32
    %log2 = qtrain.magnitude_bits %acc, %mask {nearest}
            : (!qtrain.scaled<tensor<8x10xi32>>, tensor<8x10xi1>) -> i32
    ```
  }];
  let arguments = (ins QTrain_Scaled:$input, Optional<QTrain_MaskTensor>:$mask,
                       UnitAttr:$nearest);
  let results = (outs I32:$result);
  let builders = [
    OpBuilder<(ins "::mlir::Value":$input), [{
      build($_builder, $_state, $_builder.getI32Type(), input, Value(),
            /*nearest=*/false);
    }]>
  ];
  let hasVerifier = 1;
}

def QTrain_RangeMaskOp : QTrain_PureOp<"range_mask"> {
  let summary = "Mask of the mantissas in a range";
  let description = [{
    The bit of a mantissa m is set when `low` ≤ m ≤ `high`; a missing end is no
    bound. Masks are kept for the backward pass in place of the values they were
    computed from, so they are stored as bits.

    Constraints:
    - (C1) `input` and result have the same shape.
    - (C2) at least one end is given, and the ends are in the range of the
      mantissas.

    Example:

    ```mlir
    %m = qtrain.range_mask %acc {low = 1 : i64, high = 4064 : i64}
         : (!qtrain.scaled<tensor<8x10xi32>>) -> tensor<8x10xi1>
    ```
  }];
  let arguments = (ins QTrain_Scaled:$input, OptionalAttr<I64Attr>:$low,
                       OptionalAttr<I64Attr>:$high);
  let results = (outs QTrain_MaskTensor:$result);
  let hasVerifier = 1;
}

def QTrain_ApplyMaskOp
    : QTrain_PureOp<"apply_mask",
        [AllTypesMatch<["input", "result"]>,
         SameMagnitude]> {
  let summary = "Zeroes the mantissas whose bit is not set";
  let description = [{
    Mantissas whose bit is set, and the exponent, are unchanged.

    Constraints:
    - (C1) `input`, `mask` and the result have the same shape; `input` and the
      result have the same type.

    Example:

    ```mlir
    %e1 = qtrain.apply_mask %e, %m
          : (!qtrain.scaled<tensor<8x10xi8>>, tensor<8x10xi1>)
          -> !qtrain.scaled<tensor<8x10xi8>>
    ```
  }];
  let arguments = (ins QTrain_Scaled:$input, QTrain_MaskTensor:$mask);
  let results = (outs QTrain_Scaled:$result);
  let hasVerifier = 1;
}

def QTrain_ShiftScaleOp
    : QTrain_PureOp<"shift_scale",
        [OwnRange,
         QTrain_LayoutOpInterface]> {
  let summary = "Right shift with rounding, clipped to a width";
  let description = [{
    result = clip_k(round(input, shift)) with k = `bits` and exponent s +
    max(shift, 0), where s is that of the input (numerics contract, sections 1.3
    and 1.4). The shift may be any 32-bit number. A shift ≤ 0 only clips. If the
    shift is `bidirectional`, a negative one multiplies by 2^−shift exactly
    before the clip, and the exponent is s + shift.

    Constraints:
    - (C1) operand and result have the same shape.
    - (C2) `bits` is in [2, width of the result].
    - (C3) `random` is present exactly for stochastic rounding, and has the
      shape of the operand.
    - (C4) a `bidirectional` shift has rounding `even`, `floor0` or
      `stochastic`.

    Example:

    ```mlir
    %y = qtrain.shift_scale %acc by %shift {bits = 8 : i64,
           rounding = #qtrain.rounding<nearest>}
         : (!qtrain.scaled<tensor<8x10xi32>>, i32)
         -> !qtrain.scaled<tensor<8x10xi8>>
    ```
  }];
  let arguments = (ins QTrain_Scaled:$input, I32:$shift,
                       Optional<QTrain_RandomTensor>:$random,
                       QTrain_RoundingAttr:$rounding, I64Attr:$bits,
                       UnitAttr:$bidirectional);
  let results = (outs QTrain_Scaled:$result);
  let assemblyFormat = [{
    $input `by` $shift (`random` $random^)? attr-dict `:`
    functional-type(operands, results)
  }];
  let hasVerifier = 1;
}

def QTrain_WeightedSumOp
    : QTrain_PureOp<"weighted_sum",
        [QTrain_LayoutOpInterface]> {
  let summary = "Sum of mantissas, each multiplied by a constant, rounded";
  let description = [{
    result = clip_k(round(Σ_i `factors`[i] · terms[i], `shift`)) with k = `bits`
    (numerics contract, section 1.3), computed in 64 bits. The exponent is that
    of the first term; those of others have no effect. Integer optimizers keep
    their averages with it; with 2 bits and no shift, the result is the sign of
    the sum.

    Constraints:
    - (C1) all terms and the result have the same shape.
    - (C2) terms have at most 32 bits, and there is a factor for each; the
      magnitudes of factors add up to at most 2^30.
    - (C3) `bits` is in [2, width of the result], `shift` in [0, 62].
    - (C4) `rounding` is `nearest` or `floor0`.

    Example:

    ```mlir
    %v1 = qtrain.weighted_sum %v, %g {bits = 32 : i64,
            factors = array<i64: 230, 65536>, rounding =
            #qtrain.rounding<floor0>, shift = 8 : i64}
          : (!qtrain.scaled<tensor<10xi32>>, !qtrain.scaled<tensor<10xi16>>)
          -> !qtrain.scaled<tensor<10xi32>>
    ```
  }];
  let arguments = (ins Variadic<QTrain_ScaledOf<[8, 16, 32]>>:$terms,
                       DenseI64ArrayAttr:$factors, I64Attr:$shift,
                       QTrain_RoundingAttr:$rounding, I64Attr:$bits);
  let results = (outs QTrain_Scaled:$result);
  let hasVerifier = 1;
}

def QTrain_AddScaledOp
    : QTrain_PureOp<"add_scaled",
        [QTrain_LayoutOpInterface]> {
  let summary = "Mantissas plus multiples of others";
  let description = [{
    result = clip_k(input + t) with k = `bits` and t = addend · `factor` ·
    2^`power`, rounded to nearest, ties away from zero, and clamped to ±2^61.
    The power may be any 32-bit number. The exponent is that of `input`; that of
    `addend` has no effect. Integer optimizers shrink parameters with it.

    Constraints:
    - (C1) operands and result have the same shape.
    - (C2) `factor` is from 1 to 2^24.
    - (C3) `bits` is in [2, width of the result].

    Example:

    ```mlir
    %g1 = qtrain.add_scaled %g, %w, %power {bits = 64 : i64, factor = 200 : i64}
          : (!qtrain.scaled<tensor<10xi32>>, !qtrain.scaled<tensor<10xi16>>,
             i32) -> !qtrain.scaled<tensor<10xi64>>
    ```
  }];
  let arguments = (ins QTrain_Scaled:$input,
                       QTrain_ScaledOf<[8, 16, 32]>:$addend, I32:$power,
                       I64Attr:$factor, I64Attr:$bits);
  let results = (outs QTrain_Scaled:$result);
  let hasVerifier = 1;
}

def QTrain_ComposeOp
    : QTrain_PureOp<"compose",
        [QTrain_LayoutOpInterface]> {
  let summary = "Makes a value of tensors in memory order";
  let description = [{
    The result is a scaled tensor with the given mantissas and exponent, or a
    float tensor with the given elements. The operands are in memory order: a
    `channels_last` result of shape [N, C, H, W] is composed from a tensor [N,
    H, W, C].

    Constraints:
    - (C1) `mantissas` has the memory shape and the elements of the result.
    - (C2) `exponent` is present exactly when the result is scaled.

    Example:

    ```mlir
    %x = qtrain.compose %m, %s
         : (tensor<8x10xi8>, i32) -> !qtrain.scaled<tensor<8x10xi8>>
    %y = qtrain.compose %f : (tensor<8x2x2x4xf32>)
         -> tensor<8x4x2x2xf32, #qtrain.channels_last>
    ```
  }];
  let arguments = (ins AnyStaticShapeTensor:$mantissas,
                       Optional<I32>:$exponent);
  let results = (outs QTrain_Value:$result);
  let hasVerifier = 1;
}

def QTrain_DecomposeOp : QTrain_PureOp<"decompose"> {
  let summary = "Splits a value into tensors in memory order";
  let description = [{
    This is the inverse of `qtrain.compose`.

    Constraints:
    - (C1) `mantissas` has the memory shape and the elements of the operand.
    - (C2) `exponent` is present exactly when the operand is scaled.

    Example:

    ```mlir
    %m, %s = qtrain.decompose %x
             : (!qtrain.scaled<tensor<8x10xi8>>) -> (tensor<8x10xi8>, i32)
    ```
  }];
  let arguments = (ins QTrain_Value:$input);
  let results = (outs AnyStaticShapeTensor:$mantissas, Optional<I32>:$exponent);
  let hasVerifier = 1;
  let hasFolder = 1;
}

#endif // QTRAIN_INTEGER_OPS_TD
