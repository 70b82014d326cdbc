// Float tensors go the way of scaled ones, without exponents.

// RUN: qtc-opt %s -pass-pipeline='builtin.module(func.func(convert-qtrain-to-qkernel),canonicalize,cse)' -split-input-file \
// RUN:   | FileCheck %s

// A bias goes into the kernel as it is, NaN passes a rectifier, and the logits
// are floats.

#cl = #qtrain.channels_last
#three = #qtrain.window<kernel = [3, 3], strides = [1, 1], pads = [1, 1, 1, 1], dilations = [1, 1]>
// CHECK-LABEL: func @forward(
//  CHECK-SAME:   %{{[^ ]+}}: memref<2x6x6x4xf32>, %{{[^ ]+}}: memref<5x4x3x3xf32>, %{{[^ ]+}}: memref<5xf32>,
//  CHECK-SAME:   %[[LOGITS:[^ ]+]]: memref<2x6x6x5xf32> {qtrain.role = #qtrain.role<prediction>})
//       CHECK:   %[[ZERO:.+]] = arith.constant 0.000000e+00 : f32
//   CHECK-NOT:   linalg.generic
//       CHECK:   qkernel.conv2d ins(%{{.+}}, %{{.+}} : tensor<2x6x6x4xf32>, tensor<5x4x3x3xf32>) bias(%{{.+}} : tensor<5xf32>)
//  CHECK-SAME:     outs(%{{.+}} : tensor<2x6x6x5xf32>) {group = 1 : i64, window
//       CHECK:   linalg.generic {{.*}} ins(%{{.+}} : tensor<360xf32>) outs(%{{.+}} : tensor<360xf32>)
//       CHECK:   ^bb0(%[[A:.+]]: f32, %{{.+}}: f32):
//       CHECK:     %[[NEGATIVE:.+]] = arith.cmpf ogt, %[[ZERO]], %[[A]]
//       CHECK:     arith.select %[[NEGATIVE]], %[[ZERO]], %[[A]]
//       CHECK:   bufferization.materialize_in_destination %{{.+}} in restrict writable %[[LOGITS]]
func.func @forward(%mx: tensor<2x6x6x4xf32>, %mw: tensor<5x4x3x3xf32>, %mb: tensor<5xf32>) -> tensor<2x6x6x5xf32> {
  %x = qtrain.compose %mx : (tensor<2x6x6x4xf32>) -> tensor<2x4x6x6xf32, #cl>
  %w = qtrain.compose %mw : (tensor<5x4x3x3xf32>) -> tensor<5x4x3x3xf32>
  %b = qtrain.compose %mb : (tensor<5xf32>) -> tensor<5xf32>
  %0 = qtrain.conv2d %x, %w {window = #three}
    : (tensor<2x4x6x6xf32, #cl>, tensor<5x4x3x3xf32>) -> tensor<2x5x6x6xf32, #cl>
  %1 = qtrain.bias_add %0, %b : (tensor<2x5x6x6xf32, #cl>, tensor<5xf32>) -> tensor<2x5x6x6xf32, #cl>
  %2 = qtrain.relu %1 : (tensor<2x5x6x6xf32, #cl>) -> tensor<2x5x6x6xf32, #cl>
  %3 = qtrain.decompose %2 : (tensor<2x5x6x6xf32, #cl>) -> tensor<2x6x6x5xf32>
  return %3 : tensor<2x6x6x5xf32>
}

// -----

// Sums over rows are made of about as many parts as a part has rows, several
// rows of few channels seen as one: 288 rows of 5 channels as 36 of 40, in 6
// parts, whose 48 rows are summed at once.

#cl = #qtrain.channels_last
// CHECK-LABEL: func @bias_gradient(
//       CHECK:   %[[PARTS:.+]] = qkernel.channel_sum ins(%{{.+}} : tensor<36x40xf32>) outs(%{{.+}} : tensor<6x40xf32>) {factor = 1 : i64}
//       CHECK:   qkernel.channel_sum ins(%{{.+}} : tensor<48x5xf32>) outs(%{{.+}} : tensor<5xf32>) {factor = 1 : i64}
func.func @bias_gradient(%me: tensor<8x6x6x5xf32>) -> tensor<5xf32> {
  %e = qtrain.compose %me : (tensor<8x6x6x5xf32>) -> tensor<8x5x6x6xf32, #cl>
  %0 = qtrain.bias_gradient %e : (tensor<8x5x6x6xf32, #cl>) -> tensor<5xf32>
  %1 = qtrain.decompose %0 : (tensor<5xf32>) -> tensor<5xf32>
  return %1 : tensor<5xf32>
}

// -----

// Other ranks bring their channels to the innermost place.

// CHECK-LABEL: func @bias_gradient_of_rows(
//       CHECK:   linalg.transpose ins(%{{.+}} : tensor<2x3x5xf32>) outs(%{{.+}} : tensor<2x5x3xf32>) permutation = [0, 2, 1]
//       CHECK:   qkernel.channel_sum
func.func @bias_gradient_of_rows(%me: tensor<2x3x5xf32>) -> tensor<3xf32> {
  %e = qtrain.compose %me : (tensor<2x3x5xf32>) -> tensor<2x3x5xf32>
  %0 = qtrain.bias_gradient %e : (tensor<2x3x5xf32>) -> tensor<3xf32>
  %1 = qtrain.decompose %0 : (tensor<3xf32>) -> tensor<3xf32>
  return %1 : tensor<3xf32>
}

// -----

// The error of the softmax is a kernel, squared errors differ from the target.

// CHECK-LABEL: func @losses(
//       CHECK:   qkernel.softmax_error ins(%{{.+}}, %{{.+}} : tensor<8x10xf32>, tensor<8xi32>) outs(%{{.+}} : tensor<8x10xf32>) ->
//       CHECK:   linalg.generic {{.*}} ins(%{{.+}}, %{{.+}} : tensor<8x10xf32>, tensor<8xi32>)
//       CHECK:     %[[COLUMN:.+]] = linalg.index 1
//       CHECK:     %[[CLASS:.+]] = arith.index_cast %[[COLUMN]]
//       CHECK:     arith.cmpi eq, %[[CLASS]]
//       CHECK:     arith.subf
func.func @losses(%m: tensor<8x10xf32>, %labels: tensor<8xi32>) -> (tensor<8x10xf32>, tensor<8x10xf32>) {
  %x = qtrain.compose %m : (tensor<8x10xf32>) -> tensor<8x10xf32>
  %0 = qtrain.loss_gradient %x, %labels {loss = #qtrain.loss<cross_entropy>}
    : (tensor<8x10xf32>, tensor<8xi32>) -> tensor<8x10xf32>
  %1 = qtrain.loss_gradient %x, %labels {loss = #qtrain.loss<sse>}
    : (tensor<8x10xf32>, tensor<8xi32>) -> tensor<8x10xf32>
  %2 = qtrain.decompose %0 : (tensor<8x10xf32>) -> tensor<8x10xf32>
  %3 = qtrain.decompose %1 : (tensor<8x10xf32>) -> tensor<8x10xf32>
  return %2, %3 : tensor<8x10xf32>, tensor<8x10xf32>
}

// -----

// The first term is overwritten.

// CHECK-LABEL: func @linear_combination(
//  CHECK-SAME:   %[[V:[^ ]+]]: memref<4xf32>, %[[G:[^ ]+]]: memref<4xf32>, %[[FADE:[^ ]+]]: f32, %[[RATE:[^ ]+]]: f32
//       CHECK:   %[[OLD:.+]] = bufferization.to_tensor %[[V]]
//       CHECK:   %[[NEW:.+]] = bufferization.to_tensor %[[G]]
//       CHECK:   linalg.generic {{.*}} ins(%[[NEW]] : tensor<4xf32>) outs(%[[OLD]] : tensor<4xf32>)
//       CHECK:   ^bb0(%[[G1:.+]]: f32, %[[V1:.+]]: f32):
//       CHECK:     %[[FADED:.+]] = arith.mulf %[[V1]], %[[FADE]]
//       CHECK:     %[[STEP:.+]] = arith.mulf %[[G1]], %[[RATE]]
//       CHECK:     arith.addf %[[FADED]], %[[STEP]]
func.func @linear_combination(%mv: tensor<4xf32>, %mg: tensor<4xf32>, %fade: f32, %rate: f32) -> tensor<4xf32> {
  %v = qtrain.compose %mv : (tensor<4xf32>) -> tensor<4xf32>
  %g = qtrain.compose %mg : (tensor<4xf32>) -> tensor<4xf32>
  %0 = qtrain.linear_combination %v, %g by %fade, %rate : (tensor<4xf32>, tensor<4xf32>, f32, f32) -> tensor<4xf32>
  %1 = qtrain.decompose %0 : (tensor<4xf32>) -> tensor<4xf32>
  return %1 : tensor<4xf32>
}

// -----

// The root is multiplied before the sum and the quotient.

// CHECK-LABEL: func @root_quotient(
//  CHECK-SAME:   %{{.+}}: memref<4xf32>, %{{.+}}: memref<4xf32>, %[[SCALE:[^ ]+]]: f32, %[[OFFSET:[^ ]+]]: f32
//       CHECK:   linalg.generic {{.*}} ins(%[[G:.+]] : tensor<4xf32>)
//       CHECK:   ^bb0(%[[G1:.+]]: f32, %{{.+}}: f32):
//       CHECK:     arith.mulf %[[G1]], %[[G1]]
//       CHECK:   linalg.generic {{.*}} ins(%{{.+}}, %{{.+}} : tensor<4xf32>, tensor<4xf32>)
//       CHECK:   ^bb0(%[[M:.+]]: f32, %[[V:.+]]: f32, %{{.+}}: f32):
//       CHECK:     %[[ROOT:.+]] = math.sqrt %[[V]]
//       CHECK:     %[[SCALED:.+]] = arith.mulf %[[ROOT]], %[[SCALE]]
//       CHECK:     %[[DIVISOR:.+]] = arith.addf %[[SCALED]], %[[OFFSET]]
//       CHECK:     arith.divf %[[M]], %[[DIVISOR]]
func.func @root_quotient(%mm: tensor<4xf32>, %mg: tensor<4xf32>, %scale: f32, %offset: f32) -> tensor<4xf32> {
  %m = qtrain.compose %mm : (tensor<4xf32>) -> tensor<4xf32>
  %g = qtrain.compose %mg : (tensor<4xf32>) -> tensor<4xf32>
  %0 = qtrain.square %g : (tensor<4xf32>) -> tensor<4xf32>
  %1 = qtrain.root_quotient %m, %0, %scale, %offset : (tensor<4xf32>, tensor<4xf32>, f32, f32) -> tensor<4xf32>
  %2 = qtrain.decompose %1 : (tensor<4xf32>) -> tensor<4xf32>
  return %2 : tensor<4xf32>
}
