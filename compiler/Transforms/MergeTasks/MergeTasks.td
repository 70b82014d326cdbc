//===- MergeTasks.td - Tasks that differ in constants ------*- tablegen -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTC_TRANSFORMS_MERGE_TASKS_TD
#define QTC_TRANSFORMS_MERGE_TASKS_TD

include "compiler/Support/ModelPass.td"

def MergeTasks : ModelPass<"merge-tasks"> {
  let summary = "Merges tasks that differ only in constants";
  let description = [{
    Equal internal functions of the LLVM dialect are merged into one. Functions
    that differ only in constants are merged if there are at least `min-group`
    of them: the constants that differ become arguments, which each caller
    passes. A network with layers of a hundred widths has a hundred copies of
    each element-wise task, and most of the compile time is spent in LLVM.
    Functions that contain vectors are kernels, which are long and which LLVM
    does not optimize much: two of them are merged, if that takes no more than
    16 arguments.

    A constant becomes an argument only where this does not slow the task down
    measurably: 64-bit integers in additions, multiplications, minima, maxima,
    addresses and comparisons, and floats in functions without vectors. Divisors
    and shifts remain constants, and so do the bounds of loops of less than 32
    iterations in functions without vectors, which LLVM may yet vectorize.

    Before:

    ```mlir
    llvm.func internal @a(%n: i64) -> i64 {
      %c = llvm.mlir.constant(64 : i64) : i64
      %0 = llvm.mul %n, %c : i64
      llvm.return %0 : i64
    }
    llvm.func internal @b(%n: i64) -> i64 {
      %c = llvm.mlir.constant(96 : i64) : i64
      %0 = llvm.mul %n, %c : i64
      llvm.return %0 : i64
    }
    ```

    After, with `min-group=2`:

    ```mlir
    llvm.func internal @a(%n: i64, %c: i64) -> i64 {
      %0 = llvm.mul %n, %c : i64
      llvm.return %0 : i64
    }
    ```
  }];
  let options = [
    Option<"minGroup", "min-group", "unsigned", "8",
           "Least number of functions without vectors that are merged by "
           "arguments">
  ];
  let statistics = [
    Statistic<"numMerged", "merged", "Functions replaced by another one">
  ];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect"];
}

#endif // QTC_TRANSFORMS_MERGE_TASKS_TD
