//===- AssignLayouts.td - Memory layouts of values ---------*- tablegen -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTC_TRANSFORMS_ASSIGN_LAYOUTS_TD
#define QTC_TRANSFORMS_ASSIGN_LAYOUTS_TD

include "compiler/Support/ModelPass.td"

def AssignLayouts : FunctionPass<"qtrain-assign-layouts"> {
  let summary = "Gives activations and errors a layout with channels innermost";
  let description = [{
    Gives every rank-4 activation and error the `#qtrain.channels_last` layout,
    because contractions reduce over channels, which must be contiguous.
    Parameters, their gradients and running statistics keep the ONNX layout, in
    which they are stored, even where they are reshaped to rank 4.

    Before:

    ```mlir
    %y = qtrain.relu %x : (!qtrain.scaled<tensor<2x3x4x4xi8>>)
         -> !qtrain.scaled<tensor<2x3x4x4xi8>>
    ```

    After:

    ```mlir
    %y = qtrain.relu %x
         : (!qtrain.scaled<tensor<2x3x4x4xi8, #qtrain.channels_last>>)
         -> !qtrain.scaled<tensor<2x3x4x4xi8, #qtrain.channels_last>>
    ```
  }];
  let dependentDialects = ["::qtc::qtrain::QTrainDialect"];
}

#endif // QTC_TRANSFORMS_ASSIGN_LAYOUTS_TD
