//===- PlanArena.td - Places of buffers in one arena -------*- tablegen -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTC_TRANSFORMS_PLAN_ARENA_TD
#define QTC_TRANSFORMS_PLAN_ARENA_TD

include "compiler/Support/ModelPass.td"

def PlanArena : FunctionPass<"plan-arena"> {
  let summary = "Gives every allocation a place in one static arena";
  let description = [{
    Replaces `memref.alloc` by views of a new argument, a memref of bytes marked
    `qtrain.role = #qtrain.role<arena>`, whose static size is the memory that the
    function needs. The lifetime of a buffer is from the first to the last
    operation of the body that uses it. Buffers whose lifetimes do not overlap
    may share a place: buffers are placed in order of decreasing size, each in
    the lowest gap that fits. Places are aligned to 64 bytes, a cache line.

    Before:

    ```mlir
    func.func @f() {
      %a = memref.alloc() : memref<16xi32>
      "test.use"(%a) : (memref<16xi32>) -> ()
      return
    }
    ```

    After:

    ```mlir
    func.func @f(%arena: memref<64xi8> {qtrain.role = #qtrain.role<arena>}) {
      %c0 = arith.constant 0 : index
      %a = memref.view %arena[%c0][] : memref<64xi8> to memref<16xi32>
      "test.use"(%a) : (memref<16xi32>) -> ()
      return
    }
    ```
  }];
  let statistics = [
    Statistic<"numBuffers", "num-buffers", "Buffers placed">,
    Statistic<"arenaBytes", "arena-bytes", "Bytes of the arena">
  ];
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::memref::MemRefDialect",
                           "::qtc::qtrain::QTrainDialect"];
}

#endif // QTC_TRANSFORMS_PLAN_ARENA_TD
