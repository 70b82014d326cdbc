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
    An operation with one result that the backward generator can differentiate.
    Implementations know nothing of schemes or targets: they build float
    operations only.
  }];
  let methods = [
    InterfaceMethod<[{
        Builds the gradient of operand `operand` given the gradient of the
        result. Called only for operands whose gradient is needed; the result
        has the type of the operand. A null value says that the operand has no
        gradient.
      }],
      "::mlir::Value", "buildOperandGradient",
      (ins "::mlir::OpBuilder &":$builder, "unsigned":$operand,
           "::mlir::Value":$resultGradient)>
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
