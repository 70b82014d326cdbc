//===- QKernelOps.td - Operations of the qkernel dialect ---*- tablegen -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QKERNEL_OPS_TD
#define QKERNEL_OPS_TD

include "dialect/QKernel/IR/QKernelContractionOps.td"
include "dialect/QKernel/IR/QKernelOpBase.td"

//===----------------------------------------------------------------------===//
// Copies
//===----------------------------------------------------------------------===//

def QKernel_ConcatOp
    : QKernel_KernelOp<"concat", (ins Variadic<QKernel_Elements>:$inputs),
                       (ins QKernel_Elements:$output), (ins I64Attr:$axis)> {
  let summary = "Joins tensors along a dimension";
  let description = [{
    ins: tensors that differ at most in dimension `axis`. outs: one tensor with
    the elements of the first along `axis`, then those of the second, and so on.

    Constraints:
    - (C1) all tensors have the same element type and shapes as above.

    Example:

    ```mlir
    qkernel.concat ins(%a, %b : memref<8x7x7x64xi8>, memref<8x7x7x32xi8>)
      outs(%y : memref<8x7x7x96xi8>) {axis = 3 : i64}
    ```
  }];}

//===----------------------------------------------------------------------===//
// Pools, reductions, loss
//===----------------------------------------------------------------------===//

class QKernel_PoolOp<string mnemonic, dag inputs, dag outputs>
    : QKernel_KernelOp<mnemonic, inputs, outputs,
                       (ins QTrain_WindowAttr:$window)>;

def QKernel_MaxPool2DOp
    : QKernel_PoolOp<"max_pool2d",
                     (ins QKernel_Elements:$input),
                     (ins QKernel_Elements:$output)> {
  let summary = "Maximum over sliding windows";
  let description = [{
    ins: [N, H, W, C]. outs: [N, OH, OW, C]. See `qtrain.max_pool2d`.

    Constraints:
    - (C1) one input and one output of rank 4, equal N and C.
    - (C2) elements are integers or `f32`, of one type.
    - (C3) every window touches the image.

    Example:

    ```mlir
    qkernel.max_pool2d ins(%x : memref<8x6x6x4xi8>)
      outs(%y : memref<8x3x3x4xi8>) {window = #qtrain.window<kernel = [2, 2],
       strides = [2, 2], pads = [0, 0, 0, 0], dilations = [1, 1]>}
    ```
  }];
}

def QKernel_MaxPool2DGradientOp
    : QKernel_PoolOp<"max_pool2d_gradient",
                     (ins QKernel_Elements:$input, QKernel_Elements:$error),
                     (ins QKernel_Elements:$input_error)> {
  let summary = "Gradient of a maximum pool";
  let description = [{
    ins: the pool's input [N, H, W, C] and the error [N, OH, OW, C]. outs: the
    input's error [N, H, W, C]. See `qtrain.max_pool2d_gradient`.

    Constraints:
    - (C1) two inputs and one output of rank 4, equal N and C.
    - (C2) elements are integers or `f32`; the output is as wide as the error.
    - (C3) as in `qkernel.max_pool2d`.

    Example:

    ```mlir
    qkernel.max_pool2d_gradient
      ins(%x, %e : memref<8x6x6x4xi8>, memref<8x3x3x4xi8>)
      outs(%ex : memref<8x6x6x4xi8>) {window = #qtrain.window<kernel = [2, 2],
       strides = [2, 2], pads = [0, 0, 0, 0], dilations = [1, 1]>}
    ```
  }];
}

def QKernel_MaxPool2DPositionsOp
    : QKernel_PoolOp<"max_pool2d_positions",
                     (ins QKernel_Elements:$input),
                     (ins QKernel_Positions:$positions)> {
  let summary = "Positions of maxima in their windows";
  let description = [{
    ins: [N, H, W, C]. outs: indices [N, OH, OW, C] of 8 or 16 bits. See
    `qtrain.max_pool2d_positions`.

    Constraints:
    - (C1) one input and one output of rank 4, equal N and C.
    - (C2) indices have 8 or 16 bits.
    - (C3) as in `qkernel.max_pool2d`.

    Example:

    ```mlir
    qkernel.max_pool2d_positions ins(%x : memref<8x6x6x4xi32>)
      outs(%p : memref<8x3x3x4xi8>) {window = #qtrain.window<kernel = [2, 2],
       strides = [2, 2], pads = [0, 0, 0, 0], dilations = [1, 1]>}
    ```
  }];
}

def QKernel_MaxUnpool2DOp
    : QKernel_PoolOp<"max_unpool2d",
                     (ins QKernel_Positions:$positions, QKernel_Elements:$error),
                     (ins QKernel_Elements:$input_error)> {
  let summary = "Moves elements to the positions of maxima";
  let description = [{
    ins: indices and errors [N, OH, OW, C]. outs: the input's error
    [N, H, W, C]. See `qtrain.max_unpool2d`.

    Constraints:
    - (C1) two inputs of the same shape and one output of rank 4, equal N and C.
    - (C2) indices have 8 or 16 bits; the output is as wide as the error.
    - (C3) as in `qkernel.max_pool2d`.

    Example:

    ```mlir
    qkernel.max_unpool2d ins(%p, %e : memref<8x3x3x4xi8>, memref<8x3x3x4xi8>)
      outs(%ex : memref<8x6x6x4xi8>) {window = #qtrain.window<kernel = [2, 2],
       strides = [2, 2], pads = [0, 0, 0, 0], dilations = [1, 1]>}
    ```
  }];
}

class QKernel_AveragePoolOp<string mnemonic, dag inputs, dag outputs>
    : QKernel_KernelOp<mnemonic, inputs, outputs,
                       (ins QTrain_WindowAttr:$window,
                            UnitAttr:$count_include_pad)>;

def QKernel_AveragePool2DOp
    : QKernel_AveragePoolOp<"average_pool2d", (ins QKernel_Operands:$input),
                            (ins QKernel_Shaped<[I32, F32]>:$output)> {
  let summary = "Mean, or scaled sum, over sliding windows";
  let description = [{
    ins: [N, H, W, C]. outs: means of floats or accumulators of integers
    [N, OH, OW, C]. See `qtrain.average_pool2d`.

    Constraints:
    - (C1) one input and one output of rank 4, equal N and C.
    - (C2) elements are integers or `f32`.
    - (C3) as in `qkernel.max_pool2d`.

    Example:

    ```mlir
    qkernel.average_pool2d ins(%x : memref<8x8x8x4xi8>)
      outs(%y : memref<8x1x1x4xi32>) {window = #qtrain.window<kernel = [8, 8],
       strides = [8, 8], pads = [0, 0, 0, 0], dilations = [1, 1]>}
    ```
  }];
}

def QKernel_AveragePool2DGradientOp
    : QKernel_AveragePoolOp<"average_pool2d_gradient",
                            (ins QKernel_Operands:$error),
                            (ins QKernel_Shaped<[I32, F32]>:$input_error)> {
  let summary = "Gradient of an average pool";
  let description = [{
    ins: the error [N, OH, OW, C]. outs: the input's error [N, H, W, C]; for
    integers, accumulators. See `qtrain.average_pool2d_gradient`.

    Constraints:
    - (C1) one input and one output of rank 4, equal N and C.
    - (C2) elements are integers or `f32`.
    - (C3) as in `qkernel.max_pool2d`.

    Example:

    ```mlir
    qkernel.average_pool2d_gradient ins(%e : memref<8x1x1x4xi8>)
      outs(%ex : memref<8x8x8x4xi32>) {window = #qtrain.window<kernel = [8, 8],
       strides = [8, 8], pads = [0, 0, 0, 0], dilations = [1, 1]>}
    ```
  }];
}

def QKernel_MaxAbsOp
    : QKernel_KernelOp<"max_abs",
                       (ins QKernel_Integers:$input),
                       (ins QKernel_Maximum:$maximum),
                       (ins),
                       (ins Optional<QKernel_Bytes>:$mask)> {
  let summary = "Largest magnitude of a tensor";
  let description = [{
    ins: integers of any shape. `mask`: those that count, as written by
    `qkernel.range_mask`. outs: max |x|, as a 64-bit integer for
    64-bit inputs and otherwise as a 32-bit integer.

    Constraints:
    - (C1) the output has rank 0 and is wide enough.
    - (C2) the mask has one bit per integer.

    Example:

    ```mlir
    qkernel.max_abs ins(%x : memref<8x10xi32>) outs(%max : memref<i32>)
    qkernel.max_abs ins(%x : memref<8x10xi32>) mask(%m : memref<10xi8>)
      outs(%max : memref<i32>)
    ```
  }];
}

def QKernel_RangeMaskOp
    : QKernel_KernelOp<"range_mask",
                       (ins QKernel_Integers:$input),
                       (ins QKernel_Bytes:$mask),
                       (ins OptionalAttr<I64Attr>:$low,
                            OptionalAttr<I64Attr>:$high)> {
  let summary = "Mask of the elements in a range";
  let description = [{
    ins: integers of any shape. outs: flat bytes; bit i mod 8 of byte i div 8 is
    set if element i, in memory order, is at least `low` and at most `high`; a
    missing end is no bound. Bits after the last element are 0.

    Constraints:
    - (C1) one input, one output with one bit per integer.
    - (C2) at least one end is given, and ends fit the integers.

    Example:

    ```mlir
    qkernel.range_mask ins(%x : memref<8x10xi32>) outs(%m : memref<10xi8>)
      {low = 1 : i64}
    ```
  }];
}

def QKernel_ApplyMaskOp
    : QKernel_KernelOp<"apply_mask",
                       (ins QKernel_Integers:$input, QKernel_Bytes:$mask),
                       (ins QKernel_Integers:$output)> {
  let summary = "Zeroes the elements whose bit is not set";
  let description = [{
    ins: integers of any shape, and a mask as written by `qkernel.range_mask`.
    outs: the integers whose bit is set, and 0 in place of the others.

    Constraints:
    - (C1) two inputs, one output of the type of the first.
    - (C2) the mask has one bit per integer.

    Example:

    ```mlir
    qkernel.apply_mask ins(%x, %m : memref<8x10xi8>, memref<10xi8>)
      outs(%y : memref<8x10xi8>)
    ```
  }];
}

def QKernel_ChannelSumOp
    : QKernel_KernelOp<"channel_sum",
                       (ins QKernel_Shaped<[I8, I16, I32, I64, F32, F64]>:$input),
                       (ins QKernel_Shaped<[I32, I64, F32, F64]>:$sums),
                       (ins I64Attr:$factor, UnitAttr:$saturate)> {
  let summary = "Sum over all dimensions except the last";
  let description = [{
    ins: integers or floats [..., C]. outs: sums [C], which are exact for
    integers. `saturate` is as in `qkernel.conv2d`. Every sum is multiplied by
    `factor`.

    Floats are added in memory order. Their output may have shape [P, C]: the
    first ceil(n / P) of the n rows of C elements give the first partial sums,
    and so on.

    Constraints:
    - (C1) one input of rank 2 or more, one output of its last extent.
    - (C2) for floats, `factor` is 1, `saturate` is not set, and input and
      output have the same element type; only the output of floats may have rank
      2.

    Example:

    ```mlir
    qkernel.channel_sum ins(%e : memref<8x4x4x2xi8>) outs(%g : memref<2xi32>)
      {factor = 1 : i64}
    qkernel.channel_sum ins(%f : memref<8x4x4x2xf32>)
      outs(%p : memref<12x2xf32>) {factor = 1 : i64}
    ```
  }];
}

def QKernel_ScatterAddOp
    : QKernel_KernelOp<"scatter_add",
                       (ins QKernel_Elements:$rows, QKernel_Accumulators:$indices),
                       (ins QKernel_Sums:$sums)> {
  let summary = "Sums of rows with the same index";
  let description = [{
    ins: integers or floats [P, F], indices [P]. outs: sums [V, F]. Row v of the
    result is the sum of the rows whose index is v, added in their order.
    Indices are in 0...V−1.

    Constraints:
    - (C1) two inputs and one output of these shapes.
    - (C2) indices are 32-bit integers; the other input and the output are both
      floats or both integers.

    Example:

    ```mlir
    qkernel.scatter_add ins(%e, %i : memref<96x16xi8>, memref<96xi32>)
      outs(%g : memref<100x16xi32>)
    ```
  }];
}

def QKernel_ChannelMomentsOp
    : QKernel_KernelOp<"channel_moments",
                       (ins QKernel_Shaped<[I8, I16, F32]>:$lhs,
                            QKernel_Shaped<[I8, I16, F32]>:$rhs),
                       (ins QKernel_Shaped<[I64, F64]>:$sums,
                            QKernel_Shaped<[I64, F64]>:$products)> {
  let summary = "Sums of elements, and of products with other elements";
  let description = [{
    ins: a and b, [R, C]. outs: partial sums Σ a and Σ a·b, [P, C]: the first
    ceil(R / P) rows give the first partial sums, and so on. With b = a, the
    sums give mean and variance; with the error as a and the input as b, they
    give the gradients of a normalization.

    Floats are added in double, in which products are exact, in the order of the
    rows, so results are the same on every target. Integers are added exactly in
    64 bits; none of them may be the smallest of its type.

    Constraints:
    - (C1) two inputs and two outputs of the shapes above.
    - (C2) inputs of `f32` have outputs of `f64`, those of integers `i64`.

    Example:

    ```mlir
    qkernel.channel_moments ins(%e, %x : memref<288x4xf32>, memref<288x4xf32>)
      outs(%s, %p : memref<18x4xf64>, memref<18x4xf64>)
    qkernel.channel_moments ins(%f, %y : memref<288x4xi8>, memref<288x4xi16>)
      outs(%t, %q : memref<18x4xi64>, memref<18x4xi64>)
    ```
  }];
}

def QKernel_SoftmaxErrorOp
    : QKernel_KernelOp<"softmax_error",
                       (ins QKernel_Elements:$logits,
                            QKernel_Accumulators:$labels),
                       (ins QKernel_Shaped<[I32, F32]>:$error),
                       (ins OptionalAttr<QTrain_ExponentialAttr>:$exponential),
                       (ins Optional<I32>:$exponent)> {
  let summary = "Softmax minus the one-hot target";
  let description = [{
    ins: logits [N, K] and labels [N]. `exponent`: that of integers. outs:
    errors [N, K], of 32 bits. See `qtrain.loss_gradient`. Rows of labels that
    are no class are not defined.

    Constraints:
    - (C1) operands have the shapes above; integers have an exponent, floats
      have none.
    - (C2) `exponential` is present exactly for integers.

    Example:

    ```mlir
    qkernel.softmax_error
      ins(%x, %t : memref<8x10xi8>, memref<8xi32>) exponent(%s : i32)
      outs(%e : memref<8x10xi32>) {exponential = #qtrain.exponential<fraction>}
    ```
  }];
}

def QKernel_RowMetricOp
    : QKernel_KernelOp<"row_metric",
                       (ins QKernel_Elements:$predictions,
                            QKernel_Elements:$targets),
                       (ins QKernel_Shaped<[I64, F32]>:$values),
                       (ins QTrain_Metric:$metric),
                       (ins Optional<I32>:$exponent,
                            Optional<I32>:$target_exponent)> {
  let summary = "A metric of each row";
  let description = [{
    ins: predictions [N, K], and targets [N, K] or labels [N]; mantissas have an
    `exponent` or a `target_exponent`. outs: values [N], floats of floats, and
    fixed point with 32 fraction bits of mantissas. See `qtrain.row_metric`.
    Labels are classes.

    Constraints:
    - (C1) operands have the shapes above; the metric accepts K columns.
    - (C2) labels have 32 bits. All other operands are floats without exponents,
      or all are mantissas with one each, and values of 64 bits.

    Example:

    ```mlir
    qkernel.row_metric ins(%y, %t : memref<8x2xi8>, memref<8x2xi32>)
      exponent(%s : i32) target_exponent(%r : i32)
      outs(%l : memref<8xi64>) {metric = #qtrain.mean_squares}
    ```
  }];
}

//===----------------------------------------------------------------------===//
// Integer functions of single elements
//===----------------------------------------------------------------------===//

def QKernel_MagnitudeBitsOp : Op<QKernel_Dialect, "magnitude_bits", [Pure]> {
  let summary = "Magnitude bits of a maximum";
  let description = [{
    The result is W (numerics contract, section 1.2) of a tensor whose largest
    magnitude is `maximum` ≥ 0: 0 if `maximum` ≤ 1, otherwise the bit length of
    `maximum` − 1, which is ceil(log2 `maximum`). With `nearest`, it is
    round(log2 `maximum`), or 0 for 0: the bit length minus one, or the bit
    length if `maximum`, between 2^k and 2^(k+1), exceeds √2 · 2^k (`wage.md`
    2.3; the two are never equal).

    Example:

    ```mlir
    %w = qkernel.magnitude_bits %max : (i32) -> i32
    %r = qkernel.magnitude_bits %max {nearest} : (i32) -> i32
    ```
  }];
  let arguments = (ins AnyTypeOf<[I32, I64]>:$maximum, UnitAttr:$nearest);
  let results = (outs I32:$bits);
  let assemblyFormat = [{
    $maximum attr-dict `:` functional-type(operands, results)
  }];
}

def QKernel_RoundShiftOp : Op<QKernel_Dialect, "round_shift", [
      Pure, AllTypesMatch<["element", "result"]>]> {
  let summary = "Right shift that rounds to nearest";
  let description = [{
    Rounding `nearest` of the numerics contract, section 1.3: |`element`| is
    divided by 2^`shift`, halves are rounded away from zero, the sign is kept,
    and the result is clipped to ±(2^(`bits` − 1) − 1). A shift of 0 or less
    only clips. `element` may have any value except the smallest of its type.

    Example:

    ```mlir
    %q = qkernel.round_shift %a by %n to 8 bits : (i32, i32) -> i32
    ```
  }];
  let arguments = (ins AnyTypeOf<[I16, I32, I64]>:$element, I32:$shift,
                       ConfinedAttr<I64Attr, [IntMinValue<2>,
                                              IntMaxValue<64>]>:$bits);
  let results = (outs AnyTypeOf<[I16, I32, I64]>:$result);
  let assemblyFormat = [{
    $element `by` $shift `to` $bits `bits` attr-dict `:`
      functional-type(operands, results)
  }];
}

def QKernel_ScaleOp : Op<QKernel_Dialect, "scale", [Pure]> {
  let summary = "An integer times a power of two, rounded and clamped";
  let description = [{
    `element` · 2^`power`, rounded to nearest, halves away from zero, and clamped
    to ±`limit`. The magnitude of `element` is below 2^62; `power` may have any
    value.

    Example:

    ```mlir
    %y = qkernel.scale %x by %p to 1024 : (i64, i32) -> i64
    ```
  }];
  let arguments = (ins I64:$element, I32:$power,
                       ConfinedAttr<I64Attr, [IntPositive]>:$limit);
  let results = (outs I64:$result);
  let assemblyFormat = [{
    $element `by` $power `to` $limit attr-dict `:`
      functional-type(operands, results)
  }];
}

def QKernel_IntegerSqrtOp : Op<QKernel_Dialect, "integer_sqrt", [Pure]> {
  let summary = "Square root, rounded down";
  let description = [{
    The largest integer whose square is at most `element`, which is in
    [0, 2^62).

    Example:

    ```mlir
    %s = qkernel.integer_sqrt %v : (i64) -> i64
    ```
  }];
  let arguments = (ins I64:$element);
  let results = (outs I64:$result);
  let assemblyFormat = [{
    $element attr-dict `:` functional-type(operands, results)
  }];
}

//===----------------------------------------------------------------------===//
// Parallel execution
//===----------------------------------------------------------------------===//

def QKernel_LaunchOp : Op<QKernel_Dialect, "launch", [
      DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "Runs a function over a range of iterations in parallel";
  let description = [{
    Calls `task`(begin, end, `operands`) for pieces [begin, end) of
    [0, `count`) on the threads of `executor` and waits for all of them.

    Constraints:
    - (C1) `task` is a function of two indices followed by the types of the
      operands, without results. Flat buffers may differ in size: the task gets
      their addresses.

    Example:

    ```mlir
    qkernel.launch @relu(%x, %y) on %executor : !llvm.ptr count 128
        with memref<8x10xi32>, memref<8x10xi8>
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$task, AnyType:$executor,
                       ConfinedAttr<I64Attr, [IntNonNegative]>:$count, Variadic<AnyType>:$arguments);
  let assemblyFormat = [{
    $task `(` $arguments `)` `on` $executor `:` type($executor) `count` $count
    attr-dict (`with` type($arguments)^)?
  }];
}

def QKernel_SizeOp : Op<QKernel_Dialect, "size", [Pure]> {
  let summary = "A number that code does not depend on";
  let description = [{
    The number `value`, as an argument of the tasks that use it. It is known,
    but no fold sees it: kernels that differ only in such numbers have one code.
    It has to be outside of parallel loops. `number` counts the sizes of a kernel
    in the order in which it needs them: two of them stay apart even if they are
    equal, as they may differ in another kernel.

    Example: the distance of two rows.

    ```mlir
    %stride = qkernel.size 3 = 4096
    ```
  }];
  let arguments = (ins ConfinedAttr<I64Attr, [IntNonNegative]>:$number,
                       I64Attr:$value);
  let results = (outs Index:$result);
  let assemblyFormat = "$number `=` $value attr-dict";
}

def QKernel_MarkOp : Op<QKernel_Dialect, "mark"> {
  let summary = "Marks the end of an operation of the step";
  let description = [{
    Tells the executor that operation `index` has ended, for profiles.

    Example:

    ```mlir
    qkernel.mark 3 on %executor : !llvm.ptr
    ```
  }];
  let arguments = (ins AnyType:$executor,
                       ConfinedAttr<I64Attr, [IntNonNegative]>:$index);
  let assemblyFormat = "$index `on` $executor attr-dict `:` type($executor)";
}

#endif // QKERNEL_OPS_TD
