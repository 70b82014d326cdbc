//===- HoistPools.td - Pools before activations ------------*- tablegen -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTC_TRANSFORMS_HOIST_POOLS_TD
#define QTC_TRANSFORMS_HOIST_POOLS_TD

include "mlir/Pass/PassBase.td"

def HoistPools : Pass<"qtrain-hoist-pools", "::mlir::func::FuncOp"> {
  let summary = "Moves maximum pools in front of rectified linear units";
  let description = [{
    A maximum and a rectified linear unit commute, so a pool behind a unit may as
    well stand in front of it, with a fraction of the elements left for the unit.
    Their gradients change places alike: an error that the unit would stop is
    stopped before it is scattered; any other reaches the first maximum, which is
    the same on both sides of the unit. For schemes that quantize behind the unit
    this is also the order that they define.

    Nothing happens if anything else looks at the unit's result.

    Before:

    ```mlir
    %r = qtrain.relu %x ...
    %y = qtrain.max_pool2d %r ...
    ...
    %er = qtrain.max_pool2d_gradient %r, %ey ...
    %ex = qtrain.relu_gradient %r, %er ...
    ```

    After:

    ```mlir
    %p = qtrain.max_pool2d %x ...
    %y = qtrain.relu %p ...
    ...
    %ep = qtrain.relu_gradient %y, %ey ...
    %ex = qtrain.max_pool2d_gradient %x, %ep ...
    ```
  }];
  let statistics = [Statistic<"numHoisted", "num-hoisted", "Pools moved">];
  let dependentDialects = ["::qtc::qtrain::QTrainDialect"];
}

#endif // QTC_TRANSFORMS_HOIST_POOLS_TD
