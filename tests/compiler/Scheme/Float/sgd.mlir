// An update becomes a step of gradient descent with momentum and weight decay.

// RUN: qtc-opt %s -qtrain-generate-backward -qtrain-apply-float | FileCheck %s
// RUN: qtc-opt %s -qtrain-generate-backward -qtrain-apply-float="settings=momentum=0" \
// RUN:   | FileCheck %s --check-prefix=PLAIN
// RUN: qtc-opt %s -qtrain-generate-backward -qtrain-apply-float="settings=momentum=0.5,weight-decay=0.25" \
// RUN:   | FileCheck %s --check-prefix=DECAY
// RUN: qtc-opt %s -qtrain-generate-backward -qtrain-apply-float="settings=nesterov=on,weight-decay=0.25" \
// RUN:   | FileCheck %s --check-prefix=AHEAD

// The momentum is a tensor of the state, named after its parameter. Another
// parameter may have that name. What is frozen has none.

// CHECK: qtrain.parameter @w id 0 = dense<1.000000e+00> : tensor<3x5xf32>
// CHECK: qtrain.parameter @optimizer.w.momentum id 0 kind optimizer = dense<0.000000e+00> : tensor<3x5xf32>
// CHECK: qtrain.parameter @w.momentum id 1 frozen = dense<2.000000e+00> : tensor<3xf32>
// CHECK-NOT: qtrain.parameter
qtrain.parameter @w id 0 = dense<1.0> : tensor<3x5xf32>
qtrain.parameter @w.momentum id 1 frozen = dense<2.0> : tensor<3xf32>

// Pixels go through a table, floats enter and leave by what lies in memory, the
// rate is the low half of the schedule. No gradient is scaled.

//   CHECK-LABEL: func @evaluate(
//         CHECK:   qtrain.lookup %{{.+}} {table = dense<"0x{{.+}}"> : tensor<1x256xf32>} : (tensor<8x5xui8>) -> tensor<8x5xf32>
//         CHECK:   qtrain.decompose %{{.+}} : (tensor<8x3xf32>) -> tensor<8x3xf32>

//   CHECK-LABEL: func @train_step(
//    CHECK-SAME:   %[[W_ARG:[^ ]+]]: tensor<3x5xf32> {qtrain.parameter = @w}
//    CHECK-SAME:   %[[SCHEDULE:[^ ]+]]: i64 {qtrain.role = #qtrain.role<schedule>}
//    CHECK-SAME:   %[[V_ARG:[^ ]+]]: tensor<3x5xf32> {qtrain.parameter = @optimizer.w.momentum})
//    CHECK-SAME:   -> (tensor<8x3xf32>, {{.*}}, tensor<3x5xf32> {qtrain.parameter = @w}, tensor<3x5xf32> {qtrain.parameter = @optimizer.w.momentum})
//     CHECK-DAG:   %[[W:.+]] = qtrain.compose %[[W_ARG]] : (tensor<3x5xf32>) -> tensor<3x5xf32>
//     CHECK-DAG:   %[[V:.+]] = qtrain.compose %[[V_ARG]] : (tensor<3x5xf32>) -> tensor<3x5xf32>
//         CHECK:   %[[G:.+]] = qtrain.linear_weight_gradient
//     CHECK-DAG:   %[[BITS:.+]] = arith.trunci %[[SCHEDULE]] : i64 to i32
//     CHECK-DAG:   %[[RATE:.+]] = arith.bitcast %[[BITS]] : i32 to f32
//     CHECK-DAG:   %[[EACH:.+]] = arith.constant -1.250000e-01 : f32
//         CHECK:   %[[STEP:.+]] = arith.mulf %[[RATE]], %[[EACH]]
//         CHECK:   %[[MOMENTUM:.+]] = arith.constant 0.899999976 : f32
//         CHECK:   %[[ONE:.+]] = arith.constant 1.000000e+00 : f32
//         CHECK:   %[[V1:.+]] = qtrain.linear_combination %[[V]], %[[G]] by %[[MOMENTUM]], %[[ONE]]
//         CHECK:   %[[SAME:.+]] = arith.constant 1.000000e+00 : f32
//         CHECK:   %[[W1:.+]] = qtrain.linear_combination %[[W]], %[[V1]] by %[[SAME]], %[[STEP]]
//         CHECK:   %[[W_OUT:.+]] = qtrain.decompose %[[W1]]
//         CHECK:   %[[V_OUT:.+]] = qtrain.decompose %[[V1]]
//         CHECK:   return %{{.+}}, %[[W_OUT]], %[[V_OUT]]

// Without momentum the step goes along the gradient.

//     PLAIN-NOT: kind optimizer
//   PLAIN-LABEL: func @train_step(
//         PLAIN:   %[[G:.+]] = qtrain.linear_weight_gradient
// PLAIN-COUNT-1:   qtrain.linear_combination %{{.+}}, %[[G]] by
//     PLAIN-NOT:   qtrain.linear_combination

// The decay is of the batch, as the gradients are.

//   DECAY-LABEL: func @train_step(
//     DECAY-DAG:   %[[MOMENTUM:.+]] = arith.constant 5.000000e-01 : f32
//     DECAY-DAG:   %[[ONE:.+]] = arith.constant 1.000000e+00 : f32
//     DECAY-DAG:   %[[FADE:.+]] = arith.constant 2.000000e+00 : f32
//         DECAY:   qtrain.linear_combination %{{.+}}, %{{.+}}, %{{.+}} by %[[MOMENTUM]], %[[ONE]], %[[FADE]]

// The look-ahead adds the gradient once more, to the new momentum.

//   AHEAD-LABEL: func @train_step(
//         AHEAD:   %[[G:.+]] = qtrain.linear_weight_gradient
//         AHEAD:   %[[V1:.+]] = qtrain.linear_combination %{{.+}}, %[[G]], %[[W:.+]] by
//         AHEAD:   %[[ONE:.+]] = arith.constant 1.000000e+00 : f32
//         AHEAD:   %[[FADE:.+]] = arith.constant 2.000000e+00 : f32
//         AHEAD:   %[[MOMENTUM:.+]] = arith.constant 0.899999976 : f32
//         AHEAD:   %[[AHEAD:.+]] = qtrain.linear_combination %[[G]], %[[W]], %[[V1]] by %[[ONE]], %[[FADE]], %[[MOMENTUM]]
//         AHEAD:   %[[W1:.+]] = qtrain.linear_combination %[[W]], %[[AHEAD]] by
//         AHEAD:   %[[W_OUT:.+]] = qtrain.decompose %[[W1]]
//         AHEAD:   %[[V_OUT:.+]] = qtrain.decompose %[[V1]]
//         AHEAD:   return %{{.+}}, %[[W_OUT]], %[[V_OUT]]

func.func @forward(%x: tensor<8x5xf32>, %w: tensor<3x5xf32> {qtrain.parameter = @w},
                   %b: tensor<3xf32> {qtrain.parameter = @w.momentum}) -> tensor<8x3xf32> {
  %0 = qtrain.linear %x, %w : (tensor<8x5xf32>, tensor<3x5xf32>) -> tensor<8x3xf32>
  %1 = qtrain.bias_add %0, %b : (tensor<8x3xf32>, tensor<3xf32>) -> tensor<8x3xf32>
  return %1 : tensor<8x3xf32>
}
