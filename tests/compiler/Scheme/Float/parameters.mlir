// Initial weights of the scheme: uniform within He's bound, of the layer's
// inputs as it sees them; biases are 0; what is neither keeps its values.

// RUN: qtc-opt %s -qtrain-generate-backward -qtrain-apply-float="scheme-init=1 seed=5" | FileCheck %s
// RUN: qtc-opt %s -qtrain-generate-backward -qtrain-apply-float \
// RUN:   | FileCheck %s --check-prefix=FILE

// CHECK-DAG: qtrain.parameter @conv id 0 bound 0.816496611 = dense<{{.*[1-9].*}}> : tensor<2x1x3x3xf32>
// CHECK-DAG: qtrain.parameter @bias id 1 = dense<0.000000e+00> : tensor<2xf32>
// CHECK-DAG: qtrain.parameter @transposed id 2 bound 1.22474492 = dense<{{.*[1-9].*}}> : tensor<4x3xf32>
// CHECK-DAG: qtrain.parameter @mean id 0 kind buffer = dense<7.000000e+00> : tensor<2xf32>

// FILE-DAG: qtrain.parameter @conv id 0 = dense<1.000000e+00> : tensor<2x1x3x3xf32>
// FILE-DAG: qtrain.parameter @bias id 1 = dense<3.000000e+00> : tensor<2xf32>
qtrain.parameter @conv id 0 = dense<1.0> : tensor<2x1x3x3xf32>
qtrain.parameter @bias id 1 = dense<3.0> : tensor<2xf32>
qtrain.parameter @transposed id 2 = dense<1.0> : tensor<4x3xf32>
qtrain.parameter @mean id 0 kind buffer = dense<7.0> : tensor<2xf32>
func.func @forward(%x: tensor<8x1x3x4xf32>, %w: tensor<2x1x3x3xf32> {qtrain.parameter = @conv},
                   %b: tensor<2xf32> {qtrain.parameter = @bias},
                   %t: tensor<4x3xf32> {qtrain.parameter = @transposed}) -> tensor<8x3xf32> {
  %0 = qtrain.conv2d %x, %w {window = #qtrain.window<kernel = [3, 3], strides = [1, 1], pads = [0, 0, 0, 0], dilations = [1, 1]>}
    : (tensor<8x1x3x4xf32>, tensor<2x1x3x3xf32>) -> tensor<8x2x1x2xf32>
  %1 = qtrain.bias_add %0, %b : (tensor<8x2x1x2xf32>, tensor<2xf32>) -> tensor<8x2x1x2xf32>
  %2 = qtrain.transpose %t {permutation = array<i64: 1, 0>} : (tensor<4x3xf32>) -> tensor<3x4xf32>
  %3 = qtrain.linear %1, %2 : (tensor<8x2x1x2xf32>, tensor<3x4xf32>) -> tensor<8x3xf32>
  return %3 : tensor<8x3xf32>
}
