// RUN: qtc-opt %s -qtrain-apply-niti -split-input-file | FileCheck %s
// RUN: qtc-opt %s -qtrain-apply-niti=headroom=0 -split-input-file | FileCheck %s --check-prefix=FULL
// RUN: qtc-opt %s -qtrain-apply-niti=weight-bits=16 -split-input-file | FileCheck %s --check-prefix=WIDE
// RUN: qtc-opt %s -qtrain-apply-niti=scheme-init=1 -split-input-file | FileCheck %s --check-prefix=INIT
// RUN: qtc-opt %s -qtrain-apply-niti="scheme-init=1 seed=7 weight-bits=16" -split-input-file \
// RUN:   | FileCheck %s --check-prefix=INIT16

// Weights from the file: exponent ceil(log2 max|W|) − 7 + headroom, mantissas
// rounded half to even and clipped to ±127. Here max|W| is 1, so the exponent
// is −6; without headroom it is −7, and 1 would need 128. With 16 bits there
// are 8 fraction bits more. The scheme's own weights are uniform draws
// ((u · 255) >> 32) − 127 by the parameter's id, of the smallest exponent k − 7
// with (2 + 2) · 4^k ≥ 6, whatever the headroom; 16 bits hold them times 256.

//  CHECK: qtrain.parameter @weight id 1 exponent -6 = dense<{{\[\[}}32, -64], [48, 0]]> : tensor<2x2xi8>
//   FULL: qtrain.parameter @weight id 1 exponent -7 = dense<{{\[\[}}64, -127], [96, 0]]> : tensor<2x2xi8>
//   WIDE: qtrain.parameter @weight id 1 exponent -14 = dense<{{\[\[}}8192, -16384], [12288, 64]]> : tensor<2x2xi16>
//   INIT: qtrain.parameter @weight id 1 exponent -6 uniform 1 = dense<{{\[\[}}-35, -72], [-41, -79]]> : tensor<2x2xi8>
// INIT16: qtrain.parameter @weight id 1 exponent -14 uniform 256 = dense<{{\[\[}}-14080, 4864], [24320, 28160]]> : tensor<2x2xi16>
qtrain.parameter @weight id 1 = dense<[[0.5, -1.0], [0.75, 0.00390625]]> : tensor<2x2xf32>

// A bias has its own exponent by the same rule; the scheme's are 0.

//  CHECK: qtrain.parameter @bias id 0 exponent -7 = dense<[38, -38]> : tensor<2xi8>
//   FULL: qtrain.parameter @bias id 0 exponent -8 = dense<[77, -77]> : tensor<2xi8>
//   WIDE: qtrain.parameter @bias id 0 exponent -15 = dense<[9830, -9830]> : tensor<2xi16>
//   INIT: qtrain.parameter @bias id 0 exponent -6 = dense<0> : tensor<2xi8>
// INIT16: qtrain.parameter @bias id 0 exponent -14 = dense<0> : tensor<2xi16>
qtrain.parameter @bias id 0 = dense<[0.3, -0.3]> : tensor<2xf32>

// One that is all 0 has no magnitude: it takes the exponent of its layer's weights.

//  CHECK: qtrain.parameter @zero id 2 exponent -6 = dense<0> : tensor<2xi8>
//   FULL: qtrain.parameter @zero id 2 exponent -7 = dense<0> : tensor<2xi8>
//   WIDE: qtrain.parameter @zero id 2 exponent -14 = dense<0> : tensor<2xi16>
qtrain.parameter @zero id 2 = dense<0.0> : tensor<2xf32>

func.func @train_step(%p: tensor<2x2xui8> {qtrain.role = #qtrain.role<input>}, %w: tensor<2x2xf32> {qtrain.parameter = @weight},
                      %b: tensor<2xf32> {qtrain.parameter = @bias}, %z: tensor<2xf32> {qtrain.parameter = @zero})
    -> tensor<2x2xf32> {
  %x = qtrain.normalize %p {divisor = 255.0 : f64, mean = array<f64: 0.0>, std = array<f64: 1.0>}
    : (tensor<2x2xui8>) -> tensor<2x2xf32>
  %0 = qtrain.linear %x, %w : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<2x2xf32>
  %1 = qtrain.bias_add %0, %b : (tensor<2x2xf32>, tensor<2xf32>) -> tensor<2x2xf32>
  %2 = qtrain.linear %1, %w : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<2x2xf32>
  %3 = qtrain.bias_add %2, %z : (tensor<2x2xf32>, tensor<2xf32>) -> tensor<2x2xf32>
  return %3 : tensor<2x2xf32>
}

// -----

// Ties go to even: 0.5, 1.5 and 2.5 units are 0, 2 and 2. The unit is 2^−6,
// for 64 units are 1.

// CHECK: qtrain.parameter @ties id 0 exponent -6 = dense<[64, 0, 2, 2, 0, -2]> : tensor<6xi8>
qtrain.parameter @ties id 0 = dense<[1.0, 0.0078125, 0.0234375, 0.0390625, -0.0078125, -0.0234375]> : tensor<6xf32>

// The exponent is exact next to powers of two: 1 + 2^−23 needs one bit more.

// CHECK: qtrain.parameter @above id 1 exponent -5 = dense<32> : tensor<1xi8>
qtrain.parameter @above id 1 = dense<1.00000012> : tensor<1xf32>

// CHECK: qtrain.parameter @tiny id 2 exponent -131 = dense<32> : tensor<1xi8>
qtrain.parameter @tiny id 2 = dense<1.17549449e-38> : tensor<1xf32>

// All zero weights have the exponent −7.

// CHECK: qtrain.parameter @nothing id 3 exponent -7 = dense<0> : tensor<4xi8>
qtrain.parameter @nothing id 3 = dense<0.0> : tensor<4xf32>

// Frozen parameters are quantized like others, and stay frozen.

// CHECK: qtrain.parameter @frozen id 4 exponent -6 frozen = dense<64> : tensor<4xi8>
qtrain.parameter @frozen id 4 frozen = dense<1.0> : tensor<4xf32>

// -----

// Fans of a convolution count its kernel: 9 · (3 + 5) · 4^−1 ≥ 6 > 9 · 8 · 4^−2,
// so the exponent is −1 − 7.

// INIT: qtrain.parameter @conv id 0 exponent -8 uniform 1
qtrain.parameter @conv id 0 = dense<1.0> : tensor<5x3x3x3xf32>

// -----

// Slopes come from the file whatever the start and the headroom. Exponents are
// from −20 to 0, and those of zeros −7.

//  CHECK: qtrain.parameter @slope id 0 exponent -8 = dense<[64, -32]> : tensor<2xi8>
//   FULL: qtrain.parameter @slope id 0 exponent -8 = dense<[64, -32]> : tensor<2xi8>
//   WIDE: qtrain.parameter @slope id 0 exponent -16 = dense<[16384, -8192]> : tensor<2xi16>
//   INIT: qtrain.parameter @slope id 0 exponent -8 = dense<[64, -32]> : tensor<2xi8>
//  CHECK: qtrain.parameter @large id 1 exponent 0 = dense<127> : tensor<1xi8>
//  CHECK: qtrain.parameter @small id 2 exponent -20 = dense<1> : tensor<1xi8>
//  CHECK: qtrain.parameter @none id 3 exponent -7 = dense<0> : tensor<1xi8>
qtrain.parameter @slope id 0 = dense<[0.25, -0.125]> : tensor<2xf32>
qtrain.parameter @large id 1 = dense<1000.0> : tensor<1xf32>
qtrain.parameter @small id 2 = dense<1.0e-6> : tensor<1xf32>
qtrain.parameter @none id 3 = dense<0.0> : tensor<1xf32>
func.func @evaluate(%p: tensor<2x2xui8> {qtrain.role = #qtrain.role<input>}, %a: tensor<2xf32> {qtrain.parameter = @slope},
                    %b: tensor<1xf32> {qtrain.parameter = @large}, %c: tensor<1xf32> {qtrain.parameter = @small},
                    %d: tensor<1xf32> {qtrain.parameter = @none}) -> tensor<2x2xf32> {
  %x = qtrain.normalize %p {divisor = 255.0 : f64, mean = array<f64: 0.5>, std = array<f64: 1.0>}
    : (tensor<2x2xui8>) -> tensor<2x2xf32>
  %0 = qtrain.prelu %x, %a : (tensor<2x2xf32>, tensor<2xf32>) -> tensor<2x2xf32>
  %1 = qtrain.prelu %0, %b : (tensor<2x2xf32>, tensor<1xf32>) -> tensor<2x2xf32>
  %2 = qtrain.prelu %1, %c : (tensor<2x2xf32>, tensor<1xf32>) -> tensor<2x2xf32>
  %3 = qtrain.prelu %2, %d : (tensor<2x2xf32>, tensor<1xf32>) -> tensor<2x2xf32>
  return %3 : tensor<2x2xf32>
}
