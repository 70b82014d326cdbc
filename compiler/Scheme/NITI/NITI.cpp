//===- NITI.cpp - The NITI scheme -----------------------------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Scheme/NITI/NITI.h"

#include "mlir/Transforms/DialectConversion.h"
#include "llvm/ADT/STLExtras.h"

namespace qtc {
#define GEN_PASS_DEF_APPLYNITI
#include "compiler/Scheme/NITI/NITI.h.inc"
} // namespace qtc

#define DEBUG_TYPE "qtrain-apply-niti"

using namespace mlir;
using namespace qtc;
using namespace qtc::qtrain;

namespace {

bool isFloat(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  return tensor && isa<FloatType>(tensor.getElementType());
}

struct ApplyNITI : qtc::impl::ApplyNITIBase<ApplyNITI> {
  using ApplyNITIBase::ApplyNITIBase;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    if (weightBits != 8 && weightBits != 16) {
      module.emitError() << "expected 8 or 16 weight bits, but got "
                         << weightBits.getValue();
      return signalPassFailure();
    }
    WalkResult search = module.walk([](Operation *op) {
      std::string reason = niti::explainMissingRule(op);
      if (reason.empty())
        return WalkResult::advance();
      op->emitError(reason);
      return WalkResult::interrupt();
    });
    if (search.wasInterrupted())
      return signalPassFailure();
    ApplyNITIOptions options;
    options.headroom = headroom;
    options.weightBits = weightBits;
    options.schemeInit = schemeInit;
    options.seed = seed;
    options.gradientRounding = gradientRounding;
    options.exponential = exponential;
    if (failed(niti::quantizeParameters(module, options)))
      return signalPassFailure();

    RewritePatternSet patterns(&getContext());
    niti::populateRules(patterns, options);
    FrozenRewritePatternSet rules(std::move(patterns));
    SymbolTable symbols(module);
    for (auto function : module.getOps<func::FuncOp>())
      if (failed(convert(function, symbols, rules)))
        return signalPassFailure();
  }

  LogicalResult convert(func::FuncOp function, SymbolTable &symbols,
                        const FrozenRewritePatternSet &rules) {
    composeParameters(function, symbols);
    ConversionTarget target(getContext());
    target.addLegalDialect<arith::ArithDialect>();
    auto isInteger = [](Operation *op) {
      return llvm::none_of(op->getOperandTypes(), isFloat) &&
             llvm::none_of(op->getResultTypes(), isFloat);
    };
    target.addDynamicallyLegalDialect<QTrainDialect>(isInteger);
    target.addDynamicallyLegalOp<func::ReturnOp>(isInteger);
    if (failed(applyPartialConversion(function, target, rules)))
      return failure();
    updateType(function);
    return success();
  }

  /// Makes arguments that stand for parameters mantissas, and of them scaled
  /// values. With 16-bit storage all but the update see an 8-bit copy.
  void composeParameters(func::FuncOp function, SymbolTable &symbols) {
    OpBuilder builder(&getContext());
    builder.setInsertionPointToStart(&function.getBody().front());
    for (BlockArgument argument : function.getArguments()) {
      auto symbol = function.getArgAttrOfType<FlatSymbolRefAttr>(
          argument.getArgNumber(), QTrainDialect::kParameterAttrName);
      if (!symbol)
        continue;
      auto parameter = symbols.lookup<ParameterOp>(symbol.getValue());
      auto type = cast<RankedTensorType>(parameter.getValue().getType());
      Location loc = parameter.getLoc();
      SmallVector<OpOperand *> uses;
      for (OpOperand &use : argument.getUses())
        uses.push_back(&use);
      argument.setType(type);
      Value exponent = builder.create<arith::ConstantIntOp>(
          loc, static_cast<int64_t>(*parameter.getExponent()), 32);
      Value stored = builder.create<ComposeOp>(
          loc, ScaledType::get(&getContext(), type), argument, exponent);
      Value computed = stored;
      if (type.getElementTypeBitWidth() == 16)
        computed = builder.create<ShiftScaleOp>(
            loc, cast<ScaledType>(stored.getType()).withWidth(8), stored,
            builder.create<arith::ConstantIntOp>(loc, 8, 32), Value(),
            Rounding::Nearest, /*bits=*/8);
      for (OpOperand *use : uses)
        use->set(isa<UpdateOp>(use->getOwner()) ? stored : computed);
    }
  }

  void updateType(func::FuncOp function) {
    Operation *terminator = function.getBody().front().getTerminator();
    SmallVector<Attribute> attributes;
    if (ArrayAttr old = function.getAllResultAttrs())
      attributes.assign(old.begin(), old.end());
    else
      attributes.assign(function.getNumResults(),
                        DictionaryAttr::get(&getContext()));
    // The exponent of the logits follows them.
    attributes.insert(attributes.begin() + 1,
                      DictionaryAttr::get(&getContext()));
    function.setType(FunctionType::get(
        &getContext(), function.getBody().front().getArgumentTypes(),
        terminator->getOperandTypes()));
    function.setAllResultAttrs(attributes);
  }
};
} // namespace
