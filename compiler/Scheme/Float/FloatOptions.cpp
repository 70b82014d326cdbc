//===- FloatOptions.cpp - The fp32 scheme and its options -----------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Scheme/Float/Float.h"
#include "runtime/include/qtcrt/abi.h"

using namespace mlir;
using namespace qtc;

static llvm::Error addPasses(OpPassManager &manager,
                             const SchemeRequest &request) {
  const Optimizer &optimizer = *fp32::getScheme().getOptimizer(request);
  SmallVector<std::string> settings;
  for (const SchemeOption &option : optimizer.options)
    settings.push_back((option.name + "=" + request.get(option)).str());
  if (llvm::Error error =
          createUpdateRule(optimizer, settings, "--fp32-").takeError())
    return error;
  ApplyFloatOptions options;
  options.optimizer = optimizer.name.str();
  options.settings = settings;
  options.schemeInit = request.schemeInit;
  options.seed = request.seed;
  manager.addPass(createApplyFloat(options));
  return llvm::Error::success();
}

static constexpr StringRef kLosses[] = {"cross-entropy", "sse", "mse", "l1",
                                        "huber",         "bce"};

const Scheme &fp32::getScheme() {
  static const Scheme scheme = {
      "fp32",
      "floats and common optimizers, to compare integers with",
      /*isInteger=*/false,
      QTCRT_SCHEDULE_FLOAT,
      /*defaultSchedule=*/"",
      kLosses,
      /*takesNumbers=*/true,
      /*options=*/{},
      addPasses,
      /*checkRules=*/nullptr,
      getOptimizers()};
  return scheme;
}
