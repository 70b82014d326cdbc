//===- QTrainGradientOps.td - Backward operations ----------*- tablegen -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTRAIN_GRADIENT_OPS_TD
#define QTRAIN_GRADIENT_OPS_TD

include "dialect/QTrain/IR/QTrainModelOps.td"

def QTrain_LossGradientOp : QTrain_PureOp<"loss_gradient"> {
  let summary = "Gradient of the loss with respect to the logits";
  let description = [{
    For cross-entropy, the result is softmax(logits) − onehot(labels); for the
    sum of squares, logits − onehot(labels). It is not divided by the batch
    size. Labels are class indices from 0; a cross-entropy gives the row of any
    other label numbers that mean nothing. Scaled: the errors have 32 bits.
    Those of cross-entropy are integer probabilities with exponent −15
    (`fraction`) or −11 (`paper`) (numerics contract, section 4.10). Those of
    the sum of squares have the exponent s of the logits, and the target is 2^−s
    (`wage.md` 2.15); −30 ≤ s ≤ 0 is required.

    Constraints:
    - (C1) `logits` has rank 2, and `labels` has rank 1 and its first extent.
    - (C2) the result has the shape of `logits`; scaled results are 32 bits wide.
    - (C3) `exponential` is present exactly for a scaled cross-entropy.
    - (C4) with `paper`, logits have 8 bits.

    Example:

    ```mlir
    %e = qtrain.loss_gradient %logits, %labels {loss = #qtrain.loss<cross_entropy>}
         : (tensor<8x10xf32>, tensor<8xi32>) -> tensor<8x10xf32>
    ```
  }];
  let arguments = (ins QTrain_Value:$logits, QTrain_TensorOf<[I32]>:$labels,
                       QTrain_ClassLossAttr:$loss,
                       OptionalAttr<QTrain_ExponentialAttr>:$exponential);
  let results = (outs QTrain_Value:$result);
  let hasVerifier = 1;
}

def QTrain_WeighErrorOp : QTrain_PureOp<"weigh_error"> {
  let summary = "Cross-entropy errors for smooth labels and weights of classes";
  let description = [{
    With the weights w of the classes (1 by default), a smoothing ε and K
    classes, the loss of a row with label t is the sum over all classes k of
    −a_k · log p_k, where a_t = w_t · (1 − ε + ε/K), and the other
    a_k = w_k · ε/K. Its gradient is A · p_k − a_k, A being the sum of a. This
    operation computes it from the `error` p − onehot(t) of
    `qtrain.loss_gradient`: with b_k = w_k · ε/K,

        A · error_k + (the sum of all other b, if k = t, else −b_k)

    Rows whose label is `ignored` are 0; other labels are below K.

    Scaled: w_k becomes round(2^8 · w_k / max w), halves to even, and ε/K becomes
    floor(ε · 2^F / K), where F is 15 or 11, as `exponential` says. The result
    has 32 bits and 8 fraction bits more than `error`, to which A · error_k is
    rounded down (numerics contract, section 4.10).

    Constraints:
    - (C1) `error` has rank 2, `labels` has rank 1 and its first extent.
    - (C2) the result has the shape of `error`; scaled values are 32 bits wide.
    - (C3) `exponential` is present exactly for scaled errors.
    - (C4) 0 ≤ `smoothing` < 1.
    - (C5) `weights` has one number for each class, none of them negative and one
      of them positive.

    Example:

    ```mlir
    %w = qtrain.weigh_error %e, %labels
           {smoothing = 0.1, weights = array<f64: 1.0, 0.5>, ignored = 255 : i32}
         : (tensor<8x2xf32>, tensor<8xi32>) -> tensor<8x2xf32>
    ```
  }];
  let arguments = (ins QTrain_Value:$error, QTrain_TensorOf<[I32]>:$labels,
                       DefaultValuedAttr<F64Attr, "0.0">:$smoothing,
                       OptionalAttr<DenseF64ArrayAttr>:$weights,
                       OptionalAttr<I32Attr>:$ignored,
                       OptionalAttr<QTrain_ExponentialAttr>:$exponential);
  let results = (outs QTrain_Value:$result);
  let hasVerifier = 1;
}

def QTrain_AverageErrorOp
    : QTrain_PureOp<"average_error", [AllTypesMatch<["error", "result"]>]> {
  let summary = "Errors of a mean over the weights of labels";
  let description = [{
    `error` · N / W for each element, where N is the number of labels and W is
    the sum of their `weights` (1 by default), without those of labels that are
    `ignored`; 0 if W is 0. Afterwards a division by N gives the gradient of the
    mean over the weights. The sum is `total`, the result of
    `qtrain.label_weight_sum`, which the fp32 scheme adds. Integer schemes omit
    the operation, because their updates do not depend on the scale of the loss.

    Constraints:
    - (C1) `error` has rank 2, `labels` has rank 1 and its first extent.
    - (C2) `weights` as in `qtrain.weigh_error`.

    Example:

    ```mlir
    %m = qtrain.average_error %e, %labels {ignored = 255 : i32}
         : (tensor<8x2xf32>, tensor<8xi32>) -> tensor<8x2xf32>
    ```
  }];
  let arguments = (ins QTrain_FloatTensor:$error,
                       QTrain_TensorOf<[I32]>:$labels, Optional<F64>:$total,
                       OptionalAttr<DenseF64ArrayAttr>:$weights,
                       OptionalAttr<I32Attr>:$ignored);
  let results = (outs QTrain_FloatTensor:$result);
  let hasVerifier = 1;
}

def QTrain_ResidualOp : QTrain_PureOp<"residual"> {
  let summary = "Prediction minus target";
  let description = [{
    Element by element. Scaled: the mantissas of the prediction are shifted to
    the exponent t of the target, rounded to nearest, and clipped to
    ±(2^30 − 1); targets are in ±2^30. The result has 32 bits and the exponent t
    (numerics contract, section 4.16).

    Constraints:
    - (C1) all values have one shape.
    - (C2) all are float, or all scaled, target and result of 32 bits.

    Example:

    ```mlir
    %e = qtrain.residual %y, %t
         : (tensor<8x1xf32>, tensor<8x1xf32>) -> tensor<8x1xf32>
    ```
  }];
  let arguments = (ins QTrain_Value:$prediction, QTrain_Value:$target);
  let results = (outs QTrain_Value:$result);
  let hasVerifier = 1;
}

def QTrain_ScaleErrorOp
    : QTrain_PureOp<"scale_error", [AllTypesMatch<["input", "result"]>]> {
  let summary = "An error times a constant of the loss";
  let description = [{
    `input` · `factor` for each element. Integer schemes omit the operation,
    because their updates do not depend on the scale of the loss; where the
    losses of several outputs are added, they take the nearest power of two.

    Constraints:
    - (C1) `factor` is positive and finite.

    Example:

    ```mlir
    %g = qtrain.scale_error %e {factor = 2.0 : f32}
         : (tensor<8x1xf32>) -> tensor<8x1xf32>
    ```
  }];
  let arguments = (ins QTrain_FloatTensor:$input, F32Attr:$factor);
  let results = (outs QTrain_FloatTensor:$result);
  let hasVerifier = 1;
}

def QTrain_Conv2DInputGradientOp
    : QTrain_PureOp<"conv2d_input_gradient", [Contraction]> {
  let summary = "Gradient of a convolution with respect to its input";
  let description = [{
    Transposed convolution of the result gradient `[N, O, OH, OW]` with the
    weights of `qtrain.conv2d`. Scaled operands give exact accumulators.

    Constraints: those of `qtrain.conv2d` whose input is this result and whose
    result is `gradient`.

    Example:

    ```mlir
    %ex = qtrain.conv2d_input_gradient %e, %w {window = #qtrain.window<
            kernel = [3, 3], strides = [1, 1], pads = [1, 1, 1, 1],
            dilations = [1, 1]>}
          : (tensor<8x20x6x6xf32>, tensor<20x4x3x3xf32>) -> tensor<8x4x6x6xf32>
    ```
  }];
  let arguments = (ins QTrain_Value:$gradient, QTrain_Value:$weight,
                       QTrain_WindowAttr:$window,
                       DefaultValuedAttr<I64Attr, "1">:$group);
  let results = (outs QTrain_Value:$result);
  let hasVerifier = 1;
}

def QTrain_Conv2DWeightGradientOp
    : QTrain_PureOp<"conv2d_weight_gradient",
        [Contraction,
         FormsParameters]> {
  let summary = "Gradient of a convolution with respect to its weights";
  let description = [{
    Correlation of the input with the result gradient, summed over the batch.
    Scaled operands give exact accumulators; a sum that can exceed the 32 bits
    of its result is formed in 64 bits and saturated to ±(2^31 − 1) at the end
    (numerics contract, section 1.5).

    Constraints: those of `qtrain.conv2d` whose weight is this result and whose
    result is `gradient`.

    Example:

    ```mlir
    %g = qtrain.conv2d_weight_gradient %x, %e {window = #qtrain.window<
           kernel = [3, 3], strides = [1, 1], pads = [1, 1, 1, 1],
           dilations = [1, 1]>}
         : (tensor<8x4x6x6xf32>, tensor<8x20x6x6xf32>) -> tensor<20x4x3x3xf32>
    ```
  }];
  let arguments = (ins QTrain_Value:$input, QTrain_Value:$gradient,
                       QTrain_WindowAttr:$window,
                       DefaultValuedAttr<I64Attr, "1">:$group);
  let results = (outs QTrain_Value:$result);
  let hasVerifier = 1;
}

def QTrain_LinearInputGradientOp
    : QTrain_PureOp<"linear_input_gradient", [Contraction]> {
  let summary = "Gradient of a linear layer with respect to its input";
  let description = [{
    result[n, f] = Σ_o gradient[n, o] · weight[o, f], in the shape of the
    layer's input.

    Constraints: those of `qtrain.linear` whose input is this result and whose
    result is `gradient`.

    Example:

    ```mlir
    %ex = qtrain.linear_input_gradient %e, %w
          : (tensor<8x500xf32>, tensor<500x800xf32>) -> tensor<8x50x4x4xf32>
    ```
  }];
  let arguments = (ins QTrain_Value:$gradient, QTrain_Value:$weight);
  let results = (outs QTrain_Value:$result);
  let hasVerifier = 1;
}

def QTrain_LinearWeightGradientOp
    : QTrain_PureOp<"linear_weight_gradient",
        [Contraction,
         FormsParameters]> {
  let summary = "Gradient of a linear layer with respect to its weights";
  let description = [{
    result[o, f] = Σ_n gradient[n, o] · input[n, f].

    Constraints: those of `qtrain.linear` whose weight is this result and whose
    result is `gradient`.

    Example:

    ```mlir
    %g = qtrain.linear_weight_gradient %x, %e
         : (tensor<8x50x4x4xf32>, tensor<8x500xf32>) -> tensor<500x800xf32>
    ```
  }];
  let arguments = (ins QTrain_Value:$input, QTrain_Value:$gradient);
  let results = (outs QTrain_Value:$result);
  let hasVerifier = 1;
  let hasCanonicalizer = 1;
}

def QTrain_BiasGradientOp
    : QTrain_PureOp<"bias_gradient",
        [Accumulation,
         FormsParameters]> {
  let summary = "Sum over all dimensions except the channel";
  let description = [{
    result[c] = Σ gradient[n, c, ...]. Scaled operands give exact accumulators,
    saturated like those of `qtrain.conv2d_weight_gradient`.

    Constraints:
    - (C1) the result has rank 1 and the extent of dimension 1 of `gradient`.

    Example:

    ```mlir
    %g = qtrain.bias_gradient %e : (tensor<8x20x6x6xf32>) -> tensor<20xf32>
    ```
  }];
  let arguments = (ins QTrain_Value:$gradient);
  let results = (outs QTrain_Value:$result);
  let hasVerifier = 1;
}

def QTrain_GatherGradientOp
    : QTrain_PureOp<"gather_gradient",
        [FormsParameters]> {
  let summary = "Gradient of a table with respect to its rows";
  let description = [{
    result[v, f] = Σ gradient[n, p, f] over all n and p with `indices`[n, p] =
    v, in the order of n and p. Scaled operands give exact accumulators.

    Constraints: those of `qtrain.gather` whose table is this result and whose
    result is `gradient`.
    - (C4) scaled: sums of as many mantissas as there are indices fit 32 bits.

    Example:

    ```mlir
    %g = qtrain.gather_gradient %e, %tokens
         : (tensor<8x12x16xf32>, tensor<8x12xi32>) -> tensor<100x16xf32>
    ```
  }];
  let arguments = (ins QTrain_Value:$gradient, QTrain_IndexTensor:$indices);
  let results = (outs QTrain_Value:$result);
  let hasVerifier = 1;
}

def QTrain_ReluGradientOp : QTrain_PureOp<"relu_gradient"> {
  let summary = "Gradient of a rectified linear unit";
  let description = [{
    The result is `gradient` where `output`, the unit's result, is positive, and
    0 elsewhere. Scaled: the exponent is that of `gradient`.

    Constraints:
    - (C1) `output`, `gradient` and the result have the same shape; `gradient`
      and the result have the same type.

    Example:

    ```mlir
    %ex = qtrain.relu_gradient %y, %e : (tensor<8x10xf32>, tensor<8x10xf32>)
          -> tensor<8x10xf32>
    ```
  }];
  let arguments = (ins QTrain_Value:$output, QTrain_Value:$gradient);
  let results = (outs QTrain_Value:$result);
  let hasVerifier = 1;
}

def QTrain_MaxPool2DGradientOp : QTrain_PureOp<"max_pool2d_gradient"> {
  let summary = "Gradient of a maximum pool";
  let description = [{
    Each window passes its gradient to the first maximum in row-major order
    among its input positions. Gradients that reach the same position are added.
    Scaled: the result is as wide as `gradient` if no two windows overlap,
    otherwise it has 32 bits; the exponent is that of `gradient`.

    Constraints:
    - (C1) `input` and the result have the same shape.
    - (C2) `gradient` has the shape of the pool's result.
    - (C3) a scaled result is 32 bits wide, or as wide as `gradient` if windows
      do not overlap.

    Example:

    ```mlir
    %ex = qtrain.max_pool2d_gradient %x, %e {window = #qtrain.window<
            kernel = [2, 2], strides = [2, 2], pads = [0, 0, 0, 0],
            dilations = [1, 1]>}
          : (tensor<8x4x6x6xf32>, tensor<8x4x3x3xf32>) -> tensor<8x4x6x6xf32>
    ```
  }];
  let arguments = (ins QTrain_Value:$input, QTrain_Value:$gradient,
                       QTrain_WindowAttr:$window);
  let results = (outs QTrain_Value:$result);
  let hasVerifier = 1;
}

def QTrain_MaxPool2DPositionsOp : QTrain_PureOp<"max_pool2d_positions"> {
  let summary = "Positions of the maxima of a pool in their windows";
  let description = [{
    The result holds the row-major index, from 0, of the first maximum in its
    window. The backward pass of a maximum pool needs no other information about
    its input.

    Constraints:
    - (C1) as C1 and C2 of `qtrain.max_pool2d`.
    - (C2) the elements of the result can hold the indices of all positions of a
      window.

    Example:

    ```mlir
    %p = qtrain.max_pool2d_positions %x {window = #qtrain.window<
           kernel = [2, 2], strides = [2, 2], pads = [0, 0, 0, 0],
           dilations = [1, 1]>}
         : (!qtrain.scaled<tensor<8x4x6x6xi32>>) -> tensor<8x4x3x3xi8>
    ```
  }];
  let arguments = (ins QTrain_Scaled:$input, QTrain_WindowAttr:$window);
  let results = (outs QTrain_PositionTensor:$result);
  let hasVerifier = 1;
}

def QTrain_MaxUnpool2DOp
    : QTrain_PureOp<"max_unpool2d",
        [OwnMagnitude]> {
  let summary = "Moves elements to the positions of maxima";
  let description = [{
    The result is that of `qtrain.max_pool2d_gradient` for the pool with the
    given `qtrain.max_pool2d_positions`; elements that no window selects are 0.

    Constraints:
    - (C1) `positions` and `gradient` have the same shape; the result has a
      shape that the input of their pool can have.
    - (C2) the result is as wide as `gradient`, or wider.

    Example:

    ```mlir
    %ex = qtrain.max_unpool2d %p, %e {window = #qtrain.window<kernel = [2, 2],
            strides = [2, 2], pads = [0, 0, 0, 0], dilations = [1, 1]>}
          : (tensor<8x4x3x3xi8>, !qtrain.scaled<tensor<8x4x3x3xi8>>)
          -> !qtrain.scaled<tensor<8x4x6x6xi8>>
    ```
  }];
  let arguments = (ins QTrain_PositionTensor:$positions,
                       QTrain_Scaled:$gradient, QTrain_WindowAttr:$window);
  let results = (outs QTrain_Scaled:$result);
  let hasVerifier = 1;
}

def QTrain_AveragePool2DGradientOp : QTrain_PureOp<"average_pool2d_gradient"> {
  let summary = "Gradient of an average pool";
  let description = [{
    Each window adds its gradient, divided by its area, to the input positions
    it covers. Scaled: the result is Σ e · c with the factors c of
    `qtrain.average_pool2d`, a 32-bit accumulator of exponent s_e − (7 + k)
    (numerics contract, section 4.6).

    Constraints:
    - (C1) operand and result have rank 4 and equal extents N and C.
    - (C2) scaled results are 32 bits wide.

    Example:

    ```mlir
    %ex = qtrain.average_pool2d_gradient %e {window = #qtrain.window<
            kernel = [2, 2], strides = [2, 2], pads = [0, 0, 0, 0],
            dilations = [1, 1]>}
          : (tensor<8x4x3x3xf32>) -> tensor<8x4x6x6xf32>
    ```
  }];
  let arguments = (ins QTrain_Value:$gradient, QTrain_WindowAttr:$window,
                       UnitAttr:$count_include_pad);
  let results = (outs QTrain_Value:$result);
  let hasVerifier = 1;
}

def QTrain_UpdateOp
    : QTrain_PureOp<"update",
        [DeclareOpInterfaceMethods<SymbolUserOpInterface>,
         QTrain_LayoutOpInterface]> {
  let summary = "New value of a parameter";
  let description = [{
    On floats the operation is a placeholder for the rule of an optimizer, which
    a scheme inserts; `states` are the tensors that the optimizer keeps for the
    parameter, and `new_states` their new values. Scaled: the result is parameter − gradient on mantissas,
    clipped to ±`limit`, by default to the range of the parameter's width. The
    exponent is that of the parameter; the exponent of the gradient has no
    effect (`niti.md` 5.6). `symbol` names the parameter.

    Constraints:
    - (C1) operands and result have the same shape and are all float or all
      scaled, parameter and result have the same type.
    - (C2) `limit` is positive and fits a scaled parameter.
    - (C3) `symbol` names a parameter.
    - (C4) there are as many new states as states; only a float parameter has
      any, of its own type.

    Example:

    ```mlir
    %w1 = qtrain.update %w, %g : (tensor<10xf32>, tensor<10xf32>)
          -> tensor<10xf32>
    %w2, %v1 = qtrain.update %w, %g, %v
               : (tensor<10xf32>, tensor<10xf32>, tensor<10xf32>)
               -> (tensor<10xf32>, tensor<10xf32>)
    ```
  }];
  let arguments = (ins QTrain_Value:$parameter, QTrain_Value:$gradient,
                       Variadic<QTrain_Value>:$states,
                       OptionalAttr<FlatSymbolRefAttr>:$symbol,
                       OptionalAttr<I64Attr>:$limit);
  let results = (outs QTrain_Value:$result, Variadic<QTrain_Value>:$new_states);
  let builders = [
    OpBuilder<(ins "::mlir::Value":$parameter, "::mlir::Value":$gradient,
                   "::mlir::FlatSymbolRefAttr":$symbol,
                   CArg<"::mlir::IntegerAttr", "{}">:$limit), [{
      build($_builder, $_state, parameter.getType(),
            /*new_states=*/::mlir::TypeRange(), parameter, gradient,
            /*states=*/::mlir::ValueRange(), symbol, limit);
    }]>
  ];
  let hasVerifier = 1;
}

def QTrain_SliceOp
    : QTrain_PureOp<"slice",
        [QTrain_SelectsElements,
         SameMagnitude]> {
  let summary = "Part of a value along a dimension";
  let description = [{
    The result holds the elements from `offset` on along `axis`, up to its own
    extent; this is the gradient of one operand of `qtrain.concat`. Scaled: the
    mantissas are copied and the exponent is unchanged.

    Constraints:
    - (C1) `axis` is a dimension of the operand, but not the first.
    - (C2) operand and result have the same shape except for `axis`, where the
      result lies within the operand.
    - (C3) operand and result are both float, or both scaled of the same width.

    Example:

    ```mlir
    %e1 = qtrain.slice %e {axis = 1 : i64, offset = 64 : i64}
          : (tensor<8x96x7x7xf32>) -> tensor<8x32x7x7xf32>
    ```
  }];
  let arguments = (ins QTrain_Value:$input, I64Attr:$axis, I64Attr:$offset);
  let results = (outs QTrain_Value:$result);
  let hasVerifier = 1;
}

def QTrain_LinearCombinationOp
    : QTrain_PureOp<"linear_combination",
        [SameVariadicOperandSize,
         QTrain_LayoutOpInterface]> {
  let summary = "Sum of float tensors, each multiplied by a number";
  let description = [{
    result = Σ_i factors[i] · terms[i], element by element, added from left to
    right; every product and every sum is rounded. Optimizers consist of these
    operations: momentum and weight decay, then the step.

    Constraints:
    - (C1) at least one term.
    - (C2) all terms and the result have the same type.

    Example:

    ```mlir
    %v1 = qtrain.linear_combination %v, %g by %momentum, %one
          : (tensor<10xf32>, tensor<10xf32>, f32, f32) -> tensor<10xf32>
    ```
  }];
  let arguments = (ins Variadic<QTrain_FloatTensor>:$terms,
                       Variadic<F32>:$factors);
  let results = (outs QTrain_FloatTensor:$result);
  let assemblyFormat = [{
    $terms `by` $factors attr-dict `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
}

def QTrain_SquareOp
    : QTrain_PureOp<"square",
        [SameOperandsAndResultType,
         QTrain_LayoutOpInterface]> {
  let summary = "Square of each element of a float tensor";
  let description = [{
    result = input · input, rounded. Optimizers that keep a mean of squared
    gradients square them by this (Kingma and Ba, "Adam: A method for stochastic
    optimization", ICLR 2015, algorithm 1: g_t²).

    Example:

    ```mlir
    %g2 = qtrain.square %g : (tensor<10xf32>) -> tensor<10xf32>
    %v1 = qtrain.linear_combination %v, %g2 by %decay, %share
          : (tensor<10xf32>, tensor<10xf32>, f32, f32) -> tensor<10xf32>
    ```
  }];
  let arguments = (ins QTrain_FloatTensor:$input);
  let results = (outs QTrain_FloatTensor:$result);
}

def QTrain_RootQuotientOp
    : QTrain_PureOp<"root_quotient",
        [AllTypesMatch<["numerator", "square", "result"]>,
         QTrain_LayoutOpInterface]> {
  let summary = "Float tensor divided by the root of another";
  let description = [{
    result = numerator / (sqrt(square) · scale + offset), element by element;
    the root, the product, the sum and the quotient are rounded. This divides a
    step by the size that gradients have had (Kingma and Ba, "Adam: A method for
    stochastic optimization", ICLR 2015, algorithm 1, last line, without the
    rate: `square` is v_t, `scale` 1 / sqrt(1 − β2^t) and `offset` ε).

    Constraints:
    - (C1) `numerator`, `square` and the result have the same type.

    Example:

    ```mlir
    %d = qtrain.root_quotient %m1, %v1, %scale, %epsilon
         : (tensor<10xf32>, tensor<10xf32>, f32, f32) -> tensor<10xf32>
    ```
  }];
  let arguments = (ins QTrain_FloatTensor:$numerator,
                       QTrain_FloatTensor:$square, F32:$scale, F32:$offset);
  let results = (outs QTrain_FloatTensor:$result);
}

#endif // QTRAIN_GRADIENT_OPS_TD
