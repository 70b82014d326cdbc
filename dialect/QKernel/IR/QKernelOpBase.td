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
def QKernel_Sums : QKernel_Shaped<[I32, I64, F32]>;
def QKernel_StoredSums : QKernel_Shaped<[I16, I32, F32]>;

// Operands of operations on elements of any kind.
def QKernel_Elements : QKernel_Shaped<[I8, I16, I32, I64, F32]>;

/// A kernel overwrites its destinations, the operands `outs`. On tensors it
/// returns their new values, on buffers nothing.
class QKernel_KernelOp<string mnemonic, list<Trait> traits = [],
                       code moreDeclarations = "">
    : Op<QKernel_Dialect, mnemonic, !listconcat([
        AttrSizedOperandSegments, DestinationStyleOpInterface,
        DeclareOpInterfaceMethods<MemoryEffectsOpInterface>], traits)> {
  let results = (outs Variadic<AnyRankedTensor>:$results);
  let extraClassDeclaration = [{
    ::mlir::MutableOperandRange getDpsInitsMutable() {
      return getOutsMutable();
    }
  }] # moreDeclarations;
  let extraClassDefinition = [{
    void $cppClass::getEffects(
        ::llvm::SmallVectorImpl<::mlir::SideEffects::EffectInstance<
            ::mlir::MemoryEffects::Effect>> &effects) {
      ::qtc::qkernel::detail::getKernelEffects(*this, effects);
    }
  }];
  let assemblyFormat = [{
    `ins` `(` $ins `:` type($ins) `)` `outs` `(` $outs `:` type($outs) `)`
    attr-dict (`->` type($results)^)?
  }];
  let hasVerifier = 1;
}

#endif // QKERNEL_OP_BASE_TD
