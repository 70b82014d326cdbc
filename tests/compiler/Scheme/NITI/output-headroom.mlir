// Layers whose results are the predictions have a headroom of their own: their
// weights and biases, whatever moves elements behind them. Others have that of
// all, and a parameter that says keeps its own.

// RUN: qtc-opt %s -qtrain-apply-niti=output-headroom=3 -split-input-file | FileCheck %s

// CHECK: qtrain.parameter @first id 1 exponent -6 = dense<64> : tensor<4x4xi8>
// CHECK: qtrain.parameter @last id 2 exponent -4 = dense<16> : tensor<4x4xi8>
// CHECK: qtrain.parameter @bias id 3 exponent -4 = dense<16> : tensor<4xi8>
qtrain.parameter @first id 1 = dense<1.0> : tensor<4x4xf32>
qtrain.parameter @last id 2 = dense<1.0> : tensor<4x4xf32>
qtrain.parameter @bias id 3 = dense<1.0> : tensor<4xf32>

func.func @train_step(%p: tensor<2x4xui8> {qtrain.role = #qtrain.role<input>},
                      %w0: tensor<4x4xf32> {qtrain.parameter = @first},
                      %w1: tensor<4x4xf32> {qtrain.parameter = @last},
                      %b: tensor<4xf32> {qtrain.parameter = @bias}) -> tensor<4x2xf32> {
  %x = qtrain.normalize %p {divisor = 255.0 : f64, mean = array<f64: 0.0>, std = array<f64: 1.0>} : (tensor<2x4xui8>) -> tensor<2x4xf32>
  %0 = qtrain.linear %x, %w0 : (tensor<2x4xf32>, tensor<4x4xf32>) -> tensor<2x4xf32>
  %1 = qtrain.linear %0, %w1 : (tensor<2x4xf32>, tensor<4x4xf32>) -> tensor<2x4xf32>
  %2 = qtrain.bias_add %1, %b : (tensor<2x4xf32>, tensor<4xf32>) -> tensor<2x4xf32>
  %3 = qtrain.reshape %2 : (tensor<2x4xf32>) -> tensor<4x2xf32>
  return %3 : tensor<4x2xf32>
}

// -----

// CHECK: qtrain.parameter @own id 2 exponent -6 headroom 1 = dense<64> : tensor<4x4xi8>
qtrain.parameter @own id 2 headroom 1 = dense<1.0> : tensor<4x4xf32>

func.func @train_step(%p: tensor<2x4xui8> {qtrain.role = #qtrain.role<input>},
                      %w: tensor<4x4xf32> {qtrain.parameter = @own}) -> tensor<2x4xf32> {
  %x = qtrain.normalize %p {divisor = 255.0 : f64, mean = array<f64: 0.0>, std = array<f64: 1.0>} : (tensor<2x4xui8>) -> tensor<2x4xf32>
  %0 = qtrain.linear %x, %w : (tensor<2x4xf32>, tensor<4x4xf32>) -> tensor<2x4xf32>
  return %0 : tensor<2x4xf32>
}
