//===- QTrainOpBase.td - Classes shared by operations ------*- tablegen -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTRAIN_OP_BASE_TD
#define QTRAIN_OP_BASE_TD

include "dialect/QTrain/IR/QTrainAttributes.td"
include "dialect/QTrain/IR/QTrainDialect.td"
include "dialect/QTrain/IR/QTrainTypes.td"
include "dialect/QTrain/Interfaces/QTrainInterfaces.td"
include "mlir/IR/CommonAttrConstraints.td"
include "mlir/IR/OpAsmInterface.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def QTrain_Scaled : Type<
    CPred<"::llvm::isa<::qtc::qtrain::ScaledType>($_self)">,
    "scaled tensor", "::qtc::qtrain::ScaledType">;

/// Scaled tensors whose mantissas have one of `widths` bits.
class QTrain_ScaledOf<list<int> widths> : Type<
    And<[QTrain_Scaled.predicate,
         Or<!foreach(width, widths,
                CPred<"::llvm::cast<::qtc::qtrain::ScaledType>($_self)"
                      ".getWidth() == " # width>)>]>,
    "scaled tensor of " # !interleave(widths, "- or ") # "-bit mantissas",
    "::qtc::qtrain::ScaledType">;

/// A tensor that can be stored: see `qtrain::isWellFormed`.
class QTrain_TensorOf<list<Type> elements>
    : Type<And<[StaticShapeTensorOf<elements>.predicate,
                CPred<"::qtc::qtrain::isWellFormed("
                      "::llvm::cast<::mlir::ShapedType>($_self))">]>,
           StaticShapeTensorOf<elements>.summary, "::mlir::RankedTensorType">;

def QTrain_FloatTensor : QTrain_TensorOf<[F32]>;

/// Operands and results of most operations: a float tensor before a scheme is
/// applied, a scaled tensor after it.
def QTrain_Value : AnyTypeOf<[QTrain_FloatTensor, QTrain_Scaled],
                             "float tensor or scaled tensor">;

/// Sums of floats, which are formed in double.
def QTrain_SumTensor : QTrain_TensorOf<[F64]>;

/// 16-bit random numbers, all 65536 values equally likely.
def QTrain_RandomTensor : QTrain_TensorOf<[I16]>;

/// One bit per element of a value, in the same layout.
def QTrain_MaskTensor : QTrain_TensorOf<[I1]>;

/// Positions of maxima in their windows, in the layout of the maxima.
def QTrain_PositionTensor : QTrain_TensorOf<[I8, I16]>;

/// Indices of rows of a table, from 0 on.
def QTrain_IndexTensor : QTrain_TensorOf<[I32]>;

class QTrain_Op<string mnemonic, list<Trait> traits = []>
    : Op<QTrain_Dialect, mnemonic, traits>;

class QTrain_PureOp<string mnemonic, list<Trait> traits = []>
    : QTrain_Op<mnemonic, !listconcat([Pure], traits)> {
  let assemblyFormat = [{
    operands attr-dict `:` functional-type(operands, results)
  }];
}

// The methods of interfaces that operations define.
defvar SameRange = DeclareOpInterfaceMethods<
    QTrain_RangeOpInterface, ["getEqualRange", "getSignOperands"]>;
defvar SameMagnitude =
    DeclareOpInterfaceMethods<QTrain_RangeOpInterface, ["getEqualRange"]>;
defvar SameSign =
    DeclareOpInterfaceMethods<QTrain_RangeOpInterface, ["getSignOperands"]>;
defvar OwnMagnitude =
    DeclareOpInterfaceMethods<QTrain_RangeOpInterface, ["getMaxMagnitude"]>;
defvar OwnRange = DeclareOpInterfaceMethods<
    QTrain_RangeOpInterface, ["getMaxMagnitude", "getSignOperands"]>;
defvar Accumulation =
    DeclareOpInterfaceMethods<QTrain_AccumulationOpInterface>;
defvar Contraction = TraitList<[
    Accumulation, DeclareOpInterfaceMethods<QTrain_ContractionOpInterface>]>;
defvar FormsParameters = DeclareOpInterfaceMethods<
    QTrain_LayoutOpInterface, ["getParameterResults"]>;

#endif // QTRAIN_OP_BASE_TD
