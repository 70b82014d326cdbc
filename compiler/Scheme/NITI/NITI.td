//===- NITI.td - The NITI scheme ---------------------------*- tablegen -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTC_SCHEME_NITI_TD
#define QTC_SCHEME_NITI_TD

include "compiler/Support/ModelPass.td"

def ApplyNITI : ModelPass<"qtrain-apply-niti"> {
  let summary = "Rewrites a training module into integers by the NITI scheme";
  let description = [{
    Wang et al., "NITI: Training Integer Neural Networks Using Integer-only
    Arithmetic", TPDS 2022, with the rules of the numerics contract, section 4:
    every activation, error and weight has 8-bit mantissas with one exponent per
    tensor; contractions give exact 32-bit accumulators, which are requantized
    to nearest; weight gradients are shifted so that `schedule` magnitude bits
    remain, which is the learning rate. An optimizer that keeps averages gets
    tensors of the state for them (`compiler/Optimizer`).

    Parameters become mantissas with a fixed exponent, pixels go through a
    table, and the functions return mantissas. A normalization, which the paper
    does not have, becomes `qtrain.channel_statistics` and the operations that
    depend on it (numerics contract, section 4.14); a layer whose result only
    the normalization uses gives it 15 bits. Errors have 15 bits where
    `error-bits` is 16 (section 4.22).

    Before:

    ```mlir
    %y = qtrain.linear %x, %w
         : (tensor<2x4xf32>, tensor<3x4xf32>) -> tensor<2x3xf32>
    ```

    After:

    ```mlir
    %acc = qtrain.linear %x, %w
           : (!qtrain.scaled<tensor<2x4xi8>>, !qtrain.scaled<tensor<3x4xi8>>)
           -> !qtrain.scaled<tensor<2x3xi32>>
    %bits = qtrain.magnitude_bits %acc : (!qtrain.scaled<tensor<2x3xi32>>) -> i32
    %excess = arith.subi %bits, %c7 : i32
    %shift = arith.maxsi %excess, %c0 : i32
    %y = qtrain.shift_scale %acc by %shift
           {bits = 8 : i64, rounding = #qtrain.rounding<nearest>} : ...
    ```
  }];
  let options = [
    Option<"headroom", "headroom", "int64_t", "1",
           "Bits of room for weights to grow beyond their initial maximum">,
    Option<"outputHeadroom", "output-headroom", "int64_t", "-1",
           "The same for layers whose results are the predictions; -1: that of "
           "all">,
    Option<"weightBits", "weight-bits", "int64_t", "8",
           "Storage width of parameters that do not say: 8 or 16">,
    Option<"errorBits", "error-bits", "int64_t", "8",
           "Bits of the errors of layers and of classes: 8 or 16">,
    Option<"normBits", "norm-bits", "int64_t", "8",
           "Bits that scales and biases of normalizations are computed with: 8 "
           "or 16; 16 are also stored">,
    Option<"optimizer", "optimizer", "std::string", "\"sgd\"",
           "Rule that updates parameters">,
    ListOption<"settings", "settings", "std::string",
               "Options of the optimizer, each NAME=VALUE">,
    Option<"schemeInit", "scheme-init", "bool", "false",
           "Uniform initial weights of the scheme instead of the file's">,
    Option<"seed", "seed", "uint64_t", "1", "Seed of the initial weights">,
    Option<"gradientRounding", "gradient-rounding", "::qtc::qtrain::Rounding",
           "::qtc::qtrain::Rounding::PseudoStochastic",
           "Rounding of weight gradients",
           [{::llvm::cl::values(
               clEnumValN(::qtc::qtrain::Rounding::PseudoStochastic, "pseudo",
                          "with the discarded bits as random numbers"),
               clEnumValN(::qtc::qtrain::Rounding::Stochastic, "stochastic",
                          "with counter-based random numbers"),
               clEnumValN(::qtc::qtrain::Rounding::Nearest, "nearest",
                          "to nearest, ties away from zero"))}]>,
    Option<"exponential", "loss", "::qtc::qtrain::Exponential",
           "::qtc::qtrain::Exponential::Fraction",
           "Power function of the integer softmax",
           [{::llvm::cl::values(
               clEnumValN(::qtc::qtrain::Exponential::Fraction, "fraction",
                          "8 fraction bits"),
               clEnumValN(::qtc::qtrain::Exponential::Octave, "paper",
                          "whole octaves, as in the paper's code"))}]>
  ];
  let dependentDialects = ["::qtc::qtrain::QTrainDialect",
                           "::mlir::arith::ArithDialect",
                           "::mlir::math::MathDialect"];
}

#endif // QTC_SCHEME_NITI_TD
