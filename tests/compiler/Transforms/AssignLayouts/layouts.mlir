// RUN: qtc-opt %s -pass-pipeline='builtin.module(func.func(qtrain-assign-layouts))' -split-input-file | FileCheck %s

#conv = #qtrain.window<kernel = [3, 3], strides = [1, 1], pads = [1, 1, 1, 1], dilations = [1, 1]>

// Activations of rank 4 lie with channels innermost, from the pixels on, which
// stay as they are read. Values of rank 2 have one layout only.

// CHECK-LABEL: func @forward(
//  CHECK-SAME:   %[[PIXELS:.+]]: tensor<2x3x4x4xui8>, %[[W:.+]]: !qtrain.scaled<tensor<5x3x3x3xi8>>, %[[F:.+]]: !qtrain.scaled<tensor<6x80xi8>>)
//       CHECK:   %[[X:.+]] = qtrain.lookup %[[PIXELS]] {{.*}} -> !qtrain.scaled<tensor<2x3x4x4xi8, #qtrain.channels_last>>
//       CHECK:   %[[ACC:.+]] = qtrain.conv2d %[[X]], %[[W]] {{.*}} : (!qtrain.scaled<tensor<2x3x4x4xi8, #qtrain.channels_last>>, !qtrain.scaled<tensor<5x3x3x3xi8>>) -> !qtrain.scaled<tensor<2x5x4x4xi32, #qtrain.channels_last>>
//       CHECK:   %[[Y:.+]] = qtrain.shift_scale %[[ACC]] {{.*}} -> !qtrain.scaled<tensor<2x5x4x4xi8, #qtrain.channels_last>>
//       CHECK:   %[[R:.+]] = qtrain.relu %[[Y]] : (!qtrain.scaled<tensor<2x5x4x4xi8, #qtrain.channels_last>>) -> !qtrain.scaled<tensor<2x5x4x4xi8, #qtrain.channels_last>>
//       CHECK:   qtrain.linear %[[R]], %[[F]] : {{.*}} -> !qtrain.scaled<tensor<2x6xi32>>
func.func @forward(%pixels: tensor<2x3x4x4xui8>, %w: !qtrain.scaled<tensor<5x3x3x3xi8>>,
                   %f: !qtrain.scaled<tensor<6x80xi8>>) {
  %c0 = arith.constant 0 : i32
  %x = qtrain.lookup %pixels {exponent = -7 : si32, table = dense<1> : tensor<1x256xi8>}
    : (tensor<2x3x4x4xui8>) -> !qtrain.scaled<tensor<2x3x4x4xi8>>
  %0 = qtrain.conv2d %x, %w {window = #conv}
    : (!qtrain.scaled<tensor<2x3x4x4xi8>>, !qtrain.scaled<tensor<5x3x3x3xi8>>) -> !qtrain.scaled<tensor<2x5x4x4xi32>>
  %1 = qtrain.shift_scale %0 by %c0 {bits = 8 : i64, rounding = #qtrain.rounding<nearest>}
    : (!qtrain.scaled<tensor<2x5x4x4xi32>>, i32) -> !qtrain.scaled<tensor<2x5x4x4xi8>>
  %2 = qtrain.relu %1 : (!qtrain.scaled<tensor<2x5x4x4xi8>>) -> !qtrain.scaled<tensor<2x5x4x4xi8>>
  %3 = qtrain.linear %2, %f
    : (!qtrain.scaled<tensor<2x5x4x4xi8>>, !qtrain.scaled<tensor<6x80xi8>>) -> !qtrain.scaled<tensor<2x6xi32>>
  return
}

// -----

// A parameter, its 8-bit copy, its gradient and what the update makes of them
// keep the layout that the state has; errors do not.

#conv = #qtrain.window<kernel = [3, 3], strides = [1, 1], pads = [1, 1, 1, 1], dilations = [1, 1]>

// CHECK-LABEL: func @parameter(
//       CHECK:   %[[W:.+]] = qtrain.compose {{.*}} -> !qtrain.scaled<tensor<5x3x3x3xi16>>
//       CHECK:   %[[COPY:.+]] = qtrain.shift_scale %[[W]] {{.*}} -> !qtrain.scaled<tensor<5x3x3x3xi8>>
//       CHECK:   %[[E:.+]] = qtrain.relu_gradient {{.*}} -> !qtrain.scaled<tensor<2x5x4x4xi8, #qtrain.channels_last>>
//       CHECK:   qtrain.conv2d_input_gradient %[[E]], %[[COPY]] {{.*}} -> !qtrain.scaled<tensor<2x3x4x4xi32, #qtrain.channels_last>>
//       CHECK:   %[[G:.+]] = qtrain.conv2d_weight_gradient {{.*}} -> !qtrain.scaled<tensor<5x3x3x3xi32>>
//       CHECK:   %[[R:.+]] = qtrain.random {{.*}} -> tensor<5x3x3x3xi16>
//       CHECK:   %[[STEP:.+]] = qtrain.shift_scale %[[G]] {{.*}} random %[[R]] {{.*}} -> !qtrain.scaled<tensor<5x3x3x3xi16>>
//       CHECK:   qtrain.update %[[W]], %[[STEP]] : {{.*}} -> !qtrain.scaled<tensor<5x3x3x3xi16>>
func.func @parameter(%pixels: tensor<2x3x4x4xui8>, %w: tensor<5x3x3x3xi16>, %y: tensor<2x5x4x4xui8>,
                     %seed: i64, %step: i32) {
  %c8 = arith.constant 8 : i32
  %x = qtrain.lookup %pixels {exponent = -7 : si32, table = dense<1> : tensor<1x256xi8>}
    : (tensor<2x3x4x4xui8>) -> !qtrain.scaled<tensor<2x3x4x4xi8>>
  %o = qtrain.lookup %y {exponent = -7 : si32, table = dense<1> : tensor<1x256xi8>}
    : (tensor<2x5x4x4xui8>) -> !qtrain.scaled<tensor<2x5x4x4xi8>>
  %0 = qtrain.compose %w, %c8 : (tensor<5x3x3x3xi16>, i32) -> !qtrain.scaled<tensor<5x3x3x3xi16>>
  %1 = qtrain.shift_scale %0 by %c8 {bits = 8 : i64, rounding = #qtrain.rounding<nearest>}
    : (!qtrain.scaled<tensor<5x3x3x3xi16>>, i32) -> !qtrain.scaled<tensor<5x3x3x3xi8>>
  %2 = qtrain.relu_gradient %o, %o
    : (!qtrain.scaled<tensor<2x5x4x4xi8>>, !qtrain.scaled<tensor<2x5x4x4xi8>>) -> !qtrain.scaled<tensor<2x5x4x4xi8>>
  %3 = qtrain.conv2d_input_gradient %2, %1 {window = #conv}
    : (!qtrain.scaled<tensor<2x5x4x4xi8>>, !qtrain.scaled<tensor<5x3x3x3xi8>>) -> !qtrain.scaled<tensor<2x3x4x4xi32>>
  %4 = qtrain.conv2d_weight_gradient %x, %2 {window = #conv}
    : (!qtrain.scaled<tensor<2x3x4x4xi8>>, !qtrain.scaled<tensor<2x5x4x4xi8>>) -> !qtrain.scaled<tensor<5x3x3x3xi32>>
  %r = qtrain.random %seed, %step {id = 0 : i64, purpose = #qtrain.purpose<gradient_rounding>}
    : (i64, i32) -> tensor<5x3x3x3xi16>
  %5 = qtrain.shift_scale %4 by %c8 random %r {bits = 16 : i64, rounding = #qtrain.rounding<stochastic>}
    : (!qtrain.scaled<tensor<5x3x3x3xi32>>, i32, tensor<5x3x3x3xi16>) -> !qtrain.scaled<tensor<5x3x3x3xi16>>
  %6 = qtrain.update %0, %5
    : (!qtrain.scaled<tensor<5x3x3x3xi16>>, !qtrain.scaled<tensor<5x3x3x3xi16>>) -> !qtrain.scaled<tensor<5x3x3x3xi16>>
  return
}

// -----

// A transposed or reshaped parameter is a parameter, a reshaped activation an
// activation.

// CHECK-LABEL: func @moves(
//       CHECK:   qtrain.transpose {{.*}} -> !qtrain.scaled<tensor<3x5x3x3xi8>>
//       CHECK:   qtrain.reshape {{.*}} -> !qtrain.scaled<tensor<5x1x3x9xi8>>
//       CHECK:   %[[X:.+]] = qtrain.lookup {{.*}} -> !qtrain.scaled<tensor<2x48xi8>>
//       CHECK:   qtrain.reshape %[[X]] : {{.*}} -> !qtrain.scaled<tensor<2x3x4x4xi8, #qtrain.channels_last>>
func.func @moves(%w: !qtrain.scaled<tensor<5x3x3x3xi8>>, %pixels: tensor<2x48xui8>) {
  %0 = qtrain.transpose %w {permutation = array<i64: 1, 0, 2, 3>}
    : (!qtrain.scaled<tensor<5x3x3x3xi8>>) -> !qtrain.scaled<tensor<3x5x3x3xi8>>
  %1 = qtrain.reshape %w : (!qtrain.scaled<tensor<5x3x3x3xi8>>) -> !qtrain.scaled<tensor<5x1x3x9xi8>>
  %2 = qtrain.lookup %pixels {exponent = -7 : si32, table = dense<1> : tensor<1x256xi8>}
    : (tensor<2x48xui8>) -> !qtrain.scaled<tensor<2x48xi8>>
  %3 = qtrain.reshape %2 : (!qtrain.scaled<tensor<2x48xi8>>) -> !qtrain.scaled<tensor<2x3x4x4xi8>>
  return
}

// -----

// A float input lies as ONNX says, so its elements move; a parameter stays.

// CHECK-LABEL: func @input(
//       CHECK:   %[[X:.+]] = qtrain.compose %{{.+}} : (tensor<2x3x4x4xf32>) -> tensor<2x3x4x4xf32>
//       CHECK:   %[[MOVED:.+]] = qtrain.reshape %[[X]] : (tensor<2x3x4x4xf32>) -> tensor<2x3x4x4xf32, #qtrain.channels_last>
//       CHECK:   %[[W:.+]] = qtrain.compose %{{.+}} : (tensor<5x3x3x3xf32>) -> tensor<5x3x3x3xf32>
//       CHECK:   qtrain.conv2d %[[MOVED]], %[[W]] {{.*}} -> tensor<2x5x4x4xf32, #qtrain.channels_last>
qtrain.parameter @w id 0 = dense<0.0> : tensor<5x3x3x3xf32>
func.func @input(%mx: tensor<2x3x4x4xf32> {qtrain.role = #qtrain.role<input>}, %mw: tensor<5x3x3x3xf32> {qtrain.parameter = @w}) {
  %x = qtrain.compose %mx : (tensor<2x3x4x4xf32>) -> tensor<2x3x4x4xf32>
  %w = qtrain.compose %mw : (tensor<5x3x3x3xf32>) -> tensor<5x3x3x3xf32>
  %0 = qtrain.conv2d %x, %w {window = #qtrain.window<kernel = [3, 3], strides = [1, 1], pads = [1, 1, 1, 1], dilations = [1, 1]>}
    : (tensor<2x3x4x4xf32>, tensor<5x3x3x3xf32>) -> tensor<2x5x4x4xf32>
  return
}

// -----

// Gradients of a bias and statistics that are stored with rank 4 are no images.

// CHECK-LABEL: func @rank_4(
//       CHECK:   %[[E:.+]] = qtrain.relu_gradient {{.*}} -> tensor<2x5x4x4xf32, #qtrain.channels_last>
//       CHECK:   qtrain.reshape {{.*}} : (tensor<5xf32>) -> tensor<1x5x1x1xf32>
//       CHECK:   %[[Y:.+]], %{{.+}}, %{{.+}}, %[[MEAN:.+]], %{{.+}} = qtrain.batch_norm_training {{.*}} -> (tensor<2x5x4x4xf32, #qtrain.channels_last>,
//       CHECK:   qtrain.reshape %[[MEAN]] : (tensor<5xf32>) -> tensor<1x5x1x1xf32>
//       CHECK:   %[[S:.+]], %{{.+}} = qtrain.batch_norm_parameter_gradient
//       CHECK:   qtrain.reshape %[[S]] : (tensor<5xf32>) -> tensor<1x5x1x1xf32>
func.func @rank_4(%p: tensor<2x5x4x4xf32> {qtrain.role = #qtrain.role<input>}, %s: tensor<5xf32>) {
  %x = qtrain.compose %p : (tensor<2x5x4x4xf32>) -> tensor<2x5x4x4xf32>
  %e = qtrain.relu_gradient %x, %x : (tensor<2x5x4x4xf32>, tensor<2x5x4x4xf32>) -> tensor<2x5x4x4xf32>
  %0 = qtrain.bias_gradient %e : (tensor<2x5x4x4xf32>) -> tensor<5xf32>
  %1 = qtrain.reshape %0 : (tensor<5xf32>) -> tensor<1x5x1x1xf32>
  %2:5 = qtrain.batch_norm_training %x, %s, %s, %s, %s {epsilon = 1.0e-5 : f64, momentum = 0.9 : f64}
    : (tensor<2x5x4x4xf32>, tensor<5xf32>, tensor<5xf32>, tensor<5xf32>, tensor<5xf32>)
    -> (tensor<2x5x4x4xf32>, tensor<5xf32>, tensor<5xf32>, tensor<5xf32>, tensor<5xf32>)
  %3 = qtrain.reshape %2#3 : (tensor<5xf32>) -> tensor<1x5x1x1xf32>
  %4:2 = qtrain.batch_norm_parameter_gradient %x, %2#1, %2#2, %e {epsilon = 1.0e-5 : f64}
    : (tensor<2x5x4x4xf32>, tensor<5xf32>, tensor<5xf32>, tensor<2x5x4x4xf32>) -> (tensor<5xf32>, tensor<5xf32>)
  %5 = qtrain.reshape %4#0 : (tensor<5xf32>) -> tensor<1x5x1x1xf32>
  return
}
