// RUN: qtc-opt %s -convert-contract-to-vector=isa=avx512vnni -cse | FileCheck %s
// RUN: qtc-opt %s -convert-contract-to-vector=isa=avx2 -cse \
// RUN:   | FileCheck %s --check-prefix=AVX2

// A tile of floats: a row's element in all lanes, one multiply-add a vector.
// There is no maximum, and a bias is added as it is.

//   CHECK-LABEL: func @contract
//    CHECK-SAME:   (%[[A:.+]]: memref<1024xf32>, %[[B:.+]]: memref<256xf32>, %[[BIAS:.+]]: memref<16xf32>
//     CHECK-NOT:   memref.store
//         CHECK:   scf.parallel
//         CHECK:     %[[SUM:.+]]:15 = scf.for {{.+}} -> (index, vector<16xf32>,
//         CHECK:       %[[COLUMNS:.+]] = vector.load %[[B]][{{.+}}] : memref<256xf32>, vector<16xf32>
//         CHECK:       %[[X:.+]] = memref.load %[[A]]
//         CHECK:       %[[ROW:.+]] = vector.broadcast %[[X]] : f32 to vector<16xf32>
//         CHECK:       vector.fma %[[ROW]], %[[COLUMNS]], %{{.+}} : vector<16xf32>
// CHECK-COUNT-13:       vector.fma
//         CHECK:     %[[ADDED:.+]] = vector.load %[[BIAS]]
//         CHECK:     arith.addf %[[SUM]]#1, %[[ADDED]] : vector<16xf32>
//     CHECK-NOT:     minsi
//     CHECK-NOT:     scf.if
//     CHECK-NOT:   atomic_rmw
//         CHECK:   } {qkernel.kind = "conv2d", qkernel.macs = 16384 : i64}

// AVX2: %{{.+}}:13 = scf.for {{.+}} -> (index, vector<8xf32>,
func.func @contract(%a: memref<1024xf32>, %b: memref<256xf32>,
                    %bias: memref<16xf32>, %acc: memref<64x16xf32>) {
  qkernel.contract ins(%a, %b : memref<1024xf32>, memref<256xf32>) bias(%bias : memref<16xf32>)
    outs(%acc : memref<64x16xf32>)
    {contraction = #qkernel.contraction<rows = [64] strides [16],
     steps = [16] a [1] b [16], columns = 16 panel 16 stride 256>,
     qkernel.kind = "conv2d", qkernel.macs = 16384 : i64}
  return
}

// Partial sums are added in one order, whatever the tasks.

// CHECK-LABEL: func @unpack
//       CHECK:   scf.for {{.+}} iter_args(%[[SUM:.+]] = %{{.+}}) -> (vector<16xf32>)
//       CHECK:     %[[PART:.+]] = vector.load
//       CHECK:     arith.addf %[[SUM]], %[[PART]] : vector<16xf32>
//   CHECK-NOT:   atomic_rmw
func.func @unpack(%p: memref<3x3x3x4x16xf32>, %g: memref<16x4x3x3xf32>) {
  qkernel.unpack_weight ins(%p : memref<3x3x3x4x16xf32>)
    outs(%g : memref<16x4x3x3xf32>) {qkernel.kind = "pack"}
  return
}

// Words of weights are single floats: they are transposed, not interleaved.

// CHECK-LABEL: func @weight
//       CHECK:   vector.load %{{.+}} : memref<576xf32>, vector<4xf32>
//   CHECK-NOT:   arith.shli
//       CHECK:   vector.store %{{.+}} : memref<576xf32>, vector<16xf32>
func.func @weight(%w: memref<16x4x3x3xf32>, %p: memref<576xf32>) {
  qkernel.pack_weight ins(%w : memref<16x4x3x3xf32>) outs(%p : memref<576xf32>)
    {order = #qkernel.weight_order<forward_merged>, panel = 16 : i64, qkernel.kind = "pack"}
  return
}

// CHECK-LABEL: func @activation
//   CHECK-DAG:   %[[ZERO:.+]] = arith.constant dense<0.000000e+00> : vector<16xf32>
//       CHECK:   vector.store %[[ZERO]], %{{.+}} : memref<1168xf32>, vector<16xf32>
//       CHECK:   %[[PIXEL:.+]] = vector.load %{{.+}} : memref<512xf32>, vector<16xf32>
//       CHECK:   vector.store %[[PIXEL]], %{{.+}} : memref<1168xf32>, vector<16xf32>
func.func @activation(%x: memref<2x4x4x16xf32>, %p: memref<1168xf32>) {
  qkernel.pack_activation ins(%x : memref<2x4x4x16xf32>) outs(%p : memref<1168xf32>)
    {block = 16 : i64, channels = 16 : i64, dilation = array<i64: 1, 1>, interleave = 1 : i64,
     pads = array<i64: 1, 1, 1, 1>, qkernel.kind = "pack"}
  return
}
