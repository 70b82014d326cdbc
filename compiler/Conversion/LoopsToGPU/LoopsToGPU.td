//===- LoopsToGPU.td - Parallel loops to grids of threads --*- tablegen -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTC_CONVERSION_LOOPS_TO_GPU_TD
#define QTC_CONVERSION_LOOPS_TO_GPU_TD

include "mlir/Pass/PassBase.td"

def ConvertLoopsToGPU : Pass<"convert-loops-to-gpu", "::mlir::func::FuncOp"> {
  let summary = "Parallel loops to launches of one-dimensional grids";
  let description = [{
    Every `scf.parallel` of a function's body becomes a `gpu.launch` with one
    thread an iteration. Iterations of all dimensions are counted in row-major
    order, so that threads next to each other have neighbours of the last
    dimension: where that walks along memory, a warp's accesses are one. Blocks
    have 256 threads, or as many as there are iterations. Constants are cloned
    into the launch. The function's `qkernel.profile` lists all launches in their
    order, those of other passes too.

    In a long loop without inner loops, a thread runs four neighbouring
    iterations side by side, so that its accesses are up to 16 bytes wide.

    Upstream's `gpu-map-parallel-loops` wants a loop tiled for it, and gives
    each dimension one of the hardware's; ours have a small last dimension as
    often as a large one.

    Before:

    ```mlir
    scf.parallel (%i) = (%c0) to (%c1000) step (%c1) {
      memref.store %c0_i8, %x[%i] : memref<1000xi8>
    }
    ```

    After:

    ```mlir
    gpu.launch blocks(%b, %by, %bz) in (%nb = %c4, %nby = %c1, %nbz = %c1)
               threads(%t, %ty, %tz) in (%nt = %c256, %nty = %c1, %ntz = %c1) {
      %first = arith.muli %b, %c256 : index
      %i = arith.addi %first, %t : index
      %exists = arith.cmpi ult, %i, %c1000 : index
      scf.if %exists {
        memref.store %c0_i8, %x[%i] : memref<1000xi8>
      }
      gpu.terminator
    }
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::gpu::GPUDialect",
                           "::mlir::scf::SCFDialect"];
}

#endif // QTC_CONVERSION_LOOPS_TO_GPU_TD
