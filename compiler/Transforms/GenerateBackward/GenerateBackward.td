//===- GenerateBackward.td - Forward to training -----------*- tablegen -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTC_TRANSFORMS_GENERATE_BACKWARD_TD
#define QTC_TRANSFORMS_GENERATE_BACKWARD_TD

include "mlir/Pass/PassBase.td"

def GenerateBackward : Pass<"qtrain-generate-backward", "::mlir::ModuleOp"> {
  let summary = "Makes a training step and an evaluation of a forward function";
  let description = [{
    Replaces `@forward`, which maps a float input and the parameters to logits,
    by functions on pixels:

    - `@evaluate`: the forward pass with what TrainingOpInterface says in the
      place of operations that are for training only, so dropout is the identity
      and normalization is by given statistics;
    - `@train_step`: the forward pass, the gradient of the loss, and for every
      trainable parameter its gradient and its update. It returns the logits
      and the new values of these parameters, and of those that further results
      of `@forward` give new values (running statistics);
    - `@estimate`, where there are running statistics: the forward pass of
      training without dropout, which pools the statistics of the batches that it
      is called on (`qtrain.pool_statistics`). Its argument "step" counts them.

    Running statistics lag behind weights that move, so `@evaluate` does not read
    them. It reads tensors of kind `evaluation` that start as copies of them, and
    whose new values `@estimate` returns, with the sums of its calls so far.

    Gradients come from DifferentiableOpInterface. They are created only where a
    trainable parameter needs them, so no error reaches the input or a frozen
    front. The gradients of a value with several users are summed at once. A
    parameter is updated as soon as its last use has passed, with gradients that
    saw its old value.

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
    Option<"loss", "loss", "::qtc::qtrain::Loss",
           "::qtc::qtrain::Loss::CrossEntropy", "Loss function",
           [{::llvm::cl::values(
               clEnumValN(::qtc::qtrain::Loss::CrossEntropy, "cross-entropy",
                          "softmax cross-entropy"),
               clEnumValN(::qtc::qtrain::Loss::SumOfSquares, "sse",
                          "sum of squared errors"))}]>,
    ListOption<"mean", "mean", "double",
               "Mean of pixels/255 a channel, or one for all (default 0)">,
    ListOption<"std", "std", "double",
               "Deviation of pixels/255 a channel, or one for all (default 1)">
  ];
  let statistics = [
    Statistic<"numGradients", "num-gradients", "Operand gradients built">,
    Statistic<"numUpdates", "num-updates", "Parameters updated">
  ];
  let dependentDialects = ["::qtc::qtrain::QTrainDialect",
                           "::mlir::func::FuncDialect"];
}

#endif // QTC_TRANSFORMS_GENERATE_BACKWARD_TD
