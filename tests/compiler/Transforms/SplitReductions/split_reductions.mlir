// RUN: qtc-opt %s --pass-pipeline='builtin.module(func.func(qkernel-split-reductions))' | FileCheck %s
// RUN: qtc-opt %s --pass-pipeline='builtin.module(func.func(qkernel-split-reductions{keep-packed}))' \
// RUN:   | FileCheck %s --check-prefix=PACKED

#window = #qtrain.window<kernel = [1, 1], strides = [1, 1], pads = [0, 0, 0, 0], dilations = [1, 1]>

// 1024 products an image: 124 images are less than 131 071, and a multiple of
// four. Their sums are put together in 64 bits and saturated, except where one
// packed contraction does so (PACKED) ...

// PACKED-LABEL: func @saturated(
//   PACKED-NOT:   tensor.extract_slice
//       PACKED:   saturate
// PACKED-LABEL: func @exact(
//       PACKED:   tensor.extract_slice

// CHECK-LABEL: func @saturated(
//       CHECK:   tensor.extract_slice %{{.+}}[0, 0, 0, 0] [124, 32, 32, 3]
//       CHECK:   qkernel.conv2d_weight_gradient {{.*}} outs(%{{.+}} : tensor<8x3x1x1xi32>) {group = 1 : i64, window
//       CHECK:   tensor.extract_slice %{{.+}}[124, 0, 0, 0] [124, 32, 32, 3]
//       CHECK:   tensor.extract_slice %{{.+}}[248, 0, 0, 0] [8, 32, 32, 3]
//       CHECK:   linalg.generic
//       CHECK:     arith.addi %{{.+}}, %{{.+}} : i64
//       CHECK:     arith.maxsi
//       CHECK:     arith.minsi
//       CHECK:     arith.trunci
func.func @saturated(%x: tensor<256x32x32x3xi8>, %e: tensor<256x32x32x8xi8>, %o: tensor<8x3x1x1xi32>)
    -> tensor<8x3x1x1xi32> {
  %g = qkernel.conv2d_weight_gradient ins(%x, %e : tensor<256x32x32x3xi8>, tensor<256x32x32x8xi8>)
    outs(%o : tensor<8x3x1x1xi32>) {window = #window, group = 1 : i64, saturate} -> tensor<8x3x1x1xi32>
  return %g : tensor<8x3x1x1xi32>
}

// ... or stay as they are in a result of 64 bits.

// CHECK-LABEL: func @exact(
// CHECK-COUNT-3:   qkernel.conv2d_weight_gradient {{.*}} outs(%{{.+}} : tensor<8x3x1x1xi32>)
//         CHECK:   linalg.generic {{.*}} outs(%{{.+}} : tensor<8x3x1x1xi64>)
//         CHECK:     arith.addi %{{.+}}, %{{.+}} : i64
//     CHECK-NOT:     arith.trunci
//         CHECK:   return
func.func @exact(%x: tensor<256x32x32x3xi8>, %e: tensor<256x32x32x8xi8>, %o: tensor<8x3x1x1xi64>)
    -> tensor<8x3x1x1xi64> {
  %g = qkernel.conv2d_weight_gradient ins(%x, %e : tensor<256x32x32x3xi8>, tensor<256x32x32x8xi8>)
    outs(%o : tensor<8x3x1x1xi64>) {window = #window, group = 1 : i64} -> tensor<8x3x1x1xi64>
  return %g : tensor<8x3x1x1xi64>
}

// CHECK-LABEL: func @short(
//   CHECK-NOT:   tensor.extract_slice
func.func @short(%x: tensor<64x32x32x3xi8>, %e: tensor<64x32x32x8xi8>, %o: tensor<8x3x1x1xi32>)
    -> tensor<8x3x1x1xi32> {
  %g = qkernel.conv2d_weight_gradient ins(%x, %e : tensor<64x32x32x3xi8>, tensor<64x32x32x8xi8>)
    outs(%o : tensor<8x3x1x1xi32>) {window = #window, group = 1 : i64} -> tensor<8x3x1x1xi32>
  return %g : tensor<8x3x1x1xi32>
}
