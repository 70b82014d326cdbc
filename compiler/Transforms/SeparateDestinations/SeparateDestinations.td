//===- SeparateDestinations.td - One result, one buffer ----*- tablegen -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTC_TRANSFORMS_SEPARATE_DESTINATIONS_TD
#define QTC_TRANSFORMS_SEPARATE_DESTINATIONS_TD

include "mlir/Pass/PassBase.td"

def SeparateDestinations
    : Pass<"separate-destinations", "::mlir::func::FuncOp"> {
  let summary = "Gives every use of an empty tensor one of its own";
  let description = [{
    Common subexpression elimination makes one `tensor.empty` of all that have
    the same type, and so the destination of every layer of one shape.
    One-shot bufferization would have to compare each pair of their uses, in
    time that grows with the square of the number of layers, to find which of
    them may share one buffer. Here each use gets an empty tensor of its own,
    next to the user; `plan-arena` finds places that buffers share, from their
    lifetimes.

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
    Statistic<"numSeparated", "num-separated", "Uses that got an empty tensor of their own">
  ];
}

#endif // QTC_TRANSFORMS_SEPARATE_DESTINATIONS_TD
