//===- Pipelines.h - The phases as pass pipelines ---------------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTC_PIPELINES_PIPELINES_H
#define QTC_PIPELINES_PIPELINES_H

#include "compiler/Scheme/Scheme.h"
#include "compiler/Target/CPU/TargetRecord.h"
#include "compiler/Target/CUDA/TileTable.h"
#include "compiler/Transforms/GenerateBackward/GenerateBackward.h"
#include "mlir/Pass/PassManager.h"

namespace qtc {

/// import → backward: a forward function, prepared for `scheme`, becomes a
/// training step and an evaluation.
void buildBackwardPipeline(mlir::OpPassManager &manager, const Scheme &scheme,
                           const GenerateBackwardOptions &options);

/// backward → scheme: floats become the numbers that the scheme trains with.
/// With `assertInteger` the pipeline fails if a float is left.
llvm::Error buildSchemePipeline(mlir::OpPassManager &manager,
                                const Scheme &scheme,
                                const SchemeRequest &request,
                                bool assertInteger);

/// Options for the code of one instruction set or for one kind of device.
struct VariantOptions {
  const cpu::TargetRecord *target = nullptr;
  /// Off: contractions become scalar loops, the oracle for the packed ones.
  bool microkernels = true;
  /// The step computes in floats, so their multiply-adds are its peak.
  bool floatPeak = false;
  /// Replaces `target`.
  const cuda::TargetRecord *device = nullptr;
  cuda::TileChoices tiles = {};
};

/// From the scheme's operations to fused kernels on tensors, which are the same
/// for every variant.
void buildFormationPipeline(mlir::OpPassManager &manager);

/// Fused kernels → plan: kernels on buffers in one arena.
void buildPlanPipeline(mlir::OpPassManager &manager,
                       const VariantOptions &options);

/// plan → kernels: loops and vectors, parallel loops outlined.
void buildKernelPipeline(mlir::OpPassManager &manager,
                         const VariantOptions &options);

/// kernels → LLVM dialect.
void buildLLVMPipeline(mlir::OpPassManager &manager,
                       const VariantOptions &options);

/// Fused kernels → plan for a device: parallel loops and mapped contractions on
/// buffers in one arena, and nothing else.
void buildDevicePlanPipeline(mlir::OpPassManager &manager,
                             const VariantOptions &options);

/// plan → kernels for a device: kernels and their launches.
void buildDeviceKernelPipeline(mlir::OpPassManager &manager,
                               const VariantOptions &options);

/// Kernels for a device → NVVM dialect, with the target attached.
void buildNVVMPipeline(mlir::OpPassManager &manager,
                       const cuda::TargetRecord &target);

/// NVVM dialect → PTX in a `gpu.binary`.
void buildPTXPipeline(mlir::OpPassManager &manager);

} // namespace qtc

#endif // QTC_PIPELINES_PIPELINES_H
