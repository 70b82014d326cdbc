// Constraints that descriptions state and verifiers do not check yet. What is
// fixed moves to invalid.mlir; an empty file goes.

// RUN: qtc-opt %s -split-input-file -verify-diagnostics
// XFAIL: *

// (C1) of qkernel.pack_weight: 20 outputs in panels of 32, 25 steps, 4 bytes.
func.func @f(%w: memref<20x3x5x5xi8>, %p: memref<8xi8>) {
  // expected-error @below {{bytes or more}}
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
  // expected-error @below {{labels}}
  qkernel.softmax_error ins(%x, %s, %t : memref<8x10xi8>, i32, memref<4xi32>) outs(%e : memref<8x10xi32>)
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
