// RUN: qtc-opt %s -qkernel-pack-contractions=isa=avx512vnni | FileCheck %s

// A group reads its channels where they are; three bytes are read as four.

// CHECK-LABEL: func @forward
//  CHECK-SAME:   (%[[X:.+]]: tensor<2x5x5x6xi8>, %[[W:.+]]: tensor<24x
//       CHECK:   %[[A:.+]] = qkernel.pack_activation ins(%[[X]] : {{.+}} channels = 6 : i64
//       CHECK:   %[[B:.+]] = qkernel.pack_weight ins(%[[W]] : {{.+}}) outs(%{{.+}} : tensor<1152xi8>)
//  CHECK-SAME:     group = 2 : i64, order = #qkernel.weight_order<forward>
//       CHECK:   qkernel.contract ins(%[[A]], %[[B]] :
//  CHECK-SAME:     rows = [2, 3, 3] strides[150, 30, 6], steps = [3, 3, 1] a[30, 6, 4]
//  CHECK-SAME:     columns = 12 panel 16 stride 576 groups = 2 strides[3, 576, 16]>
//  CHECK-SAME:     qkernel.macs = 11664
func.func @forward(%x: tensor<2x5x5x6xi8>, %w: tensor<24x3x3x3xi8>,
                   %init: tensor<2x3x3x24xi32>) -> tensor<2x3x3x24xi32> {
  %acc = qkernel.conv2d ins(%x, %w : tensor<2x5x5x6xi8>, tensor<24x3x3x3xi8>)
    outs(%init : tensor<2x3x3x24xi32>)
    {group = 2 : i64, nonnegative, window = #qtrain.window<kernel = [3, 3],
     strides = [1, 1], pads = [0, 0, 0, 0], dilations = [1, 1]>}
    -> tensor<2x3x3x24xi32>
  return %acc : tensor<2x3x3x24xi32>
}

// CHECK-LABEL: func @input_gradient
//       CHECK:   %[[B:.+]]:2 = qkernel.pack_weight
//  CHECK-SAME:     tensor<1152xi8>, tensor<32xi32>
//  CHECK-SAME:     group = 2 : i64, order = #qkernel.weight_order<flipped>
//       CHECK:   qkernel.contract
//  CHECK-SAME:     rows = [2, 5, 5] strides[392, 56, 8], steps = [3, 3, 1] a[56, 8, 4]
//  CHECK-SAME:     columns = 12 panel 16 stride 576 groups = 2 strides[4, 576, 16]>
func.func @input_gradient(
    %e: tensor<2x3x3x8xi8>, %w: tensor<8x12x3x3xi8>,
    %init: tensor<2x5x5x24xi32>) -> tensor<2x5x5x24xi32> {
  %acc = qkernel.conv2d_input_gradient
    ins(%e, %w : tensor<2x3x3x8xi8>, tensor<8x12x3x3xi8>)
    outs(%init : tensor<2x5x5x24xi32>)
    {group = 2 : i64, window = #qtrain.window<kernel = [3, 3], strides = [1, 1],
     pads = [0, 0, 0, 0], dilations = [1, 1]>} -> tensor<2x5x5x24xi32>
  return %acc : tensor<2x5x5x24xi32>
}

// Columns of a weight gradient that fill no panel lie next to those of other
// groups.

// CHECK-LABEL: func @weight_gradient
//       CHECK:   qkernel.pack_activation {{.+}}block = 6 : i64, channels = 6 : i64
//       CHECK:   qkernel.pack_activation {{.+}}block = 8 : i64, channels = 8 : i64
//       CHECK:   qkernel.channel_sum
//       CHECK:   qkernel.contract
//  CHECK-SAME:     rows = [3, 3, 1, 3] strides[120, 24, 600, 4], steps = [1, 3, 3] a[600, 120, 24] b[288, 96, 32]
//  CHECK-SAME:     columns = 4 panel 16 stride 64 groups = 2 strides[12, 16, 4]>
//  CHECK-SAME:     -> tensor<1x3x3x3x8xi32>
func.func @weight_gradient(
    %x: tensor<2x5x5x6xi8>, %e: tensor<2x3x3x8xi8>,
    %init: tensor<8x3x3x3xi32>) -> tensor<8x3x3x3xi32> {
  %acc = qkernel.conv2d_weight_gradient
    ins(%x, %e : tensor<2x5x5x6xi8>, tensor<2x3x3x8xi8>)
    outs(%init : tensor<8x3x3x3xi32>)
    {group = 2 : i64, window = #qtrain.window<kernel = [3, 3], strides = [1, 1],
     pads = [0, 0, 0, 0], dilations = [1, 1]>} -> tensor<8x3x3x3xi32>
  return %acc : tensor<8x3x3x3xi32>
}

// Full panels are packed like those of a convolution without groups.

// CHECK-LABEL: func @weight_gradient_in_panels
//       CHECK:   qkernel.pack_activation {{.+}}block = 16 : i64, channels = 32 : i64
//       CHECK:   qkernel.pack_activation {{.+}}block = 16 : i64, channels = 32 : i64
//       CHECK:   columns = 16 panel 16 stride 1600 groups = 2 strides[1600, 1600, 16]>
func.func @weight_gradient_in_panels(
    %x: tensor<4x5x5x32xi8>, %e: tensor<4x5x5x32xi8>,
    %init: tensor<32x16x1x1xi32>) -> tensor<32x16x1x1xi32> {
  %acc = qkernel.conv2d_weight_gradient
    ins(%x, %e : tensor<4x5x5x32xi8>, tensor<4x5x5x32xi8>)
    outs(%init : tensor<32x16x1x1xi32>)
    {group = 2 : i64, window = #qtrain.window<kernel = [1, 1], strides = [1, 1],
     pads = [0, 0, 0, 0], dilations = [1, 1]>} -> tensor<32x16x1x1xi32>
  return %acc : tensor<32x16x1x1xi32>
}

// Depthwise convolutions keep their form and get a mark.

// CHECK-LABEL: func @depthwise
//   CHECK-NOT:   qkernel.pack
//       CHECK:   qkernel.conv2d {{.+}} {direct, group = 8 : i64, qkernel.kind = "conv2d", qkernel.macs = 5184
func.func @depthwise(%x: tensor<2x5x5x8xi8>, %w: tensor<32x1x3x3xi8>,
                     %init: tensor<2x3x3x32xi32>) -> tensor<2x3x3x32xi32> {
  %acc = qkernel.conv2d ins(%x, %w : tensor<2x5x5x8xi8>, tensor<32x1x3x3xi8>)
    outs(%init : tensor<2x3x3x32xi32>)
    {group = 8 : i64, window = #qtrain.window<kernel = [3, 3],
     strides = [1, 1], pads = [0, 0, 0, 0], dilations = [1, 1]>}
    -> tensor<2x3x3x32xi32>
  return %acc : tensor<2x3x3x32xi32>
}

// Tasks add to a weight gradient, so its maximum follows.

// CHECK-LABEL: func @depthwise_weight_gradient
//       CHECK:   %[[SUMS:.+]] = qkernel.conv2d_weight_gradient {{.+}} {direct, {{.+}}} -> tensor<8x1x3x3xi32>
//       CHECK:   qkernel.max_abs ins(%[[SUMS]] :
func.func @depthwise_weight_gradient(
    %x: tensor<2x5x5x8xi8>, %e: tensor<2x3x3x8xi8>,
    %init: tensor<8x1x3x3xi32>, %max: tensor<i32>)
    -> (tensor<8x1x3x3xi32>, tensor<i32>) {
  %acc:2 = qkernel.conv2d_weight_gradient
    ins(%x, %e : tensor<2x5x5x8xi8>, tensor<2x3x3x8xi8>)
    outs(%init, %max : tensor<8x1x3x3xi32>, tensor<i32>)
    {group = 8 : i64, window = #qtrain.window<kernel = [3, 3], strides = [1, 1],
     pads = [0, 0, 0, 0], dilations = [1, 1]>}
    -> tensor<8x1x3x3xi32>, tensor<i32>
  return %acc#0, %acc#1 : tensor<8x1x3x3xi32>, tensor<i32>
}

// Fewer channels than the shortest vector has lanes are packed after all. Their
// groups are put together, with zeros in between.

// CHECK-LABEL: func @few_channels
//  CHECK-SAME:   %[[X:.+]]: tensor<2x5x5x5xi8>, %[[W:.+]]: tensor<5x1x3x3xi8>
//       CHECK:   %[[DENSE:.+]] = linalg.generic {{.+}} outs(%{{.+}} : tensor<5x5x3x3xi8>)
//       CHECK:     %[[OWN:.+]] = tensor.extract %[[W]]
//       CHECK:     arith.select %{{.+}}, %[[OWN]], %c0_i8
//       CHECK:   qkernel.pack_weight ins(%[[DENSE]] :
//       CHECK:   qkernel.contract {{.+}} columns = 5 panel 16 stride 768>{{.+}} qkernel.macs = 810
func.func @few_channels(%x: tensor<2x5x5x5xi8>, %w: tensor<5x1x3x3xi8>,
                        %init: tensor<2x3x3x5xi32>) -> tensor<2x3x3x5xi32> {
  %acc = qkernel.conv2d ins(%x, %w : tensor<2x5x5x5xi8>, tensor<5x1x3x3xi8>)
    outs(%init : tensor<2x3x3x5xi32>)
    {group = 5 : i64, window = #qtrain.window<kernel = [3, 3],
     strides = [1, 1], pads = [0, 0, 0, 0], dilations = [1, 1]>}
    -> tensor<2x3x3x5xi32>
  return %acc : tensor<2x3x3x5xi32>
}
