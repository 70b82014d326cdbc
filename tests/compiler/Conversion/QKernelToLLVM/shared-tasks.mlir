// Launches of one task, which equal loops share, have one entry function if
// their operands come from the same places, and all launches of a function one
// place for their closures, as large as the largest.

// RUN: qtc-opt %s -convert-qkernel-to-llvm | FileCheck %s

//       CHECK: llvm.mlir.global internal constant @launch_constants(dense<[0, 16, 0, -3, 0]> : tensor<5xi64>)
//       CHECK: llvm.func internal @task_entry(
//   CHECK-NOT: llvm.func internal @task_entry
//       CHECK: llvm.func internal @scaled_entry(
//       CHECK:   %[[NUMBER:.+]] = llvm.trunc %{{.+}} : i64 to i32
//       CHECK:   llvm.call @scaled(%{{.+}}, %{{.+}}, %{{.+}}, %[[NUMBER]])
//       CHECK: llvm.func internal @scaled_entry_1(
//       CHECK:   %[[NUMBER:.+]] = llvm.load %{{.+}} : !llvm.ptr -> i32
//       CHECK:   llvm.call @scaled(%{{.+}}, %{{.+}}, %{{.+}}, %[[NUMBER]])
//       CHECK: llvm.func @qtc_baseline_evaluate(
//       CHECK:   llvm.alloca %{{.+}} x !llvm.array<32 x i8>
//   CHECK-NOT:   llvm.alloca
//       CHECK:   llvm.getelementptr %{{.+}}[8] : (!llvm.ptr) -> !llvm.ptr, i8
//       CHECK:   llvm.mlir.addressof @task_entry
//       CHECK:   %[[TABLE:.+]] = llvm.mlir.addressof @launch_constants
//       CHECK:   llvm.getelementptr %[[TABLE]][8] : (!llvm.ptr) -> !llvm.ptr, i8
//       CHECK:   llvm.mlir.addressof @task_entry
//       CHECK:   llvm.mlir.addressof @scaled_entry :
//       CHECK:   llvm.mlir.addressof @scaled_entry_1 :
func.func private @task(%begin: index, %end: index, %x: memref<64xi8>) {
  return
}
func.func private @scaled(%begin: index, %end: index, %x: memref<64xi8>, %n: i32) {
  return
}
func.func @evaluate(%executor: !llvm.ptr {qtrain.role = #qtrain.role<executor>}, %x: memref<64xi8> {qtrain.role = #qtrain.role<arena>},
                    %step: i32 {qtrain.role = #qtrain.role<step>}) {
  %c16 = arith.constant 16 : index
  %bytes = memref.view %x[%c16][] : memref<64xi8> to memref<48xi8>
  qkernel.launch @task(%x) on %executor : !llvm.ptr count 8 with memref<64xi8>
  qkernel.launch @task(%bytes) on %executor : !llvm.ptr count 8 with memref<48xi8>
  %n = arith.constant -3 : i32
  qkernel.launch @scaled(%x, %n) on %executor : !llvm.ptr count 8 with memref<64xi8>, i32
  qkernel.launch @scaled(%x, %step) on %executor : !llvm.ptr count 8 with memref<64xi8>, i32
  return
}
