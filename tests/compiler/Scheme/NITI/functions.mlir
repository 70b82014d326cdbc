// RUN: qtc-opt %s -qtrain-generate-backward -qtrain-apply-niti | FileCheck %s

// A table of all mantissas, of 8 bits. Exp, whose table may reach far beyond the
// values of a batch, has 16, and its values are requantized.

// CHECK-LABEL: func @train_step(
//       CHECK:   %[[T:.+]] = qtrain.sample_function %[[X:.+]] {function = #qtrain.tanh}
//       CHECK:   %[[V:.+]] = qtrain.shift_scale %[[T]] by %{{.+}} {bits = 8 : i64, {{.*}} -> !qtrain.scaled<tensor<256xi8>>
//       CHECK:   %[[Y:.+]] = qtrain.apply_table %[[X]], %[[V]] : {{.*}} -> !qtrain.scaled<tensor<2x4xi8>>
//       CHECK:   %[[S:.+]] = qtrain.sample_function %[[Y]] {function = #qtrain.exp}
//       CHECK:   %[[W:.+]] = qtrain.shift_scale %[[S]] by %{{.+}} {bits = 15 : i64, {{.*}} -> !qtrain.scaled<tensor<256xi16>>
//       CHECK:   %[[L:.+]] = qtrain.apply_table %[[Y]], %[[W]] : {{.*}} -> !qtrain.scaled<tensor<2x4xi16>>
//       CHECK:   %[[B:.+]] = qtrain.magnitude_bits %[[L]]
//       CHECK:   qtrain.shift_scale %[[L]] by %{{.+}} {bits = 8 : i64, {{.*}} -> !qtrain.scaled<tensor<2x4xi8>>
//       CHECK:   qtrain.sample_function %[[Y]] {derivative, function = #qtrain.exp}
//       CHECK:   %[[D:.+]] = qtrain.apply_table %[[Y]], %{{.+}} -> !qtrain.scaled<tensor<2x4xi16>>
//       CHECK:   qtrain.multiply %[[D]], %{{.+}} : (!qtrain.scaled<tensor<2x4xi16>>, !qtrain.scaled<tensor<2x4xi8>>) -> !qtrain.scaled<tensor<2x4xi32>>
qtrain.parameter @w id 0 = dense<1.0> : tensor<4x4xf32>
func.func @forward(%x: tensor<2x4xf32>, %w: tensor<4x4xf32> {qtrain.parameter = @w}) -> tensor<2x4xf32> {
  %0 = qtrain.linear %x, %w : (tensor<2x4xf32>, tensor<4x4xf32>) -> tensor<2x4xf32>
  %1 = qtrain.elementwise %0 {function = #qtrain.tanh} : (tensor<2x4xf32>) -> tensor<2x4xf32>
  %2 = qtrain.elementwise %1 {function = #qtrain.exp} : (tensor<2x4xf32>) -> tensor<2x4xf32>
  %3 = qtrain.linear %2, %w : (tensor<2x4xf32>, tensor<4x4xf32>) -> tensor<2x4xf32>
  return %3 : tensor<2x4xf32>
}
