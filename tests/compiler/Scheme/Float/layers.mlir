// A parameter's factor on the learning rate: one set of numbers for each factor.

// RUN: qtc-opt %s -qtrain-generate-backward -qtrain-apply-float="settings=momentum=0" | FileCheck %s

qtrain.parameter @w id 0 rate 3.0 = dense<1.0> : tensor<3x5xf32>
qtrain.parameter @b id 1 = dense<2.0> : tensor<3xf32>

// CHECK-LABEL: func @train_step(
//       CHECK:   %[[RATE:.+]] = arith.bitcast
//       CHECK:   %[[PLAIN:.+]] = arith.mulf %[[RATE]], %{{.+}} : f32
//       CHECK:   %[[AGAIN:.+]] = arith.bitcast
//       CHECK:   %[[THREE:.+]] = arith.constant 3.000000e+00 : f32
//       CHECK:   %[[FAST:.+]] = arith.mulf %[[AGAIN]], %[[THREE]] : f32
//       CHECK:   %[[STEP:.+]] = arith.mulf %[[FAST]], %{{.+}} : f32
//       CHECK:   qtrain.linear_combination %{{.+}} by %{{.+}}, %[[PLAIN]] : (tensor<3xf32>
//       CHECK:   qtrain.linear_combination %{{.+}} by %{{.+}}, %[[STEP]] : (tensor<3x5xf32>
func.func @forward(%x: tensor<8x5xf32>, %w: tensor<3x5xf32> {qtrain.parameter = @w},
                   %b: tensor<3xf32> {qtrain.parameter = @b}) -> tensor<8x3xf32> {
  %0 = qtrain.linear %x, %w : (tensor<8x5xf32>, tensor<3x5xf32>) -> tensor<8x3xf32>
  %1 = qtrain.bias_add %0, %b : (tensor<8x3xf32>, tensor<3xf32>) -> tensor<8x3xf32>
  return %1 : tensor<8x3xf32>
}
