// RUN: qtc-opt %s -pass-pipeline='builtin.module(func.func(assert-integer))' -split-input-file -verify-diagnostics

// The example of the pass.

// expected-error @below {{expected no float type under an integer scheme, but argument has type 'tensor<4xf32>'}}
func.func @f(%x: tensor<4xf32>) {
  return
}

// -----

// A result of an operation, whatever it comes from.

func.func @f(%x: tensor<4xi32>) {
  // expected-error @below {{'arith.sitofp' op expected no float type under an integer scheme, but got 'tensor<4xf32>'}}
  %0 = arith.sitofp %x : tensor<4xi32> to tensor<4xf32>
  return
}

// -----

// Every float type, here a scalar of half the width.

func.func @f() {
  // expected-error @below {{'arith.constant' op expected no float type under an integer scheme, but got 'f16'}}
  %0 = arith.constant 1.0 : f16
  return
}

// -----

// Inside a region.

func.func @f(%x: tensor<4xi32>, %init: tensor<4xi32>) {
  %0 = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]}
    ins(%x : tensor<4xi32>) outs(%init : tensor<4xi32>) {
  ^bb0(%in: i32, %out: i32):
    // expected-error @below {{'arith.sitofp' op expected no float type under an integer scheme, but got 'f32'}}
    %f = arith.sitofp %in : i32 to f32
    %i = arith.fptosi %f : f32 to i32
    linalg.yield %i : i32
  } -> tensor<4xi32>
  return
}

// -----

// Inside another type.

// expected-error @below {{but argument has type 'memref<4xvector<8xf32>>'}}
func.func @f(%x: memref<4xvector<8xf32>>) {
  return
}
