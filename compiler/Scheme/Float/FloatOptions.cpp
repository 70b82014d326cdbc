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
  ApplyFloatOptions options;
  options.optimizer = optimizer.name.str();
  std::vector<std::string> settings = request.getSettings(optimizer);
  options.settings = settings;
  if (llvm::Error error =
          createFloatRule(optimizer, options.settings, "--fp32-").takeError())
    return error;
  options.schemeInit = request.schemeInit;
  options.seed = request.seed;
  manager.addPass(createApplyFloat(options));
  return llvm::Error::success();
}

static constexpr StringRef kLosses[] = {"cross-entropy", "sse", "mse", "l1",
                                        "huber",         "bce"};

// He et al., "Deep Residual Learning for Image Recognition", CVPR 2016, section
// 4.2, with Nesterov's momentum and a cosine.
static constexpr StringRef kBatchNorm[] = {
    "--fp32-momentum=0.9", "--fp32-nesterov=on", "--fp32-weight-decay=0.0005",
    "--schedule=0.1,cosine:0@100%"};
static constexpr Recipe kRecipes[] = {
    {"batchnorm", "networks with BatchNormalization", kBatchNorm,
     /*suitsNormalizations=*/true}};

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
      getFloatOptimizers(),
      /*anyRate=*/true,
      /*weightBits=*/{},
      /*headrooms=*/{},
      /*addPreparation=*/nullptr,
      kRecipes};
  return scheme;
}
