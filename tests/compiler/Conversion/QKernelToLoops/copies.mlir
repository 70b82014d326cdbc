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

// A loop an input; the second one writes behind the first.

// CHECK-LABEL: func @concat(
//  CHECK-SAME:   %[[A:.+]]: memref<2x3x5x4xi8>, %[[B:.+]]: memref<2x3x5x7xi8>, %[[Y:.+]]: memref<2x3x5x11xi8>)
//        ROWS:   scf.parallel (%[[N:.+]]) = (%c0) to (%c6)
//        ROWS:     scf.for %[[W:.+]] = %c0{{.*}} to %c5
//        ROWS:       scf.for %[[C:.+]] = %c0{{.*}} to %c4
//    ELEMENTS:   scf.parallel (%[[N:.+]], %[[H:.+]], %[[W:.+]], %[[C:.+]]) = (%c0{{.*}}) to (%c2, %c3, %c5, %c4)
//       CHECK:     memref.load %[[A]]
//       CHECK:     memref.store %{{.+}}, %[[Y]]
//       CHECK:   scf.parallel
//       CHECK:     %[[BEHIND:.+]] = arith.addi %[[D:.+]], %c4
//       CHECK:     %[[V:.+]] = memref.load %[[B]][%{{.+}}, %{{.+}}, %{{.+}}, %[[D]]]
//       CHECK:     memref.store %[[V]], %[[Y]][%{{.+}}, %{{.+}}, %{{.+}}, %[[BEHIND]]]
func.func @concat(%a: memref<2x3x5x4xi8>, %b: memref<2x3x5x7xi8>, %y: memref<2x3x5x11xi8>) {
  qkernel.concat ins(%a, %b : memref<2x3x5x4xi8>, memref<2x3x5x7xi8>) outs(%y : memref<2x3x5x11xi8>) {axis = 3 : i64}
  return
}
