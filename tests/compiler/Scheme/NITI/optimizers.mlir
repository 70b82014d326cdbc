// Optimizers that keep averages of gradients, and weight decay.

// RUN: qtc-opt %s -qtrain-generate-backward -qtrain-apply-niti="weight-bits=16 settings=momentum=0.9,weight-decay=0.01" \
// RUN:   | FileCheck %s
// RUN: qtc-opt %s -qtrain-generate-backward -qtrain-apply-niti="settings=weight-decay=0.01" | FileCheck %s --check-prefix=NARROW
// RUN: qtc-opt %s -qtrain-generate-backward -qtrain-apply-niti="weight-bits=16 optimizer=lion settings=weight-decay=0.25" \
// RUN:   | FileCheck %s --check-prefix=LION
// RUN: not qtc-opt %s -qtrain-generate-backward -qtrain-apply-niti="settings=momentum=0.9" 2>&1 \
// RUN:   | FileCheck %s --check-prefix=WIDTH
// RUN: not qtc-opt %s -qtrain-generate-backward -qtrain-apply-niti="optimizer=adamw" 2>&1 | FileCheck %s --check-prefix=NAME
// RUN: not qtc-opt %s -qtrain-generate-backward -qtrain-apply-niti="settings=nesterov=on" 2>&1 \
// RUN:   | FileCheck %s --check-prefix=SETTING

// WIDTH: error: expected parameters of 16 bits for a momentum, but 'w' has 8
// NAME: error: expected the name of an optimizer, but got 'adamw'
// SETTING: error: option 'nesterov': not one of this optimizer

// An average has 32 bits, 8 of them below those of its parameter. What is frozen
// has none.

// CHECK: qtrain.parameter @w id 3 exponent -14 = dense<16384> : tensor<3x4xi16>
// CHECK: qtrain.parameter @optimizer.w.momentum id 3 kind optimizer exponent -22 = dense<0> : tensor<3x4xi32>
// CHECK: qtrain.parameter @b id 4 exponent -14 frozen
// CHECK-NOT: qtrain.parameter @
qtrain.parameter @w id 3 = dense<1.0> : tensor<3x4xf32>
qtrain.parameter @b id 4 frozen = dense<1.0> : tensor<3xf32>

// The share 0.01 is 164 / 2^14, of a weight in units of the gradient: a step of
// mu takes 2^mu of it.

// CHECK-LABEL: func @train_step(
//  CHECK-SAME:   %[[V_ARG:[^ ]+]]: tensor<3x4xi32> {qtrain.parameter = @optimizer.w.momentum})
//  CHECK-SAME:   -> (tensor<2x3xi8>, i32, {{.*}}, tensor<3x4xi16> {qtrain.parameter = @w}, tensor<3x4xi32> {qtrain.parameter = @optimizer.w.momentum})
//   CHECK-DAG:   %[[W:.+]] = qtrain.compose %{{.+}} : (tensor<3x4xi16>, i32)
//   CHECK-DAG:   %[[V:.+]] = qtrain.compose %[[V_ARG]], %{{.+}} : (tensor<3x4xi32>, i32)
//       CHECK:   %[[G:.+]] = qtrain.linear_weight_gradient
//       CHECK:   %[[EIGHT:.+]] = arith.constant 8 : i32
//       CHECK:   %[[KEPT:.+]] = arith.addi %{{.+}}, %[[EIGHT]]
//       CHECK:   %[[BITS:.+]] = qtrain.magnitude_bits %[[G]]
//       CHECK:   %[[SHIFT:.+]] = arith.subi %[[BITS]], %[[KEPT]]
//       CHECK:   %[[LESS:.+]] = arith.constant -8 : i32
//       CHECK:   %[[FINE:.+]] = arith.addi %[[BITS]], %[[LESS]]
//       CHECK:   %[[SHARE:.+]] = arith.constant -14 : i32
//       CHECK:   %[[POWER:.+]] = arith.addi %[[FINE]], %[[SHARE]]
//       CHECK:   %[[SUM:.+]] = qtrain.add_scaled %[[G]], %[[W]], %[[POWER]] {bits = 64 : i64, factor = 164 : i64}
//       CHECK:   %[[D:.+]] = qtrain.shift_scale %[[SUM]] by %[[SHIFT]] {bits = 16 : i64, rounding = #qtrain.rounding<pseudo>}
//       CHECK:   %[[V1:.+]] = qtrain.weighted_sum %[[V]], %[[D]] {bits = 32 : i64, factors = array<i64: 230, 65536>, rounding = #qtrain.rounding<floor0>, shift = 8 : i64}
//       CHECK:   %[[STEP:.+]] = qtrain.weighted_sum %[[V1]] {bits = 16 : i64, factors = array<i64: 26>, rounding = #qtrain.rounding<nearest>, shift = 16 : i64}
//       CHECK:   qtrain.update %[[W]], %[[STEP]] {symbol = @w}

// 8-bit weights have 8 bits less, so the share of the gradient's bits is larger.

//  NARROW-NOT: kind optimizer
// NARROW-LABEL: func @train_step(
//      NARROW: %[[G:.+]] = qtrain.linear_weight_gradient
//      NARROW: %[[BITS:.+]] = qtrain.magnitude_bits %[[G]]
//      NARROW: %[[SAME:.+]] = arith.constant 0 : i32
//      NARROW: %[[FINE:.+]] = arith.addi %[[BITS]], %[[SAME]]
//      NARROW: %[[SHARE:.+]] = arith.constant -14 : i32
//      NARROW: arith.addi %[[FINE]], %[[SHARE]]
//      NARROW: qtrain.add_scaled

// The sign of an average, by the rate, and a share of the weight.

// LION-LABEL: func @train_step(
//       LION:   %[[G:.+]] = qtrain.linear_weight_gradient
//       LION:   %[[RATE:.+]] = arith.addi
//       LION:   %[[BITS:.+]] = qtrain.magnitude_bits %[[G]]
//       LION:   %[[LESS:.+]] = arith.constant -15 : i32
//       LION:   %[[SHIFT:.+]] = arith.addi %[[BITS]], %[[LESS]]
//       LION:   %[[D:.+]] = qtrain.shift_scale %[[G]] by %[[SHIFT]] {bits = 16 : i64
//       LION:   %[[SIGN:.+]] = qtrain.weighted_sum %[[V:.+]], %[[D]] {bits = 2 : i64, factors = array<i64: 230, 6656>, rounding = #qtrain.rounding<floor0>, shift = 0 : i64}
//       LION:   %[[LEFT:.+]] = arith.subi %{{.+}}, %[[RATE]]
//       LION:   %[[STEP:.+]] = qtrain.shift_scale %[[SIGN]] by %[[LEFT]] {bidirectional, bits = 16 : i64, rounding = #qtrain.rounding<floor0>}
//       LION:   %[[SHARE:.+]] = arith.constant -9 : i32
//       LION:   %[[POWER:.+]] = arith.addi %[[RATE]], %[[SHARE]]
//       LION:   %[[CHANGE:.+]] = qtrain.add_scaled %[[STEP]], %[[W:.+]], %[[POWER]] {bits = 31 : i64, factor = 128 : i64}
//       LION:   qtrain.weighted_sum %[[V]], %[[D]] {bits = 32 : i64, factors = array<i64: 253, 768>, rounding = #qtrain.rounding<floor0>, shift = 8 : i64}
//       LION:   qtrain.update %[[W]], %[[CHANGE]]

func.func @forward(%x: tensor<2x4xf32>, %w: tensor<3x4xf32> {qtrain.parameter = @w},
                   %b: tensor<3xf32> {qtrain.parameter = @b}) -> tensor<2x3xf32> {
  %0 = qtrain.linear %x, %w : (tensor<2x4xf32>, tensor<3x4xf32>) -> tensor<2x3xf32>
  %1 = qtrain.bias_add %0, %b : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<2x3xf32>
  return %1 : tensor<2x3xf32>
}
