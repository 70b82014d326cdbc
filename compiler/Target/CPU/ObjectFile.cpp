//===- ObjectFile.cpp - From the LLVM dialect to machine code -------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Target/CPU/ObjectFile.h"

#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Support/Threading.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/Transforms/InstCombine/InstCombine.h"
#include "llvm/Transforms/Scalar/EarlyCSE.h"
#include "llvm/Transforms/Scalar/LICM.h"
#include "llvm/Transforms/Scalar/LoopIdiomRecognize.h"
#include "llvm/Transforms/Scalar/LoopPassManager.h"
#include "llvm/Transforms/Scalar/LoopRotation.h"
#include "llvm/Transforms/Scalar/LoopStrengthReduce.h"
#include "llvm/Transforms/Scalar/Reg2Mem.h"
#include "llvm/Transforms/Scalar/SimplifyCFG.h"
#include "llvm/Transforms/Utils/Cloning.h"
#include "llvm/Transforms/Utils/ValueMapper.h"
#include "llvm/Transforms/Vectorize/LoopVectorize.h"

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

/// Loop strength reduction is part of the pipeline for plain loops. In kernels,
/// which carry their addresses from step to step (Emitter::advance), it finds
/// little to do and takes two fifths of the time of code generation. There is
/// no other way to take it out of that than this option, which is one of the
/// whole process: code of devices is made in processes that make no tasks.
static void disableStrengthReduction() {
  auto &options = llvm::cl::getRegisteredOptions();
  if (auto found = options.find("disable-lsr"); found != options.end())
    static_cast<llvm::cl::opt<bool> *>(found->second)->setValue(true);
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

/// For tasks, which are optimized.
static llvm::Expected<std::unique_ptr<llvm::TargetMachine>>
createTaskMachine(const TargetRecord &target) {
  static llvm::once_flag once;
  llvm::call_once(once, disableStrengthReduction);
  return createMachine(target.cpu, target.getAllFeatures(),
                       llvm::CodeGenOptLevel::Aggressive);
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
  if (machine.addPassesToEmitFile(manager, stream, nullptr, fileType,
                                  /*DisableVerify=*/true))
    return llvm::createStringError("the code generator cannot write this kind "
                                   "of file");
  manager.run(module);
  return llvm::Error::success();
}

/// Whether a task is a kernel, whose code has vectors already.
static bool hasVectors(llvm::Function &task) {
  return llvm::any_of(llvm::instructions(task),
                      [](const llvm::Instruction &instruction) {
                        return instruction.getType()->isVectorTy();
                      });
}

/// Passes for tasks. Tasks are loop nests of the right shape in 32-bit
/// arithmetic, and kernels have their tiles and vectors. Only the plain loops
/// still need to be vectorized. LLVM's default pipeline takes six times as long
/// and its code is no faster: inlining, unrolling and passes that thread jumps
/// or track ranges have nothing to improve here. The scalar loops of kernels
/// handle the few bytes around their vectors. They are not vectorized, because
/// that would more than double the kernel's code.
static llvm::FunctionPassManager buildTaskPipeline(bool vectorize) {
  llvm::FunctionPassManager manager;
  manager.addPass(llvm::EarlyCSEPass(/*UseMemorySSA=*/true));
  manager.addPass(llvm::InstCombinePass());
  // Loops have their test first; vectorization needs it last.
  llvm::LoopPassManager invariants;
  invariants.addPass(llvm::LoopRotatePass());
  invariants.addPass(llvm::LICMPass(llvm::LICMOptions()));
  manager.addPass(llvm::createFunctionToLoopPassAdaptor(std::move(invariants),
                                                        /*UseMemorySSA=*/true));
  if (vectorize) {
    manager.addPass(
        llvm::createFunctionToLoopPassAdaptor(llvm::LoopIdiomRecognizePass()));
    manager.addPass(llvm::LoopVectorizePass());
    manager.addPass(llvm::InstCombinePass());
  }
  manager.addPass(llvm::SimplifyCFGPass());
  if (vectorize)
    manager.addPass(
        llvm::createFunctionToLoopPassAdaptor(llvm::LoopStrengthReducePass()));
  return manager;
}

/// Gives every user of an address at a constant distance one of its own: each
/// is a part of the instruction that uses it. Shared ones would take a place on
/// the stack, and a load for every use.
static void copyConstantAddresses(llvm::Function &step) {
  llvm::SmallVector<llvm::GetElementPtrInst *> addresses;
  for (llvm::Instruction &instruction : llvm::instructions(step))
    if (auto *address = llvm::dyn_cast<llvm::GetElementPtrInst>(&instruction))
      if (address->hasAllConstantIndices())
        addresses.push_back(address);
  // Addresses that start from others come later.
  for (llvm::GetElementPtrInst *address : llvm::reverse(addresses)) {
    for (llvm::Use &use : llvm::make_early_inc_range(address->uses())) {
      auto *user = llvm::cast<llvm::Instruction>(use.getUser());
      if (llvm::isa<llvm::PHINode>(user))
        continue;
      llvm::Instruction *copy = address->clone();
      copy->insertBefore(user);
      use.set(copy);
    }
    if (address->use_empty())
      address->eraseFromParent();
  }
}

/// A step is one block of thousands of calls, and each layer adds values that
/// live from the forward to the backward pass. Register allocation and other
/// passes take quadratic time for it. With a block for every few calls, and
/// values that cross blocks on the stack, time is linear. The step only
/// launches tasks, so its speed does not matter.
static void splitStep(llvm::Function &step, llvm::FunctionAnalysisManager &am) {
  constexpr unsigned kCallsPerBlock = 16;
  llvm::SmallVector<llvm::Instruction *> ends;
  unsigned count = 0;
  for (llvm::Instruction &instruction : llvm::instructions(step))
    if (llvm::isa<llvm::CallInst>(instruction) &&
        !llvm::isa<llvm::IntrinsicInst>(instruction) &&
        ++count % kCallsPerBlock == 0)
      ends.push_back(&instruction);
  // Blocks are split from the end, because a split moves the code after it.
  for (llvm::Instruction *end : llvm::reverse(ends))
    end->getParent()->splitBasicBlock(std::next(end->getIterator()));
  copyConstantAddresses(step);
  llvm::RegToMemPass().run(step, am);
}

static void optimize(llvm::Module &module, llvm::TargetMachine &machine) {
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager components;
  llvm::ModuleAnalysisManager modules;
  llvm::PassBuilder builder(&machine);
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(components);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, components, modules);
  llvm::FunctionPassManager kernels = buildTaskPipeline(/*vectorize=*/false);
  llvm::FunctionPassManager loopNests = buildTaskPipeline(/*vectorize=*/true);
  for (llvm::Function &function : module) {
    if (function.isDeclaration())
      continue;
    if (function.hasOptNone())
      splitStep(function, functions);
    else
      (hasVectors(function) ? kernels : loopNests).run(function, functions);
  }
}

/// Translates `module`, for the code generator of `machine`.
static llvm::Expected<std::unique_ptr<llvm::Module>>
translate(mlir::ModuleOp module, llvm::LLVMContext &context,
          const llvm::TargetMachine &machine) {
  std::unique_ptr<llvm::Module> translated =
      mlir::translateModuleToLLVMIR(module, context);
  if (!translated)
    return llvm::createStringError("translation to LLVM IR failed");
  translated->setTargetTriple(kTriple);
  translated->setDataLayout(machine.createDataLayout());
  return translated;
}

llvm::Error cpu::emitModule(mlir::ModuleOp module, const TargetRecord &target,
                            OutputKind kind,
                            llvm::SmallVectorImpl<char> &output) {
  auto machine = createTaskMachine(target);
  if (!machine)
    return machine.takeError();
  llvm::LLVMContext context;
  auto translated = translate(module, context, **machine);
  if (!translated)
    return translated.takeError();
  optimize(**translated, **machine);
  return writeModule(**translated, **machine, kind, output);
}

static bool isOptNone(const llvm::GlobalValue &value) {
  auto *function = llvm::dyn_cast<llvm::Function>(&value);
  return function && function->hasOptNone();
}

/// Tables are copied to both parts of a module; each keeps those that it reads.
static void eraseUnusedTables(llvm::Module &module) {
  for (llvm::GlobalVariable &table :
       llvm::make_early_inc_range(module.globals()))
    if (table.hasLocalLinkage() && table.use_empty())
      table.eraseFromParent();
}

/// Moves the functions that must not be optimized out of `module`.
static std::unique_ptr<llvm::Module> extractOptNone(llvm::Module &module) {
  llvm::ValueToValueMapTy values;
  std::unique_ptr<llvm::Module> extracted =
      llvm::CloneModule(module, values, [](const llvm::GlobalValue *value) {
        return isOptNone(*value) || llvm::isa<llvm::GlobalVariable>(value);
      });
  for (llvm::Function &function : llvm::make_early_inc_range(module)) {
    if (!isOptNone(function))
      continue;
    function.deleteBody();
    function.removeFnAttr(llvm::Attribute::OptimizeNone);
    function.removeFnAttr(llvm::Attribute::NoInline);
    if (function.use_empty())
      function.eraseFromParent();
  }
  eraseUnusedTables(module);
  eraseUnusedTables(*extracted);
  return extracted;
}

llvm::Expected<std::vector<llvm::SmallVector<char, 0>>>
cpu::emitObjects(mlir::OwningOpRef<mlir::ModuleOp> module,
                 const TargetRecord &target) {
  auto machine = createTaskMachine(target);
  if (!machine)
    return machine.takeError();
  auto plainMachine = createMachine(target.cpu, target.getAllFeatures(),
                                    llvm::CodeGenOptLevel::None);
  if (!plainMachine)
    return plainMachine.takeError();
  llvm::LLVMContext context;
  auto tasks = translate(*module, context, **machine);
  if (!tasks)
    return tasks.takeError();
  module = nullptr;
  std::vector<llvm::SmallVector<char, 0>> objects(2);
  std::unique_ptr<llvm::Module> steps = extractOptNone(**tasks);
  optimize(*steps, **plainMachine);
  if (llvm::Error error =
          writeModule(*steps, **plainMachine, OutputKind::Object, objects[0]))
    return error;
  steps.reset();
  optimize(**tasks, **machine);
  if (llvm::Error error =
          writeModule(**tasks, **machine, OutputKind::Object, objects[1]))
    return error;
  return objects;
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
