//===- Float.td - The fp32 scheme ------------------------ -*- tablegen -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTC_SCHEME_FLOAT_TD
#define QTC_SCHEME_FLOAT_TD

include "compiler/Support/ModelPass.td"

def ApplyFloat : ModelPass<"qtrain-apply-float"> {
  let summary = "Completes a training module in fp32: pixels, optimizer";
  let description = [{
    This is the equivalent float training that integer schemes are compared with
    (numerics contract, section 6). Operations keep their float form; pixels go
    through a table of floats, and an update becomes the rule of an optimizer
    (`compiler/Optimizer`), by default stochastic gradient descent with
    momentum. Its gradient sums those of the B examples of a batch, because the
    module's loss does not divide by B. Tensors that the optimizer keeps for a
    parameter are part of the training state, of kind `optimizer`, named after
    the parameter. The bits of the rate, an IEEE single, are the low half of
    `schedule`.

    Sums over a batch that normalizations and errors of weighted means need
    become operations of their own.

    Float tensors enter functions through `qtrain.compose` and leave them
    through `qtrain.decompose`, as in other schemes.

    Before:

    ```mlir
    qtrain.parameter @w id 0 = dense<1.0> : tensor<3xf32>
    func.func @train_step(%w: tensor<3xf32> {qtrain.parameter = @w}, ...) {
      %w1 = qtrain.update %w, %g {symbol = @w}
            : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
    ```

    After:

    ```mlir
    qtrain.parameter @w id 0 = dense<1.0> : tensor<3xf32>
    qtrain.parameter @w.momentum id 0 kind optimizer = dense<0.0> : tensor<3xf32>
    func.func @train_step(%w: tensor<3xf32> {qtrain.parameter = @w}, ...,
                          %v: tensor<3xf32> {qtrain.parameter = @w.momentum}) {
      %v1 = qtrain.linear_combination %v, %g by %momentum, %one ...
      %w1 = qtrain.linear_combination %w, %v1 by %one, %step ...
    ```
  }];
  let options = [
    Option<"optimizer", "optimizer", "std::string", "\"sgd\"",
           "Rule that updates parameters">,
    ListOption<"settings", "settings", "std::string",
               "Options of the optimizer, each NAME=VALUE">,
    Option<"schemeInit", "scheme-init", "bool", "false",
           "Uniform initial weights of the scheme instead of the file's">,
    Option<"seed", "seed", "uint64_t", "1", "Seed of the initial weights">
  ];
  let dependentDialects = ["::qtc::qtrain::QTrainDialect",
                           "::mlir::arith::ArithDialect",
                           "::mlir::math::MathDialect"];
}

#endif // QTC_SCHEME_FLOAT_TD
