//===- QTrainToQKernel.td - Scaled operations to kernels ---*- tablegen -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTC_CONVERSION_QTRAIN_TO_QKERNEL_TD
#define QTC_CONVERSION_QTRAIN_TO_QKERNEL_TD

include "mlir/Pass/PassBase.td"

def ConvertQTrainToQKernel
    : Pass<"convert-qtrain-to-qkernel", "::mlir::func::FuncOp"> {
  let summary = "Takes values apart and operations to kernels";
  let description = [{
    Every scaled value becomes a tensor in memory order and an i32 exponent,
    every float tensor one in memory order.
    Contractions, pools, reductions and the loss become destination-style
    `qkernel` operations, element-wise operations `linalg.generic` over
    flattened tensors, exponents `arith`. The largest magnitude of a
    contraction is a second result of its kernel, a bias that follows it goes
    into it.

    The function's tensors become buffers it reads and writes: updated
    parameters go back where they came from, logits and their exponent into two
    arguments marked `qtrain.argument = "logits"` and `"logits_exponent"`.

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
