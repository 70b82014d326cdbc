//===- QKernelContractionOps.td - Contractions -------------*- tablegen -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QKERNEL_CONTRACTION_OPS_TD
#define QKERNEL_CONTRACTION_OPS_TD

include "dialect/QKernel/IR/QKernelOpBase.td"

//===----------------------------------------------------------------------===//
// Contractions, as a scheme's operations become them
//===----------------------------------------------------------------------===//

class QKernel_ConvolutionOp<string mnemonic>
    : QKernel_KernelOp<mnemonic, [], [{
    /// Whether sums must be formed in 64 bits.
    bool hasWideSums() {
      return getSaturate() || ::mlir::getElementTypeOrSelf(getOuts()[0])
                                  .isInteger(64);
    }
  }]> {
  let arguments = (ins Variadic<QKernel_Operands>:$ins,
                       Variadic<QKernel_Sums>:$outs,
                       QTrain_WindowAttr:$window, I64Attr:$group,
                       UnitAttr:$nonnegative, UnitAttr:$saturate,
                       UnitAttr:$direct);
}

def QKernel_Conv2DOp : QKernel_ConvolutionOp<"conv2d"> {
  let summary = "Convolution to accumulators";
  let description = [{
    ins: activations [N, H, W, C], weights [O, C/group, KH, KW] and optionally
    a bias of 32-bit integers [O], which is added before the accumulators are
    clamped to ±2^30. outs: accumulators [N, OH, OW, O] and optionally their
    largest magnitude. `nonnegative` promises that no activation is negative.
    `saturate` asks for sums in 64 bits, brought to ±(2^31 − 1) at the end;
    accumulators of 64 bits stay exact. Otherwise no sum leaves 32 bits. `direct` asks for vectors of channels
    instead of packed operands. A linear layer is the convolution whose kernel
    is the image.

    On floats everything is `f32`: sums are rounded after each product and each
    addition, or after both together, in an order that the shapes and the
    instruction set decide. There is neither maximum nor clamping.

    Constraints:
    - (C1) two or three inputs, one or two outputs, of the shapes above.
    - (C2) a `direct` convolution is depthwise: 8 groups or more, one input and
      1, 2 or 4 outputs a group, a kernel of at most 11 columns and 128
      positions; it does not saturate.
    - (C3) operands are all integers or all `f32`; a convolution of floats has
      no maximum and none of `nonnegative`, `saturate` and `direct`.

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
    : QKernel_ConvolutionOp<"conv2d_input_gradient"> {
  let summary = "Input gradient of a convolution to accumulators";
  let description = [{
    ins: errors [N, OH, OW, O] and weights [O, C/group, KH, KW]. outs:
    accumulators [N, H, W, C] and optionally their largest magnitude.
    Attributes as in `qkernel.conv2d`; `nonnegative` speaks of the errors.

    Constraints:
    - (C1) two inputs, one or two outputs, of the shapes above.
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
    : QKernel_ConvolutionOp<"conv2d_weight_gradient"> {
  let summary = "Weight gradient of a convolution to accumulators";
  let description = [{
    ins: activations [N, H, W, C] and errors [N, OH, OW, O]. outs: accumulators
    [O, C/group, KH, KW] and optionally their largest magnitude. Attributes as
    in `qkernel.conv2d`; `nonnegative` speaks of the activations.

    Constraints:
    - (C1) two inputs, one or two outputs, of the shapes above.
    - (C2), (C3) as in `qkernel.conv2d`; what is `direct` has one output.

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

def QKernel_PackActivationOp : QKernel_KernelOp<"pack_activation"> {
  let summary = "Activations in the order a contraction reads them";
  let description = [{
    ins: [N, H, W, C], bytes or `f32`. outs: the same flat, in the order
    [C'/b][ceil(N/i)][H'][W'][b][i], i = `interleave` (1 or 4), with slack
    behind. H' and W' are the extents of the image with `pads` ([top, left,
    bottom, right]) around it and `dilation` − 1 rows and columns between its
    own; C' = `channels` ≥ C; b = `block` divides C'. With `offset` every byte
    has 128 added, so signed bytes become unsigned; what is padded is the 0 of
    that form. The slack is not written.

    Constraints:
    - (C1) one input of rank 4, one flat output that holds all elements.
    - (C2) elements are of one type; `interleave` 4 and `offset` are for bytes.

    Example:

    ```mlir
    qkernel.pack_activation ins(%x : memref<8x6x6x3xi8>)
      outs(%p : memref<2112xi8>) {block = 4 : i64, channels = 4 : i64,
       dilation = array<i64: 1, 1>, interleave = 1 : i64,
       pads = array<i64: 1, 1, 1, 1>}
    ```
  }];
  let arguments = (ins Variadic<QKernel_Factors>:$ins,
                       Variadic<QKernel_Factors>:$outs,
                       DenseI64ArrayAttr:$pads, DenseI64ArrayAttr:$dilation,
                       I64Attr:$channels, I64Attr:$block,
                       I64Attr:$interleave, UnitAttr:$offset);
}

def QKernel_PackWeightOp : QKernel_KernelOp<"pack_weight"> {
  let summary = "Weights in the order a contraction reads them";
  let description = [{
    ins: [O, I, KH, KW]. outs: [panels][steps][panel][d], d the elements of a
    step (see `#qkernel.contraction`), and optionally per column −128 · Σ_k of
    its weights, the correction of an activation packed with `offset`. Columns
    are the outputs of the contraction, steps groups of d of its reduction; what
    exceeds either is zero.

    `order` says what columns and steps are; every run is padded to a multiple
    of d elements.

    With `group` > 1, outputs are cut into that many parts, which are packed one
    behind the other. With `classes` = [a, b], corrections are formed separately
    for the kernel positions of each remainder of the steps (kh mod a, kw mod b)
    and are [group][a][b][columns].

    Constraints:
    - (C1) one input of rank 4; outputs of at least the sizes above.
    - (C2) elements are of one type; corrections are for bytes.

    Example:

    ```mlir
    qkernel.pack_weight ins(%w : memref<20x3x5x5xi8>)
      outs(%p, %c : memref<2560xi8>, memref<32xi32>)
      {order = #qkernel.weight_order<forward_merged>, panel = 32 : i64}
    ```
  }];
  let arguments = (ins Variadic<QKernel_Factors>:$ins,
                       Variadic<AnyType>:$outs,
                       QKernel_WeightOrderAttr:$order, I64Attr:$panel,
                       DefaultValuedAttr<I64Attr, "1">:$group,
                       DefaultValuedAttr<DenseI64ArrayAttr, "{1, 1}">:$classes);
}

def QKernel_ContractOp : QKernel_KernelOp<"contract", [], [{
    /// Whether accumulators are narrow.
    bool isNarrow() { return getOuts().size() == 3; }
    /// Elements of A that a step multiplies: 4 bytes or one float.
    int64_t getDepth();
    /// `contraction` and `phases`.
    ::llvm::SmallVector<ContractionAttr> getContractions();
  }]> {
  let summary = "Packed contraction";
  let description = [{
    The sum that `contraction` describes. ins: A, B, optionally the start value
    of each column (`has_start`) and a bias of each column (`has_bias`), after
    which accumulators are clamped to ±2^30. outs: accumulators [rows, columns],
    in any shape, and optionally their largest magnitude. Neither bias nor
    maximum goes together with `splits` > 1.

    `phases` are further contractions of the same operands. Each of them writes
    rows of its own; all together write the whole result.

    Accumulators of 16 bits are narrow: an accumulator a is stored as
    sign(a)·(|a| div 2^k). k, one number for the whole tensor, is the third
    output. It is any number with max|a| div 2^k < 2^15 that is 0 or at most
    W − 8, W the magnitude bits of max|a|; so bits are missing only below the
    one that decides a rounding to 8 bits, and

        nearest(a, n) = nearest(sign(a)·(|a| div 2^k), n − k)

    for n = max(W − 7, 0). k is not known before the maximum is: the kernel
    tries what it finds in the third output, which may be anything, and runs a
    second time if that was wrong.

    Floats are added up step by step, the sums of `splits` apart; nothing is
    clamped.

    Constraints:
    - (C1) inputs and outputs as said, large enough for all addresses.
    - (C2) narrow accumulators come with their maximum and their shift.
    - (C3) A and B are bytes, or everything is `f32` and there are neither start
      values nor a maximum.

    Example:

    ```mlir
    qkernel.contract ins(%a, %b : memref<4160xi8>, memref<4096xi8>)
      outs(%acc, %max : memref<64x16xi32>, memref<i32>)
      {contraction = #qkernel.contraction<rows = [64] strides [64],
       steps = [16] a [4] b [64], columns = 16 panel 16 stride 1024>}
    ```
  }];
  let arguments = (ins Variadic<QKernel_Operands>:$ins,
                       Variadic<QKernel_StoredSums>:$outs,
                       QKernel_ContractionAttr:$contraction,
                       UnitAttr:$has_start, UnitAttr:$has_bias,
                       OptionalAttr<TypedArrayAttrBase<QKernel_ContractionAttr,
                           "further contractions">>:$phases);
}

def QKernel_UnpackWeightOp : QKernel_KernelOp<"unpack_weight"> {
  let summary = "Weight gradients in the order weights are stored";
  let description = [{
    ins: partial sums [S, KH, KW, I, O]. outs: their sums over S, in this order,
    as [O, I, KH, KW], and optionally the largest magnitude of these.

    Constraints:
    - (C1) one input of rank 5, one or two outputs, of the shapes above.
    - (C2) elements are of one type; a maximum is for integers.

    Example:

    ```mlir
    qkernel.unpack_weight ins(%p : memref<2x3x3x4x16xi32>)
      outs(%g, %max : memref<16x4x3x3xi32>, memref<i32>)
    ```
  }];
  let arguments = (ins Variadic<QKernel_Sums>:$ins,
                       Variadic<QKernel_Sums>:$outs);
}

//===----------------------------------------------------------------------===//
// Contractions addressed by maps
//===----------------------------------------------------------------------===//

def QKernel_MappedCopyOp : QKernel_KernelOp<"mapped_copy", [], [{
    /// Whether the first dimension of bytes becomes the last, and there is
    /// nothing around the others, which are a multiple of `run` bytes in all.
    bool isTransposition(int64_t run);
  }]> {
  let summary = "Copy to other places, with zeros around";
  let description = [{
    ins: x. outs: y. y[i] = x[`map`(i)], or 0 where `map`(i) is outside of x. So
    one operation pads channels, transposes a batch, packs weights, unfolds windows
    and takes slices.

    Constraints:
    - (C1) one input and one output of one type of elements; `map` has a
      dimension for each of the output's and a result for each of the input's.

    Example: four channels become sixteen.

    ```mlir
    qkernel.mapped_copy ins(%x : memref<8x6x6x4xi8>)
      outs(%y : memref<8x6x6x16xi8>)
      {map = affine_map<(n, h, w, c) -> (n, h, w, c)>}
    ```
  }];
  let arguments = (ins Variadic<QKernel_Elements>:$ins,
                       Variadic<QKernel_Elements>:$outs,
                       AffineMapAttr:$map);
}

def QKernel_MappedContractOp : QKernel_KernelOp<"mapped_contract", [], [{
    /// Consecutive elements of both operands that a step multiplies.
    static constexpr int64_t kRun = 16;
    int64_t getRowCount();
    int64_t getStepCount();
  }]> {
  let summary = "Contraction whose operands are addressed by maps";
  let description = [{
    acc[`result_map`(r, c)] = Σ_k Σ_{j<16} A[`a_map`(r, k) + j]·B[`b_map`(c, k) + j]

    for all rows r, a multi-index over `rows`, and columns c < `columns`; steps k
    are a multi-index over `steps`, and j counts along the last dimension. ins:
    signed bytes A and B, optionally a bias of each column (`has_bias`), which is
    added before accumulators are clamped to ±2^30. outs: accumulators, and
    optionally a maximum, which is raised to the largest magnitude of those
    written here: whoever wants theirs alone sets it to 0 before. With
    `accumulate` sums are added to what is there, atomically.

    A run of 16 elements lies inside of an operand, or outside and is 0. So the
    padding around an image needs no copy, and what a matrix unit reads lies
    together: 16 bytes aligned to 16.

    Constraints:
    - (C1) buffers; two operands of bytes, a bias of 32 bits exactly if
      `has_bias`, accumulators and maximum of 32 bits.
    - (C2) maps have dimensions and results as said; the last extents of A and B
      are multiples of 16.
    - (C3) neither bias nor maximum together with `accumulate`.

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
  let arguments = (ins Variadic<QKernel_Operands>:$ins,
                       Variadic<QKernel_Accumulators>:$outs,
                       DenseI64ArrayAttr:$rows, I64Attr:$columns,
                       DenseI64ArrayAttr:$steps, AffineMapAttr:$a_map,
                       AffineMapAttr:$b_map, AffineMapAttr:$result_map,
                       UnitAttr:$has_bias, UnitAttr:$accumulate);
}

#endif // QKERNEL_CONTRACTION_OPS_TD
