//===- MergeKernels.td - Kernels to one module -------------*- tablegen -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTC_TRANSFORMS_MERGE_KERNELS_TD
#define QTC_TRANSFORMS_MERGE_KERNELS_TD

include "compiler/Support/ModelPass.td"

def MergeKernels : ModelPass<"merge-kernels"> {
  let summary = "Merges modules of kernels, and equal kernels";
  let description = [{
    `gpu-kernel-outlining` makes one module per launch. This pass merges them
    into one module `@kernels`, which is compiled and loaded once. Launches of
    equal kernels share one: in the forward pass of the step and of the
    evaluation, and in layers of the same shape. Workgroup memory, for which a
    launch gives no alignment, is aligned for asynchronous copies of 16 bytes,
    or for the matrices of a warpgroup.

    Before:

    ```mlir
    gpu.module @f_kernel { gpu.func @f_kernel(%x: memref<i32>) kernel { ... } }
    gpu.module @g_kernel { gpu.func @g_kernel(%x: memref<i32>) kernel { ... } }
    ```

    After, if both bodies are equal:

    ```mlir
    gpu.module @kernels { gpu.func @f_kernel(%x: memref<i32>) kernel { ... } }
    ```
  }];
  let dependentDialects = ["::mlir::gpu::GPUDialect"];
  let statistics = [
    Statistic<"numKernels", "kernels", "Different kernels">,
    Statistic<"numLaunches", "launches", "Launches of kernels">
  ];
}

#endif // QTC_TRANSFORMS_MERGE_KERNELS_TD
