// RUN: qtc-opt %s -outline-tasks -split-input-file -verify-diagnostics

// The number of pieces is known at compile time ...

func.func @f(%x: memref<8xi8>, %n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %v = arith.constant 3 : i8
  // expected-error @below {{expected a parallel loop from 0 to a constant without reductions}}
  scf.parallel (%i) = (%c0) to (%n) step (%c1) {
    memref.store %v, %x[%i] : memref<8xi8>
  }
  return
}

// -----

// ... and pieces are independent.

func.func @f(%x: memref<8xi8>) -> i8 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c8 = arith.constant 8 : index
  %zero = arith.constant 0 : i8
  // expected-error @below {{expected a parallel loop from 0 to a constant without reductions}}
  %sum = scf.parallel (%i) = (%c0) to (%c8) step (%c1) init (%zero) -> i8 {
    %v = memref.load %x[%i] : memref<8xi8>
    scf.reduce(%v : i8) {
    ^bb0(%a: i8, %b: i8):
      %s = arith.addi %a, %b : i8
      scf.reduce.return %s : i8
    }
  }
  return %sum : i8
}
