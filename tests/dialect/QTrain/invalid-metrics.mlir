// RUN: qtc-opt %s -split-input-file -verify-diagnostics

//===----------------------------------------------------------------------===//
// qtrain.row_metric and the label weights
//===----------------------------------------------------------------------===//

// (C1) of qtrain.row_metric
func.func @f(%y: tensor<8xf32>, %t: tensor<8xi32>) {
  // expected-error @below {{expected predictions of rank 2 as the metric takes them, but got 'tensor<8xf32>'}}
  %l = qtrain.row_metric %y, %t {metric = #qtrain.accuracy} : (tensor<8xf32>, tensor<8xi32>) -> tensor<8xf32>
  return
}

// -----

// (C1)
func.func @f(%y: tensor<8x3xf32>, %t: tensor<8xi32>) {
  // expected-error @below {{expected predictions of rank 2 as the metric takes them, but got 'tensor<8x3xf32>'}}
  %l = qtrain.row_metric %y, %t {metric = #qtrain.cross_entropy<smoothing = 0.0 : f64, weights = [1.0, 2.0]>}
       : (tensor<8x3xf32>, tensor<8xi32>) -> tensor<8xf32>
  return
}

// -----

// (C2)
func.func @f(%y: tensor<8x3xf32>, %t: tensor<8xi32>) {
  // expected-error @below {{expected a target of numbers, but got 'tensor<8xi32>'}}
  %l = qtrain.row_metric %y, %t {metric = #qtrain.mean_squares} : (tensor<8x3xf32>, tensor<8xi32>) -> tensor<8xf32>
  return
}

// -----

// (C2)
func.func @f(%y: tensor<8x3xf32>, %t: tensor<8x3xf32>) {
  // expected-error @below {{expected a target of labels, but got 'tensor<8x3xf32>'}}
  %l = qtrain.row_metric %y, %t {metric = #qtrain.accuracy} : (tensor<8x3xf32>, tensor<8x3xf32>) -> tensor<8xf32>
  return
}

// -----

// (C2)
func.func @f(%y: tensor<8x3xf32>, %t: tensor<7xi32>) {
  // expected-error @below {{expected target of shape [8], but got [7]}}
  %l = qtrain.row_metric %y, %t {metric = #qtrain.accuracy} : (tensor<8x3xf32>, tensor<7xi32>) -> tensor<8xf32>
  return
}

// -----

// (C3)
func.func @f(%y: !qtrain.scaled<tensor<8x3xi8>>, %t: tensor<8xi32>) {
  // expected-error @below {{expected a scaled result of 64 bits, but got '!qtrain.scaled<tensor<8xi32>>'}}
  %l = qtrain.row_metric %y, %t {metric = #qtrain.accuracy}
       : (!qtrain.scaled<tensor<8x3xi8>>, tensor<8xi32>) -> !qtrain.scaled<tensor<8xi32>>
  return
}

// -----

// (C4)
func.func @f(%y: tensor<8x3xf32>, %t: tensor<8x3xf32>) {
  // expected-error @below {{expected labels where one is ignored}}
  %l = qtrain.row_metric %y, %t {metric = #qtrain.mean_squares, ignored = 1 : i32}
       : (tensor<8x3xf32>, tensor<8x3xf32>) -> tensor<8xf32>
  return
}

// -----

// (C1) of qtrain.label_weight
func.func @f(%t: tensor<8x2xi32>) {
  // expected-error @below {{expected labels of rank 1, but got 'tensor<8x2xi32>'}}
  %w = qtrain.label_weight %t : (tensor<8x2xi32>) -> tensor<8xf32>
  return
}

// -----

// (C2)
func.func @f(%t: tensor<8xi32>) {
  // expected-error @below {{expected finite weights, none of them negative and one of them positive}}
  %w = qtrain.label_weight %t {weights = array<f64: 0.0, 0.0>} : (tensor<8xi32>) -> tensor<8xf32>
  return
}

// -----

// (C1) of qtrain.label_weight_sum
func.func @f(%t: tensor<8x2xi32>) {
  // expected-error @below {{expected labels of rank 1, but got 'tensor<8x2xi32>'}}
  %w = qtrain.label_weight_sum %t : (tensor<8x2xi32>) -> f64
  return
}

// -----

// (C2)
func.func @f(%t: tensor<8xi32>) {
  // expected-error @below {{expected finite weights, none of them negative and one of them positive}}
  %w = qtrain.label_weight_sum %t {weights = array<f64: -1.0, 1.0>} : (tensor<8xi32>) -> f64
  return
}

// -----

// expected-error @below {{expected weights that are numbers, but got ["a"]}}
func.func private @metric() attributes {metric = #qtrain.cross_entropy<smoothing = 0.0 : f64, weights = ["a"]>}
