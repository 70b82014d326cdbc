//===- FrontEnd.cpp - From an imported model to a scheme's numbers --------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Pipelines/FrontEnd.h"

#include "compiler/Pipelines/Pipelines.h"

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

std::optional<bool> qtc::expectsClasses(const FrontEndOptions &options) {
  if (options.loss)
    return options.loss->takesClasses;
  if (findLossOfNumbers(*options.scheme))
    return std::nullopt;
  return lookupLoss(options.scheme->losses.front())->takesClasses;
}

/// Lets defaults of the scheme follow the loss, and says which do.
static void followLoss(ModuleOp module, FrontEndOptions &options) {
  SchemeRequest &request = options.schemeRequest;
  request.fitsNumbers = options.loss->fitsNumbers();
  for (const SchemeOption &option : options.scheme->getOptions(request))
    if (request.fitsNumbers && !option.fittingDefault.empty() &&
        !request.values.contains(option.name))
      module.emitRemark() << "the default of --" << options.scheme->name << "-"
                          << option.name << " is " << option.fittingDefault
                          << ", because the loss is " << options.loss->name;
}

void qtc::chooseLoss(ModuleOp module, FrontEndOptions &options) {
  if (options.loss)
    return followLoss(module, options);
  const Scheme &scheme = *options.scheme;
  auto forward = module.lookupSymbol<func::FuncOp>("forward");
  Operation *end = forward.getBody().front().getTerminator();
  const Loss *chosen = nullptr;
  StringRef reason = "ends in a function that is part of it";
  for (StringRef name : scheme.losses)
    if (!chosen && findLink(*lookupLoss(name), end->getOpOperand(0)))
      chosen = lookupLoss(name);
  if (!chosen && qtrain::getShape(end->getOperand(0)).back() == 1) {
    chosen = findLossOfNumbers(scheme);
    reason = "gives one number for each example";
  }
  if (chosen)
    end->emitRemark() << "the loss is " << chosen->name
                      << ", because the model " << reason
                      << "; --loss sets another";
  options.loss = chosen ? chosen : lookupLoss(scheme.losses.front());
  options.lossValues = getDefaultValues(*options.loss);
  followLoss(module, options);
}

onnx_import::ImportOptions qtc::getImportOptions(const FrontEndOptions &options,
                                                 int64_t batch) {
  onnx_import::ImportOptions result;
  result.batch = batch;
  result.hasClasses = expectsClasses(options);
  result.classAxis = options.classAxis;
  result.output = options.output;
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
  backward.loss = options.loss->name.str();
  std::vector<std::string> lossOptions = options.lossValues.listSettings();
  backward.lossOptions = lossOptions;
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
