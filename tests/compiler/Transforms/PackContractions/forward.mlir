// RUN: qtc-opt %s -qkernel-pack-contractions=isa=avx512vnni | FileCheck %s
// RUN: qtc-opt %s -qkernel-pack-contractions=isa=avx2 \
// RUN:   | FileCheck %s --check-prefix=AVX2

// No padding, no negative activations, runs of whole words: read in place.

// CHECK-LABEL: func @in_place
//  CHECK-SAME:   (%[[X:.+]]: tensor<8x6x6x4xi8>, %[[W:.+]]: tensor<16x4x3x3xi8>, %[[INIT:.+]]: tensor
//   CHECK-NOT:   pack_activation
//       CHECK:   %[[A:.+]] = tensor.collapse_shape %[[X]]
//       CHECK:   %[[B:.+]] = qkernel.pack_weight ins(%[[W]] : {{.+}}) outs(%{{.+}} : tensor<576xi8>)
//  CHECK-SAME:     order = #qkernel.weight_order<forward_merged>, panel = 16
//       CHECK:   qkernel.contract ins(%[[A]], %[[B]] : {{.+}}) outs(%[[INIT]] :
//  CHECK-SAME:     rows = [8, 4, 4] strides[144, 24, 4], steps = [3, 3] a[24, 4] b[192, 64],
//  CHECK-SAME:     columns = 16 panel 16 stride 576>
//  CHECK-SAME:     qkernel.kind = "conv2d", qkernel.macs = 73728

// Panels are as wide as the tile of the instruction set.
// AVX2-LABEL: func @in_place
//       AVX2:   pack_weight {{.+}} panel = 16
func.func @in_place(%x: tensor<8x6x6x4xi8>, %w: tensor<16x4x3x3xi8>,
                    %init: tensor<8x4x4x16xi32>) -> tensor<8x4x4x16xi32> {
  %acc = qkernel.conv2d
    ins(%x, %w : tensor<8x6x6x4xi8>, tensor<16x4x3x3xi8>)
    outs(%init : tensor<8x4x4x16xi32>)
    {group = 1 : i64, nonnegative, window = #qtrain.window<kernel = [3, 3],
     strides = [1, 1], pads = [0, 0, 0, 0], dilations = [1, 1]>}
    -> tensor<8x4x4x16xi32>
  return %acc : tensor<8x4x4x16xi32>
}

// Signed activations get an offset, and accumulators start values against it.

// CHECK-LABEL: func @signed
//  CHECK-SAME:   (%[[X:.+]]: tensor<2x5x5x3xi8>, %[[W:.+]]: tensor<20x3x3x3xi8>, %[[BIAS:.+]]: tensor<20xi32>
//       CHECK:   %[[A:.+]] = qkernel.pack_activation ins(%[[X]] : {{.+}}) outs(%{{.+}} : tensor<358xi8>)
//  CHECK-SAME:     channels = 3 : i64, dilation = array<i64: 1, 1>, interleave = 1 : i64, offset, pads = array<i64: 1, 1, 1, 1>
//       CHECK:   %[[B:.+]]:2 = qkernel.pack_weight
//  CHECK-SAME:     tensor<1152xi8>, tensor<32xi32>
//       CHECK:   qkernel.contract ins(%[[A]], %[[B]]#0 : {{.+}}) start(%[[B]]#1 : {{.+}}) bias(%[[BIAS]] :
//  CHECK-SAME:     steps = [3, 3] a[21, 4] b[384, 128], columns = 20 panel 32 stride 1152>
func.func @signed(%x: tensor<2x5x5x3xi8>, %w: tensor<20x3x3x3xi8>,
                  %bias: tensor<20xi32>, %init: tensor<2x5x5x20xi32>,
                  %max: tensor<i32>) -> (tensor<2x5x5x20xi32>, tensor<i32>) {
  %acc:2 = qkernel.conv2d
    ins(%x, %w : tensor<2x5x5x3xi8>, tensor<20x3x3x3xi8>) bias(%bias : tensor<20xi32>)
    outs(%init, %max : tensor<2x5x5x20xi32>, tensor<i32>)
    {group = 1 : i64, window = #qtrain.window<kernel = [3, 3], strides = [1, 1],
     pads = [1, 1, 1, 1], dilations = [1, 1]>}
    -> tensor<2x5x5x20xi32>, tensor<i32>
  return %acc#0, %acc#1 : tensor<2x5x5x20xi32>, tensor<i32>
}

// Where the kernel is as wide as the image, the whole window is one run.

// CHECK-LABEL: func @linear
//       CHECK:   order = #qkernel.weight_order<forward_image>
//       CHECK:   rows = [6, 1, 1] strides[32, 16, 8], steps = [8] a[4] b[64]
func.func @linear(%x: tensor<6x2x2x8xi8>, %w: tensor<10x8x2x2xi8>,
                  %init: tensor<6x1x1x10xi32>) -> tensor<6x1x1x10xi32> {
  %acc = qkernel.conv2d
    ins(%x, %w : tensor<6x2x2x8xi8>, tensor<10x8x2x2xi8>)
    outs(%init : tensor<6x1x1x10xi32>)
    {group = 1 : i64, nonnegative, window = #qtrain.window<kernel = [2, 2],
     strides = [1, 1], pads = [0, 0, 0, 0], dilations = [1, 1]>}
    -> tensor<6x1x1x10xi32>
  return %acc : tensor<6x1x1x10xi32>
}

// Dilated kernels read one pixel at a time, padded to whole words.

// CHECK-LABEL: func @dilated
//       CHECK:   pack_activation {{.+}} channels = 8 : i64
//       CHECK:   order = #qkernel.weight_order<forward>
//       CHECK:   steps = [3, 3, 2] a[144, 16, 4]
func.func @dilated(%x: tensor<1x9x9x6xi8>, %w: tensor<8x6x3x3xi8>,
                   %init: tensor<1x5x5x8xi32>) -> tensor<1x5x5x8xi32> {
  %acc = qkernel.conv2d
    ins(%x, %w : tensor<1x9x9x6xi8>, tensor<8x6x3x3xi8>)
    outs(%init : tensor<1x5x5x8xi32>)
    {group = 1 : i64, nonnegative, window = #qtrain.window<kernel = [3, 3],
     strides = [1, 1], pads = [0, 0, 0, 0], dilations = [2, 2]>}
    -> tensor<1x5x5x8xi32>
  return %acc : tensor<1x5x5x8xi32>
}

// A linear layer behind channels that are no multiple of four pads them, so that
// its weights are packed in whole groups.

// CHECK-LABEL: func @linear_padded
//       CHECK:   qkernel.pack_activation {{.+}}channels = 20 : i64
//       CHECK:   qkernel.pack_weight {{.+}}order = #qkernel.weight_order<forward>
//       CHECK:   rows = [4, 1, 1] strides[80, 40, 20], steps = [2, 2, 5] a[40, 20, 4] b[640, 320, 64]
func.func @linear_padded(%x: tensor<4x2x2x18xi8>, %w: tensor<10x18x2x2xi8>,
                         %init: tensor<4x1x1x10xi32>)
    -> tensor<4x1x1x10xi32> {
  %acc = qkernel.conv2d
    ins(%x, %w : tensor<4x2x2x18xi8>, tensor<10x18x2x2xi8>)
    outs(%init : tensor<4x1x1x10xi32>)
    {group = 1 : i64, nonnegative, window = #qtrain.window<kernel = [2, 2],
     strides = [1, 1], pads = [0, 0, 0, 0], dilations = [1, 1]>}
    -> tensor<4x1x1x10xi32>
  return %acc : tensor<4x1x1x10xi32>
}
