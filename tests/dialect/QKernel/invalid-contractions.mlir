// RUN: qtc-opt %s -split-input-file -verify-diagnostics

//===----------------------------------------------------------------------===//
// #qkernel.contraction
//===----------------------------------------------------------------------===//

// expected-error @below {{expected one stride per row dimension}}
#c = #qkernel.contraction<rows = [8, 4] strides [4], steps = [3] a [4] b [64], columns = 16 panel 16 stride 192>
func.func private @f() attributes {qkernel.c = #c}

// -----

// expected-error @below {{expected two strides per step dimension}}
#c = #qkernel.contraction<rows = [8] strides [4], steps = [3, 3] a [4] b [64, 64], columns = 16 panel 16 stride 192>
func.func private @f() attributes {qkernel.c = #c}

// -----

// expected-error @below {{expected positive extents}}
#c = #qkernel.contraction<rows = [8] strides [4], steps = [-1] a [4] b [64], columns = 16 panel 16 stride 192>
func.func private @f() attributes {qkernel.c = #c}

// -----

// Parts are equal.

// expected-error @below {{expected splits that divide the first step dimension, but got 2 of 3}}
#c = #qkernel.contraction<rows = [8] strides [4], steps = [3] a [4] b [64], columns = 16 panel 16 stride 192, splits = 2>
func.func private @f() attributes {qkernel.c = #c}

// -----

//===----------------------------------------------------------------------===//
// qkernel.conv2d and its gradients
//===----------------------------------------------------------------------===//

#window = #qtrain.window<kernel = [3, 3], strides = [1, 1], pads = [0, 0, 0, 0], dilations = [1, 1]>
// (C1) of the maximum
func.func @f(%x: memref<8x6x6x4xi8>, %w: memref<2x4x3x3xi8>, %acc: memref<8x4x4x2xi32>, %max: memref<1xi32>) {
  // expected-error @below {{expected maximum of shape [], but got [1]}}
  qkernel.conv2d ins(%x, %w : memref<8x6x6x4xi8>, memref<2x4x3x3xi8>)
    outs(%acc, %max : memref<8x4x4x2xi32>, memref<1xi32>) {window = #window, group = 1 : i64}
  return
}

// -----

#window = #qtrain.window<kernel = [3, 3], strides = [1, 1], pads = [0, 0, 0, 0], dilations = [1, 1]>
// (C1) of the bias
func.func @f(%x: memref<8x6x6x4xi8>, %w: memref<2x4x3x3xi8>, %b: memref<4xi32>, %acc: memref<8x4x4x2xi32>) {
  // expected-error @below {{expected bias of shape [2], but got [4]}}
  qkernel.conv2d ins(%x, %w : memref<8x6x6x4xi8>, memref<2x4x3x3xi8>) bias(%b : memref<4xi32>)
    outs(%acc : memref<8x4x4x2xi32>) {window = #window, group = 1 : i64}
  return
}

// -----

#window = #qtrain.window<kernel = [3, 3], strides = [1, 1], pads = [0, 0, 0, 0], dilations = [1, 1]>
// (C1) of ranks
func.func @f(%x: memref<8x36x4xi8>, %w: memref<2x4x3x3xi8>, %acc: memref<8x4x4x2xi32>) {
  // expected-error @below {{expected activations and weights of rank 4}}
  qkernel.conv2d ins(%x, %w : memref<8x36x4xi8>, memref<2x4x3x3xi8>) outs(%acc : memref<8x4x4x2xi32>)
    {window = #window, group = 1 : i64}
  return
}

// -----

#window = #qtrain.window<kernel = [3, 3], strides = [1, 1], pads = [0, 0, 0, 0], dilations = [1, 1]>
// (C1) of weights: channels are the last dimension of activations, the second of weights.
func.func @f(%x: memref<8x4x6x6xi8>, %w: memref<2x4x3x3xi8>, %acc: memref<8x2x4x2xi32>) {
  // expected-error @below {{expected weights that fit #qtrain.window<kernel = [3, 3], strides = [1, 1], pads = [0, 0, 0, 0], dilations = [1, 1]>, but got [2, 4, 3, 3]}}
  qkernel.conv2d ins(%x, %w : memref<8x4x6x6xi8>, memref<2x4x3x3xi8>) outs(%acc : memref<8x2x4x2xi32>)
    {window = #window, group = 1 : i64}
  return
}

// -----

#window = #qtrain.window<kernel = [3, 3], strides = [1, 1], pads = [0, 0, 0, 0], dilations = [1, 1]>
// (C1) of accumulators
func.func @f(%x: memref<8x6x6x4xi8>, %w: memref<2x4x3x3xi8>, %acc: memref<8x6x6x2xi32>) {
  // expected-error @below {{expected output of shape [8, 4, 4, 2], but got [8, 6, 6, 2]}}
  qkernel.conv2d ins(%x, %w : memref<8x6x6x4xi8>, memref<2x4x3x3xi8>) outs(%acc : memref<8x6x6x2xi32>)
    {window = #window, group = 1 : i64}
  return
}

// -----

#window = #qtrain.window<kernel = [3, 3], strides = [1, 1], pads = [0, 0, 0, 0], dilations = [1, 1]>
// On tensors every destination has a result.
func.func @f(%x: tensor<8x6x6x4xi8>, %w: tensor<2x4x3x3xi8>, %acc: tensor<8x4x4x2xi32>) {
  // expected-error @below {{expected the number of tensor results (0) to be equal to the number of output tensors (1)}}
  qkernel.conv2d ins(%x, %w : tensor<8x6x6x4xi8>, tensor<2x4x3x3xi8>) outs(%acc : tensor<8x4x4x2xi32>)
    {window = #window, group = 1 : i64}
  return
}

// -----

#window = #qtrain.window<kernel = [3, 3], strides = [1, 1], pads = [0, 0, 0, 0], dilations = [1, 1]>
// (C1) of shapes
func.func @f(%e: memref<8x4x4x2xi8>, %w: memref<2x4x3x3xi8>, %ex: memref<8x8x8x4xi32>) {
  // expected-error @below {{expected output of shape [8, 6, 6, 2], but got [8, 4, 4, 2]}}
  qkernel.conv2d_input_gradient ins(%e, %w : memref<8x4x4x2xi8>, memref<2x4x3x3xi8>)
    outs(%ex : memref<8x8x8x4xi32>) {window = #window, group = 1 : i64}
  return
}

// -----

#window = #qtrain.window<kernel = [3, 3], strides = [1, 1], pads = [0, 0, 0, 0], dilations = [1, 1]>
// (C1) of shapes
func.func @f(%x: memref<8x6x6x4xi8>, %e: memref<8x4x4x2xi8>, %g: memref<2x4x5x5xi32>) {
  // expected-error @below {{expected weights that fit}}
  qkernel.conv2d_weight_gradient ins(%x, %e : memref<8x6x6x4xi8>, memref<8x4x4x2xi8>)
    outs(%g : memref<2x4x5x5xi32>) {window = #window, group = 1 : i64}
  return
}

// -----

//===----------------------------------------------------------------------===//
// Packed contractions
//===----------------------------------------------------------------------===//

// (C1) of bytes: 8 images of 8 x 8 positions of 4 channels
func.func @f(%x: memref<8x6x6x3xi8>, %p: memref<2047xi8>) {
  // expected-error @below {{expected 2048 elements or more, but got [2047]}}
  qkernel.pack_activation ins(%x : memref<8x6x6x3xi8>) outs(%p : memref<2047xi8>)
    {block = 4 : i64, channels = 4 : i64, dilation = array<i64: 1, 1>, interleave = 1 : i64,
     pads = array<i64: 1, 1, 1, 1>}
  return
}

// -----

// (C1) of the block
func.func @f(%x: memref<8x6x6x3xi8>, %p: memref<4096xi8>) {
  // expected-error @below {{room for all channels and a block that divides them}}
  qkernel.pack_activation ins(%x : memref<8x6x6x3xi8>) outs(%p : memref<4096xi8>)
    {block = 3 : i64, channels = 4 : i64, dilation = array<i64: 1, 1>, interleave = 1 : i64,
     pads = array<i64: 1, 1, 1, 1>}
  return
}

// -----

// (C1) of the rank
func.func @f(%w: memref<20x75xi8>, %p: memref<2560xi8>) {
  // expected-error @below {{expected weights of rank 4}}
  qkernel.pack_weight ins(%w : memref<20x75xi8>) outs(%p : memref<2560xi8>)
    {order = #qkernel.weight_order<forward>, panel = 32 : i64}
  return
}

// -----

// (C1) of accumulators
func.func @f(%a: memref<4160xi8>, %b: memref<4096xi8>, %acc: memref<64x8xi32>) {
  // expected-error @below {{expected 1024 accumulators, but got 512}}
  qkernel.contract ins(%a, %b : memref<4160xi8>, memref<4096xi8>) outs(%acc : memref<64x8xi32>)
    {contraction = #qkernel.contraction<rows = [64] strides [64], steps = [16] a [4] b [64],
                                        columns = 16 panel 16 stride 1024>}
  return
}

// -----

// (C1) of parts: a maximum of partial sums is no maximum.
func.func @f(%a: memref<4160xi8>, %b: memref<4096xi8>, %acc: memref<2x64x16xi32>, %max: memref<i32>) {
  // expected-error @below {{expected neither a bias nor a maximum for partial sums}}
  qkernel.contract ins(%a, %b : memref<4160xi8>, memref<4096xi8>)
    outs(%acc, %max : memref<2x64x16xi32>, memref<i32>)
    {contraction = #qkernel.contraction<rows = [64] strides [64], steps = [16] a [4] b [64],
                                        columns = 16 panel 16 stride 1024, splits = 2>}
  return
}

// -----

// (C1) of addresses: the last row of the result lies behind its end.
func.func @f(%a: memref<4160xi8>, %b: memref<4096xi8>, %acc: memref<64x16xi32>) {
  // expected-error @below {{expected operands large enough for all addresses, 2032 elements, but got 'memref<64x16xi32>'}}
  qkernel.contract ins(%a, %b : memref<4160xi8>, memref<4096xi8>) outs(%acc : memref<64x16xi32>)
    {contraction = #qkernel.contraction<rows = [64] strides [64] result [32], steps = [16] a [4] b [64],
                                        columns = 16 panel 16 stride 1024>}
  return
}

// -----

// (C1) of addresses: so does the second phase.
func.func @f(%a: memref<4160xi8>, %b: memref<4096xi8>, %acc: memref<64x16xi32>) {
  // expected-error @below {{expected operands large enough for all addresses, 1040 elements}}
  qkernel.contract ins(%a, %b : memref<4160xi8>, memref<4096xi8>) outs(%acc : memref<64x16xi32>)
    {contraction = #qkernel.contraction<rows = [32] strides [64] result [32], steps = [16] a [4] b [64],
                                        columns = 16 panel 16 stride 1024>,
     phases = [#qkernel.contraction<rows = [32] strides [64] result [32], steps = [0] a [0] b [0],
                                    columns = 16 panel 16 stride 1024 offsets [0, 0, 0, 32]>]}
  return
}

// -----

// (C1) of addresses: the second group reads beyond B.
func.func @f(%a: memref<4160xi8>, %b: memref<1024xi8>, %acc: memref<64x16xi32>) {
  // expected-error @below {{expected operands large enough for all addresses, 1504 elements, but got 'memref<1024xi8>'}}
  qkernel.contract ins(%a, %b : memref<4160xi8>, memref<1024xi8>) outs(%acc : memref<64x16xi32>)
    {contraction = #qkernel.contraction<rows = [64] strides [64], steps = [8] a [4] b [64],
                                        columns = 8 panel 16 stride 512 groups = 2 strides [32, 1024, 16]>}
  return
}

// -----

func.func @f(%a: memref<4160xi8>, %b: memref<4096xi8>, %acc: memref<64x16xi32>) {
  qkernel.contract ins(%a, %b : memref<4160xi8>, memref<4096xi8>) outs(%acc : memref<64x16xi32>)
    // expected-error @below {{expected strides of groups in A, B and start values}}
    {contraction = #qkernel.contraction<rows = [64] strides [64], steps = [8] a [4] b [64],
                                        columns = 8 panel 16 stride 512 groups = 2 strides [32, 1024]>}
  return
}

// -----

func.func @f(%a: memref<4160xi8>, %b: memref<4096xi8>, %acc: memref<64x16xi32>) {
  qkernel.contract ins(%a, %b : memref<4160xi8>, memref<4096xi8>) outs(%acc : memref<64x16xi32>)
    // expected-error @below {{expected offsets that are not negative}}
    {contraction = #qkernel.contraction<rows = [64] strides [64], steps = [8] a [4] b [64],
                                        columns = 16 panel 16 stride 512 offsets [0, -64, 0, 0]>}
  return
}

// -----

// (C1) of corrections: one a class of positions
func.func @f(%w: memref<20x4x3x3xi8>, %p: memref<2880xi8>, %c: memref<16xi32>) {
  // expected-error @below {{expected 64 corrections or more, but got 'memref<16xi32>'}}
  qkernel.pack_weight ins(%w : memref<20x4x3x3xi8>) outs(%p, %c : memref<2880xi8>, memref<16xi32>)
    {classes = array<i64: 2, 2>, order = #qkernel.weight_order<flipped>, panel = 16 : i64}
  return
}

// -----

func.func @f(%w: memref<20x4x3x3xi8>, %p: memref<1152xi8>) {
  // expected-error @below {{expected one class for an order that merges positions}}
  qkernel.pack_weight ins(%w : memref<20x4x3x3xi8>) outs(%p : memref<1152xi8>)
    {classes = array<i64: 2, 1>, order = #qkernel.weight_order<forward_merged>, panel = 32 : i64}
  return
}

// -----

func.func @f(%w: memref<20x4x3x3xi8>, %p: memref<1152xi8>) {
  // expected-error @below {{expected groups that divide 20 outputs, but got 3}}
  qkernel.pack_weight ins(%w : memref<20x4x3x3xi8>) outs(%p : memref<1152xi8>)
    {group = 3 : i64, order = #qkernel.weight_order<forward>, panel = 16 : i64}
  return
}

// -----

#window = #qtrain.window<kernel = [3, 3], strides = [1, 1], pads = [0, 0, 0, 0], dilations = [1, 1]>
// (C2) of groups
func.func @f(%x: memref<2x5x5x8xi8>, %w: memref<8x2x3x3xi8>, %y: memref<2x3x3x8xi32>) {
  // expected-error @below {{expected no direct kernel for weights [8, 2, 3, 3] in 4 groups}}
  qkernel.conv2d ins(%x, %w : memref<2x5x5x8xi8>, memref<8x2x3x3xi8>) outs(%y : memref<2x3x3x8xi32>)
    {direct, group = 4 : i64, window = #window}
  return
}

// -----

#window = #qtrain.window<kernel = [3, 3], strides = [1, 1], pads = [0, 0, 0, 0], dilations = [1, 1]>
// (C2) of the maximum
func.func @f(%x: memref<2x5x5x8xi8>, %e: memref<2x3x3x8xi8>, %g: memref<8x1x3x3xi32>, %max: memref<i32>) {
  // expected-error @below {{expected no maximum of a direct gradient}}
  qkernel.conv2d_weight_gradient ins(%x, %e : memref<2x5x5x8xi8>, memref<2x3x3x8xi8>)
    outs(%g, %max : memref<8x1x3x3xi32>, memref<i32>) {direct, group = 8 : i64, window = #window}
  return
}

// -----

#window = #qtrain.window<kernel = [3, 3], strides = [1, 1], pads = [0, 0, 0, 0], dilations = [1, 1]>
// (C3) of kinds
func.func @f(%x: memref<2x5x5x8xf32>, %w: memref<8x8x3x3xi8>, %y: memref<2x3x3x8xf32>) {
  // expected-error @below {{expected operands of integers or of f32, but got both}}
  qkernel.conv2d ins(%x, %w : memref<2x5x5x8xf32>, memref<8x8x3x3xi8>) outs(%y : memref<2x3x3x8xf32>)
    {group = 1 : i64, window = #window}
  return
}

// -----

#window = #qtrain.window<kernel = [3, 3], strides = [1, 1], pads = [0, 0, 0, 0], dilations = [1, 1]>
// (C3) of attributes
func.func @f(%x: memref<2x5x5x8xf32>, %w: memref<8x8x3x3xf32>, %y: memref<2x3x3x8xf32>) {
  // expected-error @below {{expected neither nonnegative, saturate nor direct for floats}}
  qkernel.conv2d ins(%x, %w : memref<2x5x5x8xf32>, memref<8x8x3x3xf32>) outs(%y : memref<2x3x3x8xf32>)
    {group = 1 : i64, nonnegative, window = #window}
  return
}

// -----

// (C2) of floats
func.func @f(%x: memref<8x6x6x3xf32>, %p: memref<2304xf32>) {
  // expected-error @below {{expected neither an interleave nor an offset for floats}}
  qkernel.pack_activation ins(%x : memref<8x6x6x3xf32>) outs(%p : memref<2304xf32>)
    {block = 4 : i64, channels = 4 : i64, dilation = array<i64: 1, 1>, interleave = 4 : i64,
     pads = array<i64: 1, 1, 1, 1>}
  return
}

// -----

// (C2) of floats
func.func @f(%w: memref<20x3x5x5xf32>, %p: memref<2400xf32>, %c: memref<32xi32>) {
  // expected-error @below {{expected packed elements of the weights' type, and no corrections for floats}}
  qkernel.pack_weight ins(%w : memref<20x3x5x5xf32>) outs(%p, %c : memref<2400xf32>, memref<32xi32>)
    {order = #qkernel.weight_order<forward_merged>, panel = 32 : i64}
  return
}

// -----

// (C1) of floats: a step has one of a column.
func.func @f(%w: memref<20x3x5x5xf32>, %p: memref<2399xf32>) {
  // expected-error @below {{expected 2400 elements or more, but got 2399}}
  qkernel.pack_weight ins(%w : memref<20x3x5x5xf32>) outs(%p : memref<2399xf32>)
    {order = #qkernel.weight_order<forward_merged>, panel = 32 : i64}
  return
}

// -----

// (C3) of floats
func.func @f(%a: memref<1024xf32>, %b: memref<256xf32>, %acc: memref<64x16xf32>, %max: memref<i32>) {
  // expected-error @below {{expected operands of integers or of f32, but got both}}
  qkernel.contract ins(%a, %b : memref<1024xf32>, memref<256xf32>) outs(%acc, %max : memref<64x16xf32>, memref<i32>)
    {contraction = #qkernel.contraction<rows = [64] strides [16], steps = [16] a [1] b [16],
     columns = 16 panel 16 stride 256>}
  return
}

// -----

// (C1) of addresses: a step is one float.
func.func @f(%a: memref<1023xf32>, %b: memref<256xf32>, %acc: memref<64x16xf32>) {
  // expected-error @below {{large enough for all addresses, 1024 elements, but got 'memref<1023xf32>'}}
  qkernel.contract ins(%a, %b : memref<1023xf32>, memref<256xf32>) outs(%acc : memref<64x16xf32>)
    {contraction = #qkernel.contraction<rows = [64] strides [16], steps = [16] a [1] b [16],
     columns = 16 panel 16 stride 256>}
  return
}

// -----

// (C1) of ranks
func.func @f(%s: memref<3x3x4x16xi32>, %g: memref<16x4x3x3xi32>) {
  // expected-error @below {{expected partial sums of rank 5}}
  qkernel.unpack_weight ins(%s : memref<3x3x4x16xi32>) outs(%g : memref<16x4x3x3xi32>)
  return
}

// -----

// (C1) of shapes
func.func @f(%s: memref<2x3x3x4x16xi32>, %g: memref<3x3x4x16xi32>) {
  // expected-error @below {{expected weights of shape [16, 4, 3, 3], but got [3, 3, 4, 16]}}
  qkernel.unpack_weight ins(%s : memref<2x3x3x4x16xi32>) outs(%g : memref<3x3x4x16xi32>)
  return
}

// -----

// (C1) of sums of errors
func.func @f(%s: memref<2x3x3x4x16xi32>, %e: memref<4xi32>, %g: memref<16x4x3x3xi32>) {
  // expected-error @below {{expected sums of errors of shape [16], but got [4]}}
  qkernel.unpack_weight ins(%s : memref<2x3x3x4x16xi32>) error_sums(%e : memref<4xi32>) outs(%g : memref<16x4x3x3xi32>) {saturate}
  return
}

// -----

// (C3)
func.func @f(%s: memref<2x3x3x4x16xi32>, %e: memref<16xi32>, %g: memref<16x4x3x3xi32>) {
  // expected-error @below {{expected saturate for sums of errors}}
  qkernel.unpack_weight ins(%s : memref<2x3x3x4x16xi32>) error_sums(%e : memref<16xi32>) outs(%g : memref<16x4x3x3xi32>)
  return
}

// -----

// (C3) of 64 bits
func.func @f(%s: memref<2x3x3x4x16xi64>, %g: memref<16x4x3x3xi64>) {
  // expected-error @below {{expected 32-bit integers for saturate}}
  qkernel.unpack_weight ins(%s : memref<2x3x3x4x16xi64>) outs(%g : memref<16x4x3x3xi64>) {saturate}
  return
}
