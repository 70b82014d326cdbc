//===- QTrainModelOps.td - Forward operations --------------*- tablegen -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTRAIN_MODEL_OPS_TD
#define QTRAIN_MODEL_OPS_TD

include "dialect/QTrain/IR/QTrainOpBase.td"

defvar Differentiable =
    DeclareOpInterfaceMethods<QTrain_DifferentiableOpInterface,
                              ["buildOperandGradient"]>;
defvar TrainingOnly = DeclareOpInterfaceMethods<QTrain_TrainingOpInterface>;

def QTrain_ParameterOp
    : QTrain_Op<"parameter", [Symbol,
        DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "Parameter of a model with its initial value";
  let description = [{
    A named tensor of the training state. `value` has the type and the layout of
    the ONNX initializer until a scheme replaces it by mantissas and sets
    `exponent`. `id` distinguishes its random numbers from those of other
    parameters (numerics contract, section 2.2). `kind` distinguishes trained
    parameters from the rest of the state; only trained parameters have
    gradients. A frozen parameter is never updated. `rate` is a factor on the
    learning rate of its updates, and `weight_bits` the width in which it is
    stored under a scheme with a choice, and `headroom` the bits by which it can
    grow beyond its largest initial value; without them a parameter is like all
    others. `uniform` s marks values that are s times uniform integers, drawn
    with the seed of the compilation; a run with another seed draws its own. The integers are in ±(`levels` − 1)/2,
    by default in ±127. In the same way, `bound` b marks floats drawn from (−b,
    b). `origin` is the parameter that an `evaluation` tensor replaces, and
    whose value is its initial value.

    The symbol is the kind, a dot and the tensor's name, which is chosen by the
    model and can be any text. So the names of tensors cannot collide with the
    names of functions, nor the state of an optimizer with a parameter. Modules
    written by hand may omit kind and dot.

    Constraints:
    - (C1) `exponent` is present exactly when `value` holds integers.
    - (C2) `id` is not negative.
    - (C3) `uniform` is from 1 to 32767 and requires integer values.
    - (C4) `bound` is positive and finite, and requires `f32` values.
    - (C5) `levels` is odd, from 1 to 255, and requires `uniform`; the values
      can hold all numbers drawn.
    - (C6) `origin` is present exactly when `kind` is `evaluation`, and names a
      parameter of the same type.
    - (C7) `value` is a tensor of `f32`, `i8`, `i16`, `i32` or `i64` with 1 to
      2^40 elements, at most 2^28 if all are equal.
    - (C8) `rate` is positive and finite, `weight_bits` is 8 or 16, and
      `headroom` is from 0 to 7.

    Example:

    ```mlir
    qtrain.parameter @parameter.fc.bias id 3 = dense<0.0> : tensor<10xf32>
    qtrain.parameter @parameter.conv.weight id 5 rate 5.0e-01 weight_bits 16
      frozen = dense<0.0> : tensor<4x1x3x3xf32>
    qtrain.parameter @parameter.out.bias id 3 exponent -9
      = dense<0> : tensor<10xi8>
    qtrain.parameter @buffer.bn.mean id 0 kind buffer
      = dense<0.0> : tensor<10xf32>
    qtrain.parameter @evaluation.bn.mean.evaluation id 0 kind evaluation
      origin @buffer.bn.mean = dense<0.0> : tensor<10xf32>
    qtrain.parameter @parameter.fc.weight id 4 exponent -7 uniform 64 levels 3
      = dense<64> : tensor<10x8xi8>
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, I64Attr:$id,
                       DefaultValuedAttr<QTrain_StateKindAttr,
                           "::qtc::qtrain::StateKind::Parameter">:$kind,
                       OptionalAttr<SI32Attr>:$exponent,
                       OptionalAttr<I64Attr>:$uniform,
                       OptionalAttr<I64Attr>:$levels,
                       OptionalAttr<F32Attr>:$bound,
                       OptionalAttr<F64Attr>:$rate,
                       OptionalAttr<I64Attr>:$weight_bits,
                       OptionalAttr<I64Attr>:$headroom, UnitAttr:$frozen,
                       OptionalAttr<FlatSymbolRefAttr>:$origin,
                       ElementsAttr:$value);
  let assemblyFormat = [{
    $sym_name `id` $id (`kind` $kind^)? (`exponent` $exponent^)?
    (`uniform` $uniform^)? (`levels` $levels^)? (`bound` $bound^)?
    (`rate` $rate^)? (`weight_bits` $weight_bits^)?
    (`headroom` $headroom^)? (`frozen` $frozen^)? (`origin` $origin^)? `=` $value
    attr-dict
  }];
  let extraClassDeclaration = [{
    /// The symbol of the tensor `name` of `kind`.
    static ::mlir::FlatSymbolRefAttr getSymbol(::mlir::MLIRContext *context,
                                               StateKind kind,
                                               ::llvm::StringRef name);

    /// The name of the tensor, as the model has it.
    ::llvm::StringRef getTensorName();
  }];
  let builders = [
    OpBuilder<(ins "::mlir::FlatSymbolRefAttr":$symbol, "int64_t":$id,
                   "StateKind":$kind, "::mlir::ElementsAttr":$value),
    [{
      build($_builder, $_state, symbol.getValue(), id, kind, /*exponent=*/{},
            /*uniform=*/{}, /*levels=*/{}, /*bound=*/{}, /*rate=*/{},
            /*weight_bits=*/{}, /*headroom=*/{}, /*frozen=*/false, /*origin=*/{}, value);
    }]>
  ];
  let hasVerifier = 1;
}

def QTrain_NormalizeOp : QTrain_PureOp<"normalize"> {
  let summary = "Converts pixels to model input";
  let description = [{
    result[n, c, ...] = (pixels[n, c, ...] / divisor − mean[c]) / std[c], in
    IEEE double (numerics contract, section 3, rule 2). `mean` and `std` have
    one entry per channel, or one for all.

    Constraints:
    - (C1) `pixels` and the result have the same shape.
    - (C2) `mean` and `std` have one entry per channel, or one.
    - (C3) every entry of `std`, and `divisor`, is finite and not zero.

    Example:

    ```mlir
    %x = qtrain.normalize %pixels {divisor = 2.55e+02 : f64,
           mean = array<f64: 0.1307>, std = array<f64: 0.3081>}
         : (tensor<8x1x28x28xui8>) -> tensor<8x1x28x28xf32>
    ```
  }];
  let arguments = (ins QTrain_TensorOf<[UI8]>:$pixels,
                       DenseF64ArrayAttr:$mean, DenseF64ArrayAttr:$std,
                       F64Attr:$divisor);
  let results = (outs QTrain_FloatTensor:$result);
  let hasVerifier = 1;
}

def QTrain_DecodeOp : QTrain_PureOp<"decode"> {
  let summary = "Numbers of an input or a target that is mantissas";
  let description = [{
    result[i] = mantissas[i] · 2^`exponent`. An integer scheme makes a scaled
    tensor of it.

    Constraints:
    - (C1) `mantissas` and the result have the same shape.
    - (C2) `exponent` is in ±100.

    Example:

    ```mlir
    %x = qtrain.decode %features {exponent = -5 : si32}
         : (tensor<8x10xi8>) -> tensor<8x10xf32>
    ```
  }];
  let arguments = (ins QTrain_TensorOf<[I8, I32]>:$mantissas,
                       SI32Attr:$exponent);
  let results = (outs QTrain_FloatTensor:$result);
  let hasVerifier = 1;
}

def QTrain_Conv2DOp
    : QTrain_PureOp<"conv2d",
        [Differentiable, Contraction,
         QTrain_LayerOpInterface]> {
  let summary = "Two-dimensional convolution (ONNX Conv without bias)";
  let description = [{
    Cross-correlation of `[N, C, H, W]` with `[O, C/group, KH, KW]`. Scaled
    operands give exact accumulators.

    Constraints:
    - (C1) operands have rank 4, and the kernel of `window` is that of the
      weight.
    - (C2) C is `group` times extent 1 of the weight; `group` divides O.
    - (C3) the result has shape `[N, O, OH, OW]`, with OH and OW given by
      `window`.
    - (C4) operands and result are all float or all scaled.

    Example:

    ```mlir
    %y = qtrain.conv2d %x, %w {window = #qtrain.window<kernel = [5, 5],
           strides = [1, 1], pads = [0, 0, 0, 0], dilations = [1, 1]>}
         : (tensor<8x1x28x28xf32>, tensor<20x1x5x5xf32>)
         -> tensor<8x20x24x24xf32>
    ```
  }];
  let arguments = (ins QTrain_Value:$input, QTrain_Value:$weight,
                       QTrain_WindowAttr:$window,
                       DefaultValuedAttr<I64Attr, "1">:$group);
  let results = (outs QTrain_Value:$result);
  let hasVerifier = 1;
}

def QTrain_LinearOp
    : QTrain_PureOp<"linear",
        [Differentiable, Contraction,
         QTrain_LayerOpInterface]> {
  let summary = "Fully connected layer without bias";
  let description = [{
    result[n, o] = Σ_f input[n, f] · weight[o, f], where f runs over all
    dimensions of `input` except the first, in row-major order of the logical
    shape. A Flatten before the layer is thus part of it. Scaled operands give
    exact accumulators.

    Constraints:
    - (C1) `weight` has rank 2 and as many columns as `input` has features.
    - (C2) the result has shape [N, O].
    - (C3) operands and result are all float or all scaled.

    Example:

    ```mlir
    %y = qtrain.linear %x, %w : (tensor<8x50x4x4xf32>, tensor<500x800xf32>)
         -> tensor<8x500xf32>
    ```
  }];
  let arguments = (ins QTrain_Value:$input, QTrain_Value:$weight);
  let results = (outs QTrain_Value:$result);
  let hasVerifier = 1;
  let hasCanonicalizer = 1;
}

def QTrain_BiasAddOp : QTrain_PureOp<"bias_add", [Differentiable]> {
  let summary = "Adds one value per channel";
  let description = [{
    result[n, c, ...] = input[n, c, ...] + bias[c]. Scaled: `input` and result
    are accumulators with the same exponent s, the bias has its own exponent
    s_b, and result = clamp(input + b · 2^d, ±2^30) with d = s_b − s, at most
    40, rounded to nearest for d < 0 (numerics contract, section 4.4).

    Constraints:
    - (C1) `bias` has rank 1 and the extent of dimension 1 of `input`.
    - (C2) `input` and result have the same type.
    - (C3) operands are both float or both scaled.

    Example:

    ```mlir
    %y = qtrain.bias_add %x, %b : (tensor<8x10xf32>, tensor<10xf32>)
         -> tensor<8x10xf32>
    ```
  }];
  let arguments = (ins QTrain_Value:$input, QTrain_Value:$bias);
  let results = (outs QTrain_Value:$result);
  let hasVerifier = 1;
}

def QTrain_ReluOp
    : QTrain_PureOp<"relu",
        [Differentiable, SameOperandsAndResultType,
         SameRange]> {
  let summary = "Rectified linear unit";
  let description = [{
    The result is max(x, 0) for each element. Scaled: the operation acts on
    mantissas, and the exponent is unchanged.

    Example:

    ```mlir
    %y = qtrain.relu %x : (tensor<8x10xf32>) -> tensor<8x10xf32>
    ```
  }];
  let arguments = (ins QTrain_Value:$input);
  let results = (outs QTrain_Value:$result);
}

def QTrain_MaxPool2DOp
    : QTrain_PureOp<"max_pool2d",
        [Differentiable,
         QTrain_SelectsElements,
         SameRange]> {
  let summary = "Maximum over sliding windows (ONNX MaxPool)";
  let description = [{
    Padding is never the maximum. Scaled: the result is the maximum of
    mantissas, and the exponent is unchanged.

    Constraints:
    - (C1) operand and result have rank 4 and equal extents N and C.
    - (C2) every window of the result touches at least one input position.
    - (C3) operand and result are both float, or both scaled of the same width.

    Example:

    ```mlir
    %y = qtrain.max_pool2d %x {window = #qtrain.window<kernel = [2, 2],
           strides = [2, 2], pads = [0, 0, 0, 0], dilations = [1, 1]>}
         : (tensor<8x20x24x24xf32>) -> tensor<8x20x12x12xf32>
    ```
  }];
  let arguments = (ins QTrain_Value:$input, QTrain_WindowAttr:$window);
  let results = (outs QTrain_Value:$result);
  let hasVerifier = 1;
}

def QTrain_AveragePool2DOp
    : QTrain_PureOp<"average_pool2d",
        [Differentiable,
         SameSign]> {
  let summary = "Mean over sliding windows (ONNX AveragePool)";
  let description = [{
    The result is the mean of the positions that a window covers. With
    `count_include_pad`, padding counts as zeros; in floats, positions beyond
    the padding (ceil_mode) do not count. Scaled: result = Σ m · c with c =
    round(2^(7+k) / area) and k = ceil(log2 of the kernel's area), a 32-bit
    accumulator of exponent s − (7 + k). The area is that of the whole kernel
    with `count_include_pad`, otherwise the number of positions inside the image
    (numerics contract, section 4.6).

    Constraints: as `qtrain.max_pool2d`; scaled results are 32 bits wide.

    Example:

    ```mlir
    %y = qtrain.average_pool2d %x {window = #qtrain.window<kernel = [8, 8],
           strides = [8, 8], pads = [0, 0, 0, 0], dilations = [1, 1]>}
         : (tensor<8x64x8x8xf32>) -> tensor<8x64x1x1xf32>
    ```
  }];
  let arguments = (ins QTrain_Value:$input, QTrain_WindowAttr:$window,
                       UnitAttr:$count_include_pad);
  let results = (outs QTrain_Value:$result);
  let hasVerifier = 1;
}

def QTrain_GatherOp : QTrain_PureOp<"gather", [Differentiable]> {
  let summary = "Rows of a table by their indices (ONNX Gather, an embedding)";
  let description = [{
    result[n, p, f] = table[indices[n, p], f], where p runs over all dimensions
    of `indices` except the first, in row-major order. Scaled: the result has
    the exponent of the table. The runtime checks that indices are below the
    number of rows.

    Constraints:
    - (C1) `table` has rank 2, and `indices` rank 1 or more.
    - (C2) the result has shape [N, P, F].
    - (C3) table and result are both float, or both scaled of the same width.

    Example:

    ```mlir
    %y = qtrain.gather %table, %tokens
         : (tensor<100x16xf32>, tensor<8x12xi32>) -> tensor<8x12x16xf32>
    ```
  }];
  let arguments = (ins QTrain_Value:$table, QTrain_IndexTensor:$indices);
  let results = (outs QTrain_Value:$result);
  let hasVerifier = 1;
}

def QTrain_ReshapeOp
    : QTrain_PureOp<"reshape",
        [Differentiable,
         QTrain_OnlyMovesElements,
         SameRange,
         QTrain_LayoutOpInterface]> {
  let summary = "Gives a value another shape";
  let description = [{
    The elements keep their row-major order in the logical shape, whatever the
    layout. Scaled: the exponent is unchanged.

    Constraints:
    - (C1) operand and result have the same number of elements.
    - (C2) operand and result have the same element type.

    Example:

    ```mlir
    %y = qtrain.reshape %x : (tensor<8x50x4x4xf32>) -> tensor<8x800xf32>
    ```
  }];
  let arguments = (ins QTrain_Value:$input);
  let results = (outs QTrain_Value:$result);
  let hasVerifier = 1;
  let hasFolder = 1;
  let hasCanonicalizer = 1;
}

def QTrain_TransposeOp
    : QTrain_PureOp<"transpose",
        [Differentiable,
         QTrain_OnlyMovesElements,
         SameRange,
         QTrain_LayoutOpInterface]> {
  let summary = "Permutes the dimensions";
  let description = [{
    Dimension i of the result is dimension `permutation`[i] of the operand.

    Constraints:
    - (C1) `permutation` is a permutation of the operand's dimensions.
    - (C2) the result has the permuted shape and the operand's element type.

    Example:

    ```mlir
    %wt = qtrain.transpose %w {permutation = array<i64: 1, 0>}
          : (tensor<800x500xf32>) -> tensor<500x800xf32>
    ```
  }];
  let arguments = (ins QTrain_Value:$input, DenseI64ArrayAttr:$permutation);
  let results = (outs QTrain_Value:$result);
  let hasVerifier = 1;
}

def QTrain_SumOp
    : QTrain_PureOp<"sum",
        [Differentiable, AttrSizedOperandSegments, SameSign,
         QTrain_LayoutOpInterface]> {
  let summary = "Sum of two or more values, added at once";
  let description = [{
    The sum of a residual addition, or of the gradients of a value with several
    users. Scaled: operands whose mantissas are all 0 are ignored, operands
    whose exponent is more than 20 below the largest are dropped, and the rest
    are aligned to the smallest exponent and added (numerics contract, section
    4.7). Mantissas of 8 bits are added in 32 bits, those of 16 in 64 (section
    4.22). The gradients of a parameter of several nodes are accumulators and
    are added in 64 bits, too (section 4.12). `maxima` are the largest magnitudes
    of the operands (`qtrain.max_magnitude`).

    Constraints:
    - (C1) at least two operands of one type.
    - (C2) the result has the operands' shape.
    - (C3) scaled results are 32 or 64 bits wide, and 64 for operands of 32.
    - (C4) there is one maximum for each scaled operand, and none for floats.

    Example:

    ```mlir
    %y = qtrain.sum %a, %b : (tensor<8x4xf32>, tensor<8x4xf32>)
         -> tensor<8x4xf32>
    %t = qtrain.sum %r, %s maxima(%i, %j)
         : (!qtrain.scaled<tensor<8x4xi8>>, !qtrain.scaled<tensor<8x4xi8>>)
         -> !qtrain.scaled<tensor<8x4xi32>>
    ```
  }];
  let arguments = (ins Variadic<QTrain_Value>:$inputs, Variadic<I32>:$maxima);
  let results = (outs QTrain_Value:$result);
  let builders = [OpBuilder<(ins "::mlir::Type":$result,
                                 "::mlir::ValueRange":$inputs),
                            [{
    build($_builder, $_state, result, inputs, /*maxima=*/::mlir::ValueRange());
  }]>];
  let assemblyFormat = [{
    $inputs (`maxima` `(` $maxima^ `)`)? attr-dict `:`
    functional-type($inputs, results)
  }];
  let hasVerifier = 1;
}

def QTrain_ConcatOp
    : QTrain_PureOp<"concat",
        [Differentiable,
         SameSign]> {
  let summary = "Joins values along a dimension (ONNX Concat)";
  let description = [{
    The result has the elements of the first operand along `axis`, then those of
    the second, and so on. Scaled: all mantissas are shifted to the largest
    exponent of the operands and rounded to nearest (numerics contract, section
    4.8).

    Constraints:
    - (C1) `axis` is a dimension of the operands, but not the first.
    - (C2) operands and result have the same shape except for `axis`, where the
      extent of the result is the sum of those of the operands.
    - (C3) operands and result are all float, or all scaled of the same width.

    Example:

    ```mlir
    %y = qtrain.concat %a, %b {axis = 1 : i64}
         : (tensor<8x64x7x7xf32>, tensor<8x32x7x7xf32>) -> tensor<8x96x7x7xf32>
    ```
  }];
  let arguments = (ins Variadic<QTrain_Value>:$inputs, I64Attr:$axis);
  let results = (outs QTrain_Value:$result);
  let hasVerifier = 1;
}

def QTrain_DropoutOp
    : QTrain_PureOp<"dropout",
        [Differentiable, TrainingOnly,
         SameSign]> {
  let summary = "Zeroes features at random and scales the rest";
  let description = [{
    Feature i, the row-major index over all dimensions except the first, is
    zeroed for the whole batch when random[i] < round(ratio · 2^16) (unsigned);
    other features are multiplied by 1 / (1 − ratio). The gradient is the same
    operation on the gradient with the same random numbers. Scaled: for ratio
    0.5 the mantissas are unchanged and the exponent is s + 1; other ratios give
    32-bit accumulators m · round(2^7 / (1 − ratio)) of exponent s − 7 (numerics
    contract, section 4.9).

    Constraints:
    - (C1) `ratio` is in [0, 1).
    - (C2) `random` has one element per feature.
    - (C3) operand and result have the same shape.
    - (C4) a scaled result is as wide as the operand for ratio 0.5, and
      otherwise has 32 bits.

    Example:

    ```mlir
    %y = qtrain.dropout %x, %random {ratio = 5.0e-1 : f64}
         : (tensor<8x100xf32>, tensor<100xi16>) -> tensor<8x100xf32>
    ```
  }];
  let arguments = (ins QTrain_Value:$input, QTrain_RandomTensor:$random,
                       F64Attr:$ratio);
  let results = (outs QTrain_Value:$result);
  let hasVerifier = 1;
}

def QTrain_RandomOp
    : QTrain_PureOp<"random",
        [TrainingOnly,
         FormsParameters]> {
  let summary = "Counter-based 16-bit random numbers";
  let description = [{
    Element i in row-major order is the low half of lane i mod 4 of
    Philox4x32-10 with key `seed` and counter (i div 4, `id`, `step`, `purpose`)
    (Salmon et al., "Parallel Random Numbers: As Easy as 1, 2, 3", SC 2011;
    numerics contract, section 2.1).

    Example:

    ```mlir
    %r = qtrain.random %seed, %step {id = 0 : i64,
           purpose = #qtrain.purpose<dropout>} : (i64, i32) -> tensor<100xi16>
    ```
  }];
  let arguments = (ins I64:$seed, I32:$step, I64Attr:$id,
                       QTrain_RandomPurposeAttr:$purpose);
  let results = (outs QTrain_RandomTensor:$result);
}

#endif // QTRAIN_MODEL_OPS_TD
