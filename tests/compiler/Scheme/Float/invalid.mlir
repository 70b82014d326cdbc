// RUN: qtc-opt %s -qtrain-apply-float -split-input-file -verify-diagnostics

// A pixel that single precision cannot hold.

func.func @evaluate(%pixels: tensor<2x4xui8>) -> tensor<2x4xf32> {
  // expected-error @below {{expected finite pixel values}}
  %0 = qtrain.normalize %pixels {divisor = 1.0e-300 : f64, mean = array<f64: 0.0>, std = array<f64: 1.0>}
    : (tensor<2x4xui8>) -> tensor<2x4xf32>
  return %0 : tensor<2x4xf32>
}

// -----

// An update outside of a training step.

qtrain.parameter @w id 0 = dense<1.0> : tensor<4xf32>
func.func @train_step(%w: tensor<4xf32> {qtrain.parameter = @w}) -> tensor<4xf32> {
  // expected-error @below {{expected a learning rate, a step and labels}}
  %0 = qtrain.update %w, %w {symbol = @w} : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

// An update of an unknown parameter.

qtrain.parameter @w id 0 = dense<1.0> : tensor<4xf32>
func.func @train_step(%w: tensor<4xf32> {qtrain.parameter = @w},
                      %labels: tensor<2xi32> {qtrain.role = #qtrain.role<target>},
                      %step: i32 {qtrain.role = #qtrain.role<step>},
                      %schedule: i64 {qtrain.role = #qtrain.role<schedule>}) -> tensor<4xf32> {
  // expected-error @below {{expected the symbol of a parameter}}
  %0 = qtrain.update %w, %w : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}
