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
