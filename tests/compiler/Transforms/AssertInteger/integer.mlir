// Integers pass, and float attributes too: they are constants of the compiler.

// RUN: qtc-opt %s -pass-pipeline='builtin.module(func.func(assert-integer))' | FileCheck %s

// CHECK-LABEL: func @f(
//       CHECK:   qtrain.dropout {{.*}} {ratio = 2.500000e-01 : f64}
func.func @f(%x: !qtrain.scaled<tensor<8x4xi8>>, %r: tensor<4xi16>) -> !qtrain.scaled<tensor<8x4xi32>> {
  %0 = qtrain.dropout %x, %r {ratio = 0.25 : f64}
    : (!qtrain.scaled<tensor<8x4xi8>>, tensor<4xi16>) -> !qtrain.scaled<tensor<8x4xi32>>
  return %0 : !qtrain.scaled<tensor<8x4xi32>>
}
