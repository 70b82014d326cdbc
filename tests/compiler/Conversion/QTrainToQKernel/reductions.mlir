// RUN: qtc-opt %s -pass-pipeline='builtin.module(func.func(convert-qtrain-to-qkernel),canonicalize,cse)' -split-input-file \
// RUN:   | FileCheck %s

#half = #qtrain.window<kernel = [2, 2], strides = [2, 2], pads = [0, 0, 0, 0], dilations = [1, 1]>
#cl = #qtrain.channels_last

// Maxima keep the exponent of what they choose from, errors theirs.

// CHECK-LABEL: func @max_pool2d(
//  CHECK-SAME:   %[[SX:[^ ]+]]: i32, %[[SE:[^ ]+]]: i32,
//       CHECK:   qkernel.max_pool2d ins(%[[X:.+]] : tensor<2x6x6x4xi8>) outs(%{{.+}} : tensor<2x3x3x4xi8>) {window = #qtrain.window<kernel = [2, 2]
//       CHECK:   qkernel.max_pool2d_gradient ins(%[[X]], %{{.+}} : tensor<2x6x6x4xi8>, tensor<2x3x3x4xi8>) outs(%{{.+}} : tensor<2x6x6x4xi8>)
//       CHECK:   memref.store %[[SX]]
//       CHECK:   memref.store %[[SE]]
func.func @max_pool2d(%mx: tensor<2x6x6x4xi8>, %me: tensor<2x3x3x4xi8>, %sx: i32, %se: i32)
    -> (tensor<2x3x3x4xi8>, i32, tensor<2x6x6x4xi8>, i32) {
  %x = qtrain.compose %mx, %sx : (tensor<2x6x6x4xi8>, i32) -> !qtrain.scaled<tensor<2x4x6x6xi8, #cl>>
  %e = qtrain.compose %me, %se : (tensor<2x3x3x4xi8>, i32) -> !qtrain.scaled<tensor<2x4x3x3xi8, #cl>>
  %y = qtrain.max_pool2d %x {window = #half}
    : (!qtrain.scaled<tensor<2x4x6x6xi8, #cl>>) -> !qtrain.scaled<tensor<2x4x3x3xi8, #cl>>
  %z = qtrain.max_pool2d_gradient %x, %e {window = #half}
    : (!qtrain.scaled<tensor<2x4x6x6xi8, #cl>>, !qtrain.scaled<tensor<2x4x3x3xi8, #cl>>)
    -> !qtrain.scaled<tensor<2x4x6x6xi8, #cl>>
  %0, %1 = qtrain.decompose %y : (!qtrain.scaled<tensor<2x4x3x3xi8, #cl>>) -> (tensor<2x3x3x4xi8>, i32)
  %2, %3 = qtrain.decompose %z : (!qtrain.scaled<tensor<2x4x6x6xi8, #cl>>) -> (tensor<2x6x6x4xi8>, i32)
  return %0, %1, %2, %3 : tensor<2x3x3x4xi8>, i32, tensor<2x6x6x4xi8>, i32
}

// -----

// Means have 7 + ceil(log2 9) = 11 fraction bits more.

#nine = #qtrain.window<kernel = [3, 3], strides = [1, 1], pads = [1, 1, 1, 1], dilations = [1, 1]>
#cl = #qtrain.channels_last
// CHECK-LABEL: func @average_pool2d(
//  CHECK-SAME:   %[[S:[^ ]+]]: i32,
//       CHECK:   %[[FRACTION:.+]] = arith.constant -11 : i32
//       CHECK:   qkernel.average_pool2d ins({{.*}}) outs(%{{.+}} : tensor<2x6x6x4xi32>) {count_include_pad, window
//       CHECK:   %[[EXPONENT:.+]] = arith.addi %[[S]], %[[FRACTION]]
//       CHECK:   qkernel.average_pool2d_gradient ins({{.*}}) outs(%{{.+}} : tensor<2x6x6x4xi32>) {window
//       CHECK:   memref.store %[[EXPONENT]]
func.func @average_pool2d(%mx: tensor<2x6x6x4xi8>, %s: i32) -> (tensor<2x6x6x4xi32>, i32, tensor<2x6x6x4xi32>) {
  %x = qtrain.compose %mx, %s : (tensor<2x6x6x4xi8>, i32) -> !qtrain.scaled<tensor<2x4x6x6xi8, #cl>>
  %y = qtrain.average_pool2d %x {window = #nine, count_include_pad}
    : (!qtrain.scaled<tensor<2x4x6x6xi8, #cl>>) -> !qtrain.scaled<tensor<2x4x6x6xi32, #cl>>
  %z = qtrain.average_pool2d_gradient %x {window = #nine}
    : (!qtrain.scaled<tensor<2x4x6x6xi8, #cl>>) -> !qtrain.scaled<tensor<2x4x6x6xi32, #cl>>
  %0, %1 = qtrain.decompose %y : (!qtrain.scaled<tensor<2x4x6x6xi32, #cl>>) -> (tensor<2x6x6x4xi32>, i32)
  %2, %3 = qtrain.decompose %z : (!qtrain.scaled<tensor<2x4x6x6xi32, #cl>>) -> (tensor<2x6x6x4xi32>, i32)
  return %0, %1, %2 : tensor<2x6x6x4xi32>, i32, tensor<2x6x6x4xi32>
}

// -----

// The gradient of a bias sums 8-bit errors; from 16 909 321 of them on a sum
// can leave 32 bits.

// CHECK-LABEL: func @bias_gradient(
//       CHECK:   qkernel.channel_sum ins(%{{.+}} : tensor<16909320x2xi8>) {{.*}} {factor = 1 : i64} -> tensor<2xi32>
//       CHECK:   qkernel.channel_sum ins(%{{.+}} : tensor<16909321x2xi8>) {{.*}} {factor = 1 : i64, saturate} -> tensor<2xi32>
func.func @bias_gradient(%ma: tensor<16909320x2xi8>, %mb: tensor<16909321x2xi8>, %s: i32) -> (tensor<2xi32>, tensor<2xi32>) {
  %a = qtrain.compose %ma, %s : (tensor<16909320x2xi8>, i32) -> !qtrain.scaled<tensor<16909320x2xi8>>
  %b = qtrain.compose %mb, %s : (tensor<16909321x2xi8>, i32) -> !qtrain.scaled<tensor<16909321x2xi8>>
  %f = qtrain.bias_gradient %a : (!qtrain.scaled<tensor<16909320x2xi8>>) -> !qtrain.scaled<tensor<2xi32>>
  %g = qtrain.bias_gradient %b : (!qtrain.scaled<tensor<16909321x2xi8>>) -> !qtrain.scaled<tensor<2xi32>>
  %0, %1 = qtrain.decompose %f : (!qtrain.scaled<tensor<2xi32>>) -> (tensor<2xi32>, i32)
  %2, %3 = qtrain.decompose %g : (!qtrain.scaled<tensor<2xi32>>) -> (tensor<2xi32>, i32)
  return %0, %2 : tensor<2xi32>, tensor<2xi32>
}

// -----

// The softmax takes logits with their exponent; probabilities have 15 fraction
// bits, the paper's 11.

// CHECK-LABEL: func @loss_gradient(
//  CHECK-SAME:   %[[S:[^ ]+]]: i32,
//   CHECK-DAG:   %[[FIFTEEN:.+]] = arith.constant -15 : i32
//   CHECK-DAG:   %[[ELEVEN:.+]] = arith.constant -11 : i32
//       CHECK:   qkernel.softmax_error ins(%[[X:.+]], %[[T:.+]] : tensor<8x10xi8>, tensor<8xi32>) exponent(%[[S]] : i32) {{.*}} {exponential = #qtrain.exponential<fraction>}
//       CHECK:   qkernel.softmax_error ins(%[[X]], %[[T]] : {{.*}}) exponent(%[[S]] : i32) {{.*}} {exponential = #qtrain.exponential<paper>}
//       CHECK:   memref.store %[[FIFTEEN]]
//       CHECK:   memref.store %[[ELEVEN]]
func.func @loss_gradient(%m: tensor<8x10xi8>, %labels: tensor<8xi32>, %s: i32)
    -> (tensor<8x10xi32>, i32, tensor<8x10xi32>, i32) {
  %x = qtrain.compose %m, %s : (tensor<8x10xi8>, i32) -> !qtrain.scaled<tensor<8x10xi8>>
  %f = qtrain.loss_gradient %x, %labels
    {loss = #qtrain.loss<cross_entropy>, exponential = #qtrain.exponential<fraction>}
    : (!qtrain.scaled<tensor<8x10xi8>>, tensor<8xi32>) -> !qtrain.scaled<tensor<8x10xi32>>
  %p = qtrain.loss_gradient %x, %labels
    {loss = #qtrain.loss<cross_entropy>, exponential = #qtrain.exponential<paper>}
    : (!qtrain.scaled<tensor<8x10xi8>>, tensor<8xi32>) -> !qtrain.scaled<tensor<8x10xi32>>
  %0, %1 = qtrain.decompose %f : (!qtrain.scaled<tensor<8x10xi32>>) -> (tensor<8x10xi32>, i32)
  %2, %3 = qtrain.decompose %p : (!qtrain.scaled<tensor<8x10xi32>>) -> (tensor<8x10xi32>, i32)
  return %0, %1, %2, %3 : tensor<8x10xi32>, i32, tensor<8x10xi32>, i32
}

// -----

// W of a value that no contraction made takes a pass over it.

// CHECK-LABEL: func @magnitude_bits(
//       CHECK:   %[[MAX:.+]] = qkernel.max_abs ins(%{{.+}} : tensor<8x10xi8>) outs(%{{.+}} : tensor<i32>) -> tensor<i32>
//       CHECK:   %[[M:.+]] = tensor.extract %[[MAX]][]
//       CHECK:   qkernel.magnitude_bits %[[M]]
func.func @magnitude_bits(%m: tensor<8x10xi8>, %s: i32) -> i32 {
  %x = qtrain.compose %m, %s : (tensor<8x10xi8>, i32) -> !qtrain.scaled<tensor<8x10xi8>>
  %bits = qtrain.magnitude_bits %x : (!qtrain.scaled<tensor<8x10xi8>>) -> i32
  return %bits : i32
}
