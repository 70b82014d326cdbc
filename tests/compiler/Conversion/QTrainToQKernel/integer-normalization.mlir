// RUN: qtc-opt %s -pass-pipeline='builtin.module(func.func(convert-qtrain-to-qkernel),canonicalize,cse)' -split-input-file \
// RUN:   | FileCheck %s

// One pass over the image gives both sums of a channel, exactly; what a channel
// needs is computed once, in 64 bits; elements stay in 32.

#cl = #qtrain.channels_last
// CHECK-DAG: #[[$ROWS:.+]] = affine_map<(d0, d1) -> (d0, d1)>
// CHECK-DAG: #[[$CHANNEL:.+]] = affine_map<(d0, d1) -> (d1)>
// CHECK-LABEL: func @training(
//       CHECK:   %[[ROW:.+]] = tensor.expand_shape %{{.+}} {{\[\[}}0, 1]] output_shape [128, 64] : tensor<8192xi16> into tensor<128x64xi16>
//       CHECK:   %[[SUMS:.+]]:2 = qkernel.channel_moments ins(%[[ROW]], %[[ROW]] : tensor<128x64xi16>, tensor<128x64xi16>) outs(%{{.+}}, %{{.+}} : tensor<1x64xi64>, tensor<1x64xi64>)
//       CHECK:   %[[SUM:.+]] = qkernel.channel_sum ins(%{{.+}} : tensor<4x16xi64>) outs(%{{.+}} : tensor<16xi64>)
//       CHECK:   %[[SQUARES:.+]] = qkernel.channel_sum ins(%{{.+}} : tensor<4x16xi64>) outs(%{{.+}} : tensor<16xi64>)
//       CHECK:   %[[STATISTICS:.+]]:2 = linalg.generic {{.*}} ins(%[[SUM]], %[[SQUARES]] : tensor<16xi64>, tensor<16xi64>) outs(%{{.+}}, %{{.+}} : tensor<16xi16>, tensor<16xi32>)
//       CHECK:     arith.divui %{{.+}}, %c512_i64
//       CHECK:   %[[RECIPROCALS:.+]]:3 = linalg.generic {{.*}} ins(%[[STATISTICS]]#1 : tensor<16xi32>)
//       CHECK:     %[[DEVIATION:.+]] = qkernel.integer_sqrt
//       CHECK:     arith.divui %{{.+}}, %[[DEVIATION]]
//       CHECK:   %[[STANDARD:.+]] = linalg.generic {indexing_maps = [#[[$ROWS]], #[[$CHANNEL]], #[[$CHANNEL]], #[[$CHANNEL]], #[[$CHANNEL]], #[[$ROWS]]], iterator_types = ["parallel", "parallel"]} ins(%{{.+}}, %[[STATISTICS]]#0, %[[RECIPROCALS]]#0, %[[RECIPROCALS]]#1, %[[RECIPROCALS]]#2 : tensor<512x16xi16>, tensor<16xi16>, tensor<16xi32>, tensor<16xi32>, tensor<16xi32>)
//       CHECK:   ^bb0(%{{.+}}: i16, %{{.+}}: i16, %[[R:.+]]: i32, %[[T:.+]]: i32, %[[HALF:.+]]: i32, %{{.+}}: i16):
//       CHECK:     %[[PRODUCT:.+]] = arith.muli %{{.+}}, %[[R]] : i32
//       CHECK:     %[[MAGNITUDE:.+]] = math.absi %[[PRODUCT]]
//       CHECK:     %[[SUM:.+]] = arith.addi %[[MAGNITUDE]], %[[HALF]]
//       CHECK:     arith.shrui %[[SUM]], %[[T]]
//       CHECK:   %[[OFFSETS:.+]] = linalg.generic {{.*}} ins(%{{.+}} : tensor<16xi8>) outs(%{{.+}} : tensor<16xi32>)
//       CHECK:   linalg.generic {{.*}} ins(%[[STANDARD]], %{{.+}}, %[[OFFSETS]] : tensor<512x16xi16>, tensor<16xi8>, tensor<16xi32>)
func.func @training(%mx: tensor<8x8x8x16xi16>, %ms: tensor<16xi8>, %mb: tensor<16xi8>, %s: i32, %t: i32)
    -> (tensor<8x8x8x16xi32>, i32) {
  %x = qtrain.compose %mx, %s : (tensor<8x8x8x16xi16>, i32) -> !qtrain.scaled<tensor<8x16x8x8xi16, #cl>>
  %g = qtrain.compose %ms, %t : (tensor<16xi8>, i32) -> !qtrain.scaled<tensor<16xi8>>
  %b = qtrain.compose %mb, %t : (tensor<16xi8>, i32) -> !qtrain.scaled<tensor<16xi8>>
  %sum, %squares = qtrain.channel_moments %x, %x
    : (!qtrain.scaled<tensor<8x16x8x8xi16, #cl>>, !qtrain.scaled<tensor<8x16x8x8xi16, #cl>>)
    -> (!qtrain.scaled<tensor<16xi64>>, !qtrain.scaled<tensor<16xi64>>)
  %m, %v = qtrain.channel_statistics %sum, %squares {elements = 512 : i64}
    : (!qtrain.scaled<tensor<16xi64>>, !qtrain.scaled<tensor<16xi64>>)
    -> (!qtrain.scaled<tensor<16xi16>>, !qtrain.scaled<tensor<16xi32>>)
  %h = qtrain.standardize %x, %m, %v : (!qtrain.scaled<tensor<8x16x8x8xi16, #cl>>, !qtrain.scaled<tensor<16xi16>>,
    !qtrain.scaled<tensor<16xi32>>) -> !qtrain.scaled<tensor<8x16x8x8xi16, #cl>>
  %y = qtrain.channel_affine %h, %g, %b : (!qtrain.scaled<tensor<8x16x8x8xi16, #cl>>, !qtrain.scaled<tensor<16xi8>>,
    !qtrain.scaled<tensor<16xi8>>) -> !qtrain.scaled<tensor<8x16x8x8xi32, #cl>>
  %0, %1 = qtrain.decompose %y : (!qtrain.scaled<tensor<8x16x8x8xi32, #cl>>) -> (tensor<8x8x8x16xi32>, i32)
  return %0, %1 : tensor<8x8x8x16xi32>, i32
}

// -----

// Running statistics move by a rate with 16 fraction bits, in place. Those of evaluation
// take the exponents of the input.

// CHECK-LABEL: func @running(
//  CHECK-SAME:   %{{.+}}: memref<80x64xi16>, %{{.+}}: memref<64xi32> {{.+}}, %{{.+}}: memref<64xi64> {{.+}}, %[[S:.+]]: i32,
//       CHECK:   %[[DOUBLE:.+]] = arith.addi %[[S]], %[[S]]
//       CHECK:   arith.subi %c-16_i32, %[[S]]
//       CHECK:   arith.subi %c-32_i32, %[[DOUBLE]]
//       CHECK:   %[[OLD:.+]]:2 = linalg.generic {{.*}} outs(%{{.+}}, %{{.+}} : tensor<64xi16>, tensor<64xi32>)
//       CHECK:   linalg.generic {{.*}} ins(%[[OLD]]#0 : tensor<64xi16>) outs(%{{.+}} : tensor<64xi32>)
//       CHECK:     %[[CHANGE:.+]] = arith.muli %{{.+}}, %c6554_i64 : i64
//       CHECK:     qkernel.round_shift %[[CHANGE]] by %c16_i32 to 64 bits : (i64, i32) -> i64
//       CHECK:   linalg.generic {{.*}} ins(%[[OLD]]#1 : tensor<64xi32>) outs(%{{.+}} : tensor<64xi64>)
func.func @running(%mx: tensor<80x64xi16>, %mm: tensor<64xi32> {qtrain.parameter = @m},
                   %mv: tensor<64xi64> {qtrain.parameter = @v}, %s: i32)
    -> (tensor<64xi16>, tensor<64xi32> {qtrain.parameter = @m}, tensor<64xi64> {qtrain.parameter = @v}) {
  %meanExponent = arith.constant -16 : i32
  %varianceExponent = arith.constant -32 : i32
  %x = qtrain.compose %mx, %s : (tensor<80x64xi16>, i32) -> !qtrain.scaled<tensor<80x64xi16>>
  %m = qtrain.compose %mm, %meanExponent : (tensor<64xi32>, i32) -> !qtrain.scaled<tensor<64xi32>>
  %v = qtrain.compose %mv, %varianceExponent : (tensor<64xi64>, i32) -> !qtrain.scaled<tensor<64xi64>>
  %m0, %v0 = qtrain.recall_statistics %x, %m, %v : (!qtrain.scaled<tensor<80x64xi16>>, !qtrain.scaled<tensor<64xi32>>,
    !qtrain.scaled<tensor<64xi64>>) -> (!qtrain.scaled<tensor<64xi16>>, !qtrain.scaled<tensor<64xi32>>)
  %m1, %v1 = qtrain.follow_statistics %m0, %v0, %m, %v {momentum = 0.9 : f64}
    : (!qtrain.scaled<tensor<64xi16>>, !qtrain.scaled<tensor<64xi32>>, !qtrain.scaled<tensor<64xi32>>,
       !qtrain.scaled<tensor<64xi64>>) -> (!qtrain.scaled<tensor<64xi32>>, !qtrain.scaled<tensor<64xi64>>)
  %0, %e0 = qtrain.decompose %m0 : (!qtrain.scaled<tensor<64xi16>>) -> (tensor<64xi16>, i32)
  %1, %e1 = qtrain.decompose %m1 : (!qtrain.scaled<tensor<64xi32>>) -> (tensor<64xi32>, i32)
  %2, %e2 = qtrain.decompose %v1 : (!qtrain.scaled<tensor<64xi64>>) -> (tensor<64xi64>, i32)
  return %0, %1, %2 : tensor<64xi16>, tensor<64xi32>, tensor<64xi64>
}

// -----

// The error of the input: factors of channels have one exponent, that of the
// largest. A row-major image moves for the sums only.

// CHECK: #[[$CHANNEL:.+]] = affine_map<(d0, d1, d2) -> (d1)>
// CHECK-LABEL: func @gradients(
//       CHECK:   %[[E:.+]] = linalg.transpose {{.*}}permutation = [0, 2, 1]
//       CHECK:   %[[X:.+]] = linalg.transpose {{.*}}permutation = [0, 2, 1]
//       CHECK:   qkernel.channel_moments ins(%{{.+}}, %{{.+}} : tensor<5x24xi8>, tensor<5x24xi16>)
//       CHECK:   %[[LARGEST:.+]] = qkernel.max_abs ins(%{{.+}} : tensor<3xi32>) outs(%{{.+}} : tensor<i32>)
//       CHECK:   %[[FACTORS:.+]] = linalg.generic {{.*}} outs(%{{.+}} : tensor<3xi64>)
//       CHECK:   qkernel.max_abs ins(%[[FACTORS]] : tensor<3xi64>) outs(%{{.+}} : tensor<i64>)
//       CHECK:   qkernel.magnitude_bits %{{.+}} : (i64) -> i32
//       CHECK:   %[[NARROW:.+]] = linalg.generic {{.*}} ins(%[[FACTORS]] : tensor<3xi64>) outs(%{{.+}} : tensor<3xi32>)
//       CHECK:     qkernel.round_shift %{{.+}} by %{{.+}} to 13 bits : (i64, i32) -> i64
//       CHECK:   %[[MEANS:.+]]:2 = linalg.generic {{.*}} outs(%{{.+}}, %{{.+}} : tensor<3xi32>, tensor<3xi32>)
//       CHECK:   linalg.generic {{.*}}#[[$CHANNEL]]{{.*}} ins(%{{.+}}, %{{.+}}, %[[NARROW]], %[[MEANS]]#0, %[[MEANS]]#1 : tensor<8x3x5xi8>, tensor<8x3x5xi16>,
//       CHECK:     qkernel.round_shift %{{.+}} by %c12_i32 to 32 bits : (i32, i32) -> i32
//       CHECK:     qkernel.round_shift %{{.+}} by %c0_i32 to 19 bits : (i32, i32) -> i32
func.func @gradients(%mx: tensor<8x3x5xi16>, %me: tensor<8x3x5xi8>, %mv: tensor<3xi32>, %ms: tensor<3xi8>, %s: i32)
    -> (tensor<8x3x5xi32>, i32) {
  %x = qtrain.compose %mx, %s : (tensor<8x3x5xi16>, i32) -> !qtrain.scaled<tensor<8x3x5xi16>>
  %e = qtrain.compose %me, %s : (tensor<8x3x5xi8>, i32) -> !qtrain.scaled<tensor<8x3x5xi8>>
  %v = qtrain.compose %mv, %s : (tensor<3xi32>, i32) -> !qtrain.scaled<tensor<3xi32>>
  %g = qtrain.compose %ms, %s : (tensor<3xi8>, i32) -> !qtrain.scaled<tensor<3xi8>>
  %sum, %products = qtrain.channel_moments %x, %e : (!qtrain.scaled<tensor<8x3x5xi16>>, !qtrain.scaled<tensor<8x3x5xi8>>)
    -> (!qtrain.scaled<tensor<3xi64>>, !qtrain.scaled<tensor<3xi64>>)
  %ex = qtrain.standardize_gradient %x, %e, %v, %g, %sum, %products
    : (!qtrain.scaled<tensor<8x3x5xi16>>, !qtrain.scaled<tensor<8x3x5xi8>>, !qtrain.scaled<tensor<3xi32>>,
       !qtrain.scaled<tensor<3xi8>>, !qtrain.scaled<tensor<3xi64>>, !qtrain.scaled<tensor<3xi64>>)
    -> !qtrain.scaled<tensor<8x3x5xi32>>
  %0, %1 = qtrain.decompose %ex : (!qtrain.scaled<tensor<8x3x5xi32>>) -> (tensor<8x3x5xi32>, i32)
  return %0, %1 : tensor<8x3x5xi32>, i32
}
