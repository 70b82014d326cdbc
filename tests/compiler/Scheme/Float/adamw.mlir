// An update becomes a step of Adam with decoupled weight decay.

// RUN: qtc-opt %s -qtrain-generate-backward -qtrain-apply-float="optimizer=adamw settings=beta1=0.5,beta2=0.75,epsilon=0.125,weight-decay=0.25" \
// RUN:   | FileCheck %s
// RUN: qtc-opt %s -qtrain-generate-backward -qtrain-apply-float="optimizer=adamw settings=beta1=0" \
// RUN:   | FileCheck %s --check-prefix=ZERO

// Each trained parameter has two tensors of state.

// CHECK: qtrain.parameter @w id 0 = dense<1.000000e+00> : tensor<3x5xf32>
// CHECK: qtrain.parameter @optimizer.w.moment1 id 0 kind optimizer = dense<0.000000e+00> : tensor<3x5xf32>
// CHECK: qtrain.parameter @optimizer.w.moment2 id 0 kind optimizer = dense<0.000000e+00> : tensor<3x5xf32>
// CHECK: qtrain.parameter @b id 1
// CHECK: qtrain.parameter @optimizer.b.moment1 id 1
// CHECK: qtrain.parameter @optimizer.b.moment2 id 1
qtrain.parameter @w id 0 = dense<1.0> : tensor<3x5xf32>
qtrain.parameter @b id 1 = dense<2.0> : tensor<3xf32>

//   CHECK-LABEL: func @train_step(
//    CHECK-SAME:   %[[STEP:[^ ]+]]: i32 {qtrain.role = #qtrain.role<step>}
//    CHECK-SAME:   %[[SCHEDULE:[^ ]+]]: i64 {qtrain.role = #qtrain.role<schedule>}
//    CHECK-SAME:   @optimizer.{{[wb]}}.moment1}
//    CHECK-SAME:   @optimizer.{{[wb]}}.moment2}
//    CHECK-SAME:   @optimizer.{{[wb]}}.moment1}
//    CHECK-SAME:   @optimizer.{{[wb]}}.moment2}

// The numbers of a step are computed once, in double. Step t = 1 has number 0.
// 0.5^t is a product of constants: 0.5 and 0.25 for the two lowest bits of t.

//     CHECK:   %[[RATE:.+]] = arith.extf %{{.+}} : f32 to f64
//     CHECK:   %[[DECAY:.+]] = arith.constant 2.500000e-01 : f64
//     CHECK:   %[[FADE:.+]] = arith.mulf %[[RATE]], %[[DECAY]]
//     CHECK:   %[[KEEP:.+]] = arith.subf %{{.+}}, %[[FADE]]
//     CHECK:   %[[WIDE:.+]] = arith.extui %[[STEP]] : i32 to i64
//     CHECK:   %[[T:.+]] = arith.addi %[[WIDE]], %{{.+}} : i64
//     CHECK:   %[[BETA:.+]] = arith.constant 5.000000e-01 : f64
//     CHECK:   %[[PRODUCT:.+]] = arith.mulf %{{.+}}, %[[BETA]]
//     CHECK:   %[[POWER:.+]] = arith.select %{{.+}}, %[[PRODUCT]], %{{.+}} : f64
//     CHECK:   %[[BETA2:.+]] = arith.constant 2.500000e-01 : f64
//     CHECK:   arith.mulf %[[POWER]], %[[BETA2]]
//     CHECK:   arith.divf
//     CHECK:   math.sqrt %{{.+}} : f64
//     CHECK:   %[[KEEP1:.+]] = arith.truncf %[[KEEP]] : f64 to f32
//     CHECK:   %[[STEP1:.+]] = arith.truncf
//     CHECK:   %[[SCALE:.+]] = arith.truncf
// CHECK-NOT:   math.sqrt

// The factors of the gradients divide by the 8 examples of a batch.

//     CHECK:   %[[FACTOR:.+]] = arith.constant 6.250000e-02 : f32
//     CHECK:   %[[M:.+]] = qtrain.linear_combination %{{.+}}, %[[G:.+]] by %{{.+}}, %[[FACTOR]]
//     CHECK:   %[[SQUARE:.+]] = qtrain.square %[[G]]
//     CHECK:   %[[FACTOR2:.+]] = arith.constant 3.906250e-03 : f32
//     CHECK:   %[[V:.+]] = qtrain.linear_combination %{{.+}}, %[[SQUARE]] by %{{.+}}, %[[FACTOR2]]
//     CHECK:   %[[EPSILON:.+]] = arith.constant 1.250000e-01 : f32
//     CHECK:   %[[Q:.+]] = qtrain.root_quotient %[[M]], %[[V]], %[[SCALE]], %[[EPSILON]]
//     CHECK:   qtrain.linear_combination %{{.+}}, %[[Q]] by %[[KEEP1]], %[[STEP1]]
//     CHECK:   qtrain.root_quotient %{{.+}}, %{{.+}}, %[[SCALE]], %{{.+}}
// CHECK-NOT:   qtrain.root_quotient

// The powers of 0 are 0 in every step, so any bit of t counts.

// ZERO-LABEL: func @train_step(
//       ZERO:   %[[T:.+]] = arith.addi %{{.+}} : i64
//       ZERO:   %[[REST:.+]] = arith.shrui %[[T]]
//       ZERO:   %[[ANY:.+]] = arith.cmpi ne, %[[REST]]
//       ZERO:   arith.select %[[ANY]]

func.func @forward(%x: tensor<8x5xf32>, %w: tensor<3x5xf32> {qtrain.parameter = @w},
                   %b: tensor<3xf32> {qtrain.parameter = @b}) -> tensor<8x3xf32> {
  %0 = qtrain.linear %x, %w : (tensor<8x5xf32>, tensor<3x5xf32>) -> tensor<8x3xf32>
  %1 = qtrain.bias_add %0, %b : (tensor<8x3xf32>, tensor<3xf32>) -> tensor<8x3xf32>
  return %1 : tensor<8x3xf32>
}
