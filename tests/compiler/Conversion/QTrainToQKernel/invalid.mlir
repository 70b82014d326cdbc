// RUN: qtc-opt %s -pass-pipeline='builtin.module(func.func(convert-qtrain-to-qkernel))' -split-input-file -verify-diagnostics

// Random numbers are in the order of the logical shape; where mantissas are
// not, no kernel brings them together.

func.func @f(%m: tensor<2x4x5x3xi32>, %r: tensor<2x3x4x5xi16>, %s: i32) -> tensor<2x4x5x3xi8> {
  %x = qtrain.compose %m, %s : (tensor<2x4x5x3xi32>, i32) -> !qtrain.scaled<tensor<2x3x4x5xi32, #qtrain.channels_last>>
  // expected-error @below {{'qtrain.shift_scale' op has no kernel for its operands}}
  %y = qtrain.shift_scale %x by %s random %r {bits = 8 : i64, rounding = #qtrain.rounding<stochastic>}
    : (!qtrain.scaled<tensor<2x3x4x5xi32, #qtrain.channels_last>>, i32, tensor<2x3x4x5xi16>)
    -> !qtrain.scaled<tensor<2x3x4x5xi8, #qtrain.channels_last>>
  %0, %1 = qtrain.decompose %y
    : (!qtrain.scaled<tensor<2x3x4x5xi8, #qtrain.channels_last>>) -> (tensor<2x4x5x3xi8>, i32)
  return %0 : tensor<2x4x5x3xi8>
}

// -----

// A bias is added to sums of 32 bits.

func.func @f(%m: tensor<8x10xi64>, %n: tensor<10xi8>, %s: i32) -> tensor<8x10xi64> {
  %x = qtrain.compose %m, %s : (tensor<8x10xi64>, i32) -> !qtrain.scaled<tensor<8x10xi64>>
  %b = qtrain.compose %n, %s : (tensor<10xi8>, i32) -> !qtrain.scaled<tensor<10xi8>>
  // expected-error @below {{'qtrain.bias_add' op has no kernel for its operands}}
  %y = qtrain.bias_add %x, %b
    : (!qtrain.scaled<tensor<8x10xi64>>, !qtrain.scaled<tensor<10xi8>>) -> !qtrain.scaled<tensor<8x10xi64>>
  %0, %1 = qtrain.decompose %y : (!qtrain.scaled<tensor<8x10xi64>>) -> (tensor<8x10xi64>, i32)
  return %0 : tensor<8x10xi64>
}
