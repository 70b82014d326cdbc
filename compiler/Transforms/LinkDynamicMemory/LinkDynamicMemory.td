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
  let summary = "Leaves dynamic workgroup memory to the launch";
  let description = [{
    `convert-gpu-to-nvvm` makes a global without elements of a kernel's
    `gpu.dynamic_shared_memory`, internal to its module. LLVM takes it for memory
    of the kernel, a byte long. Only what is external is what a launch adds.

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
