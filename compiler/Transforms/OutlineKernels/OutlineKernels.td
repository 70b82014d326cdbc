//===- OutlineKernels.td - Equal kernels once --------------*- tablegen -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTC_TRANSFORMS_OUTLINE_KERNELS_TD
#define QTC_TRANSFORMS_OUTLINE_KERNELS_TD

include "compiler/Support/ModelPass.td"

def OutlineKernels : ModelPass<"outline-kernels"> {
  let summary = "Moves kernels into functions that equal kernels share";
  let description = [{
    Every operation on buffers of a step becomes a call of a private function
    marked `qkernel.kernel` that contains the operation. So the operations of
    equal layers, and of the step and the evaluation, are lowered to loops and
    vectors once. `outline-tasks` inlines the lowered functions at their calls.

    Constants are cloned into the function, and computations of integers that
    nothing else uses are moved into it, unless that takes more arguments. All
    other operands are passed.
    Attributes of the arguments describe the caller's buffers: `llvm.align` is
    the alignment, and `qkernel.root` the number of the first argument that is a
    view of the same buffer.

    Before:

    ```mlir
    func.func @f(%x: memref<8xi32>, %y: memref<8xi32>, %a: memref<i32>,
                 %b: memref<i32>) {
      qkernel.max_abs ins(%x : memref<8xi32>) outs(%a : memref<i32>)
      qkernel.max_abs ins(%y : memref<8xi32>) outs(%b : memref<i32>)
      return
    }
    ```

    After:

    ```mlir
    func.func private @f_kernel(%x: memref<8xi32>, %a: memref<i32>)
        attributes {qkernel.kernel} {
      qkernel.max_abs ins(%x : memref<8xi32>) outs(%a : memref<i32>)
      return
    }
    func.func @f(%x: memref<8xi32>, %y: memref<8xi32>, %a: memref<i32>,
                 %b: memref<i32>) {
      call @f_kernel(%x, %a) : (memref<8xi32>, memref<i32>) -> ()
      call @f_kernel(%y, %b) : (memref<8xi32>, memref<i32>) -> ()
      return
    }
    ```
  }];
  let dependentDialects = ["::mlir::func::FuncDialect",
                           "::mlir::LLVM::LLVMDialect",
                           "::qtc::qkernel::QKernelDialect"];
}

#endif // QTC_TRANSFORMS_OUTLINE_KERNELS_TD
