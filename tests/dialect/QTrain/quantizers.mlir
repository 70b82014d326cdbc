// RUN: qtc-opt %s -split-input-file -verify-diagnostics | FileCheck %s

// CHECK-LABEL: func @quantize(
func.func @quantize(%x: tensor<8x4xf32>, %e: tensor<8x4xf32>, %i: tensor<3xf32>) {
  // CHECK: qtrain.quantize %{{.+}}, %{{.+}} {levels = 15 : i64} : (tensor<8x4xf32>, tensor<3xf32>) -> tensor<8x4xf32>
  %0 = qtrain.quantize %x, %i {levels = 15 : i64} : (tensor<8x4xf32>, tensor<3xf32>) -> tensor<8x4xf32>
  // CHECK: %[[C:.+]] = qtrain.quantize %{{.+}}, %{{.+}} {is_signed, levels = 7 : i64} : {{.*}} -> !qtrain.scaled<tensor<8x4xi8>>
  %1 = qtrain.quantize %x, %i {is_signed, levels = 7 : i64}
    : (tensor<8x4xf32>, tensor<3xf32>) -> !qtrain.scaled<tensor<8x4xi8>>
  // CHECK: qtrain.dequantize %[[C]] {factor = 5.000000e-01 : f32} : (!qtrain.scaled<tensor<8x4xi8>>) -> tensor<8x4xf32>
  %2 = qtrain.dequantize %1 {factor = 0.5 : f32} : (!qtrain.scaled<tensor<8x4xi8>>) -> tensor<8x4xf32>
  // CHECK: qtrain.quantize_input_gradient {{.*}} {is_signed} : (tensor<8x4xf32>, tensor<8x4xf32>, tensor<3xf32>) -> tensor<8x4xf32>
  %3 = qtrain.quantize_input_gradient %x, %e, %i {is_signed}
    : (tensor<8x4xf32>, tensor<8x4xf32>, tensor<3xf32>) -> tensor<8x4xf32>
  // CHECK: qtrain.interval_gradient {{.*}} : (tensor<8x4xf32>, tensor<8x4xf32>, tensor<3xf32>) -> tensor<3xf32>
  %4 = qtrain.interval_gradient %x, %e, %i : (tensor<8x4xf32>, tensor<8x4xf32>, tensor<3xf32>) -> tensor<3xf32>
  return
}

// -----

// C1
func.func @f(%x: tensor<8x4xf32>, %i: tensor<2xf32>) {
  // expected-error @below {{expected elements of a quantizer of shape [8, 4], but got [4, 8]}}
  %0 = qtrain.quantize %x, %i {levels = 15 : i64} : (tensor<8x4xf32>, tensor<2xf32>) -> tensor<4x8xf32>
  return
}

// -----

// C2
func.func @f(%x: tensor<8x4xf32>, %i: tensor<4xf32>) {
  // expected-error @below {{expected an interval of 2 or 3 elements, but got 'tensor<4xf32>'}}
  %0 = qtrain.quantize_input_gradient %x, %x, %i : (tensor<8x4xf32>, tensor<8x4xf32>, tensor<4xf32>) -> tensor<8x4xf32>
  return
}

// -----

// C3
func.func @f(%x: tensor<8x4xf32>, %i: tensor<2xf32>) {
  // expected-error @below {{expected 1 to 255 levels that fit the result, but got 128 and '!qtrain.scaled<tensor<8x4xi8>>'}}
  %0 = qtrain.quantize %x, %i {levels = 128 : i64}
    : (tensor<8x4xf32>, tensor<2xf32>) -> !qtrain.scaled<tensor<8x4xi8>>
  return
}

// -----

// C3
func.func @f(%x: tensor<8x4xf32>, %i: tensor<2xf32>) {
  // expected-error @below {{expected 1 to 255 levels that fit the result, but got 0 and 'tensor<8x4xf32>'}}
  %0 = qtrain.quantize %x, %i {levels = 0 : i64} : (tensor<8x4xf32>, tensor<2xf32>) -> tensor<8x4xf32>
  return
}

// -----

// C3
func.func @f(%x: tensor<8x4xf32>, %i: tensor<2xf32>) {
  // expected-error @below {{expected mantissas of 8 or 16 bits, but got '!qtrain.scaled<tensor<8x4xi32>>'}}
  %0 = qtrain.quantize %x, %i {levels = 7 : i64} : (tensor<8x4xf32>, tensor<2xf32>) -> !qtrain.scaled<tensor<8x4xi32>>
  return
}

// -----

func.func @f(%x: tensor<8x4xf32>, %i: tensor<2xf32>) {
  // expected-error @below {{expected the gradient of an interval of shape [2], but got [3]}}
  %0 = qtrain.interval_gradient %x, %x, %i : (tensor<8x4xf32>, tensor<8x4xf32>, tensor<2xf32>) -> tensor<3xf32>
  return
}

// -----

// (C2) of qtrain.dequantize
func.func @f(%x: !qtrain.scaled<tensor<8x4xi8>>) {
  // expected-error @below {{expected a factor that is positive and finite}}
  %0 = qtrain.dequantize %x {factor = -1.0 : f32} : (!qtrain.scaled<tensor<8x4xi8>>) -> tensor<8x4xf32>
  return
}
