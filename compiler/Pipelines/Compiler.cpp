//===- Compiler.cpp - From an ONNX file to a trainer ----------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Pipelines/Compiler.h"

#include "compiler/Conversion/QKernelToLLVM/QKernelToLLVM.h"
#include "compiler/Import/ONNX/Import.h"
#include "compiler/Pipelines/Description.h"
#include "compiler/Pipelines/Registration.h"
#include "compiler/Support/Files.h"
#include "compiler/Support/Programs.h"
#include "compiler/Target/CPU/Link.h"
#include "compiler/Target/CPU/ObjectFile.h"
#include "compiler/Target/CPU/TaskSharing.h"
#include "compiler/Target/CUDA/Assembler.h"
#include "compiler/Target/CUDA/DeviceProgram.h"
#include "compiler/Target/StateLayout.h"
#include "compiler/Transforms/OutlineTasks/OutlineTasks.h"
#include "runtime/include/qtcrt/Printable.h"
#include "runtime/include/qtcrt/abi.h"

#include "mlir/Bytecode/BytecodeWriter.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/ThreadPool.h"

using namespace mlir;
using namespace qtc;

llvm::StringRef qtc::getCompilerVersion() { return QTC_VERSION; }

llvm::ArrayRef<PhaseInfo> qtc::getPhases() {
  static constexpr PhaseInfo phases[] = {
      {Phase::Trainer, "trainer", "executable that trains"},
      {Phase::Library, "lib", "static library and C header"},
      {Phase::Object, "obj", "object file of one instruction set"},
      {Phase::Assembly, "asm", "assembly of one instruction set"},
      {Phase::LLVM, "llvm", "optimized LLVM IR of one instruction set"},
      {Phase::PTX, "ptx", "code of a CUDA device"},
      {Phase::Kernels, "kernels", "loops and vectors of one instruction set"},
      {Phase::Plan, "plan", "kernels on buffers in an arena"},
      {Phase::Scheme, "scheme", "step in the numbers of the scheme"},
      {Phase::Backward, "backward", "float training step"},
      {Phase::Import, "import", "float model"},
  };
  return phases;
}

/// The text of `module` with its locations. With `elides`, elements of large
/// constants are left out unless MLIR's own options say otherwise.
static std::string print(ModuleOp module, bool elides) {
  constexpr int64_t kMostElements = 64;
  OpPrintingFlags flags;
  flags.enableDebugInfo(true, flags.shouldPrintDebugInfoPrettyForm());
  if (elides && !flags.getLargeElementsAttrLimit())
    flags.elideLargeElementsAttrs(kMostElements);
  std::string text;
  llvm::raw_string_ostream stream(text);
  module.print(stream, flags);
  stream << "\n";
  return text;
}

/// The contents of the files of `phase`.
static Contents getContents(Phase phase) {
  switch (phase) {
  case Phase::Trainer:
    return Contents::Program;
  case Phase::Library:
  case Phase::Object:
    return Contents::Data;
  default:
    return Contents::Text;
  }
}

/// Reports faults of the output before time is spent on it.
llvm::Error Compiler::checkOutput() {
  Contents contents = getContents(options.emit);
  if (options.outputPath == "-")
    return contents == Contents::Text
               ? llvm::Error::success()
               : llvm::createStringError(
                     "option '-o': stdout takes text only; expected a file");
  if (llvm::Error error = qtc::checkOutput(options.outputPath, contents))
    return error;
  if (options.emit != Phase::Library)
    return llvm::Error::success();
  std::string header = cpu::getHeaderPath(options.outputPath);
  if (header == options.outputPath)
    return llvm::createStringError("option '-o': '" + header +
                                   "' is the name of the library's header; "
                                   "expected one that ends in '.a'");
  return qtc::checkOutput(header, contents);
}

llvm::Error Compiler::writeOutput(llvm::StringRef text) {
  if (options.outputPath != "-")
    return writeFile(options.outputPath, text, getContents(options.emit));
  llvm::outs() << text; // errors are reported when it is flushed
  return llvm::Error::success();
}

//===----------------------------------------------------------------------===//
// Front end
//===----------------------------------------------------------------------===//

/// Checks for one kind of elements, or one per input, and for one mean and
/// deviation, or one per channel of the pixels.
llvm::Error Compiler::checkInputs(ModuleOp model) {
  auto forward = model.lookupSymbol<func::FuncOp>(onnx_import::kForwardName);
  ArrayRef<BlockArgument> inputs = getInputs(forward);
  bool isOnePerInput = options.inputs.size() > 1;
  if (isOnePerInput && options.inputs.size() != inputs.size())
    return llvm::createStringError(
        "option '--input': expected one kind for all or for each of the " +
        llvm::Twine(inputs.size()) + " inputs of '" + options.modelPath +
        "', but got " + llvm::Twine(options.inputs.size()));
  auto channels = static_cast<int64_t>(options.mean.size());
  for (auto [index, input] : llvm::enumerate(inputs)) {
    InputKind kind = options.inputs[isOnePerInput ? index : 0];
    std::string name = getPortName(input.getLoc());
    bool isAsked = isOnePerInput || kind == InputKind::Indices;
    if (isAsked && (kind == InputKind::Indices) != areIndices(input.getType()))
      return llvm::createStringError(
          "option '--input': input '" + qtcrt::printable(name) + "' of '" +
          options.modelPath + "' is " +
          (areIndices(input.getType()) ? "indices" : "floats") + ", but got " +
          stringifyInputKind(kind));
    if (kind != InputKind::Pixels || areIndices(input.getType()))
      continue;
    int64_t expected = cast<ShapedType>(input.getType()).getDimSize(1);
    if (channels != 1 && channels != expected)
      return llvm::createStringError(
          "option '--normalize': '" + options.normalize + "' is for " +
          llvm::Twine(channels) + " channels, but the input of '" +
          options.modelPath + "' has " + llvm::Twine(expected));
  }
  return llvm::Error::success();
}

/// The module for a batch in float operations, or in the numbers of the scheme.
llvm::Expected<OwningOpRef<ModuleOp>> Compiler::makeModule(int64_t batch) {
  OwningOpRef<ModuleOp> model = onnx_import::importOnnxFile(
      options.modelPath, context, getImportOptions(options, batch));
  if (!model)
    return makeReportedError();
  if (llvm::Error error = applyLayerSettings(*model, options.layers))
    return error;
  if (options.emit == Phase::Import)
    return model;
  if (llvm::Error error = checkInputs(*model))
    return error;
  chooseLosses(*model, options);
  recommendRecipe(*model, options);
  if (llvm::Error error =
          runFrontEnd(*model, options,
                      /*applyScheme=*/options.emit != Phase::Backward))
    return error;
  return model;
}

//===----------------------------------------------------------------------===//
// Variants
//===----------------------------------------------------------------------===//

/// Whether the output is a program with all variants, not one of them.
bool Compiler::writesPrograms() const {
  return options.emit == Phase::Trainer || options.emit == Phase::Library;
}

/// The batches to generate code for. Phases that print one variant print that
/// of the first.
llvm::ArrayRef<int64_t> Compiler::getBatches() const {
  llvm::ArrayRef<int64_t> batches = options.batches;
  return writesPrograms() ? batches : batches.take_front();
}

/// Whether both modules have the same parameters with the same values.
static bool haveSameState(ModuleOp left, ModuleOp right) {
  return llvm::equal(left.getOps<qtrain::ParameterOp>(),
                     right.getOps<qtrain::ParameterOp>(),
                     [](qtrain::ParameterOp a, qtrain::ParameterOp b) {
                       return a->getAttrDictionary() == b->getAttrDictionary();
                     });
}

/// Runs the front end for the other batches, one after another: only their code
/// takes long.
llvm::Error Compiler::formAllKernels() {
  for (int64_t batch : getBatches()) {
    OwningOpRef<ModuleOp> other;
    if (batch != options.batches.front()) {
      auto made = makeModule(batch);
      if (!made)
        return made.takeError();
      other = std::move(*made);
      if (!haveSameState(*module, *other))
        return llvm::createStringError(
            options.modelPath + ": the parameters with --batch=" +
            llvm::Twine(batch) + " differ from those with --batch=" +
            llvm::Twine(options.batches.front()) +
            "; compile a trainer for each");
    }
    llvm::Expected<std::string> formed = formKernels(other ? *other : *module);
    if (!formed)
      return formed.takeError();
    formedKernels.push_back(std::move(*formed));
  }
  return llvm::Error::success();
}

/// The module that every variant of a batch starts from: fused kernels, without
/// initial values, as bytecode.
llvm::Expected<std::string> Compiler::formKernels(ModuleOp step) {
  OwningOpRef<ModuleOp> copy = step.clone();
  for (auto parameter : copy->getOps<qtrain::ParameterOp>()) {
    auto type = cast<ShapedType>(parameter.getValue().getType());
    Attribute zero = Builder(&context).getZeroAttr(type.getElementType());
    parameter.setValueAttr(
        cast<ElementsAttr>(DenseElementsAttr::get(type, zero)));
  }
  PassManager manager(&context);
  buildFormationPipeline(manager);
  if (failed(runPasses(manager, *copy, options.verifyEach)))
    return makeReportedError();
  std::string bytecode;
  llvm::raw_string_ostream stream(bytecode);
  (void)writeBytecodeToFile(*copy, stream);
  return bytecode;
}

static std::vector<ProfiledOp> getProfile(func::FuncOp step) {
  std::vector<ProfiledOp> ops;
  auto profile = step->getAttrOfType<ArrayAttr>(kProfileAttrName);
  for (Attribute attribute : profile) {
    auto entry = cast<DictionaryAttr>(attribute);
    auto text = [&](StringRef key) {
      auto value = entry.getAs<StringAttr>(key);
      return value ? value.getValue().str() : "";
    };
    auto number = [&](StringRef key) {
      return cast<IntegerAttr>(entry.get(key)).getInt();
    };
    ops.push_back({text("name"), text("kind"), number("macs"), number("bytes"),
                   text("tiles")});
  }
  return ops;
}

/// Size of the arena that `function` was planned with.
static int64_t getArenaBytes(func::FuncOp function) {
  for (unsigned i = 0; i < function.getNumArguments(); ++i) {
    if (qtrain::getRole(function, i) == qtrain::Role::Arena)
      return cast<MemRefType>(function.getArgumentTypes()[i]).getNumElements();
  }
  return 0;
}

/// Runs the passes from fused kernels to the form that `--emit=plan` or
/// `--emit=kernels` shows and that code is generated from. The plan is verified
/// when it is complete, because an error in it would become wrong code.
LogicalResult Compiler::lowerToKernels(ModuleOp copy,
                                       const VariantOptions &variantOptions) {
  PassManager plan(copy.getContext()), kernels(copy.getContext());
  if (variantOptions.device) {
    buildDevicePlanPipeline(plan, variantOptions);
    buildDeviceKernelPipeline(kernels, variantOptions);
  } else {
    buildPlanPipeline(plan, variantOptions);
    buildKernelPipeline(kernels, variantOptions);
  }
  if (failed(runPasses(plan, copy, options.verifyEach)) || failed(verify(copy)))
    return failure();
  return options.emit == Phase::Plan
             ? success()
             : runPasses(kernels, copy, options.verifyEach);
}

/// Runs in a thread of its own, in a context of its own.
void Compiler::generateVariant(llvm::StringSet<> &tasks, Variant &variant) {
  DialectRegistry registry;
  registerDialects(registry);
  MLIRContext local(registry, MLIRContext::Threading::DISABLED);
  llvm::raw_string_ostream messages(variant.message);
  ScopedDiagnosticHandler handler(&local, [&](Diagnostic &diagnostic) {
    if (diagnostic.getSeverity() == DiagnosticSeverity::Error)
      messages << diagnostic << "; ";
    return success();
  });
  // The module was written by this process, and the plan will be verified.
  auto copy = parseSourceString<ModuleOp>(
      variant.kernels, ParserConfig(&local, /*verifyAfterParse=*/false));
  if (!copy)
    return;
  if (failed(lowerToKernels(*copy, variant.options))) {
    messages << "lowering failed";
    return;
  }
  VariantDescription &result = variant.description;
  for (auto function : copy->getOps<func::FuncOp>())
    if (!function.isPrivate())
      result.arenaBytes = std::max(result.arenaBytes, getArenaBytes(function));
  if (options.emit == Phase::Plan || options.emit == Phase::Kernels) {
    std::string text = print(*copy, /*elides=*/false);
    variant.code.emplace_back(text.begin(), text.end());
  } else if (variant.options.device) {
    finishDeviceVariant(*copy, variant);
  } else {
    finishProcessorVariant(std::move(copy), tasks, variant);
  }
}

/// What tells names of later batches from those of the first; empty for that.
std::string Compiler::getBatchSuffix(int64_t batch,
                                     llvm::StringRef separator) const {
  return batch == options.batches.front()
             ? ""
             : (separator + llvm::Twine(batch)).str();
}

/// All batches lie in one program, so each has names of its own. They share the
/// peak function, which is that of the first.
void Compiler::nameEntryPoints(ModuleOp lowered, VariantDescription &variant) {
  std::string suffix = getBatchSuffix(variant.batch, "_");
  if (suffix.empty())
    return;
  for (std::string *symbol : {&variant.trainSymbol, &variant.evaluateSymbol,
                              &variant.estimateSymbol}) {
    auto function = lowered.lookupSymbol<LLVM::LLVMFuncOp>(*symbol);
    if (!function)
      continue;
    *symbol += suffix;
    function.setSymName(*symbol);
  }
  lowered.lookupSymbol(variant.peakSymbol)->erase();
}

void Compiler::finishProcessorVariant(OwningOpRef<ModuleOp> kernels,
                                      llvm::StringSet<> &tasks,
                                      Variant &variant) {
  const VariantOptions &variantOptions = variant.options;
  const cpu::TargetRecord &target = *variantOptions.target;
  auto step = kernels->lookupSymbol<func::FuncOp>(
      qtrain::QTrainDialect::kTrainStepName);
  VariantDescription &result = variant.description;
  result.isa = static_cast<uint32_t>(target.isa);
  result.peakKind = variantOptions.floatPeak ? QTCRT_PEAK_MULTIPLY_ADD
                                             : QTCRT_PEAK_DOT_PRODUCT;
  result.peakMacs = getPeakMacs(target, variantOptions.floatPeak);
  result.trainOps = getProfile(step);
  result.trainSymbol =
      getEntryPointName(target, qtrain::QTrainDialect::kTrainStepName);
  result.evaluateSymbol =
      getEntryPointName(target, qtrain::QTrainDialect::kEvaluateName);
  if (kernels->lookupSymbol(qtrain::QTrainDialect::kEstimateName))
    result.estimateSymbol =
        getEntryPointName(target, qtrain::QTrainDialect::kEstimateName);
  result.peakSymbol = getEntryPointName(target, "peak");

  PassManager lowering(kernels->getContext());
  buildLLVMPipeline(lowering, variantOptions);
  if (failed(runPasses(lowering, *kernels, options.verifyEach))) {
    variant.message += "lowering to LLVM failed";
    return;
  }
  nameEntryPoints(*kernels, result);
  if (writesPrograms()) {
    cpu::shareTasks(*kernels, tasks);
    auto objects = cpu::emitObjects(std::move(kernels), target);
    if (objects)
      variant.code = std::move(*objects);
    else
      variant.message += llvm::toString(objects.takeError());
    return;
  }
  cpu::OutputKind kind = options.emit == Phase::LLVM ? cpu::OutputKind::LLVMIR
                         : options.emit == Phase::Assembly
                             ? cpu::OutputKind::Assembly
                             : cpu::OutputKind::Object;
  if (llvm::Error error =
          cpu::emitModule(*kernels, target, kind, variant.code.emplace_back()))
    variant.message += llvm::toString(std::move(error));
}

void Compiler::finishDeviceVariant(ModuleOp kernels, Variant &variant) {
  const cuda::TargetRecord &target = *variant.options.device;
  DeviceDescription &device = variant.description.device.emplace();
  device.openSymbol = "qtcrt_open_cuda";
  device.detectSymbol = "qtcrt_detect_cuda";
  device.capability = target.capability;
  device.exact = target.exact;
  StateLayout state(kernels);
  PortLayout ports(kernels);
  variant.description.trainOps = getProfile(kernels.lookupSymbol<func::FuncOp>(
      qtrain::QTrainDialect::kTrainStepName));
  auto collect = [&](StringRef name, std::vector<LaunchDescription> &launches) {
    auto function = kernels.lookupSymbol<func::FuncOp>(name);
    if (!function)
      return;
    auto found = cuda::collectLaunches(function, state, ports);
    if (found)
      launches = std::move(*found);
    else
      variant.message += llvm::toString(found.takeError());
  };
  collect(qtrain::QTrainDialect::kTrainStepName, device.train);
  collect(qtrain::QTrainDialect::kEvaluateName, device.evaluate);
  collect(qtrain::QTrainDialect::kEstimateName, device.estimate);

  if (variant.description.trainOps.size() != device.train.size())
    variant.message += "not every launch has a name";

  PassManager lowering(kernels.getContext());
  buildNVVMPipeline(lowering, target);
  buildPTXPipeline(lowering);
  if (failed(runPasses(lowering, kernels, options.verifyEach))) {
    variant.message += "lowering to PTX failed";
    return;
  }
  llvm::Expected<std::string> code = cuda::extractPTX(kernels);
  if (!code) {
    variant.message += llvm::toString(code.takeError());
    return;
  }
  device.code = std::move(*code);
  if (options.emit == Phase::PTX) {
    variant.code.emplace_back(device.code.begin(), device.code.end());
    return;
  }
  if (!options.machineCode)
    return;
  llvm::Expected<std::string> binary = cuda::assemble(device.code, target);
  if (binary)
    device.binary = std::move(*binary);
  else
    variant.message += llvm::toString(binary.takeError());
}

/// The variants of each batch. Phases that print one print the strongest of
/// those requested.
std::vector<VariantOptions> Compiler::chooseVariants() const {
  std::vector<VariantOptions> chosen;
  bool floatPeak = !options.scheme->isInteger;
  for (const cuda::TargetRecord *device : options.devices)
    chosen.push_back({nullptr, options.microkernels, floatPeak, device,
                      options.tiles.lookup(device->name)});
  if (options.devices.empty())
    for (const cpu::TargetRecord *target : options.targets)
      chosen.push_back({target, options.microkernels, floatPeak, nullptr});
  if (writesPrograms())
    return chosen;
  auto strongest = llvm::max_element(
      chosen, [](const VariantOptions &a, const VariantOptions &b) {
        // Records of devices lie in order.
        return a.device ? a.device < b.device : a.target->isa < b.target->isa;
      });
  return {*strongest};
}

/// Processors with the same features except for dot products share tasks, and
/// so do batches.
std::vector<Compiler::VariantGroup> Compiler::groupVariants() const {
  std::vector<VariantGroup> groups;
  for (auto [index, variant] : llvm::enumerate(variants)) {
    const cpu::TargetRecord *target = variant.options.target;
    auto group = llvm::find_if(groups, [&, target](const VariantGroup &g) {
      const cpu::TargetRecord *other =
          variants[g.indices.front()].options.target;
      return target && other && target->hasSameFeatures(*other);
    });
    if (group == groups.end())
      group = groups.emplace(groups.end());
    group->indices.push_back(index);
  }
  return groups;
}

void Compiler::generateGroup(VariantGroup &group) {
  for (auto [position, index] : llvm::enumerate(group.indices)) {
    Variant &variant = variants[index];
    const VariantOptions &how = variant.options;
    auto equal = llvm::find_if(
        llvm::ArrayRef(group.indices).take_front(position), [&](size_t other) {
          return how.floatPeak &&
                 variant.description.batch ==
                     variants[other].description.batch &&
                 how.target->hasSameFloats(*variants[other].options.target);
        });
    if (equal != group.indices.begin() + position) {
      variant.description = variants[*equal].description;
      variant.description.isa = static_cast<uint32_t>(how.target->isa);
    } else {
      generateVariant(group.tasks, variant);
    }
    variant.description.name =
        (how.device ? how.device->name : how.target->name).str();
  }
}

llvm::Error Compiler::generateVariants() {
  cpu::initializeBackend();
  if (llvm::Error error = formAllKernels())
    return error;
  for (auto [batch, formed] : llvm::zip_equal(getBatches(), formedKernels))
    for (const VariantOptions &how : chooseVariants()) {
      Variant &variant = variants.emplace_back();
      variant.options = how;
      variant.kernels = formed;
      variant.description.batch = batch;
    }
  std::vector<VariantGroup> groups = groupVariants();
  // One thread per processor: more would only hold more modules in memory.
  llvm::ThreadPoolStrategy strategy = llvm::hardware_concurrency(groups.size());
  strategy.Limit = true;
  llvm::DefaultThreadPool pool(strategy);
  for (VariantGroup &group : groups)
    pool.async([&] { generateGroup(group); });
  pool.wait();
  for (Variant &variant : variants) {
    const VariantDescription &result = variant.description;
    if (!variant.message.empty())
      return llvm::createStringError(
          options.modelPath +
          (result.device ? ": device '" : ": instruction set '") + result.name +
          "', batch " + llvm::Twine(result.batch) + ": " + variant.message);
    memory.arenas.push_back({result.name, result.batch, result.arenaBytes});
    description.variants.push_back(result);
  }
  return llvm::Error::success();
}

//===----------------------------------------------------------------------===//
// Output
//===----------------------------------------------------------------------===//

llvm::Error Compiler::run() {
  if (llvm::Error error = checkOutput())
    return error;
  llvm::Expected<OwningOpRef<ModuleOp>> made =
      makeModule(options.batches.front());
  if (!made)
    return made.takeError();
  module = std::move(*made);
  switch (options.emit) {
  case Phase::Import:
  case Phase::Backward:
  case Phase::Scheme:
    return writeOutput(print(*module, /*elides=*/true));
  default:
    break;
  }
  llvm::Expected<ModelDescription> described = describeModel(*module, options);
  if (!described)
    return described.takeError();
  description = std::move(*described);
  memory.stateBytes = StateLayout(*module).getBytes();
  if (llvm::Error error = generateVariants())
    return error;
  if (writesPrograms())
    return writeObjects();
  llvm::ArrayRef<char> code = variants.front().code.front();
  return writeOutput(llvm::StringRef(code.data(), code.size()));
}

llvm::Error Compiler::writeObjects() {
  llvm::LLVMContext llvmContext;
  std::unique_ptr<llvm::Module> descriptor =
      buildModelDescriptor(*module, description, llvmContext);
  llvm::SmallVector<char, 0> model;
  if (llvm::Error error =
          cpu::emitPlainModule(*descriptor, cpu::OutputKind::Object, model))
    return error;
  TemporaryFiles files;
  std::vector<std::string> objects;
  auto add = [&](const std::string &name, llvm::ArrayRef<char> code) {
    llvm::Expected<std::string> path =
        files.create(name, {code.data(), code.size()});
    if (path)
      objects.push_back(*path);
    return path.takeError();
  };
  if (llvm::Error error = add("model.o", model))
    return error;
  for (const Variant &variant : variants) {
    if (variant.description.device)
      continue; // its code is in the descriptor
    static constexpr llvm::StringLiteral kinds[] = {"-steps.o", "-tasks.o"};
    std::string name = variant.description.name +
                       getBatchSuffix(variant.description.batch, "-");
    for (auto [kind, code] : llvm::zip(kinds, variant.code))
      if (llvm::Error error = add(name + kind.str(), code))
        return error;
  }
  return options.emit == Phase::Library
             ? cpu::writeStaticLibrary(options.outputPath, objects)
             : cpu::linkTrainer(options.outputPath, objects);
}
