// RUN: qtc-opt %s -convert-qkernel-to-llvm -canonicalize -split-input-file | FileCheck %s

// Buffers of a launch are addresses: no descriptor is made of a view of the
// arena, however its bytes are seen, and exponents and maxima are loaded and
// stored where they lie.

// CHECK-LABEL: llvm.func @qtc_baseline_evaluate(
//  CHECK-SAME:   %[[EXECUTOR:[^ ]+]]: !llvm.ptr, %[[STEP:[^ ]+]]: !llvm.ptr)
//   CHECK-NOT:   llvm.insertvalue
//   CHECK-DAG:   %[[C0:.+]] = llvm.mlir.constant(0 : i32) : i32
//       CHECK:   %[[FIELD:.+]] = llvm.getelementptr %[[STEP]][8]
//       CHECK:   %[[ARENA:.+]] = llvm.load %[[FIELD]]
//       CHECK:   %[[MAXIMUM:.+]] = llvm.getelementptr %[[ARENA]][64] : (!llvm.ptr) -> !llvm.ptr, i8
//       CHECK:   llvm.store %[[C0]], %[[MAXIMUM]] : i32, !llvm.ptr
//       CHECK:   %[[BEHIND:.+]] = llvm.getelementptr %[[ARENA]][32]
//       CHECK:   llvm.store %[[BEHIND]]
//       CHECK:   %[[MAXIMUM:.+]] = llvm.getelementptr %[[ARENA]][64]
//       CHECK:   llvm.store %[[MAXIMUM]]
//       CHECK:   llvm.call @qtcrt_parallel_for(
//       CHECK:   %[[MAXIMUM:.+]] = llvm.getelementptr %[[ARENA]][64]
//       CHECK:   llvm.load %[[MAXIMUM]] : !llvm.ptr -> i32
//   CHECK-NOT:   llvm.insertvalue
//       CHECK:   llvm.return
func.func private @task(%begin: index, %end: index, %x: memref<8xi32>, %m: memref<i32>) {
  return
}
func.func private @scale(%begin: index, %end: index, %n: i32) {
  return
}
func.func @evaluate(%executor: !llvm.ptr {qtrain.argument = "executor"}, %arena: memref<128xi8> {qtrain.argument = "arena"}) {
  %c0 = arith.constant 0 : i32
  %c32 = arith.constant 32 : index
  %c64 = arith.constant 64 : index
  %x = memref.view %arena[%c32][] : memref<128xi8> to memref<2x4xi32>
  %flat = memref.collapse_shape %x [[0, 1]] : memref<2x4xi32> into memref<8xi32>
  %m = memref.view %arena[%c64][] : memref<128xi8> to memref<i32>
  memref.store %c0, %m[] : memref<i32>
  qkernel.launch @task(%flat, %m) on %executor : !llvm.ptr count 8 with memref<8xi32>, memref<i32>
  %n = memref.load %m[] : memref<i32>
  qkernel.launch @scale(%n) on %executor : !llvm.ptr count 8 with i32
  return
}

// -----

// Buffers that are no arguments of the step, and what is not launched.

// CHECK-LABEL: llvm.func @qtc_baseline_evaluate(
//   CHECK-DAG:   %[[TABLE:.+]] = llvm.mlir.addressof @table
//   CHECK-DAG:   %[[LOGITS:.+]] = llvm.load %{{.+}} : !llvm.ptr -> !llvm.ptr
//       CHECK:   "llvm.intr.memcpy"(%{{.+}}, %{{.+}},
//       CHECK:   llvm.store %{{.+}}, %{{.+}} : !llvm.ptr, !llvm.ptr
//       CHECK:   llvm.call @qtcrt_parallel_for(
memref.global "private" constant @table : memref<4xi8> = dense<1>
func.func private @task(%begin: index, %end: index, %x: memref<4xi8>) {
  return
}
func.func @evaluate(%executor: !llvm.ptr {qtrain.argument = "executor"}, %logits: memref<4xi8> {qtrain.argument = "logits"}) {
  %table = memref.get_global @table : memref<4xi8>
  memref.copy %table, %logits : memref<4xi8> to memref<4xi8>
  qkernel.launch @task(%table) on %executor : !llvm.ptr count 8 with memref<4xi8>
  return
}
