//===- MaterializeScalars.td - Scalars of a step to memory -*- tablegen -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTC_TRANSFORMS_MATERIALIZE_SCALARS_TD
#define QTC_TRANSFORMS_MATERIALIZE_SCALARS_TD

include "compiler/Support/ModelPass.td"

def MaterializeScalars : FunctionPass<"materialize-scalars"> {
  let summary = "Moves scalar operations between parallel loops into loops";
  let description = [{
    A target that runs parallel loops on a device cannot use scalars computed
    between them without waiting for the device. After this pass, a function's
    body contains only parallel loops, contractions and copies on buffers, and
    the allocations, views and constants that determine their addresses:

    - Scalar operations between two loops become a parallel loop of one
      iteration.
    - A scalar that another loop uses is passed in a buffer of rank 0, which is
      loaded at the start of an iteration.
    - Scalar arguments of the function also become buffers of rank 0.

    Before:

    ```mlir
    func.func @f(%x: memref<8xi32>, %max: memref<i32>) {
      %m = memref.load %max[] : memref<i32>
      %shift = arith.subi %m, %c7_i32 : i32
      scf.parallel (%i) = (%c0) to (%c8) step (%c1) {
        memref.store %shift, %x[%i] : memref<8xi32>
      }
      return
    }
    ```

    After:

    ```mlir
    func.func @f(%x: memref<8xi32>, %max: memref<i32>) {
      %slot = memref.alloc() : memref<i32>
      scf.parallel (%once) = (%c0) to (%c1) step (%c1) {
        %m = memref.load %max[] : memref<i32>
        %shift = arith.subi %m, %c7_i32 : i32
        memref.store %shift, %slot[] : memref<i32>
      }
      scf.parallel (%i) = (%c0) to (%c8) step (%c1) {
        %shift = memref.load %slot[] : memref<i32>
        memref.store %shift, %x[%i] : memref<8xi32>
      }
      return
    }
    ```

    Canonicalization must not run after this pass: it removes loops of one
    iteration.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::memref::MemRefDialect",
                           "::mlir::scf::SCFDialect"];
  let statistics = [
    Statistic<"numScalarLoops", "scalar-loops", "Loops of scalar operations">,
    Statistic<"numSlots", "slots", "Scalars passed in memory">
  ];
}

#endif // QTC_TRANSFORMS_MATERIALIZE_SCALARS_TD
