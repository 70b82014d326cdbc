// RUN: qtc-opt %s -pass-pipeline='builtin.module(func.func(convert-qtrain-to-qkernel),canonicalize,cse)' -split-input-file \
// RUN:   | FileCheck %s

// One pass over the image gives both sums of a channel; four rows of 16 channels
// are one row of 64 lanes. What a channel needs is computed once, and the image
// is seen as rows of channels.

#cl = #qtrain.channels_last
// CHECK-DAG: #[[$ROWS:.+]] = affine_map<(d0, d1) -> (d0, d1)>
// CHECK-DAG: #[[$CHANNEL:.+]] = affine_map<(d0, d1) -> (d1)>
// CHECK-LABEL: func @training(
//       CHECK:   %[[ROW:.+]] = tensor.expand_shape %{{.+}} {{\[\[}}0, 1]] output_shape [128, 64] : tensor<8192xf32> into tensor<128x64xf32>
//       CHECK:   %[[SUMS:.+]]:2 = qkernel.channel_moments ins(%[[ROW]], %[[ROW]] : tensor<128x64xf32>, tensor<128x64xf32>) outs(%{{.+}}, %{{.+}} : tensor<1x64xf64>, tensor<1x64xf64>)
//       CHECK:   tensor.collapse_shape %[[SUMS]]#0
//       CHECK:   qkernel.channel_sum ins(%{{.+}} : tensor<4x16xf64>)
//       CHECK:   %[[SUM:.+]] = tensor.collapse_shape {{.*}} into tensor<16xf64>
//       CHECK:   tensor.collapse_shape %[[SUMS]]#1
//       CHECK:   qkernel.channel_sum ins(%{{.+}} : tensor<4x16xf64>)
//       CHECK:   %[[SQUARES:.+]] = tensor.collapse_shape {{.*}} into tensor<16xf64>
//       CHECK:   %[[STATISTICS:.+]]:4 = linalg.generic {{.*}} ins(%[[SUM]], %[[SQUARES]], %{{.+}}, %{{.+}} : tensor<16xf64>, tensor<16xf64>, tensor<16xf32>, tensor<16xf32>)
//       CHECK:   %[[FACTOR:.+]] = linalg.generic {{.*}} ins(%{{.+}}, %[[STATISTICS]]#1 : tensor<16xf32>, tensor<16xf32>)
//       CHECK:     math.sqrt %{{.+}} : f64
//       CHECK:   linalg.generic {indexing_maps = [#[[$ROWS]], #[[$CHANNEL]], #[[$CHANNEL]], #[[$CHANNEL]], #[[$ROWS]]], iterator_types = ["parallel", "parallel"]} ins(%{{.+}}, %[[STATISTICS]]#0, %[[FACTOR]], %{{.+}} : tensor<512x16xf32>, tensor<16xf32>, tensor<16xf32>, tensor<16xf32>)
func.func @training(%mx: tensor<8x8x8x16xf32>, %ms: tensor<16xf32>, %mb: tensor<16xf32>,
                    %mm: tensor<16xf32> {qtrain.parameter = @m}, %mv: tensor<16xf32> {qtrain.parameter = @v})
    -> (tensor<8x8x8x16xf32>, tensor<16xf32> {qtrain.parameter = @m}, tensor<16xf32> {qtrain.parameter = @v}) {
  %x = qtrain.compose %mx : (tensor<8x8x8x16xf32>) -> tensor<8x16x8x8xf32, #cl>
  %s = qtrain.compose %ms : (tensor<16xf32>) -> tensor<16xf32>
  %b = qtrain.compose %mb : (tensor<16xf32>) -> tensor<16xf32>
  %m = qtrain.compose %mm : (tensor<16xf32>) -> tensor<16xf32>
  %v = qtrain.compose %mv : (tensor<16xf32>) -> tensor<16xf32>
  %sums:2 = qtrain.channel_moments %x, %x
    : (tensor<8x16x8x8xf32, #cl>, tensor<8x16x8x8xf32, #cl>) -> (tensor<16xf64>, tensor<16xf64>)
  %y:5 = qtrain.batch_norm_training %x, %s, %b, %m, %v, %sums#0, %sums#1 {epsilon = 1.0e-5 : f64, momentum = 0.9 : f64}
    : (tensor<8x16x8x8xf32, #cl>, tensor<16xf32>, tensor<16xf32>, tensor<16xf32>, tensor<16xf32>, tensor<16xf64>,
       tensor<16xf64>)
    -> (tensor<8x16x8x8xf32, #cl>, tensor<16xf32>, tensor<16xf32>, tensor<16xf32>, tensor<16xf32>)
  %0 = qtrain.decompose %y#0 : (tensor<8x16x8x8xf32, #cl>) -> tensor<8x8x8x16xf32>
  %1 = qtrain.decompose %y#3 : (tensor<16xf32>) -> tensor<16xf32>
  %2 = qtrain.decompose %y#4 : (tensor<16xf32>) -> tensor<16xf32>
  return %0, %1, %2 : tensor<8x8x8x16xf32>, tensor<16xf32>, tensor<16xf32>
}

// -----

// Gradients: sums of the error and of its products with the input, then one
// pass over both.

// CHECK-DAG: #[[$ROWS:.+]] = affine_map<(d0, d1) -> (d0, d1)>
// CHECK-DAG: #[[$CHANNEL:.+]] = affine_map<(d0, d1) -> (d1)>
// CHECK-LABEL: func @gradients(
//       CHECK:   %[[X:.+]] = bufferization.to_tensor %{{.+}} : memref<80x64xf32>
//       CHECK:   %[[E:.+]] = bufferization.to_tensor %{{.+}} : memref<80x64xf32>
//       CHECK:   qkernel.channel_moments ins(%[[E]], %[[X]] : tensor<80x64xf32>, tensor<80x64xf32>)
//       CHECK:   %[[GRADIENTS:.+]]:2 = linalg.generic
//       CHECK:   %[[COEFFICIENTS:.+]]:3 = linalg.generic {{.*}} ins(%{{.+}}, %{{.+}}, %[[GRADIENTS]]#0, %[[GRADIENTS]]#1 :
//       CHECK:   linalg.generic {indexing_maps = [#[[$ROWS]], #[[$ROWS]], #[[$CHANNEL]], #[[$CHANNEL]], #[[$CHANNEL]], #[[$CHANNEL]], #[[$ROWS]]], {{.*}} ins(%[[X]], %[[E]], %{{.+}}, %[[COEFFICIENTS]]#0, %[[COEFFICIENTS]]#1, %[[COEFFICIENTS]]#2 :
func.func @gradients(%mx: tensor<80x64xf32>, %me: tensor<80x64xf32>, %mm: tensor<64xf32>, %mv: tensor<64xf32>,
                     %ms: tensor<64xf32>) -> tensor<80x64xf32> {
  %x = qtrain.compose %mx : (tensor<80x64xf32>) -> tensor<80x64xf32>
  %e = qtrain.compose %me : (tensor<80x64xf32>) -> tensor<80x64xf32>
  %m = qtrain.compose %mm : (tensor<64xf32>) -> tensor<64xf32>
  %v = qtrain.compose %mv : (tensor<64xf32>) -> tensor<64xf32>
  %s = qtrain.compose %ms : (tensor<64xf32>) -> tensor<64xf32>
  %sums:2 = qtrain.channel_moments %x, %e
    : (tensor<80x64xf32>, tensor<80x64xf32>) -> (tensor<64xf64>, tensor<64xf64>)
  %gs, %gb = qtrain.batch_norm_parameter_gradient %x, %m, %v, %e, %sums#0, %sums#1 {epsilon = 1.0e-5 : f64}
    : (tensor<80x64xf32>, tensor<64xf32>, tensor<64xf32>, tensor<80x64xf32>, tensor<64xf64>, tensor<64xf64>)
    -> (tensor<64xf32>, tensor<64xf32>)
  %ex = qtrain.batch_norm_input_gradient %x, %m, %v, %s, %e, %gs, %gb {epsilon = 1.0e-5 : f64}
    : (tensor<80x64xf32>, tensor<64xf32>, tensor<64xf32>, tensor<64xf32>, tensor<80x64xf32>, tensor<64xf32>,
       tensor<64xf32>) -> tensor<80x64xf32>
  %0 = qtrain.decompose %ex : (tensor<80x64xf32>) -> tensor<80x64xf32>
  return %0 : tensor<80x64xf32>
}

// -----

// A row-major image: its channels are moved innermost for the sums only.

// CHECK: #[[$CHANNEL:.+]] = affine_map<(d0, d1, d2) -> (d1)>
// CHECK-LABEL: func @row_major(
//   CHECK-NOT:   linalg.transpose
//       CHECK:   linalg.generic {{.*}}#[[$CHANNEL]]{{.*}} : tensor<8x3x5xf32>,
func.func @row_major(%mx: tensor<8x3x5xf32>, %mc: tensor<3xf32>) -> tensor<8x3x5xf32> {
  %x = qtrain.compose %mx : (tensor<8x3x5xf32>) -> tensor<8x3x5xf32>
  %c = qtrain.compose %mc : (tensor<3xf32>) -> tensor<3xf32>
  %y = qtrain.batch_norm_inference %x, %c, %c, %c, %c {epsilon = 1.0e-5 : f64}
    : (tensor<8x3x5xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>) -> tensor<8x3x5xf32>
  %0 = qtrain.decompose %y : (tensor<8x3x5xf32>) -> tensor<8x3x5xf32>
  return %0 : tensor<8x3x5xf32>
}
