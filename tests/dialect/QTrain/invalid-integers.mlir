// RUN: qtc-opt %s -split-input-file -verify-diagnostics

//===----------------------------------------------------------------------===//
// qtrain.lookup
//===----------------------------------------------------------------------===//

// (C1) A byte has 256 values ...
func.func @f(%pixels: tensor<8x3x4x4xui8>) {
  // expected-error @below {{expected a table of 1 or 3 rows of 256 elements of the result, but got 'tensor<1x255xi8>'}}
  %0 = qtrain.lookup %pixels {exponent = -7 : si32, table = dense<1> : tensor<1x255xi8>}
    : (tensor<8x3x4x4xui8>) -> !qtrain.scaled<tensor<8x3x4x4xi8>>
  return
}

// -----

// ... (C1) a channel has a row ...
func.func @f(%pixels: tensor<8x3x4x4xui8>) {
  // expected-error @below {{expected a table of 1 or 3 rows of 256 elements of the result, but got 'tensor<2x256xi8>'}}
  %0 = qtrain.lookup %pixels {exponent = -7 : si32, table = dense<1> : tensor<2x256xi8>}
    : (tensor<8x3x4x4xui8>) -> !qtrain.scaled<tensor<8x3x4x4xi8>>
  return
}

// -----

// ... (C1) of the result's elements.
func.func @f(%pixels: tensor<8x3x4x4xui8>) {
  // expected-error @below {{elements of the result, but got 'tensor<1x256xi16>'}}
  %0 = qtrain.lookup %pixels {exponent = -7 : si32, table = dense<1> : tensor<1x256xi16>}
    : (tensor<8x3x4x4xui8>) -> !qtrain.scaled<tensor<8x3x4x4xi8>>
  return
}

// -----

// (C2)
func.func @f(%pixels: tensor<8x3x4x4xui8>) {
  // expected-error @below {{expected result of shape [8, 3, 4, 4], but got [8, 48]}}
  %0 = qtrain.lookup %pixels {exponent = -7 : si32, table = dense<1> : tensor<1x256xi8>}
    : (tensor<8x3x4x4xui8>) -> !qtrain.scaled<tensor<8x48xi8>>
  return
}

// -----

// (C3)
func.func @f(%pixels: tensor<8x3x4x4xui8>) {
  // expected-error @below {{expected an exponent exactly for a scaled result}}
  %0 = qtrain.lookup %pixels {table = dense<1> : tensor<1x256xi8>}
    : (tensor<8x3x4x4xui8>) -> !qtrain.scaled<tensor<8x3x4x4xi8>>
  return
}

// -----

// (C3)
func.func @f(%pixels: tensor<8x3x4x4xui8>) {
  // expected-error @below {{expected an exponent exactly for a scaled result}}
  %0 = qtrain.lookup %pixels {exponent = 0 : si32, table = dense<1.0> : tensor<1x256xf32>}
    : (tensor<8x3x4x4xui8>) -> tensor<8x3x4x4xf32>
  return
}

// -----

//===----------------------------------------------------------------------===//
// qtrain.shift_scale
//===----------------------------------------------------------------------===//

// (C1)
func.func @f(%x: !qtrain.scaled<tensor<8x4xi32>>, %n: i32) {
  // expected-error @below {{expected result of shape [8, 4], but got [4, 8]}}
  %0 = qtrain.shift_scale %x by %n {bits = 8 : i64, rounding = #qtrain.rounding<nearest>}
    : (!qtrain.scaled<tensor<8x4xi32>>, i32) -> !qtrain.scaled<tensor<4x8xi8>>
  return
}

// -----

// (C2) One bit would leave no magnitude ...
func.func @f(%x: !qtrain.scaled<tensor<8x4xi32>>, %n: i32) {
  // expected-error @below {{expected 2 to 8 bits, but got 1}}
  %0 = qtrain.shift_scale %x by %n {bits = 1 : i64, rounding = #qtrain.rounding<nearest>}
    : (!qtrain.scaled<tensor<8x4xi32>>, i32) -> !qtrain.scaled<tensor<8x4xi8>>
  return
}

// -----

// ... (C2) nine do not fit in eight.
func.func @f(%x: !qtrain.scaled<tensor<8x4xi32>>, %n: i32) {
  // expected-error @below {{expected 2 to 8 bits, but got 9}}
  %0 = qtrain.shift_scale %x by %n {bits = 9 : i64, rounding = #qtrain.rounding<nearest>}
    : (!qtrain.scaled<tensor<8x4xi32>>, i32) -> !qtrain.scaled<tensor<8x4xi8>>
  return
}

// -----

// (C3) Numbers are missing ...
func.func @f(%x: !qtrain.scaled<tensor<8x4xi32>>, %n: i32) {
  // expected-error @below {{expected random numbers exactly for stochastic rounding}}
  %0 = qtrain.shift_scale %x by %n {bits = 8 : i64, rounding = #qtrain.rounding<stochastic>}
    : (!qtrain.scaled<tensor<8x4xi32>>, i32) -> !qtrain.scaled<tensor<8x4xi8>>
  return
}

// -----

// ... (C3) have no use ...
func.func @f(%x: !qtrain.scaled<tensor<8x4xi32>>, %n: i32, %r: tensor<8x4xi16>) {
  // expected-error @below {{expected random numbers exactly for stochastic rounding}}
  %0 = qtrain.shift_scale %x by %n random %r {bits = 8 : i64, rounding = #qtrain.rounding<pseudo>}
    : (!qtrain.scaled<tensor<8x4xi32>>, i32, tensor<8x4xi16>) -> !qtrain.scaled<tensor<8x4xi8>>
  return
}

// -----

// ... (C3) are too few.
func.func @f(%x: !qtrain.scaled<tensor<8x4xi32>>, %n: i32, %r: tensor<4xi16>) {
  // expected-error @below {{expected random numbers of shape [8, 4], but got 'tensor<4xi16>'}}
  %0 = qtrain.shift_scale %x by %n random %r {bits = 8 : i64, rounding = #qtrain.rounding<stochastic>}
    : (!qtrain.scaled<tensor<8x4xi32>>, i32, tensor<4xi16>) -> !qtrain.scaled<tensor<8x4xi8>>
  return
}

// -----

//===----------------------------------------------------------------------===//
// qtrain.compose, qtrain.decompose
//===----------------------------------------------------------------------===//

// (C1) of elements
func.func @f(%m: tensor<8x4xi16>, %s: i32) {
  // expected-error @below {{expected mantissas of type 'tensor<8x4xi8>', but got 'tensor<8x4xi16>'}}
  %0 = qtrain.compose %m, %s : (tensor<8x4xi16>, i32) -> !qtrain.scaled<tensor<8x4xi8>>
  return
}

// -----

// (C1) of the shape in memory: channels are innermost.
func.func @f(%m: tensor<8x3x4x5xi8>, %s: i32) {
  // expected-error @below {{expected mantissas of type 'tensor<8x4x5x3xi8>', but got 'tensor<8x3x4x5xi8>'}}
  %0 = qtrain.compose %m, %s
    : (tensor<8x3x4x5xi8>, i32) -> !qtrain.scaled<tensor<8x3x4x5xi8, #qtrain.channels_last>>
  return
}

// -----

// (C1)
func.func @f(%x: !qtrain.scaled<tensor<8x3x4x5xi8, #qtrain.channels_last>>) {
  // expected-error @below {{expected mantissas of type 'tensor<8x4x5x3xi8>', but got 'tensor<8x3x4x5xi8>'}}
  %0, %1 = qtrain.decompose %x
    : (!qtrain.scaled<tensor<8x3x4x5xi8, #qtrain.channels_last>>) -> (tensor<8x3x4x5xi8>, i32)
  return
}

// -----

// (C2) Floats have no exponent ...
func.func @f(%m: tensor<8x4xf32>, %s: i32) {
  // expected-error @below {{expected an exponent exactly for a scaled value}}
  %0 = qtrain.compose %m, %s : (tensor<8x4xf32>, i32) -> tensor<8x4xf32>
  return
}

// -----

// ... (C2) mantissas have one.
func.func @f(%x: !qtrain.scaled<tensor<8x4xi8>>) {
  // expected-error @below {{expected an exponent exactly for a scaled value}}
  %0 = qtrain.decompose %x : (!qtrain.scaled<tensor<8x4xi8>>) -> tensor<8x4xi8>
  return
}

// -----

// (C4) Rounding to nearest shifts to the right, ...
func.func @f(%x: !qtrain.scaled<tensor<8xi32>>, %n: i32) {
  // expected-error @below {{expected rounding 'even', 'floor0' or 'stochastic' for a bidirectional shift}}
  %0 = qtrain.shift_scale %x by %n {bidirectional, bits = 8 : i64, rounding = #qtrain.rounding<nearest>}
    : (!qtrain.scaled<tensor<8xi32>>, i32) -> !qtrain.scaled<tensor<8xi8>>
  return
}

// -----

// ... (C4) as does that by the discarded bits.
func.func @f(%x: !qtrain.scaled<tensor<8xi64>>, %n: i32) {
  // expected-error @below {{expected rounding 'even', 'floor0' or 'stochastic' for a bidirectional shift}}
  %0 = qtrain.shift_scale %x by %n {bidirectional, bits = 8 : i64, rounding = #qtrain.rounding<pseudo>}
    : (!qtrain.scaled<tensor<8xi64>>, i32) -> !qtrain.scaled<tensor<8xi8>>
  return
}

// -----

// (C1) of qtrain.magnitude_bits
func.func @f(%x: !qtrain.scaled<tensor<8xi32>>, %m: tensor<9xi1>) {
  // expected-error @below {{expected mask of shape [8], but got [9]}}
  %0 = qtrain.magnitude_bits %x, %m : (!qtrain.scaled<tensor<8xi32>>, tensor<9xi1>) -> i32
  return
}

// -----

// (C1) of qtrain.range_mask
func.func @f(%x: !qtrain.scaled<tensor<8xi32>>) {
  // expected-error @below {{expected mask of shape [8], but got [9]}}
  %0 = qtrain.range_mask %x {low = 1 : i64} : (!qtrain.scaled<tensor<8xi32>>) -> tensor<9xi1>
  return
}

// -----

// (C2)
func.func @f(%x: !qtrain.scaled<tensor<8xi32>>) {
  // expected-error @below {{expected a lower or an upper end, of 32 bits}}
  %0 = qtrain.range_mask %x : (!qtrain.scaled<tensor<8xi32>>) -> tensor<8xi1>
  return
}

// -----

// (C2)
func.func @f(%x: !qtrain.scaled<tensor<8xi8>>) {
  // expected-error @below {{expected a lower or an upper end, of 8 bits}}
  %0 = qtrain.range_mask %x {high = 128 : i64} : (!qtrain.scaled<tensor<8xi8>>) -> tensor<8xi1>
  return
}

// -----

// (C1) of qtrain.apply_mask
func.func @f(%x: !qtrain.scaled<tensor<8xi32>>, %m: tensor<9xi1>) {
  // expected-error @below {{expected mask of shape [8], but got [9]}}
  %0 = qtrain.apply_mask %x, %m : (!qtrain.scaled<tensor<8xi32>>, tensor<9xi1>) -> !qtrain.scaled<tensor<8xi32>>
  return
}

// -----

// (C1) of qtrain.weighted_sum
func.func @f(%v: !qtrain.scaled<tensor<8xi32>>, %g: !qtrain.scaled<tensor<9xi16>>) {
  // expected-error @below {{expected term of shape [8], but got [9]}}
  %0 = qtrain.weighted_sum %v, %g {bits = 32 : i64, factors = array<i64: 1, 2>, rounding = #qtrain.rounding<floor0>, shift = 0 : i64}
    : (!qtrain.scaled<tensor<8xi32>>, !qtrain.scaled<tensor<9xi16>>) -> !qtrain.scaled<tensor<8xi32>>
  return
}

// -----

// (C2)
func.func @f(%v: !qtrain.scaled<tensor<8xi32>>) {
  // expected-error @below {{expected terms, and a factor for each}}
  %0 = qtrain.weighted_sum %v {bits = 32 : i64, factors = array<i64: 1, 2>, rounding = #qtrain.rounding<floor0>, shift = 0 : i64}
    : (!qtrain.scaled<tensor<8xi32>>) -> !qtrain.scaled<tensor<8xi32>>
  return
}

// -----

// (C2)
func.func @f() {
  // expected-error @below {{expected terms, and a factor for each}}
  %0 = "qtrain.weighted_sum"() {bits = 32 : i64, factors = array<i64>, rounding = #qtrain.rounding<floor0>, shift = 0 : i64}
    : () -> !qtrain.scaled<tensor<8xi32>>
  return
}

// -----

// (C2)
func.func @f(%v: !qtrain.scaled<tensor<8xi32>>) {
  // expected-error @below {{expected factors whose magnitudes add up to at most 2^30}}
  %0 = qtrain.weighted_sum %v, %v {bits = 32 : i64, factors = array<i64: -1073741824, 1>, rounding = #qtrain.rounding<floor0>, shift = 0 : i64}
    : (!qtrain.scaled<tensor<8xi32>>, !qtrain.scaled<tensor<8xi32>>) -> !qtrain.scaled<tensor<8xi32>>
  return
}

// -----

// (C3)
func.func @f(%v: !qtrain.scaled<tensor<8xi32>>) {
  // expected-error @below {{expected 2 to 32 bits, but got 33}}
  %0 = qtrain.weighted_sum %v {bits = 33 : i64, factors = array<i64: 1>, rounding = #qtrain.rounding<floor0>, shift = 0 : i64}
    : (!qtrain.scaled<tensor<8xi32>>) -> !qtrain.scaled<tensor<8xi32>>
  return
}

// -----

// (C3)
func.func @f(%v: !qtrain.scaled<tensor<8xi32>>) {
  // expected-error @below {{expected a shift from 0 to 62, but got 63}}
  %0 = qtrain.weighted_sum %v {bits = 32 : i64, factors = array<i64: 1>, rounding = #qtrain.rounding<floor0>, shift = 63 : i64}
    : (!qtrain.scaled<tensor<8xi32>>) -> !qtrain.scaled<tensor<8xi32>>
  return
}

// -----

// (C4)
func.func @f(%v: !qtrain.scaled<tensor<8xi32>>) {
  // expected-error @below {{expected rounding 'nearest' or 'floor0'}}
  %0 = qtrain.weighted_sum %v {bits = 32 : i64, factors = array<i64: 1>, rounding = #qtrain.rounding<even>, shift = 1 : i64}
    : (!qtrain.scaled<tensor<8xi32>>) -> !qtrain.scaled<tensor<8xi32>>
  return
}

// -----

// (C1) of qtrain.add_scaled
func.func @f(%g: !qtrain.scaled<tensor<8xi32>>, %w: !qtrain.scaled<tensor<9xi16>>, %n: i32) {
  // expected-error @below {{expected addend of shape [8], but got [9]}}
  %0 = qtrain.add_scaled %g, %w, %n {bits = 64 : i64, factor = 1 : i64}
    : (!qtrain.scaled<tensor<8xi32>>, !qtrain.scaled<tensor<9xi16>>, i32) -> !qtrain.scaled<tensor<8xi64>>
  return
}

// -----

// (C1)
func.func @f(%g: !qtrain.scaled<tensor<8xi32>>, %w: !qtrain.scaled<tensor<8xi16>>, %n: i32) {
  // expected-error @below {{expected result of shape [8], but got [9]}}
  %0 = qtrain.add_scaled %g, %w, %n {bits = 64 : i64, factor = 1 : i64}
    : (!qtrain.scaled<tensor<8xi32>>, !qtrain.scaled<tensor<8xi16>>, i32) -> !qtrain.scaled<tensor<9xi64>>
  return
}

// -----

// (C2)
func.func @f(%g: !qtrain.scaled<tensor<8xi32>>, %w: !qtrain.scaled<tensor<8xi16>>, %n: i32) {
  // expected-error @below {{expected a factor from 1 to 2^24, but got 0}}
  %0 = qtrain.add_scaled %g, %w, %n {bits = 64 : i64, factor = 0 : i64}
    : (!qtrain.scaled<tensor<8xi32>>, !qtrain.scaled<tensor<8xi16>>, i32) -> !qtrain.scaled<tensor<8xi64>>
  return
}

// -----

// (C3)
func.func @f(%g: !qtrain.scaled<tensor<8xi32>>, %w: !qtrain.scaled<tensor<8xi16>>, %n: i32) {
  // expected-error @below {{expected 2 to 64 bits, but got 1}}
  %0 = qtrain.add_scaled %g, %w, %n {bits = 1 : i64, factor = 1 : i64}
    : (!qtrain.scaled<tensor<8xi32>>, !qtrain.scaled<tensor<8xi16>>, i32) -> !qtrain.scaled<tensor<8xi64>>
  return
}
