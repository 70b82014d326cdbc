//===- WAGEOptions.cpp - Options and registry entry -----------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Scheme/WAGE/WAGE.h"
#include "compiler/Transforms/HoistPools/HoistPools.h"
#include "runtime/include/qtcrt/abi.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"

using namespace mlir;
using namespace qtc;
using wage::InputForm;
using wage::Source;

static constexpr StringRef kInputs[] = {"auto", "head", "c17", "mnist"};
static constexpr StringRef kSources[] = {"code", "paper"};
static constexpr StringRef kLastLayers[] = {"exact", "quantized"};
static constexpr StringRef kWindows[] = {"1", "2", "4", "8"};

/// Evaluation computes no errors: `2-8-8` of `2-8-8-8`.
static StringRef dropErrorBits(StringRef bits) {
  return bits.rsplit('-').first;
}

/// `2-8-8-8` of `02-8-08-8`.
static std::string spellBits(StringRef bits) {
  SmallVector<StringRef, 4> parts;
  bits.split(parts, '-');
  return llvm::join(llvm::map_range(parts, spellValue), "-");
}

enum { Bits, Input, WeightClip, Alpha, LastLayer, Gamma };
static constexpr SchemeOption kOptions[] = {
    {"bits",
     "2-8-8-8",
     "Widths kW-kA-kG-kE of weights, activations, gradients and errors",
     {},
     dropErrorBits,
     spellBits},
    {"input", "auto",
     "How pixels become activations: head (p/127.5 - 1), c17 (p/128 - 1), "
     "mnist "
     "(p/256), auto (mnist for one channel, else head)",
     kInputs, getWholeValue},
    {"weight-clip", "code",
     "Range of stored weights: that of kW (code) or kG bits (paper)", kSources},
    {"alpha", "code",
     "Divisor of activations, from sqrt(3/n) (code) or sqrt(6/n) (paper)",
     kSources, getWholeValue},
    {"last-layer", "exact", "Whether the output of the last layer is quantized",
     kLastLayers, getWholeValue},
    {"gamma", "1", "Factor of errors before they are clipped", kWindows},
};

/// Reads `2-8-8-8`; false if the text has another form.
static bool parseBits(StringRef text, ApplyWAGEOptions &options) {
  SmallVector<StringRef, 4> parts;
  text.split(parts, '-');
  int64_t *widths[] = {&options.weightBits, &options.activationBits,
                       &options.storageBits, &options.errorBits};
  if (parts.size() != std::size(widths))
    return false;
  for (auto [part, width] : llvm::zip_equal(parts, widths))
    if (part.getAsInteger(10, *width) || *width < 2 || *width > 16)
      return false;
  return options.weightBits <= 8 && options.activationBits <= 8 &&
         options.storageBits >= options.weightBits;
}

static Source parseSource(const SchemeRequest &request,
                          const SchemeOption &option) {
  return request.get(option) == "paper" ? Source::Paper : Source::Code;
}

static llvm::Error addPasses(OpPassManager &manager,
                             const SchemeRequest &request) {
  ApplyWAGEOptions options;
  std::string bits = request.get(kOptions[Bits]);
  if (!parseBits(bits, options))
    return llvm::createStringError(
        "option '--wage-bits': expected kW-kA-kG-kE such as 2-8-8-8, kW and kA "
        "from 2 to 8, kG from kW to 16, kE from 2 to 16, but got '" +
        bits + "'");
  options.input = llvm::StringSwitch<InputForm>(request.get(kOptions[Input]))
                      .Case("head", InputForm::Head)
                      .Case("c17", InputForm::C17)
                      .Case("mnist", InputForm::MNIST)
                      .Default(InputForm::Auto);
  options.weightClip = parseSource(request, kOptions[WeightClip]);
  options.alpha = parseSource(request, kOptions[Alpha]);
  options.quantizeLast = request.get(kOptions[LastLayer]) == "quantized";
  options.window = llvm::StringSwitch<int64_t>(request.get(kOptions[Gamma]))
                       .Case("2", 1)
                       .Case("4", 2)
                       .Case("8", 3)
                       .Default(0);
  options.schemeInit = request.schemeInit;
  options.seed = request.seed;
  manager.addPass(createApplyWAGE(options));
  return llvm::Error::success();
}

static void addPreparation(OpPassManager &manager) {
  manager.addNestedPass<func::FuncOp>(createHoistPools());
}

static constexpr StringRef kLosses[] = {"sse", "cross-entropy"};

const Scheme &wage::getScheme() {
  static const Scheme scheme = {
      "wage",
      "ternary weights, 8-bit everything else (Wu et al., ICLR 2018)",
      /*isInteger=*/true,
      QTCRT_SCHEDULE_LOG2,
      "8,1@67%,1/8@83%",
      kLosses,
      /*takesNumbers=*/false,
      kOptions,
      addPasses,
      [](ModuleOp module) { return checkRules(module, ApplyWAGEOptions()); },
      /*optimizers=*/{},
      /*anyRate=*/false,
      /*weightBits=*/{},
      /*headrooms=*/{},
      addPreparation};
  return scheme;
}
