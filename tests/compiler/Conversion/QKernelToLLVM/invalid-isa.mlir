// RUN: qtc-opt %s -convert-qkernel-to-llvm=isa=z80 -verify-diagnostics

// expected-error @below {{expected an instruction set, but got 'z80'}}
module {}
