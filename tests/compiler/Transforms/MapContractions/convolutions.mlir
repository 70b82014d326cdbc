// RUN: qtc-opt %s -qkernel-map-contractions -split-input-file | FileCheck %s

// Whole runs of channels are read where they lie; padding is what is outside.

// CHECK-DAG: #[[$ORDER:.+]] = affine_map<(d0, d1, d2, d3) -> (d0, d3, d1, d2)>
// CHECK-DAG: #[[$A:.+]] = affine_map<(d0, d1, d2, d3, d4, d5) -> (d0, d1 * 2 + d3 - 1, d2 * 2 + d4 - 1, d5 * 16)>
// CHECK-DAG: #[[$B:.+]] = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3 * 16)>
// CHECK-LABEL: func @channels(
//  CHECK-SAME:   %[[X:.+]]: memref<8x6x6x32xi8>, %[[W:.+]]: memref<64x32x3x3xi8>, %[[BIAS:.+]]: memref<64xi32>, %[[ACC:.+]]: memref<8x3x3x64xi32>, %[[MAX:.+]]: memref<i32>)
//       CHECK:   %[[P:.+]] = memref.alloc() : memref<64x3x3x32xi8>
//       CHECK:   qkernel.mapped_copy ins(%[[W]] : {{.*}}) outs(%[[P]] : {{.*}}) {map = #[[$ORDER]], qkernel.kind = "pack"
//       CHECK:   memref.store %{{.*}}, %[[MAX]][]
//       CHECK:   qkernel.mapped_contract ins(%[[X]], %[[P]] : {{.*}}) bias(%[[BIAS]] : {{.*}}) outs(%[[ACC]], %[[MAX]] : {{.*}}) {a_map = #[[$A]], b_map = #[[$B]], columns = 64 : i64
//  CHECK-SAME:     qkernel.kind = "conv2d", qkernel.macs = 1327104 : i64{{.*}}rows = array<i64: 8, 3, 3>, steps = array<i64: 3, 3, 2>}
func.func @channels(%x: memref<8x6x6x32xi8>, %w: memref<64x32x3x3xi8>, %bias: memref<64xi32>,
                    %acc: memref<8x3x3x64xi32>, %max: memref<i32>) {
  qkernel.conv2d ins(%x, %w : memref<8x6x6x32xi8>, memref<64x32x3x3xi8>) bias(%bias : memref<64xi32>)
    outs(%acc, %max : memref<8x3x3x64xi32>, memref<i32>)
    {window = #qtrain.window<kernel = [3, 3], strides = [2, 2], pads = [1, 1, 0, 0], dilations = [1, 1]>, group = 1 : i64}
  return
}

// -----

// 10 channels are padded to 16.

// CHECK-LABEL: func @padded(
//  CHECK-SAME:   %[[X:[^:]+]]: memref<8x6x6x10xi8>
//       CHECK:   %[[P:.+]] = memref.alloc() : memref<8x6x6x16xi8>
//       CHECK:   qkernel.mapped_copy ins(%[[X]] : {{.*}}) outs(%[[P]] :
//       CHECK:   qkernel.mapped_contract ins(%[[P]], %{{.*}}steps = array<i64: 3, 3, 1>
func.func @padded(%x: memref<8x6x6x10xi8>, %w: memref<64x10x3x3xi8>, %acc: memref<8x4x4x64xi32>) {
  qkernel.conv2d ins(%x, %w : memref<8x6x6x10xi8>, memref<64x10x3x3xi8>) outs(%acc : memref<8x4x4x64xi32>)
    {window = #qtrain.window<kernel = [3, 3], strides = [1, 1], pads = [0, 0, 0, 0], dilations = [1, 1]>, group = 1 : i64}
  return
}

// -----

// 3 channels are unfolded: 27 bytes of every window in two runs.

// CHECK: affine_map<(d0, d1, d2, d3) -> (d0, d1 + d3 floordiv 9 - 1, d2 + (d3 floordiv 3) mod 3 - 1, d3 mod 3)>
// CHECK-LABEL: func @unfolded(
//       CHECK:   %[[P:.+]] = memref.alloc() : memref<8x6x6x32xi8>
//       CHECK:   memref.alloc() : memref<64x32xi8>
//       CHECK:   qkernel.mapped_contract ins(%[[P]], %{{.*}}steps = array<i64: 2>
func.func @unfolded(%x: memref<8x6x6x3xi8>, %w: memref<64x3x3x3xi8>, %acc: memref<8x6x6x64xi32>) {
  qkernel.conv2d ins(%x, %w : memref<8x6x6x3xi8>, memref<64x3x3x3xi8>) outs(%acc : memref<8x6x6x64xi32>)
    {window = #qtrain.window<kernel = [3, 3], strides = [1, 1], pads = [1, 1, 1, 1], dilations = [1, 1]>, group = 1 : i64}
  return
}

// -----

// With strides every phase has its pixels and its positions of the kernel, from
// the last to the first. That without positions writes zeros.

// CHECK-DAG: #[[$TWO:.+]] = affine_map<(d0, d1, d2, d3, d4, d5) -> (d0, d1 + d3 - 1, d2 + d4 - 1, d5 * 16)>
// CHECK-DAG: #[[$TURNED:.+]] = affine_map<(d0, d1, d2, d3) -> (d0, d1 * -2 + 2, d2 * -2 + 2, d3 * 16)>
// CHECK-DAG: #[[$EVEN:.+]] = affine_map<(d0, d1, d2, d3) -> (d0, d1 * 2, d2 * 2, d3)>
// CHECK-LABEL: func @input_gradient(
//       CHECK:   qkernel.mapped_contract {{.*}} {a_map = #[[$TWO]], b_map = #[[$TURNED]], columns = 5 : i64{{.*}}result_map = #[[$EVEN]], rows = array<i64: 8, 4, 4>, steps = array<i64: 2, 2, 1>}
//       CHECK:   qkernel.mapped_contract {{.*}}steps = array<i64: 2, 1, 1>}
//       CHECK:   qkernel.mapped_contract {{.*}}steps = array<i64: 1, 2, 1>}
//       CHECK:   qkernel.mapped_contract {{.*}}rows = array<i64: 8, 3, 3>, steps = array<i64: 1, 1, 1>}
//   CHECK-NOT:   mapped_contract
func.func @input_gradient(%e: memref<8x3x3x16xi8>, %w: memref<16x5x3x3xi8>, %acc: memref<8x7x7x5xi32>, %max: memref<i32>) {
  qkernel.conv2d_input_gradient ins(%e, %w : memref<8x3x3x16xi8>, memref<16x5x3x3xi8>)
    outs(%acc, %max : memref<8x7x7x5xi32>, memref<i32>)
    {window = #qtrain.window<kernel = [3, 3], strides = [2, 2], pads = [0, 0, 0, 0], dilations = [1, 1]>, group = 1 : i64}
  return
}

// -----

// Both operands of a weight gradient have their images last.

// CHECK-DAG: #[[$LAST:.+]] = affine_map<(d0, d1, d2, d3) -> (d3, d0, d1, d2)>
// CHECK-DAG: #[[$A:.+]] = affine_map<(d0, d1, d2, d3, d4, d5) -> (d3 + d0 - 1, d4 + d1 - 1, d2, d5 * 16)>
// CHECK-DAG: #[[$STORED:.+]] = affine_map<(d0, d1, d2, d3) -> (d3, d2, d0, d1)>
// CHECK-LABEL: func @weight_gradient(
//  CHECK-SAME:   %[[X:.+]]: memref<20x6x6x5xi8>, %[[E:.+]]: memref<20x6x6x7xi8>, %[[G:.+]]: memref<7x5x3x3xi32>, %[[MAX:.+]]: memref<i32>)
//       CHECK:   %[[A0:.+]] = memref.alloc() : memref<6x6x5x32xi8>
//       CHECK:   qkernel.mapped_copy ins(%[[X]] : {{.*}}) outs(%[[A0]] : {{.*}}) {map = #[[$LAST]]
//       CHECK:   %[[B0:.+]] = memref.alloc() : memref<6x6x7x32xi8>
//       CHECK:   linalg.fill
//       CHECK:   qkernel.mapped_contract ins(%[[A0]], %[[B0]] : {{.*}}) outs(%[[G]] : {{.*}}) {a_map = #[[$A]], accumulate
//  CHECK-SAME:     result_map = #[[$STORED]], rows = array<i64: 3, 3, 5>, steps = array<i64: 6, 6, 2>}
//       CHECK:   qkernel.max_abs ins(%[[G]] : {{.*}}) outs(%[[MAX]] :
func.func @weight_gradient(%x: memref<20x6x6x5xi8>, %e: memref<20x6x6x7xi8>, %g: memref<7x5x3x3xi32>, %max: memref<i32>) {
  qkernel.conv2d_weight_gradient ins(%x, %e : memref<20x6x6x5xi8>, memref<20x6x6x7xi8>)
    outs(%g, %max : memref<7x5x3x3xi32>, memref<i32>)
    {window = #qtrain.window<kernel = [3, 3], strides = [1, 1], pads = [1, 1, 1, 1], dilations = [1, 1]>, group = 1 : i64}
  return
}

// -----

// Groups and sums of 64 bits keep their form.

// CHECK-LABEL: func @declined(
//       CHECK:   qkernel.conv2d ins
//       CHECK:   qkernel.conv2d_weight_gradient ins
func.func @declined(%x: memref<8x6x6x32xi8>, %w: memref<32x16x1x1xi8>, %acc: memref<8x6x6x32xi32>,
                    %g: memref<32x32x1x1xi32>) {
  qkernel.conv2d ins(%x, %w : memref<8x6x6x32xi8>, memref<32x16x1x1xi8>) outs(%acc : memref<8x6x6x32xi32>)
    {window = #qtrain.window<kernel = [1, 1], strides = [1, 1], pads = [0, 0, 0, 0], dilations = [1, 1]>, group = 2 : i64}
  qkernel.conv2d_weight_gradient ins(%x, %x : memref<8x6x6x32xi8>, memref<8x6x6x32xi8>) outs(%g : memref<32x32x1x1xi32>)
    {window = #qtrain.window<kernel = [1, 1], strides = [1, 1], pads = [0, 0, 0, 0], dilations = [1, 1]>, group = 1 : i64, saturate}
  return
}
