// RUN: qtc-opt %s -qtrain-generate-backward="number-inputs=1" | FileCheck %s
// RUN: qtc-opt %s -qtrain-generate-backward="number-inputs=1 mantissas" -qtrain-apply-niti -assert-integer | FileCheck %s --check-prefix=NITI

// Pixels, numbers and indices; the table's gradient sums the errors of its rows.

// CHECK-LABEL: func.func @evaluate
// CHECK-SAME:    %{{.*}}: tensor<2x4xui8> {qtrain.role = #qtrain.role<input>}, %{{.*}}: tensor<2x3xf32> {qtrain.role = #qtrain.role<input>}, %{{.*}}: tensor<2xi32> {qtrain.role = #qtrain.role<input>}
// CHECK-LABEL: func.func @train_step
// CHECK-SAME:    %{{.*}}: tensor<2x4xui8> {{.*}}, %[[B:.*]]: tensor<2x3xf32> {qtrain.role = #qtrain.role<input>}, %[[I:.*]]: tensor<2xi32> {qtrain.role = #qtrain.role<input>}, %{{.*}}: tensor<2xi32> {qtrain.role = #qtrain.role<target>}
// CHECK:         qtrain.normalize
// CHECK:         qtrain.gather %{{.*}}, %[[I]]
// CHECK:         qtrain.gather_gradient %{{.*}}, %[[I]] : (tensor<2x1x5xf32>, tensor<2xi32>) -> tensor<7x5xf32>

// NITI-LABEL: func.func @train_step
// NITI:         qtrain.gather {{.*}} -> !qtrain.scaled<tensor<2x1x5xi8>>
// NITI:         %[[G:.*]] = qtrain.gather_gradient {{.*}} -> !qtrain.scaled<tensor<7x5xi32>>
// NITI:         qtrain.magnitude_bits %[[G]]

qtrain.parameter @a id 0 = dense<0.5> : tensor<5x4xf32>
qtrain.parameter @b id 1 = dense<0.5> : tensor<5x3xf32>
qtrain.parameter @t id 2 = dense<0.5> : tensor<7x5xf32>
func.func @forward(%image: tensor<2x4xf32>, %numbers: tensor<2x3xf32>, %indices: tensor<2xi32>,
                   %a: tensor<5x4xf32> {qtrain.parameter = @a}, %b: tensor<5x3xf32> {qtrain.parameter = @b},
                   %t: tensor<7x5xf32> {qtrain.parameter = @t}) -> tensor<2x5xf32> {
  %0 = qtrain.linear %image, %a : (tensor<2x4xf32>, tensor<5x4xf32>) -> tensor<2x5xf32>
  %1 = qtrain.linear %numbers, %b : (tensor<2x3xf32>, tensor<5x3xf32>) -> tensor<2x5xf32>
  %2 = qtrain.gather %t, %indices : (tensor<7x5xf32>, tensor<2xi32>) -> tensor<2x1x5xf32>
  %3 = qtrain.reshape %2 : (tensor<2x1x5xf32>) -> tensor<2x5xf32>
  %4 = qtrain.sum %0, %1, %3 : (tensor<2x5xf32>, tensor<2x5xf32>, tensor<2x5xf32>) -> tensor<2x5xf32>
  return %4 : tensor<2x5xf32>
}
