// RUN: qtc-opt %s -convert-qkernel-to-llvm -canonicalize -split-input-file | FileCheck %s

// Buffers of a launch are places in the arena: no descriptor is made of a view
// of it, however its bytes are seen. Their distances are constants, and the
// entry function adds the pointer in qtcrt_step. Exponents and maxima are loaded
// and stored where they lie.

//       CHECK: llvm.mlir.global internal constant @launch_constants(dense<[32, 64]> : tensor<2xi64>) {{.+}}alignment = 8
// CHECK-LABEL: llvm.func internal @task_entry(
//  CHECK-SAME:   %[[CLOSURE:[^ ]+]]: !llvm.ptr, %[[BEGIN:[^ ]+]]: i64, %[[END:[^ ]+]]: i64,
//       CHECK:   %[[CONSTANTS:.+]] = llvm.load %[[CLOSURE]] : !llvm.ptr -> !llvm.ptr
//       CHECK:   %[[FIRST:.+]] = llvm.load %[[CONSTANTS]] : !llvm.ptr -> i64
//       CHECK:   %[[FIELD:.+]] = llvm.getelementptr %[[CLOSURE]][8] : (!llvm.ptr) -> !llvm.ptr, i8
//       CHECK:   %[[STEP:.+]] = llvm.load %[[FIELD]] : !llvm.ptr -> !llvm.ptr
//       CHECK:   %[[FIELD:.+]] = llvm.getelementptr %[[STEP]][8] : (!llvm.ptr) -> !llvm.ptr, i8
//       CHECK:   %[[ARENA:.+]] = llvm.load %[[FIELD]] : !llvm.ptr -> !llvm.ptr
//       CHECK:   %[[X:.+]] = llvm.getelementptr %[[ARENA]][%[[FIRST]]] : (!llvm.ptr, i64) -> !llvm.ptr, i8
//       CHECK:   %[[AT:.+]] = llvm.getelementptr %[[CONSTANTS]][8] : (!llvm.ptr) -> !llvm.ptr, i8
//       CHECK:   %[[SECOND:.+]] = llvm.load %[[AT]] : !llvm.ptr -> i64
//       CHECK:   %[[M:.+]] = llvm.getelementptr %[[ARENA]][%[[SECOND]]] : (!llvm.ptr, i64) -> !llvm.ptr, i8
//       CHECK:   llvm.call @task(%[[BEGIN]], %[[END]], %[[X]], %[[M]])
// CHECK-LABEL: llvm.func internal @scale_entry(
//       CHECK:   %[[FIELD:.+]] = llvm.getelementptr %{{.+}}[16] : (!llvm.ptr) -> !llvm.ptr, i8
//       CHECK:   %[[N:.+]] = llvm.load %[[FIELD]] : !llvm.ptr -> i32
//       CHECK:   llvm.call @scale(%{{.+}}, %{{.+}}, %[[N]])
// CHECK-LABEL: llvm.func @qtc_baseline_evaluate(
//  CHECK-SAME:   %[[EXECUTOR:[^ ]+]]: !llvm.ptr, %[[STEP:[^ ]+]]: !llvm.ptr)
//   CHECK-NOT:   llvm.insertvalue
//   CHECK-DAG:   %[[TABLE:.+]] = llvm.mlir.addressof @launch_constants
//   CHECK-DAG:   %[[C0:.+]] = llvm.mlir.constant(0 : i32) : i32
//       CHECK:   %[[CLOSURE:.+]] = llvm.alloca %{{.+}} x !llvm.array<32 x i8> {alignment = 8 : i64}
//       CHECK:   %[[AT:.+]] = llvm.getelementptr %[[CLOSURE]][8]
//       CHECK:   llvm.store %[[STEP]], %[[AT]]
//       CHECK:   %[[FIELD:.+]] = llvm.getelementptr %[[STEP]][8]
//       CHECK:   %[[ARENA:.+]] = llvm.load %[[FIELD]]
//       CHECK:   %[[MAXIMUM:.+]] = llvm.getelementptr %[[ARENA]][64] : (!llvm.ptr) -> !llvm.ptr, i8
//       CHECK:   llvm.store %[[C0]], %[[MAXIMUM]] : i32, !llvm.ptr
//  CHECK-NEXT:   llvm.store %[[TABLE]], %[[CLOSURE]]
//  CHECK-NEXT:   llvm.call @qtcrt_parallel_for(
//       CHECK:   %[[MAXIMUM:.+]] = llvm.getelementptr %[[ARENA]][64]
//       CHECK:   %[[NUMBER:.+]] = llvm.load %[[MAXIMUM]] : !llvm.ptr -> i32
//       CHECK:   %[[AT:.+]] = llvm.getelementptr %[[CLOSURE]][16]
//       CHECK:   llvm.store %[[NUMBER]], %[[AT]]
//   CHECK-NOT:   llvm.insertvalue
//       CHECK:   llvm.return
func.func private @task(%begin: index, %end: index, %x: memref<8xi32>, %m: memref<i32>) {
  return
}
func.func private @scale(%begin: index, %end: index, %n: i32) {
  return
}
func.func @evaluate(%executor: !llvm.ptr {qtrain.role = #qtrain.role<executor>}, %arena: memref<128xi8> {qtrain.role = #qtrain.role<arena>}) {
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
func.func @evaluate(%executor: !llvm.ptr {qtrain.role = #qtrain.role<executor>}, %logits: memref<4xi8> {qtrain.role = #qtrain.role<prediction>}) {
  %table = memref.get_global @table : memref<4xi8>
  memref.copy %table, %logits : memref<4xi8> to memref<4xi8>
  qkernel.launch @task(%table) on %executor : !llvm.ptr count 8 with memref<4xi8>
  return
}
