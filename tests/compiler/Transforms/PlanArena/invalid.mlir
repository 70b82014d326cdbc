// RUN: qtc-opt %s -pass-pipeline='builtin.module(func.func(plan-arena))' -split-input-file -verify-diagnostics

// A place needs a size at compile time ...

func.func @f(%n: index) {
  // expected-error @below {{expected a static shape and no layout map}}
  %a = memref.alloc(%n) : memref<?xi32>
  return
}

// -----

// ... and a view of bytes has no strides.

func.func @f() {
  // expected-error @below {{expected a static shape and no layout map}}
  %a = memref.alloc() : memref<4x4xi32, strided<[8, 1]>>
  return
}
