// RUN: qtc-opt %s -qtrain-generate-backward=loss=sse -qtrain-apply-wage -split-input-file -verify-diagnostics

// Errors of two paths have scales that the scheme has forgotten.

qtrain.parameter @w id 0 = dense<1.0> : tensor<4x4xf32>
func.func @forward(%x: tensor<2x4xf32>, %w: tensor<4x4xf32> {qtrain.parameter = @w}) -> tensor<2x4xf32> {
  %0 = qtrain.linear %x, %w : (tensor<2x4xf32>, tensor<4x4xf32>) -> tensor<2x4xf32>
  // expected-error @below {{scheme wage has no rule to add values or errors of several paths, because it does not keep their scales; use another scheme, or change the model}}
  %1 = qtrain.sum %0, %x : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  return %1 : tensor<2x4xf32>
}

// -----

qtrain.parameter @w id 0 = dense<1.0> : tensor<4x4xf32>
func.func @forward(%x: tensor<2x4x2x2xf32>, %w: tensor<4x4xf32> {qtrain.parameter = @w}) -> tensor<2x4xf32> {
  // expected-error @below {{scheme wage defines maximum pools only; use another scheme, or change the model}}
  %0 = qtrain.average_pool2d %x {window = #qtrain.window<kernel = [2, 2], strides = [2, 2], pads = [0, 0, 0, 0], dilations = [1, 1]>}
    : (tensor<2x4x2x2xf32>) -> tensor<2x4x1x1xf32>
  %1 = qtrain.linear %0, %w : (tensor<2x4x1x1xf32>, tensor<4x4xf32>) -> tensor<2x4xf32>
  return %1 : tensor<2x4xf32>
}

// -----

qtrain.parameter @w id 0 = dense<1.0> : tensor<4x4xf32>
func.func @forward(%x: tensor<2x4xf32>, %w: tensor<4x4xf32> {qtrain.parameter = @w},
                   %seed: i64 {qtrain.role = #qtrain.role<seed>}, %step: i32 {qtrain.role = #qtrain.role<step>}) -> tensor<2x4xf32> {
  %r = qtrain.random %seed, %step {id = 0 : i64, purpose = #qtrain.purpose<dropout>} : (i64, i32) -> tensor<4xi16>
  %0 = qtrain.linear %x, %w : (tensor<2x4xf32>, tensor<4x4xf32>) -> tensor<2x4xf32>
  // expected-error @below {{scheme wage does not define this operator; use another scheme, or change the model}}
  %1 = qtrain.dropout %0, %r {ratio = 0.5 : f64} : (tensor<2x4xf32>, tensor<4xi16>) -> tensor<2x4xf32>
  return %1 : tensor<2x4xf32>
}

// -----

// One parameter, two constants alpha.

qtrain.parameter @w id 0 = dense<1.0> : tensor<4x4xf32>
func.func @forward(%x: tensor<2x4xf32>, %w: tensor<4x4xf32> {qtrain.parameter = @w}) -> tensor<2x4xf32> {
  // expected-note @below {{another use is here}}
  %0 = qtrain.linear %x, %w : (tensor<2x4xf32>, tensor<4x4xf32>) -> tensor<2x4xf32>
  %1 = qtrain.relu %0 : (tensor<2x4xf32>) -> tensor<2x4xf32>
  // expected-error @below {{parameter 'w' is used by several nodes, which scheme wage does not define; give every node its own initializer}}
  // expected-error @below {{scheme wage has no rule to add values or errors of several paths}}
  %2 = qtrain.linear %1, %w : (tensor<2x4xf32>, tensor<4x4xf32>) -> tensor<2x4xf32>
  return %2 : tensor<2x4xf32>
}

// -----

// A layer takes quantized activations.

qtrain.parameter @v id 0 = dense<1.0> : tensor<4x4xf32>
qtrain.parameter @w id 1 = dense<1.0> : tensor<4x4xf32>
func.func @forward(%x: tensor<2x4xf32>, %v: tensor<4x4xf32> {qtrain.parameter = @v},
                   %w: tensor<4x4xf32> {qtrain.parameter = @w}) -> tensor<2x4xf32> {
  %0 = qtrain.linear %x, %v : (tensor<2x4xf32>, tensor<4x4xf32>) -> tensor<2x4xf32>
  // expected-error @below {{scheme wage quantizes after activation functions; expected one before this layer}}
  %1 = qtrain.linear %0, %w : (tensor<2x4xf32>, tensor<4x4xf32>) -> tensor<2x4xf32>
  return %1 : tensor<2x4xf32>
}

// -----

qtrain.parameter @b id 0 = dense<1.0> : tensor<4xf32>
func.func @forward(%x: tensor<2x4xf32>, %b: tensor<4xf32> {qtrain.parameter = @b}) -> tensor<2x4xf32> {
  // expected-error @below {{scheme wage expects a bias after a convolution or a linear layer}}
  %0 = qtrain.bias_add %x, %b : (tensor<2x4xf32>, tensor<4xf32>) -> tensor<2x4xf32>
  return %0 : tensor<2x4xf32>
}

// -----

// expected-error @below {{scheme wage trains parameters only, but 'mean' is of kind 'buffer'; use --scheme=fp32}}
qtrain.parameter @mean id 0 kind buffer = dense<1.0> : tensor<4xf32>
qtrain.parameter @w id 1 = dense<1.0> : tensor<4x4xf32>
func.func @forward(%x: tensor<2x4xf32>, %w: tensor<4x4xf32> {qtrain.parameter = @w}) -> tensor<2x4xf32> {
  %0 = qtrain.linear %x, %w : (tensor<2x4xf32>, tensor<4x4xf32>) -> tensor<2x4xf32>
  return %0 : tensor<2x4xf32>
}

// -----

// expected-error @below {{expected finite float values of parameter 'w'}}
qtrain.parameter @w id 0 = dense<[[0x7F800000, 1.0]]> : tensor<1x2xf32>
func.func @forward(%x: tensor<2x2xf32>, %w: tensor<1x2xf32> {qtrain.parameter = @w}) -> tensor<2x1xf32> {
  %y = qtrain.linear %x, %w : (tensor<2x2xf32>, tensor<1x2xf32>) -> tensor<2x1xf32>
  return %y : tensor<2x1xf32>
}

// -----

// Every node that is in the way is reported, once.

qtrain.parameter @b id 0 = dense<1.0> : tensor<4xf32>
qtrain.parameter @v id 1 = dense<1.0> : tensor<4x4xf32>
qtrain.parameter @w id 2 = dense<1.0> : tensor<4x4xf32>
func.func @forward(%x: tensor<2x4xf32>, %b: tensor<4xf32> {qtrain.parameter = @b},
                   %v: tensor<4x4xf32> {qtrain.parameter = @v},
                   %w: tensor<4x4xf32> {qtrain.parameter = @w}) -> tensor<2x4xf32> {
  // expected-error @below {{scheme wage expects a bias after a convolution or a linear layer}}
  %0 = qtrain.bias_add %x, %b : (tensor<2x4xf32>, tensor<4xf32>) -> tensor<2x4xf32>
  %1 = qtrain.linear %0, %v : (tensor<2x4xf32>, tensor<4x4xf32>) -> tensor<2x4xf32>
  %2 = qtrain.relu %1 : (tensor<2x4xf32>) -> tensor<2x4xf32>
  // expected-error @below {{scheme wage expects a convolution or a linear layer before a rectified linear unit}}
  %3 = qtrain.relu %2 : (tensor<2x4xf32>) -> tensor<2x4xf32>
  // expected-error @below {{scheme wage expects a convolution or a linear layer before this function}}
  %4 = qtrain.elementwise %3 {function = #qtrain.clip<low = 0.0, high = 6.0>} : (tensor<2x4xf32>) -> tensor<2x4xf32>
  // expected-error @below {{scheme wage expects a convolution or a linear layer before a rectified linear unit}}
  %5 = qtrain.relu %4 : (tensor<2x4xf32>) -> tensor<2x4xf32>
  %6 = qtrain.linear %5, %w : (tensor<2x4xf32>, tensor<4x4xf32>) -> tensor<2x4xf32>
  return %6 : tensor<2x4xf32>
}

// -----

// What comes after an operator without a rule is not to blame.

qtrain.parameter @w id 0 = dense<1.0> : tensor<4x4xf32>
func.func @forward(%x: tensor<2x4xf32>, %w: tensor<4x4xf32> {qtrain.parameter = @w}) -> tensor<2x4xf32> {
  %0 = qtrain.linear %x, %w : (tensor<2x4xf32>, tensor<4x4xf32>) -> tensor<2x4xf32>
  // expected-error @below {{scheme wage has no rule to add values}}
  %1 = qtrain.sum %0, %x : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  %2 = qtrain.elementwise %1 {function = #qtrain.tanh} : (tensor<2x4xf32>) -> tensor<2x4xf32>
  return %2 : tensor<2x4xf32>
}

// -----

// Activations are within ±1: this value is 1 for all operands, and the next one 0.

qtrain.parameter @w id 0 = dense<1.0> : tensor<4x4xf32>
func.func @forward(%x: tensor<2x4xf32>, %w: tensor<4x4xf32> {qtrain.parameter = @w}) -> tensor<2x4xf32> {
  %0 = qtrain.linear %x, %w : (tensor<2x4xf32>, tensor<4x4xf32>) -> tensor<2x4xf32>
  // expected-error @below {{scheme wage clips activations to ±1, and errors cannot pass this function there; use another scheme, or change the model}}
  %1 = qtrain.elementwise %0 {function = #qtrain.clip<low = 1.0, high = 6.0>} : (tensor<2x4xf32>) -> tensor<2x4xf32>
  return %1 : tensor<2x4xf32>
}

// -----

qtrain.parameter @w id 0 = dense<1.0> : tensor<4x4xf32>
func.func @forward(%x: tensor<2x4xf32>, %w: tensor<4x4xf32> {qtrain.parameter = @w}) -> tensor<2x4xf32> {
  %0 = qtrain.linear %x, %w : (tensor<2x4xf32>, tensor<4x4xf32>) -> tensor<2x4xf32>
  // expected-error @below {{scheme wage clips activations to ±1}}
  %1 = qtrain.elementwise %0 {function = #qtrain.thresholded_relu<alpha = 1.0>} : (tensor<2x4xf32>) -> tensor<2x4xf32>
  return %1 : tensor<2x4xf32>
}

// -----

qtrain.parameter @a id 0 = dense<0.25> : tensor<4xf32>
qtrain.parameter @w id 1 = dense<1.0> : tensor<4x4xf32>
func.func @forward(%x: tensor<2x4xf32>, %a: tensor<4xf32> {qtrain.parameter = @a},
                   %w: tensor<4x4xf32> {qtrain.parameter = @w}) -> tensor<2x4xf32> {
  %0 = qtrain.linear %x, %w : (tensor<2x4xf32>, tensor<4x4xf32>) -> tensor<2x4xf32>
  // expected-error @below {{scheme wage defines no trained slopes, for which its steps are too large; use another scheme, or change the model}}
  %1 = qtrain.prelu %0, %a : (tensor<2x4xf32>, tensor<4xf32>) -> tensor<2x4xf32>
  return %1 : tensor<2x4xf32>
}
