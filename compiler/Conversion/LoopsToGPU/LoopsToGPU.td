//===- LoopsToGPU.td - Parallel loops to grids of threads --*- tablegen -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTC_CONVERSION_LOOPS_TO_GPU_TD
#define QTC_CONVERSION_LOOPS_TO_GPU_TD

include "compiler/Support/ModelPass.td"

def ConvertLoopsToGPU : FunctionPass<"convert-loops-to-gpu"> {
  let summary = "Converts parallel loops to launches of one-dimensional grids";
  let description = [{
    Every `scf.parallel` of a function's body becomes a `gpu.launch` with one
    thread per iteration. The iterations of all dimensions are numbered in
    row-major order, so that neighbouring threads have neighbours in the last
    dimension; where these are neighbours in memory, the accesses of a warp are
    coalesced. Blocks have 256 threads, or one thread per iteration if there are
    fewer. Constants are cloned into the launch. The function's
    `qkernel.profile` lists all launches in order, including those of other
    passes.

    In a long loop without inner loops, a thread runs four neighbouring
    iterations side by side, so that its accesses are up to 16 bytes wide.

    Upstream's `gpu-map-parallel-loops` requires tiled loops and maps each
    dimension to one of the hardware; the last dimension of our loops is often
    too small for this.

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
