// RUN: qtc-opt %s -qtrain-generate-backward -split-input-file | FileCheck %s

// The example of the pass: pixels go through the normalization, the step
// returns the logits, metrics of their rows and the new parameter, evaluation
// all but the last.

// CHECK-LABEL: func @evaluate(
//  CHECK-SAME:   %[[PIXELS:.+]]: tensor<2x4xui8> {qtrain.role = #qtrain.role<input>}, %[[LABELS:.+]]: tensor<2xi32> {qtrain.role = #qtrain.role<target>}, %[[W:.+]]: tensor<3x4xf32> {qtrain.parameter = @w})
//  CHECK-SAME:   -> (tensor<2x3xf32>, tensor<2xf32> {qtrain.name = "loss", qtrain.role = #qtrain.role<metric>}, tensor<2xf32> {qtrain.name = "accuracy", qtrain.role = #qtrain.role<metric>}) {
//       CHECK:   %[[X:.+]] = qtrain.normalize %[[PIXELS]] {divisor = 2.550000e+02 : f64, mean = array<f64: 0.000000e+00>, std = array<f64: 1.000000e+00>}
//       CHECK:   %[[Y:.+]] = qtrain.linear %[[X]], %[[W]]
//       CHECK:   %[[LOSS:.+]] = qtrain.row_metric %[[Y]], %[[LABELS]] {metric = #qtrain.cross_entropy<smoothing = 0.000000e+00 : f64>}
//       CHECK:   %[[HIT:.+]] = qtrain.row_metric %[[Y]], %[[LABELS]] {metric = #qtrain.accuracy}
//       CHECK:   return %[[Y]], %[[LOSS]], %[[HIT]]

// CHECK-LABEL: func @train_step(
//  CHECK-SAME:   %[[PIXELS:.+]]: tensor<2x4xui8> {qtrain.role = #qtrain.role<input>}, %[[LABELS:.+]]: tensor<2xi32> {qtrain.role = #qtrain.role<target>}, %[[W:.+]]: tensor<3x4xf32> {qtrain.parameter = @w},
//  CHECK-SAME:   %{{.+}}: i64 {qtrain.role = #qtrain.role<seed>}, %{{.+}}: i32 {qtrain.role = #qtrain.role<step>}, %{{.+}}: i64 {qtrain.role = #qtrain.role<schedule>})
//  CHECK-SAME:   -> (tensor<2x3xf32>, tensor<2xf32> {qtrain.name = "loss", qtrain.role = #qtrain.role<metric>}, tensor<2xf32> {qtrain.name = "accuracy", qtrain.role = #qtrain.role<metric>}, tensor<3x4xf32> {qtrain.parameter = @w})
//       CHECK:   %[[X:.+]] = qtrain.normalize %[[PIXELS]]
//       CHECK:   %[[Y:.+]] = qtrain.linear %[[X]], %[[W]]
//       CHECK:   %[[E:.+]] = qtrain.loss_gradient %[[Y]], %[[LABELS]] {loss = #qtrain.loss<cross_entropy>}
//       CHECK:   %[[G:.+]] = qtrain.linear_weight_gradient %[[X]], %[[E]]
//       CHECK:   %[[W1:.+]] = qtrain.update %[[W]], %[[G]] {symbol = @w}
//       CHECK:   %[[LOSS:.+]] = qtrain.row_metric %[[Y]], %[[LABELS]] {metric = #qtrain.cross_entropy<smoothing = 0.000000e+00 : f64>}
//       CHECK:   return %[[Y]], %[[LOSS]], %{{.+}}, %[[W1]]
//   CHECK-NOT: @forward
qtrain.parameter @w id 0 = dense<1.0> : tensor<3x4xf32>
func.func @forward(%x: tensor<2x4xf32>,
                   %w: tensor<3x4xf32> {qtrain.parameter = @w})
    -> tensor<2x3xf32> {
  %y = qtrain.linear %x, %w
       : (tensor<2x4xf32>, tensor<3x4xf32>) -> tensor<2x3xf32>
  return %y : tensor<2x3xf32>
}

// -----

// The error reaches a layer through the weights from before their update: a
// parameter is updated behind its last use. No error is made for the input.

// CHECK-LABEL: func @train_step(
//  CHECK-SAME:   %[[W1:[^ ]+]]: tensor<5x4xf32> {qtrain.parameter = @first}, %[[W2:[^ ]+]]: tensor<3x5xf32> {qtrain.parameter = @second}
//       CHECK:   %[[HIDDEN:.+]] = qtrain.linear %{{.+}}, %[[W1]]
//       CHECK:   %[[RELU:.+]] = qtrain.relu %[[HIDDEN]]
//       CHECK:   %[[E:.+]] = qtrain.loss_gradient
//       CHECK:   %[[EX:.+]] = qtrain.linear_input_gradient %[[E]], %[[W2]]
//       CHECK:   %[[G2:.+]] = qtrain.linear_weight_gradient %[[RELU]], %[[E]]
//       CHECK:   %[[NEW2:.+]] = qtrain.update %[[W2]], %[[G2]] {symbol = @second}
//       CHECK:   %[[ER:.+]] = qtrain.relu_gradient %[[RELU]], %[[EX]]
//   CHECK-NOT:   qtrain.linear_input_gradient
//       CHECK:   %[[G1:.+]] = qtrain.linear_weight_gradient %{{.+}}, %[[ER]]
//       CHECK:   %[[NEW1:.+]] = qtrain.update %[[W1]], %[[G1]] {symbol = @first}
//       CHECK:   return %{{.+}}, %[[NEW2]], %[[NEW1]]
qtrain.parameter @first id 0 = dense<1.0> : tensor<5x4xf32>
qtrain.parameter @second id 1 = dense<1.0> : tensor<3x5xf32>
func.func @forward(%x: tensor<2x4xf32>, %w1: tensor<5x4xf32> {qtrain.parameter = @first},
                   %w2: tensor<3x5xf32> {qtrain.parameter = @second}) -> tensor<2x3xf32> {
  %0 = qtrain.linear %x, %w1 : (tensor<2x4xf32>, tensor<5x4xf32>) -> tensor<2x5xf32>
  %1 = qtrain.relu %0 : (tensor<2x5xf32>) -> tensor<2x5xf32>
  %2 = qtrain.linear %1, %w2 : (tensor<2x5xf32>, tensor<3x5xf32>) -> tensor<2x3xf32>
  return %2 : tensor<2x3xf32>
}

// -----

// The errors of a value with three users are summed at once, not two by two:
// an integer scheme aligns them by the largest exponent of all.

// CHECK-LABEL: func @train_step(
//       CHECK:   qtrain.loss_gradient
//   CHECK-NOT:   qtrain.sum
//       CHECK:   qtrain.sum %{{.+}}, %{{.+}}, %{{.+}} : (tensor<2x4xf32>, tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
//   CHECK-NOT:   qtrain.sum
//       CHECK:   return
qtrain.parameter @w id 0 = dense<1.0> : tensor<4x4xf32>
qtrain.parameter @a id 1 = dense<1.0> : tensor<4x4xf32>
qtrain.parameter @b id 2 = dense<1.0> : tensor<4x4xf32>
func.func @forward(%x: tensor<2x4xf32>, %w: tensor<4x4xf32> {qtrain.parameter = @w},
                   %a: tensor<4x4xf32> {qtrain.parameter = @a}, %b: tensor<4x4xf32> {qtrain.parameter = @b})
    -> tensor<2x4xf32> {
  %0 = qtrain.linear %x, %w : (tensor<2x4xf32>, tensor<4x4xf32>) -> tensor<2x4xf32>
  %1 = qtrain.linear %0, %a : (tensor<2x4xf32>, tensor<4x4xf32>) -> tensor<2x4xf32>
  %2 = qtrain.linear %0, %b : (tensor<2x4xf32>, tensor<4x4xf32>) -> tensor<2x4xf32>
  %3 = qtrain.sum %0, %1, %2 : (tensor<2x4xf32>, tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  return %3 : tensor<2x4xf32>
}

// -----

// One value twice in one operation counts twice.

// CHECK-LABEL: func @train_step(
//       CHECK:   %[[E:.+]] = qtrain.loss_gradient
//       CHECK:   qtrain.sum %[[E]], %[[E]]
qtrain.parameter @w id 0 = dense<1.0> : tensor<4x4xf32>
func.func @forward(%x: tensor<2x4xf32>, %w: tensor<4x4xf32> {qtrain.parameter = @w}) -> tensor<2x4xf32> {
  %0 = qtrain.linear %x, %w : (tensor<2x4xf32>, tensor<4x4xf32>) -> tensor<2x4xf32>
  %1 = qtrain.sum %0, %0 : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  return %1 : tensor<2x4xf32>
}

// -----

// A parameter of two nodes has the sum of their gradients, and is updated once,
// behind the node that comes first in the forward pass.

// CHECK-LABEL: func @train_step(
//  CHECK-SAME:   %[[W:[^ ]+]]: tensor<4x4xf32> {qtrain.parameter = @w}
//       CHECK:   %[[E:.+]] = qtrain.loss_gradient
//       CHECK:   %[[EX:.+]] = qtrain.linear_input_gradient %[[E]], %[[W]]
//       CHECK:   %[[G2:.+]] = qtrain.linear_weight_gradient %{{.+}}, %[[E]]
//       CHECK:   %[[G1:.+]] = qtrain.linear_weight_gradient %{{.+}}, %[[EX]]
//       CHECK:   %[[G:.+]] = qtrain.sum %[[G2]], %[[G1]]
//       CHECK:   qtrain.update %[[W]], %[[G]]
//   CHECK-NOT:   qtrain.update
//       CHECK:   return
qtrain.parameter @w id 0 = dense<1.0> : tensor<4x4xf32>
func.func @forward(%x: tensor<2x4xf32>, %w: tensor<4x4xf32> {qtrain.parameter = @w}) -> tensor<2x4xf32> {
  %0 = qtrain.linear %x, %w : (tensor<2x4xf32>, tensor<4x4xf32>) -> tensor<2x4xf32>
  %1 = qtrain.linear %0, %w : (tensor<2x4xf32>, tensor<4x4xf32>) -> tensor<2x4xf32>
  return %1 : tensor<2x4xf32>
}

// -----

// Frozen parameters get no gradient, and behind a frozen front no error is
// propagated into it. The step still takes them and does not return them.

// CHECK-LABEL: func @train_step(
//  CHECK-SAME:   {qtrain.parameter = @front}
//  CHECK-SAME:   {qtrain.parameter = @middle}
//  CHECK-SAME:   %[[BACK:[^ ]+]]: tensor<4x4xf32> {qtrain.parameter = @back}
//  CHECK-SAME:   -> (tensor<2x4xf32>, {{.*}}, tensor<4x4xf32> {qtrain.parameter = @middle})
//       CHECK:   %[[E:.+]] = qtrain.loss_gradient
//       CHECK:   %[[EX:.+]] = qtrain.linear_input_gradient %[[E]], %[[BACK]]
//   CHECK-NOT:   qtrain.linear_input_gradient
//       CHECK:   qtrain.linear_weight_gradient %{{.+}}, %[[EX]]
//   CHECK-NOT:   gradient
//       CHECK:   qtrain.update {{.*}} {symbol = @middle}
//   CHECK-NOT:   gradient
//       CHECK:   return
qtrain.parameter @front id 0 frozen = dense<1.0> : tensor<4x4xf32>
qtrain.parameter @middle id 1 = dense<1.0> : tensor<4x4xf32>
qtrain.parameter @back id 2 frozen = dense<1.0> : tensor<4x4xf32>
func.func @forward(%x: tensor<2x4xf32>, %a: tensor<4x4xf32> {qtrain.parameter = @front},
                   %b: tensor<4x4xf32> {qtrain.parameter = @middle},
                   %c: tensor<4x4xf32> {qtrain.parameter = @back}) -> tensor<2x4xf32> {
  %0 = qtrain.linear %x, %a : (tensor<2x4xf32>, tensor<4x4xf32>) -> tensor<2x4xf32>
  %1 = qtrain.linear %0, %b : (tensor<2x4xf32>, tensor<4x4xf32>) -> tensor<2x4xf32>
  %2 = qtrain.linear %1, %c : (tensor<2x4xf32>, tensor<4x4xf32>) -> tensor<2x4xf32>
  return %2 : tensor<2x4xf32>
}

// -----

// A value that the logits do not depend on has no error, and its parameter no
// update.

// CHECK-LABEL: func @train_step(
//  CHECK-SAME:   -> (tensor<2x4xf32>, {{.*}}, tensor<4x4xf32> {qtrain.parameter = @used})
//       CHECK:   qtrain.update {{.*}} {symbol = @used}
//   CHECK-NOT:   qtrain.update
//       CHECK:   return
qtrain.parameter @used id 0 = dense<1.0> : tensor<4x4xf32>
qtrain.parameter @unused id 1 = dense<1.0> : tensor<4x4xf32>
func.func @forward(%x: tensor<2x4xf32>, %a: tensor<4x4xf32> {qtrain.parameter = @used},
                   %b: tensor<4x4xf32> {qtrain.parameter = @unused}) -> tensor<2x4xf32> {
  %0 = qtrain.linear %x, %a : (tensor<2x4xf32>, tensor<4x4xf32>) -> tensor<2x4xf32>
  %1 = qtrain.linear %x, %b : (tensor<2x4xf32>, tensor<4x4xf32>) -> tensor<2x4xf32>
  return %0 : tensor<2x4xf32>
}

// -----

// Dropout has the same random numbers forward and backward; evaluation has
// neither numbers nor dropout.

// CHECK-LABEL: func @evaluate(
//   CHECK-NOT:   qtrain.random
//   CHECK-NOT:   qtrain.dropout
//       CHECK:   %[[Y:.+]] = qtrain.linear
//       CHECK:   qtrain.linear %[[Y]]

// CHECK-LABEL: func @train_step(
//  CHECK-SAME:   %[[SEED:[^ ]+]]: i64 {qtrain.role = #qtrain.role<seed>}, %[[STEP:[^ ]+]]: i32 {qtrain.role = #qtrain.role<step>}
//       CHECK:   %[[R:.+]] = qtrain.random %[[SEED]], %[[STEP]] {id = 3 : i64, purpose = #qtrain.purpose<dropout>}
//       CHECK:   qtrain.dropout %{{.+}}, %[[R]] {ratio = 2.500000e-01 : f64}
//       CHECK:   %[[EX:.+]] = qtrain.linear_input_gradient
//       CHECK:   qtrain.dropout %[[EX]], %[[R]] {ratio = 2.500000e-01 : f64}
//   CHECK-NOT:   qtrain.random
qtrain.parameter @a id 0 = dense<1.0> : tensor<4x4xf32>
qtrain.parameter @b id 1 = dense<1.0> : tensor<4x4xf32>
func.func @forward(%x: tensor<2x4xf32>, %a: tensor<4x4xf32> {qtrain.parameter = @a},
                   %b: tensor<4x4xf32> {qtrain.parameter = @b}, %seed: i64 {qtrain.role = #qtrain.role<seed>},
                   %step: i32 {qtrain.role = #qtrain.role<step>}) -> tensor<2x4xf32> {
  %0 = qtrain.linear %x, %a : (tensor<2x4xf32>, tensor<4x4xf32>) -> tensor<2x4xf32>
  %r = qtrain.random %seed, %step {id = 3 : i64, purpose = #qtrain.purpose<dropout>} : (i64, i32) -> tensor<4xi16>
  %1 = qtrain.dropout %0, %r {ratio = 0.25 : f64} : (tensor<2x4xf32>, tensor<4xi16>) -> tensor<2x4xf32>
  %2 = qtrain.linear %1, %b : (tensor<2x4xf32>, tensor<4x4xf32>) -> tensor<2x4xf32>
  return %2 : tensor<2x4xf32>
}
