//===- FuseElementwise.td - Fused element loops ------------*- tablegen -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTC_TRANSFORMS_FUSE_ELEMENTWISE_TD
#define QTC_TRANSFORMS_FUSE_ELEMENTWISE_TD

include "compiler/Support/ModelPass.td"

def FuseElementwise : FunctionPass<"fuse-elementwise"> {
  let summary = "Fuses element-wise operations into their only user";
  let description = [{
    Fuses every `linalg.generic` that has a single user into this user, with
    upstream's patterns. Users that only store the result do not count: the
    fused operation still returns it, as a second result (momentum, then the
    parameter). Unlike `linalg-fuse-elementwise-ops`, the pass does not move
    reshapes through operations: these work on flattened tensors on purpose,
    because one long loop vectorizes and a nest with a short innermost dimension
    does not. Reshapes that cancel are removed. A producer of fewer elements
    than its user is not fused, because it would be computed again for each
    element of the user.

    Before:

    ```mlir
    %a = linalg.generic ... ins(%acc : tensor<8xi32>) ... -> tensor<8xi8>
    %e = tensor.expand_shape %a [[0, 1]] output_shape [2, 4]
         : tensor<8xi8> into tensor<2x4xi8>
    %c = tensor.collapse_shape %e [[0, 1]]
         : tensor<2x4xi8> into tensor<8xi8>
    %r = linalg.generic ... ins(%c : tensor<8xi8>) ... -> tensor<8xi8>
    ```

    After:

    ```mlir
    %r = linalg.generic ... ins(%acc : tensor<8xi32>) ... -> tensor<8xi8>
    ```
  }];
  let dependentDialects = ["::mlir::linalg::LinalgDialect",
                           "::mlir::tensor::TensorDialect"];
}

#endif // QTC_TRANSFORMS_FUSE_ELEMENTWISE_TD
