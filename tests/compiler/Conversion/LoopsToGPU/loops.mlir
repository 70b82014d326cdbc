// RUN: qtc-opt %s -convert-loops-to-gpu -split-input-file | FileCheck %s

// The example of the pass: one thread an iteration, the last block guarded.

// CHECK-LABEL: func @guarded(
//  CHECK-SAME:   %[[X:.+]]: memref<1000xi8>)
//   CHECK-DAG:   %[[BLOCKS:.+]] = arith.constant 4 : index
//   CHECK-DAG:   %[[THREADS:.+]] = arith.constant 256 : index
//       CHECK:   gpu.launch blocks(%[[B:[^,]+]], %{{[^)]+}}) in (%{{[^ ]+}} = %[[BLOCKS]],
//  CHECK-SAME:     threads(%[[T:[^,]+]], %{{[^)]+}}) in (%{{[^ ]+}} = %[[THREADS]],
//   CHECK-DAG:     %[[VALUE:.+]] = arith.constant 3 : i8
//       CHECK:     %[[FIRST:.+]] = arith.muli %[[B]], %{{.+}} : index
//       CHECK:     %[[I:.+]] = arith.addi %[[FIRST]], %[[T]] : index
//       CHECK:     %[[EXISTS:.+]] = arith.cmpi ult, %[[I]], %{{.+}} : index
//       CHECK:     scf.if %[[EXISTS]]
//       CHECK:       memref.store %[[VALUE]], %[[X]][%[[I]]]
//       CHECK:     gpu.terminator
func.func @guarded(%x: memref<1000xi8>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c1000 = arith.constant 1000 : index
  %v = arith.constant 3 : i8
  scf.parallel (%i) = (%c0) to (%c1000) step (%c1) {
    memref.store %v, %x[%i] : memref<1000xi8>
  }
  return
}

// -----

// Iterations of two dimensions are counted in row-major order. Whole blocks
// need no guard; stack is taken by every thread.

// CHECK-LABEL: func @nest(
//  CHECK-SAME:   %[[X:.+]]: memref<64x8xi8>)
//       CHECK:   gpu.launch
//       CHECK:     %[[LINEAR:.+]] = arith.addi
//   CHECK-NOT:     scf.if
//       CHECK:     %[[STACK:.+]] = memref.alloca
//       CHECK:     %[[EIGHT:.+]] = arith.constant 8 : index
//       CHECK:     %[[J:.+]] = arith.remui %[[LINEAR]], %[[EIGHT]]
//       CHECK:     %[[I:.+]] = arith.divui %[[LINEAR]], %[[EIGHT]]
//       CHECK:     %[[VALUE:.+]] = memref.load %[[STACK]][]
//       CHECK:     memref.store %[[VALUE]], %[[X]][%[[I]], %[[J]]]
func.func @nest(%x: memref<64x8xi8>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c8 = arith.constant 8 : index
  %c64 = arith.constant 64 : index
  scf.parallel (%i, %j) = (%c0, %c0) to (%c64, %c8) step (%c1, %c1) {
    %stack = memref.alloca() : memref<i8>
    %v = memref.load %stack[] : memref<i8>
    memref.store %v, %x[%i, %j] : memref<64x8xi8>
  }
  return
}

// -----

// A thread of a long loop runs four neighbouring iterations, loads before
// stores, so that its accesses are wide.

// CHECK-LABEL: func @wide(
//  CHECK-SAME:   %[[X:.+]]: memref<524288x4xi32>, %[[Y:.+]]: memref<524288x4xi8>)
//       CHECK:   gpu.launch blocks({{.*}}) in (%{{.*}} = %c2048
//   CHECK-NOT:     scf.if
//       CHECK:     %[[J:.+]] = arith.muli %{{.*}}, %{{.*}} : index
// CHECK-COUNT-4:   memref.load %[[X]]
// CHECK-COUNT-4:   arith.trunci
// CHECK-COUNT-4:   memref.store %{{.*}}, %[[Y]]
func.func @wide(%x: memref<524288x4xi32>, %y: memref<524288x4xi8>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  %c524288 = arith.constant 524288 : index
  scf.parallel (%i, %j) = (%c0, %c0) to (%c524288, %c4) step (%c1, %c1) {
    %v = memref.load %x[%i, %j] : memref<524288x4xi32>
    %t = arith.trunci %v : i32 to i8
    memref.store %t, %y[%i, %j] : memref<524288x4xi8>
  }
  return
}
