// RUN: qtc-opt %s -split-input-file -verify-diagnostics

//===----------------------------------------------------------------------===//
// Pools, reductions, loss
//===----------------------------------------------------------------------===//

#window = #qtrain.window<kernel = [2, 2], strides = [2, 2], pads = [0, 0, 0, 0], dilations = [1, 1]>
// (C1) of extents
func.func @f(%x: memref<8x6x6x4xi8>, %y: memref<8x3x3x2xi8>) {
  // expected-error @below {{expected equal batch and channels, but got [8, 6, 6, 4] and [8, 3, 3, 2]}}
  qkernel.max_pool2d ins(%x : memref<8x6x6x4xi8>) outs(%y : memref<8x3x3x2xi8>) {window = #window}
  return
}

// -----

#window = #qtrain.window<kernel = [2, 2], strides = [2, 2], pads = [0, 0, 0, 0], dilations = [1, 1]>
// (C1) of ranks
func.func @f(%x: memref<8x36x4xi8>, %y: memref<8x3x3x4xi32>) {
  // expected-error @below {{expected equal batch and channels}}
  qkernel.average_pool2d ins(%x : memref<8x36x4xi8>) outs(%y : memref<8x3x3x4xi32>) {window = #window}
  return
}

// -----

#window = #qtrain.window<kernel = [2, 2], strides = [2, 2], pads = [0, 0, 0, 0], dilations = [1, 1]>
// (C1) of extents
func.func @f(%e: memref<8x3x3x4xi8>, %ex: memref<4x6x6x4xi32>) {
  // expected-error @below {{expected equal batch and channels}}
  qkernel.average_pool2d_gradient ins(%e : memref<8x3x3x4xi8>) outs(%ex : memref<4x6x6x4xi32>) {window = #window}
  return
}

// -----

// (C1)
func.func @f(%x: memref<8x10xi32>, %max: memref<1xi32>) {
  // expected-error @below {{expected maximum of shape [], but got [1]}}
  qkernel.max_abs ins(%x : memref<8x10xi32>) outs(%max : memref<1xi32>)
  return
}

// -----

// (C1)
func.func @f(%e: memref<6x4xi8>, %i: memref<5xi32>, %g: memref<9x4xi32>) {
  // expected-error @below {{expected indices of shape [6], but got [5]}}
  qkernel.scatter_add ins(%e, %i : memref<6x4xi8>, memref<5xi32>) outs(%g : memref<9x4xi32>)
  return
}

// -----

// (C2)
func.func @f(%e: memref<6x4xf32>, %i: memref<6xi32>, %g: memref<9x4xi32>) {
  // expected-error @below {{expected rows and sums of one kind}}
  qkernel.scatter_add ins(%e, %i : memref<6x4xf32>, memref<6xi32>) outs(%g : memref<9x4xi32>)
  return
}

// -----

// (C1) of ranks
func.func @f(%e: memref<8xi8>, %g: memref<8xi32>) {
  // expected-error @below {{expected an input of rank 2 or more}}
  qkernel.channel_sum ins(%e : memref<8xi8>) outs(%g : memref<8xi32>) {factor = 1 : i64}
  return
}

// -----

// (C1) of extents: channels are innermost.
func.func @f(%e: memref<8x4x4x2xi8>, %g: memref<4xi32>) {
  // expected-error @below {{expected sum of shape [2], but got [4]}}
  qkernel.channel_sum ins(%e : memref<8x4x4x2xi8>) outs(%g : memref<4xi32>) {factor = 1 : i64}
  return
}

// -----

// (C1) of inputs
func.func @f(%x: memref<8x10xi8>, %t: memref<8xi32>, %e: memref<8x10xi32>) {
  // expected-error @below {{expected logits of floats without an exponent, or of integers with one}}
  qkernel.softmax_error ins(%x, %t : memref<8x10xi8>, memref<8xi32>) outs(%e : memref<8x10xi32>)
    {exponential = #qtrain.exponential<fraction>}
  return
}

// -----

// (C1) of shapes
func.func @f(%x: memref<8x10xi8>, %s: i32, %t: memref<8xi32>, %e: memref<8x11xi32>) {
  // expected-error @below {{expected error of shape [8, 10], but got [8, 11]}}
  qkernel.softmax_error ins(%x, %t : memref<8x10xi8>, memref<8xi32>) exponent(%s : i32) outs(%e : memref<8x11xi32>)
    {exponential = #qtrain.exponential<fraction>}
  return
}

// -----

//===----------------------------------------------------------------------===//
// qkernel.launch
//===----------------------------------------------------------------------===//

// The task exists.
func.func @f(%executor: !llvm.ptr) {
  // expected-error @below {{expected a function named @task}}
  qkernel.launch @task() on %executor : !llvm.ptr count 8
  return
}

// -----

// (C1) of arguments
func.func private @task(index, index, i32)
func.func @f(%executor: !llvm.ptr, %x: memref<8xi32>) {
  // expected-error @below {{expected a function of two indices and 'memref<8xi32>', but got '(index, index, i32) -> ()'}}
  qkernel.launch @task(%x) on %executor : !llvm.ptr count 8 with memref<8xi32>
  return
}

// -----

// (C1) of results
func.func private @task(index, index) -> i32
func.func @f(%executor: !llvm.ptr) {
  // expected-error @below {{expected a function of two indices and}}
  qkernel.launch @task() on %executor : !llvm.ptr count 8
  return
}

// -----

// (C1) of qkernel.pack_weight: 20 outputs in panels of 32, 25 steps, 4 bytes.
func.func @f(%w: memref<20x3x5x5xi8>, %p: memref<8xi8>) {
  // expected-error @below {{elements or more}}
  qkernel.pack_weight ins(%w : memref<20x3x5x5xi8>) outs(%p : memref<8xi8>)
    {order = #qkernel.weight_order<forward>, panel = 32 : i64}
  return
}

// -----

// (C1) of qkernel.contract: row 63 starts at byte 4032 of A, step 15 at byte 960 of B.
func.func @f(%a: memref<64xi8>, %b: memref<64xi8>, %acc: memref<64x16xi32>) {
  // expected-error @below {{large enough}}
  qkernel.contract ins(%a, %b : memref<64xi8>, memref<64xi8>) outs(%acc : memref<64x16xi32>)
    {contraction = #qkernel.contraction<rows = [64] strides [64], steps = [16] a [4] b [64],
                                        columns = 16 panel 16 stride 1024>}
  return
}

// -----

// (C1) of qkernel.softmax_error: a label for each row.
func.func @f(%x: memref<8x10xi8>, %s: i32, %t: memref<4xi32>, %e: memref<8x10xi32>) {
  // expected-error @below {{expected logits of rank 2 and one label per row}}
  qkernel.softmax_error ins(%x, %t : memref<8x10xi8>, memref<4xi32>) exponent(%s : i32) outs(%e : memref<8x10xi32>)
    {exponential = #qtrain.exponential<fraction>}
  return
}

// -----

// (C1) of qkernel.max_pool2d_gradient: the error has the extents of the pool's result.
#window = #qtrain.window<kernel = [2, 2], strides = [2, 2], pads = [0, 0, 0, 0], dilations = [1, 1]>
func.func @f(%x: memref<8x6x6x4xi8>, %e: memref<4x3x3x2xi8>, %ex: memref<8x6x6x4xi8>) {
  // expected-error @below {{expected}}
  qkernel.max_pool2d_gradient ins(%x, %e : memref<8x6x6x4xi8>, memref<4x3x3x2xi8>)
    outs(%ex : memref<8x6x6x4xi8>) {window = #window}
  return
}
// -----

// (C2) of qkernel.contract: narrow accumulators without their shift.
func.func @f(%a: memref<4160xi8>, %b: memref<1024xi8>, %acc: memref<64x16xi16>, %max: memref<i32>) {
  // expected-error @below {{expected accumulators of 16 bits with a maximum and a shift}}
  qkernel.contract ins(%a, %b : memref<4160xi8>, memref<1024xi8>) outs(%acc, %max : memref<64x16xi16>, memref<i32>)
    {contraction = #qkernel.contraction<rows = [64] strides [64], steps = [16] a [4] b [64],
     columns = 16 panel 16 stride 1024>}
  return
}

// -----

// (C2) of pools: integers and floats do not mix.
func.func @f(%x: memref<8x6x6x4xf32>, %y: memref<8x3x3x4xi32>) {
  // expected-error @below {{expected operands of integers or of f32, but got both}}
  qkernel.average_pool2d ins(%x : memref<8x6x6x4xf32>) outs(%y : memref<8x3x3x4xi32>)
    {window = #qtrain.window<kernel = [2, 2], strides = [2, 2], pads = [0, 0, 0, 0], dilations = [1, 1]>}
  return
}

// -----

// (C2) of qkernel.channel_sum: floats are neither scaled nor saturated ...
func.func @f(%e: memref<8x2xf32>, %g: memref<2xf32>) {
  // expected-error @below {{expected a factor of 1 and no saturation for floats}}
  qkernel.channel_sum ins(%e : memref<8x2xf32>) outs(%g : memref<2xf32>) {factor = 2 : i64}
  return
}

// -----

// ... (C2) partial sums have their channels ...
func.func @f(%e: memref<8x2xf32>, %g: memref<4x3xf32>) {
  // expected-error @below {{expected partial sums of shape [4, 2], but got [4, 3]}}
  qkernel.channel_sum ins(%e : memref<8x2xf32>) outs(%g : memref<4x3xf32>) {factor = 1 : i64}
  return
}

// -----

// ... (C2) and integers have none.
func.func @f(%e: memref<8x2xi8>, %g: memref<4x2xi32>) {
  // expected-error @below {{expected sum of shape [2], but got [4, 2]}}
  qkernel.channel_sum ins(%e : memref<8x2xi8>) outs(%g : memref<4x2xi32>) {factor = 1 : i64}
  return
}

// -----

// (C2) of qkernel.channel_sum: sums of floats are as wide as these.
func.func @f(%e: memref<8x2xf32>, %g: memref<2xf64>) {
  // expected-error @below {{expected sums of the input's element type}}
  qkernel.channel_sum ins(%e : memref<8x2xf32>) outs(%g : memref<2xf64>) {factor = 1 : i64}
  return
}

// -----

// ... in rows ...
func.func @f(%a: memref<8x2x2xf32>, %s: memref<4x2xf64>) {
  // expected-error @below {{expected inputs and outputs of rank 2, but got [8, 2, 2] and [4, 2]}}
  qkernel.channel_moments ins(%a, %a : memref<8x2x2xf32>, memref<8x2x2xf32>)
    outs(%s, %s : memref<4x2xf64>, memref<4x2xf64>)
  return
}

// -----

// ... of one shape ...
func.func @f(%a: memref<8x2xf32>, %b: memref<7x2xf32>, %s: memref<4x2xf64>) {
  // expected-error @below {{expected second input of shape [8, 2], but got [7, 2]}}
  qkernel.channel_moments ins(%a, %b : memref<8x2xf32>, memref<7x2xf32>)
    outs(%s, %s : memref<4x2xf64>, memref<4x2xf64>)
  return
}

// -----

// ... have sums of their channels ...
func.func @f(%a: memref<8x2xf32>, %s: memref<4x3xf64>) {
  // expected-error @below {{expected sums of shape [4, 2], but got [4, 3]}}
  qkernel.channel_moments ins(%a, %a : memref<8x2xf32>, memref<8x2xf32>)
    outs(%s, %s : memref<4x3xf64>, memref<4x3xf64>)
  return
}

// -----

// ... in as many parts as those of products.
func.func @f(%a: memref<8x2xf32>, %s: memref<4x2xf64>, %p: memref<3x2xf64>) {
  // expected-error @below {{expected sums of products of shape [4, 2], but got [3, 2]}}
  qkernel.channel_moments ins(%a, %a : memref<8x2xf32>, memref<8x2xf32>)
    outs(%s, %p : memref<4x2xf64>, memref<3x2xf64>)
  return
}

// -----

// (C2) Integers have sums of integers.
func.func @f(%a: memref<8x2xi8>, %s: memref<4x2xf64>) {
  // expected-error @below {{expected operands of integers or of f32, but got both}}
  qkernel.channel_moments ins(%a, %a : memref<8x2xi8>, memref<8x2xi8>)
    outs(%s, %s : memref<4x2xf64>, memref<4x2xf64>)
  return
}

// -----

// (C2) of qkernel.softmax_error: floats have no form of the exponential.
func.func @f(%x: memref<8x10xf32>, %t: memref<8xi32>, %e: memref<8x10xf32>) {
  // expected-error @below {{expected an exponential exactly for integers}}
  qkernel.softmax_error ins(%x, %t : memref<8x10xf32>, memref<8xi32>) outs(%e : memref<8x10xf32>)
    {exponential = #qtrain.exponential<fraction>}
  return
}

// -----

// (C1) of qkernel.max_abs: magnitudes of 64 bits.
func.func @f(%x: memref<8x10xi64>, %max: memref<i32>) {
  // expected-error @below {{expected a maximum as wide as}}
  qkernel.max_abs ins(%x : memref<8x10xi64>) outs(%max : memref<i32>)
  return
}

// -----

// (C2)
func.func @f(%x: memref<8x10xi32>, %m: memref<9xi8>, %max: memref<i32>) {
  // expected-error @below {{expected a mask of 10 bytes, but got 'memref<9xi8>'}}
  qkernel.max_abs ins(%x : memref<8x10xi32>) mask(%m : memref<9xi8>) outs(%max : memref<i32>)
  return
}

// -----

// (C1) of qkernel.range_mask
func.func @f(%x: memref<8x10xi32>, %m: memref<80xi8>) {
  // expected-error @below {{expected a mask of 10 bytes, but got 'memref<80xi8>'}}
  qkernel.range_mask ins(%x : memref<8x10xi32>) outs(%m : memref<80xi8>) {low = 1 : i64}
  return
}

// -----

// (C1) of qkernel.apply_mask
func.func @f(%x: memref<8x10xi32>, %m: memref<10xi8>, %y: memref<8x10xi8>) {
  // expected-error @below {{expected input and output of one type}}
  qkernel.apply_mask ins(%x, %m : memref<8x10xi32>, memref<10xi8>) outs(%y : memref<8x10xi8>)
  return
}

// -----

// (C1) of qkernel.max_unpool2d
func.func @f(%p: memref<8x3x3x4xi8>, %e: memref<8x3x2x4xi8>, %ex: memref<8x6x6x4xi8>) {
  // expected-error @below {{expected error of shape [8, 3, 3, 4], but got [8, 3, 2, 4]}}
  qkernel.max_unpool2d ins(%p, %e : memref<8x3x3x4xi8>, memref<8x3x2x4xi8>) outs(%ex : memref<8x6x6x4xi8>)
    {window = #qtrain.window<kernel = [2, 2], strides = [2, 2], pads = [0, 0, 0, 0], dilations = [1, 1]>}
  return
}

// -----

// (C1) of qkernel.concat, elements
func.func @f(%a: memref<8x4xi8>, %b: memref<8x4xi16>, %y: memref<8x8xi8>) {
  // expected-error @below {{expected parts of 'memref<8x8xi8>' along dimension 1, but got 'memref<8x4xi16>'}}
  qkernel.concat ins(%a, %b : memref<8x4xi8>, memref<8x4xi16>) outs(%y : memref<8x8xi8>) {axis = 1 : i64}
  return
}

// -----

// (C1) of qkernel.concat, other dimensions
func.func @f(%a: memref<8x4xi8>, %b: memref<7x4xi8>, %y: memref<8x8xi8>) {
  // expected-error @below {{expected an input of shape [8, 4], but got [7, 4]}}
  qkernel.concat ins(%a, %b : memref<8x4xi8>, memref<7x4xi8>) outs(%y : memref<8x8xi8>) {axis = 1 : i64}
  return
}

// -----

// (C1) of qkernel.concat, the sum
func.func @f(%a: memref<8x4xi8>, %y: memref<8x9xi8>) {
  // expected-error @below {{expected inputs that make up 'memref<8x9xi8>'}}
  qkernel.concat ins(%a, %a : memref<8x4xi8>, memref<8x4xi8>) outs(%y : memref<8x9xi8>) {axis = 1 : i64}
  return
}

// -----

// Kernels are on tensors or on buffers, without encodings.

func.func @f(%x: tensor<8x10xi32>, %y: memref<i32>) {
  // expected-error @below {{expected tensors or buffers, but got both}}
  qkernel.max_abs ins(%x : tensor<8x10xi32>) outs(%y : memref<i32>)
  return
}

// -----

func.func @f(%x: memref<8x10xi8>, %y: memref<10xi8>) {
  // expected-error @below {{expected a lower or an upper end, of 8 bits}}
  qkernel.range_mask ins(%x : memref<8x10xi8>) outs(%y : memref<10xi8>) {low = 1000 : i64}
  return
}

// -----

func.func @f(%x: memref<8x1x1x4xi8>, %y: memref<8x9x9x4xi32>) {
  // expected-error @below {{expected every window to touch the image}}
  qkernel.average_pool2d ins(%x : memref<8x1x1x4xi8>) outs(%y : memref<8x9x9x4xi32>)
    {window = #qtrain.window<kernel = [1, 1], strides = [7, 7], pads = [0, 0, 0, 0], dilations = [1, 1]>}
  return
}

// -----

func.func @f(%x: memref<8x1x1x4xf32>, %y: memref<8x1x1x4xi8>) {
  // expected-error @below {{expected operands of integers or of f32, but got both}}
  qkernel.max_pool2d_positions ins(%x : memref<8x1x1x4xf32>) outs(%y : memref<8x1x1x4xi8>)
    {window = #qtrain.window<kernel = [1, 1], strides = [1, 1], pads = [0, 0, 0, 0], dilations = [1, 1]>}
  return
}

// -----

func.func @f(%x: memref<8x6x6x3xi8>, %p: memref<2112xi8>) {
  // expected-error @below {{expected an image of rank 4, 4 pads}}
  qkernel.pack_activation ins(%x : memref<8x6x6x3xi8>) outs(%p : memref<2112xi8>) {block = 4 : i64, channels = 4 : i64,
    dilation = array<i64: 1, 9223372036854775807>, interleave = 1 : i64, pads = array<i64: 1, 1, 1, 1>}
  return
}

// -----

// expected-error @below {{expected counts and addresses below 2^60}}
func.func private @f() attributes {test.contraction = #qkernel.contraction<rows = [1] strides [9223372036854775807],
  steps = [1] a [4] b [4], columns = 1 panel 16 stride 1024>}

// -----

// Marks.

// expected-error @below {{expected "qkernel.profile" to be an array of name, kind, macs and bytes}}
func.func private @f() attributes {qkernel.profile = [1]}

// -----

// expected-error @below {{expected "qkernel.macs" to be a 64-bit integer, but got "many"}}
func.func private @f() attributes {qkernel.macs = "many"}

// -----

// expected-error @below {{expected 'qkernel.root' of argument 0 to be the number of a buffer before it, but got 0}}
func.func private @f(memref<4xi8> {qkernel.root = 0 : i64})

// -----

// (C1) of qkernel.row_metric
func.func @f(%y: memref<8xf32>, %t: memref<8xi32>, %l: memref<8xf32>) {
  // expected-error @below {{expected predictions of rank 2 as the metric takes them, but got 'memref<8xf32>'}}
  qkernel.row_metric ins(%y, %t : memref<8xf32>, memref<8xi32>) outs(%l : memref<8xf32>) {metric = #qtrain.accuracy}
  return
}

// -----

// (C1)
func.func @f(%y: memref<8x2xf32>, %t: memref<4xi32>, %l: memref<8xf32>) {
  // expected-error @below {{expected targets of shape [8], but got [4]}}
  qkernel.row_metric ins(%y, %t : memref<8x2xf32>, memref<4xi32>) outs(%l : memref<8xf32>) {metric = #qtrain.accuracy}
  return
}

// -----

// (C2)
func.func @f(%y: memref<8x2xf32>, %t: memref<8x2xi64>, %l: memref<8xf32>) {
  // expected-error @below {{expected targets as the metric and 'memref<8x2xf32>' need them, but got 'memref<8x2xi64>'}}
  qkernel.row_metric ins(%y, %t : memref<8x2xf32>, memref<8x2xi64>) outs(%l : memref<8xf32>) {metric = #qtrain.mean_squares}
  return
}

// -----

// (C2)
func.func @f(%y: memref<8x2xf32>, %t: memref<8xi64>, %l: memref<8xf32>) {
  // expected-error @below {{expected targets as the metric and 'memref<8x2xf32>' need them, but got 'memref<8xi64>'}}
  qkernel.row_metric ins(%y, %t : memref<8x2xf32>, memref<8xi64>) outs(%l : memref<8xf32>) {metric = #qtrain.accuracy}
  return
}

// -----

// (C2)
func.func @f(%y: memref<8x2xi8>, %t: memref<8xi32>, %l: memref<8xi64>) {
  // expected-error @below {{expected values of 64 bits and an exponent exactly for mantissas}}
  qkernel.row_metric ins(%y, %t : memref<8x2xi8>, memref<8xi32>) outs(%l : memref<8xi64>) {metric = #qtrain.accuracy}
  return
}

// -----

// (C2)
func.func @f(%y: memref<8x2xi8>, %t: memref<8x2xi32>, %l: memref<8xi64>, %s: i32) {
  // expected-error @below {{expected values of 64 bits and an exponent exactly for mantissas}}
  qkernel.row_metric ins(%y, %t : memref<8x2xi8>, memref<8x2xi32>) exponent(%s : i32) outs(%l : memref<8xi64>)
    {metric = #qtrain.mean_squares}
  return
}

// -----

// (C2)
func.func @f(%y: memref<8x2xi8>, %t: memref<8xi32>, %l: memref<8xf32>, %s: i32) {
  // expected-error @below {{expected values of 64 bits and an exponent exactly for mantissas}}
  qkernel.row_metric ins(%y, %t : memref<8x2xi8>, memref<8xi32>) exponent(%s : i32) outs(%l : memref<8xf32>)
    {metric = #qtrain.accuracy}
  return
}
