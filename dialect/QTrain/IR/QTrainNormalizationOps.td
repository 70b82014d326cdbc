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
         DeclareOpInterfaceMethods<QTrain_TrainingOpInterface>,
         QTrain_NormalizationOpInterface,
         FormsParameters]> {
  let summary = "Normalizes every channel by the statistics of the batch";
  let description = [{
    Ioffe and Szegedy, "Batch Normalization", ICML 2015, algorithm 1; ONNX
    BatchNormalization with `training_mode`. With M the number of elements of a
    channel, over all dimensions except dimension 1:

        mean     = (1/M) · Σ input
        variance = (1/M) · Σ (input − mean)²
        xhat     = (input − mean) / sqrt(variance + epsilon)
        result   = scale · xhat + bias

    The running statistics follow those of the batches:

        new_mean     = momentum · running_mean + (1 − momentum) · mean
        new_variance = momentum · running_variance + (1 − momentum) · variance

    The variance is that of the batch itself, as ONNX defines it; the estimate
    kept by PyTorch is M/(M − 1) times as large. The sums are `moments`, the
    results of `qtrain.channel_moments` of the input and itself, which the fp32
    scheme adds.

    Constraints:
    - (C1) `input` has rank 2 or more, and `result` has its type.
    - (C2) everything else has rank 1 and the extent of dimension 1 of `input`.
    - (C3) `epsilon` is finite and not negative.
    - (C4) `momentum` is in [0, 1].
    - (C5) There are no `moments`, or two.

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
                       QTrain_FloatTensor:$running_variance,
                       Variadic<QTrain_SumTensor>:$moments, F64Attr:$epsilon,
                       F64Attr:$momentum);
  let results = (outs QTrain_FloatTensor:$result, QTrain_FloatTensor:$mean,
                      QTrain_FloatTensor:$variance,
                      QTrain_FloatTensor:$new_mean,
                      QTrain_FloatTensor:$new_variance);
  let hasVerifier = 1;
}

def QTrain_BatchNormInferenceOp
    : QTrain_PureOp<"batch_norm_inference",
        [QTrain_NormalizationOpInterface]> {
  let summary = "Normalizes every channel by given statistics";
  let description = [{
    With the four numbers of each channel,

        result = scale · (input − running_mean)
                 / sqrt(running_variance + epsilon) + bias

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
                       QTrain_FloatTensor:$bias,
                       QTrain_FloatTensor:$running_mean,
                       QTrain_FloatTensor:$running_variance, F64Attr:$epsilon);
  let results = (outs QTrain_FloatTensor:$result);
  let hasVerifier = 1;
}

def QTrain_BatchNormParameterGradientOp
    : QTrain_PureOp<"batch_norm_parameter_gradient",
        [QTrain_NormalizationGradientOpInterface,
         QTrain_FormsChannelGradients,
         FormsParameters]> {
  let summary = "Gradients of a normalization's scale and bias";
  let description = [{
    scale_gradient = Σ gradient · xhat and bias_gradient = Σ gradient, over all
    dimensions except dimension 1. `mean` and `variance` are those of the batch
    `input`; they give xhat as in `qtrain.batch_norm_training`. The sums are
    `moments`, the results of `qtrain.channel_moments` of the input and the
    gradient, which the fp32 scheme adds.

    Constraints: C1 to C3 and C5 of `qtrain.batch_norm_training`, where
    `gradient` is that of its result.

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
                       QTrain_FloatTensor:$gradient,
                       Variadic<QTrain_SumTensor>:$moments, F64Attr:$epsilon);
  let results = (outs QTrain_FloatTensor:$scale_gradient,
                      QTrain_FloatTensor:$bias_gradient);
  let hasVerifier = 1;
}

def QTrain_BatchNormInputGradientOp
    : QTrain_PureOp<"batch_norm_input_gradient",
        [QTrain_NormalizationGradientOpInterface]> {
  let summary = "Gradient of a normalization's input";
  let description = [{
    The statistics also depend on the input. With M and xhat as in
    `qtrain.batch_norm_training`,

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

//===----------------------------------------------------------------------===//
// The steps of a normalization in integers (numerics contract, section 4.14)
//===----------------------------------------------------------------------===//

def QTrain_ChannelStatisticsOp : QTrain_PureOp<"channel_statistics"> {
  let summary = "Mean and variance of every channel of a batch";
  let description = [{
    From `sum` = Σ x and `squares` = Σ x² over the `elements` M of every channel
    (`qtrain.channel_moments` of x and itself), with divn a division that rounds
    to nearest, halves away from zero:

        mean     = divn(Σ x, M)
        variance = (Σ (x − mean)²) div M

    Mantissas of x have at most 15 bits, so those of the variance are below
    2^30. The exponents of mean and variance are s and 2s, those of the sums
    (numerics contract, section 4.14, rules 1 and 2).

    Constraints:
    - (C1) all values have rank 1 and one extent.
    - (C2) `elements` is positive.

    Example:

    ```mlir
    %mean, %variance = qtrain.channel_statistics %sum, %squares
      {elements = 288 : i64}
      : (!qtrain.scaled<tensor<4xi64>>, !qtrain.scaled<tensor<4xi64>>)
      -> (!qtrain.scaled<tensor<4xi16>>, !qtrain.scaled<tensor<4xi32>>)
    ```
  }];
  let arguments = (ins QTrain_ScaledOf<[64]>:$sum,
                       QTrain_ScaledOf<[64]>:$squares,
                       ConfinedAttr<I64Attr, [IntPositive]>:$elements);
  let results = (outs QTrain_ScaledOf<[16]>:$mean,
                      QTrain_ScaledOf<[32]>:$variance);
  let hasVerifier = 1;
}

def QTrain_FollowStatisticsOp
    : QTrain_PureOp<"follow_statistics",
        [AllTypesMatch<["running_mean", "new_mean"]>,
         AllTypesMatch<["running_variance", "new_variance"]>,
         FormsParameters]> {
  let summary = "Moves running statistics towards those of a batch";
  let description = [{
    T is the statistic of the batch, shifted to the exponent of the running
    statistic R by a left shift or a right shift that rounds to nearest, and
    clamped to ±2^30 (mean) or ±2^45 (variance). Then (numerics contract,
    section 4.14, rule 2)

        result = R + nearest((T − R) · round((1 − momentum) · 2^16), 16)

    Constraints:
    - (C1) all operands and results have rank 1 and the same extent.
    - (C2) `momentum` is in [0, 1].

    Example:

    ```mlir
    %m1, %v1 = qtrain.follow_statistics %mean, %variance, %m0, %v0
      {momentum = 9.0e-1 : f64}
      : (!qtrain.scaled<tensor<4xi16>>, !qtrain.scaled<tensor<4xi32>>,
         !qtrain.scaled<tensor<4xi32>>, !qtrain.scaled<tensor<4xi64>>)
      -> (!qtrain.scaled<tensor<4xi32>>, !qtrain.scaled<tensor<4xi64>>)
    ```
  }];
  let arguments = (ins QTrain_ScaledOf<[16]>:$mean,
                       QTrain_ScaledOf<[32]>:$variance,
                       QTrain_ScaledOf<[32]>:$running_mean,
                       QTrain_ScaledOf<[64]>:$running_variance,
                       F64Attr:$momentum);
  let results = (outs QTrain_ScaledOf<[32]>:$new_mean,
                      QTrain_ScaledOf<[64]>:$new_variance);
  let hasVerifier = 1;
}

def QTrain_PoolStatisticsOp
    : QTrain_PureOp<"pool_statistics",
        [AllTypesMatch<["old_mean", "pooled_mean"]>,
         AllTypesMatch<["old_variance", "pooled_variance"]>,
         AllTypesMatch<["sum", "new_sum"]>,
         AllTypesMatch<["spread", "new_spread"]>]> {
  let summary = "Pools the statistics of the batches of several calls";
  let description = [{
    `mean` and `variance` are the statistics of the batch of this call, and
    `index` is the number of batches before it. `sum` and `spread` are `new_sum`
    and `new_spread` of the previous call; the first call, with `index` 0, does
    not read them. `old_mean` and `old_variance` are the pooled statistics of
    the previous call. They are never read, but the results have their places
    and exponents. All batches have the same number of elements per channel.
    With k = index + 1, m the mean of all elements and v their variance about m,

        m = (Σ mean) / k
        v = (Σ (variance + mean²)) / k − m²

    with sums over the batches. On floats, `sum` is Σ mean and `spread` is k ·
    v, which Welford's recurrence gives without cancellation (numerics contract,
    section 6, rule 9). On scaled tensors, T is a statistic with the exponent of
    its sum, clamped as in `qtrain.follow_statistics`, `spread` is Q, and all
    numbers are exact in 64 bits (section 4.14, rule 6):

        S = Σ T_mean
        Q = Σ (T_variance + T_mean²)
        pooled_mean = divn(S, k)
        pooled_variance = max(Q − pooled_mean · (2 · S − k · pooled_mean), 0) div k

    where the variance is clamped to 2^45. The results have the exponents of
    `old_mean` and `old_variance`, −16 and −32; the second must be twice the
    first.

    Constraints:
    - (C1) everything except `index` has rank 1 and the same extent.
    - (C2) operands are all float, or scaled with 16 bits (`mean`), 32 bits
      (`variance`, `old_mean`) and 64 bits (all others).

    Example:

    ```mlir
    %m1, %v1, %s1, %q1 = qtrain.pool_statistics
      %mean, %variance, %m, %v, %s, %q, %index
      : (!qtrain.scaled<tensor<4xi16>>, !qtrain.scaled<tensor<4xi32>>,
         !qtrain.scaled<tensor<4xi32>>, !qtrain.scaled<tensor<4xi64>>,
         !qtrain.scaled<tensor<4xi64>>, !qtrain.scaled<tensor<4xi64>>, i32)
      -> (!qtrain.scaled<tensor<4xi32>>, !qtrain.scaled<tensor<4xi64>>,
          !qtrain.scaled<tensor<4xi64>>, !qtrain.scaled<tensor<4xi64>>)
    ```
  }];
  let arguments = (ins QTrain_Value:$mean, QTrain_Value:$variance,
                       QTrain_Value:$old_mean, QTrain_Value:$old_variance,
                       QTrain_Value:$sum, QTrain_Value:$spread, I32:$index);
  let results = (outs QTrain_Value:$pooled_mean, QTrain_Value:$pooled_variance,
                      QTrain_Value:$new_sum, QTrain_Value:$new_spread);
  let hasVerifier = 1;
}

def QTrain_RecallStatisticsOp : QTrain_PureOp<"recall_statistics"> {
  let summary = "Running statistics with the exponents of an input";
  let description = [{
    The results are the running statistics, shifted left, or right with rounding
    to nearest, to the exponents s and 2s, where s is that of the input, and
    clamped to ±32767 (mean) or ±2^30 (variance) (numerics contract, section
    4.14, rule 2).

    Constraints:
    - (C1), (C2) as in `qtrain.channel_statistics`.

    Example:

    ```mlir
    %mean, %variance = qtrain.recall_statistics %x, %m, %v
      : (!qtrain.scaled<tensor<8x4x6x6xi16>>, !qtrain.scaled<tensor<4xi32>>,
         !qtrain.scaled<tensor<4xi64>>)
      -> (!qtrain.scaled<tensor<4xi16>>, !qtrain.scaled<tensor<4xi32>>)
    ```
  }];
  let arguments = (ins QTrain_ScaledOf<[16]>:$input,
                       QTrain_ScaledOf<[32]>:$running_mean,
                       QTrain_ScaledOf<[64]>:$running_variance);
  let results = (outs QTrain_ScaledOf<[16]>:$mean,
                      QTrain_ScaledOf<[32]>:$variance);
  let hasVerifier = 1;
}

def QTrain_StandardizeOp
    : QTrain_PureOp<"standardize", [AllTypesMatch<["input", "result"]>]> {
  let summary = "Scales every channel to mean 0 and deviation 1";
  let description = [{
    result = clip_16(nearest((input − mean) · r, t)) with exponent −12, where r
    · 2^(12 − t) is the reciprocal deviation of the channel (numerics contract,
    section 4.14, rule 3):

        v = variance + 2^min(40, max(0, −17 − 2s))
        σ = isqrt(min(max(v, 1), 2^40) · 2^16)
        t = bit_length(σ) − 6
        r = min(2^(20 + t) div σ, 32767)

    The exponent of the variance is 2s, that of the input and the mean is s. The
    number added to the variance corresponds to an epsilon of about 2^−17.

    Constraints:
    - (C1), (C2) as in `qtrain.channel_statistics`.

    Example:

    ```mlir
    %xhat = qtrain.standardize %x, %mean, %variance
      : (!qtrain.scaled<tensor<8x4x6x6xi16>>, !qtrain.scaled<tensor<4xi16>>,
         !qtrain.scaled<tensor<4xi32>>) -> !qtrain.scaled<tensor<8x4x6x6xi16>>
    ```
  }];
  let arguments = (ins QTrain_ScaledOf<[16]>:$input,
                       QTrain_ScaledOf<[16]>:$mean,
                       QTrain_ScaledOf<[32]>:$variance);
  let results = (outs QTrain_ScaledOf<[16]>:$result);
  let hasVerifier = 1;
}

def QTrain_ChannelAffineOp : QTrain_PureOp<"channel_affine"> {
  let summary = "Multiplies every channel by a scale and adds a bias";
  let description = [{
    result = scale · input + offset, an accumulator whose exponent is the sum of
    those of `input` and `scale`. The offset of a channel is its bias, shifted
    to this exponent, left, or right with rounding to nearest, and clamped to
    ±2^28 (numerics contract, section 4.14, rule 4). With a scale of 16 bits,
    the product is rounded to nearest by 8 bits, and the exponent is larger by 8
    (section 4.23).

    Constraints:
    - (C1), (C2) as in `qtrain.channel_statistics`; the result has the shape of
      the input.

    Example:

    ```mlir
    %acc = qtrain.channel_affine %xhat, %scale, %bias
      : (!qtrain.scaled<tensor<8x4x6x6xi16>>, !qtrain.scaled<tensor<4xi8>>,
         !qtrain.scaled<tensor<4xi8>>) -> !qtrain.scaled<tensor<8x4x6x6xi32>>
    ```
  }];
  let arguments = (ins QTrain_ScaledOf<[16]>:$input,
                       QTrain_ScaledOf<[8, 16]>:$scale,
                       QTrain_ScaledOf<[8, 16]>:$bias);
  let results = (outs QTrain_ScaledOf<[32]>:$result);
  let hasVerifier = 1;
}

def QTrain_ChannelMomentsOp
    : QTrain_PureOp<"channel_moments",
        [FormsParameters]> {
  let summary = "Sums of a value and of its products with an activation";
  let description = [{
    sum = Σ value and products = Σ value · input, over all dimensions except
    dimension 1. The value is the error of the input, or the input itself. In
    integers the sums are exact, and their exponents are that of the value and
    that of the products. Sums of floats are formed in double.

    Constraints:
    - (C1) `input` has rank 2 or more, and `value` its shape.
    - (C2) everything else has rank 1 and the extent of dimension 1 of `input`.
    - (C3) all are scaled, or none.

    Example:

    ```mlir
    %sum, %products = qtrain.channel_moments %xhat, %e
      : (!qtrain.scaled<tensor<8x4x6x6xi16>>, !qtrain.scaled<tensor<8x4x6x6xi8>>)
      -> (!qtrain.scaled<tensor<4xi64>>, !qtrain.scaled<tensor<4xi64>>)
    ```
  }];
  let arguments = (ins AnyTypeOf<[QTrain_FloatTensor,
                                  QTrain_ScaledOf<[16]>]>:$input,
                       AnyTypeOf<[QTrain_FloatTensor,
                                  QTrain_ScaledOf<[8, 16]>]>:$value);
  let results = (outs AnyTypeOf<[QTrain_SumTensor,
                                 QTrain_ScaledOf<[64]>]>:$sum,
                      AnyTypeOf<[QTrain_SumTensor,
                                 QTrain_ScaledOf<[64]>]>:$products);
  let hasVerifier = 1;
}

def QTrain_StandardizeGradientOp : QTrain_PureOp<"standardize_gradient"> {
  let summary = "Gradient of a standardization and its scale";
  let description = [{
    The backward pass of `qtrain.channel_affine` and `qtrain.standardize`
    together, whose statistics also depend on the input. `input` is the result
    xhat of the latter, `variance` its operand, and `sum` and `products` are
    those of `qtrain.channel_moments` with the same gradient e. With r and t of
    the variance, M the number of elements of a channel and max t the maximum
    over channels (numerics contract, section 4.14, rule 5),

        A = divn(2^k · sum, M)
        B = divn(products, 2^(12 − k) · M)
        d = clip_19(2^k · e − A − nearest(xhat · B, 12))
        F = scale · r · 2^(max t − t)
        n = max(W(F) − 12, 0)
        result = d · clip_13(nearest(F, n))

    where k is 8 for errors of 8 bits and 1 for errors of 16, which have 14
    magnitude bits (section 4.22). Its exponent is s_e − k + s_scale − 12 − s −
    max t + n. As xhat is standardized, |xhat · B| stays below 2^30.

    Constraints:
    - (C1), (C2) as in `qtrain.channel_statistics`; `gradient` and the result
      have the shape of the input.

    Example:

    ```mlir
    %acc = qtrain.standardize_gradient %xhat, %e, %variance, %scale, %sum, %products
      : (!qtrain.scaled<tensor<8x4x6x6xi16>>, !qtrain.scaled<tensor<8x4x6x6xi8>>,
         !qtrain.scaled<tensor<4xi32>>, !qtrain.scaled<tensor<4xi8>>,
         !qtrain.scaled<tensor<4xi64>>, !qtrain.scaled<tensor<4xi64>>)
      -> !qtrain.scaled<tensor<8x4x6x6xi32>>
    ```
  }];
  let arguments = (ins QTrain_ScaledOf<[16]>:$input,
                       QTrain_ScaledOf<[8, 16]>:$gradient,
                       QTrain_ScaledOf<[32]>:$variance,
                       QTrain_ScaledOf<[8, 16]>:$scale,
                       QTrain_ScaledOf<[64]>:$sum,
                       QTrain_ScaledOf<[64]>:$products);
  let results = (outs QTrain_ScaledOf<[32]>:$result);
  let hasVerifier = 1;
}

//===----------------------------------------------------------------------===//
// Local response normalization
//===----------------------------------------------------------------------===//

def QTrain_LocalResponseNormOp
    : QTrain_PureOp<"local_response_norm",
        [DeclareOpInterfaceMethods<QTrain_DifferentiableOpInterface,
                                   ["buildOperandGradient"]>,
         SameOperandsAndResultType]> {
  let summary = "Normalizes by the squares of neighbouring channels (ONNX LRN)";
  let description = [{
    Krizhevsky et al., "ImageNet Classification with Deep Convolutional Neural
    Networks", NIPS 2012, section 3.3, with ONNX's factor. The window of channel
    c consists of the existing channels from c − floor((size − 1) / 2) to c +
    ceil((size − 1) / 2):

        s[n, c, ...] = bias + alpha / size · Σ_{j in window of c} input[n, j, ...]²
        result       = input · s^(−beta)

    The operation exists only on floats: integer schemes do not define it.

    Constraints:
    - (C1) `input` has rank 2 or more.
    - (C2) `size` is positive; `alpha` and `beta` are finite and not negative,
      `bias` is finite and positive.

    Example:

    ```mlir
    %y = qtrain.local_response_norm %x {size = 5 : i64, alpha = 1.0e-4 : f64,
           beta = 7.5e-1 : f64, bias = 1.0 : f64}
         : (tensor<8x64x6x6xf32>) -> tensor<8x64x6x6xf32>
    ```
  }];
  let arguments = (ins QTrain_FloatTensor:$input, I64Attr:$size, F64Attr:$alpha,
                       F64Attr:$beta, F64Attr:$bias);
  let results = (outs QTrain_FloatTensor:$result);
  let hasVerifier = 1;
}

def QTrain_LocalResponseNormGradientOp
    : QTrain_PureOp<"local_response_norm_gradient",
                    [SameOperandsAndResultType]> {
  let summary = "Gradient of a local response normalization";
  let description = [{
    With s as in `qtrain.local_response_norm` and sums over the channels j whose
    window contains c:

        result = gradient · s^(−beta) − input · 2 · alpha · beta / size ·
                 Σ_j gradient[n, j, ...] · input[n, j, ...] · s[n, j, ...]^(−beta − 1)

    Constraints: those of `qtrain.local_response_norm`.

    Example:

    ```mlir
    %ex = qtrain.local_response_norm_gradient %x, %e {size = 5 : i64,
            alpha = 1.0e-4 : f64, beta = 7.5e-1 : f64, bias = 1.0 : f64}
          : (tensor<8x64x6x6xf32>, tensor<8x64x6x6xf32>)
          -> tensor<8x64x6x6xf32>
    ```
  }];
  let arguments = (ins QTrain_FloatTensor:$input, QTrain_FloatTensor:$gradient,
                       I64Attr:$size, F64Attr:$alpha, F64Attr:$beta,
                       F64Attr:$bias);
  let results = (outs QTrain_FloatTensor:$result);
  let hasVerifier = 1;
}

#endif // QTRAIN_NORMALIZATION_OPS_TD
