// RUN: qtc-opt %s -qkernel-narrow-accumulators -split-input-file | FileCheck %s

#contraction = #qkernel.contraction<rows = [64] strides [64],
  steps = [16] a [4] b [64], columns = 16 panel 16 stride 1024>
#id = affine_map<(d0) -> (d0)>

// The example of the pass: only a rounding to 8 bits sees the sums.

// CHECK-LABEL: func @requantize(
//       CHECK:   %[[C:.+]]:3 = qkernel.contract {{.+}} outs(%{{.+}}, %{{.+}}, %{{.+}} : tensor<64x16xi16>, tensor<i32>, tensor<i32>)
//  CHECK-SAME:     qkernel.kind = "conv2d"
//       CHECK:   %[[M:.+]] = tensor.extract %[[C]]#1[]
//       CHECK:   qkernel.magnitude_bits %[[M]]
//       CHECK:   %[[N:.+]] = arith.maxsi
//       CHECK:   %[[FLAT:.+]] = tensor.collapse_shape %[[C]]#0 {{.+}} : tensor<64x16xi16> into tensor<1024xi16>
//       CHECK:   %[[K:.+]] = tensor.extract %[[C]]#2[]
//       CHECK:   %[[REST:.+]] = arith.subi %[[N]], %[[K]]
//       CHECK:   linalg.generic {{.+}} ins(%[[FLAT]] : tensor<1024xi16>)
//       CHECK:   ^bb0(%[[A:.+]]: i16, %{{.+}}: i8):
//       CHECK:     %[[R:.+]] = qkernel.round_shift %[[A]] by %[[REST]] to 8 bits : (i16, i32) -> i16
//       CHECK:     %[[WIDE:.+]] = arith.extsi %[[R]] : i16 to i32
//       CHECK:     arith.trunci %[[WIDE]] : i32 to i8
func.func @requantize(%a: tensor<4160xi8>, %b: tensor<1024xi8>, %init: tensor<64x16xi32>,
                      %scalar: tensor<i32>, %out: tensor<1024xi8>) -> tensor<1024xi8> {
  %c0 = arith.constant 0 : i32
  %c7 = arith.constant 7 : i32
  %acc, %max = qkernel.contract ins(%a, %b : tensor<4160xi8>, tensor<1024xi8>)
    outs(%init, %scalar : tensor<64x16xi32>, tensor<i32>)
    {contraction = #contraction, qkernel.kind = "conv2d"} -> tensor<64x16xi32>, tensor<i32>
  %m = tensor.extract %max[] : tensor<i32>
  %w = qkernel.magnitude_bits %m : (i32) -> i32
  %over = arith.subi %w, %c7 : i32
  %n = arith.maxsi %over, %c0 : i32
  %flat = tensor.collapse_shape %acc [[0, 1]] : tensor<64x16xi32> into tensor<1024xi32>
  %q = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]}
    ins(%flat : tensor<1024xi32>) outs(%out : tensor<1024xi8>) {
  ^bb0(%e: i32, %o: i8):
    %r = qkernel.round_shift %e by %n to 8 bits : (i32, i32) -> i32
    %t = arith.trunci %r : i32 to i8
    linalg.yield %t : i8
  } -> tensor<1024xi8>
  return %q : tensor<1024xi8>
}

// -----

#contraction = #qkernel.contraction<rows = [64] strides [64],
  steps = [16] a [4] b [64], columns = 16 panel 16 stride 1024>
#id = affine_map<(d0) -> (d0)>

// More than 8 bits are wanted: the bits that are missing would count.

// CHECK-LABEL: func @more_bits(
//       CHECK:   qkernel.contract {{.+}} -> tensor<64x16xi32>, tensor<i32>
func.func @more_bits(%a: tensor<4160xi8>, %b: tensor<1024xi8>, %init: tensor<64x16xi32>,
                     %scalar: tensor<i32>, %out: tensor<1024xi16>) -> tensor<1024xi16> {
  %c0 = arith.constant 0 : i32
  %c14 = arith.constant 14 : i32
  %acc, %max = qkernel.contract ins(%a, %b : tensor<4160xi8>, tensor<1024xi8>)
    outs(%init, %scalar : tensor<64x16xi32>, tensor<i32>)
    {contraction = #contraction} -> tensor<64x16xi32>, tensor<i32>
  %m = tensor.extract %max[] : tensor<i32>
  %w = qkernel.magnitude_bits %m : (i32) -> i32
  %over = arith.subi %w, %c14 : i32
  %n = arith.maxsi %over, %c0 : i32
  %flat = tensor.collapse_shape %acc [[0, 1]] : tensor<64x16xi32> into tensor<1024xi32>
  %q = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]}
    ins(%flat : tensor<1024xi32>) outs(%out : tensor<1024xi16>) {
  ^bb0(%e: i32, %o: i16):
    %r = qkernel.round_shift %e by %n to 15 bits : (i32, i32) -> i32
    %t = arith.trunci %r : i32 to i16
    linalg.yield %t : i16
  } -> tensor<1024xi16>
  return %q : tensor<1024xi16>
}

// -----

#contraction = #qkernel.contraction<rows = [64] strides [64],
  steps = [16] a [4] b [64], columns = 16 panel 16 stride 1024>
#id = affine_map<(d0) -> (d0)>

// A shift that another maximum decides may be smaller than W − 7.

// CHECK-LABEL: func @other_maximum(
//       CHECK:   qkernel.contract {{.+}} -> tensor<64x16xi32>, tensor<i32>
func.func @other_maximum(%a: tensor<4160xi8>, %b: tensor<1024xi8>, %init: tensor<64x16xi32>,
                         %scalar: tensor<i32>, %m: i32, %out: tensor<1024xi8>) -> tensor<1024xi8> {
  %c0 = arith.constant 0 : i32
  %c7 = arith.constant 7 : i32
  %acc, %max = qkernel.contract ins(%a, %b : tensor<4160xi8>, tensor<1024xi8>)
    outs(%init, %scalar : tensor<64x16xi32>, tensor<i32>)
    {contraction = #contraction} -> tensor<64x16xi32>, tensor<i32>
  %w = qkernel.magnitude_bits %m : (i32) -> i32
  %over = arith.subi %w, %c7 : i32
  %n = arith.maxsi %over, %c0 : i32
  %flat = tensor.collapse_shape %acc [[0, 1]] : tensor<64x16xi32> into tensor<1024xi32>
  %q = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]}
    ins(%flat : tensor<1024xi32>) outs(%out : tensor<1024xi8>) {
  ^bb0(%e: i32, %o: i8):
    %r = qkernel.round_shift %e by %n to 8 bits : (i32, i32) -> i32
    %t = arith.trunci %r : i32 to i8
    linalg.yield %t : i8
  } -> tensor<1024xi8>
  return %q : tensor<1024xi8>
}

// -----

#contraction = #qkernel.contraction<rows = [64] strides [64],
  steps = [16] a [4] b [64], columns = 16 panel 16 stride 1024>
#id = affine_map<(d0) -> (d0)>

// The sums have another user, and another use in the loop.

// CHECK-LABEL: func @other_users(
//       CHECK:   qkernel.contract {{.+}} -> tensor<64x16xi32>, tensor<i32>
//       CHECK:   qkernel.contract {{.+}} -> tensor<64x16xi32>, tensor<i32>
func.func @other_users(%a: tensor<4160xi8>, %b: tensor<1024xi8>, %init: tensor<64x16xi32>,
                       %scalar: tensor<i32>, %out: tensor<1024xi32>)
    -> (tensor<1024xi32>, tensor<1024xi32>, tensor<64x16xi32>) {
  %c0 = arith.constant 0 : i32
  %c7 = arith.constant 7 : i32
  %acc, %max = qkernel.contract ins(%a, %b : tensor<4160xi8>, tensor<1024xi8>)
    outs(%init, %scalar : tensor<64x16xi32>, tensor<i32>)
    {contraction = #contraction} -> tensor<64x16xi32>, tensor<i32>
  %m = tensor.extract %max[] : tensor<i32>
  %w = qkernel.magnitude_bits %m : (i32) -> i32
  %over = arith.subi %w, %c7 : i32
  %n = arith.maxsi %over, %c0 : i32
  %flat = tensor.collapse_shape %acc [[0, 1]] : tensor<64x16xi32> into tensor<1024xi32>
  %q = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]}
    ins(%flat : tensor<1024xi32>) outs(%out : tensor<1024xi32>) {
  ^bb0(%e: i32, %o: i32):
    %r = qkernel.round_shift %e by %n to 8 bits : (i32, i32) -> i32
    linalg.yield %r : i32
  } -> tensor<1024xi32>

  %acc2, %max2 = qkernel.contract ins(%a, %b : tensor<4160xi8>, tensor<1024xi8>)
    outs(%init, %scalar : tensor<64x16xi32>, tensor<i32>)
    {contraction = #contraction} -> tensor<64x16xi32>, tensor<i32>
  %m2 = tensor.extract %max2[] : tensor<i32>
  %w2 = qkernel.magnitude_bits %m2 : (i32) -> i32
  %over2 = arith.subi %w2, %c7 : i32
  %n2 = arith.maxsi %over2, %c0 : i32
  %flat2 = tensor.collapse_shape %acc2 [[0, 1]] : tensor<64x16xi32> into tensor<1024xi32>
  %q2 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]}
    ins(%flat2 : tensor<1024xi32>) outs(%out : tensor<1024xi32>) {
  ^bb0(%e: i32, %o: i32):
    %r = qkernel.round_shift %e by %n2 to 8 bits : (i32, i32) -> i32
    %s = arith.addi %r, %e : i32
    linalg.yield %s : i32
  } -> tensor<1024xi32>
  return %q, %q2, %acc : tensor<1024xi32>, tensor<1024xi32>, tensor<64x16xi32>
}
