// RUN: qtc-opt %s -qtrain-generate-backward="loss=mse number-inputs=0" | FileCheck %s
// RUN: qtc-opt %s -qtrain-generate-backward="loss=mse number-inputs=0" -qtrain-apply-float -qtrain-contract-codes -canonicalize -cse \
// RUN:   | FileCheck %s --check-prefix=MIXED

// An interval is a parameter like others: its gradient is that of the
// transformer, which passes the discretizer unchanged.

// CHECK-LABEL: func @train_step(
//       CHECK:   %[[A:.+]] = qtrain.quantize %[[X:.+]], %[[I:.+]] {levels = 15 : i64}
//       CHECK:   %[[B:.+]] = qtrain.quantize %[[W:.+]], %[[J:.+]] {is_signed, levels = 7 : i64}
//       CHECK:   qtrain.linear %[[A]], %[[B]]
//       CHECK:   %[[EA:.+]] = qtrain.linear_input_gradient %[[E:.+]], %[[B]] :
//       CHECK:   %[[EB:.+]] = qtrain.linear_weight_gradient %[[A]], %[[E]]
//       CHECK:   %[[GW:.+]] = qtrain.quantize_input_gradient %[[W]], %[[EB]], %[[J]] {is_signed}
//       CHECK:   %[[GJ:.+]] = qtrain.interval_gradient %[[W]], %[[EB]], %[[J]] {is_signed}
//   CHECK-DAG:   qtrain.update %[[W]], %[[GW]] {symbol = @w}
//   CHECK-DAG:   qtrain.update %[[J]], %[[GJ]] {symbol = @j}
//       CHECK:   %[[GI:.+]] = qtrain.interval_gradient %[[X]], %[[EA]], %[[I]] :
//       CHECK:   qtrain.update %[[I]], %[[GI]] {symbol = @i}

// A step of floats has the product of its forward pass in integers.

// MIXED-LABEL: func @train_step(
//   MIXED-DAG:   qtrain.quantize {{.*}} -> !qtrain.scaled<tensor<2x4xi8>>
//   MIXED-DAG:   qtrain.quantize {{.*}} -> !qtrain.scaled<tensor<3x4xi8>>
//       MIXED:   %[[P:.+]] = qtrain.linear {{.*}} -> !qtrain.scaled<tensor<2x3xi32>>
//       MIXED:   qtrain.dequantize %[[P]] {factor = 9.523810e-03 : f32}
//       MIXED:   qtrain.linear_weight_gradient {{.*}} -> tensor<3x4xf32>
//       MIXED:   qtrain.linear_combination
qtrain.parameter @i id 0 = dense<[0.5, 0.5]> : tensor<2xf32>
qtrain.parameter @w id 1 = dense<0.5> : tensor<3x4xf32>
qtrain.parameter @j id 2 = dense<[0.5, 0.5]> : tensor<2xf32>
func.func @forward(%x: tensor<2x4xf32>, %i: tensor<2xf32> {qtrain.parameter = @i},
                   %w: tensor<3x4xf32> {qtrain.parameter = @w}, %j: tensor<2xf32> {qtrain.parameter = @j})
    -> tensor<2x3xf32> {
  %a = qtrain.quantize %x, %i {levels = 15 : i64} : (tensor<2x4xf32>, tensor<2xf32>) -> tensor<2x4xf32>
  %b = qtrain.quantize %w, %j {is_signed, levels = 7 : i64} : (tensor<3x4xf32>, tensor<2xf32>) -> tensor<3x4xf32>
  %y = qtrain.linear %a, %b : (tensor<2x4xf32>, tensor<3x4xf32>) -> tensor<2x3xf32>
  return %y : tensor<2x3xf32>
}
