//===- WAGE.cpp - The WAGE scheme -----------------------------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Scheme/WAGE/WAGE.h"
#include "compiler/Scheme/IntegerRules.h"
#include "compiler/Support/ModelPass.h"

namespace qtc {
#define GEN_PASS_DEF_APPLYWAGE
#include "compiler/Scheme/WAGE/WAGE.h.inc"
} // namespace qtc

#define DEBUG_TYPE "qtrain-apply-wage"

using namespace mlir;
using namespace qtc;
using namespace qtc::qtrain;

LogicalResult wage::checkRules(ModuleOp module,
                               const ApplyWAGEOptions &options) {
  MLIRContext *context = module.getContext();
  RewritePatternSet rules(context), refusals(context);
  ParameterRoles noRoles;
  populateRules(rules, options, noRoles);
  refusals.add<scheme::Refuse<SumOp>>(
      context, "wage",
      "has no rule to add values or errors of several paths, because it does "
      "not keep their scales");
  refusals.add<scheme::Refuse<AveragePool2DOp>,
               scheme::Refuse<AveragePool2DGradientOp>>(
      context, "wage", "defines maximum pools only");
  refusals.add<scheme::Refuse<PReluOp>, scheme::Refuse<PReluInputGradientOp>,
               scheme::Refuse<PReluSlopeGradientOp>>(
      context, "wage",
      "defines no trained slopes, for which its steps are too large");
  refusals.add<scheme::Refuse<WeighErrorOp>>(
      context, "wage",
      "defines no --label-smoothing, --class-weights and --ignore-index");
  bool hasRules = succeeded(scheme::expectRules(
      module, "wage", std::move(rules), std::move(refusals)));
  return success(succeeded(expectFunctions(module, options)) && hasRules);
}

namespace {
struct ApplyWAGE : qtc::impl::ApplyWAGEBase<ApplyWAGE> {
  using ApplyWAGEBase::ApplyWAGEBase;

  FunctionNeeds getNeeds() const override { return getTrainingNeeds(); }

  void runOnModel() override {
    ModuleOp module = getOperation();
    ApplyWAGEOptions options = getOptions();
    if (failed(checkWidths(options)) ||
        failed(expectTrainingForm(module, "wage")))
      return signalPassFailure();
    // Everything is reported. A tied weight comes first, because the sum of its
    // gradients has no rule either.
    FailureOr<wage::ParameterRoles> roles = wage::findRoles(module);
    bool hasRules = succeeded(wage::checkRules(module, options));
    bool isOrdered = succeeded(wage::checkOrder(module, options));
    if (failed(roles) || !hasRules || !isOrdered ||
        failed(wage::quantizeParameters(module, *roles, options)))
      return signalPassFailure();
    RewritePatternSet rules(&getContext());
    wage::populateRules(rules, options, *roles);
    auto getComputed = [&](OpBuilder &builder, ParameterOp parameter,
                           Value stored) {
      return roles->lookup(parameter).isBias
                 ? stored
                 : roundWeights(builder, parameter, stored, options);
    };
    if (failed(scheme::applyRules(module, std::move(rules), getComputed)))
      signalPassFailure();
  }

  ApplyWAGEOptions getOptions() const {
    ApplyWAGEOptions options;
    options.weightBits = weightBits;
    options.activationBits = activationBits;
    options.storageBits = storageBits;
    options.errorBits = errorBits;
    options.input = input;
    options.weightClip = weightClip;
    options.alpha = alpha;
    options.quantizeLast = quantizeLast;
    options.window = window;
    options.schemeInit = schemeInit;
    options.seed = seed;
    return options;
  }

  LogicalResult checkWidths(const ApplyWAGEOptions &options) {
    auto isIn = [](int64_t value, int64_t low, int64_t high) {
      return low <= value && value <= high;
    };
    if (isIn(options.weightBits, 2, 8) && isIn(options.activationBits, 2, 8) &&
        isIn(options.storageBits, options.weightBits, 16) &&
        isIn(options.errorBits, 2, 16)) {
      if (isIn(options.window, 0, 8))
        return success();
      return getOperation().emitError()
             << "expected a window from 0 to 8, but got " << options.window;
    }
    return getOperation().emitError()
           << "expected kW and kA from 2 to 8, kG from kW to 16 and kE from 2 "
              "to 16, but got "
           << options.weightBits << "-" << options.activationBits << "-"
           << options.storageBits << "-" << options.errorBits;
  }

  /// The weights that a step multiplies with.
  static Value roundWeights(OpBuilder &builder, ParameterOp parameter,
                            Value stored, const ApplyWAGEOptions &options) {
    auto type = cast<ScaledType>(stored.getType());
    Location loc = parameter.getLoc();
    Value shift = scheme::createInt(builder, loc,
                                    options.storageBits - options.weightBits);
    return builder.create<ShiftScaleOp>(loc, type.withWidth(8), stored, shift,
                                        Value(), Rounding::NearestEven,
                                        options.weightBits);
  }
};
} // namespace
