//===- AssertInteger.td - Proof that a step has no floats --*- tablegen -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTC_TRANSFORMS_ASSERT_INTEGER_TD
#define QTC_TRANSFORMS_ASSERT_INTEGER_TD

include "mlir/Pass/PassBase.td"

def AssertInteger : Pass<"assert-integer", "::mlir::func::FuncOp"> {
  let summary = "Fails if a function has a value of a float type";
  let description = [{
    Checks every operation, block argument and element type of a function. A
    float type is an error that names the operation. Attributes may be floats,
    because they are constants of the compiler. The pass changes nothing.

    A function that fails:

    ```mlir
    func.func @f(%x: tensor<4xf32>) {
      return
    }
    ```
  }];
}

#endif // QTC_TRANSFORMS_ASSERT_INTEGER_TD
