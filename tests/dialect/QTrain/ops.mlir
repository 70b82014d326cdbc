// Every operation in every form prints as it parses, in its own syntax and in
// the generic one.

// RUN: qtc-opt %s | qtc-opt | FileCheck %s
// RUN: qtc-opt %s -mlir-print-op-generic | qtc-opt | FileCheck %s

//===----------------------------------------------------------------------===//
// Parameters and input
//===----------------------------------------------------------------------===//

// Before a scheme: the initializer. Behind it: mantissas and an exponent, which
// may be uniform draws. Frozen ones are never updated.

// CHECK: qtrain.parameter @fc.weight id 3 = dense<1.000000e+00> : tensor<3x4xf32>
qtrain.parameter @fc.weight id 3 = dense<1.0> : tensor<3x4xf32>
// CHECK: qtrain.parameter @fc.bias id 4 exponent -9 = dense<-127> : tensor<10xi8>
qtrain.parameter @fc.bias id 4 exponent -9 = dense<-127> : tensor<10xi8>
// CHECK: qtrain.parameter @wide id 5 exponent 2 = dense<32767> : tensor<10xi16>
qtrain.parameter @wide id 5 exponent 2 = dense<32767> : tensor<10xi16>
// CHECK: qtrain.parameter @frozen id 6 frozen = dense<0.000000e+00> : tensor<2xf32>
qtrain.parameter @frozen id 6 frozen = dense<0.0> : tensor<2xf32>
// CHECK: qtrain.parameter @"names/of ONNX" id 7 exponent 0 frozen = dense<0> : tensor<2xi8>
qtrain.parameter @"names/of ONNX" id 7 exponent 0 frozen = dense<0> : tensor<2xi8>
// CHECK: qtrain.parameter @drawn id 8 exponent -9 uniform 256 = dense<512> : tensor<2xi16>
qtrain.parameter @drawn id 8 exponent -9 uniform 256 = dense<512> : tensor<2xi16>
// CHECK: qtrain.parameter @drawn_floats id 8 bound 2.500000e-01 = dense<1.250000e-01> : tensor<2xf32>
qtrain.parameter @drawn_floats id 8 bound 0.25 = dense<0.125> : tensor<2xf32>
// Options of single layers.
// CHECK: qtrain.parameter @slow id 6 rate 5.000000e-01 weight_bits 16 headroom 2 frozen = dense
qtrain.parameter @slow id 6 rate 0.5 weight_bits 16 headroom 2 frozen = dense<0.0> : tensor<2xf32>
// What is no parameter to train says what it is.
// CHECK: qtrain.parameter @mean id 0 kind buffer = dense<0.000000e+00> : tensor<10xf32>
qtrain.parameter @mean id 0 kind buffer = dense<0.0> : tensor<10xf32>
// CHECK: qtrain.parameter @fc.weight.momentum id 3 kind optimizer exponent 0 frozen = dense<0> : tensor<2xi8>
qtrain.parameter @fc.weight.momentum id 3 kind optimizer exponent 0 frozen = dense<0> : tensor<2xi8>
// CHECK: qtrain.parameter @bare id 9 = dense
qtrain.parameter @bare id 9 kind parameter = dense<0.0> : tensor<2xf32>

// CHECK-LABEL: func @normalize(
//  CHECK-SAME:   %[[PIXELS:.+]]: tensor<8x1x28x28xui8>, %[[COLORS:.+]]: tensor<8x3x4x4xui8>, %[[ROWS:.+]]: tensor<8x5xui8>)
func.func @normalize(%pixels: tensor<8x1x28x28xui8>, %colors: tensor<8x3x4x4xui8>, %rows: tensor<8x5xui8>) {
  // CHECK: qtrain.normalize %[[PIXELS]] {divisor = 2.550000e+02 : f64, mean = array<f64: 1.307000e-01>, std = array<f64: 3.081000e-01>} : (tensor<8x1x28x28xui8>) -> tensor<8x1x28x28xf32>
  %0 = qtrain.normalize %pixels {divisor = 2.55e+02 : f64, mean = array<f64: 0.1307>, std = array<f64: 0.3081>}
    : (tensor<8x1x28x28xui8>) -> tensor<8x1x28x28xf32>
  // One entry a channel, here of the deviations only.
  // CHECK: qtrain.normalize %[[COLORS]] {{.*}} std = array<f64: 1.000000e+00, 2.000000e+00, 4.000000e+00>
  %1 = qtrain.normalize %colors {divisor = 1.0 : f64, mean = array<f64: 0.5>, std = array<f64: 1.0, 2.0, 4.0>}
    : (tensor<8x3x4x4xui8>) -> tensor<8x3x4x4xf32>
  // CHECK: qtrain.normalize %[[ROWS]]
  %2 = qtrain.normalize %rows {divisor = 2.55e+02 : f64, mean = array<f64: 0.0>, std = array<f64: 1.0>}
    : (tensor<8x5xui8>) -> tensor<8x5xf32>
  return
}

// CHECK-LABEL: func @decode(
//  CHECK-SAME:   %[[INPUT:.+]]: tensor<8x10xi8>, %[[TARGET:.+]]: tensor<8x1xi32>)
func.func @decode(%input: tensor<8x10xi8>, %target: tensor<8x1xi32>) {
  // CHECK: qtrain.decode %[[INPUT]] {exponent = -5 : si32} : (tensor<8x10xi8>) -> tensor<8x10xf32>
  %0 = qtrain.decode %input {exponent = -5 : si32} : (tensor<8x10xi8>) -> tensor<8x10xf32>
  // CHECK: qtrain.decode %[[TARGET]] {exponent = -16 : si32} : (tensor<8x1xi32>) -> tensor<8x1xf32>
  %1 = qtrain.decode %target {exponent = -16 : si32} : (tensor<8x1xi32>) -> tensor<8x1xf32>
  // Ends of the range.
  // CHECK: exponent = 100 : si32
  %2 = qtrain.decode %input {exponent = 100 : si32} : (tensor<8x10xi8>) -> tensor<8x10xf32>
  // CHECK: exponent = -100 : si32
  %3 = qtrain.decode %input {exponent = -100 : si32} : (tensor<8x10xi8>) -> tensor<8x10xf32>
  return
}

// CHECK-LABEL: func @lookup(
//  CHECK-SAME:   %[[PIXELS:.+]]: tensor<8x3x4x4xui8>)
func.func @lookup(%pixels: tensor<8x3x4x4xui8>) {
  // CHECK: qtrain.lookup %[[PIXELS]] {exponent = -7 : si32, table = dense<1> : tensor<1x256xi8>} : (tensor<8x3x4x4xui8>) -> !qtrain.scaled<tensor<8x3x4x4xi8>>
  %0 = qtrain.lookup %pixels {exponent = -7 : si32, table = dense<1> : tensor<1x256xi8>}
    : (tensor<8x3x4x4xui8>) -> !qtrain.scaled<tensor<8x3x4x4xi8>>
  // A row a channel, and a layout.
  // CHECK: qtrain.lookup {{.*}}tensor<3x256xi8>} : (tensor<8x3x4x4xui8>) -> !qtrain.scaled<tensor<8x3x4x4xi8, #qtrain.channels_last>>
  %1 = qtrain.lookup %pixels {exponent = -5 : si32, table = dense<1> : tensor<3x256xi8>}
    : (tensor<8x3x4x4xui8>) -> !qtrain.scaled<tensor<8x3x4x4xi8, #qtrain.channels_last>>
  // Floats have no exponent.
  // CHECK: qtrain.lookup {{.*}} {table = dense<1.000000e+00> : tensor<1x256xf32>} : (tensor<8x3x4x4xui8>) -> tensor<8x3x4x4xf32>
  %2 = qtrain.lookup %pixels {table = dense<1.0> : tensor<1x256xf32>}
    : (tensor<8x3x4x4xui8>) -> tensor<8x3x4x4xf32>
  return
}

//===----------------------------------------------------------------------===//
// Layers and their gradients
//===----------------------------------------------------------------------===//

#unit = #qtrain.window<kernel = [3, 3], strides = [1, 1], pads = [1, 1, 1, 1], dilations = [1, 1]>
#strided = #qtrain.window<kernel = [3, 2], strides = [2, 1], pads = [1, 0, 0, 1], dilations = [1, 2]>
#half = #qtrain.window<kernel = [2, 2], strides = [2, 2], pads = [0, 0, 0, 0], dilations = [1, 1]>

// CHECK-LABEL: func @conv2d(
//  CHECK-SAME:   %[[X:.+]]: tensor<8x4x6x6xf32>, %[[W:.+]]: tensor<20x4x3x3xf32>, %[[E:.+]]: tensor<8x20x6x6xf32>)
func.func @conv2d(%x: tensor<8x4x6x6xf32>, %w: tensor<20x4x3x3xf32>, %e: tensor<8x20x6x6xf32>) {
  // CHECK: qtrain.conv2d %[[X]], %[[W]] {window = #qtrain.window<kernel = [3, 3], strides = [1, 1], pads = [1, 1, 1, 1], dilations = [1, 1]>} : (tensor<8x4x6x6xf32>, tensor<20x4x3x3xf32>) -> tensor<8x20x6x6xf32>
  %0 = qtrain.conv2d %x, %w {window = #unit}
    : (tensor<8x4x6x6xf32>, tensor<20x4x3x3xf32>) -> tensor<8x20x6x6xf32>
  // CHECK: qtrain.conv2d_input_gradient %[[E]], %[[W]] {{.*}} -> tensor<8x4x6x6xf32>
  %1 = qtrain.conv2d_input_gradient %e, %w {window = #unit}
    : (tensor<8x20x6x6xf32>, tensor<20x4x3x3xf32>) -> tensor<8x4x6x6xf32>
  // CHECK: qtrain.conv2d_weight_gradient %[[X]], %[[E]] {{.*}} -> tensor<20x4x3x3xf32>
  %2 = qtrain.conv2d_weight_gradient %x, %e {window = #unit}
    : (tensor<8x4x6x6xf32>, tensor<8x20x6x6xf32>) -> tensor<20x4x3x3xf32>
  return
}

// Scaled operands give 32-bit accumulators; a parameter keeps its layout.

// CHECK-LABEL: func @conv2d_scaled
func.func @conv2d_scaled(%x: !qtrain.scaled<tensor<8x4x6x6xi8, #qtrain.channels_last>>,
                         %w: !qtrain.scaled<tensor<6x2x3x2xi8>>,
                         %e: !qtrain.scaled<tensor<8x6x3x5xi8, #qtrain.channels_last>>) {
  // CHECK: qtrain.conv2d {{.*}} {group = 2 : i64, window = #qtrain.window<kernel = [3, 2], strides = [2, 1], pads = [1, 0, 0, 1], dilations = [1, 2]>}
  // CHECK-SAME: -> !qtrain.scaled<tensor<8x6x3x5xi32, #qtrain.channels_last>>
  %0 = qtrain.conv2d %x, %w {window = #strided, group = 2 : i64}
    : (!qtrain.scaled<tensor<8x4x6x6xi8, #qtrain.channels_last>>, !qtrain.scaled<tensor<6x2x3x2xi8>>)
    -> !qtrain.scaled<tensor<8x6x3x5xi32, #qtrain.channels_last>>
  // CHECK: qtrain.conv2d_input_gradient {{.*}}group = 2{{.*}} -> !qtrain.scaled<tensor<8x4x6x6xi32, #qtrain.channels_last>>
  %1 = qtrain.conv2d_input_gradient %e, %w {window = #strided, group = 2 : i64}
    : (!qtrain.scaled<tensor<8x6x3x5xi8, #qtrain.channels_last>>, !qtrain.scaled<tensor<6x2x3x2xi8>>)
    -> !qtrain.scaled<tensor<8x4x6x6xi32, #qtrain.channels_last>>
  // CHECK: qtrain.conv2d_weight_gradient {{.*}}group = 2{{.*}} -> !qtrain.scaled<tensor<6x2x3x2xi32>>
  %2 = qtrain.conv2d_weight_gradient %x, %e {window = #strided, group = 2 : i64}
    : (!qtrain.scaled<tensor<8x4x6x6xi8, #qtrain.channels_last>>,
       !qtrain.scaled<tensor<8x6x3x5xi8, #qtrain.channels_last>>)
    -> !qtrain.scaled<tensor<6x2x3x2xi32>>
  return
}

// A linear layer flattens its input by itself.

// CHECK-LABEL: func @linear(
func.func @linear(%x: tensor<8x50x4x4xf32>, %w: tensor<500x800xf32>, %e: tensor<8x500xf32>) {
  // CHECK: qtrain.linear {{.*}} : (tensor<8x50x4x4xf32>, tensor<500x800xf32>) -> tensor<8x500xf32>
  %0 = qtrain.linear %x, %w : (tensor<8x50x4x4xf32>, tensor<500x800xf32>) -> tensor<8x500xf32>
  // CHECK: qtrain.linear_input_gradient {{.*}} -> tensor<8x50x4x4xf32>
  %1 = qtrain.linear_input_gradient %e, %w : (tensor<8x500xf32>, tensor<500x800xf32>) -> tensor<8x50x4x4xf32>
  // CHECK: qtrain.linear_weight_gradient {{.*}} -> tensor<500x800xf32>
  %2 = qtrain.linear_weight_gradient %x, %e : (tensor<8x50x4x4xf32>, tensor<8x500xf32>) -> tensor<500x800xf32>
  return
}

// CHECK-LABEL: func @linear_scaled(
func.func @linear_scaled(%x: !qtrain.scaled<tensor<8x6xi8>>, %w: !qtrain.scaled<tensor<5x6xi8>>,
                         %e: !qtrain.scaled<tensor<8x5xi8>>) {
  // CHECK: qtrain.linear {{.*}} -> !qtrain.scaled<tensor<8x5xi32>>
  %0 = qtrain.linear %x, %w : (!qtrain.scaled<tensor<8x6xi8>>, !qtrain.scaled<tensor<5x6xi8>>)
    -> !qtrain.scaled<tensor<8x5xi32>>
  // CHECK: qtrain.linear_input_gradient {{.*}} -> !qtrain.scaled<tensor<8x6xi32>>
  %1 = qtrain.linear_input_gradient %e, %w : (!qtrain.scaled<tensor<8x5xi8>>, !qtrain.scaled<tensor<5x6xi8>>)
    -> !qtrain.scaled<tensor<8x6xi32>>
  // CHECK: qtrain.linear_weight_gradient {{.*}} -> !qtrain.scaled<tensor<5x6xi32>>
  %2 = qtrain.linear_weight_gradient %x, %e : (!qtrain.scaled<tensor<8x6xi8>>, !qtrain.scaled<tensor<8x5xi8>>)
    -> !qtrain.scaled<tensor<5x6xi32>>
  return
}

// CHECK-LABEL: func @bias(
func.func @bias(%x: tensor<8x10xf32>, %b: tensor<10xf32>, %e: tensor<8x10x6x6xf32>,
                %acc: !qtrain.scaled<tensor<8x10x6x6xi32>>, %sb: !qtrain.scaled<tensor<10xi8>>,
                %se: !qtrain.scaled<tensor<8x10x6x6xi8>>) {
  // CHECK: qtrain.bias_add {{.*}} : (tensor<8x10xf32>, tensor<10xf32>) -> tensor<8x10xf32>
  %0 = qtrain.bias_add %x, %b : (tensor<8x10xf32>, tensor<10xf32>) -> tensor<8x10xf32>
  // CHECK: qtrain.bias_gradient {{.*}} : (tensor<8x10x6x6xf32>) -> tensor<10xf32>
  %1 = qtrain.bias_gradient %e : (tensor<8x10x6x6xf32>) -> tensor<10xf32>
  // The sum of two scales is an accumulator.
  // CHECK: qtrain.bias_add {{.*}} -> !qtrain.scaled<tensor<8x10x6x6xi32>>
  %2 = qtrain.bias_add %acc, %sb : (!qtrain.scaled<tensor<8x10x6x6xi32>>, !qtrain.scaled<tensor<10xi8>>)
    -> !qtrain.scaled<tensor<8x10x6x6xi32>>
  // CHECK: qtrain.bias_gradient {{.*}} -> !qtrain.scaled<tensor<10xi32>>
  %3 = qtrain.bias_gradient %se : (!qtrain.scaled<tensor<8x10x6x6xi8>>) -> !qtrain.scaled<tensor<10xi32>>
  return
}

// CHECK-LABEL: func @prelu(
func.func @prelu(%x: tensor<8x10xf32>, %a: tensor<1xf32>, %s: !qtrain.scaled<tensor<8x4x3x3xi8>>,
                 %b: !qtrain.scaled<tensor<4xi8>>) {
  // CHECK: qtrain.prelu {{.*}} : (tensor<8x10xf32>, tensor<1xf32>) -> tensor<8x10xf32>
  %0 = qtrain.prelu %x, %a : (tensor<8x10xf32>, tensor<1xf32>) -> tensor<8x10xf32>
  // CHECK: qtrain.prelu_slope_gradient {{.*}} : (tensor<8x10xf32>, tensor<8x10xf32>) -> tensor<10xf32>
  %1 = qtrain.prelu_slope_gradient %x, %0 : (tensor<8x10xf32>, tensor<8x10xf32>) -> tensor<10xf32>
  // CHECK: qtrain.prelu_input_gradient {{.*}} -> !qtrain.scaled<tensor<8x4x3x3xi32>>
  %2 = qtrain.prelu_input_gradient %s, %s, %b
    : (!qtrain.scaled<tensor<8x4x3x3xi8>>, !qtrain.scaled<tensor<8x4x3x3xi8>>, !qtrain.scaled<tensor<4xi8>>)
    -> !qtrain.scaled<tensor<8x4x3x3xi32>>
  return
}

// CHECK-LABEL: func @clip(
func.func @clip(%x: tensor<8x10xf32>) {
  // CHECK: %[[Y:.+]] = qtrain.elementwise {{.*}} {function = #qtrain.clip<low = 0.000000e+00 : f64, high = 6.000000e+00 : f64>} : (tensor<8x10xf32>) -> tensor<8x10xf32>
  %0 = qtrain.elementwise %x {function = #qtrain.clip<low = 0.0, high = 6.0>} : (tensor<8x10xf32>) -> tensor<8x10xf32>
  // CHECK: qtrain.elementwise_gradient %[[Y]], {{.*}} {from_result, function = #qtrain.clip<low = 0.000000e+00 : f64, high = 6.000000e+00 : f64>}
  %1 = qtrain.elementwise_gradient %0, %x {from_result, function = #qtrain.clip<low = 0.0, high = 6.0>}
    : (tensor<8x10xf32>, tensor<8x10xf32>) -> tensor<8x10xf32>
  return
}

// CHECK-LABEL: func @relu(
func.func @relu(%x: tensor<8x10xf32>, %y: !qtrain.scaled<tensor<8x10xi8>>, %e: !qtrain.scaled<tensor<8x10xi32>>) {
  // CHECK: %[[Y:.+]] = qtrain.relu {{.*}} : (tensor<8x10xf32>) -> tensor<8x10xf32>
  %0 = qtrain.relu %x : (tensor<8x10xf32>) -> tensor<8x10xf32>
  // CHECK: qtrain.relu_gradient %[[Y]], {{.*}} -> tensor<8x10xf32>
  %1 = qtrain.relu_gradient %0, %x : (tensor<8x10xf32>, tensor<8x10xf32>) -> tensor<8x10xf32>
  // CHECK: qtrain.relu {{.*}} -> !qtrain.scaled<tensor<8x10xi8>>
  %2 = qtrain.relu %y : (!qtrain.scaled<tensor<8x10xi8>>) -> !qtrain.scaled<tensor<8x10xi8>>
  // Output and error may have different widths.
  // CHECK: qtrain.relu_gradient {{.*}} -> !qtrain.scaled<tensor<8x10xi32>>
  %3 = qtrain.relu_gradient %2, %e : (!qtrain.scaled<tensor<8x10xi8>>, !qtrain.scaled<tensor<8x10xi32>>)
    -> !qtrain.scaled<tensor<8x10xi32>>
  return
}

// CHECK-LABEL: func @max_pool2d(
func.func @max_pool2d(%x: tensor<8x4x6x6xf32>, %e: tensor<8x4x3x3xf32>,
                      %sx: !qtrain.scaled<tensor<8x4x6x6xi8>>, %se: !qtrain.scaled<tensor<8x4x3x3xi8>>,
                      %so: !qtrain.scaled<tensor<8x4x6x6xi8>>) {
  // CHECK: qtrain.max_pool2d {{.*}} : (tensor<8x4x6x6xf32>) -> tensor<8x4x3x3xf32>
  %0 = qtrain.max_pool2d %x {window = #half} : (tensor<8x4x6x6xf32>) -> tensor<8x4x3x3xf32>
  // CHECK: qtrain.max_pool2d_gradient {{.*}} -> tensor<8x4x6x6xf32>
  %1 = qtrain.max_pool2d_gradient %x, %e {window = #half}
    : (tensor<8x4x6x6xf32>, tensor<8x4x3x3xf32>) -> tensor<8x4x6x6xf32>
  // CHECK: qtrain.max_pool2d {{.*}} -> !qtrain.scaled<tensor<8x4x3x3xi8>>
  %2 = qtrain.max_pool2d %sx {window = #half}
    : (!qtrain.scaled<tensor<8x4x6x6xi8>>) -> !qtrain.scaled<tensor<8x4x3x3xi8>>
  // Where no two windows overlap nothing is added, so 8 bits are enough ...
  // CHECK: qtrain.max_pool2d_gradient {{.*}} -> !qtrain.scaled<tensor<8x4x6x6xi8>>
  %3 = qtrain.max_pool2d_gradient %sx, %se {window = #half}
    : (!qtrain.scaled<tensor<8x4x6x6xi8>>, !qtrain.scaled<tensor<8x4x3x3xi8>>)
    -> !qtrain.scaled<tensor<8x4x6x6xi8>>
  // ... and 32 always.
  // CHECK: qtrain.max_pool2d_gradient {{.*}} -> !qtrain.scaled<tensor<8x4x6x6xi32>>
  %4 = qtrain.max_pool2d_gradient %sx, %so {window = #unit}
    : (!qtrain.scaled<tensor<8x4x6x6xi8>>, !qtrain.scaled<tensor<8x4x6x6xi8>>)
    -> !qtrain.scaled<tensor<8x4x6x6xi32>>
  return
}

// CHECK-LABEL: func @average_pool2d(
func.func @average_pool2d(%x: tensor<8x4x6x6xf32>, %e: tensor<8x4x3x3xf32>,
                          %sx: !qtrain.scaled<tensor<8x4x6x6xi8>>, %se: !qtrain.scaled<tensor<8x4x3x3xi8>>) {
  // CHECK: qtrain.average_pool2d {{.*}} {window = {{.*}}} : (tensor<8x4x6x6xf32>) -> tensor<8x4x3x3xf32>
  %0 = qtrain.average_pool2d %x {window = #half} : (tensor<8x4x6x6xf32>) -> tensor<8x4x3x3xf32>
  // CHECK: qtrain.average_pool2d_gradient {{.*}} {count_include_pad, window = {{.*}} -> tensor<8x4x6x6xf32>
  %1 = qtrain.average_pool2d_gradient %e {window = #half, count_include_pad}
    : (tensor<8x4x3x3xf32>) -> tensor<8x4x6x6xf32>
  // CHECK: qtrain.average_pool2d {{.*}} {count_include_pad, window = {{.*}} -> !qtrain.scaled<tensor<8x4x6x6xi32>>
  %2 = qtrain.average_pool2d %sx {window = #unit, count_include_pad}
    : (!qtrain.scaled<tensor<8x4x6x6xi8>>) -> !qtrain.scaled<tensor<8x4x6x6xi32>>
  // CHECK: qtrain.average_pool2d_gradient {{.*}} -> !qtrain.scaled<tensor<8x4x6x6xi32>>
  %3 = qtrain.average_pool2d_gradient %se {window = #half}
    : (!qtrain.scaled<tensor<8x4x3x3xi8>>) -> !qtrain.scaled<tensor<8x4x6x6xi32>>
  return
}

// CHECK-LABEL: func @concat(
func.func @concat(%a: tensor<8x4x6x6xf32>, %b: tensor<8x3x6x6xf32>, %y: tensor<8x7x6x6xf32>,
                  %sa: !qtrain.scaled<tensor<8x4xi8>>, %sy: !qtrain.scaled<tensor<8x9xi8>>) {
  // CHECK: qtrain.concat {{.*}} {axis = 1 : i64} : (tensor<8x4x6x6xf32>, tensor<8x3x6x6xf32>) -> tensor<8x7x6x6xf32>
  %0 = qtrain.concat %a, %b {axis = 1 : i64} : (tensor<8x4x6x6xf32>, tensor<8x3x6x6xf32>) -> tensor<8x7x6x6xf32>
  // CHECK: qtrain.concat {{.*}} -> !qtrain.scaled<tensor<8x8xi8>>
  %1 = qtrain.concat %sa, %sa {axis = 1 : i64}
    : (!qtrain.scaled<tensor<8x4xi8>>, !qtrain.scaled<tensor<8x4xi8>>) -> !qtrain.scaled<tensor<8x8xi8>>
  // CHECK: qtrain.slice {{.*}} {axis = 1 : i64, offset = 4 : i64} : (tensor<8x7x6x6xf32>) -> tensor<8x3x6x6xf32>
  %2 = qtrain.slice %y {axis = 1 : i64, offset = 4 : i64} : (tensor<8x7x6x6xf32>) -> tensor<8x3x6x6xf32>
  // CHECK: qtrain.slice {{.*}} -> !qtrain.scaled<tensor<8x4xi8>>
  %3 = qtrain.slice %sy {axis = 1 : i64, offset = 5 : i64}
    : (!qtrain.scaled<tensor<8x9xi8>>) -> !qtrain.scaled<tensor<8x4xi8>>
  return
}

// CHECK-LABEL: func @local_response_norm(
func.func @local_response_norm(%x: tensor<8x4x6x6xf32>, %e: tensor<8x4x6x6xf32>) {
  // CHECK: qtrain.local_response_norm %{{.*}} {alpha = 1.000000e-04 : f64, beta = 7.500000e-01 : f64, bias = 1.000000e+00 : f64, size = 5 : i64}
  %0 = qtrain.local_response_norm %x
    {size = 5 : i64, alpha = 1.0e-4 : f64, beta = 7.5e-1 : f64, bias = 1.0 : f64}
    : (tensor<8x4x6x6xf32>) -> tensor<8x4x6x6xf32>
  // CHECK: qtrain.local_response_norm_gradient %{{.*}}, %{{.*}} {
  %1 = qtrain.local_response_norm_gradient %x, %e
    {size = 5 : i64, alpha = 1.0e-4 : f64, beta = 7.5e-1 : f64, bias = 1.0 : f64}
    : (tensor<8x4x6x6xf32>, tensor<8x4x6x6xf32>) -> tensor<8x4x6x6xf32>
  return
}

// CHECK-LABEL: func @moves(
func.func @moves(%x: tensor<8x50x4x4xf32>, %w: tensor<800x500xf32>,
                 %sx: !qtrain.scaled<tensor<8x50x4x4xi8, #qtrain.channels_last>>,
                 %sw: !qtrain.scaled<tensor<2x3x4xi8>>) {
  // CHECK: qtrain.reshape {{.*}} : (tensor<8x50x4x4xf32>) -> tensor<8x800xf32>
  %0 = qtrain.reshape %x : (tensor<8x50x4x4xf32>) -> tensor<8x800xf32>
  // CHECK: qtrain.transpose {{.*}} {permutation = array<i64: 1, 0>} : (tensor<800x500xf32>) -> tensor<500x800xf32>
  %1 = qtrain.transpose %w {permutation = array<i64: 1, 0>} : (tensor<800x500xf32>) -> tensor<500x800xf32>
  // Layouts on either side are free: a reshape speaks of logical shapes.
  // CHECK: qtrain.reshape {{.*}} -> !qtrain.scaled<tensor<8x800xi8>>
  %2 = qtrain.reshape %sx
    : (!qtrain.scaled<tensor<8x50x4x4xi8, #qtrain.channels_last>>) -> !qtrain.scaled<tensor<8x800xi8>>
  // CHECK: qtrain.transpose {{.*}} -> !qtrain.scaled<tensor<4x2x3xi8>>
  %3 = qtrain.transpose %sw {permutation = array<i64: 2, 0, 1>}
    : (!qtrain.scaled<tensor<2x3x4xi8>>) -> !qtrain.scaled<tensor<4x2x3xi8>>
  return
}

// CHECK-LABEL: func @sum(
func.func @sum(%a: tensor<8x4xf32>, %s: !qtrain.scaled<tensor<8x4xi8>>) {
  // CHECK: qtrain.sum %{{.*}}, %{{.*}} : (tensor<8x4xf32>, tensor<8x4xf32>) -> tensor<8x4xf32>
  %0 = qtrain.sum %a, %a : (tensor<8x4xf32>, tensor<8x4xf32>) -> tensor<8x4xf32>
  // CHECK: %[[MAX:.+]] = qtrain.max_magnitude %{{.+}} : (!qtrain.scaled<tensor<8x4xi8>>) -> i32
  // CHECK: qtrain.sum %{{.*}}, %{{.*}}, %{{.*}} maxima(%[[MAX]], %[[MAX]], %[[MAX]]) : {{.*}} -> !qtrain.scaled<tensor<8x4xi32>>
  %max0 = qtrain.max_magnitude %s : (!qtrain.scaled<tensor<8x4xi8>>) -> i32
  %1 = qtrain.sum %s, %s, %s maxima(%max0, %max0, %max0)
    : (!qtrain.scaled<tensor<8x4xi8>>, !qtrain.scaled<tensor<8x4xi8>>, !qtrain.scaled<tensor<8x4xi8>>)
    -> !qtrain.scaled<tensor<8x4xi32>>
  // CHECK: qtrain.sum %{{.*}}, %{{.*}} maxima(%{{.*}}, %{{.*}}) : {{.*}} -> !qtrain.scaled<tensor<8x4xi64>>
  %max1 = qtrain.max_magnitude %1 : (!qtrain.scaled<tensor<8x4xi32>>) -> i32
  %2 = qtrain.sum %1, %1 maxima(%max1, %max1)
    : (!qtrain.scaled<tensor<8x4xi32>>, !qtrain.scaled<tensor<8x4xi32>>) -> !qtrain.scaled<tensor<8x4xi64>>
  return
}

// CHECK-LABEL: func @dropout(
//  CHECK-SAME:   %[[SEED:.+]]: i64, %[[STEP:.+]]: i32,
func.func @dropout(%seed: i64, %step: i32, %x: tensor<8x100xf32>, %s: !qtrain.scaled<tensor<8x100xi8>>) {
  // CHECK: %[[R:.+]] = qtrain.random %[[SEED]], %[[STEP]] {id = 0 : i64, purpose = #qtrain.purpose<dropout>} : (i64, i32) -> tensor<100xi16>
  %r = qtrain.random %seed, %step {id = 0 : i64, purpose = #qtrain.purpose<dropout>} : (i64, i32) -> tensor<100xi16>
  // CHECK: qtrain.dropout %{{.*}}, %[[R]] {ratio = 5.000000e-01 : f64} : (tensor<8x100xf32>, tensor<100xi16>) -> tensor<8x100xf32>
  %0 = qtrain.dropout %x, %r {ratio = 5.0e-1 : f64} : (tensor<8x100xf32>, tensor<100xi16>) -> tensor<8x100xf32>
  // A factor of 2 is an exponent, any other needs accumulators.
  // CHECK: qtrain.dropout {{.*}} -> !qtrain.scaled<tensor<8x100xi8>>
  %1 = qtrain.dropout %s, %r {ratio = 5.0e-1 : f64}
    : (!qtrain.scaled<tensor<8x100xi8>>, tensor<100xi16>) -> !qtrain.scaled<tensor<8x100xi8>>
  // CHECK: qtrain.dropout {{.*}} {ratio = 2.500000e-01 : f64} {{.*}} -> !qtrain.scaled<tensor<8x100xi32>>
  %2 = qtrain.dropout %s, %r {ratio = 0.25 : f64}
    : (!qtrain.scaled<tensor<8x100xi8>>, tensor<100xi16>) -> !qtrain.scaled<tensor<8x100xi32>>
  return
}

//===----------------------------------------------------------------------===//
// Loss, update, integers
//===----------------------------------------------------------------------===//

// CHECK-LABEL: func @loss_gradient(
func.func @loss_gradient(%logits: tensor<8x10xf32>, %labels: tensor<8xi32>, %s: !qtrain.scaled<tensor<8x10xi8>>) {
  // CHECK: qtrain.loss_gradient {{.*}} {loss = #qtrain.loss<cross_entropy>} : (tensor<8x10xf32>, tensor<8xi32>) -> tensor<8x10xf32>
  %0 = qtrain.loss_gradient %logits, %labels {loss = #qtrain.loss<cross_entropy>}
    : (tensor<8x10xf32>, tensor<8xi32>) -> tensor<8x10xf32>
  // CHECK: qtrain.loss_gradient {{.*}} {loss = #qtrain.loss<sse>}
  %1 = qtrain.loss_gradient %logits, %labels {loss = #qtrain.loss<sse>}
    : (tensor<8x10xf32>, tensor<8xi32>) -> tensor<8x10xf32>
  // CHECK: qtrain.loss_gradient {{.*}} {exponential = #qtrain.exponential<fraction>, loss = #qtrain.loss<cross_entropy>} {{.*}} -> !qtrain.scaled<tensor<8x10xi32>>
  %2 = qtrain.loss_gradient %s, %labels
    {loss = #qtrain.loss<cross_entropy>, exponential = #qtrain.exponential<fraction>}
    : (!qtrain.scaled<tensor<8x10xi8>>, tensor<8xi32>) -> !qtrain.scaled<tensor<8x10xi32>>
  return
}

// CHECK-LABEL: func @metrics(
func.func @metrics(%y: tensor<8x2xf32>, %labels: tensor<8xi32>, %s: !qtrain.scaled<tensor<8x2xi8>>,
                   %t: !qtrain.scaled<tensor<8x2xi32>>) {
  // CHECK: qtrain.row_metric {{.*}} {ignored = 255 : i32, metric = #qtrain.cross_entropy<smoothing = 1.000000e-01 : f64, weights = [1.000000e+00, 0.055555555555555552]>} : (tensor<8x2xf32>, tensor<8xi32>) -> tensor<8xf32>
  %0 = qtrain.row_metric %y, %labels
    {metric = #qtrain.cross_entropy<smoothing = 0.1 : f64, weights = [1.0, 0.055555555555555552]>, ignored = 255 : i32}
    : (tensor<8x2xf32>, tensor<8xi32>) -> tensor<8xf32>
  // CHECK: qtrain.row_metric {{.*}} {metric = #qtrain.class_squares}
  %1 = qtrain.row_metric %s, %labels {metric = #qtrain.class_squares}
    : (!qtrain.scaled<tensor<8x2xi8>>, tensor<8xi32>) -> !qtrain.scaled<tensor<8xi64>>
  // CHECK: qtrain.row_metric {{.*}} {metric = #qtrain.mean_huber<delta = 5.000000e-01 : f64>}
  %2 = qtrain.row_metric %s, %t {metric = #qtrain.mean_huber<delta = 0.5 : f64>}
    : (!qtrain.scaled<tensor<8x2xi8>>, !qtrain.scaled<tensor<8x2xi32>>) -> !qtrain.scaled<tensor<8xi64>>
  // CHECK: qtrain.label_weight {{.*}} {weights = array<f64: 1.000000e+00, 5.000000e-01>} : (tensor<8xi32>) -> tensor<8xf32>
  %3 = qtrain.label_weight %labels {weights = array<f64: 1.0, 0.5>} : (tensor<8xi32>) -> tensor<8xf32>
  // CHECK: %[[SUM:.+]] = qtrain.label_weight_sum %{{.+}} {ignored = 255 : i32} : (tensor<8xi32>) -> f64
  %4 = qtrain.label_weight_sum %labels {ignored = 255 : i32} : (tensor<8xi32>) -> f64
  // CHECK: qtrain.average_error %{{.+}}, %{{.+}}, %[[SUM]] {ignored = 255 : i32} : (tensor<8x2xf32>, tensor<8xi32>, f64) -> tensor<8x2xf32>
  %5 = qtrain.average_error %y, %labels, %4 {ignored = 255 : i32}
    : (tensor<8x2xf32>, tensor<8xi32>, f64) -> tensor<8x2xf32>
  // CHECK: qtrain.channel_moments %{{.+}}, %{{.+}} : (tensor<8x2xf32>, tensor<8x2xf32>) -> (tensor<2xf64>, tensor<2xf64>)
  %6:2 = qtrain.channel_moments %y, %y : (tensor<8x2xf32>, tensor<8x2xf32>) -> (tensor<2xf64>, tensor<2xf64>)
  return
}

// CHECK-LABEL: func @weigh_error(
func.func @weigh_error(%e: tensor<8x2xf32>, %labels: tensor<8xi32>, %s: !qtrain.scaled<tensor<8x2xi32>>) {
  // CHECK: qtrain.weigh_error {{.*}} {ignored = 255 : i32, weights = array<f64: 1.000000e+00, 5.000000e-01>} : (tensor<8x2xf32>, tensor<8xi32>) -> tensor<8x2xf32>
  %0 = qtrain.weigh_error %e, %labels {weights = array<f64: 1.0, 0.5>, ignored = 255 : i32}
    : (tensor<8x2xf32>, tensor<8xi32>) -> tensor<8x2xf32>
  // CHECK: qtrain.weigh_error {{.*}} {exponential = #qtrain.exponential<paper>, smoothing = 1.000000e-01 : f64}
  %1 = qtrain.weigh_error %s, %labels {smoothing = 0.1, exponential = #qtrain.exponential<paper>}
    : (!qtrain.scaled<tensor<8x2xi32>>, tensor<8xi32>) -> !qtrain.scaled<tensor<8x2xi32>>
  // CHECK: qtrain.average_error {{.*}} {ignored = -100 : i32} : (tensor<8x2xf32>, tensor<8xi32>) -> tensor<8x2xf32>
  %2 = qtrain.average_error %0, %labels {ignored = -100 : i32}
    : (tensor<8x2xf32>, tensor<8xi32>) -> tensor<8x2xf32>
  return
}

// CHECK-LABEL: func @residual(
//  CHECK-SAME:   %[[Y:.+]]: tensor<8x1xf32>, %[[T:.+]]: tensor<8x1xf32>
func.func @residual(%y: tensor<8x1xf32>, %t: tensor<8x1xf32>, %s: !qtrain.scaled<tensor<8x2xi8>>,
                    %u: !qtrain.scaled<tensor<8x2xi32>>) {
  // CHECK: %[[E:.+]] = qtrain.residual %[[Y]], %[[T]] : (tensor<8x1xf32>, tensor<8x1xf32>) -> tensor<8x1xf32>
  %0 = qtrain.residual %y, %t : (tensor<8x1xf32>, tensor<8x1xf32>) -> tensor<8x1xf32>
  // CHECK: qtrain.scale_error %[[E]] {factor = 2.000000e+00 : f32} : (tensor<8x1xf32>) -> tensor<8x1xf32>
  %1 = qtrain.scale_error %0 {factor = 2.0 : f32} : (tensor<8x1xf32>) -> tensor<8x1xf32>
  // CHECK: qtrain.residual {{.*}} : (!qtrain.scaled<tensor<8x2xi8>>, !qtrain.scaled<tensor<8x2xi32>>) -> !qtrain.scaled<tensor<8x2xi32>>
  %2 = qtrain.residual %s, %u
    : (!qtrain.scaled<tensor<8x2xi8>>, !qtrain.scaled<tensor<8x2xi32>>) -> !qtrain.scaled<tensor<8x2xi32>>
  return
}

qtrain.parameter @w id 0 = dense<0.0> : tensor<10xf32>

// CHECK-LABEL: func @update(
func.func @update(%w: tensor<10xf32>, %sw: !qtrain.scaled<tensor<10xi16>>) {
  // CHECK: qtrain.update %{{.*}}, %{{.*}} : (tensor<10xf32>, tensor<10xf32>) -> tensor<10xf32>
  %0 = qtrain.update %w, %w : (tensor<10xf32>, tensor<10xf32>) -> tensor<10xf32>
  // CHECK: qtrain.update {{.*}} {symbol = @w} : {{.*}} -> !qtrain.scaled<tensor<10xi16>>
  %1 = qtrain.update %sw, %sw {symbol = @w}
    : (!qtrain.scaled<tensor<10xi16>>, !qtrain.scaled<tensor<10xi16>>) -> !qtrain.scaled<tensor<10xi16>>
  // States of an optimizer.
  // CHECK: %{{.+}}, %{{.+}} = qtrain.update %{{.*}}, %{{.*}}, %{{.*}} : (tensor<10xf32>, tensor<10xf32>, tensor<10xf32>) -> (tensor<10xf32>, tensor<10xf32>)
  %2, %3 = qtrain.update %w, %w, %w
    : (tensor<10xf32>, tensor<10xf32>, tensor<10xf32>) -> (tensor<10xf32>, tensor<10xf32>)
  return
}

// CHECK-LABEL: func @linear_combination(
func.func @linear_combination(%x: tensor<10xf32>, %f: f32) {
  // CHECK: qtrain.linear_combination %{{.*}} by %{{.*}} : (tensor<10xf32>, f32) -> tensor<10xf32>
  %0 = qtrain.linear_combination %x by %f : (tensor<10xf32>, f32) -> tensor<10xf32>
  // CHECK: qtrain.linear_combination %{{.*}}, %{{.*}} by %{{.*}}, %{{.*}} : (tensor<10xf32>, tensor<10xf32>, f32, f32) -> tensor<10xf32>
  %1 = qtrain.linear_combination %x, %0 by %f, %f : (tensor<10xf32>, tensor<10xf32>, f32, f32) -> tensor<10xf32>
  return
}

// CHECK-LABEL: func @root_quotient(
func.func @root_quotient(%x: tensor<10xf32>, %f: f32) {
  // CHECK: qtrain.square %{{.*}} : (tensor<10xf32>) -> tensor<10xf32>
  %0 = qtrain.square %x : (tensor<10xf32>) -> tensor<10xf32>
  // CHECK: qtrain.root_quotient %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}} : (tensor<10xf32>, tensor<10xf32>, f32, f32) -> tensor<10xf32>
  %1 = qtrain.root_quotient %x, %0, %f, %f : (tensor<10xf32>, tensor<10xf32>, f32, f32) -> tensor<10xf32>
  return
}

// CHECK-LABEL: func @shift_scale(
//  CHECK-SAME:   %[[ACC:.+]]: !qtrain.scaled<tensor<8x10xi32>>, %[[R:.+]]: tensor<8x10xi16>)
func.func @shift_scale(%acc: !qtrain.scaled<tensor<8x10xi32>>, %r: tensor<8x10xi16>) {
  // CHECK: %[[BITS:.+]] = qtrain.magnitude_bits %[[ACC]] : (!qtrain.scaled<tensor<8x10xi32>>) -> i32
  %bits = qtrain.magnitude_bits %acc : (!qtrain.scaled<tensor<8x10xi32>>) -> i32
  // CHECK: qtrain.shift_scale %[[ACC]] by %[[BITS]] {bits = 8 : i64, rounding = #qtrain.rounding<nearest>} : (!qtrain.scaled<tensor<8x10xi32>>, i32) -> !qtrain.scaled<tensor<8x10xi8>>
  %0 = qtrain.shift_scale %acc by %bits {bits = 8 : i64, rounding = #qtrain.rounding<nearest>}
    : (!qtrain.scaled<tensor<8x10xi32>>, i32) -> !qtrain.scaled<tensor<8x10xi8>>
  // Random numbers come with stochastic rounding; fewer bits than the storage has are fine.
  // CHECK: qtrain.shift_scale %[[ACC]] by %[[BITS]] random %[[R]] {bits = 5 : i64, rounding = #qtrain.rounding<stochastic>} : (!qtrain.scaled<tensor<8x10xi32>>, i32, tensor<8x10xi16>) -> !qtrain.scaled<tensor<8x10xi16>>
  %1 = qtrain.shift_scale %acc by %bits random %r {bits = 5 : i64, rounding = #qtrain.rounding<stochastic>}
    : (!qtrain.scaled<tensor<8x10xi32>>, i32, tensor<8x10xi16>) -> !qtrain.scaled<tensor<8x10xi16>>
  // The widening shift of a scheme that adds a bias to mantissas.
  // CHECK: qtrain.shift_scale {{.*}} -> !qtrain.scaled<tensor<8x10xi32>>
  %2 = qtrain.shift_scale %0 by %bits {bits = 32 : i64, rounding = #qtrain.rounding<floor0>}
    : (!qtrain.scaled<tensor<8x10xi8>>, i32) -> !qtrain.scaled<tensor<8x10xi32>>
  return
}

// With channels innermost the tensor in memory is [N, H, W, C].

// CHECK-LABEL: func @compose(
func.func @compose(%m: tensor<8x10xi8>, %i: tensor<8x5x6x3xi16>, %s: i32, %f: tensor<8x5x6x3xf32>) {
  // CHECK: %[[X:.+]] = qtrain.compose %{{.*}}, %{{.*}} : (tensor<8x10xi8>, i32) -> !qtrain.scaled<tensor<8x10xi8>>
  %x = qtrain.compose %m, %s : (tensor<8x10xi8>, i32) -> !qtrain.scaled<tensor<8x10xi8>>
  // CHECK: %{{.*}}, %{{.*}} = qtrain.decompose %[[X]] : (!qtrain.scaled<tensor<8x10xi8>>) -> (tensor<8x10xi8>, i32)
  %0, %1 = qtrain.decompose %x : (!qtrain.scaled<tensor<8x10xi8>>) -> (tensor<8x10xi8>, i32)
  // CHECK: qtrain.compose {{.*}} : (tensor<8x5x6x3xi16>, i32) -> !qtrain.scaled<tensor<8x3x5x6xi16, #qtrain.channels_last>>
  %y = qtrain.compose %i, %s
    : (tensor<8x5x6x3xi16>, i32) -> !qtrain.scaled<tensor<8x3x5x6xi16, #qtrain.channels_last>>
  // Floats have no exponent.
  // CHECK: %[[F:.+]] = qtrain.compose {{.*}} : (tensor<8x5x6x3xf32>) -> tensor<8x3x5x6xf32, #qtrain.channels_last>
  %z = qtrain.compose %f : (tensor<8x5x6x3xf32>) -> tensor<8x3x5x6xf32, #qtrain.channels_last>
  // CHECK: %{{.+}} = qtrain.decompose %[[F]] : (tensor<8x3x5x6xf32, #qtrain.channels_last>) -> tensor<8x5x6x3xf32>
  %4 = qtrain.decompose %z : (tensor<8x3x5x6xf32, #qtrain.channels_last>) -> tensor<8x5x6x3xf32>
  // CHECK: qtrain.decompose {{.*}} -> (tensor<8x5x6x3xi16>, i32)
  %2, %3 = qtrain.decompose %y
    : (!qtrain.scaled<tensor<8x3x5x6xi16, #qtrain.channels_last>>) -> (tensor<8x5x6x3xi16>, i32)
  return
}

// CHECK-LABEL: func @masks(
//  CHECK-SAME:   %[[ACC:.+]]: !qtrain.scaled<tensor<8x10xi64>>)
func.func @masks(%acc: !qtrain.scaled<tensor<8x10xi64>>) {
  // CHECK: %[[M:.+]] = qtrain.range_mask %[[ACC]] {high = 4064 : i64, low = 1 : i64} : (!qtrain.scaled<tensor<8x10xi64>>) -> tensor<8x10xi1>
  %m = qtrain.range_mask %acc {high = 4064 : i64, low = 1 : i64} : (!qtrain.scaled<tensor<8x10xi64>>) -> tensor<8x10xi1>
  // CHECK: %[[R:.+]] = qtrain.magnitude_bits %[[ACC]], %[[M]] {nearest} : (!qtrain.scaled<tensor<8x10xi64>>, tensor<8x10xi1>) -> i32
  %r = qtrain.magnitude_bits %acc, %m {nearest} : (!qtrain.scaled<tensor<8x10xi64>>, tensor<8x10xi1>) -> i32
  // CHECK: %[[E:.+]] = qtrain.shift_scale %[[ACC]] by %[[R]] {bidirectional, bits = 12 : i64, rounding = #qtrain.rounding<even>} : (!qtrain.scaled<tensor<8x10xi64>>, i32) -> !qtrain.scaled<tensor<8x10xi16>>
  %e = qtrain.shift_scale %acc by %r {bidirectional, bits = 12 : i64, rounding = #qtrain.rounding<even>}
    : (!qtrain.scaled<tensor<8x10xi64>>, i32) -> !qtrain.scaled<tensor<8x10xi16>>
  // CHECK: qtrain.apply_mask %[[E]], %[[M]] : (!qtrain.scaled<tensor<8x10xi16>>, tensor<8x10xi1>) -> !qtrain.scaled<tensor<8x10xi16>>
  %0 = qtrain.apply_mask %e, %m : (!qtrain.scaled<tensor<8x10xi16>>, tensor<8x10xi1>) -> !qtrain.scaled<tensor<8x10xi16>>
  return
}

// CHECK-LABEL: func @positions(
func.func @positions(%x: !qtrain.scaled<tensor<8x4x6x6xi32>>, %e: !qtrain.scaled<tensor<8x4x3x3xi8>>) {
  // CHECK: %[[P:.+]] = qtrain.max_pool2d_positions %{{.+}} {{.*}} : (!qtrain.scaled<tensor<8x4x6x6xi32>>) -> tensor<8x4x3x3xi8>
  %p = qtrain.max_pool2d_positions %x
    {window = #qtrain.window<kernel = [2, 2], strides = [2, 2], pads = [0, 0, 0, 0], dilations = [1, 1]>}
    : (!qtrain.scaled<tensor<8x4x6x6xi32>>) -> tensor<8x4x3x3xi8>
  // Errors that are added up take a wider result.
  // CHECK: qtrain.max_unpool2d %[[P]], %{{.+}} {{.*}} -> !qtrain.scaled<tensor<8x4x6x6xi16>>
  %0 = qtrain.max_unpool2d %p, %e
    {window = #qtrain.window<kernel = [2, 2], strides = [2, 2], pads = [0, 0, 0, 0], dilations = [1, 1]>}
    : (tensor<8x4x3x3xi8>, !qtrain.scaled<tensor<8x4x3x3xi8>>) -> !qtrain.scaled<tensor<8x4x6x6xi16>>
  return
}

// CHECK-LABEL: func @limited_update(
func.func @limited_update(%w: !qtrain.scaled<tensor<10xi8>>, %g: !qtrain.scaled<tensor<10xi32>>) {
  // CHECK: qtrain.update %{{.+}}, %{{.+}} {limit = 64 : i64}
  %0 = qtrain.update %w, %g {limit = 64 : i64}
    : (!qtrain.scaled<tensor<10xi8>>, !qtrain.scaled<tensor<10xi32>>) -> !qtrain.scaled<tensor<10xi8>>
  return
}

// CHECK-LABEL: func @weighted_sum(
func.func @weighted_sum(%v: !qtrain.scaled<tensor<10xi32>>, %g: !qtrain.scaled<tensor<10xi16>>) {
  // CHECK: qtrain.weighted_sum %{{.+}}, %{{.+}} {bits = 32 : i64, factors = array<i64: 230, 65536>, rounding = #qtrain.rounding<floor0>, shift = 8 : i64}
  %0 = qtrain.weighted_sum %v, %g {bits = 32 : i64, factors = array<i64: 230, 65536>, rounding = #qtrain.rounding<floor0>, shift = 8 : i64}
    : (!qtrain.scaled<tensor<10xi32>>, !qtrain.scaled<tensor<10xi16>>) -> !qtrain.scaled<tensor<10xi32>>
  // Ends of the ranges; the sign of a value.
  // CHECK: qtrain.weighted_sum %{{.+}} {bits = 2 : i64, factors = array<i64: -1073741824>, {{.*}}, shift = 62 : i64}
  %1 = qtrain.weighted_sum %v {bits = 2 : i64, factors = array<i64: -1073741824>, rounding = #qtrain.rounding<nearest>, shift = 62 : i64}
    : (!qtrain.scaled<tensor<10xi32>>) -> !qtrain.scaled<tensor<10xi8>>
  return
}

// CHECK-LABEL: func @add_scaled(
func.func @add_scaled(%g: !qtrain.scaled<tensor<10xi32>>, %w: !qtrain.scaled<tensor<10xi16>>, %n: i32) {
  // CHECK: qtrain.add_scaled %{{.+}}, %{{.+}}, %{{.+}} {bits = 64 : i64, factor = 16777216 : i64}
  %0 = qtrain.add_scaled %g, %w, %n {bits = 64 : i64, factor = 16777216 : i64}
    : (!qtrain.scaled<tensor<10xi32>>, !qtrain.scaled<tensor<10xi16>>, i32) -> !qtrain.scaled<tensor<10xi64>>
  return
}
