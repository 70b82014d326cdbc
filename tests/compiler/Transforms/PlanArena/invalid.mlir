// RUN: qtc-opt %s -pass-pipeline='builtin.module(func.func(plan-arena))' -split-input-file -verify-diagnostics

// A place needs a size at compile time ...

func.func @f(%n: index) {
  // expected-error @below {{expected 1 to 2^40 numbers without a layout map or a memory space}}
  %a = memref.alloc(%n) : memref<?xi32>
  return
}

// -----

// ... and a view of bytes has no strides.

func.func @f() {
  // expected-error @below {{expected 1 to 2^40 numbers without a layout map or a memory space}}
  %a = memref.alloc() : memref<4x4xi32, strided<[8, 1]>>
  return
}
