// RUN: qtc-opt %s -qtrain-generate-backward -split-input-file -verify-diagnostics -allow-unregistered-dialect

// There is something to differentiate.

// expected-error @below {{expected a function @forward}}
module {
  func.func @backward() {
    return
  }
}

// -----

// Inputs and predictions; further results are new values of parameters.

// expected-error @below {{expected a body, inputs, predictions, and further results that are new values of parameters}}
func.func @forward(%x: tensor<2x4xf32>) {
  return
}

// -----

// Predictions are rows of numbers.

// expected-error @below {{expected predictions of type tensor<NxKxf32>, but got 'tensor<4xf32>'}}
func.func @forward(%x: tensor<2x4xf32>, %y: tensor<4xf32>) -> (tensor<2x4xf32>, tensor<4xf32>) {
  return %x, %y : tensor<2x4xf32>, tensor<4xf32>
}

// -----

// expected-error @below {{expected a body, inputs, predictions, and further}}
func.func private @forward(tensor<2x4xf32>) -> tensor<2x4xf32>

// -----

// A new value has the type of the old one.

// expected-error @below {{expects result 1 to have an argument of its type that is @m, too}}
func.func @forward(%x: tensor<2x4xf32>, %m: tensor<4xf32> {qtrain.parameter = @m})
    -> (tensor<2x4xf32>, tensor<2x4xf32> {qtrain.parameter = @m}) {
  return %x, %x : tensor<2x4xf32>, tensor<2x4xf32>
}

// -----

// An operation without a gradient between a parameter and the loss is an error ...

qtrain.parameter @w id 0 = dense<1.0> : tensor<4x4xf32>
func.func @forward(%x: tensor<2x4xf32>, %w: tensor<4x4xf32> {qtrain.parameter = @w}) -> tensor<2x4xf32> {
  %0 = qtrain.linear %x, %w : (tensor<2x4xf32>, tensor<4x4xf32>) -> tensor<2x4xf32>
  // expected-error @below {{'test.opaque' op has no gradient, but a parameter needs one}}
  %1 = "test.opaque"(%0) : (tensor<2x4xf32>) -> tensor<2x4xf32>
  return %1 : tensor<2x4xf32>
}

// -----

// ... and none in front of all parameters.

qtrain.parameter @w id 0 = dense<1.0> : tensor<4x4xf32>
func.func @forward(%x: tensor<2x4xf32>, %w: tensor<4x4xf32> {qtrain.parameter = @w}) -> tensor<2x4xf32> {
  %0 = "test.opaque"(%x) : (tensor<2x4xf32>) -> tensor<2x4xf32>
  %1 = qtrain.linear %0, %w : (tensor<2x4xf32>, tensor<4x4xf32>) -> tensor<2x4xf32>
  return %1 : tensor<2x4xf32>
}
