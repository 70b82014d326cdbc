//===- QKernelInterfaces.td - Interfaces of kernels --------*- tablegen -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QKERNEL_INTERFACES_TD
#define QKERNEL_INTERFACES_TD

include "mlir/IR/OpBase.td"

def QKernel_ConvolutionOpInterface : OpInterface<"ConvolutionOpInterface"> {
  let cppNamespace = "::qtc::qkernel";
  let description = [{
    A convolution or one of its gradients. Operands are named by their place in
    the convolution, whichever of them the kernel writes.
  }];
  let methods = [
    InterfaceMethod<"Activations [N, H, W, C], or their errors.",
      "::mlir::Value", "getInput">,
    InterfaceMethod<"Weights [O, C/group, KH, KW], or their gradients.",
      "::mlir::Value", "getWeight">,
    InterfaceMethod<"Results [N, OH, OW, O], or their errors.",
      "::mlir::Value", "getOutput">,
    InterfaceMethod<"Largest magnitude of the sums, or null.",
      "::mlir::Value", "getMaximum">,
    InterfaceMethod<"The operand `getMaximum`, which can be added.",
      "::mlir::MutableOperandRange", "getMaximumMutable">,
    InterfaceMethod<"Geometry of the convolution.",
      "::qtc::qtrain::WindowAttr", "getWindow">,
    InterfaceMethod<"Whether vectors of channels replace packed operands.",
      "bool", "getDirect">,
    InterfaceMethod<"Whether sums are formed in 64 bits and then clamped.",
      "bool", "getSaturate">
  ];
  let extraSharedClassDeclaration = [{
    /// The operand that the kernel writes.
    ::mlir::Value getSums() {
      return ::llvm::cast<::mlir::DestinationStyleOpInterface>(
                 $_op.getOperation())
          .getDpsInitOperand(0)
          ->get();
    }
    /// True if sums must be formed in 64 bits.
    bool hasWideSums() {
      return $_op.getSaturate() ||
             ::mlir::getElementTypeOrSelf(getSums()).isInteger(64);
    }
  }];
}

#endif // QKERNEL_INTERFACES_TD
