// RUN: qtc-opt %s -pass-pipeline='builtin.module(qtrain-generate-backward,canonicalize,cse,qtrain-apply-niti{error-bits=16},canonicalize,cse)' \
// RUN:   -split-input-file | FileCheck %s

// The loss keeps 14 of its 15 bits. Errors of layers have 14 magnitude bits,
// activations still 7. What a normalization makes of a wide error is wide.

// CHECK-LABEL: func @train_step(
//       CHECK:   qtrain.channel_affine
//       CHECK:   qtrain.shift_scale {{.*}}bits = 8 : i64{{.*}} -> !qtrain.scaled<tensor<8x3xi8>>
//       CHECK:   %[[P:.+]] = qtrain.loss_gradient
//       CHECK:   %[[E:.+]] = qtrain.shift_scale %[[P]] by %c1_i32 random %{{.+}} {bits = 15 : i64, rounding = #qtrain.rounding<stochastic>} : {{.*}} -> !qtrain.scaled<tensor<8x2xi16>>
//       CHECK:   %[[ACC:.+]] = qtrain.linear_input_gradient %[[E]]
//       CHECK:   %[[BITS:.+]] = qtrain.magnitude_bits %[[ACC]]
//       CHECK:   arith.subi %[[BITS]], %c14_i32
//       CHECK:   %[[EX:.+]] = qtrain.shift_scale %[[ACC]] by %{{.+}} {bits = 15 : i64, rounding = #qtrain.rounding<nearest>} : {{.*}} -> !qtrain.scaled<tensor<8x3xi16>>
//       CHECK:   %{{.+}} = qtrain.linear_weight_gradient %{{.+}}, %[[E]] : {{.*}} -> !qtrain.scaled<tensor<2x3xi32>>
//       CHECK:   qtrain.channel_moments %[[XHAT:.+]], %[[EX]]
//       CHECK:   %[[D:.+]] = qtrain.standardize_gradient %[[XHAT]], %[[EX]]
//       CHECK:   qtrain.shift_scale %[[D]] by %{{.+}} {bits = 15 : i64, rounding = #qtrain.rounding<nearest>} : {{.*}} -> !qtrain.scaled<tensor<8x3xi16>>
qtrain.parameter @w0 id 0 = dense<1.0> : tensor<3x4xf32>
qtrain.parameter @w1 id 1 = dense<1.0> : tensor<2x3xf32>
qtrain.parameter @scale id 2 = dense<1.0> : tensor<3xf32>
qtrain.parameter @bias id 3 = dense<0.0> : tensor<3xf32>
qtrain.parameter @mean id 0 kind buffer = dense<0.0> : tensor<3xf32>
qtrain.parameter @variance id 0 kind buffer = dense<1.0> : tensor<3xf32>
func.func @forward(%x: tensor<8x4xf32>, %w0: tensor<3x4xf32> {qtrain.parameter = @w0}, %w1: tensor<2x3xf32> {qtrain.parameter = @w1},
                   %g: tensor<3xf32> {qtrain.parameter = @scale}, %b: tensor<3xf32> {qtrain.parameter = @bias},
                   %m: tensor<3xf32> {qtrain.parameter = @mean}, %v: tensor<3xf32> {qtrain.parameter = @variance})
    -> (tensor<8x2xf32>, tensor<3xf32> {qtrain.parameter = @mean}, tensor<3xf32> {qtrain.parameter = @variance}) {
  %0 = qtrain.linear %x, %w0 : (tensor<8x4xf32>, tensor<3x4xf32>) -> tensor<8x3xf32>
  %1:5 = qtrain.batch_norm_training %0, %g, %b, %m, %v {epsilon = 1.0e-5 : f64, momentum = 0.75 : f64}
    : (tensor<8x3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>)
    -> (tensor<8x3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>)
  %2 = qtrain.linear %1#0, %w1 : (tensor<8x3xf32>, tensor<2x3xf32>) -> tensor<8x2xf32>
  return %2, %1#3, %1#4 : tensor<8x2xf32>, tensor<3xf32>, tensor<3xf32>
}

// -----

// Errors of both widths meet in 16 bits and are added in 64. A slope takes 8
// bits of an error. Uses of a tied weight whose sums need 64 bits are cut to 32
// before they are added.

// CHECK-LABEL: func @train_step(
//       CHECK:   %[[A:.+]] = qtrain.prelu_input_gradient
//       CHECK:   %[[NARROW:.+]] = qtrain.shift_scale %[[A]] by %{{.+}} {bits = 8 : i64
//       CHECK:   %[[SAME:.+]] = qtrain.shift_scale %[[NARROW]] by %c0_i32 {bits = 16 : i64
//       CHECK:   %[[SUM:.+]] = qtrain.sum %{{.*}}%[[SAME]]{{.*}} -> !qtrain.scaled<tensor<2048x4xi64>>
//       CHECK:   qtrain.shift_scale %[[SUM]] by %{{.+}} {bits = 15 : i64
//       CHECK:   %[[G:.+]] = qtrain.linear_weight_gradient {{.*}} -> !qtrain.scaled<tensor<4x4xi64>>
//       CHECK:   %[[CUT:.+]] = qtrain.shift_scale %[[G]] by %c0_i32 {bits = 32 : i64, {{.*}} -> !qtrain.scaled<tensor<4x4xi32>>
//       CHECK:   qtrain.sum {{.*}}%[[CUT]]{{.*}} -> !qtrain.scaled<tensor<4x4xi64>>
qtrain.parameter @w id 0 = dense<1.0> : tensor<4x4xf32>
qtrain.parameter @slope id 1 = dense<0.25> : tensor<1xf32>
func.func @forward(%x: tensor<2048x4xf32>, %w: tensor<4x4xf32> {qtrain.parameter = @w}, %a: tensor<1xf32> {qtrain.parameter = @slope}) -> tensor<2048x4xf32> {
  %0 = qtrain.linear %x, %w : (tensor<2048x4xf32>, tensor<4x4xf32>) -> tensor<2048x4xf32>
  %1 = qtrain.prelu %0, %a : (tensor<2048x4xf32>, tensor<1xf32>) -> tensor<2048x4xf32>
  %2 = qtrain.sum %0, %1 : (tensor<2048x4xf32>, tensor<2048x4xf32>) -> tensor<2048x4xf32>
  %3 = qtrain.linear %2, %w : (tensor<2048x4xf32>, tensor<4x4xf32>) -> tensor<2048x4xf32>
  return %3 : tensor<2048x4xf32>
}
