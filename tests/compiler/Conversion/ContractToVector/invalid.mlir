// RUN: qtc-opt %s -convert-contract-to-vector=isa=avx2 -split-input-file -verify-diagnostics

func.func @tensors(%p: tensor<1x1x1x4x16xi32>, %init: tensor<16x4x1x1xi32>)
    -> tensor<16x4x1x1xi32> {
  // expected-error @below {{expected buffers, but got tensors}}
  %g = qkernel.unpack_weight ins(%p : tensor<1x1x1x4x16xi32>)
    outs(%init : tensor<16x4x1x1xi32>) -> tensor<16x4x1x1xi32>
  return %g : tensor<16x4x1x1xi32>
}

// -----

// Packed for another instruction set: tiles of floats are three vectors wide.
func.func @panel(%a: memref<1024xf32>, %b: memref<512xf32>,
                 %acc: memref<64x32xf32>) {
  // expected-error @below {{expected panels of at most 24 columns with avx2, but got 32}}
  qkernel.contract ins(%a, %b : memref<1024xf32>, memref<512xf32>)
    outs(%acc : memref<64x32xf32>)
    {contraction = #qkernel.contraction<rows = [64] strides [16],
     steps = [16] a [1] b [32], columns = 32 panel 32 stride 512>}
  return
}
