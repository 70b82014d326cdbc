// RUN: qtc-opt %s -qtrain-generate-backward="loss-options=ignore-index=7" -qtrain-apply-niti | FileCheck %s
// RUN: qtc-opt %s -qtrain-generate-backward="loss-options=label-smoothing=0.1" -qtrain-apply-niti="loss=paper" \
// RUN:   | FileCheck %s --check-prefix=PAPER
// RUN: not qtc-opt %s -qtrain-generate-backward="loss-options=label-smoothing=0.0001" -qtrain-apply-niti="loss=paper" 2>&1 \
// RUN:   | FileCheck %s --check-prefix=LOST
// RUN: not qtc-opt %s -qtrain-generate-backward="loss-options=ignore-index=7" -qtrain-apply-wage 2>&1 \
// RUN:   | FileCheck %s --check-prefix=WAGE

// Errors are weighed before they are rounded, with 8 more fraction bits; the
// mean is left out.

// CHECK-LABEL: func @train_step(
//       CHECK:   %[[P:.+]] = qtrain.loss_gradient %{{.+}}, %[[T:.+]] {exponential = #qtrain.exponential<fraction>, loss = #qtrain.loss<cross_entropy>}
//       CHECK:   %[[W:.+]] = qtrain.weigh_error %[[P]], %[[T]] {exponential = #qtrain.exponential<fraction>, ignored = 7 : i32}
//       CHECK:   %[[R:.+]] = qtrain.random %{{.+}}, %{{.+}} {id = 0 : i64, purpose = #qtrain.purpose<loss_rounding>} : (i64, i32) -> tensor<2x3xi16>
//       CHECK:   %[[SHIFT:.+]] = arith.constant 16 : i32
//       CHECK:   %[[E:.+]] = qtrain.shift_scale %[[W]] by %[[SHIFT]] random %[[R]] {bits = 8 : i64, rounding = #qtrain.rounding<stochastic>}
//   CHECK-NOT:   qtrain.average_error
//       CHECK:   qtrain.linear_weight_gradient %{{.+}}, %[[E]]

// PAPER-LABEL: func @train_step(
//       PAPER:   qtrain.weigh_error %{{.+}}, %{{.+}} {exponential = #qtrain.exponential<paper>, smoothing = 1.000000e-01 : f64}
//       PAPER:   arith.constant 12 : i32

// LOST: error: scheme niti has 11 bits for the probability of a class: with 3 classes, expected a --label-smoothing of 0, or of at least 0.00
// WAGE: error: scheme wage defines no --label-smoothing, --class-weights and --ignore-index

qtrain.parameter @w id 0 = dense<1.0> : tensor<3x4xf32>
func.func @forward(%x: tensor<2x4xf32>,
                   %w: tensor<3x4xf32> {qtrain.parameter = @w})
    -> tensor<2x3xf32> {
  %y = qtrain.linear %x, %w
    : (tensor<2x4xf32>, tensor<3x4xf32>) -> tensor<2x3xf32>
  return %y : tensor<2x3xf32>
}
