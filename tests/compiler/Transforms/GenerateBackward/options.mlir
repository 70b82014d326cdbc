// RUN: qtc-opt %s -qtrain-generate-backward="loss=sse mean=0.5,0.25 std=2.0" | FileCheck %s

// Normalization and loss are the user's choice.

// CHECK-LABEL: func @evaluate(
//       CHECK:   qtrain.normalize {{.*}} {divisor = 2.550000e+02 : f64, mean = array<f64: 5.000000e-01, 2.500000e-01>, std = array<f64: 2.000000e+00>}
// CHECK-LABEL: func @train_step(
//       CHECK:   qtrain.normalize {{.*}} mean = array<f64: 5.000000e-01, 2.500000e-01>
//       CHECK:   qtrain.loss_gradient {{.*}} {loss = #qtrain.loss<sse>}

qtrain.parameter @w id 0 = dense<1.0> : tensor<3x2xf32>
func.func @forward(%x: tensor<2x2xf32>, %w: tensor<3x2xf32> {qtrain.parameter = @w}) -> tensor<2x3xf32> {
  %y = qtrain.linear %x, %w : (tensor<2x2xf32>, tensor<3x2xf32>) -> tensor<2x3xf32>
  return %y : tensor<2x3xf32>
}
