// RUN: qtc-opt %s -pass-pipeline='builtin.module(func.func(separate-destinations))' -split-input-file | FileCheck %s
// RUN: qtc-opt %s -pass-pipeline='builtin.module(func.func(separate-destinations),one-shot-bufferize{allow-return-allocs-from-loops},func.func(plan-arena))' \
// RUN:   -split-input-file | FileCheck %s --check-prefix=ARENA

// The example of the pass: every use gets an empty tensor of its own.

// CHECK-LABEL: func @f(
//       CHECK:   %[[E0:.+]] = tensor.empty() : tensor<8xi32>
//  CHECK-NEXT:   linalg.fill ins(%{{.+}}) outs(%[[E0]] :
//  CHECK-NEXT:   %[[E1:.+]] = tensor.empty() : tensor<8xi32>
//  CHECK-NEXT:   linalg.fill ins(%{{.+}}) outs(%[[E1]] :
//   CHECK-NOT:   tensor.empty
func.func @f(%c0: i32, %c1: i32) -> (tensor<8xi32>, tensor<8xi32>) {
  %e = tensor.empty() : tensor<8xi32>
  %a = linalg.fill ins(%c0 : i32) outs(%e : tensor<8xi32>) -> tensor<8xi32>
  %b = linalg.fill ins(%c1 : i32) outs(%e : tensor<8xi32>) -> tensor<8xi32>
  return %a, %b : tensor<8xi32>, tensor<8xi32>
}

// -----

// Two uses by one operation, and one in a region of it.

// CHECK-LABEL: func @operands(
// CHECK-COUNT-3: tensor.empty() : tensor<8xi32>
//   CHECK-NOT: tensor.empty
//       CHECK: return
func.func @operands(%x: tensor<8xi32>) -> (tensor<8xi32>, tensor<8xi32>, i32) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0 : i32
  %e = tensor.empty() : tensor<8xi32>
  %a:2 = linalg.generic {indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>],
                         iterator_types = ["parallel"]}
      ins(%x : tensor<8xi32>) outs(%e, %e : tensor<8xi32>, tensor<8xi32>) {
  ^bb0(%in: i32, %out0: i32, %out1: i32):
    linalg.yield %in, %in : i32, i32
  } -> (tensor<8xi32>, tensor<8xi32>)
  %sum = scf.for %i = %c0 to %c1 step %c1 iter_args(%carried = %zero) -> i32 {
    %fill = linalg.fill ins(%carried : i32) outs(%e : tensor<8xi32>) -> tensor<8xi32>
    %first = tensor.extract %fill[%c0] : tensor<8xi32>
    scf.yield %first : i32
  }
  return %a#0, %a#1, %sum : tensor<8xi32>, tensor<8xi32>, i32
}

// -----

// What it is for: of a chain of operations only neighbours are alive together,
// so that two places are enough however long it is.

// CHECK-LABEL: func @chain(
// CHECK-COUNT-4: tensor.empty() : tensor<16xi32>
// ARENA-LABEL: func @chain(
//  ARENA-SAME:   memref<128xi8> {qtrain.role = #qtrain.role<arena>}
// ARENA-COUNT-4: memref.view
//   ARENA-NOT: memref.copy
#id = affine_map<(d0) -> (d0)>
#flip = affine_map<(d0) -> (15 - d0)>
#map = {indexing_maps = [#flip, #id], iterator_types = ["parallel"]}
func.func @chain(%c: i32) -> i32 {
  %c0 = arith.constant 0 : index
  %e = tensor.empty() : tensor<16xi32>
  %a = linalg.fill ins(%c : i32) outs(%e : tensor<16xi32>) -> tensor<16xi32>
  %b = linalg.generic #map ins(%a : tensor<16xi32>) outs(%e : tensor<16xi32>) {
  ^bb0(%in: i32, %out: i32):
    linalg.yield %in : i32
  } -> tensor<16xi32>
  %d = linalg.generic #map ins(%b : tensor<16xi32>) outs(%e : tensor<16xi32>) {
  ^bb0(%in: i32, %out: i32):
    linalg.yield %in : i32
  } -> tensor<16xi32>
  %f = linalg.generic #map ins(%d : tensor<16xi32>) outs(%e : tensor<16xi32>) {
  ^bb0(%in: i32, %out: i32):
    linalg.yield %in : i32
  } -> tensor<16xi32>
  %r = tensor.extract %f[%c0] : tensor<16xi32>
  return %r : i32
}
