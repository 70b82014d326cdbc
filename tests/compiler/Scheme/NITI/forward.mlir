// RUN: qtc-opt %s -qtrain-apply-niti -split-input-file | FileCheck %s

// The example of the pass: a contraction gives accumulators, which are
// requantized: shifted to nearest by what their largest magnitude exceeds 7
// bits, never to the left. Logits come with their exponent.

// CHECK-LABEL: func @evaluate(
//  CHECK-SAME:   %[[PIXELS:.+]]: tensor<2x4xui8> {qtrain.role = #qtrain.role<input>}, %[[M:.+]]: tensor<3x4xi8> {qtrain.parameter = @w}) -> (tensor<2x3xi8>, i32)
//       CHECK:   %[[S:.+]] = arith.constant -6 : i32
//       CHECK:   %[[W:.+]] = qtrain.compose %[[M]], %[[S]]
//       CHECK:   %[[X:.+]] = qtrain.lookup %[[PIXELS]]
//       CHECK:   %[[ACC:.+]] = qtrain.linear %[[X]], %[[W]] : (!qtrain.scaled<tensor<2x4xi8>>, !qtrain.scaled<tensor<3x4xi8>>) -> !qtrain.scaled<tensor<2x3xi32>>
//       CHECK:   %[[BITS:.+]] = qtrain.magnitude_bits %[[ACC]]
//       CHECK:   %[[SEVEN:.+]] = arith.constant 7 : i32
//       CHECK:   %[[EXCESS:.+]] = arith.subi %[[BITS]], %[[SEVEN]]
//       CHECK:   %[[ZERO:.+]] = arith.constant 0 : i32
//       CHECK:   %[[SHIFT:.+]] = arith.maxsi %[[EXCESS]], %[[ZERO]]
//       CHECK:   %[[Y:.+]] = qtrain.shift_scale %[[ACC]] by %[[SHIFT]] {bits = 8 : i64, rounding = #qtrain.rounding<nearest>} : (!qtrain.scaled<tensor<2x3xi32>>, i32) -> !qtrain.scaled<tensor<2x3xi8>>
//       CHECK:   %[[MY:.+]], %[[SY:.+]] = qtrain.decompose %[[Y]]
//       CHECK:   return %[[MY]], %[[SY]] : tensor<2x3xi8>, i32
qtrain.parameter @w id 0 = dense<1.0> : tensor<3x4xf32>
func.func @evaluate(%p: tensor<2x4xui8> {qtrain.role = #qtrain.role<input>}, %w: tensor<3x4xf32> {qtrain.parameter = @w})
    -> tensor<2x3xf32> {
  %x = qtrain.normalize %p {divisor = 255.0 : f64, mean = array<f64: 0.0>, std = array<f64: 1.0>}
    : (tensor<2x4xui8>) -> tensor<2x4xf32>
  %y = qtrain.linear %x, %w
       : (tensor<2x4xf32>, tensor<3x4xf32>) -> tensor<2x3xf32>
  return %y : tensor<2x3xf32>
}

// -----

// Pixels index a table: of one exponent, a row a channel if mean or deviation
// have one entry each. (p/1 − 0)/2 reaches 127.5, so the exponent is 7 − 7,
// and 255/2 rounds to 128 and clips to 127.

// CHECK-LABEL: func @evaluate(
//       CHECK:   qtrain.lookup %{{.+}} {exponent = 0 : si32, table = dense<"0x00{{.*}}7F"> : tensor<2x256xi8>} : (tensor<1x2xui8>) -> !qtrain.scaled<tensor<1x2xi8>>
func.func @evaluate(%p: tensor<1x2xui8> {qtrain.role = #qtrain.role<input>}) -> tensor<1x2xf32> {
  %x = qtrain.normalize %p {divisor = 1.0 : f64, mean = array<f64: 0.0>, std = array<f64: 4.0, 2.0>}
    : (tensor<1x2xui8>) -> tensor<1x2xf32>
  return %x : tensor<1x2xf32>
}

// -----

// W is taken behind the bias: a layer that feeds one is not requantized first.

#window = #qtrain.window<kernel = [1, 1], strides = [1, 1], pads = [0, 0, 0, 0], dilations = [1, 1]>
// CHECK-LABEL: func @evaluate(
//       CHECK:   %[[ACC:.+]] = qtrain.conv2d
//  CHECK-NEXT:   %[[SUM:.+]] = qtrain.bias_add %[[ACC]], %{{.+}} -> !qtrain.scaled<tensor<2x3x4x4xi32>>
//       CHECK:   qtrain.magnitude_bits %[[SUM]]
//       CHECK:   qtrain.shift_scale %[[SUM]]
//   CHECK-NOT:   magnitude_bits
//       CHECK:   return
qtrain.parameter @w id 0 = dense<1.0> : tensor<3x4x1x1xf32>
qtrain.parameter @b id 1 = dense<1.0> : tensor<3xf32>
func.func @evaluate(%p: tensor<2x4x4x4xui8> {qtrain.role = #qtrain.role<input>},
                    %w: tensor<3x4x1x1xf32> {qtrain.parameter = @w}, %b: tensor<3xf32> {qtrain.parameter = @b})
    -> tensor<2x3x4x4xf32> {
  %x = qtrain.normalize %p {divisor = 255.0 : f64, mean = array<f64: 0.0>, std = array<f64: 1.0>}
    : (tensor<2x4x4x4xui8>) -> tensor<2x4x4x4xf32>
  %y = qtrain.conv2d %x, %w {window = #window} : (tensor<2x4x4x4xf32>, tensor<3x4x1x1xf32>) -> tensor<2x3x4x4xf32>
  %z = qtrain.bias_add %y, %b : (tensor<2x3x4x4xf32>, tensor<3xf32>) -> tensor<2x3x4x4xf32>
  return %z : tensor<2x3x4x4xf32>
}

// -----

// Where mantissas reach a bias they are widened without a shift.

// CHECK-LABEL: func @evaluate(
//       CHECK:   %[[ZERO:.+]] = arith.constant 0 : i32
//       CHECK:   %[[WIDE:.+]] = qtrain.shift_scale %{{.+}} by %[[ZERO]] {bits = 32 : i64, rounding = #qtrain.rounding<nearest>} : (!qtrain.scaled<tensor<2x4xi8>>, i32) -> !qtrain.scaled<tensor<2x4xi32>>
//       CHECK:   qtrain.bias_add %[[WIDE]]
qtrain.parameter @b id 1 = dense<1.0> : tensor<4xf32>
func.func @evaluate(%p: tensor<2x4xui8> {qtrain.role = #qtrain.role<input>}, %b: tensor<4xf32> {qtrain.parameter = @b})
    -> tensor<2x4xf32> {
  %x = qtrain.normalize %p {divisor = 255.0 : f64, mean = array<f64: 0.0>, std = array<f64: 1.0>}
    : (tensor<2x4xui8>) -> tensor<2x4xf32>
  %z = qtrain.bias_add %x, %b : (tensor<2x4xf32>, tensor<4xf32>) -> tensor<2x4xf32>
  return %z : tensor<2x4xf32>
}

// -----

// Units, maxima and moves keep mantissas; means, sums and most dropouts add up
// and are requantized; dropout by half keeps them too.

#half = #qtrain.window<kernel = [2, 2], strides = [2, 2], pads = [0, 0, 0, 0], dilations = [1, 1]>
// CHECK-LABEL: func @evaluate(
//       CHECK:   %[[X:.+]] = qtrain.lookup
//  CHECK-NEXT:   %[[R:.+]] = qtrain.relu %[[X]] : {{.*}} -> !qtrain.scaled<tensor<2x3x8x8xi8>>
//  CHECK-NEXT:   %[[M:.+]] = qtrain.max_pool2d %[[R]] {{.*}} -> !qtrain.scaled<tensor<2x3x4x4xi8>>
//  CHECK-NEXT:   %[[A:.+]] = qtrain.average_pool2d %[[M]] {{.*}} -> !qtrain.scaled<tensor<2x3x2x2xi32>>
//  CHECK-NEXT:   qtrain.magnitude_bits %[[A]]
//       CHECK:   %[[QA:.+]] = qtrain.shift_scale %[[A]]
//  CHECK-NEXT:   %[[M1:.+]] = qtrain.max_magnitude %[[QA]]
//  CHECK-NEXT:   %[[M2:.+]] = qtrain.max_magnitude %[[QA]]
//  CHECK-NEXT:   %[[S:.+]] = qtrain.sum %[[QA]], %[[QA]] maxima(%[[M1]], %[[M2]]) : {{.*}} -> !qtrain.scaled<tensor<2x3x2x2xi32>>
//  CHECK-NEXT:   qtrain.magnitude_bits %[[S]]
//       CHECK:   %[[QS:.+]] = qtrain.shift_scale %[[S]]
//       CHECK:   %[[RANDOM:.+]] = qtrain.random
//  CHECK-NEXT:   %[[D:.+]] = qtrain.dropout %[[QS]], %[[RANDOM]] {ratio = 2.500000e-01 : f64} : {{.*}} -> !qtrain.scaled<tensor<2x3x2x2xi32>>
//  CHECK-NEXT:   qtrain.magnitude_bits %[[D]]
//       CHECK:   %[[QD:.+]] = qtrain.shift_scale %[[D]]
//  CHECK-NEXT:   %[[H:.+]] = qtrain.dropout %[[QD]], %[[RANDOM]] {ratio = 5.000000e-01 : f64} : {{.*}} -> !qtrain.scaled<tensor<2x3x2x2xi8>>
//  CHECK-NEXT:   %[[F:.+]] = qtrain.reshape %[[H]] : {{.*}} -> !qtrain.scaled<tensor<2x12xi8>>
//  CHECK-NEXT:   %[[C:.+]] = qtrain.concat %[[F]], %[[F]] {{.*}} -> !qtrain.scaled<tensor<2x24xi8>>
//  CHECK-NEXT:   qtrain.decompose %[[C]]
func.func @evaluate(%p: tensor<2x3x8x8xui8> {qtrain.role = #qtrain.role<input>}, %seed: i64 {qtrain.role = #qtrain.role<seed>},
                    %step: i32 {qtrain.role = #qtrain.role<step>}) -> tensor<2x24xf32> {
  %x = qtrain.normalize %p {divisor = 255.0 : f64, mean = array<f64: 0.0>, std = array<f64: 1.0>}
    : (tensor<2x3x8x8xui8>) -> tensor<2x3x8x8xf32>
  %0 = qtrain.relu %x : (tensor<2x3x8x8xf32>) -> tensor<2x3x8x8xf32>
  %1 = qtrain.max_pool2d %0 {window = #half} : (tensor<2x3x8x8xf32>) -> tensor<2x3x4x4xf32>
  %2 = qtrain.average_pool2d %1 {window = #half} : (tensor<2x3x4x4xf32>) -> tensor<2x3x2x2xf32>
  %3 = qtrain.sum %2, %2 : (tensor<2x3x2x2xf32>, tensor<2x3x2x2xf32>) -> tensor<2x3x2x2xf32>
  %r = qtrain.random %seed, %step {id = 0 : i64, purpose = #qtrain.purpose<dropout>} : (i64, i32) -> tensor<12xi16>
  %4 = qtrain.dropout %3, %r {ratio = 0.25 : f64} : (tensor<2x3x2x2xf32>, tensor<12xi16>) -> tensor<2x3x2x2xf32>
  %5 = qtrain.dropout %4, %r {ratio = 0.5 : f64} : (tensor<2x3x2x2xf32>, tensor<12xi16>) -> tensor<2x3x2x2xf32>
  %6 = qtrain.reshape %5 : (tensor<2x3x2x2xf32>) -> tensor<2x12xf32>
  %7 = qtrain.concat %6, %6 {axis = 1 : i64} : (tensor<2x12xf32>, tensor<2x12xf32>) -> tensor<2x24xf32>
  return %7 : tensor<2x24xf32>
}
