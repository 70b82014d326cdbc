//===- HoistPools.td - Pools before activations ------------*- tablegen -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTC_TRANSFORMS_HOIST_POOLS_TD
#define QTC_TRANSFORMS_HOIST_POOLS_TD

include "compiler/Support/ModelPass.td"

def HoistPools : FunctionPass<"qtrain-hoist-pools"> {
  let summary = "Moves maximum pools before rectified linear units";
  let description = [{
    A maximum and a rectified linear unit commute, so a pool after a unit is
    moved before it, which leaves fewer elements for the unit. The pass runs on
    the model, before there are gradients: an error that the unit blocks is then
    blocked before it is scattered, and any other error reaches the first
    maximum, which is the same before and after the unit. WAGE, which quantizes
    after the unit, defines this order (`wage.md` 2.6).

    The pass does not move a pool if the unit's result has other users.

    Before:

    ```mlir
    %r = qtrain.relu %x ...
    %y = qtrain.max_pool2d %r ...
    ```

    After:

    ```mlir
    %p = qtrain.max_pool2d %x ...
    %y = qtrain.relu %p ...
    ```
  }];
  let statistics = [Statistic<"numHoisted", "num-hoisted", "Pools moved">];
  let dependentDialects = ["::qtc::qtrain::QTrainDialect"];
}

#endif // QTC_TRANSFORMS_HOIST_POOLS_TD
