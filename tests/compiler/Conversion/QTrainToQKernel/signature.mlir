// RUN: qtc-opt %s -pass-pipeline='builtin.module(func.func(convert-qtrain-to-qkernel))' -split-input-file | FileCheck %s

// Tensors of the signature become buffers. Signs are gone from them. Logits and
// their exponent become arguments, new parameters go back where they came from.

// CHECK-LABEL: func @train_step(
//  CHECK-SAME:   %[[PIXELS:[^ ]+]]: memref<2x4xi8> {qtrain.role = #qtrain.role<input>}, %[[W:[^ ]+]]: memref<3x4xi8> {qtrain.parameter = @w}, %[[S:[^ ]+]]: i32,
//  CHECK-SAME:   %[[LOGITS:[^ ]+]]: memref<2x4xi8> {qtrain.role = #qtrain.role<prediction>}, %[[EXPONENT:[^ ]+]]: memref<i32> {qtrain.role = #qtrain.role<exponent>}) {
//       CHECK:   %[[P:.+]] = bufferization.to_tensor %[[PIXELS]] restrict writable : memref<2x4xi8>
//       CHECK:   %[[TW:.+]] = bufferization.to_tensor %[[W]] restrict writable : memref<3x4xi8>
//       CHECK:   bufferization.materialize_in_destination %{{.+}} in restrict writable %[[LOGITS]]
//       CHECK:   memref.store %{{.+}}, %[[EXPONENT]][]
//       CHECK:   bufferization.materialize_in_destination %{{.+}} in restrict writable %[[W]]
//       CHECK:   return{{$}}
qtrain.parameter @w id 0 exponent -7 = dense<0> : tensor<3x4xi8>
func.func @train_step(%p: tensor<2x4xui8> {qtrain.role = #qtrain.role<input>}, %w: tensor<3x4xi8> {qtrain.parameter = @w}, %s: i32)
    -> (tensor<2x4xi8>, i32, tensor<3x4xi8> {qtrain.parameter = @w}) {
  %x = qtrain.lookup %p {exponent = -7 : si32, table = dense<1> : tensor<1x256xi8>}
    : (tensor<2x4xui8>) -> !qtrain.scaled<tensor<2x4xi8>>
  %0 = qtrain.compose %w, %s : (tensor<3x4xi8>, i32) -> !qtrain.scaled<tensor<3x4xi8>>
  %1 = qtrain.update %0, %0
    : (!qtrain.scaled<tensor<3x4xi8>>, !qtrain.scaled<tensor<3x4xi8>>) -> !qtrain.scaled<tensor<3x4xi8>>
  %m, %e = qtrain.decompose %x : (!qtrain.scaled<tensor<2x4xi8>>) -> (tensor<2x4xi8>, i32)
  %mw, %ew = qtrain.decompose %1 : (!qtrain.scaled<tensor<3x4xi8>>) -> (tensor<3x4xi8>, i32)
  return %m, %e, %mw : tensor<2x4xi8>, i32, tensor<3x4xi8>
}

// -----

// Metrics and their weights are results with a role of their own.

// CHECK-LABEL: func @evaluate(
//  CHECK-SAME:   memref<2x3xf32> {qtrain.role = #qtrain.role<prediction>}, %[[LOSS:[^ ]+]]: memref<2xf32> {qtrain.role = #qtrain.role<metric>}, %[[WEIGHT:[^ ]+]]: memref<2xf32> {qtrain.role = #qtrain.role<weight>}) {
//       CHECK:   bufferization.materialize_in_destination %{{.+}} in restrict writable %[[LOSS]]
//       CHECK:   bufferization.materialize_in_destination %{{.+}} in restrict writable %[[WEIGHT]]
func.func @evaluate(%y: tensor<2x3xf32> {qtrain.role = #qtrain.role<input>}, %labels: tensor<2xi32> {qtrain.role = #qtrain.role<target>})
    -> (tensor<2x3xf32>, tensor<2xf32> {qtrain.name = "loss", qtrain.role = #qtrain.role<metric>},
        tensor<2xf32> {qtrain.name = "loss", qtrain.role = #qtrain.role<weight>}) {
  %x = qtrain.compose %y : (tensor<2x3xf32>) -> tensor<2x3xf32>
  %l = qtrain.row_metric %x, %labels {metric = #qtrain.class_squares} : (tensor<2x3xf32>, tensor<2xi32>) -> tensor<2xf32>
  %w = qtrain.label_weight %labels {ignored = 2 : i32} : (tensor<2xi32>) -> tensor<2xf32>
  %a = qtrain.decompose %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
  %b = qtrain.decompose %l : (tensor<2xf32>) -> tensor<2xf32>
  %c = qtrain.decompose %w : (tensor<2xf32>) -> tensor<2xf32>
  return %a, %b, %c : tensor<2x3xf32>, tensor<2xf32>, tensor<2xf32>
}
