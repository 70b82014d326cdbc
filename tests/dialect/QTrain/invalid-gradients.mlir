// RUN: qtc-opt %s -split-input-file -verify-diagnostics

#window = #qtrain.window<kernel = [3, 3], strides = [1, 1], pads = [0, 0, 0, 0], dilations = [1, 1]>
// The gradient has the shape of the convolution's result.
func.func @f(%e: tensor<8x20x6x6xf32>, %w: tensor<20x4x3x3xf32>) {
  // expected-error @below {{expected output of shape [8, 20, 4, 4], but got [8, 20, 6, 6]}}
  %0 = qtrain.conv2d_input_gradient %e, %w {window = #window}
    : (tensor<8x20x6x6xf32>, tensor<20x4x3x3xf32>) -> tensor<8x4x6x6xf32>
  return
}

// -----

#window = #qtrain.window<kernel = [3, 3], strides = [1, 1], pads = [0, 0, 0, 0], dilations = [1, 1]>
func.func @f(%e: !qtrain.scaled<tensor<8x20x4x4xi8>>, %w: !qtrain.scaled<tensor<20x4x3x3xi8>>) {
  // expected-error @below {{expected 32- or 64-bit accumulators}}
  %0 = qtrain.conv2d_input_gradient %e, %w {window = #window}
    : (!qtrain.scaled<tensor<8x20x4x4xi8>>, !qtrain.scaled<tensor<20x4x3x3xi8>>)
    -> !qtrain.scaled<tensor<8x4x6x6xi16>>
  return
}

// -----

#window = #qtrain.window<kernel = [3, 3], strides = [1, 1], pads = [0, 0, 0, 0], dilations = [1, 1]>
// The result has the shape of the convolution's weight.
func.func @f(%x: tensor<8x4x6x6xf32>, %e: tensor<8x20x4x4xf32>) {
  // expected-error @below {{expected the window's kernel [3, 3] to be the weight's [2, 2]}}
  %0 = qtrain.conv2d_weight_gradient %x, %e {window = #window}
    : (tensor<8x4x6x6xf32>, tensor<8x20x4x4xf32>) -> tensor<20x4x2x2xf32>
  return
}

// -----

#window = #qtrain.window<kernel = [3, 3], strides = [1, 1], pads = [0, 0, 0, 0], dilations = [1, 1]>
func.func @f(%x: !qtrain.scaled<tensor<8x4x6x6xi8>>, %e: !qtrain.scaled<tensor<8x20x4x4xi8>>) {
  // expected-error @below {{expected 32- or 64-bit accumulators}}
  %0 = qtrain.conv2d_weight_gradient %x, %e {window = #window}
    : (!qtrain.scaled<tensor<8x4x6x6xi8>>, !qtrain.scaled<tensor<8x20x4x4xi8>>)
    -> !qtrain.scaled<tensor<20x4x3x3xi8>>
  return
}

// -----

func.func @f(%e: tensor<8x5xf32>, %w: tensor<5x6xf32>) {
  // expected-error @below {{expected an input of 6 features, but got 'tensor<8x7xf32>'}}
  %0 = qtrain.linear_input_gradient %e, %w : (tensor<8x5xf32>, tensor<5x6xf32>) -> tensor<8x7xf32>
  return
}

// -----

func.func @f(%e: !qtrain.scaled<tensor<8x5xi8>>, %w: !qtrain.scaled<tensor<5x6xi8>>) {
  // expected-error @below {{expected 32- or 64-bit accumulators}}
  %0 = qtrain.linear_input_gradient %e, %w
    : (!qtrain.scaled<tensor<8x5xi8>>, !qtrain.scaled<tensor<5x6xi8>>) -> !qtrain.scaled<tensor<8x6xi8>>
  return
}

// -----

func.func @f(%x: tensor<8x6xf32>, %e: tensor<8x5xf32>) {
  // expected-error @below {{expected output of shape [8, 6], but got [8, 5]}}
  %0 = qtrain.linear_weight_gradient %x, %e : (tensor<8x6xf32>, tensor<8x5xf32>) -> tensor<6x6xf32>
  return
}

// -----

func.func @f(%x: !qtrain.scaled<tensor<8x6xi8>>, %e: !qtrain.scaled<tensor<8x5xi8>>) {
  // expected-error @below {{expected 32- or 64-bit accumulators}}
  %0 = qtrain.linear_weight_gradient %x, %e
    : (!qtrain.scaled<tensor<8x6xi8>>, !qtrain.scaled<tensor<8x5xi8>>) -> !qtrain.scaled<tensor<5x6xi16>>
  return
}

// -----

// (C1)
func.func @f(%e: tensor<8x10x4x4xf32>) {
  // expected-error @below {{expected result of shape [10], but got [8]}}
  %0 = qtrain.bias_gradient %e : (tensor<8x10x4x4xf32>) -> tensor<8xf32>
  return
}

// -----

func.func @f(%e: tensor<8xf32>) {
  // expected-error @below {{expected a gradient of rank 2 or more, but got 'tensor<8xf32>'}}
  %0 = qtrain.bias_gradient %e : (tensor<8xf32>) -> tensor<8xf32>
  return
}

// -----

func.func @f(%e: !qtrain.scaled<tensor<8x10xi8>>) {
  // expected-error @below {{expected 32- or 64-bit accumulators}}
  %0 = qtrain.bias_gradient %e : (!qtrain.scaled<tensor<8x10xi8>>) -> !qtrain.scaled<tensor<10xi8>>
  return
}

// -----

// (C1) of shapes
func.func @f(%y: tensor<8x10xf32>, %e: tensor<8x11xf32>) {
  // expected-error @below {{expected output of shape [8, 11], but got [8, 10]}}
  %0 = qtrain.relu_gradient %y, %e : (tensor<8x10xf32>, tensor<8x11xf32>) -> tensor<8x11xf32>
  return
}

// -----

// (C1) of types
func.func @f(%y: !qtrain.scaled<tensor<8xi8>>, %e: !qtrain.scaled<tensor<8xi8>>) {
  // expected-error @below {{expected gradient and result of one type}}
  %0 = qtrain.relu_gradient %y, %e
    : (!qtrain.scaled<tensor<8xi8>>, !qtrain.scaled<tensor<8xi8>>) -> !qtrain.scaled<tensor<8xi32>>
  return
}

// -----

#window = #qtrain.window<kernel = [2, 2], strides = [2, 2], pads = [0, 0, 0, 0], dilations = [1, 1]>
// (C1)
func.func @f(%x: tensor<8x4x6x6xf32>, %e: tensor<8x4x3x3xf32>) {
  // expected-error @below {{expected result of shape [8, 4, 6, 6], but got [8, 4, 5, 5]}}
  %0 = qtrain.max_pool2d_gradient %x, %e {window = #window}
    : (tensor<8x4x6x6xf32>, tensor<8x4x3x3xf32>) -> tensor<8x4x5x5xf32>
  return
}

// -----

#window = #qtrain.window<kernel = [2, 2], strides = [2, 2], pads = [0, 0, 0, 0], dilations = [1, 1]>
// (C2)
func.func @f(%x: tensor<8x4x6x6xf32>, %e: tensor<8x4x4x3xf32>) {
  // expected-error @below {{expected every window to touch the input}}
  %0 = qtrain.max_pool2d_gradient %x, %e {window = #window}
    : (tensor<8x4x6x6xf32>, tensor<8x4x4x3xf32>) -> tensor<8x4x6x6xf32>
  return
}

// -----

#window = #qtrain.window<kernel = [3, 3], strides = [2, 2], pads = [0, 0, 0, 0], dilations = [1, 1]>
// (C3) Errors of windows that overlap are added up.
func.func @f(%x: !qtrain.scaled<tensor<8x4x7x7xi8>>, %e: !qtrain.scaled<tensor<8x4x3x3xi8>>) {
  // expected-error @below {{expected a 32-bit result for these windows, but got '!qtrain.scaled<tensor<8x4x7x7xi8>>'}}
  %0 = qtrain.max_pool2d_gradient %x, %e {window = #window}
    : (!qtrain.scaled<tensor<8x4x7x7xi8>>, !qtrain.scaled<tensor<8x4x3x3xi8>>)
    -> !qtrain.scaled<tensor<8x4x7x7xi8>>
  return
}

// -----

#window = #qtrain.window<kernel = [2, 2], strides = [2, 2], pads = [0, 0, 0, 0], dilations = [1, 1]>
// (C1)
func.func @f(%e: tensor<8x4x3x3xf32>) {
  // expected-error @below {{expected equal batch and channels, but got [8, 5, 6, 6] and [8, 4, 3, 3]}}
  %0 = qtrain.average_pool2d_gradient %e {window = #window} : (tensor<8x4x3x3xf32>) -> tensor<8x5x6x6xf32>
  return
}

// -----

#window = #qtrain.window<kernel = [2, 2], strides = [2, 2], pads = [0, 0, 0, 0], dilations = [1, 1]>
// (C2)
func.func @f(%e: !qtrain.scaled<tensor<8x4x3x3xi8>>) {
  // expected-error @below {{expected 32-bit accumulators}}
  %0 = qtrain.average_pool2d_gradient %e {window = #window}
    : (!qtrain.scaled<tensor<8x4x3x3xi8>>) -> !qtrain.scaled<tensor<8x4x6x6xi16>>
  return
}

// -----

//===----------------------------------------------------------------------===//
// qtrain.loss_gradient, qtrain.update
//===----------------------------------------------------------------------===//

// (C1) of logits
func.func @f(%logits: tensor<8x10x1x1xf32>, %labels: tensor<8xi32>) {
  // expected-error @below {{expected logits of rank 2 and one label per row, but got 'tensor<8x10x1x1xf32>' and 'tensor<8xi32>'}}
  %0 = qtrain.loss_gradient %logits, %labels {loss = #qtrain.loss<sse>}
    : (tensor<8x10x1x1xf32>, tensor<8xi32>) -> tensor<8x10x1x1xf32>
  return
}

// -----

// (C1) of labels
func.func @f(%logits: tensor<8x10xf32>, %labels: tensor<4xi32>) {
  // expected-error @below {{expected logits of rank 2 and one label per row, but got 'tensor<8x10xf32>' and 'tensor<4xi32>'}}
  %0 = qtrain.loss_gradient %logits, %labels {loss = #qtrain.loss<sse>}
    : (tensor<8x10xf32>, tensor<4xi32>) -> tensor<8x10xf32>
  return
}

// -----

// (C2) of shapes
func.func @f(%logits: tensor<8x10xf32>, %labels: tensor<8xi32>) {
  // expected-error @below {{expected result of shape [8, 10], but got [8, 11]}}
  %0 = qtrain.loss_gradient %logits, %labels {loss = #qtrain.loss<sse>}
    : (tensor<8x10xf32>, tensor<8xi32>) -> tensor<8x11xf32>
  return
}

// -----

// (C2) of widths
func.func @f(%logits: !qtrain.scaled<tensor<8x10xi8>>, %labels: tensor<8xi32>) {
  // expected-error @below {{expected 32-bit accumulators}}
  %0 = qtrain.loss_gradient %logits, %labels
    {loss = #qtrain.loss<cross_entropy>, exponential = #qtrain.exponential<paper>}
    : (!qtrain.scaled<tensor<8x10xi8>>, tensor<8xi32>) -> !qtrain.scaled<tensor<8x10xi8>>
  return
}

// -----

//===----------------------------------------------------------------------===//
// qtrain.residual, qtrain.scale_error
//===----------------------------------------------------------------------===//

// (C1) of the target: one number per output, not per example
func.func @f(%y: tensor<8x1xf32>, %t: tensor<8xf32>) {
  // expected-error @below {{expected target of shape [8, 1], but got [8]}}
  %0 = qtrain.residual %y, %t : (tensor<8x1xf32>, tensor<8xf32>) -> tensor<8x1xf32>
  return
}

// -----

// (C1) of the result
func.func @f(%y: tensor<8x2xf32>, %t: tensor<8x2xf32>) {
  // expected-error @below {{expected result of shape [8, 2], but got [8, 1]}}
  %0 = qtrain.residual %y, %t : (tensor<8x2xf32>, tensor<8x2xf32>) -> tensor<8x1xf32>
  return
}

// -----

// (C2) of forms: the target ...
func.func @f(%y: !qtrain.scaled<tensor<8x2xi8>>, %t: tensor<8x2xf32>) {
  // expected-error @below {{expected only float or only scaled tensors, but got '!qtrain.scaled<tensor<8x2xi8>>' and 'tensor<8x2xf32>'}}
  %0 = qtrain.residual %y, %t : (!qtrain.scaled<tensor<8x2xi8>>, tensor<8x2xf32>) -> !qtrain.scaled<tensor<8x2xi32>>
  return
}

// -----

// ... and the result
func.func @f(%y: !qtrain.scaled<tensor<8x2xi8>>, %t: !qtrain.scaled<tensor<8x2xi32>>) {
  // expected-error @below {{expected only float or only scaled tensors, but got '!qtrain.scaled<tensor<8x2xi8>>' and 'tensor<8x2xf32>'}}
  %0 = qtrain.residual %y, %t : (!qtrain.scaled<tensor<8x2xi8>>, !qtrain.scaled<tensor<8x2xi32>>) -> tensor<8x2xf32>
  return
}

// -----

// (C2) of widths: the target ...
func.func @f(%y: !qtrain.scaled<tensor<8x2xi8>>, %t: !qtrain.scaled<tensor<8x2xi8>>) {
  // expected-error @below {{expected targets of 32 bits, but got '!qtrain.scaled<tensor<8x2xi8>>'}}
  %0 = qtrain.residual %y, %t
    : (!qtrain.scaled<tensor<8x2xi8>>, !qtrain.scaled<tensor<8x2xi8>>) -> !qtrain.scaled<tensor<8x2xi32>>
  return
}

// -----

// ... and the result
func.func @f(%y: !qtrain.scaled<tensor<8x2xi8>>, %t: !qtrain.scaled<tensor<8x2xi32>>) {
  // expected-error @below {{expected 32-bit accumulators, but got '!qtrain.scaled<tensor<8x2xi8>>'}}
  %0 = qtrain.residual %y, %t
    : (!qtrain.scaled<tensor<8x2xi8>>, !qtrain.scaled<tensor<8x2xi32>>) -> !qtrain.scaled<tensor<8x2xi8>>
  return
}

// -----

// (C1) of qtrain.scale_error: not zero ...
func.func @f(%e: tensor<8x1xf32>) {
  // expected-error @below {{expected a positive, finite factor}}
  %0 = qtrain.scale_error %e {factor = 0.0 : f32} : (tensor<8x1xf32>) -> tensor<8x1xf32>
  return
}

// -----

// ... (C1) not negative ...
func.func @f(%e: tensor<8x1xf32>) {
  // expected-error @below {{expected a positive, finite factor}}
  %0 = qtrain.scale_error %e {factor = -2.0 : f32} : (tensor<8x1xf32>) -> tensor<8x1xf32>
  return
}

// -----

// ... (C1) a number ...
func.func @f(%e: tensor<8x1xf32>) {
  // expected-error @below {{expected a positive, finite factor}}
  %0 = qtrain.scale_error %e {factor = 0x7FC00000 : f32} : (tensor<8x1xf32>) -> tensor<8x1xf32>
  return
}

// -----

// ... (C1) and finite.
func.func @f(%e: tensor<8x1xf32>) {
  // expected-error @below {{expected a positive, finite factor}}
  %0 = qtrain.scale_error %e {factor = 0x7F800000 : f32} : (tensor<8x1xf32>) -> tensor<8x1xf32>
  return
}

// -----

// Operand and result have one type.
func.func @f(%e: tensor<8x1xf32>) {
  // expected-error @below {{failed to verify that all of {input, result} have same type}}
  %0 = qtrain.scale_error %e {factor = 2.0 : f32} : (tensor<8x1xf32>) -> tensor<1x8xf32>
  return
}

// -----

// Integer schemes have no such operation.
func.func @f(%e: !qtrain.scaled<tensor<8x1xi8>>) {
  // expected-error @below {{'qtrain.scale_error' op operand #0 must be}}
  %0 = qtrain.scale_error %e {factor = 2.0 : f32}
    : (!qtrain.scaled<tensor<8x1xi8>>) -> !qtrain.scaled<tensor<8x1xi8>>
  return
}

// -----

// (C1) of types
func.func @f(%w: !qtrain.scaled<tensor<4xi8>>) {
  // expected-error @below {{expected parameter and result of one type}}
  %0 = qtrain.update %w, %w
    : (!qtrain.scaled<tensor<4xi8>>, !qtrain.scaled<tensor<4xi8>>) -> !qtrain.scaled<tensor<4xi16>>
  return
}

// -----

// (C1) of shapes
func.func @f(%w: tensor<4xf32>, %g: tensor<5xf32>) {
  // expected-error @below {{expected gradient of shape [4], but got [5]}}
  %0 = qtrain.update %w, %g : (tensor<4xf32>, tensor<5xf32>) -> tensor<4xf32>
  return
}

// -----

//===----------------------------------------------------------------------===//
// qtrain.linear_combination
//===----------------------------------------------------------------------===//

// (C1)
func.func @f() {
  // expected-error @below {{expected a term}}
  %0 = "qtrain.linear_combination"() : () -> tensor<4xf32>
  return
}

// -----

// (C2)
func.func @f(%x: tensor<4xf32>, %y: tensor<5xf32>, %f: f32) {
  // expected-error @below {{expected terms of the result's type, but got 'tensor<5xf32>' and 'tensor<4xf32>'}}
  %0 = qtrain.linear_combination %x, %y by %f, %f : (tensor<4xf32>, tensor<5xf32>, f32, f32) -> tensor<4xf32>
  return
}

// -----

// qtrain.square
func.func @f(%x: tensor<4xf32>) {
  // expected-error @below {{requires the same type for all operands and results}}
  %0 = qtrain.square %x : (tensor<4xf32>) -> tensor<5xf32>
  return
}

// -----

// (C1) of qtrain.root_quotient
func.func @f(%x: tensor<4xf32>, %y: tensor<5xf32>, %f: f32) {
  // expected-error @below {{failed to verify that all of {numerator, square, result} have same type}}
  %0 = qtrain.root_quotient %x, %y, %f, %f : (tensor<4xf32>, tensor<5xf32>, f32, f32) -> tensor<4xf32>
  return
}

// -----

// (C3) of qtrain.loss_gradient: integers need a form of the power function ...
func.func @f(%x: !qtrain.scaled<tensor<8x10xi8>>, %t: tensor<8xi32>) {
  // expected-error @below {{expected a power function exactly for a cross-entropy of scaled logits}}
  %0 = qtrain.loss_gradient %x, %t {loss = #qtrain.loss<cross_entropy>}
    : (!qtrain.scaled<tensor<8x10xi8>>, tensor<8xi32>) -> !qtrain.scaled<tensor<8x10xi32>>
  return
}

// -----

// ... (C4) of which one is for mantissas of 8 bits.
func.func @f(%x: !qtrain.scaled<tensor<8x10xi32>>, %t: tensor<8xi32>) {
  // expected-error @below {{expected logits of 8 bits}}
  %0 = qtrain.loss_gradient %x, %t {exponential = #qtrain.exponential<paper>, loss = #qtrain.loss<cross_entropy>}
    : (!qtrain.scaled<tensor<8x10xi32>>, tensor<8xi32>) -> !qtrain.scaled<tensor<8x10xi32>>
  return
}

// -----

// (C2) of qtrain.max_pool2d_positions: 0 to 128 are no 8-bit integers.
func.func @f(%x: !qtrain.scaled<tensor<8x4x3x43xi8>>) {
  // expected-error @below {{expected elements that hold 129 positions, but got 'tensor<8x4x1x1xi8>'}}
  %0 = qtrain.max_pool2d_positions %x
    {window = #qtrain.window<kernel = [3, 43], strides = [1, 1], pads = [0, 0, 0, 0], dilations = [1, 1]>}
    : (!qtrain.scaled<tensor<8x4x3x43xi8>>) -> tensor<8x4x1x1xi8>
  return
}

// -----

// (C1)
func.func @f(%x: !qtrain.scaled<tensor<8x4x6x6xi8>>) {
  // expected-error @below {{expected equal batch and channels, but got [8, 4, 6, 6] and [8, 5, 3, 3]}}
  %0 = qtrain.max_pool2d_positions %x
    {window = #qtrain.window<kernel = [2, 2], strides = [2, 2], pads = [0, 0, 0, 0], dilations = [1, 1]>}
    : (!qtrain.scaled<tensor<8x4x6x6xi8>>) -> tensor<8x5x3x3xi8>
  return
}

// -----

// (C2) of qtrain.max_unpool2d
func.func @f(%p: tensor<8x4x3x3xi8>, %e: !qtrain.scaled<tensor<8x4x3x3xi16>>) {
  // expected-error @below {{expected a result as wide as the gradient}}
  %0 = qtrain.max_unpool2d %p, %e
    {window = #qtrain.window<kernel = [2, 2], strides = [2, 2], pads = [0, 0, 0, 0], dilations = [1, 1]>}
    : (tensor<8x4x3x3xi8>, !qtrain.scaled<tensor<8x4x3x3xi16>>) -> !qtrain.scaled<tensor<8x4x6x6xi8>>
  return
}

// -----

// (C1)
func.func @f(%p: tensor<8x4x3x3xi8>, %e: !qtrain.scaled<tensor<8x4x3x2xi8>>) {
  // expected-error @below {{expected gradient of shape [8, 4, 3, 3], but got [8, 4, 3, 2]}}
  %0 = qtrain.max_unpool2d %p, %e
    {window = #qtrain.window<kernel = [2, 2], strides = [2, 2], pads = [0, 0, 0, 0], dilations = [1, 1]>}
    : (tensor<8x4x3x3xi8>, !qtrain.scaled<tensor<8x4x3x2xi8>>) -> !qtrain.scaled<tensor<8x4x6x6xi8>>
  return
}

// -----

// (C2) of qtrain.update
func.func @f(%w: !qtrain.scaled<tensor<10xi8>>, %g: !qtrain.scaled<tensor<10xi8>>) {
  // expected-error @below {{expected a positive limit that fits a scaled parameter}}
  %0 = qtrain.update %w, %g {limit = 128 : i64}
    : (!qtrain.scaled<tensor<10xi8>>, !qtrain.scaled<tensor<10xi8>>) -> !qtrain.scaled<tensor<10xi8>>
  return
}

// -----

//===----------------------------------------------------------------------===//
// qtrain.slice
//===----------------------------------------------------------------------===//

// (C1)
func.func @f(%e: tensor<8x4xf32>) {
  // expected-error @below {{expected an axis from 1 to 1, but got 2}}
  %0 = qtrain.slice %e {axis = 2 : i64, offset = 0 : i64} : (tensor<8x4xf32>) -> tensor<8x4xf32>
  return
}

// -----

// (C2)
func.func @f(%e: tensor<8x4xf32>) {
  // expected-error @below {{expected an offset from 0 to 1, but got 2}}
  %0 = qtrain.slice %e {axis = 1 : i64, offset = 2 : i64} : (tensor<8x4xf32>) -> tensor<8x3xf32>
  return
}

// -----

// (C3)
func.func @f(%e: tensor<8x4xf32>) {
  // expected-error @below {{expected parts of one element type}}
  %0 = qtrain.slice %e {axis = 1 : i64, offset = 2 : i64} : (tensor<8x4xf32>) -> !qtrain.scaled<tensor<8x2xi8>>
  return
}

// -----

func.func @f(%w: tensor<4xf32>) {
  // expected-error @below {{expected a parameter named @nothing}}
  %0 = qtrain.update %w, %w {symbol = @nothing} : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  return
}

// -----

// One form of values.

func.func @f(%x: tensor<2x1x4x4xf32>) {
  // expected-error @below {{expected only float or only scaled tensors}}
  %0 = qtrain.max_pool2d_gradient %x, %x {window = #qtrain.window<kernel = [1, 1], strides = [1, 1],
    pads = [0, 0, 0, 0], dilations = [1, 1]>}
    : (tensor<2x1x4x4xf32>, tensor<2x1x4x4xf32>) -> !qtrain.scaled<tensor<2x1x4x4xi8>>
  return
}

// -----

func.func @f(%x: tensor<2x4xf32>, %l: tensor<2xi32>) {
  // expected-error @below {{expected only float or only scaled tensors}}
  %0 = qtrain.loss_gradient %x, %l {loss = #qtrain.loss<sse>}
    : (tensor<2x4xf32>, tensor<2xi32>) -> !qtrain.scaled<tensor<2x4xi32>>
  return
}

// -----

// (C4) of qtrain.update
func.func @f(%w: tensor<4xf32>) {
  // expected-error @below {{expected as many new states as states, but got 0 and 1}}
  %0 = qtrain.update %w, %w, %w : (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  return
}

// -----

// (C4)
func.func @f(%w: tensor<4xf32>, %v: tensor<5xf32>) {
  // expected-error @below {{expected states of a float parameter, of its type, but got 'tensor<5xf32>'}}
  %0, %1 = qtrain.update %w, %w, %v : (tensor<4xf32>, tensor<4xf32>, tensor<5xf32>) -> (tensor<4xf32>, tensor<4xf32>)
  return
}

// -----

// (C4) Mantissas have none: a scheme has replaced the rule.
func.func @f(%w: !qtrain.scaled<tensor<4xi8>>) {
  // expected-error @below {{expected states of a float parameter, of its type, but got '!qtrain.scaled<tensor<4xi8>>'}}
  %0, %1 = qtrain.update %w, %w, %w
    : (!qtrain.scaled<tensor<4xi8>>, !qtrain.scaled<tensor<4xi8>>, !qtrain.scaled<tensor<4xi8>>)
    -> (!qtrain.scaled<tensor<4xi8>>, !qtrain.scaled<tensor<4xi8>>)
  return
}
