// RUN: qtc-opt %s -split-input-file -verify-diagnostics

//===----------------------------------------------------------------------===//
// qtrain.conv2d and its gradients
//===----------------------------------------------------------------------===//

#window = #qtrain.window<kernel = [3, 3], strides = [1, 1], pads = [0, 0, 0, 0], dilations = [1, 1]>
// (C1) of ranks
func.func @f(%x: tensor<8x64xf32>, %w: tensor<20x4x3x3xf32>) {
  // expected-error @below {{expected input of rank 4, but got 'tensor<8x64xf32>'}}
  %0 = qtrain.conv2d %x, %w {window = #window} : (tensor<8x64xf32>, tensor<20x4x3x3xf32>) -> tensor<8x20x4x4xf32>
  return
}

// -----

#window = #qtrain.window<kernel = [3, 3], strides = [1, 1], pads = [0, 0, 0, 0], dilations = [1, 1]>
// (C1) of the kernel
func.func @f(%x: tensor<8x4x6x6xf32>, %w: tensor<20x4x5x5xf32>) {
  // expected-error @below {{expected the window's kernel [3, 3] to be the weight's [5, 5]}}
  %0 = qtrain.conv2d %x, %w {window = #window}
    : (tensor<8x4x6x6xf32>, tensor<20x4x5x5xf32>) -> tensor<8x20x4x4xf32>
  return
}

// -----

#window = #qtrain.window<kernel = [3, 3], strides = [1, 1], pads = [0, 0, 0, 0], dilations = [1, 1]>
// (C2) of input channels
func.func @f(%x: tensor<8x6x6x6xf32>, %w: tensor<20x4x3x3xf32>) {
  // expected-error @below {{expected 1 groups of 4 input channels and a multiple of 1 output channels, but got 6 and 20}}
  %0 = qtrain.conv2d %x, %w {window = #window}
    : (tensor<8x6x6x6xf32>, tensor<20x4x3x3xf32>) -> tensor<8x20x4x4xf32>
  return
}

// -----

#window = #qtrain.window<kernel = [3, 3], strides = [1, 1], pads = [0, 0, 0, 0], dilations = [1, 1]>
// (C2) of output channels
func.func @f(%x: tensor<8x12x6x6xf32>, %w: tensor<20x4x3x3xf32>) {
  // expected-error @below {{a multiple of 3 output channels, but got 12 and 20}}
  %0 = qtrain.conv2d %x, %w {window = #window, group = 3 : i64}
    : (tensor<8x12x6x6xf32>, tensor<20x4x3x3xf32>) -> tensor<8x20x4x4xf32>
  return
}

// -----

#window = #qtrain.window<kernel = [3, 3], strides = [1, 1], pads = [0, 0, 0, 0], dilations = [1, 1]>
// (C3)
func.func @f(%x: tensor<8x4x6x6xf32>, %w: tensor<20x4x3x3xf32>) {
  // expected-error @below {{expected output of shape [8, 20, 4, 4], but got [8, 20, 6, 6]}}
  %0 = qtrain.conv2d %x, %w {window = #window}
    : (tensor<8x4x6x6xf32>, tensor<20x4x3x3xf32>) -> tensor<8x20x6x6xf32>
  return
}

// -----

#window = #qtrain.window<kernel = [3, 3], strides = [1, 1], pads = [0, 0, 0, 0], dilations = [1, 1]>
// (C4)
func.func @f(%x: !qtrain.scaled<tensor<8x4x6x6xi8>>, %w: tensor<20x4x3x3xf32>) {
  // expected-error @below {{expected only float or only scaled tensors, but got '!qtrain.scaled<tensor<8x4x6x6xi8>>' and 'tensor<20x4x3x3xf32>'}}
  %0 = qtrain.conv2d %x, %w {window = #window}
    : (!qtrain.scaled<tensor<8x4x6x6xi8>>, tensor<20x4x3x3xf32>) -> !qtrain.scaled<tensor<8x20x4x4xi32>>
  return
}

// -----

#window = #qtrain.window<kernel = [3, 3], strides = [1, 1], pads = [0, 0, 0, 0], dilations = [1, 1]>
// Scaled results are exact.
func.func @f(%x: !qtrain.scaled<tensor<8x4x6x6xi8>>, %w: !qtrain.scaled<tensor<20x4x3x3xi8>>) {
  // expected-error @below {{expected 32- or 64-bit accumulators, but got '!qtrain.scaled<tensor<8x20x4x4xi8>>'}}
  %0 = qtrain.conv2d %x, %w {window = #window}
    : (!qtrain.scaled<tensor<8x4x6x6xi8>>, !qtrain.scaled<tensor<20x4x3x3xi8>>)
    -> !qtrain.scaled<tensor<8x20x4x4xi8>>
  return
}

// -----

//===----------------------------------------------------------------------===//
// qtrain.linear and its gradients
//===----------------------------------------------------------------------===//

// (C1) of ranks
func.func @f(%x: tensor<8x6xf32>, %w: tensor<6xf32>) {
  // expected-error @below {{expected weight of rank 2, but got 'tensor<6xf32>'}}
  %0 = qtrain.linear %x, %w : (tensor<8x6xf32>, tensor<6xf32>) -> tensor<8x1xf32>
  return
}

// -----

// (C1) of features
func.func @f(%x: tensor<8x2x4xf32>, %w: tensor<5x6xf32>) {
  // expected-error @below {{expected an input of 6 features, but got 'tensor<8x2x4xf32>'}}
  %0 = qtrain.linear %x, %w : (tensor<8x2x4xf32>, tensor<5x6xf32>) -> tensor<8x5xf32>
  return
}

// -----

// (C1) An input without features has none to multiply.
func.func @f(%x: tensor<6xf32>, %w: tensor<5x6xf32>) {
  // expected-error @below {{expected an input of 6 features, but got 'tensor<6xf32>'}}
  %0 = qtrain.linear %x, %w : (tensor<6xf32>, tensor<5x6xf32>) -> tensor<1x5xf32>
  return
}

// -----

// (C2)
func.func @f(%x: tensor<8x6xf32>, %w: tensor<5x6xf32>) {
  // expected-error @below {{expected output of shape [8, 5], but got [8, 6]}}
  %0 = qtrain.linear %x, %w : (tensor<8x6xf32>, tensor<5x6xf32>) -> tensor<8x6xf32>
  return
}

// -----

// (C3)
func.func @f(%x: tensor<8x6xf32>, %w: !qtrain.scaled<tensor<5x6xi8>>) {
  // expected-error @below {{expected only float or only scaled tensors}}
  %0 = qtrain.linear %x, %w : (tensor<8x6xf32>, !qtrain.scaled<tensor<5x6xi8>>) -> tensor<8x5xf32>
  return
}

// -----

func.func @f(%x: !qtrain.scaled<tensor<8x6xi8>>, %w: !qtrain.scaled<tensor<5x6xi8>>) {
  // expected-error @below {{expected 32- or 64-bit accumulators}}
  %0 = qtrain.linear %x, %w
    : (!qtrain.scaled<tensor<8x6xi8>>, !qtrain.scaled<tensor<5x6xi8>>) -> !qtrain.scaled<tensor<8x5xi8>>
  return
}

// -----

//===----------------------------------------------------------------------===//
// qtrain.bias_add, qtrain.bias_gradient
//===----------------------------------------------------------------------===//

// (C1) There is a channel dimension ...
func.func @f(%x: tensor<8xf32>, %b: tensor<8xf32>) {
  // expected-error @below {{expected an input of rank 2 or more, but got 'tensor<8xf32>'}}
  %0 = qtrain.bias_add %x, %b : (tensor<8xf32>, tensor<8xf32>) -> tensor<8xf32>
  return
}

// -----

// ... (C1) and one value for each channel.
func.func @f(%x: tensor<8x10xf32>, %b: tensor<8xf32>) {
  // expected-error @below {{expected bias of shape [10], but got [8]}}
  %0 = qtrain.bias_add %x, %b : (tensor<8x10xf32>, tensor<8xf32>) -> tensor<8x10xf32>
  return
}

// -----

// (C2)
func.func @f(%x: !qtrain.scaled<tensor<8x10xi8>>, %b: !qtrain.scaled<tensor<10xi8>>) {
  // expected-error @below {{expected input and result of one type}}
  %0 = qtrain.bias_add %x, %b
    : (!qtrain.scaled<tensor<8x10xi8>>, !qtrain.scaled<tensor<10xi8>>) -> !qtrain.scaled<tensor<8x10xi32>>
  return
}

// -----

// #qtrain.clip
func.func @f(%x: tensor<8x10xf32>) {
  // expected-error @below {{expected a lower bound below the upper bound}}
  %0 = qtrain.elementwise %x {function = #qtrain.clip<low = 6.0, high = 6.0>} : (tensor<8x10xf32>) -> tensor<8x10xf32>
  return
}

// -----

// #qtrain.elu
func.func @f(%x: tensor<8x10xf32>) {
  // expected-error @below {{expected a positive width}}
  %0 = qtrain.elementwise %x {function = #qtrain.elu<alpha = 1.0, beta = 0.0, gamma = 1.0>} : (tensor<8x10xf32>) -> tensor<8x10xf32>
  return
}

// -----

// qtrain.elementwise
func.func @f(%x: tensor<8x10xf32>) {
  // expected-error @below {{attribute 'function' failed to satisfy constraint: function of one number}}
  %0 = qtrain.elementwise %x {function = 1 : i64} : (tensor<8x10xf32>) -> tensor<8x10xf32>
  return
}

// -----

// qtrain.elementwise_gradient: C1
func.func @f(%x: tensor<8x10xf32>) {
  // expected-error @below {{expected a function whose result gives its derivative}}
  %0 = qtrain.elementwise_gradient %x, %x {from_result, function = #qtrain.gelu} : (tensor<8x10xf32>, tensor<8x10xf32>) -> tensor<8x10xf32>
  return
}

// -----

// qtrain.sample_function: C1
func.func @f(%x: !qtrain.scaled<tensor<8x10xi8>>) {
  // expected-error @below {{expected result of shape [256], but got [255]}}
  %0 = qtrain.sample_function %x {function = #qtrain.gelu} : (!qtrain.scaled<tensor<8x10xi8>>) -> !qtrain.scaled<tensor<255xi64>>
  return
}

// -----

// qtrain.prelu and its gradients: C1
func.func @f(%x: tensor<8xf32>, %a: tensor<1xf32>) {
  // expected-error @below {{expected an input of rank 2 or more, but got 'tensor<8xf32>'}}
  %0 = qtrain.prelu %x, %a : (tensor<8xf32>, tensor<1xf32>) -> tensor<8xf32>
  return
}

// -----

func.func @f(%x: tensor<8x10xf32>) {
  // expected-error @below {{expected one or all slopes of shape [10], but got [8]}}
  %0 = qtrain.prelu_slope_gradient %x, %x : (tensor<8x10xf32>, tensor<8x10xf32>) -> tensor<8xf32>
  return
}

// -----

// C2
func.func @f(%x: tensor<8x10xf32>, %e: tensor<10x8xf32>, %a: tensor<10xf32>) {
  // expected-error @below {{expected activations of shape [8, 10], but got [10, 8]}}
  %0 = qtrain.prelu_input_gradient %x, %e, %a : (tensor<8x10xf32>, tensor<10x8xf32>, tensor<10xf32>) -> tensor<8x10xf32>
  return
}

// -----

// C3
func.func @f(%x: tensor<8x10xf32>, %a: !qtrain.scaled<tensor<1xi8>>) {
  // expected-error @below {{expected only float or only scaled tensors}}
  %0 = qtrain.prelu %x, %a : (tensor<8x10xf32>, !qtrain.scaled<tensor<1xi8>>) -> tensor<8x10xf32>
  return
}

// -----

func.func @f(%x: !qtrain.scaled<tensor<8x10xi8>>, %a: !qtrain.scaled<tensor<1xi8>>) {
  // expected-error @below {{expected mantissas of 32 bits, but got '!qtrain.scaled<tensor<8x10xi8>>'}}
  %0 = qtrain.prelu %x, %a : (!qtrain.scaled<tensor<8x10xi8>>, !qtrain.scaled<tensor<1xi8>>) -> !qtrain.scaled<tensor<8x10xi8>>
  return
}

// -----

// qtrain.apply_table: C1
func.func @f(%x: !qtrain.scaled<tensor<8x10xi8>>, %t: !qtrain.scaled<tensor<128xi8>>) {
  // expected-error @below {{expected table of shape [256], but got [128]}}
  %0 = qtrain.apply_table %x, %t : (!qtrain.scaled<tensor<8x10xi8>>, !qtrain.scaled<tensor<128xi8>>) -> !qtrain.scaled<tensor<8x10xi8>>
  return
}

// -----

// qtrain.apply_table: C2
func.func @f(%x: !qtrain.scaled<tensor<8x10xi8>>, %t: !qtrain.scaled<tensor<256xi16>>) {
  // expected-error @below {{expected a result as wide as the table, but got '!qtrain.scaled<tensor<8x10xi8>>'}}
  %0 = qtrain.apply_table %x, %t : (!qtrain.scaled<tensor<8x10xi8>>, !qtrain.scaled<tensor<256xi16>>) -> !qtrain.scaled<tensor<8x10xi8>>
  return
}

// -----

// qtrain.multiply: C1
func.func @f(%x: !qtrain.scaled<tensor<8x10xi8>>, %y: !qtrain.scaled<tensor<8x1xi8>>) {
  // expected-error @below {{expected rhs of shape [8, 10], but got [8, 1]}}
  %0 = qtrain.multiply %x, %y : (!qtrain.scaled<tensor<8x10xi8>>, !qtrain.scaled<tensor<8x1xi8>>) -> !qtrain.scaled<tensor<8x10xi32>>
  return
}

// -----

// qtrain.scale_by_sign: C2
func.func @f(%x: !qtrain.scaled<tensor<8x10xi8>>) {
  // expected-error @below {{expected factors in ±2^23, but got 8388609}}
  %0 = qtrain.scale_by_sign %x, %x {positive = 8388609 : i64, negative = 1 : i64, fraction_bits = 0 : i64}
    : (!qtrain.scaled<tensor<8x10xi8>>, !qtrain.scaled<tensor<8x10xi8>>) -> !qtrain.scaled<tensor<8x10xi32>>
  return
}

// -----

//===----------------------------------------------------------------------===//
// qtrain.relu, qtrain.relu_gradient
//===----------------------------------------------------------------------===//

func.func @f(%x: !qtrain.scaled<tensor<8x10xi8>>) {
  // expected-error @below {{requires the same type for all operands and results}}
  %0 = qtrain.relu %x : (!qtrain.scaled<tensor<8x10xi8>>) -> !qtrain.scaled<tensor<8x10xi16>>
  return
}

// -----

//===----------------------------------------------------------------------===//
// Pools
//===----------------------------------------------------------------------===//

#window = #qtrain.window<kernel = [2, 2], strides = [2, 2], pads = [0, 0, 0, 0], dilations = [1, 1]>
// (C1) of ranks
func.func @f(%x: tensor<8x6xf32>) {
  // expected-error @below {{expected input of rank 4, but got 'tensor<8x6xf32>'}}
  %0 = qtrain.max_pool2d %x {window = #window} : (tensor<8x6xf32>) -> tensor<8x3xf32>
  return
}

// -----

#window = #qtrain.window<kernel = [2, 2], strides = [2, 2], pads = [0, 0, 0, 0], dilations = [1, 1]>
// (C1) of extents
func.func @f(%x: tensor<8x4x6x6xf32>) {
  // expected-error @below {{expected equal batch and channels, but got [8, 4, 6, 6] and [8, 2, 3, 3]}}
  %0 = qtrain.max_pool2d %x {window = #window} : (tensor<8x4x6x6xf32>) -> tensor<8x2x3x3xf32>
  return
}

// -----

#window = #qtrain.window<kernel = [2, 2], strides = [2, 2], pads = [0, 0, 0, 0], dilations = [1, 1]>
// (C2) The fourth window would start after the input ...
func.func @f(%x: tensor<8x4x6x6xf32>) {
  // expected-error @below {{expected every window to touch the input, but got}}
  %0 = qtrain.max_pool2d %x {window = #window} : (tensor<8x4x6x6xf32>) -> tensor<8x4x4x3xf32>
  return
}

// -----

#window = #qtrain.window<kernel = [2, 2], strides = [1, 1], pads = [0, 2, 0, 0], dilations = [1, 1]>
// ... (C2) here the first ends in front of it.
func.func @f(%x: tensor<8x4x6x6xf32>) {
  // expected-error @below {{expected every window to touch the input, but got}}
  %0 = qtrain.max_pool2d %x {window = #window} : (tensor<8x4x6x6xf32>) -> tensor<8x4x5x7xf32>
  return
}

// -----

#window = #qtrain.window<kernel = [2, 2], strides = [2, 2], pads = [0, 0, 0, 0], dilations = [1, 1]>
// (C3) of forms
func.func @f(%x: !qtrain.scaled<tensor<8x4x6x6xi8>>) {
  // expected-error @below {{expected only float or only scaled tensors}}
  %0 = qtrain.max_pool2d %x {window = #window} : (!qtrain.scaled<tensor<8x4x6x6xi8>>) -> tensor<8x4x3x3xf32>
  return
}

// -----

#window = #qtrain.window<kernel = [2, 2], strides = [2, 2], pads = [0, 0, 0, 0], dilations = [1, 1]>
// Sums of mantissas times factors need accumulators.
func.func @f(%x: !qtrain.scaled<tensor<8x4x6x6xi8>>) {
  // expected-error @below {{expected 32-bit accumulators}}
  %0 = qtrain.average_pool2d %x {window = #window}
    : (!qtrain.scaled<tensor<8x4x6x6xi8>>) -> !qtrain.scaled<tensor<8x4x3x3xi8>>
  return
}

// -----

#window = #qtrain.window<kernel = [2, 2], strides = [2, 2], pads = [0, 0, 0, 0], dilations = [1, 1]>
func.func @f(%x: tensor<8x4x6x6xf32>) {
  // expected-error @below {{expected equal batch and channels}}
  %0 = qtrain.average_pool2d %x {window = #window} : (tensor<8x4x6x6xf32>) -> tensor<4x4x3x3xf32>
  return
}
