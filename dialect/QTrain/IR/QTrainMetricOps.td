//===- QTrainMetricOps.td - Metrics of predictions ---------*- tablegen -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTRAIN_METRIC_OPS_TD
#define QTRAIN_METRIC_OPS_TD

include "dialect/QTrain/IR/QTrainOpBase.td"

def QTrain_RowMetricOp : QTrain_PureOp<"row_metric"> {
  let summary = "How well each row of predictions agrees with its target";
  let description = [{
    The `metric` of every row; 0 for rows whose label is `ignored`. Training
    does not depend on it: it is reported. Scaled: the result is fixed point of
    64 bits with the exponent −32, the same on every target (numerics contract,
    section 4.20).

    Constraints:
    - (C1) `prediction` has rank 2, and the metric accepts its columns.
    - (C2) the target of a metric of classes is a label for each row; other
      targets have the shape and the form of `prediction`.
    - (C3) the result has one element for each row, float for floats and of 64
      bits for scaled values.
    - (C4) only labels are ignored.

    Example:

    ```mlir
    %l = qtrain.row_metric %y, %labels
           {metric = #qtrain.cross_entropy<smoothing = 0.0 : f64>}
         : (tensor<8x10xf32>, tensor<8xi32>) -> tensor<8xf32>
    ```
  }];
  let arguments = (ins QTrain_Value:$prediction,
                       AnyTypeOf<[QTrain_Value, QTrain_TensorOf<[I32]>]>:$target,
                       QTrain_Metric:$metric, OptionalAttr<I32Attr>:$ignored);
  let results = (outs QTrain_Value:$result);
  let hasVerifier = 1;
}

def QTrain_LabelWeightOp : QTrain_PureOp<"label_weight"> {
  let summary = "The weight of each row in a mean";
  let description = [{
    The one of `weights` (1 each by default) that the label of a row selects; 0
    if the label is `ignored`. Scaled: w · 2^32, rounded half to even, in 64
    bits with the exponent −32.

    Constraints:
    - (C1) `labels` has rank 1, and the result its shape; a scaled result has 64
      bits.
    - (C2) `weights` are finite, none of them negative and one of them positive.

    Example:

    ```mlir
    %w = qtrain.label_weight %labels {ignored = 255 : i32}
         : (tensor<8xi32>) -> tensor<8xf32>
    ```
  }];
  let arguments = (ins QTrain_TensorOf<[I32]>:$labels,
                       OptionalAttr<DenseF64ArrayAttr>:$weights,
                       OptionalAttr<I32Attr>:$ignored);
  let results = (outs QTrain_Value:$result);
  let hasVerifier = 1;
}

def QTrain_LabelWeightSumOp : QTrain_PureOp<"label_weight_sum"> {
  let summary = "Sum of the weights of rows";
  let description = [{
    The sum of what `qtrain.label_weight` gives for each label, without a
    rounding, formed in double.

    Constraints:
    - (C1) `labels` has rank 1.
    - (C2) `weights` as in `qtrain.label_weight`.

    Example:

    ```mlir
    %w = qtrain.label_weight_sum %labels {ignored = 255 : i32}
         : (tensor<8xi32>) -> f64
    ```
  }];
  let arguments = (ins QTrain_TensorOf<[I32]>:$labels,
                       OptionalAttr<DenseF64ArrayAttr>:$weights,
                       OptionalAttr<I32Attr>:$ignored);
  let results = (outs F64:$sum);
  let hasVerifier = 1;
}

#endif // QTRAIN_METRIC_OPS_TD
