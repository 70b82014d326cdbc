//===- CompileFlags.cpp - Command-line form of CompileOptions -------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tools/qtc/CompileFlags.h"

#include "compiler/Target/CPU/ObjectFile.h"
#include "compiler/Target/CUDA/Assembler.h"
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

/// Says what is wrong with `text` as a seed; nothing if it is one.
static std::string checkSeed(const std::string &text) {
  uint64_t seed;
  if (!llvm::StringRef(text).getAsInteger(10, seed))
    return "";
  return "expected a number from 0 to 18446744073709551615, but got '" + text +
         "'";
}

static std::vector<std::string> getSchemeNames() {
  std::vector<std::string> names;
  for (const Scheme *scheme : getSchemes())
    names.push_back(scheme->name.str());
  return names;
}

static std::vector<std::string> getDeviceNumbers() {
  std::vector<std::string> numbers;
  for (const cuda::TargetRecord &record : cuda::getTargetRecords())
    numbers.push_back(record.getNumber().str());
  return numbers;
}

void CompileFlags::addTo(CLI::App &command) {
  command.add_option("MODEL.onnx", model, "model to compile")->required();
  scheme = getSchemes().front()->name.str();
  command.add_option("--scheme", scheme, "numbers to train with")
      ->check(CLI::IsMember(getSchemeNames()));
  command.add_option("--batch", batch, "examples of a step")
      ->check(CLI::Range(int64_t(1), kMaxBatch));
  command.add_option("--target", target, "processor kind")
      ->check(CLI::IsMember({"cpu", "cuda"}));
  command
      .add_option("--sm", devices,
                  "with --target=cuda: compute capabilities, times ten, that "
                  "there is code for; newer GPUs run that of the next older "
                  "one, but for 90a, which GPUs of 9.0 alone run")
      ->delimiter(',')
      ->check(CLI::IsMember(getDeviceNumbers()));
  command.add_flag("--cubin", machineCode,
                   "with --target=cuda: machine code for exactly these "
                   "capabilities besides PTX, made by ptxas");
  command.add_option("--mcpu", processor,
                     "instruction sets of the trainer: auto (all, chosen at "
                     "start-up), native, or a list of avx512vnni, avxvnni, "
                     "avx512, avx2, baseline");
  command
      .add_option("--loss", loss, "loss function (default: that of the scheme)")
      ->check(CLI::IsMember({"cross-entropy", "sse"}));
  command
      .add_option("--init", init,
                  "initial weights: of the file, or of the scheme")
      ->check(CLI::IsMember({"onnx", "scheme"}));
  command.add_option("--normalize", normalize,
                     "input: none, mnist, cifar10, imagenet or "
                     "MEAN[,...]/STD[,...] of pixels/255");
  command.add_option("--seed", seed, "seed of everything random")
      ->check(checkSeed);
  std::vector<std::string> phases;
  for (const PhaseInfo &phase : getPhases())
    phases.push_back(phase.name.str());
  command.add_option("--emit", emit, "phase to stop at")
      ->check(CLI::IsMember(phases));
  command.add_flag("--memory-report", memoryReport,
                   "print the memory that training will take");
  command.add_flag("--assert-integer,!--no-assert-integer", assertInteger,
                   "prove that no float is left (integer schemes)");
  command.add_flag("--no-microkernels", noMicrokernels,
                   "plain scalar loops: the oracle for fast kernels");
  command.add_flag("--verify-each", verifyEach,
                   "verify the IR after every pass");
  for (const Scheme *entry : getSchemes())
    for (const SchemeOption &option : entry->options) {
      std::string &value = schemeValues[entry->name.str()][option.name.str()];
      value = option.defaultValue.str();
      CLI::Option *flag =
          command.add_option(("--" + entry->name + "-" + option.name).str(),
                             value, option.help.str());
      std::vector<std::string> choices;
      for (llvm::StringRef choice : option.choices)
        choices.push_back(choice.str());
      if (!choices.empty())
        flag->check(CLI::IsMember(choices));
    }
}

llvm::Error CompileFlags::parse(CompileOptions &options) const {
  options.modelPath = model;
  options.batch = batch;
  options.microkernels = !noMicrokernels;
  options.assertInteger = assertInteger;
  options.verifyEach = verifyEach;
  for (const PhaseInfo &phase : getPhases())
    if (phase.name == emit)
      options.emit = phase.phase;
  if (llvm::Error error = parseScheme(options))
    return error;
  if (llvm::Error error = parseNormalize(options))
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
  if (machineCode && !isDevice)
    return llvm::createStringError(
        "option '--cubin': expected --target=cuda, but got --target=" + target);
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
                                   "' is no phase of --target=" + target);
  return llvm::Error::success();
}

llvm::Error CompileFlags::parseScheme(CompileOptions &options) const {
  options.scheme = lookupScheme(scheme);
  options.loss = loss.empty()    ? options.scheme->defaultLoss
                 : loss == "sse" ? qtrain::Loss::SumOfSquares
                                 : qtrain::Loss::CrossEntropy;
  options.schemeRequest.schemeInit = init == "scheme";
  options.schemeRequest.seed = seed;
  for (const auto &[name, value] : schemeValues.at(scheme))
    options.schemeRequest.values[name] = value;
  // Wrong values show before the model is read.
  mlir::OpPassManager unused("builtin.module");
  return options.scheme->addPasses(unused, options.schemeRequest);
}

/// A list of finite numbers.
static bool parseNumbers(llvm::StringRef text, std::vector<double> &numbers) {
  llvm::SmallVector<llvm::StringRef> parts;
  text.split(parts, ',');
  numbers.clear();
  for (llvm::StringRef part : parts) {
    double number;
    if (!llvm::to_float(part.trim(), number) || !std::isfinite(number))
      return false;
    numbers.push_back(number);
  }
  return true;
}

llvm::Error CompileFlags::parseNormalize(CompileOptions &options) const {
  options.normalize = normalize;
  llvm::StringRef text = normalize;
  for (const NamedNormalization &named : kNormalizations)
    if (named.name == text)
      text = named.value;
  auto [mean, std] = text.split('/');
  if (!parseNumbers(mean, options.mean) || !parseNumbers(std, options.std) ||
      options.mean.size() != options.std.size() ||
      llvm::is_contained(options.std, 0.0))
    return llvm::createStringError(
        "option '--normalize': expected none, mnist, cifar10, imagenet or "
        "MEAN[,...]/STD[,...] with as many deviations, none of them 0, but "
        "got '" +
        normalize + "'");
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
  return llvm::Error::success();
}
