// RUN: qtc-opt %s -qkernel-pack-contractions=isa=z80 -verify-diagnostics

// expected-error @below {{unknown instruction set 'z80'}}
module {}
