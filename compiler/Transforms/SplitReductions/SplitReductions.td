//===- SplitReductions.td - Long sums in exact parts -------*- tablegen -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTC_TRANSFORMS_SPLIT_REDUCTIONS_TD
#define QTC_TRANSFORMS_SPLIT_REDUCTIONS_TD

include "compiler/Support/ModelPass.td"

def SplitReductions
    : FunctionPass<"qkernel-split-reductions"> {
  let summary = "Splits weight gradients whose sums could exceed 32 bits";
  let description = [{
    A weight gradient reduces over batch and space. If sums may exceed 32 bits,
    the kernel is marked `saturate` or its results have 64 bits. This pass
    splits the batch into parts of at most 131,071 products, whose sums fit 32
    bits, adds the parts in 64 bits, and clamps a result of 32 bits to ±(2^31 −
    1) (numerics contract, section 1.5). So fast kernels can also be used for
    long reductions. A gradient whose single images are too large is left
    unchanged. With `keep-packed` so is one that `qkernel-pack-contractions`
    turns into one contraction of parts, which takes a few kernels instead of a
    few for each part.

    Before, with 256 images of 32 × 32:

    ```mlir
    %g = qkernel.conv2d_weight_gradient
      ins(%x, %e : tensor<256x32x32x3xi8>, tensor<256x32x32x8xi8>)
      outs(%o : tensor<8x3x1x1xi32>) {saturate, ...} -> tensor<8x3x1x1xi32>
    ```

    After:

    ```mlir
    %x0 = tensor.extract_slice %x[0, 0, 0, 0] [128, 32, 32, 3] ...
    %e0 = tensor.extract_slice %e[0, 0, 0, 0] [128, 32, 32, 8] ...
    %g0 = qkernel.conv2d_weight_gradient ins(%x0, %e0 : ...) ...
    %g1 = qkernel.conv2d_weight_gradient ins(%x1, %e1 : ...) ...
    %g = linalg.generic ... ins(%g0, %g1 : ...) { clamp(ext(g0) + ext(g1)) }
    ```
  }];
  let options = [
    Option<"keepPacked", "keep-packed", "bool", "false",
           "Leave gradients whose parts one packed contraction forms">
  ];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect",
    "::mlir::tensor::TensorDialect", "::qtc::qkernel::QKernelDialect"];
}

#endif // QTC_TRANSFORMS_SPLIT_REDUCTIONS_TD
