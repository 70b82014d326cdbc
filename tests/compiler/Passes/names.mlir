// RUN: not qtc-opt %s -split-input-file -allow-unregistered-dialect -qtrain-apply-niti 2>&1 | FileCheck %s
// RUN: not qtc-opt %s -split-input-file -allow-unregistered-dialect -qtrain-apply-wage 2>&1 | FileCheck %s
// RUN: not qtc-opt %s -split-input-file -allow-unregistered-dialect -qtrain-apply-float 2>&1 | FileCheck %s --check-prefix=FLOAT

// Names may hold what a terminal obeys. Messages show it escaped.

// CHECK: values of parameter '\x1b[31mred\x0aerror: forged'
// FLOAT-NOT: {{^}}error: forged

qtrain.parameter @"parameter.\1B[31mred\0Aerror: forged" id 0 = dense<0x7FC00000> : tensor<3x4xf32>
func.func @train_step(%x: tensor<2x4xui8> {qtrain.role = #qtrain.role<input>},
                      %w: tensor<3x4xf32> {qtrain.parameter = @"parameter.\1B[31mred\0Aerror: forged"}) -> tensor<2x3xf32> {
  %0 = qtrain.normalize %x {divisor = 2.55e+02 : f64, mean = array<f64: 0.0>, std = array<f64: 1.0>}
    : (tensor<2x4xui8>) -> tensor<2x4xf32>
  %1 = qtrain.linear %0, %w : (tensor<2x4xf32>, tensor<3x4xf32>) -> tensor<2x3xf32>
  return %1 : tensor<2x3xf32>
}

// -----

// CHECK: operations of qtrain on float tensors, but got 'other.\x1b[31mred'
// FLOAT: operations of qtrain on float tensors, but got 'other.\x1b[31mred'

func.func @train_step() -> tensor<2x3xf32> {
  %0 = "other.\1B[31mred"() : () -> tensor<2x3xf32>
  return %0 : tensor<2x3xf32>
}
