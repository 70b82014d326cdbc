//===- FunctionInterface.td - Functions of one number ------*- tablegen -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTRAIN_FUNCTION_INTERFACE_TD
#define QTRAIN_FUNCTION_INTERFACE_TD

include "mlir/IR/OpBase.td"

def QTrain_FunctionAttrInterface : AttrInterface<"FunctionAttrInterface"> {
  let cppNamespace = "::qtc::qtrain";
  let description = [{
    A differentiable function f of one number, which `qtrain.elementwise`
    applies to every element of a tensor. This interface is all that the rest of
    the compiler knows of an activation: the backward pass, the lowering to
    floats and the tables of integer schemes follow from it.

    Implementations build float operations of the type of `x` (`f32` in a step,
    `f64` for tables).
  }];
  let methods = [
    InterfaceMethod<"Builds f(x).",
      "::mlir::Value", "buildValue",
      (ins "::mlir::ImplicitLocOpBuilder &":$builder, "::mlir::Value":$x)>,
    InterfaceMethod<[{
        Builds gradient · f'(x); 0 where f' is 0, whatever the gradient.
      }],
      "::mlir::Value", "buildGradient",
      (ins "::mlir::ImplicitLocOpBuilder &":$builder, "::mlir::Value":$x,
           "::mlir::Value":$gradient)>,
    InterfaceMethod<[{
        True if f(x) alone gives f'(x), so that the backward pass need not keep
        x, and `buildGradientFromResult` is there.
      }],
      "bool", "isGivenByResult", (ins), /*methodBody=*/"",
      [{ return false; }]>,
    InterfaceMethod<"Builds gradient · f'(x) of y = f(x).",
      "::mlir::Value", "buildGradientFromResult",
      (ins "::mlir::ImplicitLocOpBuilder &":$builder, "::mlir::Value":$y,
           "::mlir::Value":$gradient), /*methodBody=*/"",
      [{ llvm_unreachable("the result does not give the derivative"); }]>,
    InterfaceMethod<[{
        A distance from 0, on either side, from which on a table may continue f
        as a straight line with an outer slope.
      }],
      "double", "getReach", (ins), /*methodBody=*/"", [{ return 8.0; }]>,
    InterfaceMethod<"The slopes of f far to the left and to the right of 0.",
      "std::pair<double, double>", "getOuterSlopes">,
    InterfaceMethod<[{
        True if f(x) is its outer slope times x on either side of 0, so that it
        keeps scales: f(c·x) = c·f(x) for c > 0.
      }],
      "bool", "isHomogeneous", (ins), /*methodBody=*/"",
      [{ return false; }]>,
    InterfaceMethod<[{
        True if f grows so fast that a table of f has entries far beyond the
        values of a batch, which then need more bits than 8.
      }],
      "bool", "isSteep", (ins), /*methodBody=*/"", [{ return false; }]>,
    InterfaceMethod<"True if f is never negative.",
      "bool", "isNonnegative", (ins), /*methodBody=*/"",
      [{ return false; }]>
  ];
}

#endif // QTRAIN_FUNCTION_INTERFACE_TD
