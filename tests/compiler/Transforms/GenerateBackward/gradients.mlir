// The gradient of every differentiable operation.

// RUN: qtc-opt %s -qtrain-generate-backward -split-input-file | FileCheck %s

// A convolution keeps its window and groups, a bias sums the error, a maximum
// pool looks at its input again, an average pool only at the error.

// CHECK-LABEL: func @train_step(
//  CHECK-SAME:   %[[W0:[^ ]+]]: tensor<4x3x3x3xf32> {qtrain.parameter = @w0}, %[[W:[^ ]+]]: tensor<6x2x3x3xf32> {qtrain.parameter = @w}, %[[B:[^ ]+]]: tensor<6xf32> {qtrain.parameter = @b}
//       CHECK:   %[[FRONT:.+]] = qtrain.conv2d %{{.+}}, %[[W0]]
//       CHECK:   %[[CONV:.+]] = qtrain.conv2d %[[FRONT]], %[[W]]
//       CHECK:   %[[BIASED:.+]] = qtrain.bias_add %[[CONV]], %[[B]]
//       CHECK:   %[[MAX:.+]] = qtrain.max_pool2d %[[BIASED]]
//       CHECK:   %[[MEAN:.+]] = qtrain.average_pool2d %[[MAX]]
//       CHECK:   %[[E0:.+]] = qtrain.loss_gradient
//       CHECK:   %[[E1:.+]] = qtrain.reshape %[[E0]] : (tensor<2x6xf32>) -> tensor<2x6x1x1xf32>
//       CHECK:   %[[E2:.+]] = qtrain.average_pool2d_gradient %[[E1]] {count_include_pad, window = #qtrain.window<kernel = [2, 2]
//       CHECK:   %[[E3:.+]] = qtrain.max_pool2d_gradient %[[BIASED]], %[[E2]] {window = #qtrain.window<kernel = [3, 3]
//       CHECK:   %[[GB:.+]] = qtrain.bias_gradient %[[E3]] : (tensor<2x6x6x6xf32>) -> tensor<6xf32>
//       CHECK:   qtrain.update %[[B]], %[[GB]] {symbol = @b}
//       CHECK:   %[[E4:.+]] = qtrain.conv2d_input_gradient %[[E3]], %[[W]] {group = 2 : i64, window = #qtrain.window<kernel = [3, 3], strides = [1, 1], pads = [1, 1, 1, 1]
//       CHECK:   %[[GW:.+]] = qtrain.conv2d_weight_gradient %[[FRONT]], %[[E3]] {group = 2 : i64, window = #qtrain.window<kernel = [3, 3], strides = [1, 1], pads = [1, 1, 1, 1]
//       CHECK:   qtrain.update %[[W]], %[[GW]] {symbol = @w}
//       CHECK:   qtrain.conv2d_weight_gradient %{{.+}}, %[[E4]] {window
qtrain.parameter @w0 id 0 = dense<1.0> : tensor<4x3x3x3xf32>
qtrain.parameter @w id 1 = dense<1.0> : tensor<6x2x3x3xf32>
qtrain.parameter @b id 2 = dense<1.0> : tensor<6xf32>
#conv = #qtrain.window<kernel = [3, 3], strides = [1, 1], pads = [1, 1, 1, 1], dilations = [1, 1]>
#pool = #qtrain.window<kernel = [3, 3], strides = [2, 2], pads = [0, 0, 0, 0], dilations = [1, 1]>
#mean = #qtrain.window<kernel = [2, 2], strides = [1, 1], pads = [0, 0, 0, 0], dilations = [1, 1]>
func.func @forward(%x: tensor<2x3x6x6xf32>, %w0: tensor<4x3x3x3xf32> {qtrain.parameter = @w0},
                   %w: tensor<6x2x3x3xf32> {qtrain.parameter = @w}, %b: tensor<6xf32> {qtrain.parameter = @b})
    -> tensor<2x6xf32> {
  %0 = qtrain.conv2d %x, %w0 {window = #conv}
    : (tensor<2x3x6x6xf32>, tensor<4x3x3x3xf32>) -> tensor<2x4x6x6xf32>
  %1 = qtrain.conv2d %0, %w {window = #conv, group = 2 : i64}
    : (tensor<2x4x6x6xf32>, tensor<6x2x3x3xf32>) -> tensor<2x6x6x6xf32>
  %2 = qtrain.bias_add %1, %b : (tensor<2x6x6x6xf32>, tensor<6xf32>) -> tensor<2x6x6x6xf32>
  %3 = qtrain.max_pool2d %2 {window = #pool} : (tensor<2x6x6x6xf32>) -> tensor<2x6x2x2xf32>
  %4 = qtrain.average_pool2d %3 {window = #mean, count_include_pad} : (tensor<2x6x2x2xf32>) -> tensor<2x6x1x1xf32>
  %5 = qtrain.reshape %4 : (tensor<2x6x1x1xf32>) -> tensor<2x6xf32>
  return %5 : tensor<2x6xf32>
}

// -----

// A transposed parameter gets its gradient through the inverse permutation, in
// the layout that it is stored in.

// CHECK-LABEL: func @train_step(
//  CHECK-SAME:   %[[W:[^ ]+]]: tensor<2x3x4xf32> {qtrain.parameter = @w}
//       CHECK:   %[[G:.+]] = qtrain.linear_weight_gradient
//       CHECK:   %[[GR:.+]] = qtrain.reshape %[[G]] : (tensor<4x6xf32>) -> tensor<4x2x3xf32>
//       CHECK:   %[[GT:.+]] = qtrain.transpose %[[GR]] {permutation = array<i64: 1, 2, 0>} : (tensor<4x2x3xf32>) -> tensor<2x3x4xf32>
//       CHECK:   qtrain.update %[[W]], %[[GT]]
qtrain.parameter @w id 0 = dense<1.0> : tensor<2x3x4xf32>
func.func @forward(%x: tensor<2x6xf32>, %w: tensor<2x3x4xf32> {qtrain.parameter = @w}) -> tensor<2x4xf32> {
  %0 = qtrain.transpose %w {permutation = array<i64: 2, 0, 1>} : (tensor<2x3x4xf32>) -> tensor<4x2x3xf32>
  %1 = qtrain.reshape %0 : (tensor<4x2x3xf32>) -> tensor<4x6xf32>
  %2 = qtrain.linear %x, %1 : (tensor<2x6xf32>, tensor<4x6xf32>) -> tensor<2x4xf32>
  return %2 : tensor<2x4xf32>
}

// -----

// The gradient of a function looks at its operand.

// CHECK-LABEL: func @train_step(
//       CHECK:   %[[X:.+]] = qtrain.linear
//       CHECK:   %[[Y:.+]] = qtrain.elementwise %[[X]] {function = #qtrain.clip<low = 0.000000e+00 : f64, high = 6.000000e+00 : f64>}
//       CHECK:   %[[E:.+]] = qtrain.loss_gradient %[[Y]]
//       CHECK:   qtrain.elementwise_gradient %[[X]], %[[E]] {function = #qtrain.clip<low = 0.000000e+00 : f64, high = 6.000000e+00 : f64>}
qtrain.parameter @w id 0 = dense<1.0> : tensor<4x4xf32>
func.func @forward(%x: tensor<2x4xf32>, %w: tensor<4x4xf32> {qtrain.parameter = @w}) -> tensor<2x4xf32> {
  %0 = qtrain.linear %x, %w : (tensor<2x4xf32>, tensor<4x4xf32>) -> tensor<2x4xf32>
  %1 = qtrain.elementwise %0 {function = #qtrain.clip<low = 0.0, high = 6.0>} : (tensor<2x4xf32>) -> tensor<2x4xf32>
  return %1 : tensor<2x4xf32>
}

// -----

// What was put together is taken apart: each operand gets the slice that is
// its own, and a value used twice gets both. A response normalization looks at
// its input again.

// CHECK-LABEL: func @train_step(
//       CHECK:   %[[X:.+]] = qtrain.linear
//       CHECK:   %[[R:.+]] = qtrain.relu %[[X]]
//       CHECK:   %[[C:.+]] = qtrain.concat %[[X]], %[[R]], %[[X]] {axis = 1 : i64}
//       CHECK:   %[[E:.+]] = qtrain.loss_gradient
//       CHECK:   %[[EN:.+]] = qtrain.local_response_norm_gradient %[[C]], %[[E]] {alpha = 1.000000e-01 : f64, beta = 7.500000e-01 : f64, bias = 1.000000e+00 : f64, size = 3 : i64}
//   CHECK-DAG:   %[[E1:.+]] = qtrain.slice %[[EN]] {axis = 1 : i64, offset = 0 : i64} : (tensor<2x9xf32>) -> tensor<2x3xf32>
//   CHECK-DAG:   %[[E2:.+]] = qtrain.slice %[[EN]] {axis = 1 : i64, offset = 3 : i64}
//   CHECK-DAG:   %[[E3:.+]] = qtrain.slice %[[EN]] {axis = 1 : i64, offset = 6 : i64}
//   CHECK-DAG:   %[[ER:.+]] = qtrain.relu_gradient %[[R]], %[[E2]]
//       CHECK:   qtrain.sum {{.*}} : (tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>)
qtrain.parameter @w id 0 = dense<1.0> : tensor<3x4xf32>
func.func @forward(%x: tensor<2x4xf32>, %w: tensor<3x4xf32> {qtrain.parameter = @w}) -> tensor<2x9xf32> {
  %0 = qtrain.linear %x, %w : (tensor<2x4xf32>, tensor<3x4xf32>) -> tensor<2x3xf32>
  %1 = qtrain.relu %0 : (tensor<2x3xf32>) -> tensor<2x3xf32>
  %2 = qtrain.concat %0, %1, %0 {axis = 1 : i64}
    : (tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x9xf32>
  %3 = qtrain.local_response_norm %2 {size = 3 : i64, alpha = 0.1 : f64, beta = 0.75 : f64, bias = 1.0 : f64}
    : (tensor<2x9xf32>) -> tensor<2x9xf32>
  return %3 : tensor<2x9xf32>
}
