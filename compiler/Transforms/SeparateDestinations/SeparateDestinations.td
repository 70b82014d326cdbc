//===- SeparateDestinations.td - One result, one buffer ----*- tablegen -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTC_TRANSFORMS_SEPARATE_DESTINATIONS_TD
#define QTC_TRANSFORMS_SEPARATE_DESTINATIONS_TD

include "compiler/Support/ModelPass.td"

def SeparateDestinations
    : FunctionPass<"separate-destinations"> {
  let summary = "Gives every use of an empty tensor its own empty tensor";
  let description = [{
    Common subexpression elimination merges all `tensor.empty` of the same type,
    so all layers of one shape have the same destination. One-shot bufferization
    would then compare each pair of their uses, in time that grows with the
    square of the number of layers, to decide which of them may share a buffer.
    This pass gives each use its own empty tensor, next to the user;
    `plan-arena` shares memory between buffers by their lifetimes.

    Before:

    ```mlir
    %e = tensor.empty() : tensor<8xi32>
    %a = linalg.fill ins(%c0 : i32) outs(%e : tensor<8xi32>) -> tensor<8xi32>
    %b = linalg.fill ins(%c1 : i32) outs(%e : tensor<8xi32>) -> tensor<8xi32>
    ```

    After:

    ```mlir
    %e0 = tensor.empty() : tensor<8xi32>
    %a = linalg.fill ins(%c0 : i32) outs(%e0 : tensor<8xi32>) -> tensor<8xi32>
    %e1 = tensor.empty() : tensor<8xi32>
    %b = linalg.fill ins(%c1 : i32) outs(%e1 : tensor<8xi32>) -> tensor<8xi32>
    ```
  }];
  let statistics = [
    Statistic<"numSeparated", "num-separated",
              "Uses that got their own empty tensor">
  ];
}

#endif // QTC_TRANSFORMS_SEPARATE_DESTINATIONS_TD
