// RUN: qtc-opt %s -split-input-file -qtrain-generate-backward="loss=mse number-inputs=0" | FileCheck %s --check-prefix=MSE
// RUN: qtc-opt %s -split-input-file -qtrain-generate-backward="loss=l1 number-inputs=0 mantissas" | FileCheck %s --check-prefix=L1
// RUN: qtc-opt %s -split-input-file -qtrain-generate-backward="loss=huber loss-options=loss-delta=0.5" | FileCheck %s --check-prefix=HUBER
// RUN: qtc-opt %s -split-input-file -qtrain-generate-backward="loss=bce" -verify-diagnostics | FileCheck %s --check-prefix=BCE
// RUN: not qtc-opt %s -split-input-file -qtrain-generate-backward="loss=hinge" 2>&1 | FileCheck %s --check-prefix=UNKNOWN

// UNKNOWN: error: expected a loss among cross-entropy, sse, mse, l1, huber, bce, but got 'hinge'

// Floats enter as they are; targets have the shape of the prediction.

// MSE-LABEL: func @evaluate(
//  MSE-SAME:   %[[X:.+]]: tensor<2x4xf32> {qtrain.role = #qtrain.role<input>}, %{{.+}}: tensor<3x4xf32> {qtrain.parameter = @w})
//   MSE-NOT:   qtrain.normalize
//       MSE:   qtrain.linear %[[X]]
// MSE-LABEL: func @train_step(
//  MSE-SAME:   %[[X:.+]]: tensor<2x4xf32> {qtrain.role = #qtrain.role<input>}, %[[T:.+]]: tensor<2x3xf32> {qtrain.role = #qtrain.role<target>},
//       MSE:   %[[Y:.+]] = qtrain.linear %[[X]]
//       MSE:   %[[R:.+]] = qtrain.residual %[[Y]], %[[T]]
//       MSE:   %[[E:.+]] = qtrain.scale_error %[[R]] {factor = 0.666666686 : f32}
//       MSE:   qtrain.linear_weight_gradient %[[X]], %[[E]]
//       MSE:   %[[L:.+]] = qtrain.row_metric %[[Y]], %[[T]] {metric = #qtrain.mean_squares} : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2xf32>
//   MSE-NOT:   qtrain.row_metric
//       MSE:   return %[[Y]], %[[L]],

// Numbers enter integer schemes as mantissas with fixed exponents.

// L1-LABEL: func @train_step(
//  L1-SAME:   %[[M:.+]]: tensor<2x4xi8> {qtrain.role = #qtrain.role<input>}, %[[N:.+]]: tensor<2x3xi32> {qtrain.role = #qtrain.role<target>},
//       L1:   %[[X:.+]] = qtrain.decode %[[M]] {exponent = -5 : si32} : (tensor<2x4xi8>) -> tensor<2x4xf32>
//       L1:   %[[T:.+]] = qtrain.decode %[[N]] {exponent = -16 : si32} : (tensor<2x3xi32>) -> tensor<2x3xf32>
//       L1:   %[[R:.+]] = qtrain.residual %{{.+}}, %[[T]]
//       L1:   %[[S:.+]] = qtrain.elementwise %[[R]] {function = #qtrain.sign}
//       L1:   qtrain.scale_error %[[S]] {factor = 0.333333343 : f32}
//       L1:   qtrain.row_metric %{{.+}}, %[[T]] {metric = #qtrain.mean_absolute}

// Pixels may have targets that are numbers.

// HUBER-LABEL: func @train_step(
//  HUBER-SAME:   %{{.+}}: tensor<2x4xui8> {qtrain.role = #qtrain.role<input>}, %[[T:.+]]: tensor<2x3xf32> {qtrain.role = #qtrain.role<target>},
//       HUBER:   %[[R:.+]] = qtrain.residual %{{.+}}, %[[T]]
//       HUBER:   %[[C:.+]] = qtrain.elementwise %[[R]] {function = #qtrain.clip<low = -5.000000e-01 : f64, high = 5.000000e-01 : f64>}
//       HUBER:   qtrain.scale_error %[[C]] {factor = 0.333333343 : f32}
//       HUBER:   qtrain.row_metric %{{.+}}, %[[T]] {metric = #qtrain.mean_huber<delta = 5.000000e-01 : f64>}

// BCE-LABEL: func @train_step(
//       BCE:   %[[Y:.+]] = qtrain.linear
//       BCE:   %[[P:.+]] = qtrain.elementwise %[[Y]] {function = #qtrain.sigmoid}
//       BCE:   %[[R:.+]] = qtrain.residual %[[P]], %{{.+}}
//       BCE:   qtrain.scale_error %[[R]] {factor = 0.333333343 : f32}
//       BCE:   return %[[Y]]
qtrain.parameter @w id 0 = dense<1.0> : tensor<3x4xf32>
func.func @forward(%x: tensor<2x4xf32>,
                   %w: tensor<3x4xf32> {qtrain.parameter = @w})
    -> tensor<2x3xf32> {
  %y = qtrain.linear %x, %w
       : (tensor<2x4xf32>, tensor<3x4xf32>) -> tensor<2x3xf32>
  return %y : tensor<2x3xf32>
}

// -----

// A sigmoid at the end belongs to the loss, and only to this one. A factor of 1
// is left out.

// MSE-LABEL: func @evaluate(
//       MSE:   qtrain.elementwise {{.*}} {function = #qtrain.sigmoid}
// BCE-LABEL: func @evaluate(
//   BCE-NOT:   qtrain.sigmoid
// BCE-LABEL: func @train_step(
//       BCE:   %[[Y:.+]] = qtrain.linear
//       BCE:   %[[P:.+]] = qtrain.elementwise %[[Y]] {function = #qtrain.sigmoid}
//       BCE:   %[[R:.+]] = qtrain.residual %[[P]], %{{.+}}
//   BCE-NOT:   qtrain.scale_error
//   BCE-NOT:   qtrain.elementwise_gradient
//       BCE:   return %[[Y]]
qtrain.parameter @w id 0 = dense<1.0> : tensor<1x4xf32>
func.func @forward(%x: tensor<2x4xf32>,
                   %w: tensor<1x4xf32> {qtrain.parameter = @w})
    -> tensor<2x1xf32> {
  %y = qtrain.linear %x, %w
       : (tensor<2x4xf32>, tensor<1x4xf32>) -> tensor<2x1xf32>
  // expected-remark @below {{left out, the loss takes its place}}
  %p = qtrain.elementwise %y {function = #qtrain.sigmoid} : (tensor<2x1xf32>) -> tensor<2x1xf32>
  return %p : tensor<2x1xf32>
}
