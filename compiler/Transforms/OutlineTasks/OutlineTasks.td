//===- OutlineTasks.td - Parallel loops to functions -------*- tablegen -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTC_TRANSFORMS_OUTLINE_TASKS_TD
#define QTC_TRANSFORMS_OUTLINE_TASKS_TD

include "mlir/Pass/PassBase.td"

def OutlineTasks : Pass<"outline-tasks", "::mlir::ModuleOp"> {
  let summary = "Moves parallel loops into functions launched on all threads";
  let description = [{
    Every `scf.parallel` of a function's body becomes a function of a range of
    its first dimension with more than one iteration, and a `qkernel.launch` of
    that function; other dimensions become sequential loops inside. Equal loops
    share a function. What the loop captures is passed,
    except constants, which are cloned. Buffers are passed without alias
    (`llvm.noalias`): the loops of a step never see one buffer twice unless it is
    one value. After each launch a `qkernel.mark` says to profiles that an
    operation has ended; the operations are listed in the function attribute
    `qkernel.profile`. A `memref.alloca` of the loop's body becomes one piece of
    stack for all iterations of a task.

    Functions that outline-kernels made are treated first, once each; then calls
    of them are replaced by what they launch.

    The function gets the executor, an opaque pointer, as its first argument,
    marked `qtrain.argument = "executor"`.

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
                                %x: memref<8xi8> {llvm.noalias}) {
      scf.for %i = %begin to %end step %c1 {
        memref.store %c0_i8, %x[%i] : memref<8xi8>
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
                           "::qtc::qkernel::QKernelDialect"];
}

#endif // QTC_TRANSFORMS_OUTLINE_TASKS_TD
