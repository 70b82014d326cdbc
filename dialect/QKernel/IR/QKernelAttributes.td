//===- QKernelAttributes.td - Attributes of qkernel --------*- tablegen -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QKERNEL_ATTRIBUTES_TD
#define QKERNEL_ATTRIBUTES_TD

include "dialect/QKernel/IR/QKernelDialect.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/EnumAttr.td"

def QKernel_WeightOrder : I32EnumAttr<"WeightOrder",
    "Order of packed weights", [
      I32EnumAttrCase<"ForwardMerged", 0, "forward_merged">,
      I32EnumAttrCase<"Forward", 1, "forward">,
      I32EnumAttrCase<"Flipped", 2, "flipped">,
      I32EnumAttrCase<"Pointwise", 3, "pointwise">,
      I32EnumAttrCase<"ForwardImage", 4, "forward_image">]> {
  let cppNamespace = "::qtc::qkernel";
  let genSpecializedAttr = 0;
}

def QKernel_WeightOrderAttr
    : EnumAttr<QKernel_Dialect, QKernel_WeightOrder, "weight_order"> {
  let summary = "Order of packed weights";
  let description = [{
    Order of the columns and of the reduction of packed weights (see
    `qkernel.pack_weight`); o and i are output and input channels, kh and kw
    positions of the kernel:

    - `forward_image`: columns o; steps over the run (kh, kw, i);
    - `forward_merged`: columns o; steps over kh and the run (kw, i);
    - `forward`: columns o; steps over kh, kw and the run (i);
    - `flipped`: columns i; steps over kh and kw, both in reverse order, and the
      run (o);
    - `pointwise`: columns (kh, kw, i); steps over the run (o).
  }];
  let assemblyFormat = "`<` $value `>`";
}

def QKernel_ContractionAttr : AttrDef<QKernel_Dialect, "Contraction"> {
  let mnemonic = "contraction";
  let summary = "Address arithmetic of a packed contraction";
  let description = [{
    A contraction computes acc[r, c] = Σ_k dot(A[r, k], B[k, c]). A step is 32
    bits, or d elements, of each operand: dot multiplies d = 4 consecutive
    unsigned bytes of A by four signed bytes of B, or d = 1 float by another.
    All numbers count elements:

    - Row r is a multi-index over `rows`; its elements of A start at
      r · `row_strides`.
    - Step k is a multi-index over `steps`; it moves A by k · `a_strides` and B
      by k · `b_strides`.
    - Column c lies in panel c div `panel` at B offset
      (c div panel) · `panel_stride` + (c mod panel) · d.

    The last step dimension is innermost. If an extent of `steps` is 0, all sums
    are 0, without start values. Bytes of A that belong to no element are
    multiplied by zeros in B, so their values do not matter.

    Row r is stored in the result at r · `result`; without these strides, rows
    are stored one after the other. `offsets` are the first elements of A, B,
    the start values and the result.

    `groups` are contractions of the same form, each with its own columns: group
    g adds g · `strides` to the addresses of A, B and the start values, and g ·
    `columns` to those of bias and result.

    With `splits` = S > 1, the first step dimension is cut into S equal parts,
    and the result is [S, rows, columns], with one partial sum per part. Start
    values are added to the first part.
  }];
  let parameters = (ins ArrayRefParameter<"int64_t">:$rows,
                        ArrayRefParameter<"int64_t">:$rowStrides,
                        OptionalArrayRefParameter<"int64_t">:$resultStrides,
                        ArrayRefParameter<"int64_t">:$steps,
                        ArrayRefParameter<"int64_t">:$aStrides,
                        ArrayRefParameter<"int64_t">:$bStrides,
                        "int64_t":$columns, "int64_t":$panel,
                        "int64_t":$panelStride,
                        OptionalArrayRefParameter<"int64_t">:$offsets,
                        DefaultValuedParameter<"int64_t", "1">:$groups,
                        OptionalArrayRefParameter<"int64_t">:$groupStrides,
                        DefaultValuedParameter<"int64_t", "1">:$splits);
  let assemblyFormat = [{
    `<` `rows` `=` `[` $rows `]` `strides` `[` $rowStrides `]`
        (`result` `[` $resultStrides^ `]`)? `,`
        `steps` `=` `[` $steps `]` `a` `[` $aStrides `]` `b` `[` $bStrides `]`
        `,` `columns` `=` $columns `panel` $panel `stride` $panelStride
        (`offsets` `[` $offsets^ `]`)?
        (`groups` `=` $groups^ `strides` `[` $groupStrides `]`)?
        (`,` `splits` `=` $splits^)? `>`
  }];
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    int64_t getRowCount() const;
    int64_t getStepCount() const;
    /// Index into `offsets` and into the `strides` of groups.
    enum Operand { A, B, Start, Result };
    /// The offset of `operand`, or 0 without `offsets`.
    int64_t getOffset(Operand operand) const;
    /// The distance between two groups; in the result, the number of columns.
    int64_t getGroupStride(Operand operand) const;
    /// `result`, or the strides of rows stored one after the other.
    ::llvm::SmallVector<int64_t> getAllResultStrides() const;
  }];
}

#endif // QKERNEL_ATTRIBUTES_TD
