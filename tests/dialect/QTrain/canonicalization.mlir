// RUN: qtc-opt %s -canonicalize -split-input-file | FileCheck %s

// Taking apart what was just put together gives the pieces.

// CHECK-LABEL: func @decompose_compose(
//  CHECK-SAME:   %[[M:.+]]: tensor<8x10xi8>, %[[S:.+]]: i32)
//       CHECK:   return %[[M]], %[[S]]
func.func @decompose_compose(%m: tensor<8x10xi8>, %s: i32) -> (tensor<8x10xi8>, i32) {
  %x = qtrain.compose %m, %s : (tensor<8x10xi8>, i32) -> !qtrain.scaled<tensor<8x10xi8>>
  %0, %1 = qtrain.decompose %x : (!qtrain.scaled<tensor<8x10xi8>>) -> (tensor<8x10xi8>, i32)
  return %0, %1 : tensor<8x10xi8>, i32
}

// -----

// A reshape to the same shape is nothing; in another layout it moves elements.

// CHECK-LABEL: func @reshape_to_itself(
//  CHECK-SAME:   %[[X:.+]]: tensor<8x4xf32>, %[[I:.+]]: !qtrain.scaled<tensor<8x3x4x4xi8>>)
//       CHECK:   %[[MOVED:.+]] = qtrain.reshape %[[I]]
//       CHECK:   return %[[X]], %[[MOVED]]
func.func @reshape_to_itself(%x: tensor<8x4xf32>, %i: !qtrain.scaled<tensor<8x3x4x4xi8>>)
    -> (tensor<8x4xf32>, !qtrain.scaled<tensor<8x3x4x4xi8, #qtrain.channels_last>>) {
  %0 = qtrain.reshape %x : (tensor<8x4xf32>) -> tensor<8x4xf32>
  %1 = qtrain.reshape %i
    : (!qtrain.scaled<tensor<8x3x4x4xi8>>) -> !qtrain.scaled<tensor<8x3x4x4xi8, #qtrain.channels_last>>
  return %0, %1 : tensor<8x4xf32>, !qtrain.scaled<tensor<8x3x4x4xi8, #qtrain.channels_last>>
}

// -----

// Two reshapes are one, and none if they cancel.

// CHECK-LABEL: func @reshape_reshape(
//  CHECK-SAME:   %[[X:.+]]: tensor<8x3x4x4xf32>)
//   CHECK-NOT:   qtrain.reshape
//       CHECK:   %[[Y:.+]] = qtrain.reshape %[[X]] : (tensor<8x3x4x4xf32>) -> tensor<24x16xf32>
//   CHECK-NOT:   qtrain.reshape
//       CHECK:   return %[[Y]], %[[X]]
func.func @reshape_reshape(%x: tensor<8x3x4x4xf32>) -> (tensor<24x16xf32>, tensor<8x3x4x4xf32>) {
  %0 = qtrain.reshape %x : (tensor<8x3x4x4xf32>) -> tensor<8x48xf32>
  %1 = qtrain.reshape %0 : (tensor<8x48xf32>) -> tensor<24x16xf32>
  %2 = qtrain.reshape %1 : (tensor<24x16xf32>) -> tensor<8x3x4x4xf32>
  return %1, %2 : tensor<24x16xf32>, tensor<8x3x4x4xf32>
}

// -----

// A linear layer flattens its input by itself, so with channels innermost no
// row-major copy is needed.

// CHECK-LABEL: func @linear_absorbs_flatten(
//  CHECK-SAME:   %[[X:.+]]: tensor<8x3x4x4xf32>, %[[W:.+]]: tensor<5x48xf32>)
//   CHECK-NOT:   qtrain.reshape
//       CHECK:   qtrain.linear %[[X]], %[[W]] : (tensor<8x3x4x4xf32>, tensor<5x48xf32>) -> tensor<8x5xf32>
func.func @linear_absorbs_flatten(%x: tensor<8x3x4x4xf32>, %w: tensor<5x48xf32>) -> tensor<8x5xf32> {
  %0 = qtrain.reshape %x : (tensor<8x3x4x4xf32>) -> tensor<8x48xf32>
  %1 = qtrain.linear %0, %w : (tensor<8x48xf32>, tensor<5x48xf32>) -> tensor<8x5xf32>
  return %1 : tensor<8x5xf32>
}

// -----

// Not if the reshape makes other rows.

// CHECK-LABEL: func @linear_keeps_reshape_of_batch
//       CHECK:   qtrain.reshape
//       CHECK:   qtrain.linear %{{.*}} : (tensor<16x24xf32>, tensor<5x24xf32>)
func.func @linear_keeps_reshape_of_batch(%x: tensor<8x3x4x4xf32>, %w: tensor<5x24xf32>) -> tensor<16x5xf32> {
  %0 = qtrain.reshape %x : (tensor<8x3x4x4xf32>) -> tensor<16x24xf32>
  %1 = qtrain.linear %0, %w : (tensor<16x24xf32>, tensor<5x24xf32>) -> tensor<16x5xf32>
  return %1 : tensor<16x5xf32>
}

// -----

// Element-wise operations between a flattening and the layer let it through.

// CHECK-LABEL: func @reshape_sinks_through_elementwise(
//  CHECK-SAME:   %[[X:.+]]: tensor<8x3x4x4xf32>, %[[R:.+]]: tensor<48xi16>,
//   CHECK-NOT:   qtrain.reshape
//       CHECK:   %[[RELU:.+]] = qtrain.relu %[[X]] : (tensor<8x3x4x4xf32>)
//       CHECK:   %[[KEPT:.+]] = qtrain.dropout %[[RELU]], %[[R]] {{.*}} -> tensor<8x3x4x4xf32>
//       CHECK:   qtrain.linear %[[KEPT]]
func.func @reshape_sinks_through_elementwise(%x: tensor<8x3x4x4xf32>, %r: tensor<48xi16>, %w: tensor<5x48xf32>)
    -> tensor<8x5xf32> {
  %0 = qtrain.reshape %x : (tensor<8x3x4x4xf32>) -> tensor<8x48xf32>
  %1 = qtrain.relu %0 : (tensor<8x48xf32>) -> tensor<8x48xf32>
  %2 = qtrain.dropout %1, %r {ratio = 0.5 : f64} : (tensor<8x48xf32>, tensor<48xi16>) -> tensor<8x48xf32>
  %3 = qtrain.linear %2, %w : (tensor<8x48xf32>, tensor<5x48xf32>) -> tensor<8x5xf32>
  return %3 : tensor<8x5xf32>
}

// -----

// A dropout counts features behind the batch dimension: with another batch
// dimension they are others.

// CHECK-LABEL: func @reshape_of_batch_stays
//       CHECK:   qtrain.reshape
//       CHECK:   qtrain.dropout
func.func @reshape_of_batch_stays(%x: tensor<8x48xf32>, %r: tensor<24xi16>) -> tensor<16x24xf32> {
  %0 = qtrain.reshape %x : (tensor<8x48xf32>) -> tensor<16x24xf32>
  %1 = qtrain.dropout %0, %r {ratio = 0.5 : f64} : (tensor<16x24xf32>, tensor<24xi16>) -> tensor<16x24xf32>
  return %1 : tensor<16x24xf32>
}
