//===- ObjectFile.cpp - From the LLVM dialect to machine code -------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Target/CPU/ObjectFile.h"

#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/TargetParser/Host.h"

#include <memory>

using namespace qtc;
using namespace qtc::cpu;

static constexpr llvm::StringLiteral kTriple = "x86_64-unknown-linux-gnu";

void cpu::initializeBackend() {
  LLVMInitializeX86TargetInfo();
  LLVMInitializeX86Target();
  LLVMInitializeX86TargetMC();
  LLVMInitializeX86AsmPrinter();
}

static llvm::Expected<std::unique_ptr<llvm::TargetMachine>>
createMachine(llvm::StringRef processor, llvm::StringRef features,
              llvm::CodeGenOptLevel level) {
  std::string message;
  const llvm::Target *target =
      llvm::TargetRegistry::lookupTarget(kTriple.str(), message);
  if (!target)
    return llvm::createStringError("no code generator for " + kTriple + ": " +
                                   message);
  return std::unique_ptr<llvm::TargetMachine>(target->createTargetMachine(
      kTriple, processor, features, llvm::TargetOptions(), llvm::Reloc::PIC_,
      std::nullopt, level));
}

static llvm::Error writeModule(llvm::Module &module,
                               llvm::TargetMachine &machine, OutputKind kind,
                               llvm::SmallVectorImpl<char> &output) {
  llvm::raw_svector_ostream stream(output);
  if (kind == OutputKind::LLVMIR) {
    module.print(stream, nullptr);
    return llvm::Error::success();
  }
  llvm::legacy::PassManager manager;
  auto fileType = kind == OutputKind::Assembly
                      ? llvm::CodeGenFileType::AssemblyFile
                      : llvm::CodeGenFileType::ObjectFile;
  if (machine.addPassesToEmitFile(manager, stream, nullptr, fileType))
    return llvm::createStringError("the code generator cannot write this kind "
                                   "of file");
  manager.run(module);
  return llvm::Error::success();
}

/// LLVM's default pipeline. Loops are vectorized by it, kernels come as
/// vectors.
static void optimize(llvm::Module &module, llvm::TargetMachine &machine) {
  llvm::PipelineTuningOptions tuning;
  tuning.LoopVectorization = true;
  // Kernels come in tiles of the right size; more unrolling costs compile time
  // and code size and gains nothing.
  tuning.LoopUnrolling = false;
  tuning.SLPVectorization = false;
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager components;
  llvm::ModuleAnalysisManager modules;
  llvm::PassBuilder builder(&machine, tuning);
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(components);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, components, modules);
  builder.buildPerModuleDefaultPipeline(llvm::OptimizationLevel::O2)
      .run(module, modules);
}

llvm::Error cpu::emitModule(mlir::ModuleOp module, const TargetRecord &target,
                            OutputKind kind,
                            llvm::SmallVectorImpl<char> &output) {
  llvm::LLVMContext context;
  std::unique_ptr<llvm::Module> translated =
      mlir::translateModuleToLLVMIR(module, context);
  if (!translated)
    return llvm::createStringError("translation to LLVM IR failed");
  auto machine = createMachine(target.cpu, target.features,
                               llvm::CodeGenOptLevel::Aggressive);
  if (!machine)
    return machine.takeError();
  translated->setTargetTriple(kTriple);
  translated->setDataLayout((*machine)->createDataLayout());
  optimize(*translated, **machine);
  return writeModule(*translated, **machine, kind, output);
}

llvm::Error cpu::emitPlainModule(llvm::Module &module, OutputKind kind,
                                 llvm::SmallVectorImpl<char> &output) {
  auto machine = createMachine("x86-64", "", llvm::CodeGenOptLevel::None);
  if (!machine)
    return machine.takeError();
  module.setTargetTriple(kTriple);
  module.setDataLayout((*machine)->createDataLayout());
  return writeModule(module, **machine, kind, output);
}

const TargetRecord &cpu::getHostTarget() {
  llvm::StringMap<bool> features = llvm::sys::getHostCPUFeatures();
  auto has = [&](std::initializer_list<llvm::StringRef> names) {
    for (llvm::StringRef name : names)
      if (!features.lookup(name))
        return false;
    return true;
  };
  bool avx512 = has({"avx2", "fma", "avx512f", "avx512bw", "avx512vl",
                     "avx512dq", "avx512cd"});
  if (avx512 && has({"avx512vnni"}))
    return getTargetRecord(Isa::Avx512Vnni);
  if (has({"avx2", "fma", "avxvnni"}))
    return getTargetRecord(Isa::AvxVnni);
  if (avx512)
    return getTargetRecord(Isa::Avx512);
  if (has({"avx2", "fma"}))
    return getTargetRecord(Isa::Avx2);
  return getTargetRecord(Isa::Baseline);
}
