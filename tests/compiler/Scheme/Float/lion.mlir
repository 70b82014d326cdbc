// An update becomes a step along the signs of averaged gradients.

// RUN: qtc-opt %s -qtrain-generate-backward -qtrain-apply-float="optimizer=lion settings=beta1=0.5,beta2=0.75,weight-decay=0.25" \
// RUN:   | FileCheck %s

// CHECK: qtrain.parameter @w id 0 = dense<1.000000e+00> : tensor<3x5xf32>
// CHECK: qtrain.parameter @optimizer.w.momentum id 0 kind optimizer = dense<0.000000e+00> : tensor<3x5xf32>
qtrain.parameter @w id 0 = dense<1.0> : tensor<3x5xf32>

// The gradient is that of the mean of 8 examples.

// CHECK-LABEL: func @train_step(
//       CHECK:   %[[G:.+]] = qtrain.linear_weight_gradient
//       CHECK:   %[[RATE:.+]] = arith.extf
//       CHECK:   %[[FADE:.+]] = arith.constant 2.500000e-01 : f64
//       CHECK:   %[[LOSS:.+]] = arith.mulf %[[RATE]], %[[FADE]] : f64
//       CHECK:   %[[REST:.+]] = arith.subf %{{.+}}, %[[LOSS]] : f64
//       CHECK:   %[[KEEP:.+]] = arith.truncf %[[REST]]
//       CHECK:   %[[MINUS:.+]] = arith.mulf %[[RATE]], %{{.+}} : f64
//       CHECK:   %[[STEP:.+]] = arith.truncf %[[MINUS]]
//   CHECK-DAG:   %[[BETA1:.+]] = arith.constant 5.000000e-01 : f32
//   CHECK-DAG:   %[[SHARE1:.+]] = arith.constant 6.250000e-02 : f32
//       CHECK:   %[[C:.+]] = qtrain.linear_combination %[[M:.+]], %[[G]] by %[[BETA1]], %[[SHARE1]]
//   CHECK-DAG:   %[[BETA2:.+]] = arith.constant 7.500000e-01 : f32
//   CHECK-DAG:   %[[SHARE2:.+]] = arith.constant 3.125000e-02 : f32
//       CHECK:   %[[M1:.+]] = qtrain.linear_combination %[[M]], %[[G]] by %[[BETA2]], %[[SHARE2]]
//       CHECK:   %[[SIGN:.+]] = qtrain.elementwise %[[C]] {function = #qtrain.sign}
//       CHECK:   qtrain.linear_combination %{{.+}}, %[[SIGN]] by %[[KEEP]], %[[STEP]]
func.func @forward(%x: tensor<8x5xf32>, %w: tensor<3x5xf32> {qtrain.parameter = @w}) -> tensor<8x3xf32> {
  %0 = qtrain.linear %x, %w : (tensor<8x5xf32>, tensor<3x5xf32>) -> tensor<8x3xf32>
  return %0 : tensor<8x3xf32>
}
