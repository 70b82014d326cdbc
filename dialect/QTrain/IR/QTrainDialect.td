//===- QTrainDialect.td - The integer-training dialect -----*- tablegen -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTRAIN_DIALECT_TD
#define QTRAIN_DIALECT_TD

include "mlir/IR/OpBase.td"

def QTrain_Dialect : Dialect {
  let name = "qtrain";
  let cppNamespace = "::qtc::qtrain";
  let summary = "Training of neural networks, in floats or in integers";
  let description = [{
    The `qtrain` dialect describes *what* a training step computes. The same
    operations exist in two forms that differ only in their types:

    - on float tensors with the meaning of ONNX, as the importer and the
      backward generator build them;
    - on `!qtrain.scaled` values (integer mantissas with one exponent), as a
      scheme (NITI, WAGE) rewrites them. The linear operations then return exact
      accumulators of 32 bits, or of 64 where 32 are not enough, and
      `qtrain.magnitude_bits` and `qtrain.shift_scale` reduce these to a storage
      width.

    Shapes are static. Activations are `[N, C, H, W]` or `[N, F]`, convolution
    weights `[O, C/group, KH, KW]`, weights of linear layers `[O, F]`. A layout
    attribute on the tensor type, assigned late, determines the order in memory.

    The step of a model is a function `@train_step`; `@evaluate` is its forward
    pass alone. A model that normalizes by statistics of the batch has a third
    function `@estimate`, which computes the statistics for evaluation.
    Parameters are `qtrain.parameter` symbols at module level. A function takes
    the parameters it uses as arguments marked `qtrain.parameter`, and the step
    returns their new values as results marked in the same way. Every
    other argument of a function is marked `qtrain.role` (`#qtrain.role`), and
    so is every other result but predictions and their exponents, which come
    first.
  }];
  let useDefaultAttributePrinterParser = 1;
  let useDefaultTypePrinterParser = 1;
  let hasRegionArgAttrVerify = 1;
  let hasRegionResultAttrVerify = 1;
  let extraClassDeclaration = [{
    /// Marks function arguments and results that stand for a parameter; the
    /// value is a FlatSymbolRefAttr.
    static constexpr llvm::StringLiteral kParameterAttrName =
        "qtrain.parameter";
    /// Marks further function arguments and results; the value is a RoleAttr.
    static constexpr llvm::StringLiteral kRoleAttrName = "qtrain.role";
    /// Names a metric or its weight among the results; the value is a
    /// StringAttr.
    static constexpr llvm::StringLiteral kNameAttrName = "qtrain.name";
    /// The output of the model, counted from 0, that a metric or its weight
    /// belongs to; the value is an IntegerAttr. Without it, it is the first.
    static constexpr llvm::StringLiteral kOutputAttrName = "qtrain.output";
    /// Names of the functions of a training module; the last one exists if the
    /// model has running statistics.
    static constexpr llvm::StringLiteral kTrainStepName = "train_step";
    static constexpr llvm::StringLiteral kEvaluateName = "evaluate";
    static constexpr llvm::StringLiteral kEstimateName = "estimate";
  }];
}

#endif // QTRAIN_DIALECT_TD
