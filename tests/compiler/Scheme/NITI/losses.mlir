// RUN: qtc-opt %s -qtrain-generate-backward="loss=mse number-inputs=0 mantissas" -qtrain-apply-niti -assert-integer | FileCheck %s

// Mantissas of features and targets need no operation but their exponents. The
// residual has the exponent of the targets and is requantized; the constant of
// the loss does not matter.

// CHECK-LABEL: func @train_step(
//  CHECK-SAME:   %[[M:[^ ]+]]: tensor<2x4xi8> {qtrain.role = #qtrain.role<input>}, %[[N:[^ ]+]]: tensor<2x3xi32> {qtrain.role = #qtrain.role<target>},
//   CHECK-DAG:   %[[SX:.+]] = arith.constant -5 : i32
//   CHECK-DAG:   %[[X:.+]] = qtrain.compose %[[M]], %[[SX]]
//   CHECK-DAG:   %[[ST:.+]] = arith.constant -16 : i32
//   CHECK-DAG:   %[[T:.+]] = qtrain.compose %[[N]], %[[ST]] : (tensor<2x3xi32>, i32) -> !qtrain.scaled<tensor<2x3xi32>>
//       CHECK:   %[[R:.+]] = qtrain.residual %{{.+}}, %[[T]] : (!qtrain.scaled<tensor<2x3xi8>>, !qtrain.scaled<tensor<2x3xi32>>) -> !qtrain.scaled<tensor<2x3xi32>>
//       CHECK:   %[[BITS:.+]] = qtrain.magnitude_bits %[[R]]
//       CHECK:   %[[E:.+]] = qtrain.shift_scale %[[R]] by %{{.+}} {bits = 8 : i64, rounding = #qtrain.rounding<nearest>}
//   CHECK-NOT:   qtrain.scale_error
//       CHECK:   qtrain.linear_weight_gradient %[[X]], %[[E]]
qtrain.parameter @w id 0 = dense<1.0> : tensor<3x4xf32>
func.func @forward(%x: tensor<2x4xf32>,
                   %w: tensor<3x4xf32> {qtrain.parameter = @w})
    -> tensor<2x3xf32> {
  %y = qtrain.linear %x, %w
       : (tensor<2x4xf32>, tensor<3x4xf32>) -> tensor<2x3xf32>
  return %y : tensor<2x3xf32>
}
