//===- EmulateLaunches.td - Grids of threads to loops ------*- tablegen -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTC_TRANSFORMS_EMULATE_LAUNCHES_TD
#define QTC_TRANSFORMS_EMULATE_LAUNCHES_TD

include "compiler/Support/ModelPass.td"

def EmulateLaunches : ModelPass<"emulate-launches"> {
  let summary = "Runs kernels of a device in loops over blocks and threads";
  let description = [{
    This pass allows kernels to be tested without a device. Every kernel becomes
    a function that runs the threads of one block, one after the other. Its
    first arguments are the block, the number of blocks, the number of threads
    and the bytes of dynamic workgroup memory, all given by the launch; the
    kernel's arguments follow. Every `gpu.launch_func` becomes a parallel loop
    over the blocks of its grid. After that, the step is compiled for the
    processor. Grids and blocks have one dimension. The module of kernels is
    erased.

    Threads that cooperate (through barriers, shuffles, matrix products of a
    warp or a warpgroup, asynchronous copies or workgroup memory) run
    concurrently: a function of one thread becomes the task of a launch, which
    the emulator in `tests/cuda` runs with one fiber per thread, and
    synchronizing operations become calls of the emulator. Every access to
    workgroup memory is also reported to the emulator, which detects data races.

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
