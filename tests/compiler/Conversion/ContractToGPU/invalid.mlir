// RUN: qtc-opt %s -convert-contract-to-gpu=sm=70 -verify-diagnostics

// expected-error @below {{expected a known compute capability, but got 70}}
func.func @f() {
  return
}
