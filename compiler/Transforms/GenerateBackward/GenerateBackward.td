//===- GenerateBackward.td - Forward to training -----------*- tablegen -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTC_TRANSFORMS_GENERATE_BACKWARD_TD
#define QTC_TRANSFORMS_GENERATE_BACKWARD_TD

include "compiler/Support/ModelPass.td"

def GenerateBackward : ModelPass<"qtrain-generate-backward"> {
  let summary = "Derives a training step and an evaluation from a forward pass";
  let description = [{
    Replaces `@forward`, a function from inputs and the parameters to one or
    more predictions, by functions on what data sets have. Its inputs are the
    first arguments and its predictions the first results, which have no mark.

    - `@evaluate`: the forward pass in which operations that are used only in
      training are replaced through TrainingOpInterface, so dropout is the
      identity and normalization uses given statistics;
    - `@train_step`: the forward pass, the gradient of the loss of each
      prediction, and the gradient of their weighted sum and the update of every
      trainable parameter. It returns the predictions, the new values of these
      parameters, and the further results of `@forward`, which are new values of
      running statistics;
    - `@estimate`, if there are running statistics: the forward pass of training
      without dropout, which pools the statistics of the batches of its calls
      (`qtrain.pool_statistics`). Its argument `step` counts these batches.

    A float input is pixels, which are bytes that the functions normalize, or,
    among `number-inputs`, numbers: floats, or 8-bit mantissas with `mantissas`.
    An input of 32-bit integers is indices. Every prediction has targets:
    classes or numbers, as its loss is defined for: floats, or 32-bit mantissas
    with `mantissas`. A function at the end of the model that is part of the
    loss, such as the sigmoid of `bce`, is left out, with a remark.

    Both functions also return metrics of every row of a prediction: its loss,
    the accuracy of classes, and their weights where rows do not count alike.

    Running statistics lag behind the weights during training, so `@evaluate`
    does not read them. It reads tensors of kind `evaluation`, which start as
    copies of them. `@estimate` returns their new values and the sums of its
    calls so far (numerics contract, section 3, rule 4).

    Gradients are built through DifferentiableOpInterface, and only where a
    trainable parameter needs them, so no error is computed for the input or for
    frozen layers before all trainable ones. The gradients of a value with
    several users are summed at once. A parameter is updated directly after its
    last use, and all gradients use its old value.

    Before:

    ```mlir
    qtrain.parameter @w id 0 = dense<1.0> : tensor<3x4xf32>
    func.func @forward(%x: tensor<2x4xf32>,
                       %w: tensor<3x4xf32> {qtrain.parameter = @w})
        -> tensor<2x3xf32> {
      %y = qtrain.linear %x, %w
           : (tensor<2x4xf32>, tensor<3x4xf32>) -> tensor<2x3xf32>
      return %y : tensor<2x3xf32>
    }
    ```

    After:

    ```mlir
    func.func @train_step(%pixels: tensor<2x4xui8>, %labels: tensor<2xi32>,
                          %w: tensor<3x4xf32> {qtrain.parameter = @w}, ...)
        -> (tensor<2x3xf32>, tensor<3x4xf32> {qtrain.parameter = @w}) {
      %x = qtrain.normalize %pixels ...
      %y = qtrain.linear %x, %w ...
      %e = qtrain.loss_gradient %y, %labels ...
      %g = qtrain.linear_weight_gradient %x, %e ...
      %w1 = qtrain.update %w, %g ...
      return %y, %w1 : tensor<2x3xf32>, tensor<3x4xf32>
    }
    ```
  }];
  let options = [
    ListOption<"losses", "loss", "std::string",
               "Loss function of each prediction, or one for all, see "
               "compiler/Loss (default cross-entropy)">,
    ListOption<"lossOptions", "loss-options", "std::string",
               "Options of the losses that have them, each NAME=VALUE">,
    ListOption<"lossWeights", "loss-weights", "double",
               "Factor of the loss of each prediction (default 1)">,
    ListOption<"numberInputs", "number-inputs", "int64_t",
               "Positions, from 0, of the inputs that are numbers instead of "
               "pixels">,
    Option<"mantissas", "mantissas", "bool", "false",
           "Numbers enter as mantissas instead of floats">,
    ListOption<"mean", "mean", "double",
               "Mean of pixels/255 per channel, or one for all (default 0)">,
    ListOption<"std", "std", "double",
               "Deviation of pixels/255 per channel, or one for all "
               "(default 1)">
  ];
  let statistics = [
    Statistic<"numGradients", "num-gradients", "Operand gradients built">,
    Statistic<"numUpdates", "num-updates", "Parameters updated">
  ];
  let dependentDialects = ["::qtc::qtrain::QTrainDialect",
                           "::mlir::func::FuncDialect"];
}

#endif // QTC_TRANSFORMS_GENERATE_BACKWARD_TD
