// RUN: qtc-opt %s -pass-pipeline='builtin.module(func.func(convert-qtrain-to-qkernel),canonicalize,cse)' -split-input-file \
// RUN:   | FileCheck %s

#window = #qtrain.window<kernel = [3, 3], strides = [2, 1], pads = [1, 0, 1, 0], dilations = [1, 1]>
#cl = #qtrain.channels_last

// Convolutions and their gradients map one to one; exponents add. The largest
// magnitude, where it is asked for, is a second result of the kernel.

// CHECK-LABEL: func @convolutions(
//  CHECK-SAME:   %[[SX:[^ ]+]]: i32, %[[SW:[^ ]+]]: i32, %[[SE:[^ ]+]]: i32,
//       CHECK:   %[[X:.+]] = bufferization.to_tensor %{{.+}} : memref<2x6x6x4xi8>
//       CHECK:   %[[W:.+]] = bufferization.to_tensor %{{.+}} : memref<6x2x3x3xi8>
//       CHECK:   %[[E:.+]] = bufferization.to_tensor %{{.+}} : memref<2x3x4x6xi8>
//       CHECK:   %[[ACC:.+]]:2 = qkernel.conv2d ins(%[[X]], %[[W]] : {{.*}}) outs(%{{.+}}, %{{.+}} : tensor<2x3x4x6xi32>, tensor<i32>) {group = 2 : i64, window = #qtrain.window<kernel = [3, 3], strides = [2, 1]
//       CHECK:   tensor.extract %[[ACC]]#1[]
//   CHECK-NOT:   qkernel.max_abs
//       CHECK:   %[[EX:.+]] = qkernel.conv2d_input_gradient ins(%[[E]], %[[W]] : {{.*}}) outs(%{{.+}} : tensor<2x6x6x4xi32>) {group = 2 : i64
//       CHECK:   %[[G:.+]] = qkernel.conv2d_weight_gradient ins(%[[X]], %[[E]] : {{.*}}) outs(%{{.+}} : tensor<6x2x3x3xi32>) {group = 2 : i64
func.func @convolutions(%mx: tensor<2x6x6x4xi8>, %mw: tensor<6x2x3x3xi8>, %me: tensor<2x3x4x6xi8>, %sx: i32, %sw: i32,
                        %se: i32) -> (tensor<2x3x4x6xi32>, i32, i32, tensor<2x6x6x4xi32>, tensor<6x2x3x3xi32>) {
  %x = qtrain.compose %mx, %sx : (tensor<2x6x6x4xi8>, i32) -> !qtrain.scaled<tensor<2x4x6x6xi8, #cl>>
  %w = qtrain.compose %mw, %sw : (tensor<6x2x3x3xi8>, i32) -> !qtrain.scaled<tensor<6x2x3x3xi8>>
  %e = qtrain.compose %me, %se : (tensor<2x3x4x6xi8>, i32) -> !qtrain.scaled<tensor<2x6x3x4xi8, #cl>>
  %0 = qtrain.conv2d %x, %w {window = #window, group = 2 : i64}
    : (!qtrain.scaled<tensor<2x4x6x6xi8, #cl>>, !qtrain.scaled<tensor<6x2x3x3xi8>>)
    -> !qtrain.scaled<tensor<2x6x3x4xi32, #cl>>
  %bits = qtrain.magnitude_bits %0 : (!qtrain.scaled<tensor<2x6x3x4xi32, #cl>>) -> i32
  %1 = qtrain.conv2d_input_gradient %e, %w {window = #window, group = 2 : i64}
    : (!qtrain.scaled<tensor<2x6x3x4xi8, #cl>>, !qtrain.scaled<tensor<6x2x3x3xi8>>)
    -> !qtrain.scaled<tensor<2x4x6x6xi32, #cl>>
  %2 = qtrain.conv2d_weight_gradient %x, %e {window = #window, group = 2 : i64}
    : (!qtrain.scaled<tensor<2x4x6x6xi8, #cl>>, !qtrain.scaled<tensor<2x6x3x4xi8, #cl>>)
    -> !qtrain.scaled<tensor<6x2x3x3xi32>>
  %m0, %s0 = qtrain.decompose %0 : (!qtrain.scaled<tensor<2x6x3x4xi32, #cl>>) -> (tensor<2x3x4x6xi32>, i32)
  %m1, %s1 = qtrain.decompose %1 : (!qtrain.scaled<tensor<2x4x6x6xi32, #cl>>) -> (tensor<2x6x6x4xi32>, i32)
  %m2, %s2 = qtrain.decompose %2 : (!qtrain.scaled<tensor<6x2x3x3xi32>>) -> (tensor<6x2x3x3xi32>, i32)
  return %m0, %s0, %bits, %m1, %m2
    : tensor<2x3x4x6xi32>, i32, i32, tensor<2x6x6x4xi32>, tensor<6x2x3x3xi32>
}

// -----

// A linear layer is the convolution whose kernel is its image, so its input may
// lie with channels innermost.

#cl = #qtrain.channels_last
// CHECK-LABEL: func @linear_on_images(
//       CHECK:   %[[W:.+]] = tensor.expand_shape %{{.+}} {{\[\[}}0], [1, 2, 3]] output_shape [10, 3, 4, 5] : tensor<10x60xi8> into tensor<10x3x4x5xi8>
//       CHECK:   qkernel.conv2d ins(%{{.+}}, %[[W]] : tensor<2x4x5x3xi8>, tensor<10x3x4x5xi8>) outs(%{{.+}} : tensor<2x1x1x10xi32>) {group = 1 : i64, window = #qtrain.window<kernel = [4, 5], strides = [1, 1], pads = [0, 0, 0, 0], dilations = [1, 1]>}
func.func @linear_on_images(%mx: tensor<2x4x5x3xi8>, %mw: tensor<10x60xi8>, %s: i32) -> (tensor<2x10xi32>, i32) {
  %x = qtrain.compose %mx, %s : (tensor<2x4x5x3xi8>, i32) -> !qtrain.scaled<tensor<2x3x4x5xi8, #cl>>
  %w = qtrain.compose %mw, %s : (tensor<10x60xi8>, i32) -> !qtrain.scaled<tensor<10x60xi8>>
  %y = qtrain.linear %x, %w
    : (!qtrain.scaled<tensor<2x3x4x5xi8, #cl>>, !qtrain.scaled<tensor<10x60xi8>>) -> !qtrain.scaled<tensor<2x10xi32>>
  %0, %1 = qtrain.decompose %y : (!qtrain.scaled<tensor<2x10xi32>>) -> (tensor<2x10xi32>, i32)
  return %0, %1 : tensor<2x10xi32>, i32
}

// -----

// Without an image every feature is a channel.

// CHECK-LABEL: func @linear_gradients(
//       CHECK:   qkernel.conv2d_input_gradient ins(%{{.+}}, %{{.+}} : tensor<2x1x1x10xi8>, tensor<10x60x1x1xi8>) outs(%{{.+}} : tensor<2x1x1x60xi32>) {group = 1 : i64, window = #qtrain.window<kernel = [1, 1]
//       CHECK:   qkernel.conv2d_weight_gradient ins(%{{.+}}, %{{.+}} : tensor<2x1x1x60xi8>, tensor<2x1x1x10xi8>) outs(%{{.+}} : tensor<10x60x1x1xi32>)
func.func @linear_gradients(%mx: tensor<2x60xi8>, %mw: tensor<10x60xi8>, %me: tensor<2x10xi8>, %s: i32)
    -> (tensor<2x60xi32>, tensor<10x60xi32>) {
  %x = qtrain.compose %mx, %s : (tensor<2x60xi8>, i32) -> !qtrain.scaled<tensor<2x60xi8>>
  %w = qtrain.compose %mw, %s : (tensor<10x60xi8>, i32) -> !qtrain.scaled<tensor<10x60xi8>>
  %e = qtrain.compose %me, %s : (tensor<2x10xi8>, i32) -> !qtrain.scaled<tensor<2x10xi8>>
  %y = qtrain.linear_input_gradient %e, %w
    : (!qtrain.scaled<tensor<2x10xi8>>, !qtrain.scaled<tensor<10x60xi8>>) -> !qtrain.scaled<tensor<2x60xi32>>
  %g = qtrain.linear_weight_gradient %x, %e
    : (!qtrain.scaled<tensor<2x60xi8>>, !qtrain.scaled<tensor<2x10xi8>>) -> !qtrain.scaled<tensor<10x60xi32>>
  %0, %1 = qtrain.decompose %y : (!qtrain.scaled<tensor<2x60xi32>>) -> (tensor<2x60xi32>, i32)
  %2, %3 = qtrain.decompose %g : (!qtrain.scaled<tensor<10x60xi32>>) -> (tensor<10x60xi32>, i32)
  return %0, %2 : tensor<2x60xi32>, tensor<10x60xi32>
}

// -----

// A bias is aligned once, a channel at a time, and added by the kernel. The
// maximum is that of the sums.

// CHECK-LABEL: func @bias(
//       CHECK:   %[[B:.+]] = linalg.generic {{.*}} ins(%{{.+}} : tensor<10xi8>) outs(%{{.+}} : tensor<10xi32>)
//       CHECK:   %[[ACC:.+]]:2 = qkernel.conv2d ins(%{{.+}}, %{{.+}} : {{.+}}) bias(%[[B]] :
//   CHECK-NOT:   linalg.generic
//       CHECK:   tensor.extract %[[ACC]]#1[]
func.func @bias(%mx: tensor<2x60xi8>, %mw: tensor<10x60xi8>, %mb: tensor<10xi8>, %s: i32) -> (tensor<2x10xi32>, i32) {
  %x = qtrain.compose %mx, %s : (tensor<2x60xi8>, i32) -> !qtrain.scaled<tensor<2x60xi8>>
  %w = qtrain.compose %mw, %s : (tensor<10x60xi8>, i32) -> !qtrain.scaled<tensor<10x60xi8>>
  %b = qtrain.compose %mb, %s : (tensor<10xi8>, i32) -> !qtrain.scaled<tensor<10xi8>>
  %acc = qtrain.linear %x, %w
    : (!qtrain.scaled<tensor<2x60xi8>>, !qtrain.scaled<tensor<10x60xi8>>) -> !qtrain.scaled<tensor<2x10xi32>>
  %y = qtrain.bias_add %acc, %b
    : (!qtrain.scaled<tensor<2x10xi32>>, !qtrain.scaled<tensor<10xi8>>) -> !qtrain.scaled<tensor<2x10xi32>>
  %bits = qtrain.magnitude_bits %y : (!qtrain.scaled<tensor<2x10xi32>>) -> i32
  %0, %1 = qtrain.decompose %y : (!qtrain.scaled<tensor<2x10xi32>>) -> (tensor<2x10xi32>, i32)
  return %0, %bits : tensor<2x10xi32>, i32
}

// -----

// Sums of more than 33 286 products can reach 2^29, where an aligned bias may
// leave 32 bits: a pass of its own adds it in 64.

// CHECK-LABEL: func @bias_of_long_sums(
//       CHECK:   %[[ACC:.+]] = qkernel.conv2d ins(%{{.+}}, %{{.+}} :
//   CHECK-NOT:   saturate
//       CHECK:   linalg.generic {{.*}} ins(%{{.+}}, %{{.+}} : tensor<2x10xi32>, tensor<10xi8>)
//       CHECK:     arith.addi %{{.+}}, %{{.+}} : i64
//       CHECK:   qkernel.max_abs
func.func @bias_of_long_sums(%mx: tensor<2x33287xi8>, %mw: tensor<10x33287xi8>, %mb: tensor<10xi8>, %s: i32)
    -> (tensor<2x10xi32>, i32) {
  %x = qtrain.compose %mx, %s : (tensor<2x33287xi8>, i32) -> !qtrain.scaled<tensor<2x33287xi8>>
  %w = qtrain.compose %mw, %s : (tensor<10x33287xi8>, i32) -> !qtrain.scaled<tensor<10x33287xi8>>
  %b = qtrain.compose %mb, %s : (tensor<10xi8>, i32) -> !qtrain.scaled<tensor<10xi8>>
  %acc = qtrain.linear %x, %w
    : (!qtrain.scaled<tensor<2x33287xi8>>, !qtrain.scaled<tensor<10x33287xi8>>) -> !qtrain.scaled<tensor<2x10xi32>>
  %y = qtrain.bias_add %acc, %b
    : (!qtrain.scaled<tensor<2x10xi32>>, !qtrain.scaled<tensor<10xi8>>) -> !qtrain.scaled<tensor<2x10xi32>>
  %bits = qtrain.magnitude_bits %y : (!qtrain.scaled<tensor<2x10xi32>>) -> i32
  %0, %1 = qtrain.decompose %y : (!qtrain.scaled<tensor<2x10xi32>>) -> (tensor<2x10xi32>, i32)
  return %0, %bits : tensor<2x10xi32>, i32
}

// -----

// 133 144 products of 127 · 127 stay below 2^31, one more may not: the kernel
// sums in 64 bits and saturates.

// CHECK-LABEL: func @saturation(
//       CHECK:   qkernel.conv2d_weight_gradient {{.*}}tensor<133144x1x1x2xi8>{{.*}} {group = 1 : i64, window
//       CHECK:   qkernel.conv2d_weight_gradient {{.*}}tensor<133145x1x1x2xi8>{{.*}} {group = 1 : i64, saturate, window
func.func @saturation(%mx: tensor<133144x2xi8>, %my: tensor<133145x2xi8>, %s: i32) -> (tensor<2x2xi32>, tensor<2x2xi32>) {
  %x = qtrain.compose %mx, %s : (tensor<133144x2xi8>, i32) -> !qtrain.scaled<tensor<133144x2xi8>>
  %y = qtrain.compose %my, %s : (tensor<133145x2xi8>, i32) -> !qtrain.scaled<tensor<133145x2xi8>>
  %f = qtrain.linear_weight_gradient %x, %x
    : (!qtrain.scaled<tensor<133144x2xi8>>, !qtrain.scaled<tensor<133144x2xi8>>) -> !qtrain.scaled<tensor<2x2xi32>>
  %g = qtrain.linear_weight_gradient %y, %y
    : (!qtrain.scaled<tensor<133145x2xi8>>, !qtrain.scaled<tensor<133145x2xi8>>) -> !qtrain.scaled<tensor<2x2xi32>>
  %0, %1 = qtrain.decompose %f : (!qtrain.scaled<tensor<2x2xi32>>) -> (tensor<2x2xi32>, i32)
  %2, %3 = qtrain.decompose %g : (!qtrain.scaled<tensor<2x2xi32>>) -> (tensor<2x2xi32>, i32)
  return %0, %2 : tensor<2x2xi32>, tensor<2x2xi32>
}

// -----

// Activations behind a unit, through pools, reshapes, dropouts and shifts, and
// pixels without negative entries, are promised not to be negative; errors and
// other values are not.

// CHECK-LABEL: func @nonnegative(
//       CHECK:   qkernel.conv2d {{.*}}tensor<3x8x1x1xi8>{{.*}} {group = 1 : i64, nonnegative, window
//       CHECK:   qkernel.conv2d {{.*}}tensor<4x8x1x1xi8>{{.*}} {group = 1 : i64, window
//       CHECK:   qkernel.conv2d {{.*}}tensor<5x8x1x1xi8>{{.*}} {group = 1 : i64, nonnegative, window
func.func @nonnegative(%m: tensor<2x8xi8>, %p: tensor<2x8xui8>, %r: tensor<8xi16>, %a: tensor<3x8xi8>,
                       %b: tensor<4x8xi8>, %c: tensor<5x8xi8>, %s: i32)
    -> (tensor<2x3xi32>, tensor<2x4xi32>, tensor<2x5xi32>) {
  %x = qtrain.compose %m, %s : (tensor<2x8xi8>, i32) -> !qtrain.scaled<tensor<2x8xi8>>
  %wa = qtrain.compose %a, %s : (tensor<3x8xi8>, i32) -> !qtrain.scaled<tensor<3x8xi8>>
  %wb = qtrain.compose %b, %s : (tensor<4x8xi8>, i32) -> !qtrain.scaled<tensor<4x8xi8>>
  %wc = qtrain.compose %c, %s : (tensor<5x8xi8>, i32) -> !qtrain.scaled<tensor<5x8xi8>>
  %relu = qtrain.relu %x : (!qtrain.scaled<tensor<2x8xi8>>) -> !qtrain.scaled<tensor<2x8xi8>>
  %drop = qtrain.dropout %relu, %r {ratio = 0.25 : f64}
    : (!qtrain.scaled<tensor<2x8xi8>>, tensor<8xi16>) -> !qtrain.scaled<tensor<2x8xi32>>
  %shift = qtrain.shift_scale %drop by %s {bits = 8 : i64, rounding = #qtrain.rounding<nearest>}
    : (!qtrain.scaled<tensor<2x8xi32>>, i32) -> !qtrain.scaled<tensor<2x8xi8>>
  %lookup = qtrain.lookup %p {exponent = -7 : si32, table = dense<1> : tensor<1x256xi8>}
    : (tensor<2x8xui8>) -> !qtrain.scaled<tensor<2x8xi8>>
  %y = qtrain.linear %shift, %wa
    : (!qtrain.scaled<tensor<2x8xi8>>, !qtrain.scaled<tensor<3x8xi8>>) -> !qtrain.scaled<tensor<2x3xi32>>
  %z = qtrain.linear %x, %wb
    : (!qtrain.scaled<tensor<2x8xi8>>, !qtrain.scaled<tensor<4x8xi8>>) -> !qtrain.scaled<tensor<2x4xi32>>
  %v = qtrain.linear %lookup, %wc
    : (!qtrain.scaled<tensor<2x8xi8>>, !qtrain.scaled<tensor<5x8xi8>>) -> !qtrain.scaled<tensor<2x5xi32>>
  %0, %1 = qtrain.decompose %y : (!qtrain.scaled<tensor<2x3xi32>>) -> (tensor<2x3xi32>, i32)
  %2, %3 = qtrain.decompose %z : (!qtrain.scaled<tensor<2x4xi32>>) -> (tensor<2x4xi32>, i32)
  %4, %5 = qtrain.decompose %v : (!qtrain.scaled<tensor<2x5xi32>>) -> (tensor<2x5xi32>, i32)
  return %0, %2, %4 : tensor<2x3xi32>, tensor<2x4xi32>, tensor<2x5xi32>
}

// -----

// Errors of 16 bits are cut into bytes: 12 bits give two, 16 bits three. What
// their sums need decides their width: 2 · 127 · 128 fits 32 bits.

// CHECK-LABEL: func @wide_errors(
//       CHECK:   %[[LOW:.+]] = linalg.generic {{.*}} ins(%{{.+}} : tensor<16xi16>) outs(%{{.+}} : tensor<16xi8>)
//       CHECK:     arith.trunci
//       CHECK:   %[[HIGH:.+]] = linalg.generic {{.*}} ins(%{{.+}} : tensor<16xi16>) outs(%{{.+}} : tensor<16xi8>)
//       CHECK:     arith.shrsi
//       CHECK:   qkernel.conv2d_weight_gradient {{.*}} outs(%{{.+}} : tensor<8x4x1x1xi32>)
//       CHECK:   qkernel.conv2d_weight_gradient {{.*}} outs(%{{.+}} : tensor<8x4x1x1xi32>)
//   CHECK-NOT:   qkernel.conv2d_weight_gradient
//       CHECK:   linalg.generic {{.*}} ins(%{{.+}}, %{{.+}} : tensor<32xi32>, tensor<32xi32>)
//       CHECK:     arith.shli
//       CHECK:     arith.addi
func.func @wide_errors(%mx: tensor<2x4xi8>, %me: tensor<2x8xi32>, %s: i32) -> tensor<8x4xi32> {
  %x = qtrain.compose %mx, %s : (tensor<2x4xi8>, i32) -> !qtrain.scaled<tensor<2x4xi8>>
  %d = qtrain.compose %me, %s : (tensor<2x8xi32>, i32) -> !qtrain.scaled<tensor<2x8xi32>>
  %e = qtrain.shift_scale %d by %s {bidirectional, bits = 12 : i64, rounding = #qtrain.rounding<even>}
    : (!qtrain.scaled<tensor<2x8xi32>>, i32) -> !qtrain.scaled<tensor<2x8xi16>>
  %g = qtrain.linear_weight_gradient %x, %e
    : (!qtrain.scaled<tensor<2x4xi8>>, !qtrain.scaled<tensor<2x8xi16>>) -> !qtrain.scaled<tensor<8x4xi32>>
  %0, %1 = qtrain.decompose %g : (!qtrain.scaled<tensor<8x4xi32>>) -> (tensor<8x4xi32>, i32)
  return %0 : tensor<8x4xi32>
}

// -----

// Sums of 64 bits are exact; their maximum takes a pass of its own.

// CHECK-LABEL: func @wide_sums(
//       CHECK:   %[[G:.+]] = qkernel.conv2d_weight_gradient {{.*}} outs(%{{.+}} : tensor<2x2x1x1xi64>) {group = 1 : i64, window
//       CHECK:   qkernel.max_abs {{.*}} outs(%{{.+}} : tensor<i64>)
//       CHECK:   qkernel.magnitude_bits %{{.+}} {nearest} : (i64) -> i32
func.func @wide_sums(%my: tensor<133145x2xi8>, %s: i32) -> (tensor<2x2xi64>, i32) {
  %y = qtrain.compose %my, %s : (tensor<133145x2xi8>, i32) -> !qtrain.scaled<tensor<133145x2xi8>>
  %g = qtrain.linear_weight_gradient %y, %y
    : (!qtrain.scaled<tensor<133145x2xi8>>, !qtrain.scaled<tensor<133145x2xi8>>) -> !qtrain.scaled<tensor<2x2xi64>>
  %r = qtrain.magnitude_bits %g {nearest} : (!qtrain.scaled<tensor<2x2xi64>>) -> i32
  %0, %1 = qtrain.decompose %g : (!qtrain.scaled<tensor<2x2xi64>>) -> (tensor<2x2xi64>, i32)
  return %0, %r : tensor<2x2xi64>, i32
}

// -----

// A mask is bytes of bits, in memory order, as positions are.

// CHECK-LABEL: func @masks(
//       CHECK:   %[[M:.+]] = qkernel.range_mask {{.*}} outs(%{{.+}} : tensor<27xi8>) {high = 100 : i64}
//       CHECK:   qkernel.max_abs ins(%{{.+}} : tensor<2x5x7x3xi32>) mask(%[[M]] : tensor<27xi8>)
//       CHECK:   qkernel.apply_mask ins(%{{.+}}, %[[M]] : tensor<2x5x7x3xi32>, tensor<27xi8>)
func.func @masks(%mx: tensor<2x5x7x3xi32>, %s: i32) -> (tensor<2x5x7x3xi32>, i32) {
  %x = qtrain.compose %mx, %s
    : (tensor<2x5x7x3xi32>, i32) -> !qtrain.scaled<tensor<2x3x5x7xi32, #qtrain.channels_last>>
  %m = qtrain.range_mask %x {high = 100 : i64}
    : (!qtrain.scaled<tensor<2x3x5x7xi32, #qtrain.channels_last>>) -> tensor<2x3x5x7xi1, #qtrain.channels_last>
  %r = qtrain.magnitude_bits %x, %m
    : (!qtrain.scaled<tensor<2x3x5x7xi32, #qtrain.channels_last>>, tensor<2x3x5x7xi1, #qtrain.channels_last>) -> i32
  %y = qtrain.apply_mask %x, %m
    : (!qtrain.scaled<tensor<2x3x5x7xi32, #qtrain.channels_last>>, tensor<2x3x5x7xi1, #qtrain.channels_last>)
    -> !qtrain.scaled<tensor<2x3x5x7xi32, #qtrain.channels_last>>
  %0, %1 = qtrain.decompose %y
    : (!qtrain.scaled<tensor<2x3x5x7xi32, #qtrain.channels_last>>) -> (tensor<2x5x7x3xi32>, i32)
  return %0, %r : tensor<2x5x7x3xi32>, i32
}
