//===- LinkDynamicMemory.td - Memory that launches add -----*- tablegen -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTC_TRANSFORMS_LINK_DYNAMIC_MEMORY_TD
#define QTC_TRANSFORMS_LINK_DYNAMIC_MEMORY_TD

include "mlir/Pass/PassBase.td"

def LinkDynamicMemory
    : Pass<"link-dynamic-memory", "::mlir::gpu::GPUModuleOp"> {
  let summary = "Makes dynamic workgroup memory external";
  let description = [{
    `convert-gpu-to-nvvm` lowers `gpu.dynamic_shared_memory` to an internal
    global without elements, which LLVM treats as one byte of static memory of
    the kernel. This pass makes the global external, so that it denotes the
    dynamic memory of the launch.

    Before:

    ```mlir
    llvm.mlir.global internal @__dynamic_shmem__0()
        {addr_space = 3 : i32, alignment = 16 : i64} : !llvm.array<0 x i8>
    ```

    After:

    ```mlir
    llvm.mlir.global external @__dynamic_shmem__0()
        {addr_space = 3 : i32, alignment = 16 : i64} : !llvm.array<0 x i8>
    ```
  }];
}

#endif // QTC_TRANSFORMS_LINK_DYNAMIC_MEMORY_TD
