// RUN: qtc-opt %s -pass-pipeline='builtin.module(func.func(convert-qtrain-to-qkernel))' -split-input-file -verify-diagnostics

// Where tensors become buffers, arguments and results are numbers that lie in memory as a whole, and marks agree.

// expected-error @below {{pass 'convert-qtrain-to-qkernel' expects numbers, or tensors and buffers of 1 to 2^40 numbers, but argument 1 has type 'tensor<?xf32>'}}
func.func @f(%x: tensor<2xf32>, %y: tensor<?xf32>) {
  return
}

// -----

// expected-error @below {{but argument 0 has type 'tensor<9223372036854775807xi8>'}}
func.func @f(%x: tensor<9223372036854775807xi8>) {
  return
}

// -----

// expected-error @below {{but result 0 has type 'none'}}
func.func @f(%x: i32) -> none {
  %0 = "builtin.unrealized_conversion_cast"(%x) : (i32) -> none
  return %0 : none
}

// -----

// expected-error @below {{expects one argument for a parameter, but 0 and 1 are both @w}}
func.func @f(%x: tensor<2xi8> {qtrain.parameter = @w}, %y: tensor<2xi8> {qtrain.parameter = @w}) {
  return
}

// -----

// expected-error @below {{expects result 0 to have an argument of its type that is @w, too}}
func.func @f(%x: tensor<3xi8> {qtrain.parameter = @w}, %y: tensor<2xi8>) -> (tensor<2xi8> {qtrain.parameter = @w}) {
  return %y : tensor<2xi8>
}
