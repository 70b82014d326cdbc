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
  let summary = "Lowers kernels to plain loops";
  let description = [{
    Every `qkernel` operation on buffers becomes scalar loops that implement its
    definition. They are the oracle for faster lowerings, and the lowering of
    operations that need no faster one. The outermost loop is an `scf.parallel`
    of one dimension.

    With `elements`, an iteration of that loop is one element of the result
    where possible, for a device with thousands of threads; otherwise it is a
    row or an image, which is enough work for a thread of a processor.

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
           "One iteration per element of the result instead of per row">
  ];
  let dependentDialects = [
    "::mlir::affine::AffineDialect", "::mlir::arith::ArithDialect",
    "::mlir::math::MathDialect",
    "::mlir::memref::MemRefDialect", "::mlir::scf::SCFDialect",
    "::mlir::vector::VectorDialect"
  ];
}

#endif // QTC_CONVERSION_QKERNEL_TO_LOOPS_TD
