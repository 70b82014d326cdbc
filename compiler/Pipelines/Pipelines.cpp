//===- Pipelines.cpp - The phases of the compiler as pass pipelines -------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Pipelines/Pipelines.h"

#include "compiler/Conversion/ContractToGPU/ContractToGPU.h"
#include "compiler/Conversion/ContractToVector/ContractToVector.h"
#include "compiler/Conversion/LoopsToGPU/LoopsToGPU.h"
#include "compiler/Conversion/QKernelToLLVM/QKernelToLLVM.h"
#include "compiler/Conversion/QKernelToLoops/QKernelToLoops.h"
#include "compiler/Conversion/QTrainToQKernel/QTrainToQKernel.h"
#include "compiler/Transforms/AssertInteger/AssertInteger.h"
#include "compiler/Transforms/AssignLayouts/AssignLayouts.h"
#include "compiler/Transforms/FuseElementwise/FuseElementwise.h"
#include "compiler/Transforms/LinkDynamicMemory/LinkDynamicMemory.h"
#include "compiler/Transforms/MapContractions/MapContractions.h"
#include "compiler/Transforms/MaterializeScalars/MaterializeScalars.h"
#include "compiler/Transforms/MergeKernels/MergeKernels.h"
#include "compiler/Transforms/MergeTasks/MergeTasks.h"
#include "compiler/Transforms/NarrowAccumulators/NarrowAccumulators.h"
#include "compiler/Transforms/OutlineKernels/OutlineKernels.h"
#include "compiler/Transforms/OutlineTasks/OutlineTasks.h"
#include "compiler/Transforms/PackContractions/PackContractions.h"
#include "compiler/Transforms/PlanArena/PlanArena.h"
#include "compiler/Transforms/SeparateDestinations/SeparateDestinations.h"
#include "compiler/Transforms/SplitReductions/SplitReductions.h"

#include "mlir/Conversion/AffineToStandard/AffineToStandard.h"
#include "mlir/Conversion/GPUToNVVM/GPUToNVVMPass.h"
#include "mlir/Conversion/MathToLLVM/MathToLLVM.h"
#include "mlir/Conversion/NVGPUToNVVM/NVGPUToNVVM.h"
#include "mlir/Conversion/NVVMToLLVM/NVVMToLLVM.h"
#include "mlir/Conversion/ReconcileUnrealizedCasts/ReconcileUnrealizedCasts.h"
#include "mlir/Conversion/SCFToControlFlow/SCFToControlFlow.h"
#include "mlir/Dialect/Bufferization/Transforms/OneShotAnalysis.h"
#include "mlir/Dialect/Bufferization/Transforms/Passes.h"
#include "mlir/Dialect/GPU/Transforms/Passes.h"
#include "mlir/Dialect/Linalg/Passes.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;
using namespace qtc;

/// Steps have structured control flow, in which no blocks could be merged, and
/// those of tasks are left to LLVM. `rounds` bounds the visits of the whole
/// module: each of them visits again what it has changed.
static void addCleanup(OpPassManager &manager, int64_t rounds = 10) {
  GreedyRewriteConfig config;
  config.maxIterations = rounds;
  config.enableRegionSimplification = GreedySimplifyRegionLevel::Disabled;
  manager.addPass(createCanonicalizerPass(config));
  manager.addPass(createCSEPass());
}

void qtc::buildBackwardPipeline(OpPassManager &manager, const Scheme &scheme,
                                const GenerateBackwardOptions &options) {
  if (scheme.addPreparation)
    scheme.addPreparation(manager);
  // There is no clean-up before: errors of a value are summed where the file's
  // graph has the value, so the gradients need that graph as it is.
  manager.addPass(createGenerateBackward(options));
  addCleanup(manager);
}

llvm::Error qtc::buildSchemePipeline(OpPassManager &manager,
                                     const Scheme &scheme,
                                     const SchemeRequest &request,
                                     bool assertInteger) {
  if (llvm::Error error = scheme.addPasses(manager, request))
    return error;
  addCleanup(manager);
  if (assertInteger)
    manager.addNestedPass<func::FuncOp>(createAssertInteger());
  return llvm::Error::success();
}

void qtc::buildFormationPipeline(OpPassManager &manager) {
  manager.addNestedPass<func::FuncOp>(createAssignLayouts());
  manager.addNestedPass<func::FuncOp>(createConvertQTrainToQKernel());
  addCleanup(manager);
  manager.addNestedPass<func::FuncOp>(createFuseElementwise());
}

static void addBufferization(OpPassManager &manager, int64_t rounds = 10) {
  manager.addNestedPass<func::FuncOp>(createSeparateDestinations());
  bufferization::OneShotBufferizationOptions options;
  options.allowReturnAllocsFromLoops = true;
  manager.addPass(bufferization::createOneShotBufferizePass(options));
  addCleanup(manager, rounds);
}

void qtc::buildPlanPipeline(OpPassManager &manager,
                            const VariantOptions &options) {
  if (options.microkernels) {
    manager.addNestedPass<func::FuncOp>(
        createSplitReductions({/*keepPacked=*/true}));
    manager.addPass(createPackContractions({options.target->name.str()}));
  }
  // One round, because this runs for each instruction set. Code of deep models
  // is the same after more.
  addCleanup(manager, 1);
  if (options.microkernels)
    manager.addNestedPass<func::FuncOp>(createNarrowAccumulators());
  addBufferization(manager, 1);
  manager.addNestedPass<func::FuncOp>(createPlanArena());
}

void qtc::buildKernelPipeline(OpPassManager &manager,
                              const VariantOptions &options) {
  // Outlining comes first, so that equal layers are lowered once.
  manager.addPass(createOutlineKernels());
  // Packed kernels are lowered last: their code is final and large.
  manager.addPass(createConvertQKernelToLoops());
  manager.addNestedPass<func::FuncOp>(createConvertLinalgToParallelLoopsPass());
  manager.addPass(createConvertContractToVector({options.target->name.str()}));
  // Loops are outlined before they are simplified: equal ones are simplified
  // once, and those of one iteration are not inlined into the step, which has
  // as many of them as the model has layers.
  manager.addPass(createCSEPass());
  manager.addPass(createOutlineTasks());
  addCleanup(manager, 2);
}

void qtc::buildLLVMPipeline(OpPassManager &manager,
                            const VariantOptions &options) {
  manager.addPass(createConvertQKernelToLLVM(
      {options.target->name.str(), options.floatPeak}));
  manager.addPass(createReconcileUnrealizedCastsPass());
  addCleanup(manager, 1);
  manager.addPass(createMergeTasks());
}

//===----------------------------------------------------------------------===//
// Devices
//===----------------------------------------------------------------------===//

void qtc::buildDevicePlanPipeline(OpPassManager &manager,
                                  const VariantOptions &options) {
  if (options.microkernels)
    manager.addNestedPass<func::FuncOp>(createSplitReductions());
  addCleanup(manager);
  addBufferization(manager);
  if (options.microkernels)
    manager.addNestedPass<func::FuncOp>(createMapContractions());
  // Loops are made before the arena is planned, because the scalars that they
  // share have places in it.
  manager.addPass(createConvertQKernelToLoops({/*elements=*/true}));
  manager.addNestedPass<func::FuncOp>(createConvertLinalgToParallelLoopsPass());
  addCleanup(manager);
  manager.addNestedPass<func::FuncOp>(createMaterializeScalars());
  manager.addNestedPass<func::FuncOp>(createPlanArena());
}

void qtc::buildDeviceKernelPipeline(OpPassManager &manager,
                                    const VariantOptions &options) {
  if (options.microkernels)
    manager.addNestedPass<func::FuncOp>(createConvertContractToGPU(
        {options.device->getNumber().str(), options.tiles.candidate,
         options.tiles.entries}));
  manager.addNestedPass<func::FuncOp>(createConvertLoopsToGPU());
  manager.addPass(createGpuKernelOutliningPass());
  manager.addPass(createMergeKernels());
  addCleanup(manager);
}

void qtc::buildNVVMPipeline(OpPassManager &manager,
                            const cuda::TargetRecord &target) {
  OpPassManager &kernels = manager.nest<gpu::GPUModuleOp>();
  kernels.addPass(createConvertNVGPUToNVVMPass());
  kernels.addPass(memref::createExpandStridedMetadataPass());
  kernels.addPass(createLowerAffinePass());
  kernels.addPass(createConvertSCFToCFPass());
  kernels.addPass(createConvertMathToLLVMPass());
  ConvertGpuOpsToNVVMOpsOptions options;
  options.useBarePtrCallConv = true;
  kernels.addPass(createConvertGpuOpsToNVVMOps(options));
  kernels.addPass(createLinkDynamicMemory());
  // The translation of asynchronous copies ignores the size of the source. This
  // pass turns copies that have one into inline assembly.
  kernels.addPass(createConvertNVVMToLLVMPass());
  kernels.addPass(createReconcileUnrealizedCastsPass());
  addCleanup(kernels);
  GpuNVVMAttachTargetOptions device;
  device.chip = target.name.str();
  device.features = target.features.str();
  device.optLevel = 3;
  manager.addPass(createGpuNVVMAttachTarget(device));
}

void qtc::buildPTXPipeline(OpPassManager &manager) {
  GpuModuleToBinaryPassOptions options;
  options.compilationTarget = "isa";
  manager.addPass(createGpuModuleToBinaryPass(options));
}
