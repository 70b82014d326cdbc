//===- FloatOptions.cpp - The fp32 scheme and its options -----------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Scheme/Float/Float.h"
#include "runtime/include/qtcrt/abi.h"

#include "llvm/ADT/StringExtras.h"

#include <limits>

using namespace mlir;
using namespace qtc;

enum { Momentum, WeightDecay };
static constexpr SchemeOption kOptions[] = {
    {"momentum", "0.9", "Momentum, from 0 to below 1", {}, nullptr, spellValue},
    {"weight-decay",
     "0",
     "Weight decay of all parameters",
     {},
     nullptr,
     spellValue},
};

/// The value of `option` in [0, limit); an error says `range`.
static llvm::Error readNumber(const SchemeRequest &request,
                              const SchemeOption &option, double limit,
                              llvm::StringRef range, double &number) {
  std::string text = request.get(option);
  if (llvm::to_float(text, number) && number >= 0.0 && number < limit)
    return llvm::Error::success();
  return llvm::createStringError("option '--fp32-" + option.name +
                                 "': expected a number " + range +
                                 ", but got '" + text + "'");
}

static llvm::Error addPasses(OpPassManager &manager,
                             const SchemeRequest &request) {
  ApplyFloatOptions options;
  if (llvm::Error error = readNumber(request, kOptions[Momentum], 1.0,
                                     "from 0 to below 1", options.momentum))
    return error;
  if (llvm::Error error = readNumber(
          request, kOptions[WeightDecay], std::numeric_limits<float>::max(),
          "from 0 to below 3.4e38", options.weightDecay))
    return error;
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
      "floats and stochastic gradient descent, to compare integers with",
      /*isInteger=*/false,
      QTCRT_SCHEDULE_FLOAT,
      "0.05,0.005@60%,0.0005@90%",
      kLosses,
      /*takesNumbers=*/true,
      kOptions,
      addPasses};
  return scheme;
}
