//===- Compile.cpp - Modules to functions in memory -----------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tests/numeric/contraction/Compile.h"

#include "compiler/Conversion/ContractToVector/ContractToVector.h"
#include "compiler/Conversion/QKernelToLLVM/QKernelToLLVM.h"
#include "compiler/Conversion/QKernelToLoops/QKernelToLoops.h"
#include "compiler/Transforms/PackContractions/PackContractions.h"
#include "dialect/QKernel/IR/QKernel.h"
#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Transforms/BufferizableOpInterfaceImpl.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Bufferization/Transforms/Passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Linalg/Passes.h"
#include "mlir/Dialect/Linalg/Transforms/BufferizableOpInterfaceImpl.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Tensor/Transforms/BufferizableOpInterfaceImpl.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "mlir/Transforms/Passes.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/SmallVectorMemoryBuffer.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/Transforms/Utils/Cloning.h"

#include <ctime>

using namespace mlir;
using namespace qtc;
using namespace qtc::test;

std::unique_ptr<MLIRContext> qtc::test::createContext() {
  llvm::InitializeNativeTarget();
  llvm::InitializeNativeTargetAsmPrinter();
  DialectRegistry registry;
  registry
      .insert<arith::ArithDialect, bufferization::BufferizationDialect,
              func::FuncDialect, linalg::LinalgDialect, LLVM::LLVMDialect,
              math::MathDialect, memref::MemRefDialect, qkernel::QKernelDialect,
              qtrain::QTrainDialect, scf::SCFDialect, tensor::TensorDialect,
              vector::VectorDialect>();
  arith::registerBufferizableOpInterfaceExternalModels(registry);
  linalg::registerBufferizableOpInterfaceExternalModels(registry);
  tensor::registerBufferizableOpInterfaceExternalModels(registry);
  qkernel::registerBufferizableOpInterfaceExternalModels(registry);
  registerBuiltinDialectTranslation(registry);
  registerLLVMDialectTranslation(registry);
  auto context =
      std::make_unique<MLIRContext>(registry, MLIRContext::Threading::DISABLED);
  context->loadAllAvailableDialects();
  return context;
}

bool qtc::test::isSupported(const cpu::TargetRecord &target) {
  llvm::StringMap<bool> features = llvm::sys::getHostCPUFeatures();
  switch (target.isa) {
  case cpu::Isa::Baseline:
    return true;
  case cpu::Isa::Avx2:
    return features["avx2"] && features["fma"];
  case cpu::Isa::AvxVnni:
    return features["avx2"] && features["fma"] && features["avxvnni"];
  case cpu::Isa::Avx512:
    return features["avx512bw"] && features["avx512dq"] &&
           features["avx512vl"] && features["avx512cd"];
  case cpu::Isa::Avx512Vnni:
    return features["avx512vnni"] && features["avx512vl"];
  }
  return false;
}

/// Sums and maxima are lowered elsewhere; here, by one loop around each scalar.
static void lowerReductions(ModuleOp module) {
  module.walk([](Operation *op) {
    auto sum = dyn_cast<qkernel::ChannelSumOp>(op);
    auto maximum = dyn_cast<qkernel::MaxAbsOp>(op);
    if (!sum && !maximum)
      return;
    ImplicitLocOpBuilder b(op->getLoc(), op);
    Value in = op->getOperand(0), out = op->getOperand(1);
    auto type = cast<MemRefType>(in.getType());
    int64_t channels = sum ? type.getShape().back() : 1;
    auto index = [&](int64_t i) -> Value {
      return b.create<arith::ConstantIndexOp>(i);
    };
    ReassociationIndices all(
        llvm::to_vector<2>(llvm::seq<int64_t>(0, type.getRank())));
    in = b.create<memref::CollapseShapeOp>(in,
                                           ArrayRef<ReassociationIndices>(all));
    Value zero = b.create<arith::ConstantIntOp>(0, 32);
    auto loop = b.create<scf::ForOp>(index(0), index(channels), index(1));
    b.setInsertionPointToStart(loop.getBody());
    Value c = loop.getInductionVar();
    auto inner = b.create<scf::ForOp>(c, index(type.getNumElements()),
                                      index(channels), ValueRange(zero));
    b.setInsertionPointToStart(inner.getBody());
    Value value = b.create<memref::LoadOp>(in, inner.getInductionVar());
    Value carried = inner.getRegionIterArg(0);
    if (sum) {
      value = b.create<arith::ExtSIOp>(b.getI32Type(), value);
      value = b.create<arith::MulIOp>(
          value, b.create<arith::ConstantIntOp>(sum.getFactor(), 32));
      value = b.create<arith::AddIOp>(value, carried);
    } else {
      value =
          b.create<arith::MaxSIOp>(value, b.create<arith::SubIOp>(zero, value));
      value = b.create<arith::MaxSIOp>(value, carried);
    }
    b.create<scf::YieldOp>(value);
    b.setInsertionPointAfter(inner);
    SmallVector<Value, 1> indices(sum ? 1 : 0, c);
    b.create<memref::StoreOp>(inner.getResult(0), out, indices);
    op->erase();
  });
}

/// Turns allocations into arguments.
static std::vector<std::vector<uint8_t>> collectScratch(ModuleOp module) {
  std::vector<std::vector<uint8_t>> scratch;
  auto function = module.lookupSymbol<func::FuncOp>("kernel");
  SmallVector<memref::AllocOp> allocations;
  function.walk([&](memref::AllocOp op) { allocations.push_back(op); });
  SmallVector<Type> types(function.getArgumentTypes());
  for (memref::AllocOp op : allocations) {
    MemRefType type = op.getType();
    types.push_back(type);
    op.replaceAllUsesWith(function.getBody().addArgument(type, op.getLoc()));
    op.erase();
    scratch.emplace_back(
        type.getNumElements() * type.getElementTypeBitWidth() / 8 + 64, 0xa5);
  }
  function.setType(FunctionType::get(module.getContext(), types, {}));
  return scratch;
}

/// Calls @stamp(kernel) after every operation of the function.
static void insertStamps(ModuleOp module, CompiledKernel &kernel) {
  auto function = *module.getOps<func::FuncOp>().begin();
  OpBuilder builder(function);
  Location loc = function.getLoc();
  auto pointer = LLVM::LLVMPointerType::get(module.getContext());
  auto stamp = builder.create<func::FuncOp>(
      loc, "stamp", builder.getFunctionType({pointer}, {}));
  stamp.setPrivate();
  for (Operation &op : llvm::make_early_inc_range(function.getBody().front())) {
    if (!isa<DestinationStyleOpInterface>(op))
      continue;
    StringRef name = op.getName().stripDialect();
    if (auto kind = op.getAttrOfType<StringAttr>("qkernel.kind");
        kind && kind.getValue() != "pack")
      name = kind.getValue();
    kernel.phases.push_back(name.str());
    builder.setInsertionPointAfter(&op);
    Value address = builder.create<LLVM::ConstantOp>(
        loc, builder.getI64Type(),
        builder.getI64IntegerAttr(reinterpret_cast<intptr_t>(&kernel)));
    Value argument = builder.create<LLVM::IntToPtrOp>(loc, pointer, address);
    builder.create<func::CallOp>(loc, stamp, argument);
  }
}

double qtc::test::getThreadSeconds() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return now.tv_sec + 1e-9 * now.tv_nsec;
}

static void recordStamp(CompiledKernel *kernel) {
  kernel->stamps.push_back(getThreadSeconds());
}

static LogicalResult lowerToBuffers(ModuleOp module,
                                    const cpu::TargetRecord &target) {
  PassManager pm(module.getContext());
  PackContractionsOptions packing;
  packing.isa = target.name.str();
  pm.addPass(createPackContractions(packing));
  pm.addPass(bufferization::createEmptyTensorEliminationPass());
  pm.addPass(bufferization::createOneShotBufferizePass());
  pm.addPass(createCSEPass());
  pm.addPass(createCanonicalizerPass());
  return pm.run(module);
}

static LogicalResult lowerToLLVM(ModuleOp module,
                                 const cpu::TargetRecord &target,
                                 const CompileOptions &options) {
  PassManager pm(module.getContext());
  ConvertContractToVectorOptions vectors;
  vectors.isa = target.name.str();
  pm.addPass(createConvertContractToVector(vectors));
  pm.addPass(createConvertQKernelToLoops());
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
  if (failed(pm.run(module)))
    return failure();
  lowerSizes(module);
  if (options.printLoops)
    module.print(llvm::outs());
  // Parallel loops run here one iteration after the other, on one stack.
  module.walk([](memref::AllocaOp op) {
    Block &entry = op->getParentOfType<func::FuncOp>().getBody().front();
    op->moveBefore(&entry, entry.begin());
  });
  PassManager rest(module.getContext());
  rest.addNestedPass<func::FuncOp>(createConvertLinalgToLoopsPass());
  rest.addPass(createLoopInvariantCodeMotionPass());
  rest.addPass(createConvertSCFToCFPass());
  rest.addPass(createConvertVectorToLLVMPass());
  rest.addPass(memref::createExpandStridedMetadataPass());
  rest.addPass(createFinalizeMemRefToLLVMConversionPass());
  rest.addPass(createConvertMathToLLVMPass());
  rest.addPass(createArithToLLVMConversionPass());
  ConvertFuncToLLVMPassOptions functions;
  functions.useBarePtrCallConv = true;
  rest.addPass(createConvertFuncToLLVMPass(functions));
  rest.addPass(createConvertControlFlowToLLVMPass());
  rest.addPass(createReconcileUnrealizedCastsPass());
  return rest.run(module);
}

static std::unique_ptr<llvm::TargetMachine>
createMachine(const cpu::TargetRecord &target) {
  std::string error, triple = llvm::sys::getDefaultTargetTriple();
  const llvm::Target *found = llvm::TargetRegistry::lookupTarget(triple, error);
  return std::unique_ptr<llvm::TargetMachine>(found->createTargetMachine(
      triple, target.cpu, target.getAllFeatures(), {}, llvm::Reloc::PIC_,
      std::nullopt, llvm::CodeGenOptLevel::Aggressive));
}

static void optimize(llvm::Module &module, llvm::TargetMachine &machine,
                     const cpu::TargetRecord &target) {
  module.setDataLayout(machine.createDataLayout());
  module.setTargetTriple(machine.getTargetTriple().str());
  for (llvm::Function &function : module) {
    if (function.isDeclaration())
      continue;
    function.addFnAttr("target-cpu", target.cpu);
    function.addFnAttr("target-features", target.getAllFeatures());
    function.addFnAttr("prefer-vector-width", target.preferVectorWidth);
  }
  llvm::PassBuilder builder(&machine);
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager graphs;
  llvm::ModuleAnalysisManager modules;
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(graphs);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, graphs, modules);
  builder.buildPerModuleDefaultPipeline(llvm::OptimizationLevel::O3)
      .run(module, modules);
}

static llvm::SmallVector<char, 0> emit(llvm::Module &module,
                                       llvm::TargetMachine &machine,
                                       llvm::CodeGenFileType type) {
  llvm::SmallVector<char, 0> bytes;
  llvm::raw_svector_ostream os(bytes);
  llvm::legacy::PassManager pm;
  machine.addPassesToEmitFile(pm, os, nullptr, type);
  pm.run(module);
  return bytes;
}

std::unique_ptr<CompiledKernel>
qtc::test::compile(MLIRContext &context, const std::string &text,
                   const cpu::TargetRecord &target,
                   const CompileOptions &options) {
  auto kernel = std::make_unique<CompiledKernel>();
  auto module = parseSourceString<ModuleOp>(text, &context);
  if (!module || failed(lowerToBuffers(*module, target)))
    return nullptr;
  if (options.printLoops)
    module->print(llvm::outs());
  WalkResult packed = module->walk([](Operation *op) {
    return isa<qkernel::Conv2DOp, qkernel::Conv2DInputGradientOp,
               qkernel::Conv2DWeightGradientOp>(op) &&
                   !op->hasAttr("direct")
               ? WalkResult::interrupt()
               : WalkResult::advance();
  });
  if (packed.wasInterrupted())
    return nullptr;
  if (options.profile)
    insertStamps(*module, *kernel);
  lowerReductions(*module);
  kernel->scratch = collectScratch(*module);
  if (failed(lowerToLLVM(*module, target, options)))
    return nullptr;
  llvm::LLVMContext llvmContext;
  std::unique_ptr<llvm::Module> llvmModule =
      translateModuleToLLVMIR(*module, llvmContext);
  if (!llvmModule)
    return nullptr;
  std::unique_ptr<llvm::TargetMachine> machine = createMachine(target);
  optimize(*llvmModule, *machine, target);
  if (options.printAssembly) {
    auto copy = llvm::CloneModule(*llvmModule);
    auto assembly = emit(*copy, *machine, llvm::CodeGenFileType::AssemblyFile);
    llvm::outs() << StringRef(assembly.data(), assembly.size());
  }
  auto object = emit(*llvmModule, *machine, llvm::CodeGenFileType::ObjectFile);
  kernel->jit = cantFail(llvm::orc::LLJITBuilder().create());
  llvm::orc::SymbolMap symbols;
  symbols[kernel->jit->mangleAndIntern("stamp")] = {
      llvm::orc::ExecutorAddr::fromPtr(&recordStamp),
      llvm::JITSymbolFlags::Exported};
  cantFail(kernel->jit->getMainJITDylib().define(
      llvm::orc::absoluteSymbols(std::move(symbols))));
  cantFail(kernel->jit->addObjectFile(
      std::make_unique<llvm::SmallVectorMemoryBuffer>(std::move(object))));
  kernel->address = cantFail(kernel->jit->lookup("kernel")).toPtr<void *>();
  return kernel;
}

void CompiledKernel::run(std::vector<void *> arguments) {
  stamps.assign(1, getThreadSeconds());
  for (std::vector<uint8_t> &buffer : scratch)
    arguments.push_back(reinterpret_cast<void *>(
        (reinterpret_cast<uintptr_t>(buffer.data()) + 63) & ~uintptr_t(63)));
  // The calling convention lets a function ignore further arguments.
  arguments.resize(14, nullptr);
  auto *function = reinterpret_cast<void (*)(
      void *, void *, void *, void *, void *, void *, void *, void *, void *,
      void *, void *, void *, void *, void *)>(address);
  auto &a = arguments;
  function(a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7], a[8], a[9], a[10],
           a[11], a[12], a[13]);
}
