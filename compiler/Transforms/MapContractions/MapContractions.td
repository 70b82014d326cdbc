//===- MapContractions.td - Convolutions to mapped ones ----*- tablegen -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTC_TRANSFORMS_MAP_CONTRACTIONS_TD
#define QTC_TRANSFORMS_MAP_CONTRACTIONS_TD

include "compiler/Support/ModelPass.td"

def MapContractions
    : FunctionPass<"qkernel-map-contractions"> {
  let summary = "Turns convolutions of bytes into contractions with maps";
  let description = [{
    Matrix units multiply runs of 16 bytes of both operands. This pass works on
    buffers and gives this form, an implicit matrix product, to convolutions and
    their gradients:

    - A convolution has a row for every output pixel and a column for every
      output channel; a step is 16 channels under one position of the kernel.
    - An input gradient has a row for every input pixel and a column for every
      input channel; a step is 16 output channels under one position of the
      kernel. With strides, the pixels of each phase (`WindowPhases.h`) form a
      separate contraction, which multiplies no inserted zeros.
    - A weight gradient has a row for every input channel under every position
      of the kernel and a column for every output channel; a step is 16 images
      of one pixel. Both operands are transposed copies, with images last.

    Weights are copied into the order of the steps. Images are read in place if
    their channels are whole runs. Otherwise 8 channels or more are padded;
    fewer are unfolded with their window, so that a run holds several positions.

    Grouped convolutions, sums that need 64 bits and operands that are not bytes
    are left unchanged.

    Before:

    ```mlir
    qkernel.conv2d ins(%x, %w : memref<8x6x6x32xi8>, memref<64x32x3x3xi8>)
      outs(%acc, %max : memref<8x6x6x64xi32>, memref<i32>)
      {window = #qtrain.window<kernel = [3, 3], strides = [1, 1],
       pads = [1, 1, 1, 1], dilations = [1, 1]>, group = 1 : i64}
    ```

    After:

    ```mlir
    %p = memref.alloc() : memref<64x3x3x32xi8>
    qkernel.mapped_copy ins(%w : memref<64x32x3x3xi8>)
      outs(%p : memref<64x3x3x32xi8>)
      {map = affine_map<(o, h, w, c) -> (o, c, h, w)>}
    memref.store %c0_i32, %max[] : memref<i32>
    qkernel.mapped_contract
      ins(%x, %p : memref<8x6x6x32xi8>, memref<64x3x3x32xi8>)
      outs(%acc, %max : memref<8x6x6x64xi32>, memref<i32>)
      {rows = array<i64: 8, 6, 6>, columns = 64 : i64,
       steps = array<i64: 3, 3, 2>,
       a_map = affine_map<(n, h, w, kh, kw, c)
                          -> (n, h + kh - 1, w + kw - 1, c * 16)>, ...}
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::linalg::LinalgDialect",
                           "::mlir::memref::MemRefDialect"];
}

#endif // QTC_TRANSFORMS_MAP_CONTRACTIONS_TD
