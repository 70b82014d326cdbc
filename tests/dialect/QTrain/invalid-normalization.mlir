// RUN: qtc-opt %s -split-input-file -verify-diagnostics

// C1: there is a dimension of channels.
func.func @f(%x: tensor<8xf32>, %c: tensor<8xf32>) {
  // expected-error @below {{expected an input of rank 2 or more, but got 'tensor<8xf32>'}}
  %0 = qtrain.batch_norm_inference %x, %c, %c, %c, %c {epsilon = 0.0 : f64}
    : (tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>) -> tensor<8xf32>
  return
}

// -----

// C1: the result has the input's type.
func.func @f(%x: tensor<8x4xf32>, %c: tensor<4xf32>) {
  // expected-error @below {{expected activations of one type, but got 'tensor<8x4xf32>' and 'tensor<4x8xf32>'}}
  %0 = qtrain.batch_norm_inference %x, %c, %c, %c, %c {epsilon = 0.0 : f64}
    : (tensor<8x4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) -> tensor<4x8xf32>
  return
}

// -----

// C1: as has the gradient.
func.func @f(%x: tensor<8x4xf32>, %c: tensor<4xf32>, %e: tensor<8x4x1xf32>) {
  // expected-error @below {{expected activations of one type, but got 'tensor<8x4xf32>' and 'tensor<8x4x1xf32>'}}
  %0:2 = qtrain.batch_norm_parameter_gradient %x, %c, %c, %e {epsilon = 0.0 : f64}
    : (tensor<8x4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<8x4x1xf32>) -> (tensor<4xf32>, tensor<4xf32>)
  return
}

// -----

// C2: one number a channel, of operands ...
func.func @f(%x: tensor<8x4x5x5xf32>, %c: tensor<4xf32>, %d: tensor<5xf32>) {
  // expected-error @below {{expected one number a channel of shape [4], but got [5]}}
  %0 = qtrain.batch_norm_input_gradient %x, %c, %c, %d, %x, %c, %c {epsilon = 0.0 : f64}
    : (tensor<8x4x5x5xf32>, tensor<4xf32>, tensor<4xf32>, tensor<5xf32>, tensor<8x4x5x5xf32>, tensor<4xf32>,
       tensor<4xf32>) -> tensor<8x4x5x5xf32>
  return
}

// -----

// ... and results.
func.func @f(%x: tensor<8x4xf32>, %c: tensor<4xf32>) {
  // expected-error @below {{expected one number a channel of shape [4], but got [8]}}
  %0:5 = qtrain.batch_norm_training %x, %c, %c, %c, %c {epsilon = 0.0 : f64, momentum = 0.0 : f64}
    : (tensor<8x4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>)
    -> (tensor<8x4xf32>, tensor<4xf32>, tensor<8xf32>, tensor<4xf32>, tensor<4xf32>)
  return
}

// -----

// C3
func.func @f(%x: tensor<8x4xf32>, %c: tensor<4xf32>) {
  // expected-error @below {{expected a finite epsilon that is not negative}}
  %0 = qtrain.batch_norm_inference %x, %c, %c, %c, %c {epsilon = -1.0 : f64}
    : (tensor<8x4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) -> tensor<8x4xf32>
  return
}

// -----

// C4
func.func @f(%x: tensor<8x4xf32>, %c: tensor<4xf32>) {
  // expected-error @below {{expected a momentum in [0, 1]}}
  %0:5 = qtrain.batch_norm_training %x, %c, %c, %c, %c {epsilon = 0.0 : f64, momentum = 1.5 : f64}
    : (tensor<8x4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>)
    -> (tensor<8x4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>)
  return
}
