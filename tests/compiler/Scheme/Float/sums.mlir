// RUN: qtc-opt %s -qtrain-apply-float | FileCheck %s

// Sums over the batch are operations: those of a normalization, and that of the
// weights of labels.

// CHECK-LABEL: func @train_step(
//       CHECK:   %[[S:.+]], %[[Q:.+]] = qtrain.channel_moments %[[X:.+]], %[[X]] : (tensor<2x4xf32>, tensor<2x4xf32>) -> (tensor<4xf64>, tensor<4xf64>)
//       CHECK:   qtrain.batch_norm_training %[[X]], %{{.+}}, %[[S]], %[[Q]] {
//       CHECK:   %[[W:.+]] = qtrain.label_weight_sum %[[L:.+]] {ignored = 7 : i32, weights = array<f64: {{.+}}>} : (tensor<2xi32>) -> f64
//       CHECK:   qtrain.average_error %{{.+}}, %[[L]], %[[W]] {ignored = 7 : i32, weights = array<f64: {{.+}}>}
//       CHECK:   %[[T:.+]], %[[P:.+]] = qtrain.channel_moments %[[X]], %[[E:.+]] :
//       CHECK:   qtrain.batch_norm_parameter_gradient %[[X]], %{{.+}}, %[[E]], %[[T]], %[[P]] {
qtrain.parameter @s id 0 = dense<1.0> : tensor<4xf32>
func.func @train_step(%x: tensor<2x4xf32> {qtrain.role = #qtrain.role<input>},
                      %labels: tensor<2xi32> {qtrain.role = #qtrain.role<target>},
                      %s: tensor<4xf32> {qtrain.parameter = @s},
                      %step: i32 {qtrain.role = #qtrain.role<step>},
                      %schedule: i64 {qtrain.role = #qtrain.role<schedule>})
    -> (tensor<2x4xf32>, tensor<4xf32> {qtrain.parameter = @s}) {
  %y, %mean, %variance, %m1, %v1 = qtrain.batch_norm_training %x, %s, %s, %s, %s
    {epsilon = 1.0e-5 : f64, momentum = 0.9 : f64}
    : (tensor<2x4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>)
    -> (tensor<2x4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>)
  %g = qtrain.loss_gradient %y, %labels {loss = #qtrain.loss<cross_entropy>}
    : (tensor<2x4xf32>, tensor<2xi32>) -> tensor<2x4xf32>
  %e = qtrain.average_error %g, %labels {ignored = 7 : i32, weights = array<f64: 1.0, 0.5, 1.0, 1.0>}
    : (tensor<2x4xf32>, tensor<2xi32>) -> tensor<2x4xf32>
  %gs, %gb = qtrain.batch_norm_parameter_gradient %x, %mean, %variance, %e {epsilon = 1.0e-5 : f64}
    : (tensor<2x4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<2x4xf32>) -> (tensor<4xf32>, tensor<4xf32>)
  %s1 = qtrain.update %s, %gs {symbol = @s} : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  return %y, %s1 : tensor<2x4xf32>, tensor<4xf32>
}
