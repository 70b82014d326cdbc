// RUN: qtc-opt %s -pass-pipeline='builtin.module(qtrain-generate-backward{loss=sse},qtrain-apply-wage,canonicalize,cse)' | FileCheck %s
// RUN: qtc-opt %s -pass-pipeline='builtin.module(qtrain-generate-backward{loss=sse},qtrain-apply-wage{activation-bits=2 error-bits=16},canonicalize,cse)' \
// RUN:   | FileCheck %s --check-prefix=WIDE

// A function is a table of operands of 8 bits within ±1, and its slopes another.
// 256 products: sA is 1 + floor((floor(log2(6 * 256)) - 4) / 2) = 4. Operands and
// the mask are all that is kept of the accumulators.

// CHECK-LABEL: func @train_step(
//   CHECK-DAG:   %[[FOUR:.+]] = arith.constant 4 : i32
//   CHECK-DAG:   %[[SIX:.+]] = arith.constant 6 : i32
//   CHECK-DAG:   %[[VALUES:.+]] = arith.constant dense<"0x
//   CHECK-DAG:   %[[SLOPES:.+]] = arith.constant dense<"0x
//       CHECK:   %[[ACC:.+]] = qtrain.linear %{{.+}} -> !qtrain.scaled<tensor<2x4xi32>>
//   CHECK-DAG:   %[[X:.+]] = qtrain.shift_scale %[[ACC]] by %[[FOUR]] {bidirectional, bits = 8 : i64, rounding = #qtrain.rounding<even>}
//   CHECK-DAG:   %[[KEPT:.+]] = qtrain.range_mask %[[ACC]] {high = 2032 : i64, low = -2032 : i64}
//       CHECK:   %[[VT:.+]] = qtrain.compose %{{.+}} : (tensor<256xi8>, i32)
//       CHECK:   %[[Y:.+]] = qtrain.apply_table %[[X]], %[[VT]]
//       CHECK:   qtrain.linear %[[Y]]
//       CHECK:   %[[DX:.+]] = qtrain.linear_input_gradient
//       CHECK:   %[[R:.+]] = qtrain.magnitude_bits %[[DX]], %[[KEPT]] {nearest}
//       CHECK:   %[[N:.+]] = arith.subi %[[R]]
//       CHECK:   %[[E:.+]] = qtrain.shift_scale %[[DX]] by %[[N]] {bidirectional, bits = 8
//       CHECK:   %[[ST:.+]] = qtrain.compose %{{.+}} : (tensor<256xi8>, i32)
//       CHECK:   %[[S:.+]] = qtrain.apply_table %[[X]], %[[ST]]
//       CHECK:   %[[P:.+]] = qtrain.multiply %[[E]], %[[S]]
//       CHECK:   %[[EX:.+]] = qtrain.shift_scale %[[P]] by %[[SIX]] {bits = 8 : i64, rounding = #qtrain.rounding<even>}
//       CHECK:   qtrain.apply_mask %[[EX]], %[[KEPT]]

// Two bits of activations, shifted by 4 + 2 - 8; errors of 16 bits.

// WIDE-LABEL: func @train_step(
//   WIDE-DAG:   %[[LEFT:.+]] = arith.constant -2 : i32
//       WIDE:   qtrain.shift_scale %{{.+}} by %[[LEFT]] {bidirectional, bits = 8
//       WIDE:   qtrain.range_mask %{{.+}} {high = 31 : i64, low = -31 : i64}
//       WIDE:   qtrain.multiply %{{.+}} : (!qtrain.scaled<tensor<2x4xi16>>, !qtrain.scaled<tensor<2x4xi8>>) -> !qtrain.scaled<tensor<2x4xi32>>

qtrain.parameter @v id 0 = dense<1.0> : tensor<4x256xf32>
qtrain.parameter @w id 1 = dense<1.0> : tensor<3x4xf32>
func.func @forward(%x: tensor<2x256xf32>, %v: tensor<4x256xf32> {qtrain.parameter = @v},
                   %w: tensor<3x4xf32> {qtrain.parameter = @w}) -> tensor<2x3xf32> {
  %0 = qtrain.linear %x, %v : (tensor<2x256xf32>, tensor<4x256xf32>) -> tensor<2x4xf32>
  %1 = qtrain.elementwise %0 {function = #qtrain.gelu} : (tensor<2x4xf32>) -> tensor<2x4xf32>
  %2 = qtrain.linear %1, %w : (tensor<2x4xf32>, tensor<3x4xf32>) -> tensor<2x3xf32>
  return %2 : tensor<2x3xf32>
}
