//===- Compiler.cpp - From an ONNX file to a trainer ----------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Pipelines/Compiler.h"

#include "compiler/Conversion/QKernelToLLVM/QKernelToLLVM.h"
#include "compiler/Import/ONNX/Import.h"
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

static std::string print(ModuleOp module) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  module.print(stream);
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

/// Checks for one mean and deviation, or one per channel of the input.
llvm::Error Compiler::checkNormalization() {
  auto forward = module->lookupSymbol<func::FuncOp>(onnx_import::kForwardName);
  auto input = cast<RankedTensorType>(forward.getArgumentTypes().front());
  auto given = static_cast<int64_t>(options.mean.size());
  if (options.numberInput)
    return llvm::Error::success();
  if (given == 1 || given == input.getDimSize(1))
    return llvm::Error::success();
  return llvm::createStringError(
      "option '--normalize': '" + options.normalize + "' is for " +
      llvm::Twine(given) + " channels, but the input of '" + options.modelPath +
      "' has " + llvm::Twine(input.getDimSize(1)));
}

/// The module in float operations, or in the numbers of the scheme.
llvm::Error Compiler::makeModule() {
  onnx_import::ImportOptions import;
  import.batch = options.batch;
  import.hasClasses = options.loss->takesClasses;
  module = onnx_import::importOnnxFile(options.modelPath, context, import);
  if (!module)
    return makeReportedError();
  if (llvm::Error error = applyLayerSettings(*module, options.layers))
    return error;
  if (options.emit == Phase::Import)
    return llvm::Error::success();
  if (llvm::Error error = checkNormalization())
    return error;
  return runFrontEnd(*module, options,
                     /*applyScheme=*/options.emit != Phase::Backward);
}

/// Training batches to estimate statistics on (numerics contract, section 3). A
/// forward pass takes more than a third of a step, so they cost about 3 % of an
/// epoch of 400 steps.
static constexpr uint32_t kEstimateBatches = 32;

/// The options that change results, or only those that change what `eval`
/// computes, as a JSON object. The batch is not one of them: the state does not
/// depend on it, and checkpoints record it apart.
static std::string describeOptions(const CompileOptions &options,
                                   bool evaluationOnly) {
  llvm::json::Object object;
  object["loss"] = options.loss->name;
  if (options.loss->number == QTCRT_LOSS_HUBER)
    object["loss-delta"] = spellNumber(options.lossDelta);
  object["normalize"] = options.normalize;
  if (options.numberInput)
    object["input"] = "float32";
  if (!evaluationOnly)
    object["init"] = options.schemeRequest.schemeInit ? "scheme" : "onnx";
  const SchemeRequest &request = options.schemeRequest;
  // There were checkpoints before there was a choice.
  const Optimizer *optimizer = options.scheme->getOptimizer(request);
  if (!evaluationOnly && optimizer &&
      optimizer != options.scheme->optimizers.front())
    object["optimizer"] = optimizer->name;
  if (!evaluationOnly && !options.layers.empty())
    object["layer"] = llvm::json::Array(llvm::map_range(
        options.layers, [](const LayerSetting &s) { return s.spell(); }));
  for (const SchemeOption &option : options.scheme->getOptions(request)) {
    std::string value = request.get(option);
    if (option.omitsDefault && value == option.defaultValue)
      continue;
    if (evaluationOnly)
      value =
          option.getEvaluationPart ? option.getEvaluationPart(value).str() : "";
    if (!value.empty())
      object[(options.scheme->name + "-" + option.name).str()] = value;
  }
  return llvm::formatv("{0}", llvm::json::Value(std::move(object))).str();
}

/// The name that `loc` has from the ONNX file.
static std::string getName(Location loc) {
  auto name = dyn_cast<NameLoc>(loc);
  return name ? name.getName().str() : "";
}

/// Describes the ports of the training step, numbered as in PortLayout: its
/// arguments, then the prediction, which is the first result, and its exponent.
void Compiler::describePorts(func::FuncOp step) {
  std::string output =
      getName(step.getBody().front().getTerminator()->getLoc());
  auto add = [&](const std::string &name, Type type, uint32_t role) {
    PortDescription &port = description.ports.emplace_back();
    port.name = name;
    port.role = role;
    port.dtype = getDtype(getElementTypeOrSelf(type));
    if (auto tensor = dyn_cast<RankedTensorType>(type))
      port.shape.assign(tensor.getShape().begin(), tensor.getShape().end());
    return &port;
  };
  for (BlockArgument argument : step.getArguments()) {
    unsigned index = argument.getArgNumber();
    if (qtrain::getRole(step, index) == qtrain::Role::Input) {
      PortDescription *port =
          add(getName(argument.getLoc()), argument.getType(), QTCRT_PORT_INPUT);
      port->encoding =
          options.numberInput ? QTCRT_ENCODING_NUMBER : QTCRT_ENCODING_PIXEL;
      port->exponent = port->dtype == QTCRT_INT8 ? kInputExponent : 0;
      port->isStandardized = options.standardize;
    } else if (qtrain::getRole(step, index) == qtrain::Role::Target) {
      PortDescription *port =
          add(output, argument.getType(), QTCRT_PORT_TARGET);
      bool isNumber = !options.loss->takesClasses;
      port->encoding = isNumber ? QTCRT_ENCODING_NUMBER : QTCRT_ENCODING_CLASS;
      port->exponent =
          isNumber && port->dtype == QTCRT_INT32 ? kTargetExponent : 0;
    }
  }
  add(output, step.getResultTypes().front(), QTCRT_PORT_PREDICTION);
  if (options.scheme->isInteger)
    add(output, IntegerType::get(&context, 32), QTCRT_PORT_EXPONENT);
}

llvm::Error Compiler::describeModel() {
  auto step =
      module->lookupSymbol<func::FuncOp>(qtrain::QTrainDialect::kTrainStepName);
  auto prediction = cast<RankedTensorType>(step.getResultTypes().front());
  describePorts(step);
  description.name = llvm::sys::path::stem(options.modelPath).str();
  description.scheme = options.scheme->name.str();
  description.options = describeOptions(options, /*evaluationOnly=*/false);
  description.evaluationOptions =
      describeOptions(options, /*evaluationOnly=*/true);
  description.compilerVersion = getCompilerVersion().str();
  description.defaultSchedule =
      options.scheme->getDefaultSchedule(options.schemeRequest).str();
  description.defaultSeed = options.schemeRequest.seed;
  description.scheduleKind = options.scheme->scheduleKind;
  description.loss = options.loss->number;
  description.lossDelta = options.lossDelta;
  description.batch = prediction.getDimSize(0);
  description.classes =
      options.loss->takesClasses ? prediction.getDimSize(1) : 0;
  if (module->lookupSymbol(qtrain::QTrainDialect::kEstimateName))
    description.estimateBatches = kEstimateBatches;
  memory.stateBytes = StateLayout(*module).getBytes();
  llvm::Expected<std::string> hash =
      onnx_import::hashOnnxFile(options.modelPath);
  if (!hash)
    return hash.takeError();
  description.modelHash = *hash;
  return llvm::Error::success();
}

//===----------------------------------------------------------------------===//
// Variants
//===----------------------------------------------------------------------===//

/// The module that every variant starts from: fused kernels, without initial
/// values, as bytecode.
llvm::Expected<std::string> Compiler::formKernels() {
  OwningOpRef<ModuleOp> copy = module->clone();
  for (auto parameter : copy->getOps<qtrain::ParameterOp>()) {
    auto type = cast<ShapedType>(parameter.getValue().getType());
    Attribute zero = Builder(&context).getZeroAttr(type.getElementType());
    parameter.setValueAttr(
        cast<ElementsAttr>(DenseElementsAttr::get(type, zero)));
  }
  PassManager manager(&context);
  manager.enableVerifier(options.verifyEach);
  buildFormationPipeline(manager);
  if (failed(manager.run(*copy)))
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
  plan.enableVerifier(options.verifyEach);
  kernels.enableVerifier(options.verifyEach);
  if (variantOptions.device) {
    buildDevicePlanPipeline(plan, variantOptions);
    buildDeviceKernelPipeline(kernels, variantOptions);
  } else {
    buildPlanPipeline(plan, variantOptions);
    buildKernelPipeline(kernels, variantOptions);
  }
  if (failed(plan.run(copy)) || failed(verify(copy)))
    return failure();
  return options.emit == Phase::Plan ? success() : kernels.run(copy);
}

/// Runs in a thread of its own, in a context of its own.
void Compiler::generateVariant(llvm::StringRef bytecode,
                               const VariantOptions &variantOptions,
                               llvm::StringSet<> &tasks, Variant &variant) {
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
      bytecode, ParserConfig(&local, /*verifyAfterParse=*/false));
  if (!copy)
    return;
  if (failed(lowerToKernels(*copy, variantOptions))) {
    messages << "lowering failed";
    return;
  }
  VariantDescription &result = variant.description;
  for (auto function : copy->getOps<func::FuncOp>())
    if (!function.isPrivate())
      result.arenaBytes = std::max(result.arenaBytes, getArenaBytes(function));
  if (options.emit == Phase::Plan || options.emit == Phase::Kernels) {
    std::string text = print(*copy);
    variant.code.emplace_back(text.begin(), text.end());
  } else if (variantOptions.device) {
    finishDeviceVariant(*copy, *variantOptions.device, variant);
  } else {
    finishProcessorVariant(std::move(copy), variantOptions, tasks, variant);
  }
}

void Compiler::finishProcessorVariant(OwningOpRef<ModuleOp> kernels,
                                      const VariantOptions &variantOptions,
                                      llvm::StringSet<> &tasks,
                                      Variant &variant) {
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
  lowering.enableVerifier(options.verifyEach);
  buildLLVMPipeline(lowering, variantOptions);
  if (failed(lowering.run(*kernels))) {
    variant.message += "lowering to LLVM failed";
    return;
  }
  if (options.emit == Phase::Trainer || options.emit == Phase::Library) {
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

void Compiler::finishDeviceVariant(ModuleOp kernels,
                                   const cuda::TargetRecord &target,
                                   Variant &variant) {
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
  lowering.enableVerifier(options.verifyEach);
  buildNVVMPipeline(lowering, target);
  buildPTXPipeline(lowering);
  if (failed(lowering.run(kernels))) {
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

/// Phases that print one variant print the strongest of those requested.
std::vector<VariantOptions> Compiler::chooseVariants() const {
  std::vector<VariantOptions> chosen;
  bool floatPeak = !options.scheme->isInteger;
  for (const cuda::TargetRecord *device : options.devices)
    chosen.push_back({nullptr, options.microkernels, floatPeak, device,
                      options.tiles.lookup(device->name)});
  if (options.devices.empty())
    for (const cpu::TargetRecord *target : options.targets)
      chosen.push_back({target, options.microkernels, floatPeak, nullptr});
  if (options.emit == Phase::Trainer || options.emit == Phase::Library)
    return chosen;
  auto strongest = llvm::max_element(
      chosen, [](const VariantOptions &a, const VariantOptions &b) {
        // Records of devices lie in order.
        return a.device ? a.device < b.device : a.target->isa < b.target->isa;
      });
  return {*strongest};
}

/// Processors with the same features except for dot products share tasks.
std::vector<Compiler::VariantGroup>
Compiler::groupVariants(llvm::ArrayRef<VariantOptions> chosen) {
  std::vector<VariantGroup> groups;
  for (auto [index, variant] : llvm::enumerate(chosen)) {
    auto group = llvm::find_if(groups, [&, target = variant.target](auto &g) {
      const cpu::TargetRecord *other = chosen[g.indices.front()].target;
      return target && other && target->hasSameFeatures(*other);
    });
    if (group == groups.end())
      group = groups.emplace(groups.end());
    group->indices.push_back(index);
  }
  return groups;
}

void Compiler::generateGroup(llvm::StringRef bytecode,
                             llvm::ArrayRef<VariantOptions> chosen,
                             VariantGroup &group) {
  for (auto [position, index] : llvm::enumerate(group.indices)) {
    const VariantOptions &how = chosen[index];
    Variant &variant = variants[index];
    auto equal = llvm::find_if(
        llvm::ArrayRef(group.indices).take_front(position), [&](size_t other) {
          return how.floatPeak &&
                 how.target->hasSameFloats(*chosen[other].target);
        });
    if (equal != group.indices.begin() + position) {
      variant.description = variants[*equal].description;
      variant.description.isa = static_cast<uint32_t>(how.target->isa);
    } else {
      generateVariant(bytecode, how, group.tasks, variant);
    }
    variant.description.name =
        (how.device ? how.device->name : how.target->name).str();
  }
}

llvm::Error Compiler::generateVariants() {
  cpu::initializeBackend();
  llvm::Expected<std::string> bytecode = formKernels();
  if (!bytecode)
    return bytecode.takeError();
  std::vector<VariantOptions> chosen = chooseVariants();
  variants.resize(chosen.size());
  std::vector<VariantGroup> groups = groupVariants(chosen);
  // One thread per processor: more would only hold more modules in memory.
  llvm::ThreadPoolStrategy strategy = llvm::hardware_concurrency(groups.size());
  strategy.Limit = true;
  llvm::DefaultThreadPool pool(strategy);
  for (VariantGroup &group : groups)
    pool.async([&] { generateGroup(*bytecode, chosen, group); });
  pool.wait();
  for (Variant &variant : variants) {
    const VariantDescription &result = variant.description;
    if (!variant.message.empty())
      return llvm::createStringError(
          options.modelPath +
          (result.device ? ": device '" : ": instruction set '") + result.name +
          "': " + variant.message);
    memory.arenas.push_back({result.name, result.arenaBytes});
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
  if (llvm::Error error = makeModule())
    return error;
  switch (options.emit) {
  case Phase::Import:
  case Phase::Backward:
  case Phase::Scheme:
    return writeOutput(print(*module));
  default:
    break;
  }
  if (llvm::Error error = describeModel())
    return error;
  if (llvm::Error error = generateVariants())
    return error;
  if (options.emit == Phase::Library || options.emit == Phase::Trainer)
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
    for (auto [kind, code] : llvm::zip(kinds, variant.code))
      if (llvm::Error error = add(variant.description.name + kind.str(), code))
        return error;
  }
  return options.emit == Phase::Library
             ? cpu::writeStaticLibrary(options.outputPath, objects)
             : cpu::linkTrainer(options.outputPath, objects);
}
