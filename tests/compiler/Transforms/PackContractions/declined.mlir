// RUN: qtc-opt %s -qkernel-pack-contractions | FileCheck %s

// What is not packed keeps its form.

// A part of the sums would be too long.

// CHECK-LABEL: func @saturating
//       CHECK:   qkernel.conv2d_weight_gradient ins
//   CHECK-NOT:   direct
func.func @saturating(%x: tensor<2x402x402x4xi8>, %e: tensor<2x400x400x8xi8>,
                      %init: tensor<8x4x3x3xi32>) -> tensor<8x4x3x3xi32> {
  %acc = qkernel.conv2d_weight_gradient
    ins(%x, %e : tensor<2x402x402x4xi8>, tensor<2x400x400x8xi8>)
    outs(%init : tensor<8x4x3x3xi32>)
    {group = 1 : i64, saturate, window = #qtrain.window<kernel = [3, 3],
     strides = [1, 1], pads = [0, 0, 0, 0], dilations = [1, 1]>}
    -> tensor<8x4x3x3xi32>
  return %acc : tensor<8x4x3x3xi32>
}

// CHECK-LABEL: func @saturating_depthwise
//       CHECK:   qkernel.conv2d_weight_gradient ins
//   CHECK-NOT:   direct
func.func @saturating_depthwise(
    %x: tensor<2x5x5x8xi8>, %e: tensor<2x3x3x8xi8>,
    %init: tensor<8x1x3x3xi32>) -> tensor<8x1x3x3xi32> {
  %acc = qkernel.conv2d_weight_gradient
    ins(%x, %e : tensor<2x5x5x8xi8>, tensor<2x3x3x8xi8>)
    outs(%init : tensor<8x1x3x3xi32>)
    {group = 8 : i64, saturate, window = #qtrain.window<kernel = [3, 3],
     strides = [1, 1], pads = [0, 0, 0, 0], dilations = [1, 1]>}
    -> tensor<8x1x3x3xi32>
  return %acc : tensor<8x1x3x3xi32>
}
