// RUN: qtc-opt %s -pass-pipeline='builtin.module(func.func(qtrain-hoist-pools),qtrain-generate-backward{loss=sse},qtrain-apply-wage,canonicalize,cse)' \
// RUN:   | FileCheck %s
// RUN: qtc-opt %s -pass-pipeline='builtin.module(func.func(qtrain-hoist-pools),qtrain-generate-backward{loss=sse},qtrain-apply-wage{error-bits=12 window=1 quantize-last=1},canonicalize,cse)' \
// RUN:   | FileCheck %s --check-prefix=WIDE

// A convolution with a pool behind its unit, and a linear layer. The pool goes to
// the front; masks and positions are all that is kept of the accumulators.

// CHECK-LABEL: func @train_step(
//   CHECK-DAG:   %[[SIX:.+]] = arith.constant 6 : i32
//   CHECK-DAG:   %[[SEVEN:.+]] = arith.constant 7 : i32
//       CHECK:   %[[V:.+]] = qtrain.compose %arg2
//       CHECK:   %[[TV:.+]] = qtrain.shift_scale %[[V]] by %[[SIX]] {bits = 2 : i64, rounding = #qtrain.rounding<even>}
//       CHECK:   %[[W:.+]] = qtrain.compose %arg3
//       CHECK:   %[[TW:.+]] = qtrain.shift_scale %[[W]] by %[[SIX]] {bits = 2 : i64, rounding = #qtrain.rounding<even>}
//       CHECK:   %[[X:.+]] = qtrain.lookup
//       CHECK:   %[[ACC:.+]] = qtrain.conv2d %[[X]], %[[TV]]
//       CHECK:   %[[POS:.+]] = qtrain.max_pool2d_positions %[[ACC]]
//       CHECK:   %[[MAX:.+]] = qtrain.max_pool2d %[[ACC]]
//   CHECK-DAG:   %[[KEPT:.+]] = qtrain.range_mask %[[MAX]] {high = [[HIGH:[0-9]+]] : i64}
//   CHECK-DAG:   %[[PASSES:.+]] = qtrain.range_mask %[[MAX]] {high = [[HIGH]] : i64, low = 1 : i64}
//       CHECK:   %[[R:.+]] = qtrain.relu %[[MAX]]
//       CHECK:   %[[A:.+]] = qtrain.shift_scale %[[R]] by %{{.+}} {bits = 8 : i64, rounding = #qtrain.rounding<even>}
//       CHECK:   %[[Y:.+]] = qtrain.linear %[[A]], %[[TW]]
//       CHECK:   %[[D:.+]] = qtrain.loss_gradient %[[Y]], %arg1 {loss = #qtrain.loss<sse>}
//       CHECK:   %[[L:.+]] = qtrain.magnitude_bits %[[D]] {nearest}
//       CHECK:   %[[N:.+]] = arith.subi %[[L]], %[[SEVEN]]
//       CHECK:   %[[E:.+]] = qtrain.shift_scale %[[D]] by %[[N]] {bidirectional, bits = 8 : i64, rounding = #qtrain.rounding<even>}
//       CHECK:   %[[DX:.+]] = qtrain.linear_input_gradient %[[E]], %[[TW]]
//       CHECK:   %[[G:.+]] = qtrain.linear_weight_gradient %[[A]], %[[E]]
//       CHECK:   %[[LG:.+]] = qtrain.magnitude_bits %[[G]] {nearest}
//       CHECK:   %[[NG:.+]] = arith.subi %[[LG]], %{{.+}}
//       CHECK:   %[[RANDOM:.+]] = qtrain.random
//       CHECK:   %[[STEP:.+]] = qtrain.shift_scale %[[G]] by %[[NG]] random %[[RANDOM]] {bidirectional, bits = 24 : i64, rounding = #qtrain.rounding<stochastic>}
//       CHECK:   qtrain.update %[[W]], %[[STEP]] {limit = 64 : i64, symbol = @w}
//       CHECK:   %[[LX:.+]] = qtrain.magnitude_bits %[[DX]], %[[KEPT]] {nearest}
//       CHECK:   %[[NX:.+]] = arith.subi %[[LX]], %[[SEVEN]]
//       CHECK:   %[[EX:.+]] = qtrain.shift_scale %[[DX]] by %[[NX]]
//       CHECK:   %[[EM:.+]] = qtrain.apply_mask %[[EX]], %[[PASSES]]
//       CHECK:   %[[EU:.+]] = qtrain.max_unpool2d %[[POS]], %[[EM]]
//       CHECK:   qtrain.conv2d_weight_gradient %[[X]], %[[EU]]

// Wide errors; gamma 2 shifts by one less; the output is cut and its error masked.

// WIDE-LABEL: func @train_step(
//       WIDE:   %[[TWELVE:.+]] = arith.constant 12 : i32
//       WIDE:   %[[Y:.+]] = qtrain.linear
//   WIDE-DAG:   %[[KEPT:.+]] = qtrain.range_mask %[[Y]] {high = [[HIGH:[0-9]+]] : i64, low = -[[HIGH]] : i64}
//   WIDE-DAG:   %[[CUT:.+]] = qtrain.shift_scale %[[Y]] {{.*}}bits = 8
//       WIDE:   %[[D:.+]] = qtrain.loss_gradient %[[CUT]]
//       WIDE:   %[[N:.+]] = arith.subi %{{.+}}, %[[TWELVE]]
//       WIDE:   %[[E:.+]] = qtrain.shift_scale %[[D]] by %[[N]] {bidirectional, bits = 12 : i64, {{.*}} -> !qtrain.scaled<tensor<2x4xi16>>
//       WIDE:   qtrain.apply_mask %[[E]], %[[KEPT]]

#window = #qtrain.window<kernel = [3, 3], strides = [1, 1], pads = [0, 0, 0, 0], dilations = [1, 1]>
#pool = #qtrain.window<kernel = [2, 2], strides = [2, 2], pads = [0, 0, 0, 0], dilations = [1, 1]>

qtrain.parameter @v id 0 = dense<1.0> : tensor<5x3x3x3xf32>
qtrain.parameter @w id 1 = dense<1.0> : tensor<4x20xf32>
func.func @forward(%x: tensor<2x3x6x6xf32>, %v: tensor<5x3x3x3xf32> {qtrain.parameter = @v},
                   %w: tensor<4x20xf32> {qtrain.parameter = @w}) -> tensor<2x4xf32> {
  %0 = qtrain.conv2d %x, %v {window = #window} : (tensor<2x3x6x6xf32>, tensor<5x3x3x3xf32>) -> tensor<2x5x4x4xf32>
  %1 = qtrain.relu %0 : (tensor<2x5x4x4xf32>) -> tensor<2x5x4x4xf32>
  %2 = qtrain.max_pool2d %1 {window = #pool} : (tensor<2x5x4x4xf32>) -> tensor<2x5x2x2xf32>
  %3 = qtrain.linear %2, %w : (tensor<2x5x2x2xf32>, tensor<4x20xf32>) -> tensor<2x4xf32>
  return %3 : tensor<2x4xf32>
}
