// RUN: qtc-opt %s -qtrain-generate-backward -qtrain-apply-niti -split-input-file | FileCheck %s
// RUN: qtc-opt %s -qtrain-generate-backward -qtrain-apply-niti="loss=paper gradient-rounding=stochastic" \
// RUN:   -split-input-file | FileCheck %s --check-prefix=OTHER
// RUN: qtc-opt %s -qtrain-generate-backward -qtrain-apply-niti="weight-bits=16 gradient-rounding=nearest" \
// RUN:   -split-input-file | FileCheck %s --check-prefix=WIDE

// The loss: an integer softmax of 15 fraction bits, of which a stochastic shift
// by 8 leaves 7 (the paper's form: 11, shifted by 4).

// CHECK-LABEL: func @train_step(
//  CHECK-SAME:   %[[LABELS:[^ ]+]]: tensor<2xi32> {qtrain.role = #qtrain.role<target>}, %[[M:[^ ]+]]: tensor<3x4xi8> {qtrain.parameter = @w},
//  CHECK-SAME:   %[[SEED:[^ ]+]]: i64 {qtrain.role = #qtrain.role<seed>}, %[[STEP:[^ ]+]]: i32 {qtrain.role = #qtrain.role<step>}, %[[MU:[^ ]+]]: i64 {qtrain.role = #qtrain.role<schedule>})
//  CHECK-SAME:   -> (tensor<2x3xi8>, i32, tensor<2xi64> {qtrain.name = "loss", qtrain.role = #qtrain.role<metric>}, tensor<2xi64> {qtrain.name = "accuracy", qtrain.role = #qtrain.role<metric>}, tensor<3x4xi8> {qtrain.parameter = @w})
//       CHECK:   %[[W:.+]] = qtrain.compose %[[M]]
//       CHECK:   %[[X:.+]] = qtrain.lookup
//       CHECK:   %[[P:.+]] = qtrain.loss_gradient %{{.+}}, %[[LABELS]] {exponential = #qtrain.exponential<fraction>, loss = #qtrain.loss<cross_entropy>}
//       CHECK:   %[[R:.+]] = qtrain.random %[[SEED]], %[[STEP]] {id = 0 : i64, purpose = #qtrain.purpose<loss_rounding>} : (i64, i32) -> tensor<2x3xi16>
//       CHECK:   %[[EIGHT:.+]] = arith.constant 8 : i32
//       CHECK:   %[[E:.+]] = qtrain.shift_scale %[[P]] by %[[EIGHT]] random %[[R]] {bits = 8 : i64, rounding = #qtrain.rounding<stochastic>}

// OTHER-LABEL: func @train_step(
//       OTHER:   %[[P:.+]] = qtrain.loss_gradient {{.*}} {exponential = #qtrain.exponential<paper>
//       OTHER:   %[[FOUR:.+]] = arith.constant 4 : i32
//       OTHER:   qtrain.shift_scale %[[P]] by %[[FOUR]] random

// The update: the exact gradient is shifted until mu magnitude bits remain, to
// either side of nothing, and subtracted.

//       CHECK:   %[[G:.+]] = qtrain.linear_weight_gradient %[[X]], %[[E]] : {{.*}} -> !qtrain.scaled<tensor<3x4xi32>>
//       CHECK:   %[[MU32:.+]] = arith.trunci %[[MU]] : i64 to i32
//       CHECK:   %[[NONE:.+]] = arith.constant 0 : i32
//       CHECK:   %[[KEPT:.+]] = arith.addi %[[MU32]], %[[NONE]]
//       CHECK:   %[[BITS:.+]] = qtrain.magnitude_bits %[[G]]
//       CHECK:   %[[SHIFT:.+]] = arith.subi %[[BITS]], %[[KEPT]]
//       CHECK:   %[[D:.+]] = qtrain.shift_scale %[[G]] by %[[SHIFT]] {bits = 8 : i64, rounding = #qtrain.rounding<pseudo>}
//       CHECK:   %[[NEW:.+]] = qtrain.update %[[W]], %[[D]] {symbol = @w}
//       CHECK:   %[[MNEW:.+]], %{{.+}} = qtrain.decompose %[[NEW]]
//       CHECK:   return %{{.+}}, %{{.+}}, %{{.+}}, %{{.+}}, %[[MNEW]] : tensor<2x3xi8>, i32, tensor<2xi64>, tensor<2xi64>, tensor<3x4xi8>

// Stochastic rounding takes numbers of the parameter's id.

//       OTHER:   %[[G:.+]] = qtrain.linear_weight_gradient
//       OTHER:   %[[R:.+]] = qtrain.random %{{.+}}, %{{.+}} {id = 5 : i64, purpose = #qtrain.purpose<gradient_rounding>} : (i64, i32) -> tensor<3x4xi16>
//       OTHER:   qtrain.shift_scale %[[G]] by %{{.+}} random %[[R]] {bits = 8 : i64, rounding = #qtrain.rounding<stochastic>}

// 16-bit weights: layers compute with an 8-bit copy, the update has 8 more
// fraction bits and touches the store.

// WIDE-LABEL: func @train_step(
//  WIDE-SAME:   %[[M:[^ ]+]]: tensor<3x4xi16> {qtrain.parameter = @w}
//       WIDE:   %[[STORE:.+]] = qtrain.compose %[[M]]
//       WIDE:   %[[EIGHT:.+]] = arith.constant 8 : i32
//       WIDE:   %[[COPY:.+]] = qtrain.shift_scale %[[STORE]] by %[[EIGHT]] {bits = 8 : i64, rounding = #qtrain.rounding<nearest>}
//       WIDE:   qtrain.linear %{{.+}}, %[[COPY]]
//       WIDE:   %[[G:.+]] = qtrain.linear_weight_gradient
//       WIDE:   %[[MORE:.+]] = arith.constant 8 : i32
//       WIDE:   %[[KEPT:.+]] = arith.addi %{{.+}}, %[[MORE]]
//       WIDE:   %[[SHIFT:.+]] = arith.subi %{{.+}}, %[[KEPT]]
//       WIDE:   %[[D:.+]] = qtrain.shift_scale %[[G]] by %[[SHIFT]] {bits = 16 : i64, rounding = #qtrain.rounding<nearest>} : {{.*}} -> !qtrain.scaled<tensor<3x4xi16>>
//       WIDE:   qtrain.update %[[STORE]], %[[D]]
qtrain.parameter @w id 5 = dense<1.0> : tensor<3x4xf32>
func.func @forward(%x: tensor<2x4xf32>, %w: tensor<3x4xf32> {qtrain.parameter = @w}) -> tensor<2x3xf32> {
  %y = qtrain.linear %x, %w : (tensor<2x4xf32>, tensor<3x4xf32>) -> tensor<2x3xf32>
  return %y : tensor<2x3xf32>
}

// -----

// Errors: contractions and means are requantized, unit masks keep mantissas,
// pools whose windows overlap add up in 32 bits, others do not. Gradients of a
// bias are exact.

#conv = #qtrain.window<kernel = [1, 1], strides = [1, 1], pads = [0, 0, 0, 0], dilations = [1, 1]>
#apart = #qtrain.window<kernel = [2, 2], strides = [2, 2], pads = [0, 0, 0, 0], dilations = [1, 1]>
#over = #qtrain.window<kernel = [3, 3], strides = [1, 1], pads = [0, 0, 0, 0], dilations = [1, 1]>
#mean = #qtrain.window<kernel = [2, 2], strides = [1, 1], pads = [0, 0, 0, 0], dilations = [1, 1]>
// CHECK-LABEL: func @train_step(
//       CHECK:   qtrain.loss_gradient
//       CHECK:   %[[E0:.+]] = qtrain.shift_scale {{.*}}stochastic
//       CHECK:   %[[E1:.+]] = qtrain.reshape %[[E0]] : {{.*}} -> !qtrain.scaled<tensor<2x4x1x1xi8>>
//       CHECK:   %[[A2:.+]] = qtrain.average_pool2d_gradient %[[E1]] {{.*}} -> !qtrain.scaled<tensor<2x4x2x2xi32>>
//       CHECK:   %[[E2:.+]] = qtrain.shift_scale %[[A2]] by %{{.+}} {bits = 8 : i64, rounding = #qtrain.rounding<nearest>}
//       CHECK:   %[[A3:.+]] = qtrain.max_pool2d_gradient %{{.+}}, %[[E2]] {{.*}} -> !qtrain.scaled<tensor<2x4x4x4xi32>>
//       CHECK:   %[[E3:.+]] = qtrain.shift_scale %[[A3]] by %{{.+}} {bits = 8 : i64, rounding = #qtrain.rounding<nearest>}
//  CHECK-NEXT:   %[[E4:.+]] = qtrain.max_pool2d_gradient %{{.+}}, %[[E3]] {{.*}} -> !qtrain.scaled<tensor<2x4x8x8xi8>>
//  CHECK-NEXT:   %[[E5:.+]] = qtrain.relu_gradient %{{.+}}, %[[E4]] : {{.*}} -> !qtrain.scaled<tensor<2x4x8x8xi8>>
//  CHECK-NEXT:   %[[GB:.+]] = qtrain.bias_gradient %[[E5]] : {{.*}} -> !qtrain.scaled<tensor<4xi32>>
//   CHECK-NOT:   nearest
//       CHECK:   qtrain.shift_scale %[[GB]] by %{{.+}} {bits = 8 : i64, rounding = #qtrain.rounding<pseudo>}
//       CHECK:   %[[A6:.+]] = qtrain.conv2d_input_gradient %[[E5]], %{{.+}} -> !qtrain.scaled<tensor<2x4x8x8xi32>>
//       CHECK:   %[[E6:.+]] = qtrain.shift_scale %[[A6]] by %{{.+}} {bits = 8 : i64, rounding = #qtrain.rounding<nearest>}
//       CHECK:   qtrain.conv2d_weight_gradient %{{.+}}, %[[E5]]
//       CHECK:   qtrain.conv2d_weight_gradient %{{.+}}, %[[E6]]
qtrain.parameter @w0 id 0 = dense<1.0> : tensor<4x3x1x1xf32>
qtrain.parameter @w id 1 = dense<1.0> : tensor<4x4x1x1xf32>
qtrain.parameter @b id 2 = dense<1.0> : tensor<4xf32>
func.func @forward(%x: tensor<2x3x8x8xf32>, %w0: tensor<4x3x1x1xf32> {qtrain.parameter = @w0},
                   %w: tensor<4x4x1x1xf32> {qtrain.parameter = @w}, %b: tensor<4xf32> {qtrain.parameter = @b})
    -> tensor<2x4xf32> {
  %0 = qtrain.conv2d %x, %w0 {window = #conv} : (tensor<2x3x8x8xf32>, tensor<4x3x1x1xf32>) -> tensor<2x4x8x8xf32>
  %1 = qtrain.conv2d %0, %w {window = #conv} : (tensor<2x4x8x8xf32>, tensor<4x4x1x1xf32>) -> tensor<2x4x8x8xf32>
  %2 = qtrain.bias_add %1, %b : (tensor<2x4x8x8xf32>, tensor<4xf32>) -> tensor<2x4x8x8xf32>
  %3 = qtrain.relu %2 : (tensor<2x4x8x8xf32>) -> tensor<2x4x8x8xf32>
  %4 = qtrain.max_pool2d %3 {window = #apart} : (tensor<2x4x8x8xf32>) -> tensor<2x4x4x4xf32>
  %5 = qtrain.max_pool2d %4 {window = #over} : (tensor<2x4x4x4xf32>) -> tensor<2x4x2x2xf32>
  %6 = qtrain.average_pool2d %5 {window = #mean} : (tensor<2x4x2x2xf32>) -> tensor<2x4x1x1xf32>
  %7 = qtrain.reshape %6 : (tensor<2x4x1x1xf32>) -> tensor<2x4xf32>
  return %7 : tensor<2x4xf32>
}

// -----

// A weight of two layers, which one of them sees transposed: the gradients are
// added at their exponents in 64 bits, and that is what the update shifts.

// CHECK-LABEL: func @train_step(
//       CHECK:   %[[W:.+]] = qtrain.compose {{.*}} -> !qtrain.scaled<tensor<4x4xi8>>
//       CHECK:   %[[G1:.+]] = qtrain.linear_weight_gradient {{.*}} -> !qtrain.scaled<tensor<4x4xi32>>
//       CHECK:   %[[G2:.+]] = qtrain.transpose %[[G1]] {{.*}} -> !qtrain.scaled<tensor<4x4xi32>>
//       CHECK:   %[[G3:.+]] = qtrain.linear_weight_gradient {{.*}} -> !qtrain.scaled<tensor<4x4xi32>>
//       CHECK:   %[[G:.+]] = qtrain.sum %[[G2]], %[[G3]] maxima({{.*}}) : {{.*}} -> !qtrain.scaled<tensor<4x4xi64>>
//       CHECK:   %[[BITS:.+]] = qtrain.magnitude_bits %[[G]]
//       CHECK:   %[[D:.+]] = qtrain.shift_scale %[[G]] {{.*}} : (!qtrain.scaled<tensor<4x4xi64>>, i32) -> !qtrain.scaled<tensor<4x4xi8>>
//       CHECK:   qtrain.update %[[W]], %[[D]] {symbol = @w}
qtrain.parameter @w id 0 = dense<1.0> : tensor<4x4xf32>
func.func @forward(%x: tensor<2x4xf32>, %w: tensor<4x4xf32> {qtrain.parameter = @w}) -> tensor<2x4xf32> {
  %0 = qtrain.linear %x, %w : (tensor<2x4xf32>, tensor<4x4xf32>) -> tensor<2x4xf32>
  %1 = qtrain.transpose %w {permutation = array<i64: 1, 0>} : (tensor<4x4xf32>) -> tensor<4x4xf32>
  %2 = qtrain.linear %0, %1 : (tensor<2x4xf32>, tensor<4x4xf32>) -> tensor<2x4xf32>
  return %2 : tensor<2x4xf32>
}

// -----

// A trained slope: accumulators of the value and of the error are requantized,
// the gradient is exact in 64 bits, and mu is smaller by 3.

// CHECK-LABEL: func @train_step(
//       CHECK:   %[[A:.+]] = qtrain.compose {{.*}} -> !qtrain.scaled<tensor<4xi8>>
//       CHECK:   %[[ACC:.+]] = qtrain.prelu %{{.+}}, %[[A]] : {{.*}} -> !qtrain.scaled<tensor<2x4xi32>>
//       CHECK:   qtrain.shift_scale %[[ACC]] by %{{.+}} {bits = 8 : i64, rounding = #qtrain.rounding<nearest>}
//       CHECK:   %[[EACC:.+]] = qtrain.prelu_input_gradient %{{.+}}, %[[E:.+]], %[[A]] : {{.*}} -> !qtrain.scaled<tensor<2x4xi32>>
//       CHECK:   qtrain.shift_scale %[[EACC]] by %{{.+}} {bits = 8 : i64, rounding = #qtrain.rounding<nearest>}
//       CHECK:   %[[G:.+]] = qtrain.prelu_slope_gradient %{{.+}}, %[[E]] : {{.*}} -> !qtrain.scaled<tensor<4xi64>>
//       CHECK:   %[[MORE:.+]] = arith.constant -3 : i32
//       CHECK:   arith.addi %{{.+}}, %[[MORE]]
//       CHECK:   qtrain.shift_scale %[[G]] {{.*}} -> !qtrain.scaled<tensor<4xi8>>
qtrain.parameter @w id 0 = dense<1.0> : tensor<4x3xf32>
qtrain.parameter @a id 1 = dense<0.25> : tensor<4xf32>
func.func @forward(%x: tensor<2x3xf32>, %w: tensor<4x3xf32> {qtrain.parameter = @w},
                   %a: tensor<4xf32> {qtrain.parameter = @a}) -> tensor<2x4xf32> {
  %0 = qtrain.linear %x, %w : (tensor<2x3xf32>, tensor<4x3xf32>) -> tensor<2x4xf32>
  %1 = qtrain.prelu %0, %a : (tensor<2x4xf32>, tensor<4xf32>) -> tensor<2x4xf32>
  return %1 : tensor<2x4xf32>
}
