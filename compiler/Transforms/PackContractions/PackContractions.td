//===- PackContractions.td - Convolutions to contractions --*- tablegen -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTC_TRANSFORMS_PACKCONTRACTIONS_TD
#define QTC_TRANSFORMS_PACKCONTRACTIONS_TD

include "mlir/Pass/PassBase.td"

def PackContractions : Pass<"qkernel-pack-contractions"> {
  let summary = "Packs the operands of convolutions for dot products";
  let description = [{
    Rewrites `qkernel.conv2d` and its gradients on tensors to
    `qkernel.pack_activation`, `qkernel.pack_weight` and `qkernel.contract`, in
    which the elements of a step are contiguous: four bytes of the reduction, or
    one float.

    - Forward: rows are output positions, columns are output channels, and steps
      run over the window. The padded image is read in place, not unfolded.
    - Input gradient: the same with errors instead of activations and the kernel
      turned by 180 degrees. With strides, each remainder of a pixel's position
      is a phase that uses a part of the kernel. If the kernel covers the whole
      image, columns are the elements of the image instead.
    - Weight gradient: four images are interleaved, or four pixels of a row if
      the batch is small. Rows are weights, columns are output channels, and
      steps run over the output positions of all images. For a linear layer,
      rows are outputs and columns are inputs, which is the order of weights.

    Operands that may be negative have 128 added when they are packed; start
    values of the accumulators subtract it again. Groups become the `groups` of
    one contraction; groups whose results fill a small part of a vector are
    merged, with weights of 0 in between. Depthwise convolutions with a kernel
    of their own are marked `direct`; saturating convolutions are left
    unchanged.

    Where errors have no offset, rows of an input gradient that read much
    padding become phases without it.

    Floats need neither offsets nor interleaving, so images without padding and
    errors of whole vectors of channels are read in place. No convolution of
    floats is `direct`. Where groups are merged, 0 · ∞ spreads values that are
    not finite to the neighbouring channels of a vector.

    Before:

    ```mlir
    %acc = qkernel.conv2d
      ins(%x, %w : tensor<8x6x6x4xi8>, tensor<16x4x3x3xi8>)
      outs(%init : tensor<8x4x4x16xi32>)
      {group = 1 : i64, nonnegative, window = #qtrain.window<kernel = [3, 3],
       strides = [1, 1], pads = [0, 0, 0, 0], dilations = [1, 1]>}
      -> tensor<8x4x4x16xi32>
    ```

    After:

    ```mlir
    %a = tensor.collapse_shape %x [[0, 1, 2, 3]]
      : tensor<8x6x6x4xi8> into tensor<1152xi8>
    %e = tensor.empty() : tensor<576xi8>
    %b = qkernel.pack_weight ins(%w : tensor<16x4x3x3xi8>)
      outs(%e : tensor<576xi8>)
      {order = #qkernel.weight_order<forward_merged>, panel = 16 : i64}
      -> tensor<576xi8>
    %acc = qkernel.contract ins(%a, %b : tensor<1152xi8>, tensor<576xi8>)
      outs(%init : tensor<8x4x4x16xi32>)
      {contraction = #qkernel.contraction<rows = [8, 4, 4] strides [144, 24, 4],
       steps = [3, 3] a [24, 4] b [192, 64], columns = 16 panel 16 stride 576>}
      -> tensor<8x4x4x16xi32>
    ```
  }];
  let options = [Option<"isa", "isa", "std::string", "\"avx512vnni\"",
      "Instruction set: baseline, avx2, avx512, avxvnni or avx512vnni">];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect",
    "::mlir::tensor::TensorDialect", "::qtc::qkernel::QKernelDialect"];
}

#endif // QTC_TRANSFORMS_PACKCONTRACTIONS_TD
