// RUN: qtc-opt %s -split-input-file -verify-diagnostics

// (C1) of qkernel.mapped_copy
func.func @f(%x: memref<8x10xi8>, %y: memref<8x16xi8>) {
  // expected-error @below {{expected a map of 2 dimensions to 2, but got affine_map<(d0) -> (d0)>}}
  qkernel.mapped_copy ins(%x : memref<8x10xi8>) outs(%y : memref<8x16xi8>) {map = affine_map<(i) -> (i)>}
  return
}

// -----

// (C1) of qkernel.mapped_contract
func.func @f(%a: tensor<8x16xi8>, %b: tensor<5x16xi8>, %acc: tensor<8x5xi32>) {
  // expected-error @below {{expected buffers}}
  qkernel.mapped_contract ins(%a, %b : tensor<8x16xi8>, tensor<5x16xi8>) outs(%acc : tensor<8x5xi32>)
    {rows = array<i64: 8>, columns = 5 : i64, steps = array<i64: 1>, a_map = affine_map<(r, k) -> (r, k * 16)>,
     b_map = affine_map<(c, k) -> (c, k * 16)>, result_map = affine_map<(r, c) -> (r, c)>} -> tensor<8x5xi32>
  return
}

// -----

// (C2)
func.func @f(%a: memref<8x16xi8>, %b: memref<5x16xi8>, %acc: memref<8x5xi32>) {
  // expected-error @below {{expected b_map to have 2 dimensions and 2 results, but got affine_map<(d0) -> (d0, 0)>}}
  qkernel.mapped_contract ins(%a, %b : memref<8x16xi8>, memref<5x16xi8>) outs(%acc : memref<8x5xi32>)
    {rows = array<i64: 8>, columns = 5 : i64, steps = array<i64: 1>, a_map = affine_map<(r, k) -> (r, k * 16)>,
     b_map = affine_map<(c) -> (c, 0)>, result_map = affine_map<(r, c) -> (r, c)>}
  return
}

// -----

// (C2)
func.func @f(%a: memref<8x20xi8>, %b: memref<5x16xi8>, %acc: memref<8x5xi32>) {
  // expected-error @below {{expected last extents that are multiples of 16}}
  qkernel.mapped_contract ins(%a, %b : memref<8x20xi8>, memref<5x16xi8>) outs(%acc : memref<8x5xi32>)
    {rows = array<i64: 8>, columns = 5 : i64, steps = array<i64: 1>, a_map = affine_map<(r, k) -> (r, k * 16)>,
     b_map = affine_map<(c, k) -> (c, k * 16)>, result_map = affine_map<(r, c) -> (r, c)>}
  return
}

// -----

// (C3)
func.func @f(%a: memref<8x16xi8>, %b: memref<5x16xi8>, %acc: memref<8x5xi32>, %max: memref<i32>) {
  // expected-error @below {{expected neither a bias nor a maximum with accumulate}}
  qkernel.mapped_contract ins(%a, %b : memref<8x16xi8>, memref<5x16xi8>) outs(%acc, %max : memref<8x5xi32>, memref<i32>)
    {rows = array<i64: 8>, columns = 5 : i64, steps = array<i64: 1>, a_map = affine_map<(r, k) -> (r, k * 16)>,
     b_map = affine_map<(c, k) -> (c, k * 16)>, result_map = affine_map<(r, c) -> (r, c)>, accumulate}
  return
}

// -----

func.func @f(%x: memref<32x32xi8>, %y: memref<32x32xi8>) {
  // expected-error @below {{expected map to give positions below 2^62}}
  qkernel.mapped_copy ins(%x : memref<32x32xi8>) outs(%y : memref<32x32xi8>)
    {map = affine_map<(i, j) -> (j, i * 9223372036854775807)>}
  return
}

// -----

func.func @f(%a: memref<16x16xi8>, %b: memref<16x16xi8>, %acc: memref<16x16xi32>) {
  // expected-error @below {{expected positive extents, and fewer than 2^63 products}}
  qkernel.mapped_contract ins(%a, %b : memref<16x16xi8>, memref<16x16xi8>) outs(%acc : memref<16x16xi32>)
    {rows = array<i64: 0>, columns = 16 : i64, steps = array<i64: 1>, a_map = affine_map<(r, k) -> (r, k * 16)>,
     b_map = affine_map<(c, k) -> (c, k * 16)>, result_map = affine_map<(r, c) -> (r, c)>}
  return
}
