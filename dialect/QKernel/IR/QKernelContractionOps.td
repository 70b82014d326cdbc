//===- QKernelContractionOps.td - Contractions -------------*- tablegen -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QKERNEL_CONTRACTION_OPS_TD
#define QKERNEL_CONTRACTION_OPS_TD

include "dialect/QKernel/IR/QKernelInterfaces.td"
include "dialect/QKernel/IR/QKernelOpBase.td"

//===----------------------------------------------------------------------===//
// Contractions as lowered from the operations of a scheme
//===----------------------------------------------------------------------===//

/// The operands of a convolution have the same names in its gradients, where
/// they are the errors: `input` [N, H, W, C], `weight` [O, C/group, KH, KW] and
/// `output` [N, OH, OW, O]. Attributes are as in `qkernel.conv2d`.
class QKernel_ConvolutionOp<string mnemonic, dag inputs, dag outputs,
                            dag options = (ins)>
    : QKernel_KernelOp<
          mnemonic, inputs,
          !con(outputs, (ins Optional<QKernel_Maximum>:$maximum)),
          (ins QTrain_WindowAttr:$window, I64Attr:$group,
               UnitAttr:$nonnegative, UnitAttr:$saturate, UnitAttr:$direct),
          options, "", [QKernel_ConvolutionOpInterface]> {
  // The operation without `options` and a maximum.
  let builders = [OpBuilder<
      (ins "::mlir::Value":$lhs, "::mlir::Value":$rhs, "::mlir::Value":$sums,
           "::qtc::qtrain::WindowAttr":$window, "int64_t":$group,
           CArg<"bool", "false">:$nonnegative,
           CArg<"bool", "false">:$saturate),
      [{ build($_builder, $_state, lhs, rhs, }] #
      !foldl("", !range(!size(options)), text, i, text # "::mlir::Value(), ") #
      [{ sums, /*maximum=*/::mlir::Value(), window, group, nonnegative,
         saturate, /*direct=*/false); }]>];
}

def QKernel_Conv2DOp
    : QKernel_ConvolutionOp<"conv2d",
                            (ins QKernel_Operands:$input,
                                 QKernel_Operands:$weight),
                            (ins QKernel_Sums:$output),
                            (ins Optional<QKernel_Bias>:$bias)> {
  let summary = "Convolution to accumulators";
  let description = [{
    ins: activations [N, H, W, C] and weights [O, C/group, KH, KW]. `bias`:
    32-bit integers or floats [O], which are added before accumulators of
    integers are clamped to ±2^30. outs: accumulators [N, OH, OW, O] and
    optionally their largest magnitude. `nonnegative` promises that no activation is negative.
    `saturate` requires sums in 64 bits, clamped to ±(2^31 − 1) at the end;
    accumulators of 64 bits stay exact. Otherwise no sum exceeds 32 bits.
    `direct` selects vectors of channels instead of packed operands. A linear
    layer is a convolution whose kernel covers the whole image.

    On floats everything is `f32`: sums are rounded after each product and each
    addition, or after both together, in an order that depends on the shapes and
    the instruction set. There is neither a maximum nor clamping.

    Constraints:
    - (C1) operands have the shapes above.
    - (C2) a `direct` convolution is depthwise, with 8 groups or more, one input
      and 1, 2 or 4 outputs per group, and a kernel of at most 11 columns and
      128 positions; it does not saturate.
    - (C3) operands are all integers or all `f32`; a convolution of floats has
      no maximum and none of the attributes `nonnegative`, `saturate` and
      `direct`.
    - (C4) it has fewer than 2^63 products times outputs.

    Example:

    ```mlir
    qkernel.conv2d ins(%x, %w : memref<8x6x6x4xi8>, memref<2x4x3x3xi8>)
      outs(%acc, %max : memref<8x4x4x2xi32>, memref<i32>)
      {window = #qtrain.window<kernel = [3, 3], strides = [1, 1],
       pads = [0, 0, 0, 0], dilations = [1, 1]>, group = 1 : i64}
    ```
  }];
}

def QKernel_Conv2DInputGradientOp
    : QKernel_ConvolutionOp<"conv2d_input_gradient",
                            (ins QKernel_Operands:$output,
                                 QKernel_Operands:$weight),
                            (ins QKernel_Sums:$input)> {
  let summary = "Input gradient of a convolution to accumulators";
  let description = [{
    ins: errors [N, OH, OW, O] and weights [O, C/group, KH, KW]. outs:
    accumulators [N, H, W, C] and optionally their largest magnitude.
    Attributes are as in `qkernel.conv2d`; `nonnegative` refers to the errors.

    Constraints:
    - (C1) operands have the shapes above.
    - (C2), (C3) as in `qkernel.conv2d`.

    Example:

    ```mlir
    qkernel.conv2d_input_gradient
      ins(%e, %w : memref<8x4x4x2xi8>, memref<2x4x3x3xi8>)
      outs(%acc, %max : memref<8x6x6x4xi32>, memref<i32>)
      {window = #qtrain.window<kernel = [3, 3], strides = [1, 1],
       pads = [0, 0, 0, 0], dilations = [1, 1]>, group = 1 : i64}
    ```
  }];
}

def QKernel_Conv2DWeightGradientOp
    : QKernel_ConvolutionOp<"conv2d_weight_gradient",
                            (ins QKernel_Operands:$input,
                                 QKernel_Operands:$output),
                            (ins QKernel_Sums:$weight)> {
  let summary = "Weight gradient of a convolution to accumulators";
  let description = [{
    ins: activations [N, H, W, C] and errors [N, OH, OW, O]. outs: accumulators
    [O, C/group, KH, KW] and optionally their largest magnitude. Attributes are
    as in `qkernel.conv2d`; `nonnegative` refers to the activations.

    Constraints:
    - (C1) operands have the shapes above.
    - (C2), (C3) as in `qkernel.conv2d`; a `direct` gradient has one output.

    Example:

    ```mlir
    qkernel.conv2d_weight_gradient
      ins(%x, %e : memref<8x6x6x4xi8>, memref<8x4x4x2xi8>)
      outs(%g, %max : memref<2x4x3x3xi32>, memref<i32>)
      {window = #qtrain.window<kernel = [3, 3], strides = [1, 1],
       pads = [0, 0, 0, 0], dilations = [1, 1]>, group = 1 : i64}
    ```
  }];
}

//===----------------------------------------------------------------------===//
// Packed contractions
//===----------------------------------------------------------------------===//

def QKernel_PackActivationOp
    : QKernel_KernelOp<"pack_activation",
                       (ins QKernel_Factors:$input),
                       (ins QKernel_Factors:$packed),
                       (ins DenseI64ArrayAttr:$pads,
                            DenseI64ArrayAttr:$dilation, I64Attr:$channels,
                            I64Attr:$block, I64Attr:$interleave,
                            UnitAttr:$offset)> {
  let summary = "Packs activations in the order a contraction reads them";
  let description = [{
    ins: [N, H, W, C], bytes or `f32`. outs: the same elements, flat, in the
    order [C'/b][ceil(N/i)][H'][W'][b][i] with i = `interleave` (1 or 4), and
    optional slack after the last one, which is not written. H' and W' are the
    extents of the image with `pads` ([top, left, bottom, right]) around it and
    `dilation` − 1 rows and columns between its own; C' = `channels` ≥ C; b =
    `block` divides C'. With `offset`, every byte has 128 added, so that signed
    bytes become unsigned; padding then has the value 128 as well.

    Constraints:
    - (C1) one input of rank 4, one flat output that holds all elements.
    - (C2) input and output have the same element type; `interleave` 4 and
      `offset` require bytes.

    Example:

    ```mlir
    qkernel.pack_activation ins(%x : memref<8x6x6x3xi8>)
      outs(%p : memref<2112xi8>) {block = 4 : i64, channels = 4 : i64,
       dilation = array<i64: 1, 1>, interleave = 1 : i64,
       pads = array<i64: 1, 1, 1, 1>}
    ```
  }];
}

def QKernel_PackWeightOp
    : QKernel_KernelOp<"pack_weight",
                       (ins QKernel_Factors:$weight),
                       (ins QKernel_Factors:$packed,
                            Optional<QKernel_Accumulators>:$corrections),
                       (ins QKernel_WeightOrderAttr:$order, I64Attr:$panel,
                            DefaultValuedAttr<I64Attr, "1">:$group,
                            DefaultValuedAttr<DenseI64ArrayAttr,
                                              "{1, 1}">:$classes)> {
  let summary = "Packs weights in the order a contraction reads them";
  let description = [{
    ins: [O, I, KH, KW]. outs: [panels][steps][panel][d] with d the elements of
    a step (see `#qkernel.contraction`), and optionally for each column −128
    times the sum of its weights, which corrects activations packed with
    `offset`. Columns are the outputs of the contraction, and steps are groups
    of d elements of its reduction; elements beyond either are zero.

    `order` defines columns and steps; every run is padded to a multiple of d
    elements.

    With `group` > 1, outputs are cut into that many parts, which are packed one
    after the other. With `classes` = [a, b], corrections are formed separately
    for the kernel positions of each remainder (kh mod a, kw mod b), and their
    shape is [group][a][b][columns].

    Constraints:
    - (C1) one input of rank 4; outputs of at least the sizes above.
    - (C2) weights and packed weights have the same element type; corrections
      require bytes.

    Example:

    ```mlir
    qkernel.pack_weight ins(%w : memref<20x3x5x5xi8>)
      outs(%p, %c : memref<2560xi8>, memref<32xi32>)
      {order = #qkernel.weight_order<forward_merged>, panel = 32 : i64}
    ```
  }];
}

def QKernel_ContractOp
    : QKernel_KernelOp<"contract",
                       (ins QKernel_Factors:$a, QKernel_Factors:$b),
                       (ins QKernel_StoredSums:$accumulators,
                            Optional<QKernel_Accumulators>:$maximum,
                            Optional<QKernel_Accumulators>:$shift),
                       (ins QKernel_ContractionAttr:$contraction,
                            OptionalAttr<TypedArrayAttrBase<
                                QKernel_ContractionAttr,
                                "further contractions">>:$phases),
                       (ins Optional<QKernel_Accumulators>:$start,
                            Optional<QKernel_Bias>:$bias), [{
    /// True if accumulators are narrow.
    bool isNarrow() { return getShift() != nullptr; }
    /// Number of elements of A in a step: 4 bytes or one float.
    int64_t getDepth();
    /// `contraction` and `phases`.
    ::llvm::SmallVector<ContractionAttr> getContractions();
  }]> {
  let summary = "Packed contraction";
  let description = [{
    Computes the sums that `contraction` describes. ins: A and B. `start`: the
    start value of each column. `bias`: a number for each column, after which
    accumulators are clamped to ±2^30. outs: accumulators [rows, columns], in
    any shape, and optionally their largest magnitude. With `splits` > 1 there is neither a bias nor a maximum.

    `phases` are further contractions of the same operands. Each of them writes
    its own rows; together they write the whole result.

    Accumulators of 16 bits are narrow: an accumulator a is stored as
    sign(a)·(|a| div 2^k). k, one number for the whole tensor, is the third
    output. It is any number with max|a| div 2^k < 2^15 that is 0 or at most W −
    8, where W are the magnitude bits of max|a|. So only bits below the one that
    decides a rounding to 8 bits are missing, and

        nearest(a, n) = nearest(sign(a)·(|a| div 2^k), n − k)

    for n = max(W − 7, 0). k depends on the maximum, which is not known in
    advance: the kernel first tries the value in the third output, which may be
    any number, and runs a second time if this value was wrong.

    Floats are added step by step, separately for each of the `splits`, without
    clamping.

    Constraints:
    - (C1) inputs and outputs are as above, and large enough for all addresses.
    - (C2) narrow accumulators have outputs for their maximum and their shift.
    - (C3) A and B are bytes, or everything is `f32` and there are no start
      values and no maximum.

    Example:

    ```mlir
    qkernel.contract ins(%a, %b : memref<4160xi8>, memref<4096xi8>)
      outs(%acc, %max : memref<64x16xi32>, memref<i32>)
      {contraction = #qkernel.contraction<rows = [64] strides [64],
       steps = [16] a [4] b [64], columns = 16 panel 16 stride 1024>}
    ```
  }];
}

def QKernel_UnpackWeightOp
    : QKernel_KernelOp<"unpack_weight",
                       (ins QKernel_Sums:$parts),
                       (ins QKernel_Sums:$weight,
                            Optional<QKernel_Maximum>:$maximum),
                       (ins UnitAttr:$saturate),
                       (ins Optional<QKernel_Accumulators>:$error_sums)> {
  let summary = "Reorders weight gradients as weights are stored";
  let description = [{
    ins: partial sums [S, KH, KW, I, O]. outs: the sums of the partial ones over
    S, added in the order of S, as [O, I, KH, KW], and optionally the largest
    magnitude of these sums. With `saturate` sums are formed in 64 bits and
    clamped to ±(2^31 − 1) at the end. Before, 128 · `error_sums`, the sums of
    errors [O], is subtracted: that is what an offset of 128 of the activations
    has added.

    Constraints:
    - (C1) operands have the shapes above.
    - (C2) inputs and sums have the same element type; a maximum requires
      integers.
    - (C3) sums of errors require `saturate`, and that 32-bit integers.

    Example:

    ```mlir
    qkernel.unpack_weight ins(%p : memref<2x3x3x4x16xi32>)
      outs(%g, %max : memref<16x4x3x3xi32>, memref<i32>)
    ```
  }];
}

//===----------------------------------------------------------------------===//
// Contractions addressed by maps
//===----------------------------------------------------------------------===//

def QKernel_MappedCopyOp
    : QKernel_KernelOp<"mapped_copy",
                       (ins QKernel_Elements:$input),
                       (ins QKernel_Elements:$output),
                       (ins AffineMapAttr:$map),
                       (ins), [{
    /// True if the first dimension of bytes becomes the last, without padding
    /// of the others, whose sizes multiply to a multiple of `run` bytes.
    bool isTransposition(int64_t run);
  }]> {
  let summary = "Copy to other positions, with zeros outside";
  let description = [{
    ins: x. outs: y. y[i] = x[`map`(i)], or 0 where `map`(i) is outside of x.
    This one operation pads channels, transposes a batch, packs weights, unfolds
    windows and takes slices.

    Constraints:
    - (C1) one input and one output with the same element type; `map` has one
      dimension per dimension of the output and one result per dimension of the
      input.
    - (C2) positions that `map` gives are below 2^62.

    Example: four channels become sixteen.

    ```mlir
    qkernel.mapped_copy ins(%x : memref<8x6x6x4xi8>)
      outs(%y : memref<8x6x6x16xi8>)
      {map = affine_map<(n, h, w, c) -> (n, h, w, c)>}
    ```
  }];
}

def QKernel_MappedContractOp
    : QKernel_KernelOp<"mapped_contract",
                       (ins QKernel_Bytes:$a, QKernel_Bytes:$b),
                       (ins QKernel_Accumulators:$accumulators,
                            Optional<QKernel_Accumulators>:$maximum),
                       (ins DenseI64ArrayAttr:$rows, I64Attr:$columns,
                            DenseI64ArrayAttr:$steps, AffineMapAttr:$a_map,
                            AffineMapAttr:$b_map,
                            AffineMapAttr:$result_map,
                            UnitAttr:$accumulate),
                       (ins Optional<QKernel_Accumulators>:$bias), [{
    /// Number of consecutive elements of each operand in a step.
    static constexpr int64_t kRun = 16;
    int64_t getRowCount();
    int64_t getStepCount();
  }]> {
  let summary = "Contraction whose operands are addressed by maps";
  let description = [{
    acc[`result_map`(r, c)] = Σ_k Σ_{j<16} A[`a_map`(r, k) + j]·B[`b_map`(c, k) + j]

    for all rows r, a multi-index over `rows`, and columns c < `columns`; k is a
    multi-index over `steps`, and j counts along the last dimension. ins: signed
    bytes A and B. `bias`: a number for each column, which is added before
    accumulators are clamped to ±2^30. outs: accumulators, and
    optionally a maximum, which is raised to the largest magnitude of the
    accumulators written here; for the maximum of these alone, it must be 0
    before. With `accumulate`, sums are added atomically to the values in the
    result.

    A run of 16 elements lies either inside of an operand or outside; outside it
    is 0. So the padding around an image needs no copy, and a matrix unit reads
    16 consecutive bytes aligned to 16.

    Constraints:
    - (C1) operands are buffers.
    - (C2) maps have one dimension per index above and one result per dimension
      of their operand; the last extents of A and B are multiples of 16; extents
      are positive, there are fewer than 2^63 products, and positions are below
      2^62.
    - (C3) with `accumulate` there is neither a bias nor a maximum.

    Example: a convolution of 3 × 3 with padding.

    ```mlir
    qkernel.mapped_contract
      ins(%x, %w : memref<8x6x6x32xi8>, memref<64x3x3x32xi8>)
      outs(%acc, %max : memref<8x6x6x64xi32>, memref<i32>)
      {rows = array<i64: 8, 6, 6>, columns = 64 : i64,
       steps = array<i64: 3, 3, 2>,
       a_map = affine_map<(n, h, w, kh, kw, c)
                          -> (n, h + kh - 1, w + kw - 1, c * 16)>,
       b_map = affine_map<(o, kh, kw, c) -> (o, kh, kw, c * 16)>,
       result_map = affine_map<(n, h, w, o) -> (n, h, w, o)>}
    ```
  }];
}

#endif // QKERNEL_CONTRACTION_OPS_TD
