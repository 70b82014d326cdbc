//===- QKernelOps.td - Operations of the qkernel dialect ---*- tablegen -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QKERNEL_OPS_TD
#define QKERNEL_OPS_TD

include "dialect/QKernel/IR/QKernelAttributes.td"
include "dialect/QKernel/IR/QKernelDialect.td"
include "dialect/QTrain/IR/QTrainAttributes.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/DestinationStyleOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

/// Tensor before the plan stage, buffer after it.
class QKernel_Shaped<list<Type> elements>
    : AnyTypeOf<[StaticShapeTensorOf<elements>, StaticShapeMemRefOf<elements>]>;
def QKernel_Bytes : QKernel_Shaped<[I8]>;
def QKernel_Accumulators : QKernel_Shaped<[I32]>;
def QKernel_Integers : QKernel_Shaped<[I8, I16, I32, I64]>;
def QKernel_Maximum : QKernel_Shaped<[I32, I64]>;

// Of contractions, which compute in integers or in floats.
def QKernel_Factors : QKernel_Shaped<[I8, F32]>;
def QKernel_Operands : QKernel_Shaped<[I8, I16, I32, F32]>;
def QKernel_Sums : QKernel_Shaped<[I32, I64, F32]>;
def QKernel_StoredSums : QKernel_Shaped<[I16, I32, F32]>;

// Of operations on elements of any kind.
def QKernel_Elements : QKernel_Shaped<[I8, I16, I32, I64, F32]>;

/// A kernel overwrites its destinations, the operands `outs`. On tensors it
/// returns their new values, on buffers nothing.
class QKernel_KernelOp<string mnemonic, list<Trait> traits = [],
                       code moreDeclarations = "">
    : Op<QKernel_Dialect, mnemonic, !listconcat([
        AttrSizedOperandSegments, DestinationStyleOpInterface,
        DeclareOpInterfaceMethods<MemoryEffectsOpInterface>], traits)> {
  let results = (outs Variadic<AnyRankedTensor>:$results);
  let extraClassDeclaration = [{
    ::mlir::MutableOperandRange getDpsInitsMutable() {
      return getOutsMutable();
    }
  }] # moreDeclarations;
  let extraClassDefinition = [{
    void $cppClass::getEffects(
        ::llvm::SmallVectorImpl<::mlir::SideEffects::EffectInstance<
            ::mlir::MemoryEffects::Effect>> &effects) {
      ::qtc::qkernel::detail::getKernelEffects(*this, effects);
    }
  }];
  let assemblyFormat = [{
    `ins` `(` $ins `:` type($ins) `)` `outs` `(` $outs `:` type($outs) `)`
    attr-dict (`->` type($results)^)?
  }];
  let hasVerifier = 1;
}

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
    one operation pads channels, transposes a batch, packs weights and unfolds
    windows.

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

//===----------------------------------------------------------------------===//
// Pools, reductions, loss
//===----------------------------------------------------------------------===//

class QKernel_PoolOp<string mnemonic> : QKernel_KernelOp<mnemonic> {
  let arguments = (ins Variadic<QKernel_Elements>:$ins,
                       Variadic<QKernel_Elements>:$outs,
                       QTrain_WindowAttr:$window);
}

def QKernel_MaxPool2DOp : QKernel_PoolOp<"max_pool2d"> {
  let summary = "Maximum over sliding windows";
  let description = [{
    ins: [N, H, W, C]. outs: [N, OH, OW, C]. See `qtrain.max_pool2d`.

    Constraints:
    - (C1) one input and one output of rank 4, equal N and C.
    - (C2) elements are integers or `f32`.

    Example:

    ```mlir
    qkernel.max_pool2d ins(%x : memref<8x6x6x4xi8>)
      outs(%y : memref<8x3x3x4xi8>) {window = #qtrain.window<kernel = [2, 2],
       strides = [2, 2], pads = [0, 0, 0, 0], dilations = [1, 1]>}
    ```
  }];
}

def QKernel_MaxPool2DGradientOp : QKernel_PoolOp<"max_pool2d_gradient"> {
  let summary = "Gradient of a maximum pool";
  let description = [{
    ins: the pool's input [N, H, W, C] and the error [N, OH, OW, C]. outs: the
    input's error [N, H, W, C]. See `qtrain.max_pool2d_gradient`.

    Constraints:
    - (C1) two inputs and one output of rank 4, equal N and C.
    - (C2) elements are integers or `f32`.

    Example:

    ```mlir
    qkernel.max_pool2d_gradient
      ins(%x, %e : memref<8x6x6x4xi8>, memref<8x3x3x4xi8>)
      outs(%ex : memref<8x6x6x4xi8>) {window = #qtrain.window<kernel = [2, 2],
       strides = [2, 2], pads = [0, 0, 0, 0], dilations = [1, 1]>}
    ```
  }];
}

def QKernel_MaxPool2DPositionsOp : QKernel_PoolOp<"max_pool2d_positions"> {
  let summary = "Where maxima lie in their windows";
  let description = [{
    ins: [N, H, W, C]. outs: indices [N, OH, OW, C] of 8 or 16 bits. See
    `qtrain.max_pool2d_positions`.

    Constraints:
    - (C1) one input and one output of rank 4, equal N and C.

    Example:

    ```mlir
    qkernel.max_pool2d_positions ins(%x : memref<8x6x6x4xi32>)
      outs(%p : memref<8x3x3x4xi8>) {window = #qtrain.window<kernel = [2, 2],
       strides = [2, 2], pads = [0, 0, 0, 0], dilations = [1, 1]>}
    ```
  }];
}

def QKernel_MaxUnpool2DOp : QKernel_PoolOp<"max_unpool2d"> {
  let summary = "Elements to the positions where maxima were";
  let description = [{
    ins: indices and errors [N, OH, OW, C]. outs: the input's error [N, H, W, C].
    See `qtrain.max_unpool2d`.

    Constraints:
    - (C1) two inputs of one shape and one output of rank 4, equal N and C.

    Example:

    ```mlir
    qkernel.max_unpool2d ins(%p, %e : memref<8x3x3x4xi8>, memref<8x3x3x4xi8>)
      outs(%ex : memref<8x6x6x4xi8>) {window = #qtrain.window<kernel = [2, 2],
       strides = [2, 2], pads = [0, 0, 0, 0], dilations = [1, 1]>}
    ```
  }];
}

class QKernel_AveragePoolOp<string mnemonic> : QKernel_KernelOp<mnemonic> {
  let arguments = (ins Variadic<QKernel_Operands>:$ins,
                       Variadic<QKernel_Sums>:$outs,
                       QTrain_WindowAttr:$window, UnitAttr:$count_include_pad);
}

def QKernel_AveragePool2DOp : QKernel_AveragePoolOp<"average_pool2d"> {
  let summary = "Mean, or scaled sum, over sliding windows";
  let description = [{
    ins: [N, H, W, C]. outs: means of floats or accumulators of integers
    [N, OH, OW, C]. See `qtrain.average_pool2d`.

    Constraints:
    - (C1) one input and one output of rank 4, equal N and C.
    - (C2) elements are integers or `f32`.

    Example:

    ```mlir
    qkernel.average_pool2d ins(%x : memref<8x8x8x4xi8>)
      outs(%y : memref<8x1x1x4xi32>) {window = #qtrain.window<kernel = [8, 8],
       strides = [8, 8], pads = [0, 0, 0, 0], dilations = [1, 1]>}
    ```
  }];
}

def QKernel_AveragePool2DGradientOp
    : QKernel_AveragePoolOp<"average_pool2d_gradient"> {
  let summary = "Gradient of an average pool";
  let description = [{
    ins: the error [N, OH, OW, C]. outs: the input's error [N, H, W, C], of
    integers accumulators. See `qtrain.average_pool2d_gradient`.

    Constraints:
    - (C1) one input and one output of rank 4, equal N and C.
    - (C2) elements are integers or `f32`.

    Example:

    ```mlir
    qkernel.average_pool2d_gradient ins(%e : memref<8x1x1x4xi8>)
      outs(%ex : memref<8x8x8x4xi32>) {window = #qtrain.window<kernel = [8, 8],
       strides = [8, 8], pads = [0, 0, 0, 0], dilations = [1, 1]>}
    ```
  }];
}

def QKernel_MaxAbsOp : QKernel_KernelOp<"max_abs"> {
  let summary = "Largest magnitude of a tensor";
  let description = [{
    ins: integers of any shape, and optionally the bits of those that count, as
    `qkernel.range_mask` writes them. outs: max |x| as a 32-bit integer, or a
    64-bit one of 64-bit integers.

    Constraints:
    - (C1) one or two inputs, one output of rank 0, wide enough.
    - (C2) a bit for every integer.

    Example:

    ```mlir
    qkernel.max_abs ins(%x : memref<8x10xi32>) outs(%max : memref<i32>)
    qkernel.max_abs ins(%x, %m : memref<8x10xi32>, memref<10xi8>)
      outs(%max : memref<i32>)
    ```
  }];
  let arguments = (ins Variadic<QKernel_Integers>:$ins,
                       Variadic<QKernel_Maximum>:$outs);
}

def QKernel_RangeMaskOp : QKernel_KernelOp<"range_mask"> {
  let summary = "Bits of the elements in a range";
  let description = [{
    ins: integers of any shape. outs: flat bytes; bit i mod 8 of byte i div 8
    says whether element i, in memory order, is at least `low` and at most
    `high`, as far as they are given and in the type of the elements. Bits behind
    the last element are 0.

    Constraints:
    - (C1) one input, one output with a bit for every integer.

    Example:

    ```mlir
    qkernel.range_mask ins(%x : memref<8x10xi32>) outs(%m : memref<10xi8>)
      {low = 1 : i64}
    ```
  }];
  let arguments = (ins Variadic<QKernel_Integers>:$ins,
                       Variadic<QKernel_Bytes>:$outs,
                       OptionalAttr<I64Attr>:$low, OptionalAttr<I64Attr>:$high);
}

def QKernel_ApplyMaskOp : QKernel_KernelOp<"apply_mask"> {
  let summary = "Zeroes the elements whose bit is not set";
  let description = [{
    ins: integers of any shape, and bits as `qkernel.range_mask` writes them.
    outs: the integers whose bit is set, 0 in place of the others.

    Constraints:
    - (C1) two inputs, one output of the type of the first.
    - (C2) a bit for every integer.

    Example:

    ```mlir
    qkernel.apply_mask ins(%x, %m : memref<8x10xi8>, memref<10xi8>)
      outs(%y : memref<8x10xi8>)
    ```
  }];
  let arguments = (ins Variadic<QKernel_Integers>:$ins,
                       Variadic<QKernel_Integers>:$outs);
}

def QKernel_ChannelSumOp : QKernel_KernelOp<"channel_sum"> {
  let summary = "Sum over all dimensions but the last";
  let description = [{
    ins: integers or floats [..., C]. outs: sums [C], of integers exact ones.
    `saturate` as in `qkernel.conv2d`. Every sum is multiplied by `factor`.

    Floats are added in their order. Their output may be [P, C]: the first
    ceil(n / P) of the n rows of C elements give the first partial sums, and so
    on.

    Constraints:
    - (C1) one input of rank 2 or more, one output of its last extent.
    - (C2) of floats, `factor` is 1, there is no `saturate`, and input and
      output have one type of elements; only their output may have rank 2.

    Example:

    ```mlir
    qkernel.channel_sum ins(%e : memref<8x4x4x2xi8>) outs(%g : memref<2xi32>)
      {factor = 1 : i64}
    qkernel.channel_sum ins(%f : memref<8x4x4x2xf32>)
      outs(%p : memref<12x2xf32>) {factor = 1 : i64}
    ```
  }];
  let arguments = (ins Variadic<QKernel_Shaped<[I8, I16, I64, F32, F64]>>:$ins,
                       Variadic<QKernel_Shaped<[I32, I64, F32, F64]>>:$outs,
                       I64Attr:$factor, UnitAttr:$saturate);
}

def QKernel_ChannelMomentsOp : QKernel_KernelOp<"channel_moments"> {
  let summary = "Sums of elements and of their products with others";
  let description = [{
    ins: a and b, [R, C]. outs: partial sums Σ a and Σ a·b, [P, C]: the first
    ceil(R / P) rows give the first ones, and so on. With b = a they give mean
    and variance, with the error for a and the input for b the gradients of a
    normalization.

    Floats are added up in double, where products are exact, in the order of the
    rows, so results are the same on every target; integers in 64 bits, exactly.
    No integer is the smallest of its type.

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
  let arguments = (ins Variadic<QKernel_Shaped<[I8, I16, F32]>>:$ins,
                       Variadic<QKernel_Shaped<[I64, F64]>>:$outs);
}

def QKernel_SoftmaxErrorOp : QKernel_KernelOp<"softmax_error"> {
  let summary = "Softmax minus the one-hot target";
  let description = [{
    ins: logits [N, K] (integers), their exponent, labels [N]. outs: errors [N, K]
    in 32 bits. Or ins: logits (floats), labels; outs: errors (floats). See
    `qtrain.loss_gradient`.

    Constraints:
    - (C1) three inputs, of floats two, and one output as said.
    - (C2) `exponential` is present exactly for integers.

    Example:

    ```mlir
    qkernel.softmax_error
      ins(%x, %s, %t : memref<8x10xi8>, i32, memref<8xi32>)
      outs(%e : memref<8x10xi32>) {exponential = #qtrain.exponential<fraction>}
    ```
  }];
  let arguments = (ins Variadic<AnyType>:$ins,
                       Variadic<QKernel_Sums>:$outs,
                       OptionalAttr<QTrain_ExponentialAttr>:$exponential);
}

//===----------------------------------------------------------------------===//
// Integer functions of single elements
//===----------------------------------------------------------------------===//

def QKernel_MagnitudeBitsOp : Op<QKernel_Dialect, "magnitude_bits", [Pure]> {
  let summary = "Magnitude bits of a maximum";
  let description = [{
    W of the numerics contract, section 1, of a tensor whose largest magnitude
    is `maximum` ≥ 0: 0 up to 1, else the bit length of `maximum` − 1, which is
    ceil(log2 `maximum`). With `nearest`, round(log2 `maximum`), 0 for 0: the
    bit length less one, or the bit length if `maximum` exceeds √2 · 2^k between
    2^k and 2^(k+1) (`wage.md` 1.6; the two are never equal).

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
    `nearest` of the numerics contract, section 1: |`element`| is divided by
    2^`shift`, halves are rounded away from zero, the sign is kept, and the
    result is clipped to ±(2^(`bits` − 1) − 1). A shift of 0 or less only clips.
    `element` may have any value but the smallest of its type.

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
    - (C1) `task` is a function of two indices followed by the operands' types,
      without results.

    Example:

    ```mlir
    qkernel.launch @relu(%x, %y) on %executor : !llvm.ptr count 128
        with memref<8x10xi32>, memref<8x10xi8>
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$task, AnyType:$executor,
                       I64Attr:$count, Variadic<AnyType>:$arguments);
  let assemblyFormat = [{
    $task `(` $arguments `)` `on` $executor `:` type($executor) `count` $count
    attr-dict (`with` type($arguments)^)?
  }];
}

def QKernel_MarkOp : Op<QKernel_Dialect, "mark"> {
  let summary = "Notes that an operation of the step has ended";
  let description = [{
    Tells the executor that operation `index` is done, for profiles.

    Example:

    ```mlir
    qkernel.mark 3 on %executor : !llvm.ptr
    ```
  }];
  let arguments = (ins AnyType:$executor, I64Attr:$index);
  let assemblyFormat = "$index `on` $executor attr-dict `:` type($executor)";
}

#endif // QKERNEL_OPS_TD
