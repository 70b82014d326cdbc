// RUN: qtc-opt %s -convert-loops-to-gpu -verify-diagnostics

// Grids are known when the model is compiled.

func.func @f(%x: memref<8xi8>, %n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %v = arith.constant 3 : i8
  // expected-error @below {{expected a parallel loop from 0 to constants without reductions}}
  scf.parallel (%i) = (%c0) to (%n) step (%c1) {
    memref.store %v, %x[%i] : memref<8xi8>
  }
  return
}
