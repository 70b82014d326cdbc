//===- QTrainInterfaces.td - Interfaces --------------------*- tablegen -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTRAIN_INTERFACES_TD
#define QTRAIN_INTERFACES_TD

include "mlir/IR/OpBase.td"

/// The result has the elements of the first operand, in another order or shape.
def QTrain_OnlyMovesElements : NativeOpTrait<"OnlyMovesElements"> {
  let cppNamespace = "::qtc::qtrain";
}

/// Each element of the result is an element of the only operand.
def QTrain_SelectsElements : NativeOpTrait<"SelectsElements"> {
  let cppNamespace = "::qtc::qtrain";
}

/// The results are gradients of numbers that a whole channel is multiplied by,
/// and of those added to it afterwards: the scale and bias of a normalization,
/// or a slope. One step changes all activations of the channel, so a scheme may
/// take smaller ones.
def QTrain_FormsChannelGradients : NativeOpTrait<"FormsChannelGradients"> {
  let cppNamespace = "::qtc::qtrain";
}

def QTrain_DifferentiableOpInterface
    : OpInterface<"DifferentiableOpInterface"> {
  let cppNamespace = "::qtc::qtrain";
  let description = [{
    An operation that the backward generator can differentiate. Implementations
    build only float operations and do not depend on schemes or targets.

    Operations with one result whose gradients share no computation implement
    `buildOperandGradient`; all others implement `buildGradients`.
  }];
  let methods = [
    InterfaceMethod<[{
        Builds the gradients of the operands for which `isNeeded` is true, given
        the gradients of the results; a null gradient stands for a result that
        the loss does not depend on. Returns one value per operand, of the
        operand's type, or null if the gradient is not needed or does not exist.
      }],
      "::llvm::SmallVector<::mlir::Value>", "buildGradients",
      (ins "::mlir::OpBuilder &":$builder,
           "::llvm::ArrayRef<::mlir::Value>":$resultGradients,
           "::llvm::function_ref<bool(unsigned)>":$isNeeded),
      /*methodBody=*/"", [{
        ::llvm::SmallVector<::mlir::Value> gradients;
        for (unsigned i = 0, e = $_op->getNumOperands(); i < e; ++i)
          gradients.push_back(isNeeded(i) ? $_op.buildOperandGradient(
                                                builder, i,
                                                resultGradients.front())
                                          : ::mlir::Value());
        return gradients;
      }]>,
    InterfaceMethod<[{
        Builds the gradient of operand `operand`, given the gradient of the only
        result. Returns null if the operand has no gradient.
      }],
      "::mlir::Value", "buildOperandGradient",
      (ins "::mlir::OpBuilder &":$builder, "unsigned":$operand,
           "::mlir::Value":$resultGradient),
      /*methodBody=*/"", [{ return ::mlir::Value(); }]>
  ];
}

def QTrain_TrainingOpInterface : OpInterface<"TrainingOpInterface"> {
  let cppNamespace = "::qtc::qtrain";
  let description = [{
    An operation that is used only in training; evaluation replaces it.
  }];
  let methods = [
    InterfaceMethod<[{
        Builds the replacement for evaluation on `operands`, which correspond to
        the operands of the operation, and returns one value per result. An
        operand that does not exist in evaluation is null, and so is the value
        of a result that only training uses.
      }],
      "::llvm::SmallVector<::mlir::Value>", "buildEvaluation",
      (ins "::mlir::OpBuilder &":$builder, "::mlir::ValueRange":$operands)>
  ];
}

def QTrain_AccumulationOpInterface : OpInterface<"AccumulationOpInterface"> {
  let cppNamespace = "::qtc::qtrain";
  let description = [{
    An operation that adds up its operand, or products of its operands. On
    scaled operands its result holds exact accumulators. A scheme chooses their
    width, and a kernel how it forms them; both depend on how large the
    mantissas of all operands can be.
  }];
  let methods = [
    InterfaceMethod<"Largest number of terms summed into one accumulator.",
      "int64_t", "getReductionLength">
  ];
}

def QTrain_ContractionOpInterface
    : OpInterface<"ContractionOpInterface", [QTrain_AccumulationOpInterface]> {
  let cppNamespace = "::qtc::qtrain";
  let description = [{
    An operation that multiplies and accumulates two operands. The exponent of
    its accumulators is the sum of the operands' exponents, so that one rewrite
    of a scheme handles all such operations.
  }];
  let methods = [
    InterfaceMethod<[{
        Number of useful multiply-accumulates of one execution, including those
        with zero padding.
      }],
      "int64_t", "getMultiplyAccumulates">
  ];
}

def QTrain_LayerOpInterface : OpInterface<"LayerOpInterface"> {
  let cppNamespace = "::qtc::qtrain";
  let description = [{
    A layer of the model that multiplies its input by weights. Its gradients are
    other operations.
  }];
  let methods = [
    InterfaceMethod<"The activations.", "::mlir::Value", "getInput">,
    InterfaceMethod<"The weights, one row per output channel.",
      "::mlir::Value", "getWeight">
  ];
}

def QTrain_NormalizationOpInterface
    : OpInterface<"NormalizationOpInterface"> {
  let cppNamespace = "::qtc::qtrain";
  let description = [{
    A normalization of each channel, in training or in evaluation.
  }];
  let methods = [
    InterfaceMethod<"The activations, as an operand.",
      "::mlir::OpOperand &", "getInputMutable">,
    InterfaceMethod<"The factor of each standardized channel.",
      "::mlir::Value", "getScale">,
    InterfaceMethod<"The number that is added to each channel at the end.",
      "::mlir::Value", "getBias">,
    InterfaceMethod<[{
        The mean of each channel that evaluation subtracts. Training only moves
        it.
      }],
      "::mlir::Value", "getRunningMean">,
    InterfaceMethod<"The variance of each channel that belongs to this mean.",
      "::mlir::Value", "getRunningVariance">
  ];
}

def QTrain_NormalizationGradientOpInterface
    : OpInterface<"NormalizationGradientOpInterface"> {
  let cppNamespace = "::qtc::qtrain";
  let description = [{
    A gradient of a normalization of each channel. It reads the input of the
    normalization again.
  }];
  let methods = [
    InterfaceMethod<"The activations, as an operand.",
      "::mlir::OpOperand &", "getInputMutable">
  ];
}

def QTrain_RangeOpInterface : OpInterface<"RangeOpInterface"> {
  let cppNamespace = "::qtc::qtrain";
  let description = [{
    An operation that knows more about the mantissas of its only result than
    their width says. Operations without it are bounded by the width alone.
  }];
  let methods = [
    InterfaceMethod<[{
        The operand whose bound of magnitudes the result shares, or null.
      }],
      "::mlir::Value", "getEqualRange", (ins), /*methodBody=*/"",
      [{ return ::mlir::Value(); }]>,
    InterfaceMethod<[{
        The largest magnitude of a mantissa, at least 1, if no operand has the
        same.
      }],
      "int64_t", "getMaxMagnitude", (ins), /*methodBody=*/"", [{
        return ::qtc::qtrain::detail::getLargestMantissa($_op->getResult(0));
      }]>,
    InterfaceMethod<[{
        The operands without a negative element that the result has none with;
        nothing if they do not tell.
      }],
      "::std::optional<::mlir::OperandRange>", "getSignOperands", (ins),
      /*methodBody=*/"", [{ return ::std::nullopt; }]>
  ];
}

def QTrain_LayoutOpInterface : OpInterface<"LayoutOpInterface"> {
  let cppNamespace = "::qtc::qtrain";
  let description = [{
    An operation with results that are shaped like parameters, which keep the
    order of the model file in memory. Results of all other operations have the
    layout of activations.
  }];
  let methods = [
    InterfaceMethod<[{
        The results that are shaped like parameters. `ofParameters`: whether the
        first operand is.
      }],
      "::mlir::ResultRange", "getParameterResults",
      (ins "bool":$ofParameters), /*methodBody=*/"", [{
        ::mlir::ResultRange results = $_op->getResults();
        return ofParameters ? results : results.take_front(0);
      }]>
  ];
  let extraClassDeclaration = [{
    /// Whether all results are shaped like parameters, whatever the operands
    /// are.
    bool formsParameters() {
      return getParameterResults(/*ofParameters=*/false) ==
             (*this)->getResults();
    }
  }];
}

#endif // QTRAIN_INTERFACES_TD
