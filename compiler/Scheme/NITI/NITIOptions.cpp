//===- NITIOptions.cpp - Options and registry entry -----------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Scheme/NITI/NITI.h"
#include "runtime/include/qtcrt/abi.h"

#include "llvm/ADT/StringSwitch.h"

using namespace mlir;
using namespace qtc;
using qtrain::Exponential;
using qtrain::Rounding;

static constexpr StringRef kWidths[] = {"8", "16"};
static constexpr StringRef kOutputHeadrooms[] = {"same", "0", "1", "2", "3",
                                                 "4",    "5", "6", "7"};
/// Without the first.
static constexpr llvm::ArrayRef<StringRef>
    kHeadrooms(std::begin(kOutputHeadrooms) + 1, std::end(kOutputHeadrooms));
static constexpr StringRef kRoundings[] = {"pseudo", "stochastic", "nearest"};
static constexpr StringRef kExponentials[] = {"fraction", "paper"};

enum {
  Headroom,
  OutputHeadroom,
  WeightBits,
  ErrorBits,
  NormBits,
  GradRound,
  LossForm
};
static constexpr SchemeOption kOptions[] = {
    {"headroom",
     "1",
     "Bits by which weights can grow beyond their initial maximum",
     {},
     nullptr,
     spellValue},
    {"output-headroom", "same",
     "The same for the layers whose results are the outputs", kOutputHeadrooms,
     /*getEvaluationPart=*/nullptr, /*spell=*/nullptr,
     /*omitsDefault=*/true},
    {"weight-bits", "8",
     "Bits of stored parameters (default: 8, but 16 with --loss=mse, l1 or "
     "huber)",
     kWidths, getWholeValue, /*spell=*/nullptr, /*omitsDefault=*/false,
     /*fittingDefault=*/"16"},
    {"error-bits", "8", "Bits of the errors of layers", kWidths,
     /*getEvaluationPart=*/nullptr, /*spell=*/nullptr, /*omitsDefault=*/true},
    {"norm-bits", "8",
     "Bits that scales and biases of BatchNormalization are computed with",
     kWidths, getWholeValue, /*spell=*/nullptr, /*omitsDefault=*/true},
    {"grad-round", "pseudo", "Rounding of weight gradients", kRoundings},
    {"loss", "fraction", "Form of the power function in the integer softmax",
     kExponentials},
};

static llvm::Error checkOptimizer(const Optimizer &optimizer,
                                  const ApplyNITIOptions &options) {
  llvm::Expected<std::unique_ptr<IntegerRule>> rule =
      createIntegerRule(optimizer, options.settings, "--niti-");
  if (!rule)
    return rule.takeError();
  IntegerRule::Need need = (*rule)->getNeed();
  if (options.weightBits >= need.bits)
    return llvm::Error::success();
  return llvm::createStringError(
      "option '--niti-weight-bits': expected " + llvm::Twine(need.bits) +
      " for " + need.reason + ", but got " + llvm::Twine(options.weightBits));
}

static llvm::Error addPasses(OpPassManager &manager,
                             const SchemeRequest &request) {
  ApplyNITIOptions options;
  if (StringRef(request.get(kOptions[Headroom]))
          .getAsInteger(10, options.headroom) ||
      options.headroom < 0 || options.headroom > niti::kMaxHeadroom)
    return llvm::createStringError(
        "option '--niti-headroom': expected an integer from 0 to 7, but got '" +
        request.get(kOptions[Headroom]) + "'");
  llvm::to_integer(request.get(kOptions[OutputHeadroom]),
                   options.outputHeadroom); // not `same`
  options.weightBits = request.get(kOptions[WeightBits]) == "16" ? 16 : 8;
  options.errorBits = request.get(kOptions[ErrorBits]) == "16" ? 16 : 8;
  options.normBits = request.get(kOptions[NormBits]) == "16" ? 16 : 8;
  const Optimizer &optimizer = *niti::getScheme().getOptimizer(request);
  options.optimizer = optimizer.name.str();
  std::vector<std::string> settings = request.getSettings(optimizer);
  options.settings = settings;
  if (llvm::Error error = checkOptimizer(optimizer, options))
    return error;
  options.gradientRounding =
      llvm::StringSwitch<Rounding>(request.get(kOptions[GradRound]))
          .Case("stochastic", Rounding::Stochastic)
          .Case("nearest", Rounding::Nearest)
          .Default(Rounding::PseudoStochastic);
  options.exponential = request.get(kOptions[LossForm]) == "paper"
                            ? Exponential::Octave
                            : Exponential::Fraction;
  options.schemeInit = request.schemeInit;
  options.seed = request.seed;
  manager.addPass(createApplyNITI(options));
  return llvm::Error::success();
}

static constexpr StringRef kLosses[] = {"cross-entropy", "mse", "l1", "huber",
                                        "bce"};

// docs/schemes/niti.md, section 3, says where the numbers come from.
static constexpr StringRef kBatchNorm[] = {
    "--niti-weight-bits=16",       "--niti-momentum=0.9",
    "--niti-weight-decay=0.0002",  "--niti-error-bits=16",
    "--niti-norm-bits=16",         "--niti-output-headroom=3",
    "--schedule=3,cosine:-5@100%",
};
static constexpr StringRef kPlain[] = {
    "--batch=64",
    "--init=scheme",
    "--schedule=4,3@50%",
    "--average-from=60%",
};
static constexpr Recipe kRecipes[] = {
    {"batchnorm", "networks with BatchNormalization", kBatchNorm,
     /*suitsNormalizations=*/true},
    {"plain", "other convolutional networks", kPlain},
};

const Scheme &niti::getScheme() {
  static const Scheme scheme = {
      "niti",
      "8-bit weights, activations and errors (Wang et al., TPDS 2022)",
      /*isInteger=*/true,
      QTCRT_SCHEDULE_INTEGER,
      /*defaultSchedule=*/"",
      kLosses,
      /*takesNumbers=*/true,
      kOptions,
      addPasses,
      checkRules,
      getIntegerOptimizers(),
      /*anyRate=*/false,
      kWidths,
      kHeadrooms,
      /*addPreparation=*/nullptr,
      kRecipes};
  return scheme;
}
