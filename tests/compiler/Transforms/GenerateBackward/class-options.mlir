// RUN: qtc-opt %s -qtrain-generate-backward="loss-options=label-smoothing=0.1" | FileCheck %s --check-prefix=SMOOTH
// RUN: qtc-opt %s -qtrain-generate-backward="loss-options=ignore-index=-100" | FileCheck %s --check-prefix=IGNORE
// RUN: not qtc-opt %s -qtrain-generate-backward="loss-options=label-smoothing=1" 2>&1 | FileCheck %s --check-prefix=RANGE
// RUN: not qtc-opt %s -qtrain-generate-backward="loss-options=class-weights=1" 2>&1 | FileCheck %s --check-prefix=COUNT
// RUN: not qtc-opt %s -qtrain-generate-backward="loss=sse loss-options=ignore-index=1" 2>&1 | FileCheck %s --check-prefix=OTHER

// Smooth labels change errors of rows, whose mean is over all examples.

// SMOOTH-LABEL: func @train_step(
//       SMOOTH:   %[[E:.+]] = qtrain.loss_gradient %{{.+}}, %[[T:.+]] {loss = #qtrain.loss<cross_entropy>}
//       SMOOTH:   %[[W:.+]] = qtrain.weigh_error %[[E]], %[[T]] {smoothing = 1.000000e-01 : f64}
//   SMOOTH-NOT:   qtrain.average_error
//       SMOOTH:   qtrain.linear_weight_gradient %{{.+}}, %[[W]]
//       SMOOTH:   qtrain.row_metric %{{.+}}, %[[T]] {metric = #qtrain.cross_entropy<smoothing = 1.000000e-01 : f64>}
//   SMOOTH-NOT:   qtrain.label_weight

// The mean is over the examples that count.

// IGNORE-LABEL: func @train_step(
//  IGNORE-SAME:   tensor<2xf32> {qtrain.name = "loss", qtrain.role = #qtrain.role<weight>}, tensor<2xf32> {qtrain.name = "accuracy", qtrain.role = #qtrain.role<weight>}
//       IGNORE:   %[[E:.+]] = qtrain.loss_gradient %{{.+}}, %[[T:.+]] {loss = #qtrain.loss<cross_entropy>}
//       IGNORE:   %[[W:.+]] = qtrain.weigh_error %[[E]], %[[T]] {ignored = -100 : i32}
//       IGNORE:   %[[M:.+]] = qtrain.average_error %[[W]], %[[T]] {ignored = -100 : i32}
//       IGNORE:   qtrain.linear_weight_gradient %{{.+}}, %[[M]]
//       IGNORE:   %[[L:.+]] = qtrain.row_metric %{{.+}}, %[[T]] {ignored = -100 : i32, metric = #qtrain.cross_entropy
//       IGNORE:   %[[LW:.+]] = qtrain.label_weight %[[T]] {ignored = -100 : i32}
//       IGNORE:   %[[A:.+]] = qtrain.row_metric %{{.+}}, %[[T]] {ignored = -100 : i32, metric = #qtrain.accuracy}
//       IGNORE:   %[[AW:.+]] = qtrain.label_weight %[[T]] {ignored = -100 : i32}
//       IGNORE:   return %{{.+}}, %[[L]], %[[A]], %[[LW]], %[[AW]],

// RANGE: error: option '--label-smoothing': expected a number from 0 to below 1, but got '1'
// COUNT: error: option '--class-weights': expected 3 numbers, one for each class, but got 1
// OTHER: error: option '--ignore-index': not one of this optimizer or loss

qtrain.parameter @w id 0 = dense<1.0> : tensor<3x4xf32>
func.func @forward(%x: tensor<2x4xf32>,
                   %w: tensor<3x4xf32> {qtrain.parameter = @w})
    -> tensor<2x3xf32> {
  %y = qtrain.linear %x, %w
    : (tensor<2x4xf32>, tensor<3x4xf32>) -> tensor<2x3xf32>
  return %y : tensor<2x3xf32>
}
