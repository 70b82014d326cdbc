// Launches of one task, which equal loops share, have one entry function.

// RUN: qtc-opt %s -convert-qkernel-to-llvm | FileCheck %s


//       CHECK: llvm.func internal @task_entry(
//   CHECK-NOT: llvm.func internal @task_entry
func.func private @task(%begin: index, %end: index, %x: memref<64xi8>) {
  return
}
func.func @evaluate(%executor: !llvm.ptr {qtrain.argument = "executor"}, %x: memref<64xi8> {qtrain.argument = "arena"}) {
  qkernel.launch @task(%x) on %executor : !llvm.ptr count 8 with memref<64xi8>
  qkernel.launch @task(%x) on %executor : !llvm.ptr count 8 with memref<64xi8>
  return
}
