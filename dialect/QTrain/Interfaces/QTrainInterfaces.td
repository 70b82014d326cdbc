//===- QTrainInterfaces.td - Interfaces --------------------*- tablegen -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTRAIN_INTERFACES_TD
#define QTRAIN_INTERFACES_TD

include "mlir/IR/OpBase.td"

def QTrain_DifferentiableOpInterface
    : OpInterface<"DifferentiableOpInterface"> {
  let cppNamespace = "::qtc::qtrain";
  let description = [{
    An operation that the backward generator can differentiate. Implementations
    know nothing of schemes or targets: they build float operations only.

    Operations of one result whose operands' gradients have nothing in common
    implement `buildOperandGradient`, all others `buildGradients`.
  }];
  let methods = [
    InterfaceMethod<[{
        Builds the gradients of those operands that `isNeeded`, of their types,
        given the gradients of the results; null stands for a result that the
        loss does not depend on. Returns one value an operand, null where the
        gradient is not needed or there is none.
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
        Builds the gradient of operand `operand` given the gradient of the
        only result. A null value says that the operand has no gradient.
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
    An operation that is a part of training only: evaluation does something
    else in its place.
  }];
  let methods = [
    InterfaceMethod<[{
        Builds what evaluation does on `operands`, which stand for the
        operation's own, and returns one value a result. An operand that
        evaluation does not have is null, and so is the value of a result that
        only training uses.
      }],
      "::llvm::SmallVector<::mlir::Value>", "buildEvaluation",
      (ins "::mlir::OpBuilder &":$builder, "::mlir::ValueRange":$operands)>
  ];
}

def QTrain_ContractionOpInterface : OpInterface<"ContractionOpInterface"> {
  let cppNamespace = "::qtc::qtrain";
  let description = [{
    An operation that multiplies and accumulates two operands. On scaled
    operands its result holds exact accumulators whose exponent is the sum of
    the operands' exponents, so one rewrite of a scheme treats all of them.
  }];
  let methods = [
    InterfaceMethod<"Products summed into one accumulator, at most.",
      "int64_t", "getReductionLength">,
    InterfaceMethod<[{
        Useful multiply-accumulates of one execution, zero padding counted.
      }],
      "int64_t", "getMultiplyAccumulates">
  ];
}

#endif // QTRAIN_INTERFACES_TD
