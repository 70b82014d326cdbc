// Kernels of floats: the loops of the integer ones, with sums in a fixed order.

// RUN: qtc-opt %s -convert-qkernel-to-loops -canonicalize -split-input-file | FileCheck %s

// Padding is −∞, which never wins.

// CHECK-LABEL: func @max_pool2d(
//       CHECK:   %[[LOWEST:.+]] = arith.constant 0xFF800000 : f32
//       CHECK:   scf.parallel
//       CHECK:     %[[LARGER:.+]] = arith.cmpf ogt, %[[LOWEST]], %[[TAP:.+]] : f32
//       CHECK:     arith.select %[[LARGER]], %[[LOWEST]], %[[TAP]]
func.func @max_pool2d(%x: memref<2x6x6x3xf32>, %y: memref<2x4x4x3xf32>) {
  qkernel.max_pool2d ins(%x : memref<2x6x6x3xf32>) outs(%y : memref<2x4x4x3xf32>)
    {window = #qtrain.window<kernel = [2, 2], strides = [2, 2], pads = [1, 1, 1, 1], dilations = [1, 1]>}
  return
}

// -----

// One division a window, whose area says what padding counts.

// CHECK-LABEL: func @average_pool2d(
//       CHECK:   %[[ONE:.+]] = arith.constant 1.000000e+00 : f32
//       CHECK:   %[[FACTOR:.+]] = arith.divf %[[ONE]], %{{.+}}
//       CHECK:   arith.addf
//       CHECK:   arith.mulf %{{.+}}, %[[FACTOR]]
func.func @average_pool2d(%x: memref<2x6x6x3xf32>, %y: memref<2x3x3x3xf32>) {
  qkernel.average_pool2d ins(%x : memref<2x6x6x3xf32>) outs(%y : memref<2x3x3x3xf32>)
    {window = #qtrain.window<kernel = [2, 2], strides = [2, 2], pads = [0, 0, 0, 0], dilations = [1, 1]>}
  return
}

// -----

// A part is one iteration, and nothing is added atomically: 24 rows in parts of
// ceil(24 / 5).

// CHECK-LABEL: func @channel_sum(
//  CHECK-SAME:   %{{.+}}: memref<4x2x3x7xf32>, %[[Y:.+]]: memref<5x7xf32>)
//   CHECK-NOT:   memref.atomic_rmw
//       CHECK:   scf.parallel (%[[PART:.+]]) = (%{{.+}}) to (%c5) step
//       CHECK:     %[[FIRST:.+]] = arith.muli %[[PART]], %c5
//       CHECK:     arith.addf
//       CHECK:     memref.store %{{.+}}, %[[Y]][%[[PART]], %{{.+}}]
//   CHECK-NOT:   memref.atomic_rmw
func.func @channel_sum(%x: memref<4x2x3x7xf32>, %y: memref<5x7xf32>) {
  qkernel.channel_sum ins(%x : memref<4x2x3x7xf32>) outs(%y : memref<5x7xf32>) {factor = 1 : i64}
  return
}

// -----

// Powers lie where the errors will, their sum is in the order of the classes.

// CHECK-LABEL: func @softmax_error(
//       CHECK:   scf.parallel
//       CHECK:     %[[LARGEST:.+]] = scf.for
//       CHECK:     %[[TOTAL:.+]] = scf.for
//       CHECK:       %[[BELOW:.+]] = arith.subf %{{.+}}, %[[LARGEST]]
//       CHECK:       %[[POWER:.+]] = math.exp %[[BELOW]]
//       CHECK:       memref.store %[[POWER]]
//       CHECK:     scf.for
//       CHECK:       arith.divf %{{.+}}, %[[TOTAL]]
//       CHECK:       arith.subf
func.func @softmax_error(%x: memref<8x10xf32>, %t: memref<8xi32>, %e: memref<8x10xf32>) {
  qkernel.softmax_error ins(%x, %t : memref<8x10xf32>, memref<8xi32>) outs(%e : memref<8x10xf32>)
  return
}

// -----

// Every iteration adds the rows of its columns in their order.

// CHECK-LABEL: func @scatter_add(
//  CHECK-SAME:   %[[X:.+]]: memref<96x20xf32>, %[[I:.+]]: memref<96xi32>, %[[Y:.+]]: memref<11x20xf32>)
//   CHECK-NOT:   memref.atomic_rmw
//       CHECK:   scf.parallel (%{{.+}}) = (%{{.+}}) to (%c2) step
//       CHECK:     scf.for %[[ROW:.+]] = %{{.+}} to %c96
//       CHECK:       %[[INDEX:.+]] = memref.load %[[I]][%[[ROW]]]
//       CHECK:       %[[TARGET:.+]] = arith.index_cast %[[INDEX]]
//       CHECK:       scf.for %[[COLUMN:.+]] =
//       CHECK:         memref.load %[[X]][%[[ROW]], %[[COLUMN]]]
//       CHECK:         arith.addf
//       CHECK:         memref.store %{{.+}}, %[[Y]][%[[TARGET]], %[[COLUMN]]]
func.func @scatter_add(%x: memref<96x20xf32>, %i: memref<96xi32>, %y: memref<11x20xf32>) {
  qkernel.scatter_add ins(%x, %i : memref<96x20xf32>, memref<96xi32>) outs(%y : memref<11x20xf32>)
  return
}
