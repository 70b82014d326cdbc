// RUN: qtc-opt %s -convert-contract-to-vector=isa=avx512vnni -cse | FileCheck %s

// One iteration a row, with its padding; signed bytes become unsigned.

// CHECK-LABEL: func @activation
//       CHECK:   %[[IN:.+]] = memref.collapse_shape
//       CHECK:   scf.parallel (%[[ROW:.+]]) = (%c0) to (%c64)
//       CHECK:     scf.if
//       CHECK:       %[[BYTES:.+]] = vector.load %[[IN]]
//       CHECK:       %[[PACKED:.+]] = arith.xori %[[BYTES]]
//       CHECK:       vector.store %[[PACKED]]
//       CHECK:     } else {
//       CHECK:       vector.store
//       CHECK:   } {qkernel.kind = "pack"}
func.func @activation(%x: memref<8x6x6x16xi8>, %p: memref<8256xi8>) {
  qkernel.pack_activation ins(%x : memref<8x6x6x16xi8>)
    outs(%p : memref<8256xi8>) {block = 16 : i64, channels = 16 : i64,
     dilation = array<i64: 1, 1>, interleave = 1 : i64, offset,
     pads = array<i64: 1, 1, 1, 1>, qkernel.kind = "pack"}
  return
}

// Byte i of a word is that of image i.

// CHECK-LABEL: func @interleaved
//       CHECK:   arith.extui {{.+}} : vector<16xi8> to vector<16xi32>
//       CHECK:   arith.shli
//       CHECK:   arith.ori
//       CHECK:   vector.bitcast {{.+}} : vector<16xi32> to vector<64xi8>
func.func @interleaved(%x: memref<8x6x6x16xi8>, %p: memref<4672xi8>) {
  qkernel.pack_activation ins(%x : memref<8x6x6x16xi8>)
    outs(%p : memref<4672xi8>) {block = 16 : i64, channels = 16 : i64,
     dilation = array<i64: 1, 1>, interleave = 4 : i64,
     pads = array<i64: 0, 0, 0, 0>}
  return
}

// Whole vectors of columns: 16 bytes of four elements of each are transposed
// to words, and their bytes to positions of the kernel. The columns of the last
// vector are packed byte by byte. The correction is a dot product with 128 in
// every byte.

// CHECK-LABEL: func @weight
//       CHECK:   scf.parallel
//       CHECK:     %[[LEFT:.+]] = scf.if {{.+}} -> (index)
//       CHECK:       %[[BLOCK:.+]] = vector.load {{.+}} : memref<{{.+}}xi8>, vector<16xi8>
//       CHECK:       vector.bitcast %[[BLOCK]] : vector<16xi8> to vector<4xi32>
//       CHECK:       vector.shuffle {{.+}} [0, 16, 1, 17, 4, 20, 5, 21, 8, 24, 9, 25, 12, 28, 13, 29] : vector<16xi32>, vector<16xi32>
//       CHECK:       arith.shrui {{.+}} : vector<16xi32>
//   CHECK-NOT:       memref.load
//       CHECK:       vector.store {{.+}} vector<64xi8>
//       CHECK:     else
//       CHECK:     scf.for %{{.+}} = %[[LEFT]] to
// CHECK-COUNT-4:       memref.load
//   CHECK-NOT:       memref.load
//       CHECK:     %[[SUM:.+]] = scf.for
//       CHECK:       vpdpbusd
//       CHECK:     %[[START:.+]] = arith.subi %{{.+}}, %[[SUM]]
//       CHECK:     vector.store %[[START]]
func.func @weight(%w: memref<20x4x3x3xi8>, %p: memref<1152xi8>,
                  %start: memref<32xi32>) {
  qkernel.pack_weight ins(%w : memref<20x4x3x3xi8>)
    outs(%p, %start : memref<1152xi8>, memref<32xi32>)
    {order = #qkernel.weight_order<forward_merged>, panel = 32 : i64}
  return
}

// Corrections of each class of kernel positions, for both groups

// CHECK-LABEL: func @classes
//       CHECK:   scf.parallel (%{{.+}}) = (%c0) to (%c2)
// CHECK-COUNT-4:   vector.store %{{.+}}, %arg2
func.func @classes(%w: memref<20x4x3x3xi8>, %p: memref<3456xi8>,
                   %start: memref<128xi32>) {
  qkernel.pack_weight ins(%w : memref<20x4x3x3xi8>)
    outs(%p, %start : memref<3456xi8>, memref<128xi32>)
    {classes = array<i64: 2, 2>, group = 2 : i64,
     order = #qkernel.weight_order<flipped>, panel = 16 : i64}
  return
}

// Groups of four are left to the byte loop where 16 bytes would reach behind
// the weights: in the last vector of columns the last one.

// CHECK-LABEL: func @reach
//       CHECK:   %[[LAST:.+]] = arith.cmpi eq, %{{.+}}, %c16
//       CHECK:   %[[UPPER:.+]] = arith.select %[[LAST]], %c1{{.*}}, %c2
//       CHECK:   scf.for %{{.+}} = %c0 to %[[UPPER]]
//       CHECK:   scf.for %{{.+}} = %[[UPPER]] to %c2
func.func @reach(%w: memref<32x8x3x3xi8>, %p: memref<2304xi8>) {
  qkernel.pack_weight ins(%w : memref<32x8x3x3xi8>) outs(%p : memref<2304xi8>)
    {order = #qkernel.weight_order<forward_merged>, panel = 32 : i64}
  return
}

// Linear layers: words of the run are transposed forward, rows of four outputs
// interleaved backward.

// CHECK-LABEL: func @linear
//       CHECK:   scf.parallel
//   CHECK-NOT:     memref.load
//       CHECK:     vector.shuffle
//       CHECK:     vector.bitcast {{.+}} : vector<16xi32> to vector<64xi8>
//       CHECK:   scf.parallel
//       CHECK:     arith.extui {{.+}} : vector<16xi8> to vector<16xi32>
func.func @linear(%w: memref<16x32x1x1xi8>, %f: memref<512xi8>,
                  %b: memref<512xi8>) {
  qkernel.pack_weight ins(%w : memref<16x32x1x1xi8>) outs(%f : memref<512xi8>)
    {order = #qkernel.weight_order<forward_image>, panel = 16 : i64}
  qkernel.pack_weight ins(%w : memref<16x32x1x1xi8>) outs(%b : memref<512xi8>)
    {order = #qkernel.weight_order<pointwise>, panel = 32 : i64}
  return
}

// Four elements of each channel are one store.

// CHECK-LABEL: func @gradient
//       CHECK:   memref.store %{{.+}}, %[[MAX:.+]][]
//       CHECK:   scf.parallel
//       CHECK:     vector.load
//       CHECK:     arith.addi {{.+}} : vector<16xi32>
//       CHECK:     %[[ROW:.+]] = vector.shuffle {{.+}} [0, 1, 2, 3] : vector<16xi32>, vector<16xi32>
//       CHECK:     vector.store %[[ROW]]
//       CHECK:     vector.shuffle {{.+}} [12, 13, 14, 15] : vector<16xi32>, vector<16xi32>
//       CHECK:     memref.atomic_rmw maxs
func.func @gradient(%p: memref<2x3x3x4x16xi32>, %g: memref<16x4x3x3xi32>,
                    %max: memref<i32>) {
  qkernel.unpack_weight ins(%p : memref<2x3x3x4x16xi32>)
    outs(%g, %max : memref<16x4x3x3xi32>, memref<i32>)
  return
}

// Sums that may leave 32 bits: parts are added in 64, then 128 times the sum of
// errors is taken out, and the rest is clamped.

// CHECK-LABEL: func @long_gradient
//  CHECK-SAME:   (%{{.+}}: memref<2x3x3x4x16xi32>, %[[E:.+]]: memref<16xi32>,
//       CHECK:   scf.parallel
//       CHECK:     arith.addi {{.+}} : vector<16xi64>
//       CHECK:     vector.load %[[E]]
//       CHECK:     %[[OFFSET:.+]] = arith.constant dense<128> : vector<16xi64>
//       CHECK:     arith.muli %{{.+}}, %[[OFFSET]]
//       CHECK:     arith.subi {{.+}} : vector<16xi64>
//       CHECK:     %[[UPPER:.+]] = arith.constant dense<2147483647> : vector<16xi64>
//       CHECK:     arith.minsi %{{.+}}, %[[UPPER]]
//       CHECK:     %[[LOWER:.+]] = arith.constant dense<-2147483647> : vector<16xi64>
//       CHECK:     arith.maxsi %{{.+}}, %[[LOWER]]
//       CHECK:     arith.trunci {{.+}} : vector<16xi64> to vector<16xi32>
func.func @long_gradient(%p: memref<2x3x3x4x16xi32>, %e: memref<16xi32>,
                         %g: memref<16x4x3x3xi32>) {
  qkernel.unpack_weight ins(%p : memref<2x3x3x4x16xi32>) error_sums(%e : memref<16xi32>)
    outs(%g : memref<16x4x3x3xi32>) {saturate}
  return
}
