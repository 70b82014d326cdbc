// RUN: qtc-opt %s -qtrain-generate-backward -qtrain-apply-niti -split-input-file -verify-diagnostics

// A parameter that is not finite has no mantissa.

// expected-error @below {{expected finite values of parameter 'w'}}
qtrain.parameter @w id 0 = dense<[[0x7F800000, 1.0]]> : tensor<1x2xf32>
func.func @forward(%x: tensor<2x2xf32>, %w: tensor<1x2xf32> {qtrain.parameter = @w}) -> tensor<2x1xf32> {
  %y = qtrain.linear %x, %w : (tensor<2x2xf32>, tensor<1x2xf32>) -> tensor<2x1xf32>
  return %y : tensor<2x1xf32>
}

// -----

// Gradients of normalizations have 64 bits, and their sum could leave these:
// the importer gives each normalization parameters of its own. Every node that
// shares some is reported, as every node without a rule is.

qtrain.parameter @scale id 0 = dense<1.0> : tensor<4xf32>
qtrain.parameter @bias id 1 = dense<1.0> : tensor<4xf32>
qtrain.parameter @own id 2 = dense<1.0> : tensor<4xf32>
qtrain.parameter @m id 0 kind buffer = dense<0.0> : tensor<4xf32>
qtrain.parameter @v id 0 kind buffer = dense<1.0> : tensor<4xf32>
func.func @forward(%x: tensor<2x4xf32>, %scale: tensor<4xf32> {qtrain.parameter = @scale},
                   %bias: tensor<4xf32> {qtrain.parameter = @bias},
                   %own: tensor<4xf32> {qtrain.parameter = @own}, %m: tensor<4xf32> {qtrain.parameter = @m},
                   %v: tensor<4xf32> {qtrain.parameter = @v}) -> tensor<2x4xf32> {
  %0:5 = qtrain.batch_norm_training %x, %scale, %bias, %m, %v {epsilon = 1.0e-5 : f64, momentum = 0.9 : f64}
    : (tensor<2x4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>)
    -> (tensor<2x4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>)
  // expected-error @below {{scheme niti does not define the sum of gradients of a normalization or of a slope; give every node its own scale, bias and slope}}
  %1:5 = qtrain.batch_norm_training %0#0, %scale, %bias, %m, %v {epsilon = 1.0e-5 : f64, momentum = 0.9 : f64}
    : (tensor<2x4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>)
    -> (tensor<2x4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>)
  // expected-error @below {{scheme niti does not define this operator; use another scheme, or change the model}}
  %2 = qtrain.local_response_norm %1#0 {size = 3 : i64, alpha = 1.0 : f64, beta = 1.0 : f64, bias = 1.0 : f64}
    : (tensor<2x4xf32>) -> tensor<2x4xf32>
  // expected-error @below {{scheme niti does not define the sum of gradients of a normalization or of a slope; give every node its own scale, bias and slope}}
  %3:5 = qtrain.batch_norm_training %2, %own, %own, %m, %v {epsilon = 1.0e-5 : f64, momentum = 0.9 : f64}
    : (tensor<2x4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>)
    -> (tensor<2x4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>)
  return %3#0 : tensor<2x4xf32>
}

// -----

// NITI defines no state that is not trained but running statistics.

// expected-error @below {{scheme niti trains parameters only, but 'mean' is of kind 'buffer'; use --scheme=fp32}}
qtrain.parameter @mean id 0 kind buffer = dense<1.0> : tensor<4xf32>
func.func @forward(%x: tensor<2x4xf32>, %mean: tensor<4xf32> {qtrain.parameter = @mean}) -> tensor<2x4xf32> {
  %0 = qtrain.bias_add %x, %mean : (tensor<2x4xf32>, tensor<4xf32>) -> tensor<2x4xf32>
  return %0 : tensor<2x4xf32>
}

// -----

// Those are finite, as weights are.

qtrain.parameter @scale id 0 = dense<1.0> : tensor<4xf32>
qtrain.parameter @bias id 1 = dense<1.0> : tensor<4xf32>
// expected-error @below {{expected finite values of parameter 'mean'}}
qtrain.parameter @mean id 0 kind buffer = dense<0x7F800000> : tensor<4xf32>
qtrain.parameter @variance id 0 kind buffer = dense<1.0> : tensor<4xf32>
func.func @forward(%x: tensor<2x4xf32>, %scale: tensor<4xf32> {qtrain.parameter = @scale},
                   %bias: tensor<4xf32> {qtrain.parameter = @bias},
                   %mean: tensor<4xf32> {qtrain.parameter = @mean},
                   %variance: tensor<4xf32> {qtrain.parameter = @variance})
    -> (tensor<2x4xf32>, tensor<4xf32> {qtrain.parameter = @mean}) {
  %0:5 = qtrain.batch_norm_training %x, %scale, %bias, %mean, %variance {epsilon = 1.0e-5 : f64, momentum = 0.9 : f64}
    : (tensor<2x4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>)
    -> (tensor<2x4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>)
  return %0#0, %0#3 : tensor<2x4xf32>, tensor<4xf32>
}

// -----

func.func @forward(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  // expected-error @below {{scheme niti defines this function for constants of moderate size only; use another scheme, or change the model}}
  %0 = qtrain.elementwise %x {function = #qtrain.clip<low = 0.0, high = 1.0e9>} : (tensor<2x4xf32>) -> tensor<2x4xf32>
  return %0 : tensor<2x4xf32>
}

// -----

func.func @forward(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  // expected-error @below {{scheme niti does not define this operator; use another scheme, or change the model}}
  %0 = qtrain.local_response_norm %x {size = 3 : i64, alpha = 1.0 : f64, beta = 1.0 : f64, bias = 1.0 : f64}
    : (tensor<2x4xf32>) -> tensor<2x4xf32>
  return %0 : tensor<2x4xf32>
}

// -----

// Slopes have exponents that are known.

func.func @forward(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %a = qtrain.relu %x : (tensor<2x4xf32>) -> tensor<2x4xf32>
  %s = qtrain.bias_gradient %a : (tensor<2x4xf32>) -> tensor<4xf32>
  // expected-error @below {{scheme niti expects slopes that are parameters of the model}}
  %y = qtrain.prelu %x, %s : (tensor<2x4xf32>, tensor<4xf32>) -> tensor<2x4xf32>
  return %y : tensor<2x4xf32>
}
