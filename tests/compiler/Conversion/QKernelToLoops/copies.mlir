// RUN: qtc-opt %s -convert-qkernel-to-loops | FileCheck %s --check-prefixes=CHECK,ROWS
// RUN: qtc-opt %s -convert-qkernel-to-loops=elements | FileCheck %s --check-prefixes=CHECK,ELEMENTS

// What is outside of the source is 0; what cannot be needs no question.

// CHECK-LABEL: func @padded(
//  CHECK-SAME:   %[[X:.+]]: memref<8x10xi8>, %[[Y:.+]]: memref<8x16xi8>)
//        ROWS:   scf.parallel (%{{.+}}) = (%{{.+}}) to (%c128)
//    ELEMENTS:   scf.parallel (%[[I:.+]], %[[J:.+]]) = (%c0, %c0) to (%c8, %c16)
//       CHECK:     %[[INSIDE:.+]] = arith.cmpi ult, %{{.+}}, %c10 : index
//   CHECK-NOT:     arith.cmpi
//       CHECK:     %[[V:.+]] = scf.if %[[INSIDE]]
//       CHECK:       memref.load %[[X]]
//       CHECK:     memref.store %[[V]], %[[Y]]
func.func @padded(%x: memref<8x10xi8>, %y: memref<8x16xi8>) {
  qkernel.mapped_copy ins(%x : memref<8x10xi8>) outs(%y : memref<8x16xi8>) {map = affine_map<(i, j) -> (i, j)>}
  return
}

// Transpositions in whole runs wait for a kernel with shared memory.

// CHECK-LABEL: func @transposition(
//        ROWS:   scf.parallel
//    ELEMENTS:   qkernel.mapped_copy
func.func @transposition(%x: memref<20x4x4xi8>, %y: memref<4x4x32xi8>) {
  qkernel.mapped_copy ins(%x : memref<20x4x4xi8>) outs(%y : memref<4x4x32xi8>) {map = affine_map<(h, w, n) -> (n, h, w)>}
  return
}
