//===- NITI.cpp - The NITI scheme -----------------------------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Scheme/NITI/NITI.h"
#include "compiler/Scheme/IntegerRules.h"
#include "compiler/Support/ModelPass.h"
#include "runtime/include/qtcrt/Printable.h"

namespace qtc {
#define GEN_PASS_DEF_APPLYNITI
#include "compiler/Scheme/NITI/NITI.h.inc"
} // namespace qtc

#define DEBUG_TYPE "qtrain-apply-niti"

using namespace mlir;
using namespace qtc;
using namespace qtc::qtrain;

LogicalResult niti::checkRules(ModuleOp module) {
  auto rule = llvm::cantFail(createIntegerRule(*getIntegerOptimizers().front(),
                                               /*settings=*/{}, /*prefix=*/""));
  RewritePatternSet rules(module.getContext()), refusals(module.getContext());
  populateRules(rules, ApplyNITIOptions(), *rule);
  bool hasRules = succeeded(scheme::expectRules(
      module, "niti", std::move(rules), std::move(refusals)));
  bool hasFunctions = succeeded(expectFunctions(module));
  bool hasSums = succeeded(expectSums(module));
  return success(hasRules && hasFunctions && hasSums);
}

namespace {

struct ApplyNITI : qtc::impl::ApplyNITIBase<ApplyNITI> {
  using ApplyNITIBase::ApplyNITIBase;

  FunctionNeeds getNeeds() const override { return getTrainingNeeds(); }

  void runOnModel() override {
    ModuleOp module = getOperation();
    if (weightBits != 8 && weightBits != 16) {
      module.emitError() << "expected 8 or 16 weight bits, but got "
                         << weightBits.getValue();
      return signalPassFailure();
    }
    if (errorBits != 8 && errorBits != 16) {
      module.emitError() << "expected 8 or 16 error bits, but got "
                         << errorBits.getValue();
      return signalPassFailure();
    }
    if (normBits != 8 && normBits != 16) {
      module.emitError() << "expected 8 or 16 bits of normalizations, but got "
                         << normBits.getValue();
      return signalPassFailure();
    }
    int64_t ofOutputs = outputHeadroom == -1 ? headroom : outputHeadroom;
    for (int64_t bits : {headroom.getValue(), ofOutputs})
      if (bits < 0 || bits > niti::kMaxHeadroom) {
        module.emitError() << "expected a headroom from 0 to "
                           << niti::kMaxHeadroom << ", but got " << bits;
        return signalPassFailure();
      }
    std::unique_ptr<IntegerRule> rule = createRule();
    if (!rule || failed(niti::checkRules(module)) ||
        failed(expectTrainingForm(module, "niti")))
      return signalPassFailure();
    ApplyNITIOptions options;
    options.headroom = headroom;
    options.outputHeadroom = ofOutputs;
    options.weightBits = weightBits;
    options.errorBits = errorBits;
    options.normBits = normBits;
    options.schemeInit = schemeInit;
    options.seed = seed;
    options.gradientRounding = gradientRounding;
    options.exponential = exponential;
    llvm::DenseSet<ParameterOp> wide;
    if (normBits == 16)
      wide = niti::widenNormalizations(module);
    if (failed(addRule(*rule, options)) ||
        failed(niti::quantizeParameters(module, options)))
      return signalPassFailure();
    niti::markWideResults(module);

    RewritePatternSet rules(&getContext());
    niti::populateRules(rules, options, *rule);
    auto getCopy = [&](OpBuilder &builder, ParameterOp parameter,
                       Value stored) {
      return wide.contains(parameter) ? stored
                                      : getComputed(builder, parameter, stored);
    };
    if (failed(scheme::applyRules(module, std::move(rules), getCopy)))
      signalPassFailure();
  }

  /// The rule of the optimizer; null, with an error, if there is none.
  std::unique_ptr<IntegerRule> createRule() {
    const Optimizer *found = lookupOptimizer(getIntegerOptimizers(), optimizer);
    if (!found) {
      getOperation().emitError()
          << "expected the name of an optimizer, but got '" << optimizer << "'";
      return nullptr;
    }
    llvm::Expected<std::unique_ptr<IntegerRule>> rule =
        createIntegerRule(*found, *settings, /*prefix=*/"");
    if (rule)
      return std::move(*rule);
    getOperation().emitError() << llvm::toString(rule.takeError());
    return nullptr;
  }

  /// Checks that parameters suit the optimizer and gives them its states.
  LogicalResult addRule(const IntegerRule &rule,
                        const ApplyNITIOptions &options) {
    SymbolTable symbols(getOperation());
    IntegerRule::Need need = rule.getNeed();
    for (func::FuncOp function : getDefinedFunctions(getOperation())) {
      for (UpdateOp op : function.getOps<UpdateOp>()) {
        ParameterOp parameter = scheme::findUpdated(op);
        if (!parameter)
          return op.emitError("expected the name of a parameter");
        unsigned bits = niti::getStoredBits(parameter, options);
        if (bits < need.bits)
          return op.emitError() << "expected parameters of " << need.bits
                                << " bits for " << need.reason << ", but '"
                                << qtcrt::printable(parameter.getTensorName())
                                << "' has " << bits;
        if (!scheme::getLog2Rate(parameter))
          return op.emitError()
                 << "scheme niti expects a factor on the rate that is a power "
                    "of two, but '"
                 << qtcrt::printable(parameter.getTensorName()) << "' has "
                 << spellNumber(parameter.getRate()->convertToDouble());
      }
      if (failed(addStates(rule, function, symbols)))
        return failure();
    }
    return success();
  }

  /// With 16-bit storage, all uses except the update see an 8-bit copy.
  /// Running statistics are used as they are.
  static Value getComputed(OpBuilder &builder, ParameterOp parameter,
                           Value stored) {
    if (scheme::getWidth(stored) == 8 ||
        parameter.getKind() != StateKind::Parameter)
      return stored;
    auto type = cast<ScaledType>(stored.getType());
    Location loc = parameter.getLoc();
    return builder.create<ShiftScaleOp>(loc, type.withWidth(8), stored,
                                        scheme::createInt(builder, loc, 8),
                                        Value(), Rounding::Nearest, /*bits=*/8);
  }
};
} // namespace
