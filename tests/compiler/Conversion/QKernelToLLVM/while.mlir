// RUN: qtc-opt %s -convert-qkernel-to-llvm=isa=avx2 | FileCheck %s

// Upstream's pattern reads the operands of the condition after it has erased
// it: the result of the loop is the value that the condition passes on.

// CHECK-LABEL: llvm.func internal @task(
//       CHECK:   llvm.br ^[[BEFORE:.+]](%{{.+}} : i32)
//       CHECK: ^[[BEFORE]](%[[I:.+]]: i32):
//       CHECK:   llvm.cond_br %{{.+}}, ^[[AFTER:.+]](%[[I]] : i32), ^[[END:.+]]
//       CHECK: ^[[AFTER]](%[[J:.+]]: i32):
//       CHECK:   %[[K:.+]] = llvm.sub %[[J]],
//       CHECK:   llvm.br ^[[BEFORE]](%[[K]] : i32)
//       CHECK: ^[[END]]:
//       CHECK:   llvm.store %[[I]],
func.func private @task(%from: index, %to: index, %m: memref<i32>) {
  %c0 = arith.constant 0 : i32
  %c1 = arith.constant 1 : i32
  %v = memref.load %m[] : memref<i32>
  %r = scf.while (%i = %v) : (i32) -> i32 {
    %c = arith.cmpi sgt, %i, %c0 : i32
    scf.condition(%c) %i : i32
  } do {
  ^bb0(%j: i32):
    %k = arith.subi %j, %c1 : i32
    scf.yield %k : i32
  }
  memref.store %r, %m[] : memref<i32>
  return
}
