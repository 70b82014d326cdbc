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

// The correction is a dot product with 128 in every byte.

// CHECK-LABEL: func @weight
//       CHECK:   scf.parallel
//       CHECK:     memref.load
//       CHECK:     memref.store
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

// CHECK-LABEL: func @gradient
//       CHECK:   memref.store %{{.+}}, %[[MAX:.+]][]
//       CHECK:   scf.parallel
//       CHECK:     %[[A:.+]] = vector.load
//       CHECK:     %[[SUM:.+]] = arith.addi {{.+}} : vector<16xi32>
//       CHECK:     vector.extract %[[SUM]][0]
//       CHECK:     memref.atomic_rmw maxs
func.func @gradient(%p: memref<2x3x3x4x16xi32>, %g: memref<16x4x3x3xi32>,
                    %max: memref<i32>) {
  qkernel.unpack_weight ins(%p : memref<2x3x3x4x16xi32>)
    outs(%g, %max : memref<16x4x3x3xi32>, memref<i32>)
  return
}
