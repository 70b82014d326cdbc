//===- QTrainToQKernel.td - Scaled operations to kernels ---*- tablegen -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTC_CONVERSION_QTRAIN_TO_QKERNEL_TD
#define QTC_CONVERSION_QTRAIN_TO_QKERNEL_TD

include "compiler/Support/ModelPass.td"

def ConvertQTrainToQKernel
    : FunctionPass<"convert-qtrain-to-qkernel"> {
  let summary = "Lowers operations on values to kernels on tensors";
  let description = [{
    Every scaled value becomes a tensor in memory order and an i32 exponent, and
    every float tensor a tensor in memory order. Contractions, pools, reductions
    and the loss become destination-style `qkernel` operations. Element-wise
    operations become `linalg.generic` on flattened tensors, and exponents are
    computed with `arith`. The largest magnitude of a contraction is a second
    result of its kernel, which also adds the bias that follows the contraction.

    The function's tensors become buffers that it reads and writes: updated
    parameters are written to their old places, the prediction and its exponent
    to two arguments with these roles.

    Before:

    ```mlir
    %y = qtrain.relu %x : (!qtrain.scaled<tensor<2x3xi8>>)
         -> !qtrain.scaled<tensor<2x3xi8>>
    ```

    After:

    ```mlir
    %y = linalg.generic ... ins(%x : tensor<6xi8>) outs(%e : tensor<6xi8>) {
    ^bb0(%a: i8, %o: i8):
      %m = arith.maxsi %a, %c0_i8 : i8
      linalg.yield %m : i8
    } -> tensor<6xi8>
    ```
  }];
  let dependentDialects = [
    "::qtc::qkernel::QKernelDialect", "::mlir::arith::ArithDialect",
    "::mlir::bufferization::BufferizationDialect",
    "::mlir::linalg::LinalgDialect", "::mlir::math::MathDialect",
    "::mlir::memref::MemRefDialect", "::mlir::scf::SCFDialect",
    "::mlir::tensor::TensorDialect"
  ];
}

#endif // QTC_CONVERSION_QTRAIN_TO_QKERNEL_TD
