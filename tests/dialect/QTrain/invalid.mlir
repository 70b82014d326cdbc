// RUN: qtc-opt %s -split-input-file -verify-diagnostics

//===----------------------------------------------------------------------===//
// !qtrain.scaled
//===----------------------------------------------------------------------===//

// Shapes are static.

// expected-error @below {{expected a static shape, but got 'tensor<?x10xi8>'}}
func.func private @f(!qtrain.scaled<tensor<?x10xi8>>)

// -----

// Mantissas have 8, 16 or 32 bits.

// expected-error @below {{expected mantissas of i8, i16, i32 or i64, but got 'i4'}}
func.func private @f(!qtrain.scaled<tensor<10xi4>>)

// -----

// Signs are the operations' business.

// expected-error @below {{expected mantissas of i8, i16, i32 or i64, but got 'ui8'}}
func.func private @f(!qtrain.scaled<tensor<10xui8>>)

// -----

// Channels need four dimensions.

// expected-error @below {{expected rank 4 for a channels_last layout, but got 'tensor<8x10xi8, #qtrain.channels_last>'}}
func.func private @f(!qtrain.scaled<tensor<8x10xi8, #qtrain.channels_last>>)

// -----

//===----------------------------------------------------------------------===//
// #qtrain.window
//===----------------------------------------------------------------------===//

// Two spatial dimensions.

// expected-error @below {{expected 2 kernel extents, 2 strides, 4 pads and 2 dilations}}
#window = #qtrain.window<kernel = [3], strides = [1, 1], pads = [0, 0, 0, 0], dilations = [1, 1]>
func.func private @f() attributes {qtrain.window = #window}

// -----

// Nothing that counts positions is zero.

// expected-error @below {{expected positive kernel extents, strides and dilations}}
#window = #qtrain.window<kernel = [3, 3], strides = [1, 0], pads = [0, 0, 0, 0], dilations = [1, 1]>
func.func private @f() attributes {qtrain.window = #window}

// -----

// Negative padding crops, which no operation means.

// expected-error @below {{expected non-negative pads}}
#window = #qtrain.window<kernel = [3, 3], strides = [1, 1], pads = [0, -1, 0, 0], dilations = [1, 1]>
func.func private @f() attributes {qtrain.window = #window}

// -----

//===----------------------------------------------------------------------===//
// qtrain.parameter
//===----------------------------------------------------------------------===//

// (C1) Mantissas without an exponent have no value ...

// expected-error @below {{expected an exponent exactly for integer values}}
qtrain.parameter @w id 0 = dense<1> : tensor<2xi8>

// -----

// ... (C1) and floats carry their own.

// expected-error @below {{expected an exponent exactly for integer values}}
qtrain.parameter @w id 0 exponent 3 = dense<1.0> : tensor<2xf32>

// -----

// (C2)

// expected-error @below {{expected a non-negative id}}
qtrain.parameter @w id -1 = dense<1.0> : tensor<2xf32>

// -----

// (C3) Drawn mantissas are integers ...

// expected-error @below {{expected a scale from 1 to 32767 for uniform integer values}}
qtrain.parameter @w id 0 uniform 1 = dense<1.0> : tensor<2xf32>

// -----

// ... (C3) of a positive scale.

// expected-error @below {{expected a scale from 1 to 32767 for uniform integer values}}
qtrain.parameter @w id 0 exponent 3 uniform 0 = dense<1> : tensor<2xi8>

// -----

// (C4) Bounds are positive ...

// expected-error @below {{expected a positive, finite bound for uniform f32 values}}
qtrain.parameter @w id 0 bound 0.0 = dense<1.0> : tensor<2xf32>

// -----

// ... (C4) numbers ...

// expected-error @below {{expected a positive, finite bound for uniform f32 values}}
qtrain.parameter @w id 0 bound 0x7F800000 = dense<1.0> : tensor<2xf32>

// -----

// ... (C4) and of floats.

// expected-error @below {{expected a positive, finite bound for uniform f32 values}}
qtrain.parameter @w id 0 exponent 3 bound 1.0 = dense<1> : tensor<2xi8>

// -----

//===----------------------------------------------------------------------===//
// qtrain.normalize
//===----------------------------------------------------------------------===//

// (C1)
func.func @f(%pixels: tensor<8x3x4x4xui8>) {
  // expected-error @below {{expected result of shape [8, 3, 4, 4], but got [8, 3, 4, 5]}}
  %0 = qtrain.normalize %pixels {divisor = 1.0 : f64, mean = array<f64: 0.0>, std = array<f64: 1.0>}
    : (tensor<8x3x4x4xui8>) -> tensor<8x3x4x5xf32>
  return
}

// -----

// (C2)
func.func @f(%pixels: tensor<8x3x4x4xui8>) {
  // expected-error @below {{expected 1 or 3 means and deviations, but got 2}}
  %0 = qtrain.normalize %pixels {divisor = 1.0 : f64, mean = array<f64: 0.0, 0.0>, std = array<f64: 1.0>}
    : (tensor<8x3x4x4xui8>) -> tensor<8x3x4x4xf32>
  return
}

// -----

// (C3) of `std`
func.func @f(%pixels: tensor<8x3x4x4xui8>) {
  // expected-error @below {{expected finite divisors other than zero}}
  %0 = qtrain.normalize %pixels {divisor = 1.0 : f64, mean = array<f64: 0.0>, std = array<f64: 0.0>}
    : (tensor<8x3x4x4xui8>) -> tensor<8x3x4x4xf32>
  return
}

// -----

// (C3) of `divisor`
func.func @f(%pixels: tensor<8x3x4x4xui8>) {
  // expected-error @below {{expected finite divisors other than zero}}
  %0 = qtrain.normalize %pixels {divisor = 0x7FF0000000000000 : f64, mean = array<f64: 0.0>, std = array<f64: 1.0>}
    : (tensor<8x3x4x4xui8>) -> tensor<8x3x4x4xf32>
  return
}

// -----

//===----------------------------------------------------------------------===//
// qtrain.decode
//===----------------------------------------------------------------------===//

// (C1)
func.func @f(%m: tensor<8x10xi8>) {
  // expected-error @below {{expected result of shape [8, 10], but got [10, 8]}}
  %0 = qtrain.decode %m {exponent = -5 : si32} : (tensor<8x10xi8>) -> tensor<10x8xf32>
  return
}

// -----

// (C2) on either side
func.func @f(%m: tensor<8x10xi8>) {
  // expected-error @below {{expected an exponent of at most 100, but got 101}}
  %0 = qtrain.decode %m {exponent = 101 : si32} : (tensor<8x10xi8>) -> tensor<8x10xf32>
  return
}

// -----

func.func @f(%m: tensor<8x10xi32>) {
  // expected-error @below {{expected an exponent of at most 100, but got -101}}
  %0 = qtrain.decode %m {exponent = -101 : si32} : (tensor<8x10xi32>) -> tensor<8x10xf32>
  return
}

// -----

// Inputs have 8 bits, targets 32.
func.func @f(%m: tensor<8x10xi16>) {
  // expected-error @below {{'qtrain.decode' op operand #0 must be statically shaped tensor of}}
  %0 = qtrain.decode %m {exponent = -5 : si32} : (tensor<8x10xi16>) -> tensor<8x10xf32>
  return
}

// -----

//===----------------------------------------------------------------------===//
// qtrain.concat
//===----------------------------------------------------------------------===//

// (C1)
func.func @f(%x: tensor<8x4xf32>) {
  // expected-error @below {{expected an axis from 1 to 1, but got 0}}
  %0 = qtrain.concat %x, %x {axis = 0 : i64} : (tensor<8x4xf32>, tensor<8x4xf32>) -> tensor<16x4xf32>
  return
}

// -----

// (C2)
func.func @f(%x: tensor<8x4x6xf32>, %y: tensor<8x4x5xf32>) {
  // expected-error @below {{expected a part of shape [8, 4, 6], but got [8, 4, 5]}}
  %0 = qtrain.concat %x, %y {axis = 1 : i64} : (tensor<8x4x6xf32>, tensor<8x4x5xf32>) -> tensor<8x8x6xf32>
  return
}

// -----

// (C2) of ranks
func.func @f(%x: tensor<8x4x6xf32>, %y: tensor<8x4xf32>) {
  // expected-error @below {{expected a part of shape [8, 8, 6], but got [8, 4]}}
  %0 = qtrain.concat %x, %y {axis = 1 : i64} : (tensor<8x4x6xf32>, tensor<8x4xf32>) -> tensor<8x8x6xf32>
  return
}

// -----

// (C2) of the result
func.func @f(%x: tensor<8x4xf32>) {
  // expected-error @below {{expected a result of extent 8 in dimension 1}}
  %0 = qtrain.concat %x, %x {axis = 1 : i64} : (tensor<8x4xf32>, tensor<8x4xf32>) -> tensor<8x9xf32>
  return
}

// -----

// (C3)
func.func @f(%x: !qtrain.scaled<tensor<8x4xi8>>, %y: !qtrain.scaled<tensor<8x4xi16>>) {
  // expected-error @below {{expected parts of one element type}}
  %0 = qtrain.concat %x, %y {axis = 1 : i64}
    : (!qtrain.scaled<tensor<8x4xi8>>, !qtrain.scaled<tensor<8x4xi16>>) -> !qtrain.scaled<tensor<8x8xi8>>
  return
}

// -----

//===----------------------------------------------------------------------===//
// qtrain.local_response_norm
//===----------------------------------------------------------------------===//

// (C1)
func.func @f(%x: tensor<8xf32>) {
  // expected-error @below {{expected an input of rank 2 or more}}
  %0 = qtrain.local_response_norm %x {size = 5 : i64, alpha = 1.0 : f64, beta = 1.0 : f64, bias = 1.0 : f64}
    : (tensor<8xf32>) -> tensor<8xf32>
  return
}

// -----

// (C2)
func.func @f(%x: tensor<8x4xf32>) {
  // expected-error @below {{expected a positive size and bias, and an alpha and a beta that are finite and not negative}}
  %0 = qtrain.local_response_norm %x {size = 0 : i64, alpha = 1.0 : f64, beta = 1.0 : f64, bias = 1.0 : f64}
    : (tensor<8x4xf32>) -> tensor<8x4xf32>
  return
}

// -----

// (C2)
func.func @f(%x: tensor<8x4xf32>) {
  // expected-error @below {{expected a positive size and bias}}
  %0 = qtrain.local_response_norm_gradient %x, %x
    {size = 5 : i64, alpha = 1.0 : f64, beta = 1.0 : f64, bias = 0.0 : f64}
    : (tensor<8x4xf32>, tensor<8x4xf32>) -> tensor<8x4xf32>
  return
}

// -----

//===----------------------------------------------------------------------===//
// qtrain.reshape, qtrain.transpose
//===----------------------------------------------------------------------===//

// (C1)
func.func @f(%x: tensor<8x50x4x4xf32>) {
  // expected-error @below {{expected 6400 elements, but got 5600}}
  %0 = qtrain.reshape %x : (tensor<8x50x4x4xf32>) -> tensor<8x700xf32>
  return
}

// -----

// (C2)
func.func @f(%x: !qtrain.scaled<tensor<8x4xi8>>) {
  // expected-error @below {{expected operand and result of one element type}}
  %0 = qtrain.reshape %x : (!qtrain.scaled<tensor<8x4xi8>>) -> !qtrain.scaled<tensor<32xi16>>
  return
}

// -----

// (C1) Every dimension comes once ...
func.func @f(%x: tensor<8x4xf32>) {
  // expected-error @below {{expected a permutation of 2 dimensions, but got [0, 0]}}
  %0 = qtrain.transpose %x {permutation = array<i64: 0, 0>} : (tensor<8x4xf32>) -> tensor<8x8xf32>
  return
}

// -----

// ... (C1) exists ...
func.func @f(%x: tensor<8x4xf32>) {
  // expected-error @below {{expected a permutation of 2 dimensions, but got [1, 2]}}
  %0 = qtrain.transpose %x {permutation = array<i64: 1, 2>} : (tensor<8x4xf32>) -> tensor<4x8xf32>
  return
}

// -----

// ... (C1) and none is left out.
func.func @f(%x: tensor<8x4xf32>) {
  // expected-error @below {{expected a permutation of 2 dimensions, but got [1]}}
  %0 = qtrain.transpose %x {permutation = array<i64: 1>} : (tensor<8x4xf32>) -> tensor<4xf32>
  return
}

// -----

// (C2) of shapes
func.func @f(%x: tensor<8x4xf32>) {
  // expected-error @below {{expected result of shape [4, 8], but got [8, 4]}}
  %0 = qtrain.transpose %x {permutation = array<i64: 1, 0>} : (tensor<8x4xf32>) -> tensor<8x4xf32>
  return
}

// -----

//===----------------------------------------------------------------------===//
// qtrain.sum
//===----------------------------------------------------------------------===//

// (C1)
func.func @f(%x: tensor<8x4xf32>) {
  // expected-error @below {{expected two or more operands, but got 1}}
  %0 = qtrain.sum %x : (tensor<8x4xf32>) -> tensor<8x4xf32>
  return
}

// -----

// (C1)
func.func @f() {
  // expected-error @below {{expected two or more operands, but got 0}}
  %0 = qtrain.sum : () -> tensor<8x4xf32>
  return
}

// -----

// (C2) of shapes
func.func @f(%x: tensor<8x4xf32>) {
  // expected-error @below {{expected result of shape [8, 4], but got [4, 8]}}
  %0 = qtrain.sum %x, %x : (tensor<8x4xf32>, tensor<8x4xf32>) -> tensor<4x8xf32>
  return
}

// -----

// (C1) of types
func.func @f(%x: tensor<8x4xf32>, %y: tensor<8x3xf32>) {
  // expected-error @below {{expected operands of one type, but got 'tensor<8x4xf32>', 'tensor<8x3xf32>'}}
  %0 = qtrain.sum %x, %y : (tensor<8x4xf32>, tensor<8x3xf32>) -> tensor<8x4xf32>
  return
}

// -----

// (C4)
func.func @f(%x: !qtrain.scaled<tensor<8x4xi8>>, %m: i32) {
  // expected-error @below {{expected 2 maxima, but got 1}}
  %0 = qtrain.sum %x, %x maxima(%m)
    : (!qtrain.scaled<tensor<8x4xi8>>, !qtrain.scaled<tensor<8x4xi8>>) -> !qtrain.scaled<tensor<8x4xi32>>
  return
}

// -----

// (C4) of floats
func.func @f(%x: tensor<8x4xf32>, %m: i32) {
  // expected-error @below {{expected 0 maxima, but got 2}}
  %0 = qtrain.sum %x, %x maxima(%m, %m) : (tensor<8x4xf32>, tensor<8x4xf32>) -> tensor<8x4xf32>
  return
}

// -----

// (C3) of mantissas
func.func @f(%x: !qtrain.scaled<tensor<8x4xi8>>) {
  %max0 = qtrain.max_magnitude %x : (!qtrain.scaled<tensor<8x4xi8>>) -> i32
  // expected-error @below {{expected 32- or 64-bit accumulators}}
  %0 = qtrain.sum %x, %x maxima(%max0, %max0)
    : (!qtrain.scaled<tensor<8x4xi8>>, !qtrain.scaled<tensor<8x4xi8>>) -> !qtrain.scaled<tensor<8x4xi8>>
  return
}

// -----

// (C3) of gradients
func.func @f(%x: !qtrain.scaled<tensor<8x4xi32>>) {
  %max1 = qtrain.max_magnitude %x : (!qtrain.scaled<tensor<8x4xi32>>) -> i32
  // expected-error @below {{expected mantissas and accumulators of 32 or 64 bits, or accumulators of 32 bits and of 64, but got '!qtrain.scaled<tensor<8x4xi32>>' and '!qtrain.scaled<tensor<8x4xi32>>'}}
  %0 = qtrain.sum %x, %x maxima(%max1, %max1)
    : (!qtrain.scaled<tensor<8x4xi32>>, !qtrain.scaled<tensor<8x4xi32>>) -> !qtrain.scaled<tensor<8x4xi32>>
  return
}

// -----

func.func @f(%x: tensor<8x4xf32>, %y: !qtrain.scaled<tensor<8x4xi8>>) {
  // expected-error @below {{expected operands of one type, but got 'tensor<8x4xf32>', '!qtrain.scaled<tensor<8x4xi8>>'}}
  %0 = qtrain.sum %x, %y : (tensor<8x4xf32>, !qtrain.scaled<tensor<8x4xi8>>) -> tensor<8x4xf32>
  return
}

// -----

//===----------------------------------------------------------------------===//
// qtrain.dropout
//===----------------------------------------------------------------------===//

// (C1) Nothing would be left to scale.
func.func @f(%x: tensor<8x4xf32>, %r: tensor<4xi16>) {
  // expected-error @below {{expected a ratio in [0, 1), but got 1}}
  %0 = qtrain.dropout %x, %r {ratio = 1.0 : f64} : (tensor<8x4xf32>, tensor<4xi16>) -> tensor<8x4xf32>
  return
}

// -----

// (C1)
func.func @f(%x: tensor<8x4xf32>, %r: tensor<4xi16>) {
  // expected-error @below {{expected a ratio in [0, 1), but got}}
  %0 = qtrain.dropout %x, %r {ratio = 0x7FF8000000000000 : f64}
    : (tensor<8x4xf32>, tensor<4xi16>) -> tensor<8x4xf32>
  return
}

// -----

// (C2) The whole batch shares its numbers.
func.func @f(%x: tensor<8x4xf32>, %r: tensor<32xi16>) {
  // expected-error @below {{expected 4 random numbers, but got 'tensor<32xi16>'}}
  %0 = qtrain.dropout %x, %r {ratio = 0.5 : f64} : (tensor<8x4xf32>, tensor<32xi16>) -> tensor<8x4xf32>
  return
}

// -----

// (C3)
func.func @f(%x: tensor<8x4xf32>, %r: tensor<4xi16>) {
  // expected-error @below {{expected result of shape [8, 4], but got [4, 8]}}
  %0 = qtrain.dropout %x, %r {ratio = 0.5 : f64} : (tensor<8x4xf32>, tensor<4xi16>) -> tensor<4x8xf32>
  return
}

// -----

// Random numbers have 16 bits.
func.func @f(%seed: i64, %step: i32) {
  // expected-error @below {{'qtrain.random' op result #0 must be statically shaped tensor of 16-bit signless integer values}}
  %0 = qtrain.random %seed, %step {id = 0 : i64, purpose = #qtrain.purpose<dropout>} : (i64, i32) -> tensor<4xi32>
  return
}

// -----

#window = #qtrain.window<kernel = [2, 2], strides = [2, 2], pads = [0, 0, 0, 0], dilations = [1, 1]>
// (C3) of qtrain.max_pool2d: a maximum has the width of its operands.
func.func @f(%x: !qtrain.scaled<tensor<8x4x6x6xi8>>) {
  // expected-error @below {{one width}}
  %0 = qtrain.max_pool2d %x {window = #window}
    : (!qtrain.scaled<tensor<8x4x6x6xi8>>) -> !qtrain.scaled<tensor<8x4x3x3xi16>>
  return
}

// -----

// (C2) of qtrain.transpose: the element type stays.
func.func @f(%x: !qtrain.scaled<tensor<8x4xi8>>) {
  // expected-error @below {{element type}}
  %0 = qtrain.transpose %x {permutation = array<i64: 1, 0>}
    : (!qtrain.scaled<tensor<8x4xi8>>) -> !qtrain.scaled<tensor<4x8xi16>>
  return
}

// -----

// Of qtrain.dropout: ratios other than 0.5 give accumulators. In 8 bits the
// factor 1 / (1 − ratio) is lost.
func.func @f(%x: !qtrain.scaled<tensor<8x4xi8>>, %r: tensor<4xi16>) {
  // expected-error @below {{32-bit accumulators}}
  %0 = qtrain.dropout %x, %r {ratio = 0.25 : f64}
    : (!qtrain.scaled<tensor<8x4xi8>>, tensor<4xi16>) -> !qtrain.scaled<tensor<8x4xi8>>
  return
}

// -----

// Of qtrain.bias_add: both forms in one operation.
func.func @f(%x: tensor<8x4xf32>, %b: !qtrain.scaled<tensor<4xi8>>) {
  // expected-error @below {{only float or only scaled tensors}}
  %0 = qtrain.bias_add %x, %b : (tensor<8x4xf32>, !qtrain.scaled<tensor<4xi8>>) -> tensor<8x4xf32>
  return
}

// -----

// Of qtrain.dropout: a value without a batch dimension (a crash today).
func.func @f(%x: tensor<f32>, %r: tensor<1xi16>) {
  // expected-error @below {{rank}}
  %0 = qtrain.dropout %x, %r {ratio = 0.5 : f64} : (tensor<f32>, tensor<1xi16>) -> tensor<f32>
  return
}

// -----

// (C5) of qtrain.parameter: levels lie around 0 ...

// expected-error @below {{expected an odd number of levels, 1 to 255, for uniform values that fit}}
qtrain.parameter @w id 0 exponent 3 uniform 64 levels 2 = dense<0> : tensor<2xi8>

// -----

// ... (C5) and what is drawn fits the values ...

// expected-error @below {{expected an odd number of levels, 1 to 255, for uniform values that fit}}
qtrain.parameter @w id 0 exponent 3 uniform 64 levels 5 = dense<0> : tensor<2xi8>

// -----

// ... (C5) that are drawn.

// expected-error @below {{expected an odd number of levels, 1 to 255, for uniform values that fit}}
qtrain.parameter @w id 0 exponent 3 levels 3 = dense<0> : tensor<2xi8>

// -----

// (C6) of qtrain.parameter: what evaluation reads has an origin ...

// expected-error @below {{expected an origin exactly for kind 'evaluation'}}
qtrain.parameter @m.evaluation id 0 kind evaluation = dense<0.0> : tensor<2xf32>

// -----

// ... (C6) and nothing else has.

// expected-error @below {{expected an origin exactly for kind 'evaluation'}}
qtrain.parameter @m id 0 kind buffer origin @n = dense<0.0> : tensor<2xf32>

// -----

// Sizes that 64 bits do not hold, or that hold nothing.

func.func @f(%x: tensor<4294967296x4294967296xf32>) {
  // expected-error @below {{operand #0 must be float tensor or scaled tensor}}
  %0 = qtrain.relu %x : (tensor<4294967296x4294967296xf32>) -> tensor<4294967296x4294967296xf32>
  return
}

// -----

func.func @f(%x: tensor<0x4xf32>) {
  // expected-error @below {{operand #0 must be float tensor or scaled tensor}}
  %0 = qtrain.relu %x : (tensor<0x4xf32>) -> tensor<0x4xf32>
  return
}

// -----

// expected-error @below {{expected 1 to 2^40 elements, and no encoding but channels_last}}
func.func private @f(!qtrain.scaled<tensor<9223372036854775807xi8>>)

// -----

func.func @f(%x: tensor<16777216x1x1x1xf32>, %w: tensor<1x1x1048576x1048576xf32>) {
  // expected-error @below {{expected fewer than 2^63 products, but got 67108864 sums of 1099511627776}}
  %0 = qtrain.conv2d %x, %w {window = #qtrain.window<kernel = [1048576, 1048576], strides = [1, 1],
    pads = [1048578, 1048575, 0, 0], dilations = [1, 1]>}
    : (tensor<16777216x1x1x1xf32>, tensor<1x1x1048576x1048576xf32>) -> tensor<16777216x1x4x1xf32>
  return
}

// -----

// expected-error @below {{expected no distance above 4194304}}
func.func private @f() attributes {test.window = #qtrain.window<kernel = [1, 1], strides = [1, 1],
  pads = [9223372036854775807, 0, 0, 0], dilations = [1, 1]>}

// -----

// Parameters are tensors that can be stored.

// expected-error @below {{expected a tensor of f32, i8, i16, i32 or i64 with 1 to 2^40 elements}}
qtrain.parameter @w id 0 = dense<1.0> : vector<4xf32>

// -----

// expected-error @below {{expected a tensor of f32, i8, i16, i32 or i64 with 1 to 2^40 elements}}
qtrain.parameter @w id 0 = dense<1.0> : tensor<9223372036854775807xf32>

// -----

// expected-error @below {{expected at most 2^28 equal elements, but got 1099511627776}}
qtrain.parameter @w id 0 = dense<1.0> : tensor<1099511627776xf32>

// -----

// expected-error @below {{expected origin @nothing to be a parameter of type 'tensor<4xf32>'}}
qtrain.parameter @w id 0 kind evaluation origin @nothing = dense<1.0> : tensor<4xf32>

// -----

// Marks.

// expected-error @below {{expected 'qtrain.parameter' to name a symbol, but got "w"}}
func.func private @f(i64 {qtrain.parameter = "w"})

// -----

// expected-error @below {{expected 'qtrain.role' to be a role, but got 3}}
func.func private @f(i64 {qtrain.role = 3 : i64})

// -----

// expected-error @below {{has no argument attribute "qtrain.argument" in dialect qtrain}}
func.func private @f(i64 {qtrain.argument = "seed"})

// -----

// expected-error @below {{argument 1 cannot be seed with type 'tensor<2xi64>'}}
func.func private @f(i64, tensor<2xi64> {qtrain.role = #qtrain.role<seed>})

// -----

// Targets are classes, numbers or their mantissas, of a batch.

// expected-error @below {{argument 0 cannot be target with type 'tensor<2xi8>'}}
func.func private @f(tensor<2xi8> {qtrain.role = #qtrain.role<target>})

// -----

// expected-error @below {{argument 0 cannot be target with type 'tensor<f32>'}}
func.func private @f(tensor<f32> {qtrain.role = #qtrain.role<target>})

// -----

// expected-error @below {{expected 'qtrain.role' to be the role of a result, but got #qtrain.role<seed>}}
func.func private @f() -> (i64 {qtrain.role = #qtrain.role<seed>})

// -----

// expected-error @below {{expected 'qtrain.name' to be a string, but got 7 : i64}}
func.func private @f() -> (tensor<2xf32> {qtrain.name = 7 : i64})

// -----

// expected-error @below {{expected 'qtrain.output' to be the number of an output, but got -1 : i32}}
func.func private @f() -> (tensor<2xf32> {qtrain.output = -1 : i32})

// -----

// expected-error @below {{expected 'qtrain.output' to be the number of an output, but got "y"}}
func.func private @f() -> (tensor<2xf32> {qtrain.output = "y"})

// -----

// expected-error @below {{has no result attribute "qtrain.kind" in dialect qtrain}}
func.func private @f() -> (tensor<2xf32> {qtrain.kind = 7 : i64})

// -----

// (C8) of qtrain.parameter
// expected-error @below {{expected a positive, finite factor on the rate}}
qtrain.parameter @w id 0 rate 0.0 = dense<0.0> : tensor<2xf32>

// -----

// (C8)
// expected-error @below {{expected 8 or 16 weight bits, but got 12}}
qtrain.parameter @w id 0 weight_bits 12 = dense<0.0> : tensor<2xf32>

// -----

// (C8)
// expected-error @below {{expected a headroom from 0 to 7, but got 8}}
qtrain.parameter @w id 0 headroom 8 = dense<0.0> : tensor<2xf32>
