// RUN: qtc-opt %s -materialize-scalars -verify-diagnostics

// A loop around launches would be the host's.

func.func @f(%x: memref<8xi8>, %again: i1) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c8 = arith.constant 8 : index
  %v = arith.constant 3 : i8
  // expected-error @below {{expected parallel loops in the function's body alone, but got one inside another operation}}
  scf.if %again {
    scf.parallel (%i) = (%c0) to (%c8) step (%c1) {
      memref.store %v, %x[%i] : memref<8xi8>
    }
  }
  return
}
