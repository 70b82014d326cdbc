//===- OutlineTasks.td - Parallel loops to functions -------*- tablegen -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTC_TRANSFORMS_OUTLINE_TASKS_TD
#define QTC_TRANSFORMS_OUTLINE_TASKS_TD

include "compiler/Support/ModelPass.td"

def OutlineTasks : ModelPass<"outline-tasks"> {
  let summary = "Moves parallel loops into functions launched on all threads";
  let description = [{
    Every `scf.parallel` of a function's body becomes a `qkernel.launch` of a
    function over a range of the loop's first dimension with more than one
    iteration; the other dimensions become sequential loops in the function.
    Equal loops share a function. Values captured by the loop become arguments,
    except constants, which are cloned. In functions made by outline-kernels,
    so are computations of integers, unless that takes more arguments. Buffers
    are marked `llvm.noalias`,
    because a loop of a step never uses one buffer through two different values.
    After each launch, a `qkernel.mark` tells profiles that an operation has
    ended; the function attribute `qkernel.profile` lists the operations. A
    `memref.alloca` in the loop's body becomes one stack allocation for all
    iterations of a task. A flat buffer that is only loaded from and stored to
    gets the largest size as its type, because a task gets an address: tasks
    that differ only in the sizes of buffers are equal.

    Functions made by outline-kernels are converted first, once each; then their
    calls are replaced by their launches.

    The executor, an opaque pointer, becomes the first argument of the function,
    marked `qtrain.role = #qtrain.role<executor>`.

    Before:

    ```mlir
    func.func @f(%x: memref<8xi8>) {
      scf.parallel (%i) = (%c0) to (%c8) step (%c1) {
        memref.store %c0_i8, %x[%i] : memref<8xi8>
      }
      return
    }
    ```

    After:

    ```mlir
    func.func private @f_task_0(%begin: index, %end: index,
                                %x: memref<1099511627776xi8> {llvm.noalias}) {
      scf.for %i = %begin to %end step %c1 {
        memref.store %c0_i8, %x[%i] : memref<1099511627776xi8>
      }
      return
    }
    func.func @f(%executor: !llvm.ptr, %x: memref<8xi8>) {
      qkernel.launch @f_task_0(%x) on %executor : !llvm.ptr count 8
          with memref<8xi8>
      qkernel.mark 0 on %executor : !llvm.ptr
      return
    }
    ```
  }];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect",
                           "::mlir::scf::SCFDialect",
                           "::qtc::qkernel::QKernelDialect",
                           "::qtc::qtrain::QTrainDialect"];
}

#endif // QTC_TRANSFORMS_OUTLINE_TASKS_TD
