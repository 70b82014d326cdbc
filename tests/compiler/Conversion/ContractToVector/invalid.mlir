// RUN: qtc-opt %s -convert-contract-to-vector -verify-diagnostics

func.func @tensors(%p: tensor<1x1x1x4x16xi32>, %init: tensor<16x4x1x1xi32>)
    -> tensor<16x4x1x1xi32> {
  // expected-error @below {{expected buffers, but got tensors}}
  %g = qkernel.unpack_weight ins(%p : tensor<1x1x1x4x16xi32>)
    outs(%init : tensor<16x4x1x1xi32>) -> tensor<16x4x1x1xi32>
  return %g : tensor<16x4x1x1xi32>
}
