//===- WAGE.td - The WAGE scheme ---------------------------*- tablegen -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTC_SCHEME_WAGE_TD
#define QTC_SCHEME_WAGE_TD

include "compiler/Support/ModelPass.td"

def ApplyWAGE : ModelPass<"qtrain-apply-wage"> {
  let summary = "Rewrites a training module into integers by the WAGE scheme";
  let description = [{
    Wu et al., "Training and Inference with Integers in Deep Neural Networks",
    ICLR 2018, in the order of operations of the authors' code (`numerics.md`,
    section 7): weights W, activations A, gradients G and errors E have their
    own widths, 2-8-8-8 by default. Weights are stored with kG bits and rounded
    to kW bits in every step. Activations are rounded from exact accumulators by
    a constant shift after the rectified linear unit. Errors and gradients are
    shifted by the rounded logarithm of their largest magnitude, so their scale
    is discarded. Gradients are rounded stochastically and applied in units of
    the grid of kG bits; `schedule` is the logarithm of the largest number of
    units.

    A pool comes before its unit (`qtrain-hoist-pools`). Errors pass the mask of
    saturated activations, the shift, and the mask of the unit, in this order.
    Other functions of each element are tables of 256 operands within ±1, and
    their slopes take the place of the unit's mask.

    Before:

    ```mlir
    %z = qtrain.linear %x, %w
         : (tensor<2x4xf32>, tensor<3x4xf32>) -> tensor<2x3xf32>
    %y = qtrain.relu %z : (tensor<2x3xf32>) -> tensor<2x3xf32>
    ```

    After:

    ```mlir
    %t = qtrain.shift_scale %w by %c6
           {bits = 2 : i64, rounding = #qtrain.rounding<even>} : ...
    %acc = qtrain.linear %x, %t
           : (!qtrain.scaled<tensor<2x4xi8>>, !qtrain.scaled<tensor<3x4xi8>>)
           -> !qtrain.scaled<tensor<2x3xi32>>
    %r = qtrain.relu %acc
         : (!qtrain.scaled<tensor<2x3xi32>>) -> !qtrain.scaled<tensor<2x3xi32>>
    %y = qtrain.shift_scale %r by %c1
           {bits = 8 : i64, rounding = #qtrain.rounding<even>} : ...
    ```
  }];
  let options = [
    Option<"weightBits", "weight-bits", "int64_t", "2", "kW: 2 to 8">,
    Option<"activationBits", "activation-bits", "int64_t", "8", "kA: 2 to 8">,
    Option<"storageBits", "storage-bits", "int64_t", "8",
           "kG, of gradients and stored weights: kW to 16">,
    Option<"errorBits", "error-bits", "int64_t", "8", "kE: 2 to 16">,
    Option<"input", "input", "::qtc::wage::InputForm",
           "::qtc::wage::InputForm::Auto", "Pixels as activations",
           [{::llvm::cl::values(
               clEnumValN(::qtc::wage::InputForm::Auto, "auto",
                          "mnist for one channel, else head"),
               clEnumValN(::qtc::wage::InputForm::Head, "head",
                          "p / 127.5 - 1"),
               clEnumValN(::qtc::wage::InputForm::C17, "c17", "p / 128 - 1"),
               clEnumValN(::qtc::wage::InputForm::MNIST, "mnist",
                          "p / 256"))}]>,
    Option<"weightClip", "weight-clip", "::qtc::wage::Source",
           "::qtc::wage::Source::Code", "Range of stored weights",
           [{::llvm::cl::values(
               clEnumValN(::qtc::wage::Source::Code, "code",
                          "that of kW bits"),
               clEnumValN(::qtc::wage::Source::Paper, "paper",
                          "that of kG bits"))}]>,
    Option<"alpha", "alpha", "::qtc::wage::Source",
           "::qtc::wage::Source::Code", "Limit that alpha is derived from",
           [{::llvm::cl::values(
               clEnumValN(::qtc::wage::Source::Code, "code", "sqrt(3 / n)"),
               clEnumValN(::qtc::wage::Source::Paper, "paper",
                          "sqrt(6 / n)"))}]>,
    Option<"quantizeLast", "quantize-last", "bool", "false",
           "Round the output of the last layer to kA bits">,
    Option<"window", "window", "int64_t", "0",
           "log2 of gamma, the left shift of errors: 0 to 3">,
    Option<"schemeInit", "scheme-init", "bool", "false",
           "Uniform initial weights of the scheme instead of the file's">,
    Option<"seed", "seed", "uint64_t", "1", "Seed of the initial weights">
  ];
  let dependentDialects = ["::qtc::qtrain::QTrainDialect",
                           "::mlir::arith::ArithDialect"];
}

#endif // QTC_SCHEME_WAGE_TD
