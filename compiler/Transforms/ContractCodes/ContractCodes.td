//===- ContractCodes.td - Products of codes ----------------*- tablegen -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTC_TRANSFORMS_CONTRACT_CODES_TD
#define QTC_TRANSFORMS_CONTRACT_CODES_TD

include "compiler/Support/ModelPass.td"

def ContractCodes : FunctionPass<"qtrain-contract-codes"> {
  let summary = "Multiplies the codes of quantized floats in integers";
  let description = [{
    A contraction of two results of `qtrain.quantize` is one of their codes,
    divided by both numbers of levels. The pass forms it in integers, where it
    is exact, and turns the accumulators into floats once. So a step of floats
    has the products of its forward pass in integers. The quantized floats stay
    for other users, such as gradients.

    The pass leaves contractions alone whose accumulators need more than 32
    bits.

    Before:

    ```mlir
    %a = qtrain.quantize %x, %i {levels = 15 : i64}
         : (tensor<2x4xf32>, tensor<2xf32>) -> tensor<2x4xf32>
    %b = qtrain.quantize %w, %j {is_signed, levels = 7 : i64}
         : (tensor<3x4xf32>, tensor<2xf32>) -> tensor<3x4xf32>
    %y = qtrain.linear %a, %b
         : (tensor<2x4xf32>, tensor<3x4xf32>) -> tensor<2x3xf32>
    ```

    After:

    ```mlir
    %a = qtrain.quantize %x, %i {levels = 15 : i64}
         : (tensor<2x4xf32>, tensor<2xf32>) -> !qtrain.scaled<tensor<2x4xi8>>
    %b = qtrain.quantize %w, %j {is_signed, levels = 7 : i64}
         : (tensor<3x4xf32>, tensor<2xf32>) -> !qtrain.scaled<tensor<3x4xi8>>
    %p = qtrain.linear %a, %b
         : (!qtrain.scaled<tensor<2x4xi8>>, !qtrain.scaled<tensor<3x4xi8>>)
         -> !qtrain.scaled<tensor<2x3xi32>>
    %y = qtrain.dequantize %p {factor = 9.523810e-03 : f32}
         : (!qtrain.scaled<tensor<2x3xi32>>) -> tensor<2x3xf32>
    ```
  }];
  let dependentDialects = ["::qtc::qtrain::QTrainDialect"];
}

#endif // QTC_TRANSFORMS_CONTRACT_CODES_TD
