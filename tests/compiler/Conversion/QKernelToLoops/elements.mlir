// RUN: qtc-opt %s -convert-qkernel-to-loops=elements -split-input-file | FileCheck %s

// With `elements` an iteration is one result: 2 x 4 x 4 x 3 outputs.

// CHECK-LABEL: func @conv2d(
//  CHECK-SAME:   %[[X:.+]]: memref<2x4x4x5xi8>, %[[W:.+]]: memref<3x5x1x1xi8>, %[[Y:.+]]: memref<2x4x4x3xi32>)
//       CHECK:   scf.parallel (%[[N:.+]], %[[H:.+]], %[[C:.+]], %[[O:.+]]) = (%c0, %c0, %c0, %c0) to (%c2, %c4, %c4, %c3)
//       CHECK:     memref.store %{{.+}}, %[[Y]][%[[N]], %[[H]], %[[C]], %[[O]]]
func.func @conv2d(%x: memref<2x4x4x5xi8>, %w: memref<3x5x1x1xi8>,
                  %y: memref<2x4x4x3xi32>) {
  qkernel.conv2d ins(%x, %w : memref<2x4x4x5xi8>, memref<3x5x1x1xi8>)
      outs(%y : memref<2x4x4x3xi32>)
      {window = #qtrain.window<kernel = [1, 1], strides = [1, 1], pads = [0, 0, 0, 0], dilations = [1, 1]>, group = 1 : i64}
  return
}

// -----

// An input gradient is gathered: every input is written once.

// CHECK-LABEL: func @input_gradient(
//  CHECK-SAME:   %{{.+}}: memref<2x4x4x3xi8>, %{{.+}}: memref<3x5x1x1xi8>, %[[X:.+]]: memref<2x4x4x5xi32>)
//       CHECK:   scf.parallel ({{.+}}) = (%c0, %c0, %c0, %c0) to (%c2, %c4, %c4, %c5)
//   CHECK-NOT:     memref.load %[[X]]
//       CHECK:     memref.store %{{.+}}, %[[X]][
func.func @input_gradient(%e: memref<2x4x4x3xi8>, %w: memref<3x5x1x1xi8>,
                          %x: memref<2x4x4x5xi32>) {
  qkernel.conv2d_input_gradient ins(%e, %w : memref<2x4x4x3xi8>, memref<3x5x1x1xi8>)
      outs(%x : memref<2x4x4x5xi32>)
      {window = #qtrain.window<kernel = [1, 1], strides = [1, 1], pads = [0, 0, 0, 0], dilations = [1, 1]>, group = 1 : i64}
  return
}

// -----

// A weight gradient has an iteration for each of 2 images and 15 weights.

// CHECK-LABEL: func @weight_gradient(
//  CHECK-SAME:   %{{.+}}: memref<2x4x4x5xi8>, %{{.+}}: memref<2x4x4x3xi8>, %[[W:.+]]: memref<3x5x1x1xi32>)
//       CHECK:   scf.parallel ({{.+}}) = (%c0, %c0, %c0, %c0, %c0) to (%c2, %c5, %c1, %c1, %c3)
//       CHECK:     memref.atomic_rmw addi %{{.+}}, %[[W]][
func.func @weight_gradient(%x: memref<2x4x4x5xi8>, %e: memref<2x4x4x3xi8>,
                           %w: memref<3x5x1x1xi32>) {
  qkernel.conv2d_weight_gradient ins(%x, %e : memref<2x4x4x5xi8>, memref<2x4x4x3xi8>)
      outs(%w : memref<3x5x1x1xi32>)
      {window = #qtrain.window<kernel = [1, 1], strides = [1, 1], pads = [0, 0, 0, 0], dilations = [1, 1]>, group = 1 : i64}
  return
}
