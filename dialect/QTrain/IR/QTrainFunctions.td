//===- QTrainFunctions.td - Activation functions -----------*- tablegen -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One attribute per function; QTrainFunctions.cpp has the formulas. A further
// function needs nothing else, except its line in the importer.
//
//===----------------------------------------------------------------------===//

#ifndef QTRAIN_FUNCTIONS_TD
#define QTRAIN_FUNCTIONS_TD

include "dialect/QTrain/IR/QTrainDialect.td"
include "dialect/QTrain/Interfaces/FunctionInterface.td"
include "mlir/IR/AttrTypeBase.td"

/// Any function.
def QTrain_Function
    : Attr<CPred<"::llvm::isa<::qtc::qtrain::FunctionAttrInterface>($_self)">,
           "function of one number"> {
  let storageType = "::qtc::qtrain::FunctionAttrInterface";
  let returnType = storageType;
  let convertFromStorage = "$_self";
}

/// A function without constants, written `#qtrain.<mnemonic>`.
class QTrain_FunctionAttr<string name, string attrMnemonic,
                      list<string> optionalMethods = []>
    : AttrDef<QTrain_Dialect, name,
              [DeclareAttrInterfaceMethods<
                  QTrain_FunctionAttrInterface,
                  !listconcat(["buildValue", "buildGradient", "getOuterSlopes"],
                              optionalMethods)>]> {
  let mnemonic = attrMnemonic;
}

/// A constant of a function.
class QTrain_Number<string description>
    : AttrParameter<"::mlir::FloatAttr", description>;

//===----------------------------------------------------------------------===//
// Straight pieces
//===----------------------------------------------------------------------===//

def QTrain_ClipAttr
    : QTrain_FunctionAttr<"Clip", "clip", ["getReach", "isGivenByResult", "buildGradientFromResult", "isNonnegative"]> {
  let summary = "min(max(x, low), high)";
  let description = [{
    ONNX Clip, Max and Min with one number. `low` is less than `high`; a bound
    may be infinite. NaN stays NaN. `qtrain.relu` is the case of 0 and infinity.
    The derivative is 1 strictly between the bounds, 0 elsewhere.
  }];
  let parameters = (ins QTrain_Number<"lower bound">:$low,
                        QTrain_Number<"upper bound">:$high);
  let assemblyFormat = "`<` `low` `=` $low `,` `high` `=` $high `>`";
  let genVerifyDecl = 1;
}

def QTrain_LeakyReluAttr : QTrain_FunctionAttr<"LeakyRelu", "leaky_relu", ["isHomogeneous"]> {
  let summary = "x for x > 0, else alpha * x";
  let description = [{
    ONNX LeakyRelu. The derivative at 0 is `alpha`.
  }];
  let parameters = (ins QTrain_Number<"slope left of 0">:$alpha);
  let assemblyFormat = "`<` `alpha` `=` $alpha `>`";
}

def QTrain_ThresholdedReluAttr
    : QTrain_FunctionAttr<"ThresholdedRelu", "thresholded_relu", ["getReach"]> {
  let summary = "x for x > alpha, else 0";
  let description = "ONNX ThresholdedRelu.";
  let parameters = (ins QTrain_Number<"threshold">:$alpha);
  let assemblyFormat = "`<` `alpha` `=` $alpha `>`";
}

def QTrain_AbsAttr : QTrain_FunctionAttr<"Abs", "abs", ["isHomogeneous", "isNonnegative"]> {
  let summary = "|x|";
  let description = "ONNX Abs. The derivative at 0 is 0.";
}

def QTrain_SignAttr : QTrain_FunctionAttr<"Sign", "sign"> {
  let summary = "1 for x > 0, -1 for x < 0, 0 at 0";
  let description = [{
    The slope of |x|, which the loss `l1` needs. The derivative is 0 everywhere.
  }];
}

def QTrain_NegAttr : QTrain_FunctionAttr<"Neg", "neg", ["isHomogeneous"]> {
  let summary = "-x";
  let description = "ONNX Neg.";
}

def QTrain_HardSigmoidAttr
    : QTrain_FunctionAttr<"HardSigmoid", "hard_sigmoid",
                      ["getReach", "isGivenByResult", "buildGradientFromResult", "isNonnegative"]> {
  let summary = "min(max(alpha * x + beta, 0), 1)";
  let description = [{
    ONNX HardSigmoid. The derivative is `alpha` where the result is strictly
    between 0 and 1, else 0.
  }];
  let parameters = (ins QTrain_Number<"slope">:$alpha,
                        QTrain_Number<"value at 0">:$beta);
  let assemblyFormat = "`<` `alpha` `=` $alpha `,` `beta` `=` $beta `>`";
}

def QTrain_HardSwishAttr : QTrain_FunctionAttr<"HardSwish", "hard_swish"> {
  let summary = "x * min(max(x / 6 + 1/2, 0), 1)";
  let description = "ONNX HardSwish (MobileNetV3, arXiv:1905.02244, section 5.2).";
}

//===----------------------------------------------------------------------===//
// Smooth functions
//===----------------------------------------------------------------------===//

def QTrain_SigmoidAttr
    : QTrain_FunctionAttr<"Sigmoid", "sigmoid",
                      ["isGivenByResult", "buildGradientFromResult", "isNonnegative"]> {
  let summary = "1 / (1 + exp(-x))";
  let description = "ONNX Sigmoid.";
}

def QTrain_TanhAttr : QTrain_FunctionAttr<"Tanh", "tanh", ["isGivenByResult", "buildGradientFromResult"]> {
  let summary = "tanh(x)";
  let description = "ONNX Tanh.";
}

def QTrain_ErfAttr : QTrain_FunctionAttr<"Erf", "erf"> {
  let summary = "The error function";
  let description = "ONNX Erf.";
}

def QTrain_ExpAttr
    : QTrain_FunctionAttr<"Exp", "exp", ["isGivenByResult", "buildGradientFromResult", "isNonnegative", "isSteep"]> {
  let summary = "exp(x)";
  let description = "ONNX Exp.";
}

def QTrain_SoftplusAttr
    : QTrain_FunctionAttr<"Softplus", "softplus", ["isNonnegative"]> {
  let summary = "log(1 + exp(x))";
  let description = "ONNX Softplus.";
}

def QTrain_SoftsignAttr : QTrain_FunctionAttr<"Softsign", "softsign", ["getReach"]> {
  let summary = "x / (1 + |x|)";
  let description = "ONNX Softsign.";
}

def QTrain_EluAttr : QTrain_FunctionAttr<"Elu", "elu", ["getReach"]> {
  let summary = "gamma * (x for x > 0, else alpha * (exp(x / beta) - 1))";
  let description = [{
    ONNX Elu (`beta` = `gamma` = 1), Celu (`beta` = `alpha`, `gamma` = 1) and
    Selu (`beta` = 1; arXiv:1706.02515, section 2). `beta` is positive.
  }];
  let parameters = (ins QTrain_Number<"depth left of 0">:$alpha,
                        QTrain_Number<"width left of 0">:$beta,
                        QTrain_Number<"factor of the whole">:$gamma);
  let assemblyFormat = [{
    `<` `alpha` `=` $alpha `,` `beta` `=` $beta `,` `gamma` `=` $gamma `>`
  }];
  let genVerifyDecl = 1;
}

def QTrain_GeluAttr : QTrain_FunctionAttr<"Gelu", "gelu"> {
  let summary = "x * (1 + erf(x / sqrt(2))) / 2";
  let description = "ONNX Gelu (arXiv:1606.08415, section 2).";
}

def QTrain_TanhGeluAttr : QTrain_FunctionAttr<"TanhGelu", "tanh_gelu"> {
  let summary = "x * (1 + tanh(sqrt(2/pi) * (x + 0.044715 * x^3))) / 2";
  let description = [{
    ONNX Gelu with `approximate="tanh"` (arXiv:1606.08415, section 2).
  }];
}

def QTrain_SiluAttr : QTrain_FunctionAttr<"Silu", "silu"> {
  let summary = "x / (1 + exp(-x))";
  let description = "Also called Swish (arXiv:1710.05941, section 4).";
}

def QTrain_MishAttr : QTrain_FunctionAttr<"Mish", "mish"> {
  let summary = "x * tanh(softplus(x))";
  let description = "ONNX Mish (arXiv:1908.08681, equation 1).";
}

#endif // QTRAIN_FUNCTIONS_TD
