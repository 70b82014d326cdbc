//===- QTrainTypes.td - Types of the qtrain dialect --------*- tablegen -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTRAIN_TYPES_TD
#define QTRAIN_TYPES_TD

include "dialect/QTrain/IR/QTrainDialect.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/CommonTypeConstraints.td"

def QTrain_ScaledType : TypeDef<QTrain_Dialect, "Scaled"> {
  let mnemonic = "scaled";
  let summary = "Tensor of integer mantissas with one exponent";
  let description = [{
    A value of this type is a tensor of signed integers m and one 32-bit
    exponent s. It represents the tensor m · 2^s (numerics contract, section
    1.1). Mantissas of width k are in ±(2^(k−1) − 1): the smallest
    two's-complement number never occurs. Widths of 8 and 16 bits are for
    storage, widths of 32 and 64 bits for exact accumulators. The exponent is
    known only at run time.

    Example:

    ```mlir
    !qtrain.scaled<tensor<128x10xi8>>
    ```
  }];
  let parameters = (ins "::mlir::RankedTensorType":$mantissa);
  let assemblyFormat = "`<` $mantissa `>`";
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    llvm::ArrayRef<int64_t> getShape() const {
      return getMantissa().getShape();
    }
    /// Storage width of a mantissa in bits.
    unsigned getWidth() const {
      return getMantissa().getElementTypeBitWidth();
    }
    /// The same shape and layout with mantissas of `width` bits.
    ScaledType withWidth(unsigned width) const;
  }];
}

#endif // QTRAIN_TYPES_TD
