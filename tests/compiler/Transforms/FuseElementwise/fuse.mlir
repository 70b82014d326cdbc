// RUN: qtc-opt %s -fuse-elementwise -split-input-file | FileCheck %s

#map = affine_map<(d0) -> (d0)>

// A producer with one user goes into it, through reshapes that cancel.

// CHECK-LABEL: func @chain(
//  CHECK-SAME:   %[[X:.+]]: tensor<8xf32>)
//       CHECK:   %[[Y:.+]] = linalg.generic {{.*}} ins(%[[X]] : tensor<8xf32>)
//       CHECK:     arith.negf
//       CHECK:     arith.addf
//   CHECK-NOT:   linalg.generic
//       CHECK:   return %[[Y]]
func.func @chain(%x: tensor<8xf32>) -> tensor<8xf32> {
  %e = tensor.empty() : tensor<8xf32>
  %0 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel"]}
      ins(%x : tensor<8xf32>) outs(%e : tensor<8xf32>) {
  ^bb0(%a: f32, %o: f32):
    %n = arith.negf %a : f32
    linalg.yield %n : f32
  } -> tensor<8xf32>
  %1 = tensor.expand_shape %0 [[0, 1]] output_shape [2, 4] : tensor<8xf32> into tensor<2x4xf32>
  %2 = tensor.collapse_shape %1 [[0, 1]] : tensor<2x4xf32> into tensor<8xf32>
  %3 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel"]}
      ins(%2 : tensor<8xf32>) outs(%e : tensor<8xf32>) {
  ^bb0(%a: f32, %o: f32):
    %s = arith.addf %a, %a : f32
    linalg.yield %s : f32
  } -> tensor<8xf32>
  return %3 : tensor<8xf32>
}

// -----

#map = affine_map<(d0) -> (d0)>

// Momentum is stored and goes into the parameter: one loop with two results.

// CHECK-LABEL: func @stored(
//       CHECK:   %[[BOTH:.+]]:2 = linalg.generic
//   CHECK-NOT:   linalg.generic
//       CHECK:   bufferization.materialize_in_destination %[[BOTH]]#0
//       CHECK:   bufferization.materialize_in_destination %[[BOTH]]#1
func.func @stored(%g: tensor<8xf32>, %v: tensor<8xf32>, %w: tensor<8xf32>, %vm: memref<8xf32>, %wm: memref<8xf32>) {
  %v1 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel"]}
      ins(%g : tensor<8xf32>) outs(%v : tensor<8xf32>) {
  ^bb0(%a: f32, %o: f32):
    %s = arith.addf %o, %a : f32
    linalg.yield %s : f32
  } -> tensor<8xf32>
  %w1 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel"]}
      ins(%v1 : tensor<8xf32>) outs(%w : tensor<8xf32>) {
  ^bb0(%a: f32, %o: f32):
    %s = arith.subf %o, %a : f32
    linalg.yield %s : f32
  } -> tensor<8xf32>
  bufferization.materialize_in_destination %v1 in restrict writable %vm : (tensor<8xf32>, memref<8xf32>) -> ()
  bufferization.materialize_in_destination %w1 in restrict writable %wm : (tensor<8xf32>, memref<8xf32>) -> ()
  return
}

// -----

#map = affine_map<(d0) -> (d0)>

// What another operation reads is not computed twice.

// CHECK-LABEL: func @shared(
// CHECK-COUNT-2: linalg.generic
func.func @shared(%x: tensor<8xf32>) -> (tensor<8xf32>, tensor<8xf32>) {
  %e = tensor.empty() : tensor<8xf32>
  %0 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel"]}
      ins(%x : tensor<8xf32>) outs(%e : tensor<8xf32>) {
  ^bb0(%a: f32, %o: f32):
    %n = arith.negf %a : f32
    linalg.yield %n : f32
  } -> tensor<8xf32>
  %1 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel"]}
      ins(%0 : tensor<8xf32>) outs(%e : tensor<8xf32>) {
  ^bb0(%a: f32, %o: f32):
    %s = arith.addf %a, %a : f32
    linalg.yield %s : f32
  } -> tensor<8xf32>
  return %0, %1 : tensor<8xf32>, tensor<8xf32>
}

// -----

#map = affine_map<(d0) -> (d0)>

// Bodies grow to 128 operations: fusion copies them, so that a chain would take
// time for the square of its length. Two of these three fit.

// CHECK-LABEL: func @limit(
// CHECK-COUNT-2: linalg.generic
//   CHECK-NOT:   linalg.generic
func.func @limit(%x: tensor<8xf32>) -> tensor<8xf32> {
  %e = tensor.empty() : tensor<8xf32>
  %0 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel"]}
      ins(%x : tensor<8xf32>) outs(%e : tensor<8xf32>) {
  ^bb0(%a: f32, %o: f32):
    %s0 = arith.mulf %a, %a : f32
    %s1 = arith.mulf %s0, %a : f32
    %s2 = arith.mulf %s1, %a : f32
    %s3 = arith.mulf %s2, %a : f32
    %s4 = arith.mulf %s3, %a : f32
    %s5 = arith.mulf %s4, %a : f32
    %s6 = arith.mulf %s5, %a : f32
    %s7 = arith.mulf %s6, %a : f32
    %s8 = arith.mulf %s7, %a : f32
    %s9 = arith.mulf %s8, %a : f32
    %s10 = arith.mulf %s9, %a : f32
    %s11 = arith.mulf %s10, %a : f32
    %s12 = arith.mulf %s11, %a : f32
    %s13 = arith.mulf %s12, %a : f32
    %s14 = arith.mulf %s13, %a : f32
    %s15 = arith.mulf %s14, %a : f32
    %s16 = arith.mulf %s15, %a : f32
    %s17 = arith.mulf %s16, %a : f32
    %s18 = arith.mulf %s17, %a : f32
    %s19 = arith.mulf %s18, %a : f32
    %s20 = arith.mulf %s19, %a : f32
    %s21 = arith.mulf %s20, %a : f32
    %s22 = arith.mulf %s21, %a : f32
    %s23 = arith.mulf %s22, %a : f32
    %s24 = arith.mulf %s23, %a : f32
    %s25 = arith.mulf %s24, %a : f32
    %s26 = arith.mulf %s25, %a : f32
    %s27 = arith.mulf %s26, %a : f32
    %s28 = arith.mulf %s27, %a : f32
    %s29 = arith.mulf %s28, %a : f32
    %s30 = arith.mulf %s29, %a : f32
    %s31 = arith.mulf %s30, %a : f32
    %s32 = arith.mulf %s31, %a : f32
    %s33 = arith.mulf %s32, %a : f32
    %s34 = arith.mulf %s33, %a : f32
    %s35 = arith.mulf %s34, %a : f32
    %s36 = arith.mulf %s35, %a : f32
    %s37 = arith.mulf %s36, %a : f32
    %s38 = arith.mulf %s37, %a : f32
    %s39 = arith.mulf %s38, %a : f32
    %s40 = arith.mulf %s39, %a : f32
    %s41 = arith.mulf %s40, %a : f32
    %s42 = arith.mulf %s41, %a : f32
    %s43 = arith.mulf %s42, %a : f32
    %s44 = arith.mulf %s43, %a : f32
    %s45 = arith.mulf %s44, %a : f32
    %s46 = arith.mulf %s45, %a : f32
    %s47 = arith.mulf %s46, %a : f32
    %s48 = arith.mulf %s47, %a : f32
    %s49 = arith.mulf %s48, %a : f32
    linalg.yield %s49 : f32
  } -> tensor<8xf32>
  %1 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel"]}
      ins(%0 : tensor<8xf32>) outs(%e : tensor<8xf32>) {
  ^bb0(%a: f32, %o: f32):
    %s0 = arith.mulf %a, %a : f32
    %s1 = arith.mulf %s0, %a : f32
    %s2 = arith.mulf %s1, %a : f32
    %s3 = arith.mulf %s2, %a : f32
    %s4 = arith.mulf %s3, %a : f32
    %s5 = arith.mulf %s4, %a : f32
    %s6 = arith.mulf %s5, %a : f32
    %s7 = arith.mulf %s6, %a : f32
    %s8 = arith.mulf %s7, %a : f32
    %s9 = arith.mulf %s8, %a : f32
    %s10 = arith.mulf %s9, %a : f32
    %s11 = arith.mulf %s10, %a : f32
    %s12 = arith.mulf %s11, %a : f32
    %s13 = arith.mulf %s12, %a : f32
    %s14 = arith.mulf %s13, %a : f32
    %s15 = arith.mulf %s14, %a : f32
    %s16 = arith.mulf %s15, %a : f32
    %s17 = arith.mulf %s16, %a : f32
    %s18 = arith.mulf %s17, %a : f32
    %s19 = arith.mulf %s18, %a : f32
    %s20 = arith.mulf %s19, %a : f32
    %s21 = arith.mulf %s20, %a : f32
    %s22 = arith.mulf %s21, %a : f32
    %s23 = arith.mulf %s22, %a : f32
    %s24 = arith.mulf %s23, %a : f32
    %s25 = arith.mulf %s24, %a : f32
    %s26 = arith.mulf %s25, %a : f32
    %s27 = arith.mulf %s26, %a : f32
    %s28 = arith.mulf %s27, %a : f32
    %s29 = arith.mulf %s28, %a : f32
    %s30 = arith.mulf %s29, %a : f32
    %s31 = arith.mulf %s30, %a : f32
    %s32 = arith.mulf %s31, %a : f32
    %s33 = arith.mulf %s32, %a : f32
    %s34 = arith.mulf %s33, %a : f32
    %s35 = arith.mulf %s34, %a : f32
    %s36 = arith.mulf %s35, %a : f32
    %s37 = arith.mulf %s36, %a : f32
    %s38 = arith.mulf %s37, %a : f32
    %s39 = arith.mulf %s38, %a : f32
    %s40 = arith.mulf %s39, %a : f32
    %s41 = arith.mulf %s40, %a : f32
    %s42 = arith.mulf %s41, %a : f32
    %s43 = arith.mulf %s42, %a : f32
    %s44 = arith.mulf %s43, %a : f32
    %s45 = arith.mulf %s44, %a : f32
    %s46 = arith.mulf %s45, %a : f32
    %s47 = arith.mulf %s46, %a : f32
    %s48 = arith.mulf %s47, %a : f32
    %s49 = arith.mulf %s48, %a : f32
    linalg.yield %s49 : f32
  } -> tensor<8xf32>
  %2 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel"]}
      ins(%1 : tensor<8xf32>) outs(%e : tensor<8xf32>) {
  ^bb0(%a: f32, %o: f32):
    %s0 = arith.mulf %a, %a : f32
    %s1 = arith.mulf %s0, %a : f32
    %s2 = arith.mulf %s1, %a : f32
    %s3 = arith.mulf %s2, %a : f32
    %s4 = arith.mulf %s3, %a : f32
    %s5 = arith.mulf %s4, %a : f32
    %s6 = arith.mulf %s5, %a : f32
    %s7 = arith.mulf %s6, %a : f32
    %s8 = arith.mulf %s7, %a : f32
    %s9 = arith.mulf %s8, %a : f32
    %s10 = arith.mulf %s9, %a : f32
    %s11 = arith.mulf %s10, %a : f32
    %s12 = arith.mulf %s11, %a : f32
    %s13 = arith.mulf %s12, %a : f32
    %s14 = arith.mulf %s13, %a : f32
    %s15 = arith.mulf %s14, %a : f32
    %s16 = arith.mulf %s15, %a : f32
    %s17 = arith.mulf %s16, %a : f32
    %s18 = arith.mulf %s17, %a : f32
    %s19 = arith.mulf %s18, %a : f32
    %s20 = arith.mulf %s19, %a : f32
    %s21 = arith.mulf %s20, %a : f32
    %s22 = arith.mulf %s21, %a : f32
    %s23 = arith.mulf %s22, %a : f32
    %s24 = arith.mulf %s23, %a : f32
    %s25 = arith.mulf %s24, %a : f32
    %s26 = arith.mulf %s25, %a : f32
    %s27 = arith.mulf %s26, %a : f32
    %s28 = arith.mulf %s27, %a : f32
    %s29 = arith.mulf %s28, %a : f32
    %s30 = arith.mulf %s29, %a : f32
    %s31 = arith.mulf %s30, %a : f32
    %s32 = arith.mulf %s31, %a : f32
    %s33 = arith.mulf %s32, %a : f32
    %s34 = arith.mulf %s33, %a : f32
    %s35 = arith.mulf %s34, %a : f32
    %s36 = arith.mulf %s35, %a : f32
    %s37 = arith.mulf %s36, %a : f32
    %s38 = arith.mulf %s37, %a : f32
    %s39 = arith.mulf %s38, %a : f32
    %s40 = arith.mulf %s39, %a : f32
    %s41 = arith.mulf %s40, %a : f32
    %s42 = arith.mulf %s41, %a : f32
    %s43 = arith.mulf %s42, %a : f32
    %s44 = arith.mulf %s43, %a : f32
    %s45 = arith.mulf %s44, %a : f32
    %s46 = arith.mulf %s45, %a : f32
    %s47 = arith.mulf %s46, %a : f32
    %s48 = arith.mulf %s47, %a : f32
    %s49 = arith.mulf %s48, %a : f32
    linalg.yield %s49 : f32
  } -> tensor<8xf32>
  return %2 : tensor<8xf32>
}
