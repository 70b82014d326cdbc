// Options of single parameters: a factor on the rate, the width of the store, and the headroom.

// RUN: qtc-opt %s -qtrain-generate-backward -qtrain-apply-niti -split-input-file -verify-diagnostics | FileCheck %s

// CHECK: qtrain.parameter @w id 3 exponent -14 rate 2.500000e-01 weight_bits 16 = dense<16384> : tensor<3x4xi16>
// CHECK: qtrain.parameter @b id 4 exponent -4 rate 2.000000e+00 headroom 3 = dense<16> : tensor<3xi8>
qtrain.parameter @w id 3 rate 0.25 weight_bits 16 = dense<1.0> : tensor<3x4xf32>
qtrain.parameter @b id 4 rate 2.0 headroom 3 = dense<1.0> : tensor<3xf32>

// CHECK-LABEL: func @train_step(
//       CHECK:   %[[ONE:.+]] = arith.constant 1 : i32
//       CHECK:   arith.addi %{{.+}}, %[[ONE]]
//       CHECK:   qtrain.update %{{.+}} {symbol = @b} : (!qtrain.scaled<tensor<3xi8>>
//       CHECK:   %[[SIX:.+]] = arith.constant 6 : i32
//       CHECK:   arith.addi %{{.+}}, %[[SIX]]
//       CHECK:   qtrain.update %{{.+}} {symbol = @w} : (!qtrain.scaled<tensor<3x4xi16>>
func.func @forward(%x: tensor<2x4xf32>, %w: tensor<3x4xf32> {qtrain.parameter = @w},
                   %b: tensor<3xf32> {qtrain.parameter = @b}) -> tensor<2x3xf32> {
  %0 = qtrain.linear %x, %w : (tensor<2x4xf32>, tensor<3x4xf32>) -> tensor<2x3xf32>
  %1 = qtrain.bias_add %0, %b : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<2x3xf32>
  return %1 : tensor<2x3xf32>
}

// -----

qtrain.parameter @w id 3 rate 3.0 = dense<1.0> : tensor<3x4xf32>
func.func @forward(%x: tensor<2x4xf32>, %w: tensor<3x4xf32> {qtrain.parameter = @w}) -> tensor<2x3xf32> {
  // expected-error @below {{scheme niti expects a factor on the rate that is a power of two, but 'w' has 3}}
  %0 = qtrain.linear %x, %w : (tensor<2x4xf32>, tensor<3x4xf32>) -> tensor<2x3xf32>
  return %0 : tensor<2x3xf32>
}
