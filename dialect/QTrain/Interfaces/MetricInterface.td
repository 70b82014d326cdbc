//===- MetricInterface.td - How well a position is predicted -*- tablegen -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTRAIN_METRIC_INTERFACE_TD
#define QTRAIN_METRIC_INTERFACE_TD

include "mlir/IR/OpBase.td"

def QTrain_MetricAttrInterface : AttrInterface<"MetricAttrInterface"> {
  let cppNamespace = "::qtc::qtrain";
  let description = [{
    A number that says how well a row of predictions agrees with its target: a
    loss, or something that is reported beside it. `qtrain.row_metric` computes
    it. The formula is written once, and serves floats and fixed point.
  }];
  let methods = [
    InterfaceMethod<[{
        Whether the target of a row is a class, its label; otherwise it is a
        number for each prediction.
      }],
      "bool", "takesClasses", (ins), /*methodBody=*/"",
      [{ return false; }]>,
    InterfaceMethod<"Whether rows may have `outputs` predictions.",
      "bool", "accepts", (ins "int64_t":$outputs), /*methodBody=*/"",
      [{ return true; }]>,
    InterfaceMethod<"Builds the metric of `row`.",
      "::mlir::Value", "buildValue", (ins "::qtc::qtrain::MetricRow &":$row)>
  ];
}

#endif // QTRAIN_METRIC_INTERFACE_TD
