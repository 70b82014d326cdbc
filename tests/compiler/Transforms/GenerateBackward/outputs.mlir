// RUN: qtc-opt %s -qtrain-generate-backward="loss=cross-entropy,mse loss-weights=1,0.5 loss-options=label-smoothing=0.1" | FileCheck %s
// RUN: qtc-opt %s -qtrain-generate-backward="loss=cross-entropy,mse loss-weights=1,0.5 mantissas" -qtrain-apply-niti | FileCheck %s --check-prefix=NITI
// RUN: not qtc-opt %s -qtrain-generate-backward="loss=mse,l1,l1" 2>&1 | FileCheck %s --check-prefix=COUNT
// RUN: not qtc-opt %s -qtrain-generate-backward="loss=mse loss-weights=1,0" 2>&1 | FileCheck %s --check-prefix=WEIGHT
// RUN: not qtc-opt %s -qtrain-generate-backward="loss=mse loss-options=loss-delta=1" 2>&1 | FileCheck %s --check-prefix=OPTION

// COUNT: error: expected a loss and a weight for each of 2 predictions, but got 3 and 2
// WEIGHT: error: expected weights of losses that are positive
// OPTION: error: option '--loss-delta': not one of this optimizer or loss

// Every prediction has targets, and those after the first have a mark. The
// second one has two rows for each of the first, so its mean over rows counts
// half, and its weight is a half.

// CHECK-LABEL: func @evaluate(
//  CHECK-SAME:   tensor<2xi32> {qtrain.role = #qtrain.role<target>}, %{{.+}}: tensor<4x2xf32> {qtrain.role = #qtrain.role<target>}

// CHECK-LABEL: func @train_step(
//  CHECK-SAME:   %[[L:[^ ]+]]: tensor<2xi32> {qtrain.role = #qtrain.role<target>}, %[[T:[^ ]+]]: tensor<4x2xf32> {qtrain.role = #qtrain.role<target>},
//  CHECK-SAME:   -> (tensor<2x4xf32>, tensor<4x2xf32> {qtrain.role = #qtrain.role<prediction>},
//  CHECK-SAME:   tensor<2xf32> {qtrain.name = "loss", qtrain.role = #qtrain.role<metric>}, tensor<2xf32> {qtrain.name = "accuracy", qtrain.role = #qtrain.role<metric>},
//  CHECK-SAME:   tensor<4xf32> {qtrain.name = "loss", qtrain.output = 1 : i32, qtrain.role = #qtrain.role<metric>},
//       CHECK:   %[[Y:.+]] = qtrain.linear
//       CHECK:   %[[Z:.+]] = qtrain.reshape %[[Y]]
//       CHECK:   %[[G:.+]] = qtrain.loss_gradient %[[Y]], %[[L]]
//       CHECK:   %[[E:.+]] = qtrain.weigh_error %[[G]]
//       CHECK:   %[[R:.+]] = qtrain.residual %[[Z]], %[[T]]
//   CHECK-NOT:   factor = 1.0
//       CHECK:   %[[W:.+]] = qtrain.scale_error %[[R]] {factor = 2.500000e-01 : f32}
//       CHECK:   %[[V:.+]] = qtrain.reshape %[[W]]
//       CHECK:   %[[S:.+]] = qtrain.sum %[[E]], %[[V]]
//       CHECK:   qtrain.linear_weight_gradient %{{.+}}, %[[S]]
//   CHECK-DAG:   %[[A:.+]] = qtrain.row_metric %[[Y]], %[[L]] {metric = #qtrain.cross_entropy
//   CHECK-DAG:   %[[B:.+]] = qtrain.row_metric %[[Z]], %[[T]] {metric = #qtrain.mean_squares}
//       CHECK:   return %[[Y]], %[[Z]], %[[A]], %{{.+}}, %[[B]],

// In integers, the factor raises the exponent; every prediction has one.

// NITI-LABEL: func @train_step(
//  NITI-SAME:   -> (tensor<2x4xi8>, i32, tensor<4x2xi8> {qtrain.role = #qtrain.role<prediction>}, i32,
//       NITI:   qtrain.random %{{.+}} {id = 0 : i64, purpose = #qtrain.purpose<loss_rounding>}
//       NITI:   %[[M:.+]], %[[X:.+]] = qtrain.decompose
//       NITI:   %[[K:.+]] = arith.constant -2 : i32
//       NITI:   %[[U:.+]] = arith.addi %[[X]], %[[K]] : i32
//       NITI:   qtrain.compose %[[M]], %[[U]]
qtrain.parameter @w id 0 = dense<1.0> : tensor<4x4xf32>
func.func @forward(%x: tensor<2x4xf32>,
                   %w: tensor<4x4xf32> {qtrain.parameter = @w})
    -> (tensor<2x4xf32>, tensor<4x2xf32>) {
  %y = qtrain.linear %x, %w
       : (tensor<2x4xf32>, tensor<4x4xf32>) -> tensor<2x4xf32>
  %z = qtrain.reshape %y : (tensor<2x4xf32>) -> tensor<4x2xf32>
  return %y, %z : tensor<2x4xf32>, tensor<4x2xf32>
}
