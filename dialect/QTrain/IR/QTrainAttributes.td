//===- QTrainAttributes.td - Attributes of qtrain ----------*- tablegen -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTRAIN_ATTRIBUTES_TD
#define QTRAIN_ATTRIBUTES_TD

include "dialect/QTrain/IR/QTrainDialect.td"
include "dialect/QTrain/IR/QTrainFunctions.td"
include "dialect/QTrain/IR/QTrainMetrics.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/BuiltinAttributeInterfaces.td"
include "mlir/IR/EnumAttr.td"

def QTrain_Rounding : I32EnumAttr<"Rounding",
    "Rounding of a right shift", [
      I32EnumAttrCase<"Nearest", 0, "nearest">,
      I32EnumAttrCase<"NearestEven", 1, "even">,
      I32EnumAttrCase<"TowardZero", 2, "floor0">,
      I32EnumAttrCase<"PseudoStochastic", 3, "pseudo">,
      I32EnumAttrCase<"Stochastic", 4, "stochastic">]> {
  let cppNamespace = "::qtc::qtrain";
  let genSpecializedAttr = 0;
}

def QTrain_RoundingAttr
    : EnumAttr<QTrain_Dialect, QTrain_Rounding, "rounding"> {
  let summary = "Rounding of a right shift";
  let description = [{
    All modes act on sign and magnitude. With a = |x|, n > 0 the shift,
    q = a >> n and r = a mod 2^n (numerics contract, section 1.3):

    - `nearest`: (a + 2^(n-1)) >> n, ties away from zero;
    - `even`: nearest, ties to even;
    - `floor0`: q, toward zero;
    - `pseudo`: NITI's pseudo-stochastic rounding, which uses the lower half of
      r as the random number for the upper half (`niti.md` 5.2);
    - `stochastic`: q + (f16 > R) with f16 the top 16 bits of r and R a 16-bit
      random number.
  }];
  let assemblyFormat = "`<` $value `>`";
}

def QTrain_ClassLoss : I32EnumAttr<"ClassLoss", "Loss function of classes", [
      I32EnumAttrCase<"CrossEntropy", 0, "cross_entropy">,
      I32EnumAttrCase<"SumOfSquares", 1, "sse">]> {
  let cppNamespace = "::qtc::qtrain";
  let genSpecializedAttr = 0;
}

def QTrain_ClassLossAttr
    : EnumAttr<QTrain_Dialect, QTrain_ClassLoss, "loss"> {
  let summary = "Loss function of classes";
  let description = [{
    `cross_entropy` is softmax cross-entropy; `sse` is half the sum of squared
    differences to the one-hot target (numerics contract, section 6, rule 4).
  }];
  let assemblyFormat = "`<` $value `>`";
}

def QTrain_Exponential : I32EnumAttr<"Exponential",
    "Power function of the integer softmax", [
      I32EnumAttrCase<"Fraction", 0, "fraction">,
      I32EnumAttrCase<"Octave", 1, "paper">]> {
  let cppNamespace = "::qtc::qtrain";
  let genSpecializedAttr = 0;
}

def QTrain_ExponentialAttr
    : EnumAttr<QTrain_Dialect, QTrain_Exponential, "exponential"> {
  let summary = "Power function of the integer softmax";
  let description = [{
    `fraction` keeps 8 fraction bits of the base-2 logit; `paper` truncates to
    whole octaves as NITI's released code does (numerics contract, section 4.10;
    `niti.md` 4.2 and 4.4).
  }];
  let assemblyFormat = "`<` $value `>`";
}

def QTrain_RandomPurpose : I32EnumAttr<"RandomPurpose",
    "Purpose of random numbers: a word of the Philox counter", [
      I32EnumAttrCase<"GradientRounding", 0, "gradient_rounding">,
      I32EnumAttrCase<"LossRounding", 1, "loss_rounding">,
      I32EnumAttrCase<"Dropout", 2, "dropout">,
      I32EnumAttrCase<"Shuffling", 3, "shuffling">,
      I32EnumAttrCase<"Augmentation", 4, "augmentation">,
      I32EnumAttrCase<"Initialization", 5, "initialization">]> {
  let cppNamespace = "::qtc::qtrain";
  let genSpecializedAttr = 0;
}

def QTrain_RandomPurposeAttr
    : EnumAttr<QTrain_Dialect, QTrain_RandomPurpose, "purpose"> {
  let summary = "Purpose word of the random counter";
  let description = [{
    The last word of the Philox counter, which separates the random numbers of
    different purposes (numerics contract, section 2.1).
  }];
  let assemblyFormat = "`<` $value `>`";
}

def QTrain_Role : I32EnumAttr<"Role", "Meaning of an argument or result of a function", [
      I32EnumAttrCase<"Input", 0, "input">,
      I32EnumAttrCase<"Target", 1, "target">,
      I32EnumAttrCase<"Prediction", 2, "prediction">,
      I32EnumAttrCase<"Exponent", 3, "exponent">,
      I32EnumAttrCase<"Metric", 4, "metric">,
      I32EnumAttrCase<"Weight", 5, "weight">,
      I32EnumAttrCase<"Seed", 6, "seed">,
      I32EnumAttrCase<"Schedule", 7, "schedule">,
      I32EnumAttrCase<"Step", 8, "step">,
      I32EnumAttrCase<"Arena", 9, "arena">,
      I32EnumAttrCase<"Executor", 10, "executor">]> {
  let cppNamespace = "::qtc::qtrain";
  let genSpecializedAttr = 0;
}

def QTrain_RoleAttr : EnumAttr<QTrain_Dialect, QTrain_Role, "role"> {
  let summary = "Meaning of an argument or result of a function";
  let description = [{
    The first six are ports, the tensors that a step exchanges with its caller.
    Ports of the same role are numbered in the order of the arguments. Those
    from `prediction` to `weight` are results until the conversion to kernels
    gives them buffers; a metric and its weight have the same `qtrain.name`.

    - `input`: what the model computes with: pixels or numbers;
    - `target`: what it should compute: a class per example, or numbers;
    - `prediction`: the buffer for what it has computed;
    - `exponent`: the exponent of a prediction that is mantissas;
    - `metric`: how well each row of the predictions agrees with its target;
    - `weight`: the weight of each row in the mean of the metric;
    - `seed`: key of the random numbers;
    - `schedule`: the learning rate in the form of the scheme;
    - `step`: number of the step, from 0;
    - `arena`: memory for values that live within a call;
    - `executor`: the runtime's object that runs parallel loops.
  }];
  let assemblyFormat = "`<` $value `>`";
}

def QTrain_StateKind : I32EnumAttr<"StateKind",
    "Kind of a tensor of the training state", [
      I32EnumAttrCase<"Parameter", 0, "parameter">,
      I32EnumAttrCase<"Buffer", 1, "buffer">,
      I32EnumAttrCase<"Optimizer", 2, "optimizer">,
      I32EnumAttrCase<"Evaluation", 3, "evaluation">,
      I32EnumAttrCase<"Scratch", 4, "scratch">]> {
  let cppNamespace = "::qtc::qtrain";
  let genSpecializedAttr = 0;
}

def QTrain_StateKindAttr
    : EnumAttr<QTrain_Dialect, QTrain_StateKind, "state_kind"> {
  let summary = "Kind of a tensor of the training state";
  let description = [{
    - `parameter`: trained by its gradient, part of the state hash;
    - `buffer`: follows the data without a gradient (running statistics), part
      of the state hash;
    - `optimizer`: state of an optimizer for a parameter (momentum), saved with
      the state but not part of its hash;
    - `evaluation`: read by evaluation in place of a buffer (estimated
      statistics), saved with the state but not part of its hash;
    - `scratch`: kept by `@estimate` from call to call, neither saved nor part
      of the hash.
  }];
}

class QTrain_Attr<string name, string attrMnemonic, list<Trait> traits = []>
    : AttrDef<QTrain_Dialect, name, traits> {
  let mnemonic = attrMnemonic;
}

def QTrain_ChannelsLastAttr : QTrain_Attr<"ChannelsLast", "channels_last"> {
  let summary = "Memory layout: channels innermost";
  let description = [{
    Encoding of a rank-4 tensor type: the value has the logical shape
    `[N, C, H, W]` of its type and is stored as `[N, H, W, C]`. A tensor without
    encoding is stored row-major in its logical shape.

    Example:

    ```mlir
    !qtrain.scaled<tensor<8x16x28x28xi8, #qtrain.channels_last>>
    ```
  }];
}

def QTrain_WindowAttr : QTrain_Attr<"Window", "window"> {
  let summary = "Geometry of a sliding window over two spatial dimensions";
  let description = [{
    Extents are [height, width]; `pads` is [top, left, bottom, right]. Pads are
    non-negative, all other numbers positive. Along each dimension, output
    position y covers the input positions y·stride − pad + k·dilation with 0 ≤ k
    < kernel. Bottom and right padding may exceed the padding that the output
    needs. No number is above 2^22.

    Example:

    ```mlir
    #qtrain.window<kernel = [3, 3], strides = [1, 1], pads = [1, 1, 1, 1],
                   dilations = [1, 1]>
    ```
  }];
  let parameters = (ins ArrayRefParameter<"int64_t">:$kernel,
                        ArrayRefParameter<"int64_t">:$strides,
                        ArrayRefParameter<"int64_t">:$pads,
                        ArrayRefParameter<"int64_t">:$dilations);
  let assemblyFormat = [{
    `<` `kernel` `=` `[` $kernel `]` `,` `strides` `=` `[` $strides `]` `,`
        `pads` `=` `[` $pads `]` `,` `dilations` `=` `[` $dilations `]` `>`
  }];
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    /// The distance between the first and the last position of a window along
    /// spatial dimension `dim` (0 or 1), plus one.
    int64_t getSpan(unsigned dim) const {
      return (getKernel()[dim] - 1) * getDilations()[dim] + 1;
    }
    /// Number of windows that fit into an input of `extent` with its padding.
    int64_t getOutputExtent(unsigned dim, int64_t extent) const {
      int64_t room = extent + getPads()[dim] + getPads()[dim + 2] -
                     getSpan(dim);
      return room < 0 ? 0 : room / getStrides()[dim] + 1;
    }
    /// True when every one of `count` windows along spatial dimension `dim`
    /// covers a position of an input of `extent`.
    bool alwaysTouches(unsigned dim, int64_t extent, int64_t count) const;
    /// True when two windows can share an input position.
    bool overlaps() const {
      return getStrides()[0] < getSpan(0) || getStrides()[1] < getSpan(1);
    }
  }];
}

#endif // QTRAIN_ATTRIBUTES_TD
