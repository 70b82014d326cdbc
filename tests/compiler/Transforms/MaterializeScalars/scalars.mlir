// RUN: qtc-opt %s -materialize-scalars -split-input-file | FileCheck %s

// The example of the pass: a shift computed between two loops is computed in a
// loop of one iteration and travels in a buffer.

// CHECK-LABEL: func @f(
//  CHECK-SAME:   %[[X:.+]]: memref<8xi32>, %[[MAX:.+]]: memref<i32>)
//       CHECK:   %[[SLOT:.+]] = memref.alloc() : memref<i32>
//       CHECK:   scf.parallel (%{{.+}}) = (%[[C0:.+]]) to (%[[C1:.+]]) step (%[[C1]])
//       CHECK:     %[[M:.+]] = memref.load %[[MAX]][]
//       CHECK:     %[[SHIFT:.+]] = arith.subi %[[M]], %{{.+}} : i32
//       CHECK:     memref.store %[[SHIFT]], %[[SLOT]][]
//       CHECK:   } {qkernel.kind = "scalar"}
//       CHECK:   scf.parallel (%[[I:.+]]) =
//       CHECK:     %[[LOADED:.+]] = memref.load %[[SLOT]][]
//       CHECK:     memref.store %[[LOADED]], %[[X]][%[[I]]]
func.func @f(%x: memref<8xi32>, %max: memref<i32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c8 = arith.constant 8 : index
  %c7_i32 = arith.constant 7 : i32
  %m = memref.load %max[] : memref<i32>
  %shift = arith.subi %m, %c7_i32 : i32
  scf.parallel (%i) = (%c0) to (%c8) step (%c1) {
    memref.store %shift, %x[%i] : memref<8xi32>
  }
  return
}

// -----

// Scalar arguments become buffers. Scalars that loops do not see need no
// buffer; one that a later scalar loop uses does.

// CHECK-LABEL: func @arguments(
//  CHECK-SAME:   %[[X:.+]]: memref<8xi64>, %[[SEED:.+]]: memref<i64> {qtrain.role = #qtrain.role<seed>}, %[[OUT:.+]]: memref<i64>)
//       CHECK:   %[[SLOT:.+]] = memref.alloc() : memref<i64>
//   CHECK-NOT:   memref.alloc()
//       CHECK:   scf.parallel
//       CHECK:     %[[FIRST:.+]] = memref.load %[[SEED]][]
//       CHECK:     %[[TWICE:.+]] = arith.addi %[[FIRST]], %[[FIRST]]
//       CHECK:     %[[FOUR:.+]] = arith.addi %[[TWICE]], %[[TWICE]]
//       CHECK:     memref.store %[[FOUR]], %[[SLOT]][]
//       CHECK:   scf.parallel
//       CHECK:     %[[SECOND:.+]] = memref.load %[[SEED]][]
//       CHECK:     memref.store %[[SECOND]], %[[X]]
//       CHECK:   scf.parallel
//       CHECK:     %[[LATER:.+]] = memref.load %[[SLOT]][]
//       CHECK:     memref.store %[[LATER]], %[[OUT]][]
func.func @arguments(%x: memref<8xi64>, %seed: i64 {qtrain.role = #qtrain.role<seed>},
                     %out: memref<i64>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c8 = arith.constant 8 : index
  %twice = arith.addi %seed, %seed : i64
  %four = arith.addi %twice, %twice : i64
  scf.parallel (%i) = (%c0) to (%c8) step (%c1) {
    memref.store %seed, %x[%i] : memref<8xi64>
  }
  memref.store %four, %out[] : memref<i64>
  return
}
