//===- QKernelDialect.td - The kernel dialect --------------*- tablegen -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QKERNEL_DIALECT_TD
#define QKERNEL_DIALECT_TD

include "mlir/IR/OpBase.td"

def QKernel_Dialect : Dialect {
  let name = "qkernel";
  let cppNamespace = "::qtc::qkernel";
  let summary = "Kernels of a training step on tensors and buffers";
  let description = [{
    The `qkernel` dialect describes *how* a step computes: destination-style
    operations on tensors or memrefs of integers or floats, with exponents as
    separate `i32` values. Activations have memory order `[N, H, W, C]`, weights
    `[O, C/group, KH, KW]`. Element-wise work is done by `linalg.generic`.

    Before the plan stage the operations work on tensors, after it on buffers in
    one arena. Operations overwrite their destinations completely, with two
    exceptions: `qkernel.mapped_contract` raises its maximum and can add to its
    accumulators, and `qkernel.contract` first tries the old value of its shift.
  }];
  // Windows and loss forms are attributes of qtrain.
  let dependentDialects = ["::qtc::qtrain::QTrainDialect"];
  let useDefaultAttributePrinterParser = 1;
  let hasOperationAttrVerify = 1;
  let hasRegionArgAttrVerify = 1;
  let extraClassDeclaration = [{
    /// On a loop: the kind, in profiles, of the operation it comes from.
    static constexpr llvm::StringLiteral kKindAttrName = "qkernel.kind";
    /// On a loop: its number of useful multiply-accumulates.
    static constexpr llvm::StringLiteral kMacsAttrName = "qkernel.macs";
    /// Marks functions that outline-kernels makes.
    static constexpr llvm::StringLiteral kKernelAttrName = "qkernel.kernel";
    /// Of an argument of a kernel: the number of the first argument that is a
    /// view of the same buffer.
    static constexpr llvm::StringLiteral kRootAttrName = "qkernel.root";
    /// Lists the operations of profiles on a function: an array of dictionaries
    /// with `name`, `kind`, `macs` and `bytes`, and perhaps `tiles`.
    static constexpr llvm::StringLiteral kProfileAttrName = "qkernel.profile";
    /// Of a launch for a contraction, and `tiles` of its entry: shape and
    /// schedule, `SHAPE:SCHEDULE` as in compiler/Target/CUDA/TileTable.h.
    static constexpr llvm::StringLiteral kTilesAttrName = "qkernel.tiles";
  }];
}

#endif // QKERNEL_DIALECT_TD
