// RUN: qtc-opt %s -convert-qkernel-to-llvm -split-input-file -verify-diagnostics

// An argument that nothing in the ABI provides.

// expected-error @below {{argument 0 has no source in the ABI}}
func.func @f(%x: memref<8xi8>) {
  return
}

// -----

// A parameter that the module does not have.

// expected-error @below {{expected a parameter named 'w'}}
func.func @f(%x: memref<8xi8> {qtrain.parameter = @w}) {
  return
}
