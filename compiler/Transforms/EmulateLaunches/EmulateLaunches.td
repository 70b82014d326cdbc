//===- EmulateLaunches.td - Grids of threads to loops ------*- tablegen -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTC_TRANSFORMS_EMULATE_LAUNCHES_TD
#define QTC_TRANSFORMS_EMULATE_LAUNCHES_TD

include "mlir/Pass/PassBase.td"

def EmulateLaunches : Pass<"emulate-launches", "::mlir::ModuleOp"> {
  let summary = "Runs kernels for a device in loops over blocks and threads";
  let description = [{
    The oracle for kernels where no device is. Every kernel becomes a function
    that runs the threads of one block, one after the other: block, number of
    blocks, number of threads and bytes of dynamic workgroup memory, which the
    launch says, come before the kernel's arguments. Every
    `gpu.launch_func` becomes a parallel loop over the blocks of its grid. From
    there on the step is compiled for the processor. Grids and blocks have one
    dimension. The module of kernels goes.

    Threads that work together (with barriers, shuffles, matrix products of a
    warp or a warpgroup, asynchronous copies or workgroup memory) run at the same
    time: a function of one thread becomes the task of a launch, which the
    emulator in `tests/cuda` runs with a fiber a thread, and what synchronizes
    them becomes calls of it. It also hears of every access to workgroup memory,
    to find those that nothing orders.

    Before:

    ```mlir
    gpu.launch_func @kernels::@k blocks in (%c4, %c1, %c1)
        threads in (%c256, %c1, %c1) args(%x : memref<1024xi8>)
    ```

    After:

    ```mlir
    func.func private @k(%block: index, %blocks: index, %threads: index,
                         %bytes: index, %x: memref<1024xi8>) {
      scf.for %thread = %c0 to %threads step %c1 { ... }
      return
    }
    ...
    scf.parallel (%block) = (%c0) to (%c4) step (%c1) {
      func.call @k(%block, %c4, %c256, %c0, %x)
          : (index, index, index, index, memref<1024xi8>) -> ()
    }
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::func::FuncDialect",
                           "::mlir::LLVM::LLVMDialect",
                           "::mlir::memref::MemRefDialect",
                           "::mlir::scf::SCFDialect",
                           "::mlir::vector::VectorDialect",
                           "::qtc::qkernel::QKernelDialect"];
}

#endif // QTC_TRANSFORMS_EMULATE_LAUNCHES_TD
