//===- FrontEnd.cpp - From an imported model to a scheme's numbers --------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Pipelines/FrontEnd.h"

#include "compiler/Pipelines/Pipelines.h"

#include "mlir/Pass/PassManager.h"

using namespace mlir;
using namespace qtc;

llvm::Error qtc::makeReportedError() {
  return llvm::createStringError(std::errc::invalid_argument, "");
}

llvm::Error qtc::runFrontEnd(ModuleOp module, const FrontEndOptions &options,
                             bool applyScheme) {
  PassManager manager(module.getContext());
  manager.enableVerifier(options.verifyEach);
  GenerateBackwardOptions backward;
  backward.loss = options.loss->name.str();
  backward.lossDelta = options.lossDelta;
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
