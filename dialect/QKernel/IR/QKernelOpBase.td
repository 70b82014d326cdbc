//===- QKernelOpBase.td - Classes shared by kernels --------*- tablegen -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QKERNEL_OP_BASE_TD
#define QKERNEL_OP_BASE_TD

include "dialect/QKernel/IR/QKernelAttributes.td"
include "dialect/QKernel/IR/QKernelDialect.td"
include "dialect/QTrain/IR/QTrainAttributes.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/DestinationStyleOpInterface.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

/// `base`, if it lies in memory as a whole.
class QKernel_WellFormed<Type base, string cppClass>
    : ConfinedType<base, [CPred<"::qtc::qtrain::isWellFormed("
                                "::llvm::cast<::mlir::ShapedType>($_self))">],
                   base.summary, cppClass>;

/// Tensor before the plan stage, buffer after it.
class QKernel_Shaped<list<Type> elements>
    : AnyTypeOf<[QKernel_WellFormed<StaticShapeTensorOf<elements>,
                                    "::mlir::RankedTensorType">,
                 QKernel_WellFormed<StaticShapeMemRefOf<elements>,
                                    "::mlir::MemRefType">]>;
def QKernel_Bytes : QKernel_Shaped<[I8]>;
def QKernel_Accumulators : QKernel_Shaped<[I32]>;
def QKernel_Integers : QKernel_Shaped<[I8, I16, I32, I64]>;
def QKernel_Maximum : QKernel_Shaped<[I32, I64]>;

// Operands of contractions, which compute in integers or in floats.
def QKernel_Factors : QKernel_Shaped<[I8, F32]>;
def QKernel_Operands : QKernel_Shaped<[I8, I16, I32, F32]>;
def QKernel_Bias : QKernel_Shaped<[I32, F32]>;
def QKernel_Sums : QKernel_Shaped<[I32, I64, F32]>;
def QKernel_StoredSums : QKernel_Shaped<[I16, I32, F32]>;

// Operands of operations on elements of any kind.
def QKernel_Elements : QKernel_Shaped<[I8, I16, I32, I64, F32]>;

/// Every position in a window has a number.
def QKernel_Positions : QKernel_Shaped<[I8, I16]>;

def QKernel_OneMemory : NativeOpTrait<"OneMemory"> {
  let cppNamespace = "::qtc::qkernel::detail";
}

/// Operands as text: in the assembly format: `parenthesized` as one list, whose members are. Those
/// that are optional come last.
class QKernel_OperandList<dag operands> {
  // `!size` of a dag counts its arguments.
  list<int> all = !range(!size(operands));
  list<bit> optional =
      !foreach(i, all, !isa<Optional>(!getdagarg<TypeConstraint>(operands, i)));
  list<bit> several =
      !foreach(i, all, !isa<Variadic>(!getdagarg<TypeConstraint>(operands, i)));
  int flexible = !foldl(0, all, count, i,
      !add(count, !if(optional[i], 1, 0), !if(several[i], 1, 0)));
  string values = !foldl("", all, text, i, text # !cond(
      optional[i] : " (`,` $" # !getdagname(operands, i) # "^)?",
      !eq(i, 0) : "$" # !getdagname(operands, i),
      true : " `,` $" # !getdagname(operands, i)));
  string types = !foldl("", all, text, i, text # !cond(
      optional[i] : " (`,` type($" # !getdagname(operands, i) # ")^)?",
      !eq(i, 0) : "type($" # !getdagname(operands, i) # ")",
      true : " `,` type($" # !getdagname(operands, i) # ")"));
  string parenthesized = "`(` " # values # " `:` " # types # " `)`";
  string clauses = !foldl("", all, text, i, text #
      " (`" # !getdagname(operands, i) # "` `(` $" # !getdagname(operands, i) #
      "^ `:` type($" # !getdagname(operands, i) # ") `)`)?");
}

/// A kernel overwrites its destinations, the operands `outputs`. On tensors it
/// returns their new values, on buffers nothing. `options` are inputs that it
/// may have; each is a clause of its name in the assembly format.
class QKernel_KernelOp<string mnemonic, dag inputs, dag outputs,
                       dag attributes = (ins), dag options = (ins),
                       code moreDeclarations = "", list<Trait> traits = []>
    : Op<QKernel_Dialect, mnemonic, !listconcat([
        QKernel_OneMemory, DestinationStyleOpInterface,
        DeclareOpInterfaceMethods<InferTypeOpInterface>,
        DeclareOpInterfaceMethods<MemoryEffectsOpInterface>],
        !if(!gt(!add(QKernel_OperandList<inputs>.flexible,
                     QKernel_OperandList<options>.flexible,
                     QKernel_OperandList<outputs>.flexible), 1),
            [AttrSizedOperandSegments], []), traits)> {
  defvar firstOutput = !add(!size(inputs), !size(options));
  let arguments = !con(inputs, options, outputs, attributes);
  let results = (outs Variadic<AnyRankedTensor>:$results);
  let extraClassDeclaration = [{
    ::mlir::MutableOperandRange getDpsInitsMutable() {
      unsigned first = getODSOperandIndexAndLength(}] # firstOutput # [{).first;
      return ::mlir::MutableOperandRange(getOperation(), first,
                                         getOperation()->getNumOperands() -
                                             first);
    }
  }] # moreDeclarations;
  let extraClassDefinition = [{
    void $cppClass::getEffects(
        ::llvm::SmallVectorImpl<::mlir::SideEffects::EffectInstance<
            ::mlir::MemoryEffects::Effect>> &effects) {
      ::qtc::qkernel::detail::getKernelEffects(*this, effects);
    }
    ::llvm::LogicalResult $cppClass::inferReturnTypes(
        ::mlir::MLIRContext *context, ::std::optional<::mlir::Location> location,
        ::mlir::ValueRange operands, ::mlir::DictionaryAttr attributes,
        ::mlir::OpaqueProperties properties, ::mlir::RegionRange regions,
        ::llvm::SmallVectorImpl<::mlir::Type> &types) {
      Adaptor adaptor(operands, attributes, properties, regions);
      ::qtc::qkernel::detail::inferKernelTypes(
          operands.drop_front(
              adaptor.getODSOperandIndexAndLength(}] # firstOutput # [{).first),
          types);
      return ::mlir::success();
    }
  }];
  let assemblyFormat =
      "`ins` " # QKernel_OperandList<inputs>.parenthesized #
      QKernel_OperandList<options>.clauses #
      " `outs` " # QKernel_OperandList<outputs>.parenthesized #
      " attr-dict (`->` type($results)^)?";
  let hasVerifier = 1;
}

#endif // QKERNEL_OP_BASE_TD
