//===- FrontEnd.cpp - From an imported model to a scheme's numbers --------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Pipelines/FrontEnd.h"

#include "compiler/Pipelines/Pipelines.h"
#include "runtime/include/qtcrt/Printable.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/AsmState.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Support/Timing.h"
#include "llvm/ADT/StringExtras.h"

#include <mutex>

using namespace mlir;
using namespace qtc;

llvm::Error qtc::makeReportedError() {
  return llvm::createStringError(std::errc::invalid_argument, "");
}

/// Indexed by InputKind.
static constexpr llvm::StringLiteral kInputKinds[] = {"pixels", "float32",
                                                      "indices"};

llvm::StringRef qtc::stringifyInputKind(InputKind kind) {
  return kInputKinds[static_cast<size_t>(kind)];
}

std::vector<std::string> qtc::getInputKindNames() {
  return {std::begin(kInputKinds), std::end(kInputKinds)};
}

std::string qtc::spellInputs(llvm::ArrayRef<InputKind> kinds) {
  return llvm::join(llvm::map_range(kinds, stringifyInputKind), ",");
}

/// The first loss of numbers that `scheme` defines, or null.
static const Loss *findLossOfNumbers(const Scheme &scheme) {
  for (StringRef name : scheme.losses)
    if (!lookupLoss(name)->takesClasses)
      return lookupLoss(name);
  return nullptr;
}

/// Whether an output is scores of classes; nothing if its end decides.
static std::optional<bool> expectsClasses(const Scheme &scheme,
                                          const TrainedOutput &output) {
  if (output.loss)
    return output.loss->takesClasses;
  if (findLossOfNumbers(scheme))
    return std::nullopt;
  return lookupLoss(scheme.losses.front())->takesClasses;
}

/// Lets defaults of the scheme follow the losses, and says which do.
static void followLosses(ModuleOp module, FrontEndOptions &options) {
  SchemeRequest &request = options.schemeRequest;
  auto fitting =
      llvm::find_if(options.outputs, [](const TrainedOutput &output) {
        return output.loss->fitsNumbers();
      });
  request.fitsNumbers = fitting != options.outputs.end();
  for (const SchemeOption &option : options.scheme->getOptions(request))
    if (request.fitsNumbers && !option.fittingDefault.empty() &&
        !request.values.contains(option.name))
      module.emitRemark() << "the default of --" << options.scheme->name << "-"
                          << option.name << " is " << option.fittingDefault
                          << ", because the loss is " << fitting->loss->name;
}

/// Chooses the loss of result `index` of `forward`, if it is not given.
static void chooseLoss(func::FuncOp forward, unsigned index,
                       FrontEndOptions &options) {
  TrainedOutput &output = options.outputs[index];
  if (output.loss)
    return;
  const Scheme &scheme = *options.scheme;
  Operation *end = forward.getBody().front().getTerminator();
  const Loss *chosen = nullptr;
  StringRef reason = "ends in a function that is part of it";
  for (StringRef name : scheme.losses)
    if (!chosen && findLink(*lookupLoss(name), end->getOpOperand(index)))
      chosen = lookupLoss(name);
  if (!chosen && qtrain::getShape(end->getOperand(index)).back() == 1) {
    chosen = findLossOfNumbers(scheme);
    reason = "gives one number for each example";
  }
  bool isOnly = options.outputs.size() == 1;
  if (chosen)
    end->emitRemark() << "the loss "
                      << (isOnly ? "is "
                                 : "of output '" +
                                       qtcrt::printable(output.name) + "' is ")
                      << chosen->name << ", because "
                      << (isOnly ? "the model " : "it ") << reason << "; "
                      << (isOnly ? "--loss" : "--output") << " sets another";
  output.setLoss(chosen ? *chosen : *lookupLoss(scheme.losses.front()));
}

void qtc::chooseLosses(ModuleOp module, FrontEndOptions &options) {
  auto forward = module.lookupSymbol<func::FuncOp>(onnx_import::kForwardName);
  for (unsigned i = 0; i < options.outputs.size(); ++i)
    chooseLoss(forward, i, options);
  followLosses(module, options);
}

void qtc::recommendRecipe(ModuleOp module, const FrontEndOptions &options) {
  const auto *recipe =
      llvm::find_if(options.scheme->recipes, [](const Recipe &known) {
        return known.suitsNormalizations;
      });
  if (!options.recommendsRecipe || recipe == options.scheme->recipes.end())
    return;
  auto isNormalization = [](qtrain::BatchNormTrainingOp) {
    return WalkResult::interrupt();
  };
  if (module.walk(isNormalization).wasInterrupted())
    module.emitRemark() << recipe->networks
                        << " train better with --recipe=" << recipe->name
                        << " than with default options";
}

onnx_import::ImportOptions qtc::getImportOptions(const FrontEndOptions &options,
                                                 int64_t batch) {
  onnx_import::ImportOptions result;
  result.batch = batch;
  result.classAxis = options.classAxis;
  result.outputs.clear();
  for (const TrainedOutput &output : options.outputs)
    result.outputs.push_back(
        {output.name, expectsClasses(*options.scheme, output)});
  return result;
}

/// The positions of the inputs that are numbers.
static SmallVector<int64_t> findNumberInputs(ModuleOp module,
                                             const FrontEndOptions &options) {
  SmallVector<int64_t> positions;
  auto forward = module.lookupSymbol<func::FuncOp>(onnx_import::kForwardName);
  bool isOnePerInput = options.inputs.size() > 1;
  for (size_t i = 0, e = getInputs(forward).size(); i < e; ++i)
    if (options.inputs[isOnePerInput ? i : 0] == InputKind::Numbers)
      positions.push_back(i);
  return positions;
}

void qtc::registerMLIROptions() {
  // Variants are compiled in threads.
  static std::once_flag once;
  std::call_once(once, [] {
    registerAsmPrinterCLOptions();
    registerMLIRContextCLOptions();
    registerPassManagerCLOptions();
    registerDefaultTimingManagerCLOptions();
  });
}

LogicalResult qtc::runPasses(PassManager &manager, ModuleOp module,
                             bool verifyEach) {
  registerMLIROptions(); // or they could not be applied
  manager.enableVerifier(verifyEach);
  if (failed(applyPassManagerCLOptions(manager)))
    return failure();
  applyDefaultTimingPassManagerCLOptions(manager);
  return manager.run(module);
}

llvm::Error qtc::runFrontEnd(ModuleOp module, const FrontEndOptions &options,
                             bool applyScheme) {
  PassManager manager(module.getContext());
  GenerateBackwardOptions backward;
  std::vector<std::string> losses, lossOptions;
  std::vector<double> weights;
  for (const TrainedOutput &output : options.outputs) {
    losses.push_back(output.loss->name.str());
    weights.push_back(output.weight);
    // Losses that share an option have the same value of it.
    for (std::string &setting : output.lossValues.listSettings())
      if (!llvm::is_contained(lossOptions, setting))
        lossOptions.push_back(std::move(setting));
  }
  backward.losses = losses;
  backward.lossOptions = lossOptions;
  backward.lossWeights = weights;
  SmallVector<int64_t> numbers = findNumberInputs(module, options);
  backward.numberInputs = numbers;
  backward.mantissas = options.scheme->isInteger;
  backward.mean = options.mean;
  backward.std = options.std;
  buildBackwardPipeline(manager, *options.scheme, backward);
  if (applyScheme)
    if (llvm::Error error = buildSchemePipeline(
            manager, *options.scheme, options.schemeRequest,
            options.assertInteger && options.scheme->isInteger))
      return error;
  return succeeded(runPasses(manager, module, options.verifyEach))
             ? llvm::Error::success()
             : makeReportedError();
}

void qtc::checkPartialModel(ModuleOp module, const Scheme &scheme) {
  if (scheme.checkRules)
    (void)scheme.checkRules(module);
}
