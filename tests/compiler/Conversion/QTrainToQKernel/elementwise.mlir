// RUN: qtc-opt %s -pass-pipeline='builtin.module(func.func(convert-qtrain-to-qkernel),canonicalize,cse)' -split-input-file \
// RUN:   | FileCheck %s

// The example of the pass: one long loop over the elements, the exponent stays.

// CHECK-LABEL: func @relu(
//  CHECK-SAME:   %{{[^ ]+}}: memref<2x3xi8>, %[[S:[^ ]+]]: i32,
//       CHECK:   %[[ZERO:.+]] = arith.constant 0 : i8
//       CHECK:   %[[X:.+]] = tensor.collapse_shape %{{.+}} {{\[\[}}0, 1]] : tensor<2x3xi8> into tensor<6xi8>
//       CHECK:   %[[E:.+]] = tensor.empty() : tensor<6xi8>
//       CHECK:   %[[Y:.+]] = linalg.generic {{.*}} ins(%[[X]] : tensor<6xi8>) outs(%[[E]] : tensor<6xi8>) {
//       CHECK:   ^bb0(%[[A:.+]]: i8, %{{.+}}: i8):
//       CHECK:     %[[M:.+]] = arith.maxsi %[[A]], %[[ZERO]] : i8
//       CHECK:     linalg.yield %[[M]]
//       CHECK:   memref.store %[[S]]
func.func @relu(%m: tensor<2x3xi8>, %s: i32) -> (tensor<2x3xi8>, i32) {
  %x = qtrain.compose %m, %s : (tensor<2x3xi8>, i32) -> !qtrain.scaled<tensor<2x3xi8>>
  %y = qtrain.relu %x : (!qtrain.scaled<tensor<2x3xi8>>) -> !qtrain.scaled<tensor<2x3xi8>>
  %0, %1 = qtrain.decompose %y : (!qtrain.scaled<tensor<2x3xi8>>) -> (tensor<2x3xi8>, i32)
  return %0, %1 : tensor<2x3xi8>, i32
}

// -----

// The mask comes from the output, the exponent from the gradient.

// CHECK-LABEL: func @relu_gradient(
//  CHECK-SAME:   %[[SY:[^ ]+]]: i32, %[[SE:[^ ]+]]: i32,
//       CHECK:   linalg.generic {{.*}} ins(%{{.+}}, %{{.+}} : tensor<6xi8>, tensor<6xi32>) outs(%{{.+}} : tensor<6xi32>) {
//       CHECK:   ^bb0(%[[Y:.+]]: i8, %[[E:.+]]: i32, %{{.+}}: i32):
//       CHECK:     %[[PASSES:.+]] = arith.cmpi sgt, %[[Y]], %{{.+}} : i8
//       CHECK:     arith.select %[[PASSES]], %[[E]], %{{.+}} : i32
//       CHECK:   memref.store %[[SE]]
func.func @relu_gradient(%my: tensor<6xi8>, %me: tensor<6xi32>, %sy: i32, %se: i32) -> (tensor<6xi32>, i32) {
  %y = qtrain.compose %my, %sy : (tensor<6xi8>, i32) -> !qtrain.scaled<tensor<6xi8>>
  %e = qtrain.compose %me, %se : (tensor<6xi32>, i32) -> !qtrain.scaled<tensor<6xi32>>
  %x = qtrain.relu_gradient %y, %e
    : (!qtrain.scaled<tensor<6xi8>>, !qtrain.scaled<tensor<6xi32>>) -> !qtrain.scaled<tensor<6xi32>>
  %0, %1 = qtrain.decompose %x : (!qtrain.scaled<tensor<6xi32>>) -> (tensor<6xi32>, i32)
  return %0, %1 : tensor<6xi32>, i32
}

// -----

// Rounding to nearest stays one operation; the exponent grows by a shift to the
// right only.

// CHECK-LABEL: func @shift_scale(
//  CHECK-SAME:   %[[S:[^ ]+]]: i32, %[[N:[^ ]+]]: i32,
//       CHECK:   linalg.generic {{.*}} ins(%{{.+}} : tensor<6xi32>) outs(%{{.+}} : tensor<6xi8>)
//       CHECK:     %[[Q:.+]] = qkernel.round_shift %{{.+}} by %[[N]] to 8 bits : (i32, i32) -> i32
//       CHECK:     arith.trunci %[[Q]] : i32 to i8
//       CHECK:   %[[GROWN:.+]] = arith.addi %[[S]], %{{.+}} : i32
//       CHECK:   memref.store %[[GROWN]]
func.func @shift_scale(%m: tensor<6xi32>, %s: i32, %n: i32) -> (tensor<6xi8>, i32) {
  %x = qtrain.compose %m, %s : (tensor<6xi32>, i32) -> !qtrain.scaled<tensor<6xi32>>
  %y = qtrain.shift_scale %x by %n {bits = 8 : i64, rounding = #qtrain.rounding<nearest>}
    : (!qtrain.scaled<tensor<6xi32>>, i32) -> !qtrain.scaled<tensor<6xi8>>
  %0, %1 = qtrain.decompose %y : (!qtrain.scaled<tensor<6xi8>>) -> (tensor<6xi8>, i32)
  return %0, %1 : tensor<6xi8>, i32
}

// -----

// Random numbers are unsigned and come with the elements. What depends on the
// shift alone is computed once, in front of the loop.

// CHECK-LABEL: func @shift_scale_stochastic(
//       CHECK:   arith.shli
//       CHECK:   linalg.generic {{.*}} ins(%{{.+}}, %{{.+}} : tensor<6xi32>, tensor<6xi16>)
//       CHECK:   ^bb0(%{{.+}}: i32, %[[R:.+]]: i16, %{{.+}}: i8):
//       CHECK:     %[[WIDE:.+]] = arith.extui %[[R]] : i16 to i32
//       CHECK:     arith.shrui
//   CHECK-NOT:     arith.constant
//       CHECK:     arith.cmpi ugt, %{{.+}}, %[[WIDE]]
func.func @shift_scale_stochastic(%m: tensor<6xi32>, %r: tensor<6xi16>, %s: i32, %n: i32) -> (tensor<6xi8>, i32) {
  %x = qtrain.compose %m, %s : (tensor<6xi32>, i32) -> !qtrain.scaled<tensor<6xi32>>
  %y = qtrain.shift_scale %x by %n random %r {bits = 8 : i64, rounding = #qtrain.rounding<stochastic>}
    : (!qtrain.scaled<tensor<6xi32>>, i32, tensor<6xi16>) -> !qtrain.scaled<tensor<6xi8>>
  %0, %1 = qtrain.decompose %y : (!qtrain.scaled<tensor<6xi8>>) -> (tensor<6xi8>, i32)
  return %0, %1 : tensor<6xi8>, i32
}

// -----

// An update writes over the parameter: it is the destination of the loop.

// CHECK-LABEL: func @update(
//  CHECK-SAME:   %[[W:[^ ]+]]: memref<6xi8> {qtrain.parameter = @w}, %[[G:[^ ]+]]: memref<6xi8>
//   CHECK-DAG:   %[[TW:.+]] = bufferization.to_tensor %[[W]]
//   CHECK-DAG:   %[[TG:.+]] = bufferization.to_tensor %[[G]]
//   CHECK-NOT:   tensor.empty
//       CHECK:   linalg.generic {{.*}} ins(%[[TG]] : tensor<6xi8>) outs(%[[TW]] : tensor<6xi8>)
qtrain.parameter @w id 0 exponent -7 = dense<0> : tensor<6xi8>
func.func @update(%mw: tensor<6xi8> {qtrain.parameter = @w}, %mg: tensor<6xi8>, %s: i32, %l: tensor<1xi8>)
    -> (tensor<1xi8>, i32, tensor<6xi8> {qtrain.parameter = @w}) {
  %w = qtrain.compose %mw, %s : (tensor<6xi8>, i32) -> !qtrain.scaled<tensor<6xi8>>
  %g = qtrain.compose %mg, %s : (tensor<6xi8>, i32) -> !qtrain.scaled<tensor<6xi8>>
  %y = qtrain.update %w, %g
    : (!qtrain.scaled<tensor<6xi8>>, !qtrain.scaled<tensor<6xi8>>) -> !qtrain.scaled<tensor<6xi8>>
  %0, %1 = qtrain.decompose %y : (!qtrain.scaled<tensor<6xi8>>) -> (tensor<6xi8>, i32)
  return %l, %s, %0 : tensor<1xi8>, i32, tensor<6xi8>
}

// -----

// Philox in ten rounds on the element's index, in line.

// CHECK-LABEL: func @random(
//       CHECK:   linalg.generic {{.*}} outs(%{{.+}} : tensor<12xi16>)
//       CHECK:     linalg.index 0
// CHECK-COUNT-20:  arith.mului_extended
//   CHECK-NOT:     arith.mului_extended
//       CHECK:     arith.trunci %{{.+}} : i32 to i16
func.func @random(%seed: i64, %step: i32) -> tensor<3x4xi16> {
  %r = qtrain.random %seed, %step {id = 3 : i64, purpose = #qtrain.purpose<dropout>} : (i64, i32) -> tensor<3x4xi16>
  return %r : tensor<3x4xi16>
}

// -----

// Numbers of a dropout are in C, H, W order, mantissas with channels innermost;
// the batch shares them. A ratio of one half is in the exponent.

// CHECK-DAG: #[[$MEMORY:.+]] = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
// CHECK-DAG: #[[$FEATURE:.+]] = affine_map<(d0, d1, d2, d3) -> (d3, d1, d2)>
// CHECK-LABEL: func @dropout(
//  CHECK-SAME:   %[[S:[^ ]+]]: i32,
//   CHECK-DAG:   %[[ONE:.+]] = arith.constant 1 : i32
//   CHECK-DAG:   %[[THRESHOLD:.+]] = arith.constant 32768 : i32
//       CHECK:   linalg.generic {indexing_maps = [#[[$MEMORY]], #[[$FEATURE]], #[[$MEMORY]]]{{.*}} ins(%{{.+}}, %{{.+}} : tensor<2x4x5x3xi8>, tensor<3x4x5xi16>)
//       CHECK:     %[[NUMBER:.+]] = arith.extui
//       CHECK:     arith.cmpi slt, %[[NUMBER]], %[[THRESHOLD]]
//   CHECK-NOT:     arith.muli
//       CHECK:   %[[GROWN:.+]] = arith.addi %[[S]], %[[ONE]]
//       CHECK:   memref.store %[[GROWN]]
func.func @dropout(%m: tensor<2x4x5x3xi8>, %r: tensor<60xi16>, %s: i32) -> (tensor<2x4x5x3xi8>, i32) {
  %x = qtrain.compose %m, %s : (tensor<2x4x5x3xi8>, i32) -> !qtrain.scaled<tensor<2x3x4x5xi8, #qtrain.channels_last>>
  %y = qtrain.dropout %x, %r {ratio = 0.5 : f64}
    : (!qtrain.scaled<tensor<2x3x4x5xi8, #qtrain.channels_last>>, tensor<60xi16>)
    -> !qtrain.scaled<tensor<2x3x4x5xi8, #qtrain.channels_last>>
  %0, %1 = qtrain.decompose %y
    : (!qtrain.scaled<tensor<2x3x4x5xi8, #qtrain.channels_last>>) -> (tensor<2x4x5x3xi8>, i32)
  return %0, %1 : tensor<2x4x5x3xi8>, i32
}

// -----

// Another ratio multiplies: round(2^7 / 0.75) = 171, threshold 2^14, exponent −7.

// CHECK-LABEL: func @dropout_factor(
//   CHECK-DAG:   arith.constant 16384 : i32
//   CHECK-DAG:   %[[FACTOR:.+]] = arith.constant 171 : i32
//   CHECK-DAG:   arith.constant -7 : i32
//       CHECK:     arith.muli %{{.+}}, %[[FACTOR]]
func.func @dropout_factor(%m: tensor<2x3xi8>, %r: tensor<3xi16>, %s: i32) -> (tensor<2x3xi32>, i32) {
  %x = qtrain.compose %m, %s : (tensor<2x3xi8>, i32) -> !qtrain.scaled<tensor<2x3xi8>>
  %y = qtrain.dropout %x, %r {ratio = 0.25 : f64}
    : (!qtrain.scaled<tensor<2x3xi8>>, tensor<3xi16>) -> !qtrain.scaled<tensor<2x3xi32>>
  %0, %1 = qtrain.decompose %y : (!qtrain.scaled<tensor<2x3xi32>>) -> (tensor<2x3xi32>, i32)
  return %0, %1 : tensor<2x3xi32>, i32
}

// -----

// Pixels are read in the order they come and written with channels innermost;
// the row of the table is the channel.

// CHECK-DAG: #[[$PIXEL:.+]] = affine_map<(d0, d1, d2, d3) -> (d0, d3, d1, d2)>
// CHECK-LABEL: func @lookup(
//       CHECK:   %[[TABLE:.+]] = arith.constant sparse<{{.*}}> : tensor<3x256xi8>
//       CHECK:   linalg.generic {indexing_maps = [#[[$PIXEL]], {{.*}} ins(%{{.+}} : tensor<2x3x4x5xi8>) outs(%{{.+}} : tensor<2x4x5x3xi8>)
//       CHECK:   ^bb0(%[[P:.+]]: i8, %{{.+}}: i8):
//       CHECK:     %[[COLUMN:.+]] = arith.index_castui %[[P]]
//       CHECK:     %[[ROW:.+]] = linalg.index 3
//       CHECK:     tensor.extract %[[TABLE]][%[[ROW]], %[[COLUMN]]]
func.func @lookup(%p: tensor<2x3x4x5xui8>) -> (tensor<2x4x5x3xi8>, i32) {
  %x = qtrain.lookup %p {exponent = -6 : si32, table = sparse<[[0, 1]], [5]> : tensor<3x256xi8>}
    : (tensor<2x3x4x5xui8>) -> !qtrain.scaled<tensor<2x3x4x5xi8, #qtrain.channels_last>>
  %0, %1 = qtrain.decompose %x
    : (!qtrain.scaled<tensor<2x3x4x5xi8, #qtrain.channels_last>>) -> (tensor<2x4x5x3xi8>, i32)
  return %0, %1 : tensor<2x4x5x3xi8>, i32
}

// -----

// A table that is a line, rounded and clipped, is computed; here it is 1. One
// channel is flat.

// CHECK-LABEL: func @line(
//   CHECK-DAG:   %[[OFFSET:.+]] = arith.constant 131071 : i32
//   CHECK-DAG:   %[[BITS:.+]] = arith.constant 16 : i32
//       CHECK:   linalg.generic {{.*}} ins(%{{.+}} : tensor<40xi8>) outs(%{{.+}} : tensor<40xi8>)
//       CHECK:     arith.extui
//       CHECK:     arith.muli
//       CHECK:     arith.addi
//       CHECK:     arith.shrsi
//   CHECK-NOT:     tensor.extract
func.func @line(%p: tensor<2x1x4x5xui8>) -> (tensor<2x4x5x1xi8>, i32) {
  %x = qtrain.lookup %p {exponent = -6 : si32, table = dense<1> : tensor<1x256xi8>}
    : (tensor<2x1x4x5xui8>) -> !qtrain.scaled<tensor<2x1x4x5xi8, #qtrain.channels_last>>
  %0, %1 = qtrain.decompose %x
    : (!qtrain.scaled<tensor<2x1x4x5xi8, #qtrain.channels_last>>) -> (tensor<2x4x5x1xi8>, i32)
  return %0, %1 : tensor<2x4x5x1xi8>, i32
}

// -----

// A sum looks at the largest magnitude of every operand, to leave out zeros,
// and aligns in one loop.

// CHECK-LABEL: func @sum(
// CHECK-COUNT-3: qkernel.max_abs
//   CHECK-NOT:   qkernel.max_abs
//       CHECK:   linalg.generic {{.*}} ins(%{{.+}}, %{{.+}}, %{{.+}} : tensor<6xi8>, tensor<6xi8>, tensor<6xi8>) outs(%{{.+}} : tensor<6xi32>)
// CHECK-COUNT-3:   arith.shli
//   CHECK-NOT:   linalg.generic
func.func @sum(%ma: tensor<6xi8>, %mb: tensor<6xi8>, %mc: tensor<6xi8>, %sa: i32, %sb: i32, %sc: i32)
    -> (tensor<6xi32>, i32) {
  %a = qtrain.compose %ma, %sa : (tensor<6xi8>, i32) -> !qtrain.scaled<tensor<6xi8>>
  %b = qtrain.compose %mb, %sb : (tensor<6xi8>, i32) -> !qtrain.scaled<tensor<6xi8>>
  %c = qtrain.compose %mc, %sc : (tensor<6xi8>, i32) -> !qtrain.scaled<tensor<6xi8>>
  %max0 = qtrain.max_magnitude %a : (!qtrain.scaled<tensor<6xi8>>) -> i32
  %max1 = qtrain.max_magnitude %b : (!qtrain.scaled<tensor<6xi8>>) -> i32
  %max2 = qtrain.max_magnitude %c : (!qtrain.scaled<tensor<6xi8>>) -> i32
  %y = qtrain.sum %a, %b, %c maxima(%max0, %max1, %max2)
    : (!qtrain.scaled<tensor<6xi8>>, !qtrain.scaled<tensor<6xi8>>, !qtrain.scaled<tensor<6xi8>>)
    -> !qtrain.scaled<tensor<6xi32>>
  %0, %1 = qtrain.decompose %y : (!qtrain.scaled<tensor<6xi32>>) -> (tensor<6xi32>, i32)
  return %0, %1 : tensor<6xi32>, i32
}

// -----

// 17 operands and more could leave 32 bits: 64-bit sums saturate at the end.

// CHECK-LABEL: func @many(
// CHECK-COUNT-17: qkernel.max_abs
//       CHECK:   linalg.generic {{.*}} outs(%{{.+}} : tensor<6xi32>)
//       CHECK:     arith.shli %{{.+}}, %{{.+}} : i64
//       CHECK:     %[[LOW:.+]] = arith.maxsi %{{.+}}, %c-2147483647_i64 : i64
//       CHECK:     %[[SUM:.+]] = arith.minsi %[[LOW]], %c2147483647_i64 : i64
//       CHECK:     arith.trunci %[[SUM]] : i64 to i32
func.func @many(%m0: tensor<6xi8>, %m1: tensor<6xi8>, %m2: tensor<6xi8>, %m3: tensor<6xi8>, %m4: tensor<6xi8>, %m5: tensor<6xi8>, %m6: tensor<6xi8>, %m7: tensor<6xi8>, %m8: tensor<6xi8>, %m9: tensor<6xi8>, %m10: tensor<6xi8>, %m11: tensor<6xi8>, %m12: tensor<6xi8>, %m13: tensor<6xi8>, %m14: tensor<6xi8>, %m15: tensor<6xi8>, %m16: tensor<6xi8>,
    %s: i32) -> (tensor<6xi32>, i32) {
  %x0 = qtrain.compose %m0, %s : (tensor<6xi8>, i32) -> !qtrain.scaled<tensor<6xi8>>
  %x1 = qtrain.compose %m1, %s : (tensor<6xi8>, i32) -> !qtrain.scaled<tensor<6xi8>>
  %x2 = qtrain.compose %m2, %s : (tensor<6xi8>, i32) -> !qtrain.scaled<tensor<6xi8>>
  %x3 = qtrain.compose %m3, %s : (tensor<6xi8>, i32) -> !qtrain.scaled<tensor<6xi8>>
  %x4 = qtrain.compose %m4, %s : (tensor<6xi8>, i32) -> !qtrain.scaled<tensor<6xi8>>
  %x5 = qtrain.compose %m5, %s : (tensor<6xi8>, i32) -> !qtrain.scaled<tensor<6xi8>>
  %x6 = qtrain.compose %m6, %s : (tensor<6xi8>, i32) -> !qtrain.scaled<tensor<6xi8>>
  %x7 = qtrain.compose %m7, %s : (tensor<6xi8>, i32) -> !qtrain.scaled<tensor<6xi8>>
  %x8 = qtrain.compose %m8, %s : (tensor<6xi8>, i32) -> !qtrain.scaled<tensor<6xi8>>
  %x9 = qtrain.compose %m9, %s : (tensor<6xi8>, i32) -> !qtrain.scaled<tensor<6xi8>>
  %x10 = qtrain.compose %m10, %s : (tensor<6xi8>, i32) -> !qtrain.scaled<tensor<6xi8>>
  %x11 = qtrain.compose %m11, %s : (tensor<6xi8>, i32) -> !qtrain.scaled<tensor<6xi8>>
  %x12 = qtrain.compose %m12, %s : (tensor<6xi8>, i32) -> !qtrain.scaled<tensor<6xi8>>
  %x13 = qtrain.compose %m13, %s : (tensor<6xi8>, i32) -> !qtrain.scaled<tensor<6xi8>>
  %x14 = qtrain.compose %m14, %s : (tensor<6xi8>, i32) -> !qtrain.scaled<tensor<6xi8>>
  %x15 = qtrain.compose %m15, %s : (tensor<6xi8>, i32) -> !qtrain.scaled<tensor<6xi8>>
  %x16 = qtrain.compose %m16, %s : (tensor<6xi8>, i32) -> !qtrain.scaled<tensor<6xi8>>
  %max3 = qtrain.max_magnitude %x0 : (!qtrain.scaled<tensor<6xi8>>) -> i32
  %max4 = qtrain.max_magnitude %x1 : (!qtrain.scaled<tensor<6xi8>>) -> i32
  %max5 = qtrain.max_magnitude %x2 : (!qtrain.scaled<tensor<6xi8>>) -> i32
  %max6 = qtrain.max_magnitude %x3 : (!qtrain.scaled<tensor<6xi8>>) -> i32
  %max7 = qtrain.max_magnitude %x4 : (!qtrain.scaled<tensor<6xi8>>) -> i32
  %max8 = qtrain.max_magnitude %x5 : (!qtrain.scaled<tensor<6xi8>>) -> i32
  %max9 = qtrain.max_magnitude %x6 : (!qtrain.scaled<tensor<6xi8>>) -> i32
  %max10 = qtrain.max_magnitude %x7 : (!qtrain.scaled<tensor<6xi8>>) -> i32
  %max11 = qtrain.max_magnitude %x8 : (!qtrain.scaled<tensor<6xi8>>) -> i32
  %max12 = qtrain.max_magnitude %x9 : (!qtrain.scaled<tensor<6xi8>>) -> i32
  %max13 = qtrain.max_magnitude %x10 : (!qtrain.scaled<tensor<6xi8>>) -> i32
  %max14 = qtrain.max_magnitude %x11 : (!qtrain.scaled<tensor<6xi8>>) -> i32
  %max15 = qtrain.max_magnitude %x12 : (!qtrain.scaled<tensor<6xi8>>) -> i32
  %max16 = qtrain.max_magnitude %x13 : (!qtrain.scaled<tensor<6xi8>>) -> i32
  %max17 = qtrain.max_magnitude %x14 : (!qtrain.scaled<tensor<6xi8>>) -> i32
  %max18 = qtrain.max_magnitude %x15 : (!qtrain.scaled<tensor<6xi8>>) -> i32
  %max19 = qtrain.max_magnitude %x16 : (!qtrain.scaled<tensor<6xi8>>) -> i32
  %y = qtrain.sum %x0, %x1, %x2, %x3, %x4, %x5, %x6, %x7, %x8, %x9, %x10, %x11, %x12, %x13, %x14, %x15, %x16 maxima(%max3, %max4, %max5, %max6, %max7, %max8, %max9, %max10, %max11, %max12, %max13, %max14, %max15, %max16, %max17, %max18, %max19)
    : (!qtrain.scaled<tensor<6xi8>>, !qtrain.scaled<tensor<6xi8>>, !qtrain.scaled<tensor<6xi8>>,
     !qtrain.scaled<tensor<6xi8>>, !qtrain.scaled<tensor<6xi8>>, !qtrain.scaled<tensor<6xi8>>,
     !qtrain.scaled<tensor<6xi8>>, !qtrain.scaled<tensor<6xi8>>, !qtrain.scaled<tensor<6xi8>>,
     !qtrain.scaled<tensor<6xi8>>, !qtrain.scaled<tensor<6xi8>>, !qtrain.scaled<tensor<6xi8>>,
     !qtrain.scaled<tensor<6xi8>>, !qtrain.scaled<tensor<6xi8>>, !qtrain.scaled<tensor<6xi8>>,
     !qtrain.scaled<tensor<6xi8>>, !qtrain.scaled<tensor<6xi8>>)
    -> !qtrain.scaled<tensor<6xi32>>
  %0, %1 = qtrain.decompose %y : (!qtrain.scaled<tensor<6xi32>>) -> (tensor<6xi32>, i32)
  return %0, %1 : tensor<6xi32>, i32
}

// -----

// Flattening moves elements to the order of the logical shape ...

// CHECK-LABEL: func @reshape(
//       CHECK:   linalg.transpose ins(%{{.+}} : tensor<2x4x5x3xi8>) outs(%{{.+}} : tensor<2x3x4x5xi8>) permutation = [0, 3, 1, 2]
func.func @reshape(%m: tensor<2x4x5x3xi8>, %s: i32) -> (tensor<2x60xi8>, i32) {
  %x = qtrain.compose %m, %s : (tensor<2x4x5x3xi8>, i32) -> !qtrain.scaled<tensor<2x3x4x5xi8, #qtrain.channels_last>>
  %y = qtrain.reshape %x
    : (!qtrain.scaled<tensor<2x3x4x5xi8, #qtrain.channels_last>>) -> !qtrain.scaled<tensor<2x60xi8>>
  %0, %1 = qtrain.decompose %y : (!qtrain.scaled<tensor<2x60xi8>>) -> (tensor<2x60xi8>, i32)
  return %0, %1 : tensor<2x60xi8>, i32
}

// -----

// ... except where both orders are one: of one pixel, or one channel.

// CHECK-LABEL: func @reshape_is_view(
//   CHECK-NOT:   linalg
//       CHECK:   return
func.func @reshape_is_view(%m: tensor<2x1x1x3xi8>, %n: tensor<2x4x5x1xi8>, %s: i32) -> (tensor<2x3xi8>, i32) {
  %x = qtrain.compose %m, %s : (tensor<2x1x1x3xi8>, i32) -> !qtrain.scaled<tensor<2x3x1x1xi8, #qtrain.channels_last>>
  %y = qtrain.reshape %x
    : (!qtrain.scaled<tensor<2x3x1x1xi8, #qtrain.channels_last>>) -> !qtrain.scaled<tensor<2x3xi8>>
  %0, %1 = qtrain.decompose %y : (!qtrain.scaled<tensor<2x3xi8>>) -> (tensor<2x3xi8>, i32)
  return %0, %1 : tensor<2x3xi8>, i32
}

// -----

// CHECK-LABEL: func @transpose(
//       CHECK:   linalg.transpose ins(%{{.+}} : tensor<2x3xi8>) outs(%{{.+}} : tensor<3x2xi8>) permutation = [1, 0]
func.func @transpose(%m: tensor<2x3xi8>, %s: i32) -> (tensor<3x2xi8>, i32) {
  %x = qtrain.compose %m, %s : (tensor<2x3xi8>, i32) -> !qtrain.scaled<tensor<2x3xi8>>
  %y = qtrain.transpose %x {permutation = array<i64: 1, 0>}
    : (!qtrain.scaled<tensor<2x3xi8>>) -> !qtrain.scaled<tensor<3x2xi8>>
  %0, %1 = qtrain.decompose %y : (!qtrain.scaled<tensor<3x2xi8>>) -> (tensor<3x2xi8>, i32)
  return %0, %1 : tensor<3x2xi8>, i32
}

// -----

// Operands of other exponents are aligned to the largest one; channels lie
// innermost in memory.

// CHECK-LABEL: func @concat(
//  CHECK-SAME:   %[[SA:[^ ]+]]: i32, %[[SB:[^ ]+]]: i32,
//       CHECK:   %[[S:.+]] = arith.maxsi %[[SA]], %[[SB]]
//       CHECK:   %[[DA:.+]] = arith.subi %[[S]], %[[SA]]
//       CHECK:     qkernel.round_shift %{{.+}} by %[[DA]] to 8 bits
//       CHECK:   %[[DB:.+]] = arith.subi %[[S]], %[[SB]]
//       CHECK:     qkernel.round_shift %{{.+}} by %[[DB]] to 8 bits
//       CHECK:   qkernel.concat ins({{.*}} : tensor<2x5x6x3xi8>, tensor<2x5x6x4xi8>) outs(%{{.+}} : tensor<2x5x6x7xi8>) {axis = 3 : i64}
//       CHECK:   memref.store %[[S]]
func.func @concat(%a: tensor<2x5x6x3xi8>, %b: tensor<2x5x6x4xi8>, %sa: i32, %sb: i32) -> (tensor<2x5x6x7xi8>, i32) {
  %x = qtrain.compose %a, %sa : (tensor<2x5x6x3xi8>, i32) -> !qtrain.scaled<tensor<2x3x5x6xi8, #qtrain.channels_last>>
  %y = qtrain.compose %b, %sb : (tensor<2x5x6x4xi8>, i32) -> !qtrain.scaled<tensor<2x4x5x6xi8, #qtrain.channels_last>>
  %z = qtrain.concat %x, %y {axis = 1 : i64}
    : (!qtrain.scaled<tensor<2x3x5x6xi8, #qtrain.channels_last>>, !qtrain.scaled<tensor<2x4x5x6xi8, #qtrain.channels_last>>)
    -> !qtrain.scaled<tensor<2x7x5x6xi8, #qtrain.channels_last>>
  %0, %1 = qtrain.decompose %z
    : (!qtrain.scaled<tensor<2x7x5x6xi8, #qtrain.channels_last>>) -> (tensor<2x5x6x7xi8>, i32)
  return %0, %1 : tensor<2x5x6x7xi8>, i32
}

// -----

// Operands of one exponent need no alignment.

// CHECK-LABEL: func @concat_aligned(
//   CHECK-NOT:   round_shift
//       CHECK:   qkernel.concat
func.func @concat_aligned(%a: tensor<2x3xi8>, %s: i32) -> (tensor<2x6xi8>, i32) {
  %x = qtrain.compose %a, %s : (tensor<2x3xi8>, i32) -> !qtrain.scaled<tensor<2x3xi8>>
  %z = qtrain.concat %x, %x {axis = 1 : i64}
    : (!qtrain.scaled<tensor<2x3xi8>>, !qtrain.scaled<tensor<2x3xi8>>) -> !qtrain.scaled<tensor<2x6xi8>>
  %0, %1 = qtrain.decompose %z : (!qtrain.scaled<tensor<2x6xi8>>) -> (tensor<2x6xi8>, i32)
  return %0, %1 : tensor<2x6xi8>, i32
}

// -----

// CHECK: #[[$FROM:.+]] = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3 + 3)>
// CHECK-LABEL: func @slice(
//  CHECK-SAME:   %[[S:[^ ]+]]: i32,
//       CHECK:   qkernel.mapped_copy ins({{.*}} : tensor<2x5x6x7xi8>) outs(%{{.+}} : tensor<2x5x6x4xi8>) {map = #[[$FROM]]}
//       CHECK:   memref.store %[[S]]
func.func @slice(%a: tensor<2x5x6x7xi8>, %s: i32) -> (tensor<2x5x6x4xi8>, i32) {
  %x = qtrain.compose %a, %s : (tensor<2x5x6x7xi8>, i32) -> !qtrain.scaled<tensor<2x7x5x6xi8, #qtrain.channels_last>>
  %y = qtrain.slice %x {axis = 1 : i64, offset = 3 : i64}
    : (!qtrain.scaled<tensor<2x7x5x6xi8, #qtrain.channels_last>>) -> !qtrain.scaled<tensor<2x4x5x6xi8, #qtrain.channels_last>>
  %0, %1 = qtrain.decompose %y
    : (!qtrain.scaled<tensor<2x4x5x6xi8, #qtrain.channels_last>>) -> (tensor<2x5x6x4xi8>, i32)
  return %0, %1 : tensor<2x5x6x4xi8>, i32
}
