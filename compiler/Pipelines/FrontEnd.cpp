//===- FrontEnd.cpp - From an imported model to a scheme's numbers --------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Pipelines/FrontEnd.h"

#include "compiler/Pipelines/Pipelines.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/PassManager.h"

using namespace mlir;
using namespace qtc;

llvm::Error qtc::makeReportedError() {
  return llvm::createStringError(std::errc::invalid_argument, "");
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

void qtc::chooseLoss(ModuleOp module, FrontEndOptions &options) {
  if (options.loss)
    return;
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
}

llvm::Error qtc::runFrontEnd(ModuleOp module, const FrontEndOptions &options,
                             bool applyScheme) {
  PassManager manager(module.getContext());
  manager.enableVerifier(options.verifyEach);
  GenerateBackwardOptions backward;
  backward.loss = options.loss->name.str();
  std::vector<std::string> lossOptions = options.lossValues.listSettings();
  backward.lossOptions = lossOptions;
  backward.numberInput = options.numberInput;
  backward.mantissas = options.scheme->isInteger;
  backward.mean = options.mean;
  backward.std = options.std;
  buildBackwardPipeline(manager, backward);
  if (applyScheme)
    if (llvm::Error error = buildSchemePipeline(
            manager, *options.scheme, options.schemeRequest,
            options.assertInteger && options.scheme->isInteger))
      return error;
  return succeeded(manager.run(module)) ? llvm::Error::success()
                                        : makeReportedError();
}

void qtc::checkPartialModel(ModuleOp module, const Scheme &scheme) {
  if (scheme.checkRules)
    (void)scheme.checkRules(module);
}
