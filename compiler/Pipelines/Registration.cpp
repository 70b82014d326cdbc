//===- Registration.cpp - Everything that tools can name ------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Pipelines/Registration.h"

#include "compiler/Conversion/ContractToGPU/ContractToGPU.h"
#include "compiler/Conversion/ContractToVector/ContractToVector.h"
#include "compiler/Conversion/LoopsToGPU/LoopsToGPU.h"
#include "compiler/Conversion/QKernelToLLVM/QKernelToLLVM.h"
#include "compiler/Conversion/QKernelToLoops/QKernelToLoops.h"
#include "compiler/Conversion/QTrainToQKernel/QTrainToQKernel.h"
#include "compiler/Pipelines/Pipelines.h"
#include "compiler/Scheme/Float/Float.h"
#include "compiler/Scheme/NITI/NITI.h"
#include "compiler/Scheme/WAGE/WAGE.h"
#include "compiler/Transforms/AssertInteger/AssertInteger.h"
#include "compiler/Transforms/AssignLayouts/AssignLayouts.h"
#include "compiler/Transforms/ContractCodes/ContractCodes.h"
#include "compiler/Transforms/EmulateLaunches/EmulateLaunches.h"
#include "compiler/Transforms/FuseElementwise/FuseElementwise.h"
#include "compiler/Transforms/GenerateBackward/GenerateBackward.h"
#include "compiler/Transforms/HoistPools/HoistPools.h"
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
#include "dialect/QKernel/IR/QKernel.h"
#include "dialect/QTrain/IR/QTrain.h"

#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Transforms/BufferizableOpInterfaceImpl.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Bufferization/Transforms/Passes.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/GPU/Transforms/Passes.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Passes.h"
#include "mlir/Dialect/Linalg/Transforms/BufferizableOpInterfaceImpl.h"
#include "mlir/Dialect/Linalg/Transforms/SubsetInsertionOpInterfaceImpl.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/Dialect/NVGPU/IR/NVGPUDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/SCF/Transforms/BufferizableOpInterfaceImpl.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Tensor/IR/TensorInferTypeOpInterfaceImpl.h"
#include "mlir/Dialect/Tensor/Transforms/BufferizableOpInterfaceImpl.h"
#include "mlir/Dialect/Tensor/Transforms/SubsetInsertionOpInterfaceImpl.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Pass/PassOptions.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Target/LLVM/NVVM/Target.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/GPU/GPUToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/NVVM/NVVMToLLVMIRTranslation.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;
using namespace qtc;

void qtc::registerDialects(DialectRegistry &registry) {
  registry.insert<qtrain::QTrainDialect, qkernel::QKernelDialect,
                  affine::AffineDialect, arith::ArithDialect,
                  bufferization::BufferizationDialect, cf::ControlFlowDialect,
                  func::FuncDialect, gpu::GPUDialect, linalg::LinalgDialect,
                  LLVM::LLVMDialect, math::MathDialect, memref::MemRefDialect,
                  nvgpu::NVGPUDialect, NVVM::NVVMDialect, scf::SCFDialect,
                  tensor::TensorDialect, vector::VectorDialect>();
  arith::registerBufferizableOpInterfaceExternalModels(registry);
  linalg::registerBufferizableOpInterfaceExternalModels(registry);
  linalg::registerSubsetOpInterfaceExternalModels(registry);
  qkernel::registerBufferizableOpInterfaceExternalModels(registry);
  scf::registerBufferizableOpInterfaceExternalModels(registry);
  tensor::registerBufferizableOpInterfaceExternalModels(registry);
  tensor::registerInferTypeOpInterfaceExternalModels(registry);
  tensor::registerSubsetOpInterfaceExternalModels(registry);
  NVVM::registerNVVMTargetInterfaceExternalModels(registry);
  registerBuiltinDialectTranslation(registry);
  registerGPUDialectTranslation(registry);
  registerLLVMDialectTranslation(registry);
  registerNVVMDialectTranslation(registry);
}

/// The code of one instruction set.
struct ProcessorOptions : PassPipelineOptions<ProcessorOptions> {
  Option<std::string> isa{*this, "isa",
                          llvm::cl::desc("Instruction set, as in --mcpu"),
                          llvm::cl::init("baseline")};
  Option<bool> microkernels{*this, "microkernels",
                            llvm::cl::desc("Pack contractions"),
                            llvm::cl::init(true)};
};

/// Makes a phase of the compiler a pipeline of qtc-opt.
static void registerPhase(StringRef name, StringRef description,
                          void (*build)(OpPassManager &,
                                        const VariantOptions &)) {
  registerPassPipeline(
      name, description,
      [build](OpPassManager &manager, StringRef text,
              function_ref<LogicalResult(const Twine &)> reportError) {
        ProcessorOptions options;
        if (failed(options.parseFromString(text)))
          return failure();
        VariantOptions variant;
        variant.target = cpu::lookupTargetRecord(options.isa);
        variant.microkernels = options.microkernels;
        if (!variant.target)
          return reportError("unknown instruction set '" +
                             Twine(options.isa.getValue()) + "'");
        build(manager, variant);
        return success();
      },
      [](function_ref<void(const ::mlir::detail::PassOptions &)> describe) {
        describe(ProcessorOptions());
      });
}

/// For kernels that did not come from a model.
struct PTXOptions : PassPipelineOptions<PTXOptions> {
  Option<std::string> device{
      *this, "sm",
      llvm::cl::desc(
          "Compute capability, times ten, with a suffix of its features"),
      llvm::cl::init("80")};
};

static void registerPipelines() {
  registerPhase("qtc-plan", "Fused kernels on tensors to buffers in one arena",
                buildPlanPipeline);
  registerPhase("qtc-kernels", "The phase plan to loops and vectors",
                buildKernelPipeline);
  registerPhase("qtc-llvm", "The phase kernels to the LLVM dialect",
                buildLLVMPipeline);
  registerPassPipeline(
      "convert-kernels-to-ptx", "Modules of kernels to PTX in a gpu.binary",
      [](OpPassManager &manager, StringRef text,
         function_ref<LogicalResult(const Twine &)> reportError) {
        PTXOptions options;
        if (failed(options.parseFromString(text)))
          return failure();
        const auto *target = cuda::lookupTargetRecord(options.device);
        if (!target)
          return reportError("unknown compute capability '" +
                             Twine(options.device.getValue()) + "'");
        buildNVVMPipeline(manager, *target);
        buildPTXPipeline(manager);
        return success();
      },
      [](function_ref<void(const ::mlir::detail::PassOptions &)> describe) {
        describe(PTXOptions());
      });
}

void qtc::registerPasses() {
  registerApplyFloat();
  registerApplyNITI();
  registerApplyWAGE();
  registerAssertInteger();
  registerAssignLayouts();
  registerContractCodes();
  registerConvertContractToGPU();
  registerConvertContractToVector();
  registerConvertLoopsToGPU();
  registerConvertQKernelToLLVM();
  registerConvertQKernelToLoops();
  registerConvertQTrainToQKernel();
  registerEmulateLaunches();
  registerFuseElementwise();
  registerGenerateBackward();
  registerHoistPools();
  registerLinkDynamicMemory();
  registerMapContractions();
  registerMaterializeScalars();
  registerMergeKernels();
  registerMergeTasks();
  registerNarrowAccumulators();
  registerOutlineKernels();
  registerOutlineTasks();
  registerPackContractions();
  registerPlanArena();
  registerSeparateDestinations();
  registerSplitReductions();

  bufferization::registerBufferizationPasses();
  memref::registerMemRefPasses();
  registerConvertAffineToStandard();
  registerConvertGpuOpsToNVVMOps();
  registerConvertMathToLLVMPass();
  registerConvertNVGPUToNVVMPass();
  registerGPUPasses();
  registerLinalgPasses();
  registerReconcileUnrealizedCasts();
  registerSCFToControlFlow();
  registerTransformsPasses();
  registerPipelines();
}
