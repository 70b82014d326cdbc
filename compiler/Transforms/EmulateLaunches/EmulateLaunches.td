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
    blocks and number of threads come before the kernel's arguments. Every
    `gpu.launch_func` becomes a parallel loop over the blocks of its grid. From
    there on the step is compiled for the processor. Grids and blocks have one
    dimension. The module of kernels goes.

    Before:

    ```mlir
    gpu.launch_func @kernels::@k blocks in (%c4, %c1, %c1)
        threads in (%c256, %c1, %c1) args(%x : memref<1024xi8>)
    ```

    After:

    ```mlir
    func.func private @k(%block: index, %blocks: index, %threads: index,
                         %x: memref<1024xi8>) {
      scf.for %thread = %c0 to %threads step %c1 { ... }
      return
    }
    ...
    scf.parallel (%block) = (%c0) to (%c4) step (%c1) {
      func.call @k(%block, %c4, %c256, %x)
          : (index, index, index, memref<1024xi8>) -> ()
    }
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::func::FuncDialect",
                           "::mlir::scf::SCFDialect"];
}

#endif // QTC_TRANSFORMS_EMULATE_LAUNCHES_TD
