// RUN: qtc-opt %s -convert-contract-to-gpu="sm=80 candidate=1" | FileCheck %s --check-prefix=SECOND
// RUN: qtc-opt %s -convert-contract-to-gpu="sm=80 candidate=1000" | FileCheck %s --check-prefix=LAST
// RUN: qtc-opt %s -convert-contract-to-gpu="sm=80 candidate=1 tiles=64x64x9:128x32/32x32/1,1x1x1:64x16/32x16/1" -canonicalize \
// RUN:   | FileCheck %s --check-prefix=GIVEN
// RUN: qtc-opt %s -convert-contract-to-gpu="sm=80 tiles=16x16x8192+:64x64/32x32/108" -convert-loops-to-gpu \
// RUN:   | FileCheck %s --check-prefix=PROFILE

// A contraction takes another schedule than the one estimated best: all of them
// the same candidate, or one of a shape its own. Shapes that do not occur do
// not matter. Profiles tell what was taken.

// SECOND-LABEL: func @forward(
// SECOND:         qkernel.tiles = "64x64x9:64x32/32x16/1"
// SECOND-LABEL: func @gradient(
// SECOND:         qkernel.tiles = "16x16x8192+:64x16/32x16-ca/108"

// LAST-LABEL: func @forward(
// LAST:         qkernel.tiles = "64x64x9:256x128/64x64-s4-ca/1"
// LAST-LABEL: func @gradient(
// LAST:         qkernel.tiles = "16x16x8192+:256x128/64x64-s4/54"

// GIVEN-LABEL: func @forward(
// GIVEN:         gpu.launch blocks({{.*}}) in (%{{.*}} = %c2{{[,_]}}{{.*}}) threads({{.*}}) in (%{{.*}} = %c128{{[,_]}}
// GIVEN:         qkernel.tiles = "64x64x9:128x32/32x32/1"
// GIVEN-LABEL: func @gradient(
// GIVEN:         gpu.launch blocks({{.*}}) in (%{{.*}} = %c108{{[,_]}}
// GIVEN:         qkernel.tiles = "16x16x8192+:64x16/32x16-ca/108"

// PROFILE-LABEL: func @gradient(
// PROFILE-SAME:    tiles = "16x16x8192+:64x64/32x32/108"

func.func @forward(%x: memref<1x8x8x16xi8>, %w: memref<64x3x3x16xi8>, %acc: memref<1x8x8x64xi32>) {
  qkernel.mapped_contract ins(%x, %w : memref<1x8x8x16xi8>, memref<64x3x3x16xi8>) outs(%acc : memref<1x8x8x64xi32>)
    {rows = array<i64: 1, 8, 8>, columns = 64 : i64, steps = array<i64: 3, 3, 1>,
     a_map = affine_map<(n, h, w, kh, kw, c) -> (n, h + kh - 1, w + kw - 1, c * 16)>,
     b_map = affine_map<(o, kh, kw, c) -> (o, kh, kw, c * 16)>,
     result_map = affine_map<(n, h, w, o) -> (n, h, w, o)>}
  return
}

func.func @gradient(%x: memref<64x64x16x32xi8>, %e: memref<64x64x16x32xi8>, %g: memref<16x16xi32>) {
  qkernel.mapped_contract ins(%x, %e : memref<64x64x16x32xi8>, memref<64x64x16x32xi8>) outs(%g : memref<16x16xi32>)
    {rows = array<i64: 16>, columns = 16 : i64, steps = array<i64: 64, 64, 2>, accumulate,
     a_map = affine_map<(i, h, w, n) -> (h, w, i, n * 16)>, b_map = affine_map<(o, h, w, n) -> (h, w, o, n * 16)>,
     result_map = affine_map<(i, o) -> (o, i)>}
  return
}
