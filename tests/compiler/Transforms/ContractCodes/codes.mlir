// RUN: qtc-opt %s -pass-pipeline='builtin.module(func.func(qtrain-contract-codes),canonicalize,cse)' | FileCheck %s

// The product of codes is exact in integers; one factor makes floats of it. The
// quantized floats stay for other users.

// CHECK-LABEL: func @linear(
//   CHECK-DAG:   %[[A:.+]] = qtrain.quantize %[[X:[^,]+]], %[[I:[^ ]+]] {levels = 15 : i64} : (tensor<2x4xf32>, tensor<2xf32>) -> tensor<2x4xf32>
//   CHECK-DAG:   %[[C:.+]] = qtrain.quantize %[[X]], %[[I]] {levels = 15 : i64} : (tensor<2x4xf32>, tensor<2xf32>) -> !qtrain.scaled<tensor<2x4xi8>>
//   CHECK-DAG:   %[[D:.+]] = qtrain.quantize %{{.+}} {is_signed, levels = 7 : i64} : (tensor<3x4xf32>, tensor<2xf32>) -> !qtrain.scaled<tensor<3x4xi8>>
//   CHECK-NOT:   -> tensor<3x4xf32>
//       CHECK:   %[[P:.+]] = qtrain.linear %[[C]], %[[D]] : {{.*}} -> !qtrain.scaled<tensor<2x3xi32>>
//       CHECK:   %[[Y:.+]] = qtrain.dequantize %[[P]] {factor = 9.523810e-03 : f32}
//       CHECK:   return %[[Y]], %[[A]]
func.func @linear(%x: tensor<2x4xf32>, %i: tensor<2xf32>, %w: tensor<3x4xf32>, %j: tensor<2xf32>)
    -> (tensor<2x3xf32>, tensor<2x4xf32>) {
  %a = qtrain.quantize %x, %i {levels = 15 : i64} : (tensor<2x4xf32>, tensor<2xf32>) -> tensor<2x4xf32>
  %b = qtrain.quantize %w, %j {is_signed, levels = 7 : i64} : (tensor<3x4xf32>, tensor<2xf32>) -> tensor<3x4xf32>
  %y = qtrain.linear %a, %b : (tensor<2x4xf32>, tensor<3x4xf32>) -> tensor<2x3xf32>
  return %y, %a : tensor<2x3xf32>, tensor<2x4xf32>
}

// More than 127 levels need 16 bits. Window and layout stay.

// CHECK-LABEL: func @convolution(
//       CHECK:   qtrain.quantize {{.*}} {levels = 255 : i64} : {{.*}} -> !qtrain.scaled<tensor<2x3x5x5xi16>>
//       CHECK:   qtrain.conv2d {{.*}} {window = {{.*}}pads = [1, 1, 1, 1]{{.*}}} : {{.*}} -> !qtrain.scaled<tensor<2x4x5x5xi32>>
func.func @convolution(%x: tensor<2x3x5x5xf32>, %i: tensor<2xf32>, %w: tensor<4x3x3x3xf32>) -> tensor<2x4x5x5xf32> {
  %a = qtrain.quantize %x, %i {levels = 255 : i64} : (tensor<2x3x5x5xf32>, tensor<2xf32>) -> tensor<2x3x5x5xf32>
  %b = qtrain.quantize %w, %i {is_signed, levels = 1 : i64} : (tensor<4x3x3x3xf32>, tensor<2xf32>) -> tensor<4x3x3x3xf32>
  %y = qtrain.conv2d %a, %b {window = #qtrain.window<kernel = [3, 3], strides = [1, 1], pads = [1, 1, 1, 1], dilations = [1, 1]>}
    : (tensor<2x3x5x5xf32>, tensor<4x3x3x3xf32>) -> tensor<2x4x5x5xf32>
  return %y : tensor<2x4x5x5xf32>
}

// Left alone: an operand without codes, and sums that 32 bits do not hold.

// CHECK-LABEL: func @others(
//   CHECK-NOT:   qtrain.scaled
//       CHECK:   return
func.func @others(%x: tensor<2x4xf32>, %i: tensor<2xf32>, %w: tensor<3x4xf32>, %l: tensor<1x70000xf32>)
    -> (tensor<2x3xf32>, tensor<1x1xf32>) {
  %a = qtrain.quantize %x, %i {levels = 15 : i64} : (tensor<2x4xf32>, tensor<2xf32>) -> tensor<2x4xf32>
  %y = qtrain.linear %a, %w : (tensor<2x4xf32>, tensor<3x4xf32>) -> tensor<2x3xf32>
  %b = qtrain.quantize %l, %i {levels = 255 : i64} : (tensor<1x70000xf32>, tensor<2xf32>) -> tensor<1x70000xf32>
  %c = qtrain.quantize %l, %i {is_signed, levels = 127 : i64} : (tensor<1x70000xf32>, tensor<2xf32>) -> tensor<1x70000xf32>
  %z = qtrain.linear %b, %c : (tensor<1x70000xf32>, tensor<1x70000xf32>) -> tensor<1x1xf32>
  return %y, %z : tensor<2x3xf32>, tensor<1x1xf32>
}
