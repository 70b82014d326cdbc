// RUN: qtc-opt %s -qkernel-pack-contractions | FileCheck %s

// What is not packed keeps its form.

// CHECK-LABEL: func @grouped
//       CHECK:   qkernel.conv2d ins
func.func @grouped(%x: tensor<2x5x5x4xi8>, %w: tensor<8x2x3x3xi8>,
                   %init: tensor<2x3x3x8xi32>) -> tensor<2x3x3x8xi32> {
  %acc = qkernel.conv2d ins(%x, %w : tensor<2x5x5x4xi8>, tensor<8x2x3x3xi8>)
    outs(%init : tensor<2x3x3x8xi32>)
    {group = 2 : i64, window = #qtrain.window<kernel = [3, 3], strides = [1, 1],
     pads = [0, 0, 0, 0], dilations = [1, 1]>} -> tensor<2x3x3x8xi32>
  return %acc : tensor<2x3x3x8xi32>
}

// CHECK-LABEL: func @saturating
//       CHECK:   qkernel.conv2d_weight_gradient ins
func.func @saturating(%x: tensor<2x5x5x4xi8>, %e: tensor<2x3x3x8xi8>,
                      %init: tensor<8x4x3x3xi32>) -> tensor<8x4x3x3xi32> {
  %acc = qkernel.conv2d_weight_gradient
    ins(%x, %e : tensor<2x5x5x4xi8>, tensor<2x3x3x8xi8>)
    outs(%init : tensor<8x4x3x3xi32>)
    {group = 1 : i64, saturate, window = #qtrain.window<kernel = [3, 3],
     strides = [1, 1], pads = [0, 0, 0, 0], dilations = [1, 1]>}
    -> tensor<8x4x3x3xi32>
  return %acc : tensor<8x4x3x3xi32>
}

// CHECK-LABEL: func @padded_beyond_the_kernel
//       CHECK:   qkernel.conv2d_input_gradient ins
func.func @padded_beyond_the_kernel(
    %e: tensor<2x7x7x8xi8>, %w: tensor<8x4x1x1xi8>,
    %init: tensor<2x5x5x4xi32>) -> tensor<2x5x5x4xi32> {
  %acc = qkernel.conv2d_input_gradient
    ins(%e, %w : tensor<2x7x7x8xi8>, tensor<8x4x1x1xi8>)
    outs(%init : tensor<2x5x5x4xi32>)
    {group = 1 : i64, window = #qtrain.window<kernel = [1, 1], strides = [1, 1],
     pads = [1, 1, 1, 1], dilations = [1, 1]>} -> tensor<2x5x5x4xi32>
  return %acc : tensor<2x5x5x4xi32>
}
