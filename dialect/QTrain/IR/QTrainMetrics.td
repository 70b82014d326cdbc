//===- QTrainMetrics.td - Losses and other metrics ---------*- tablegen -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One attribute per metric; QTrainMetrics.cpp has the formulas. y stands for
// the predictions of a row and t for its target.
//
//===----------------------------------------------------------------------===//

#ifndef QTRAIN_METRICS_TD
#define QTRAIN_METRICS_TD

include "dialect/QTrain/IR/QTrainFunctions.td"
include "dialect/QTrain/Interfaces/MetricInterface.td"

/// Any metric.
def QTrain_Metric
    : Attr<CPred<"::llvm::isa<::qtc::qtrain::MetricAttrInterface>($_self)">,
           "metric of a row of predictions"> {
  let storageType = "::qtc::qtrain::MetricAttrInterface";
  let returnType = storageType;
  let convertFromStorage = "$_self";
}

/// A metric without constants, written `#qtrain.<mnemonic>`.
class QTrain_MetricAttr<string name, string attrMnemonic,
                        list<string> optionalMethods = []>
    : AttrDef<QTrain_Dialect, name,
              [DeclareAttrInterfaceMethods<
                  QTrain_MetricAttrInterface,
                  !listconcat(["buildValue"], optionalMethods)>]> {
  let mnemonic = attrMnemonic;
}

//===----------------------------------------------------------------------===//
// Classes
//===----------------------------------------------------------------------===//

def QTrain_CrossEntropyAttr
    : QTrain_MetricAttr<"CrossEntropy", "cross_entropy", ["takesClasses", "accepts"]> {
  let summary = "softmax cross-entropy";
  let description = [{
    With the weights w of K classes (1 by default) and a smoothing ε, the sum
    over all k of −a_k · log p_k, where p is the softmax of y, a_k = w_k · ε/K,
    and the label has w_t · (1 − ε) more. The options are those of
    `torch.nn.CrossEntropyLoss`.
  }];
  let parameters = (ins
      QTrain_Number<"part of a target that all classes share">:$smoothing,
      // Unlike an array of f64, which is cut to six digits as text, numbers
      // that are attributes keep all.
      OptionalParameter<"::mlir::ArrayAttr", "one number per class">:$weights);
  let assemblyFormat =
      "`<` `smoothing` `=` $smoothing (`,` `weights` `=` $weights^)? `>`";
  let genVerifyDecl = 1;
}

def QTrain_ClassSquaresAttr
    : QTrain_MetricAttr<"ClassSquares", "class_squares", ["takesClasses"]> {
  let summary = "half the sum of squared differences to the one-hot target";
  let description = "The loss of WAGE's authors.";
}

def QTrain_AccuracyAttr
    : QTrain_MetricAttr<"Accuracy", "accuracy", ["takesClasses"]> {
  let summary = "1 if the largest prediction is that of the label, else 0";
  let description = "The first of equal predictions is the largest.";
}

//===----------------------------------------------------------------------===//
// Numbers: means over the predictions of a row
//===----------------------------------------------------------------------===//

def QTrain_MeanSquaresAttr : QTrain_MetricAttr<"MeanSquares", "mean_squares"> {
  let summary = "mean of (y - t)^2";
  let description = "`torch.nn.MSELoss`.";
}

def QTrain_MeanAbsoluteAttr
    : QTrain_MetricAttr<"MeanAbsolute", "mean_absolute"> {
  let summary = "mean of |y - t|";
  let description = "`torch.nn.L1Loss`.";
}

def QTrain_MeanHuberAttr : QTrain_MetricAttr<"MeanHuber", "mean_huber"> {
  let summary = "mean of squares of small and absolute values of large errors";
  let description = [{
    Of e = |y − t|: e²/2 up to `delta`, beyond it delta · (e − delta/2)
    (`torch.nn.HuberLoss`).
  }];
  let parameters = (ins QTrain_Number<"largest error that is squared">:$delta);
  let assemblyFormat = "`<` `delta` `=` $delta `>`";
}

def QTrain_MeanLogisticAttr
    : QTrain_MetricAttr<"MeanLogistic", "mean_logistic"> {
  let summary = "mean of log(1 + exp(y)) - t * y";
  let description = [{
    Binary cross-entropy of the sigmoid of y (`torch.nn.BCEWithLogitsLoss`).
  }];
}

#endif // QTRAIN_METRICS_TD
