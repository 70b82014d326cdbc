// Constraints that descriptions state and verifiers do not check yet. What is
// fixed moves to invalid.mlir; an empty file goes.

// RUN: qtc-opt %s -split-input-file -verify-diagnostics
// XFAIL: *

#window = #qtrain.window<kernel = [2, 2], strides = [2, 2], pads = [0, 0, 0, 0], dilations = [1, 1]>
// (C3) of qtrain.max_pool2d: a maximum has the width of its operands.
func.func @f(%x: !qtrain.scaled<tensor<8x4x6x6xi8>>) {
  // expected-error @below {{one width}}
  %0 = qtrain.max_pool2d %x {window = #window}
    : (!qtrain.scaled<tensor<8x4x6x6xi8>>) -> !qtrain.scaled<tensor<8x4x3x3xi16>>
  return
}

// -----

// (C2) of qtrain.transpose: the element type stays.
func.func @f(%x: !qtrain.scaled<tensor<8x4xi8>>) {
  // expected-error @below {{element type}}
  %0 = qtrain.transpose %x {permutation = array<i64: 1, 0>}
    : (!qtrain.scaled<tensor<8x4xi8>>) -> !qtrain.scaled<tensor<4x8xi16>>
  return
}

// -----

// Of qtrain.dropout: ratios other than 0.5 give accumulators. In 8 bits the
// factor 1 / (1 − ratio) is lost.
func.func @f(%x: !qtrain.scaled<tensor<8x4xi8>>, %r: tensor<4xi16>) {
  // expected-error @below {{32-bit accumulators}}
  %0 = qtrain.dropout %x, %r {ratio = 0.25 : f64}
    : (!qtrain.scaled<tensor<8x4xi8>>, tensor<4xi16>) -> !qtrain.scaled<tensor<8x4xi8>>
  return
}

// -----

// Of qtrain.bias_add: both forms in one operation.
func.func @f(%x: tensor<8x4xf32>, %b: !qtrain.scaled<tensor<4xi8>>) {
  // expected-error @below {{only float or only scaled tensors}}
  %0 = qtrain.bias_add %x, %b : (tensor<8x4xf32>, !qtrain.scaled<tensor<4xi8>>) -> tensor<8x4xf32>
  return
}

// -----

// Of qtrain.dropout: a value without a batch dimension (a crash today).
func.func @f(%x: tensor<f32>, %r: tensor<1xi16>) {
  // expected-error @below {{rank}}
  %0 = qtrain.dropout %x, %r {ratio = 0.5 : f64} : (tensor<f32>, tensor<1xi16>) -> tensor<f32>
  return
}
