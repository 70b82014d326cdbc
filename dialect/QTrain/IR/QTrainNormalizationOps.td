//===- QTrainNormalizationOps.td - Normalization ----------*- tablegen -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTRAIN_NORMALIZATION_OPS_TD
#define QTRAIN_NORMALIZATION_OPS_TD

include "dialect/QTrain/IR/QTrainOpBase.td"

def QTrain_BatchNormTrainingOp
    : QTrain_PureOp<"batch_norm_training",
        [DeclareOpInterfaceMethods<QTrain_DifferentiableOpInterface,
                                   ["buildGradients"]>,
         DeclareOpInterfaceMethods<QTrain_TrainingOpInterface>]> {
  let summary = "Normalizes every channel by the statistics of the batch";
  let description = [{
    Ioffe and Szegedy, 2015, algorithm 1; ONNX BatchNormalization with
    `training_mode`. With M the elements of a channel, all dimensions but 1:

        mean     = (1/M) · Σ input
        variance = (1/M) · Σ (input − mean)²
        xhat     = (input − mean) / sqrt(variance + epsilon)
        result   = scale · xhat + bias

    The statistics that evaluation normalizes by, which is
    `qtrain.batch_norm_inference`, follow those of the batches:

        new_mean     = momentum · running_mean + (1 − momentum) · mean
        new_variance = momentum · running_variance + (1 − momentum) · variance

    The variance is that of the batch itself, as ONNX defines it; PyTorch keeps
    the estimate M/(M − 1) times as large.

    Constraints:
    - (C1) `input` has rank 2 or more, and `result` has its type.
    - (C2) everything else has rank 1 and the extent of dimension 1 of `input`.
    - (C3) `epsilon` is finite and not negative.
    - (C4) `momentum` is in [0, 1].

    Example:

    ```mlir
    %y, %mean, %variance, %new_mean, %new_variance = qtrain.batch_norm_training
      %x, %scale, %bias, %running_mean, %running_variance
      {epsilon = 1.0e-5 : f64, momentum = 9.0e-1 : f64}
      : (tensor<8x4x6x6xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>,
         tensor<4xf32>)
      -> (tensor<8x4x6x6xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>,
          tensor<4xf32>)
    ```
  }];
  let arguments = (ins QTrain_FloatTensor:$input, QTrain_FloatTensor:$scale,
                       QTrain_FloatTensor:$bias,
                       QTrain_FloatTensor:$running_mean,
                       QTrain_FloatTensor:$running_variance, F64Attr:$epsilon,
                       F64Attr:$momentum);
  let results = (outs QTrain_FloatTensor:$result, QTrain_FloatTensor:$mean,
                      QTrain_FloatTensor:$variance,
                      QTrain_FloatTensor:$new_mean,
                      QTrain_FloatTensor:$new_variance);
  let hasVerifier = 1;
}

def QTrain_BatchNormInferenceOp : QTrain_PureOp<"batch_norm_inference"> {
  let summary = "Normalizes every channel by given statistics";
  let description = [{
    result = scale · (input − mean) / sqrt(variance + epsilon) + bias, in every
    channel with its own four numbers.

    Constraints: C1 to C3 of `qtrain.batch_norm_training`.

    Example:

    ```mlir
    %y = qtrain.batch_norm_inference %x, %scale, %bias, %mean, %variance
         {epsilon = 1.0e-5 : f64}
         : (tensor<8x4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>,
            tensor<4xf32>) -> tensor<8x4xf32>
    ```
  }];
  let arguments = (ins QTrain_FloatTensor:$input, QTrain_FloatTensor:$scale,
                       QTrain_FloatTensor:$bias, QTrain_FloatTensor:$mean,
                       QTrain_FloatTensor:$variance, F64Attr:$epsilon);
  let results = (outs QTrain_FloatTensor:$result);
  let hasVerifier = 1;
}

def QTrain_BatchNormParameterGradientOp
    : QTrain_PureOp<"batch_norm_parameter_gradient"> {
  let summary = "Gradients of a normalization's scale and bias";
  let description = [{
    scale_gradient = Σ gradient · xhat and bias_gradient = Σ gradient, over all
    dimensions but 1. `mean` and `variance` are those of the batch `input`,
    which give its xhat as in `qtrain.batch_norm_training`.

    Constraints: C1 to C3 of `qtrain.batch_norm_training`, where `gradient` is
    that of its result.

    Example:

    ```mlir
    %gs, %gb = qtrain.batch_norm_parameter_gradient %x, %mean, %variance, %e
               {epsilon = 1.0e-5 : f64}
               : (tensor<8x4xf32>, tensor<4xf32>, tensor<4xf32>,
                  tensor<8x4xf32>) -> (tensor<4xf32>, tensor<4xf32>)
    ```
  }];
  let arguments = (ins QTrain_FloatTensor:$input, QTrain_FloatTensor:$mean,
                       QTrain_FloatTensor:$variance,
                       QTrain_FloatTensor:$gradient, F64Attr:$epsilon);
  let results = (outs QTrain_FloatTensor:$scale_gradient,
                      QTrain_FloatTensor:$bias_gradient);
  let hasVerifier = 1;
}

def QTrain_BatchNormInputGradientOp
    : QTrain_PureOp<"batch_norm_input_gradient"> {
  let summary = "Gradient of a normalization's input";
  let description = [{
    The statistics depend on the input too, so with M and xhat as in
    `qtrain.batch_norm_training`

        result = scale / sqrt(variance + epsilon)
                 · (gradient − bias_gradient / M − xhat · scale_gradient / M)

    where `scale_gradient` and `bias_gradient` are the results of
    `qtrain.batch_norm_parameter_gradient`.

    Constraints: C1 to C3 of `qtrain.batch_norm_training`, where `gradient` is
    that of its result.

    Example:

    ```mlir
    %ex = qtrain.batch_norm_input_gradient
          %x, %mean, %variance, %scale, %e, %gs, %gb {epsilon = 1.0e-5 : f64}
          : (tensor<8x4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>,
             tensor<8x4xf32>, tensor<4xf32>, tensor<4xf32>) -> tensor<8x4xf32>
    ```
  }];
  let arguments = (ins QTrain_FloatTensor:$input, QTrain_FloatTensor:$mean,
                       QTrain_FloatTensor:$variance, QTrain_FloatTensor:$scale,
                       QTrain_FloatTensor:$gradient,
                       QTrain_FloatTensor:$scale_gradient,
                       QTrain_FloatTensor:$bias_gradient, F64Attr:$epsilon);
  let results = (outs QTrain_FloatTensor:$result);
  let hasVerifier = 1;
}

#endif // QTRAIN_NORMALIZATION_OPS_TD
