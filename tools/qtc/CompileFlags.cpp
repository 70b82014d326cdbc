//===- CompileFlags.cpp - Command-line form of CompileOptions -------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tools/qtc/CompileFlags.h"

#include "compiler/Support/Files.h"
#include "compiler/Target/CPU/ObjectFile.h"
#include "compiler/Target/CUDA/Assembler.h"
#include "runtime/include/qtcrt/Usage.h"
#include "tools/qtc/FlagSupport.h"
#include "tools/qtc/Session.h"

#include <CLI/CLI.hpp>

#include "llvm/ADT/StringExtras.h"

#include <cmath>

using namespace qtc;
using namespace qtc::tools;

namespace {
struct NamedNormalization {
  llvm::StringRef name;
  llvm::StringRef value;
};
/// Means and deviations of pixels/255 that users know by name.
constexpr NamedNormalization kNormalizations[] = {
    {"none", "0/1"},
    {"mnist", "0.1307/0.3081"},
    {"cifar10", "0.4914,0.4822,0.4465/0.2470,0.2435,0.2616"},
    {"imagenet", "0.485,0.456,0.406/0.229,0.224,0.225"},
};
} // namespace

static std::vector<std::string> getSchemeNames() {
  std::vector<std::string> names;
  for (const Scheme *scheme : getSchemes())
    names.push_back(scheme->name.str());
  return names;
}

/// The optimizers of all schemes, each name once.
static std::vector<std::string> getOptimizerNames() {
  std::vector<std::string> names;
  for (const Scheme *scheme : getSchemes())
    for (const Optimizer *optimizer : scheme->optimizers)
      if (!llvm::is_contained(names, optimizer->name))
        names.push_back(optimizer->name.str());
  return names;
}

/// The schemes with a choice of optimizers, as the user writes them.
static std::string getOptimizerSchemes() {
  std::vector<std::string> flags;
  for (const Scheme *scheme : getSchemes())
    if (!scheme->optimizers.empty())
      flags.push_back(("--scheme=" + scheme->name).str());
  return llvm::join(flags, " or ");
}

static std::string getFlag(const Scheme &scheme, const SchemeOption &option) {
  return ("--" + scheme.name + "-" + option.name).str();
}

/// The options of a scheme's optimizers, each name once.
static llvm::SmallVector<SharedOption> getSharedOptions(const Scheme &scheme) {
  SharedOptions shared;
  for (const Optimizer *optimizer : scheme.optimizers)
    addReader(shared, "--optimizer=", optimizer->name, optimizer->options);
  return llvm::to_vector(llvm::make_second_range(shared));
}

static std::vector<std::string> getDeviceNumbers() {
  std::vector<std::string> numbers;
  for (const cuda::TargetRecord &record : cuda::getTargetRecords())
    numbers.push_back(record.getNumber().str());
  return numbers;
}

static std::string getSchemeGroup(const Scheme &scheme) {
  return ("Options of --scheme=" + scheme.name).str();
}

CLI::Option *CompileFlags::addChoice(CLI::App &command, const std::string &name,
                                     std::string &target,
                                     std::vector<std::string> choices,
                                     const std::string &help) {
  CLI::Option *option = command.add_option(name, target, help);
  qtcrt::setChoices(option, std::move(choices));
  return option;
}

void CompileFlags::addTo(CLI::App &command, Use use) {
  parser = &command;
  addModelOptions(command, use);
  addTargetOptions(command);
  addSchemeOptions(command);
  addCompilerOptions(command, use);
}

void CompileFlags::addModelOptions(CLI::App &command, Use use) {
  command.add_option("MODEL.onnx", model, "Model to train")->required();
  scheme = getSchemes().front()->name.str();
  addChoice(command, "--scheme", scheme, getSchemeNames(),
            "Numbers to train with");
  optimizer = getOptimizerNames().front();
  addChoice(command, "--optimizer", optimizer, getOptimizerNames(),
            "With " + getOptimizerSchemes() + ", rule that updates parameters");
  addRecipe(command);
  addBatches(command, batches);
  outputs.addTo(command);
  CLI::Option *kinds = command.add_option(
      "--input", inputs,
      "Elements of the inputs: bytes of images, numbers, or indices of rows of "
      "tables; one for all inputs, or a list with one for each");
  kinds->delimiter(',')->default_str(inputs.front());
  qtcrt::setChoices(kinds, getInputKindNames());
  addChoice(command, "--init", init, {"onnx", "scheme"},
            "Initial weights: those of the file, or drawn by the rule of the "
            "scheme");
  command
      .add_option("--normalize", normalize,
                  "Mean and deviation of pixels/255 per channel: none, mnist, "
                  "cifar10, imagenet or MEAN[,...]/STD[,...]. With "
                  "--input=float32: standard (the default; each channel minus "
                  "its mean, divided by its deviation, in the training set) "
                  "or none")
      ->type_name("NAME");
  layers.addTo(command);
  if (use == Use::Compile)
    qtcrt::addNumber(command, "--seed", seed, 0, UINT64_MAX,
                     "Seed of all random numbers")
        ->default_str(std::to_string(seed));
}

void CompileFlags::addRecipe(CLI::App &command) {
  llvm::MapVector<llvm::StringRef, llvm::StringRef> known;
  for (const Scheme *entry : getSchemes())
    for (const Recipe &offered : entry->recipes)
      known[offered.name] = offered.networks;
  std::string help = "Options that suit a kind of network; those that are "
                     "given count more";
  std::vector<std::string> names;
  for (auto [name, networks] : known) {
    names.push_back(name.str());
    help += ("\n" + name + ": " + networks).str();
  }
  addChoice(command, "--recipe", recipe, std::move(names), help)
      ->default_str("");
}

void CompileFlags::addTargetOptions(CLI::App &command) {
  const char *group = "Options of the target";
  addChoice(command, "--target", target, {"cpu", "cuda"}, "Kind of processor")
      ->group(group);
  command
      .add_option("--mcpu", processor,
                  "With --target=cpu, the instruction sets of the trainer: "
                  "auto (all; the trainer takes the best), native, or a list "
                  "of avx512vnni, avxvnni, avx512, avx2, baseline")
      ->type_name("LIST")
      ->group(group);
  std::string numbers = llvm::join(getDeviceNumbers(), ", ");
  auto checkDevice = [numbers](std::string &text) {
    if (llvm::is_contained(getDeviceNumbers(), text))
      return std::string();
    return "expected a list of " + numbers + ", but got '" + text + "'";
  };
  command
      .add_option("--sm", devices,
                  "With --target=cuda, compute capabilities times ten, from " +
                      numbers +
                      ". GPUs run the newest code that they can; only GPUs of "
                      "9.0 run 90a")
      ->delimiter(',')
      ->type_name("LIST")
      ->check(CLI::Validator(checkDevice, ""))
      ->default_str(devices.front())
      ->group(group);
  command
      .add_flag("--cubin", machineCode,
                "With --target=cuda, add machine code for exactly these "
                "capabilities to PTX, made by ptxas")
      ->group(group);
}

void CompileFlags::addSchemeOptions(CLI::App &command) {
  for (const Scheme *entry : getSchemes()) {
    for (const SchemeOption &option : entry->options)
      addSchemeOption(command, *entry, option, option.help.str());
    for (const SharedOption &shared : getSharedOptions(*entry))
      addSchemeOption(command, *entry, *shared.options.front(),
                      shared.describe());
  }
}

void CompileFlags::addSchemeOption(CLI::App &command, const Scheme &entry,
                                   const SchemeOption &option,
                                   const std::string &help) {
  std::string &value = schemeValues[entry.name.str()][option.name.str()];
  CLI::Option *flag = command.add_option(getFlag(entry, option), value, help);
  flag->type_name("VALUE")->group(getSchemeGroup(entry));
  if (!llvm::StringRef(help).contains("(default: "))
    flag->default_str(option.defaultValue.str());
  std::vector<std::string> choices;
  for (llvm::StringRef choice : option.choices)
    choices.push_back(choice.str());
  if (!choices.empty())
    qtcrt::setChoices(flag, std::move(choices));
}

void CompileFlags::addCompilerOptions(CLI::App &command, Use use) {
  const char *group = "Options for work on the compiler";
  if (use == Use::Compile) {
    std::vector<std::string> phases;
    for (const PhaseInfo &phase : getPhases())
      phases.push_back(phase.name.str());
    command.add_flag("--memory-report", memoryReport,
                     "Print the memory that training takes");
    CLI::Option *option = command.add_option("--emit", emit);
    option
        ->description("Phase to stop at: " + llvm::join(phases, ", ") +
                      ". Options of MLIR, such as --mlir-timing and "
                      "--mlir-print-ir-after-all, are taken, too")
        ->group(group);
    qtcrt::setChoices(option, std::move(phases));
    option->type_name("PHASE");
  }
  command
      .add_flag("--assert-integer,!--no-assert-integer", assertInteger,
                "Prove that no float is left (on for integer schemes)")
      ->group(group);
  command
      .add_flag("--no-microkernels", noMicrokernels,
                "Plain scalar loops instead of fast kernels, for comparison")
      ->group(group);
  command
      .add_flag("--verify-each", verifyEach, "Verify the IR after every pass")
      ->group(group);
}

static std::vector<int64_t> parseBatches(llvm::StringRef text) {
  const std::string name = "--batch";
  std::vector<int64_t> batches;
  for (llvm::StringRef part : llvm::split(text, ',')) {
    auto batch = static_cast<int64_t>(
        qtcrt::parseNumber(name, part.str(), 1, kMaxBatch));
    if (llvm::is_contained(batches, batch))
      throw CLI::ValidationError(name, "expected different numbers, but got " +
                                           part.str() + " twice");
    batches.push_back(batch);
  }
  if (batches.size() > kMaxBatches)
    throw CLI::ValidationError(name,
                               "expected " + std::to_string(kMaxBatches) +
                                   " numbers at most, but got " +
                                   std::to_string(batches.size()) +
                                   "; compile another trainer for the rest");
  return batches;
}

void tools::addBatches(CLI::App &command, std::vector<int64_t> &batches) {
  auto store = [&batches](const std::string &text) {
    batches = parseBatches(text);
  };
  command
      .add_option_function<std::string>(
          "--batch", store,
          "Examples per step, or a list of numbers: the trainer takes the "
          "first unless its own --batch names another")
      ->type_name("LIST")
      ->default_str(std::to_string(batches.front()));
}

void LayerFlags::addTo(CLI::App &command) {
  auto add = [&](const char *name, std::vector<std::string> &target,
                 const char *type, const std::string &help) {
    command.add_option(name, target, help)
        ->type_name(type)
        ->allow_extra_args(false);
  };
  add("--freeze", frozen, "PATTERN",
      "Leave the parameters alone whose name, or the name of whose node, "
      "matches a shell pattern such as 'features.*'; may be given several "
      "times");
  add("--layer", layers, "PATTERN:KEY=VALUE[,...]",
      "Set options of the parameters that match, after --freeze; later ones "
      "win. Keys: " +
          describeLayerKeys());
}

llvm::Expected<std::vector<LayerSetting>>
LayerFlags::parse(const Scheme &scheme) const {
  std::vector<LayerSetting> settings;
  for (const std::string &text : frozen) {
    llvm::Expected<LayerSetting> setting = parseFreeze(text);
    if (!setting)
      return setting.takeError();
    settings.push_back(std::move(*setting));
  }
  for (const std::string &text : layers) {
    llvm::Expected<LayerSetting> setting = parseLayer(text, scheme);
    if (!setting)
      return setting.takeError();
    settings.push_back(std::move(*setting));
  }
  return settings;
}

bool CompileFlags::isGiven(llvm::StringRef name) const {
  return tools::isGiven(*parser, name);
}

//===----------------------------------------------------------------------===//
// Compile options
//===----------------------------------------------------------------------===//

llvm::Error CompileFlags::checkScheme(const CompileOptions &options) const {
  for (const Scheme *other : getSchemes()) {
    bool isOther = other != options.scheme;
    for (const SchemeOption &option : other->options)
      if (isOther && isGiven(getFlag(*other, option)))
        return refuse(getFlag(*other, option), "--scheme=" + other->name,
                      "--scheme=" + scheme);
    for (const SharedOption &shared : getSharedOptions(*other)) {
      std::string name = getFlag(*other, *shared.options.front());
      if (!isGiven(name))
        continue;
      if (isOther)
        return refuse(name, "--scheme=" + other->name, "--scheme=" + scheme);
      if (!llvm::is_contained(shared.readers, optimizer))
        return refuse(name, shared.listReaders(), "--optimizer=" + optimizer);
    }
  }
  if (!isGiven("--optimizer") || options.schemeRequest.optimizer)
    return llvm::Error::success();
  if (options.scheme->optimizers.empty())
    return refuse("--optimizer", getOptimizerSchemes(),
                  "--scheme=" + scheme +
                      ", which has an update rule of its own");
  auto getName = [](const Optimizer *known) { return known->name; };
  return refuse(
      "--optimizer",
      llvm::join(llvm::map_range(options.scheme->optimizers, getName), " or ") +
          " with --scheme=" + scheme,
      optimizer);
}

llvm::Error CompileFlags::checkFit(const CompileOptions &options) const {
  bool isDevice = target == "cuda";
  for (llvm::StringRef name : {"--sm", "--cubin"})
    if (!isDevice && isGiven(name))
      return refuse(name, "--target=cuda", "--target=" + target);
  if (isDevice && isGiven("--mcpu"))
    return refuse("--mcpu", "--target=cpu", "--target=" + target);
  if (isGiven("--assert-integer") && assertInteger &&
      !options.scheme->isInteger)
    return refuse("--assert-integer", "an integer scheme",
                  "--scheme=" + scheme);
  bool hasPlan = options.emit != Phase::Import &&
                 options.emit != Phase::Backward &&
                 options.emit != Phase::Scheme;
  if (memoryReport && !hasPlan)
    return refuse("--memory-report", "a phase from plan on", "--emit=" + emit);
  return llvm::Error::success();
}

llvm::Error CompileFlags::applyRecipe() const {
  if (recipe.empty())
    return llvm::Error::success();
  llvm::ArrayRef<Recipe> recipes = lookupScheme(scheme)->recipes;
  const auto *found = llvm::find_if(
      recipes, [&](const Recipe &known) { return known.name == recipe; });
  if (found == recipes.end())
    return refuse("--recipe",
                  recipes.empty()
                      ? "a scheme with recipes"
                      : llvm::join(llvm::map_range(recipes,
                                                   [](const Recipe &known) {
                                                     return known.name;
                                                   }),
                                   " or ") +
                            " with --scheme=" + scheme,
                  recipes.empty() ? "--scheme=" + scheme : recipe);
  std::string used, left;
  for (llvm::StringRef word : found->words) {
    auto [name, value] = word.split('=');
    CLI::Option *option = parser->get_option_no_throw(name.str());
    if (option && option->count() > 0)
      continue;
    (option ? used : left) += (" " + word).str();
    if (!option)
      continue;
    option->add_result(value.str());
    option->run_callback();
  }
  printLine("recipe '" + recipe + "':" + used);
  if (!left.empty())
    printLine("remark: the recipe trains with" + left);
  return llvm::Error::success();
}

llvm::Error CompileFlags::parse(CompileOptions &options) const {
  if (llvm::Error error = applyRecipe())
    return error;
  if (model.empty())
    return llvm::createStringError(
        "MODEL.onnx: expected the name of a file, but got ''");
  options.modelPath = model;
  options.batches = batches;
  options.microkernels = !noMicrokernels;
  options.assertInteger = assertInteger;
  options.verifyEach = verifyEach;
  for (const PhaseInfo &phase : getPhases())
    if (phase.name == emit)
      options.emit = phase.phase;
  options.scheme = lookupScheme(scheme);
  // Defaults of the scheme follow the losses.
  if (llvm::Error error = outputs.parse(options))
    return error;
  if (llvm::Error error = parseScheme(options))
    return error;
  if (llvm::Error error = checkFit(options))
    return error;
  llvm::Expected<std::vector<LayerSetting>> settings =
      layers.parse(*options.scheme);
  if (!settings)
    return settings.takeError();
  options.layers = std::move(*settings);
  if (llvm::Error error = parseInput(options))
    return error;
  if (llvm::Error error = parseDevice(options))
    return error;
  return parseTargets(options);
}

llvm::Error CompileFlags::parseDevice(CompileOptions &options) const {
  bool isDevice = target == "cuda";
  for (const cuda::TargetRecord &record : cuda::getTargetRecords())
    if (isDevice && llvm::is_contained(devices, record.getNumber()))
      options.devices.push_back(&record);
  options.machineCode = machineCode;
  if (machineCode)
    if (llvm::Error error = cuda::findAssembler().takeError())
      return error;
  if (isDevice && !options.scheme->isInteger)
    return llvm::createStringError(
        "option '--scheme': '" + scheme +
        "' does not run on --target=cuda yet; expected an integer scheme");
  bool isProcessorPhase = options.emit == Phase::LLVM ||
                          options.emit == Phase::Assembly ||
                          options.emit == Phase::Object;
  if (isDevice ? isProcessorPhase : options.emit == Phase::PTX)
    return llvm::createStringError("option '--emit': '" + emit +
                                   "' is not a phase of --target=" + target);
  return llvm::Error::success();
}

/// Shows wrong values before the model is read. Where its end decides on a
/// loss, values may be right for one loss only.
static llvm::Error checkValues(const CompileOptions &options) {
  auto check = [&](const SchemeRequest &request) {
    mlir::OpPassManager unused("builtin.module");
    return options.scheme->addPasses(unused, request);
  };
  llvm::Error error = check(options.schemeRequest);
  bool isDecided = llvm::all_of(
      options.outputs, [](const TrainedOutput &output) { return output.loss; });
  if (!error || isDecided)
    return error;
  SchemeRequest fitting = options.schemeRequest;
  fitting.fitsNumbers = true;
  llvm::Error other = check(fitting);
  if (other) {
    llvm::consumeError(std::move(other));
    return error;
  }
  llvm::consumeError(std::move(error));
  return llvm::Error::success();
}

llvm::Error CompileFlags::parseScheme(CompileOptions &options) const {
  options.schemeRequest.schemeInit = init == "scheme";
  options.schemeRequest.seed = seed;
  options.schemeRequest.optimizer =
      lookupOptimizer(options.scheme->optimizers, optimizer);
  options.schemeRequest.fitsNumbers =
      llvm::any_of(options.outputs, [](const TrainedOutput &output) {
        return output.loss && output.loss->fitsNumbers();
      });
  if (llvm::Error error = checkScheme(options))
    return error;
  for (const SchemeOption &option :
       options.scheme->getOptions(options.schemeRequest))
    if (isGiven(getFlag(*options.scheme, option)))
      options.schemeRequest.values[option.name] =
          schemeValues.at(scheme).at(option.name.str());
  options.recommendsRecipe =
      options.schemeRequest.values.empty() && !isGiven("--optimizer");
  if (llvm::Error error = checkValues(options))
    return error;
  // Checkpoints and the cache compare values as text.
  for (const SchemeOption &option :
       options.scheme->getOptions(options.schemeRequest))
    if (option.spell)
      options.schemeRequest.values[option.name] =
          option.spell(options.schemeRequest.get(option));
  return llvm::Error::success();
}

/// The kinds of these names; one for all inputs if they are equal.
static llvm::SmallVector<InputKind>
parseInputKinds(llvm::ArrayRef<std::string> names) {
  llvm::SmallVector<InputKind> kinds;
  std::vector<std::string> known = getInputKindNames();
  for (const std::string &name : names)
    kinds.push_back(
        static_cast<InputKind>(llvm::find(known, name) - known.begin()));
  if (llvm::all_equal(kinds))
    kinds.truncate(1);
  return kinds;
}

llvm::Error CompileFlags::parseInput(CompileOptions &options) const {
  options.inputs = parseInputKinds(inputs);
  bool hasPixels = llvm::is_contained(options.inputs, InputKind::Pixels);
  if (!llvm::is_contained(options.inputs, InputKind::Numbers))
    return parseNormalize(options);
  if (!options.scheme->takesNumbers)
    return llvm::createStringError("option '--input': scheme " + scheme +
                                   " takes pixels, but got float32");
  options.normalize = isGiven("--normalize") ? normalize : "standard";
  options.standardize = options.normalize != "none";
  if (options.normalize == "standard" || options.normalize == "none")
    return llvm::Error::success();
  if (hasPixels)
    return parseNormalize(options);
  return llvm::createStringError(
      "option '--normalize': expected standard or none with --input=float32, "
      "but got '" +
      normalize + "'");
}

/// A list of numbers that are finite in single precision.
static bool parseNumbers(llvm::StringRef text, std::vector<double> &numbers) {
  llvm::SmallVector<llvm::StringRef> parts;
  text.split(parts, ',');
  numbers.clear();
  for (llvm::StringRef part : parts) {
    double number;
    if (part.trim().empty() || !llvm::to_float(part.trim(), number) ||
        !std::isfinite(static_cast<float>(number)))
      return false;
    numbers.push_back(number + 0.0); // -0 is 0
  }
  return true;
}

/// The numbers of a normalization as text, one for each meaning.
static std::string joinNumbers(llvm::ArrayRef<double> mean,
                               llvm::ArrayRef<double> std) {
  auto join = [](llvm::ArrayRef<double> numbers) {
    return llvm::join(llvm::map_range(numbers, spellNumber), ",");
  };
  return join(mean) + "/" + join(std);
}

/// The name of a normalization, or its numbers if it has none.
static std::string spellNormalization(llvm::ArrayRef<double> mean,
                                      llvm::ArrayRef<double> std) {
  std::string numbers = joinNumbers(mean, std);
  for (const NamedNormalization &named : kNormalizations) {
    std::vector<double> namedMean, namedStd;
    auto [first, second] = named.value.split('/');
    if (parseNumbers(first, namedMean) && parseNumbers(second, namedStd) &&
        joinNumbers(namedMean, namedStd) == numbers)
      return named.name.str();
  }
  return numbers;
}

/// Whether pixels can be normalized with these numbers.
static bool isNormalization(const CompileOptions &options) {
  if (options.mean.size() != options.std.size())
    return false;
  for (auto [mean, deviation] : llvm::zip_equal(options.mean, options.std)) {
    auto divisor = static_cast<float>(deviation);
    if (!std::isnormal(divisor) || divisor < 0)
      return false;
    for (double pixel : {0.0, 1.0})
      if (!std::isfinite(static_cast<float>((pixel - mean) / deviation)))
        return false;
  }
  return true;
}

llvm::Error CompileFlags::parseNormalize(CompileOptions &options) const {
  llvm::StringRef text = normalize;
  for (const NamedNormalization &named : kNormalizations)
    if (named.name == text)
      text = named.value;
  auto [mean, std] = text.split('/');
  if (!parseNumbers(mean, options.mean) || !parseNumbers(std, options.std) ||
      !isNormalization(options))
    return llvm::createStringError(
        "option '--normalize': expected none, mnist, cifar10, imagenet or "
        "MEAN[,...]/STD[,...] with as many deviations, all of them positive, "
        "and results in single precision, but got '" +
        normalize + "'" +
        (normalize == "standard" ? "; it needs --input=float32" : ""));
  options.normalize = spellNormalization(options.mean, options.std);
  return llvm::Error::success();
}

llvm::Error CompileFlags::parseTargets(CompileOptions &options) const {
  if (processor == "auto") {
    for (const cpu::TargetRecord &record : cpu::getTargetRecords())
      options.targets.push_back(&record);
    return llvm::Error::success();
  }
  llvm::SmallVector<llvm::StringRef> names;
  llvm::StringRef(processor).split(names, ',');
  for (llvm::StringRef name : names) {
    const cpu::TargetRecord *record = name == "native"
                                          ? &cpu::getHostTarget()
                                          : cpu::lookupTargetRecord(name);
    if (!record)
      return llvm::createStringError("option '--mcpu': expected auto, native, "
                                     "avx512vnni, avxvnni, avx512, "
                                     "avx2 or baseline, but got '" +
                                     name + "'");
    if (!llvm::is_contained(options.targets, record))
      options.targets.push_back(record);
  }
  // The order does not matter, so it is always the same.
  llvm::sort(options.targets, [](const auto *left, const auto *right) {
    return left->isa < right->isa;
  });
  return llvm::Error::success();
}
