//===- QKernelToLoops.td - Kernels to plain loops ----------*- tablegen -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTC_CONVERSION_QKERNEL_TO_LOOPS_TD
#define QTC_CONVERSION_QKERNEL_TO_LOOPS_TD

include "mlir/Pass/PassBase.td"

def ConvertQKernelToLoops
    : Pass<"convert-qkernel-to-loops", "::mlir::ModuleOp"> {
  let summary = "Plain lowering of kernels to loops";
  let description = [{
    Every `qkernel` operation on buffers becomes scalar loops that do what its
    definition says: the oracle for faster lowerings, and the lowering of
    everything that needs no faster one. The outermost loop is an `scf.parallel`
    of one dimension.

    With `elements` an iteration of that loop is one element of the result where
    nothing keeps it from that, as a device with thousands of threads wants it;
    otherwise it is a row or an image, which keeps a processor's thread busy.

    Before:

    ```mlir
    qkernel.max_abs ins(%x : memref<8xi32>) outs(%max : memref<i32>)
    ```

    After:

    ```mlir
    memref.store %c0, %max[] : memref<i32>
    scf.parallel (%chunk) = (%c0) to (%c1) step (%c1) {
      %m = scf.for %i = ... iter_args(%a = %c0) -> i32 { ... }
      memref.atomic_rmw maxs %m, %max[] : (i32, memref<i32>) -> i32
    }
    ```
  }];
  let options = [
    Option<"elements", "elements", "bool", /*default=*/"false",
           "One iteration a result, not a row of them">
  ];
  let dependentDialects = [
    "::mlir::affine::AffineDialect", "::mlir::arith::ArithDialect",
    "::mlir::math::MathDialect",
    "::mlir::memref::MemRefDialect", "::mlir::scf::SCFDialect",
    "::mlir::vector::VectorDialect"
  ];
}

#endif // QTC_CONVERSION_QKERNEL_TO_LOOPS_TD
