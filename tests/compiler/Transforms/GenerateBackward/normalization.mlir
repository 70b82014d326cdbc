// RUN: qtc-opt %s -qtrain-generate-backward -split-input-file | FileCheck %s

// Training goes by the statistics of the batch and returns the running ones,
// evaluation goes by copies of its own and returns none. The sums that are the
// gradients of scale and bias are formed once and serve the input's too.

// CHECK-DAG: qtrain.parameter @evaluation.mean.evaluation id 0 kind evaluation origin @mean = dense<2.000000e+00> : tensor<3xf32>
// CHECK-DAG: qtrain.parameter @evaluation.variance.evaluation id 0 kind evaluation origin @variance = dense<1.000000e+00> : tensor<3xf32>
// CHECK-DAG: qtrain.parameter @scratch.mean.sum id 0 kind scratch = dense<0.000000e+00> : tensor<3xf32>
// CHECK-DAG: qtrain.parameter @scratch.variance.spread id 0 kind scratch = dense<0.000000e+00> : tensor<3xf32>

// CHECK-LABEL: func @evaluate(
//  CHECK-SAME:   %[[MEAN:[^ ]+]]: tensor<3xf32> {qtrain.parameter = @evaluation.mean.evaluation}, %[[VARIANCE:[^ ]+]]: tensor<3xf32> {qtrain.parameter = @evaluation.variance.evaluation})
//  CHECK-SAME:   -> (tensor<2x3xf32>, {{.*}}) {
//   CHECK-NOT:   qtrain.batch_norm_training
//       CHECK:   %[[Y:.+]] = qtrain.batch_norm_inference %{{.+}}, %{{.+}}, %{{.+}}, %[[MEAN]], %[[VARIANCE]] {epsilon = 1.000000e-05 : f64}
//       CHECK:   return %[[Y]], %{{.+}}, %{{.+}} : tensor<2x3xf32>

// CHECK-LABEL: func @train_step(
//  CHECK-SAME:   %[[W:[^ ]+]]: tensor<3x4xf32> {qtrain.parameter = @w}, %[[SCALE:[^ ]+]]: tensor<3xf32> {qtrain.parameter = @scale}, %[[BIAS:[^ ]+]]: tensor<3xf32> {qtrain.parameter = @bias}
//  CHECK-SAME:   -> (tensor<2x3xf32>, {{.*}}, tensor<3xf32> {qtrain.parameter = @scale}, tensor<3xf32> {qtrain.parameter = @bias}, tensor<3x4xf32> {qtrain.parameter = @w}, tensor<3xf32> {qtrain.parameter = @mean}, tensor<3xf32> {qtrain.parameter = @variance})
//       CHECK:   %[[X:.+]] = qtrain.linear
//       CHECK:   %[[Y:.+]], %[[MU:.+]], %[[V:.+]], %[[M1:.+]], %[[V1:.+]] = qtrain.batch_norm_training %[[X]], %[[SCALE]], %[[BIAS]],
//       CHECK:   %[[E:.+]] = qtrain.loss_gradient %[[Y]]
//       CHECK:   %[[GS:.+]], %[[GB:.+]] = qtrain.batch_norm_parameter_gradient %[[X]], %[[MU]], %[[V]], %[[E]] {epsilon = 1.000000e-05 : f64}
//       CHECK:   %[[EX:.+]] = qtrain.batch_norm_input_gradient %[[X]], %[[MU]], %[[V]], %[[SCALE]], %[[E]], %[[GS]], %[[GB]] {epsilon = 1.000000e-05 : f64}
//   CHECK-DAG:   %[[S1:.+]] = qtrain.update %[[SCALE]], %[[GS]] {symbol = @scale}
//   CHECK-DAG:   %[[B1:.+]] = qtrain.update %[[BIAS]], %[[GB]] {symbol = @bias}
//       CHECK:   qtrain.linear_weight_gradient %{{.+}}, %[[EX]]
//       CHECK:   %[[W1:.+]] = qtrain.update %[[W]],
//       CHECK:   return %[[Y]], %{{.+}}, %{{.+}}, %[[S1]], %[[B1]], %[[W1]], %[[M1]], %[[V1]]

// The estimation goes by the statistics of the batch as training does, and gives
// evaluation the pooled ones. It moves nothing else.

// CHECK-LABEL: func @estimate(
//  CHECK-SAME:   %[[INDEX:[^ ]+]]: i32 {qtrain.role = #qtrain.role<step>}, %[[M0:[^ ]+]]: tensor<3xf32> {qtrain.parameter = @evaluation.mean.evaluation}, %[[V0:[^ ]+]]: tensor<3xf32> {qtrain.parameter = @evaluation.variance.evaluation}, %[[SUM:[^ ]+]]: tensor<3xf32> {qtrain.parameter = @scratch.mean.sum}, %[[SPREAD:[^ ]+]]: tensor<3xf32> {qtrain.parameter = @scratch.variance.spread}
//  CHECK-SAME:   -> (tensor<2x3xf32>, tensor<3xf32> {qtrain.parameter = @evaluation.mean.evaluation}, tensor<3xf32> {qtrain.parameter = @evaluation.variance.evaluation}, tensor<3xf32> {qtrain.parameter = @scratch.mean.sum}, tensor<3xf32> {qtrain.parameter = @scratch.variance.spread})
//       CHECK:   %[[Y:.+]], %[[MU:.+]], %[[V:.+]], %{{.+}}, %{{.+}} = qtrain.batch_norm_training
//       CHECK:   %[[M1:.+]], %[[V1:.+]], %[[S1:.+]], %[[D1:.+]] = qtrain.pool_statistics %[[MU]], %[[V]], %[[M0]], %[[V0]], %[[SUM]], %[[SPREAD]], %[[INDEX]]
//       CHECK:   return %[[Y]], %[[M1]], %[[V1]], %[[S1]], %[[D1]]
qtrain.parameter @w id 0 = dense<1.0> : tensor<3x4xf32>
qtrain.parameter @scale id 1 = dense<1.0> : tensor<3xf32>
qtrain.parameter @bias id 2 = dense<1.0> : tensor<3xf32>
qtrain.parameter @mean id 0 kind buffer = dense<2.0> : tensor<3xf32>
qtrain.parameter @variance id 0 kind buffer = dense<1.0> : tensor<3xf32>
func.func @forward(%x: tensor<2x4xf32>, %w: tensor<3x4xf32> {qtrain.parameter = @w},
                   %scale: tensor<3xf32> {qtrain.parameter = @scale}, %bias: tensor<3xf32> {qtrain.parameter = @bias},
                   %mean: tensor<3xf32> {qtrain.parameter = @mean},
                   %variance: tensor<3xf32> {qtrain.parameter = @variance})
    -> (tensor<2x3xf32>, tensor<3xf32> {qtrain.parameter = @mean}, tensor<3xf32> {qtrain.parameter = @variance}) {
  %0 = qtrain.linear %x, %w : (tensor<2x4xf32>, tensor<3x4xf32>) -> tensor<2x3xf32>
  %1:5 = qtrain.batch_norm_training %0, %scale, %bias, %mean, %variance {epsilon = 1.0e-5 : f64, momentum = 0.9 : f64}
    : (tensor<2x3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>)
    -> (tensor<2x3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>)
  return %1#0, %1#3, %1#4 : tensor<2x3xf32>, tensor<3xf32>, tensor<3xf32>
}

// -----

// No gradient of the input where nothing needs one, and none of a frozen scale;
// running statistics follow the batches all the same.

// CHECK-LABEL: func @train_step(
//  CHECK-SAME:   -> (tensor<2x4xf32>, {{.*}}, tensor<4xf32> {qtrain.parameter = @bias}, tensor<4xf32> {qtrain.parameter = @mean}, tensor<4xf32> {qtrain.parameter = @variance})
//   CHECK-NOT:   qtrain.batch_norm_input_gradient
//       CHECK:   %{{.+}}, %[[GB:.+]] = qtrain.batch_norm_parameter_gradient
//   CHECK-NOT:   qtrain.batch_norm_input_gradient
//       CHECK:   qtrain.update %{{.+}}, %[[GB]] {symbol = @bias}
//   CHECK-NOT:   qtrain.update
//       CHECK:   return
qtrain.parameter @scale id 0 frozen = dense<1.0> : tensor<4xf32>
qtrain.parameter @bias id 1 = dense<1.0> : tensor<4xf32>
qtrain.parameter @mean id 0 kind buffer = dense<0.0> : tensor<4xf32>
qtrain.parameter @variance id 0 kind buffer = dense<1.0> : tensor<4xf32>
func.func @forward(%x: tensor<2x4xf32>, %scale: tensor<4xf32> {qtrain.parameter = @scale},
                   %bias: tensor<4xf32> {qtrain.parameter = @bias}, %mean: tensor<4xf32> {qtrain.parameter = @mean},
                   %variance: tensor<4xf32> {qtrain.parameter = @variance})
    -> (tensor<2x4xf32>, tensor<4xf32> {qtrain.parameter = @mean}, tensor<4xf32> {qtrain.parameter = @variance}) {
  %0:5 = qtrain.batch_norm_training %x, %scale, %bias, %mean, %variance {epsilon = 1.0e-5 : f64, momentum = 0.9 : f64}
    : (tensor<2x4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>)
    -> (tensor<2x4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>)
  return %0#0, %0#3, %0#4 : tensor<2x4xf32>, tensor<4xf32>, tensor<4xf32>
}
