// Launches of one task, which equal loops share, have one entry function, and
// all launches of a function one place for their closures: the largest is a
// pointer and a 32-bit integer.

// RUN: qtc-opt %s -convert-qkernel-to-llvm | FileCheck %s


//       CHECK: llvm.func internal @task_entry(
//   CHECK-NOT: llvm.func internal @task_entry
//       CHECK: llvm.func @qtc_baseline_evaluate(
//       CHECK:   llvm.alloca %{{.+}} x !llvm.array<16 x i8>
//   CHECK-NOT:   llvm.alloca
func.func private @task(%begin: index, %end: index, %x: memref<64xi8>) {
  return
}
func.func private @scaled(%begin: index, %end: index, %x: memref<64xi8>, %n: i32) {
  return
}
func.func @evaluate(%executor: !llvm.ptr {qtrain.argument = "executor"}, %x: memref<64xi8> {qtrain.argument = "arena"}) {
  qkernel.launch @task(%x) on %executor : !llvm.ptr count 8 with memref<64xi8>
  qkernel.launch @task(%x) on %executor : !llvm.ptr count 8 with memref<64xi8>
  %n = arith.constant 3 : i32
  qkernel.launch @scaled(%x, %n) on %executor : !llvm.ptr count 8 with memref<64xi8>, i32
  return
}
