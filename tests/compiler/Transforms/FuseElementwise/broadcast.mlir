// RUN: qtc-opt %s -pass-pipeline='builtin.module(func.func(fuse-elementwise))' | FileCheck %s

// The root of a channel's number is not taken again for each of its elements.

#rows = affine_map<(d0, d1) -> (d0, d1)>
#channel = affine_map<(d0, d1) -> (d1)>
#id = affine_map<(d0) -> (d0)>
// CHECK-LABEL: func @channelwise(
//       CHECK:   %[[ROOT:.+]] = linalg.generic
//       CHECK:     math.sqrt
//       CHECK:   linalg.generic {{.*}} ins(%{{.+}}, %[[ROOT]] : tensor<8x4xf32>, tensor<4xf32>)
//   CHECK-NOT:     math.sqrt
//       CHECK:   return
func.func @channelwise(%x: tensor<8x4xf32>, %v: tensor<4xf32>) -> tensor<8x4xf32> {
  %e = tensor.empty() : tensor<4xf32>
  %r = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%v : tensor<4xf32>)
      outs(%e : tensor<4xf32>) {
  ^bb0(%a: f32, %o: f32):
    %s = math.sqrt %a : f32
    linalg.yield %s : f32
  } -> tensor<4xf32>
  %f = tensor.empty() : tensor<8x4xf32>
  %y = linalg.generic {indexing_maps = [#rows, #channel, #rows], iterator_types = ["parallel", "parallel"]}
      ins(%x, %r : tensor<8x4xf32>, tensor<4xf32>) outs(%f : tensor<8x4xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %p = arith.mulf %a, %b : f32
    linalg.yield %p : f32
  } -> tensor<8x4xf32>
  return %y : tensor<8x4xf32>
}
