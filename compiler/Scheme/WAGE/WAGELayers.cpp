//===- WAGELayers.cpp - Layers and their constants ------------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Scheme/SchemeSupport.h"
#include "compiler/Scheme/WAGE/WAGE.h"
#include "compiler/Support/Rewriting.h"
#include "runtime/include/qtcrt/Printable.h"

#include "llvm/ADT/DenseSet.h"
#include "llvm/Support/MathExtras.h"

#include <algorithm>

using namespace mlir;
using namespace qtc;
using namespace qtc::qtrain;
using wage::ParameterRole;
using wage::ParameterRoles;
using wage::Source;

int64_t wage::getLimit(int64_t bits) { return llvm::maxIntN(bits); }

int64_t wage::getWeightLimit(const ApplyWAGEOptions &options) {
  if (options.weightClip == Source::Paper)
    return getLimit(options.storageBits);
  return getLimit(options.weightBits)
         << (options.storageBits - options.weightBits);
}

/// The operation that the elements of `value` come from, through the bias of a
/// layer and operations that only select elements; null for an argument.
static Operation *findOrigin(Value value) {
  Operation *op = value.getDefiningOp();
  while (selectsElements(op) || isa_and_nonnull<BiasAddOp>(op))
    op = op->getOperand(0).getDefiningOp();
  return op;
}

ContractionOpInterface wage::findLayer(Value value) {
  Operation *op = findOrigin(value);
  return isa_and_nonnull<LayerOpInterface>(op)
             ? cast<ContractionOpInterface>(op)
             : ContractionOpInterface();
}

int64_t wage::getInitFactor(const ApplyWAGEOptions &options) {
  return options.alpha == Source::Paper ? 6 : 3;
}

/// α is 1.5 · 2^(1 − kW) / sqrt(f / n), rounded to a power of two, at least 1.
/// round(log2 α) is floor(log2(2 α²) / 2), and 2 α² = 18 / f · n · 4^−kW.
int64_t wage::getLog2Alpha(ContractionOpInterface layer,
                           const ApplyWAGEOptions &options) {
  int64_t octaves =
      llvm::Log2_64(18 / getInitFactor(options) * layer.getReductionLength());
  return std::max<int64_t>(0, (octaves - 2 * options.weightBits) >> 1);
}

int64_t wage::getActivationShift(ContractionOpInterface layer,
                                 const ApplyWAGEOptions &options) {
  return options.weightBits - 1 + getLog2Alpha(layer, options);
}

LogicalResult wage::checkOrder(ModuleOp module,
                               const ApplyWAGEOptions &options) {
  RewritePatternSet patterns(module.getContext());
  ParameterRoles noRoles;
  populateRules(patterns, options, noRoles);
  FrozenRewritePatternSet rules(std::move(patterns));
  // Functions repeat the operations of a node.
  DenseSet<Location> reported;
  auto report = [&](Operation *op, StringRef message) {
    if (reported.insert(op->getLoc()).second)
      op->emitError() << "scheme wage " << message;
  };
  // Anything may follow an operator that the scheme does not define.
  auto hasNoLayer = [&](Value value) {
    Operation *origin = findOrigin(value);
    return !origin ||
           (hasPattern(rules, origin) && !isa<ContractionOpInterface>(origin));
  };
  auto check = [&](Operation *op) {
    if (isa<LayerOpInterface>(op) && findLayer(op->getOperand(0)))
      report(op, "quantizes after activation functions; expected one before "
                 "this layer");
    auto bias = dyn_cast<BiasAddOp>(op);
    if (bias && hasNoLayer(bias.getInput()))
      report(op, "expects a bias after a convolution or a linear layer");
    auto gradient = dyn_cast<ReluGradientOp>(op);
    auto unit =
        gradient ? gradient.getOutput().getDefiningOp<ReluOp>() : ReluOp();
    if (unit && hasNoLayer(unit.getInput()))
      report(op, "expects a convolution or a linear layer before a rectified "
                 "linear unit");
    if (isa<ElementwiseOp>(op) && hasNoLayer(op->getOperand(0)))
      report(op,
             "expects a convolution or a linear layer before this function");
  };
  for (func::FuncOp function : getDefinedFunctions(module))
    function.walk(check);
  return success(reported.empty());
}

/// Records the role that `op`, a layer or a bias, gives to `parameter`.
static LogicalResult addRole(ParameterRoles &roles, Operation *op,
                             ParameterOp parameter, ParameterRole role) {
  if (!parameter)
    return op->emitError("scheme wage expects weights and biases that are "
                         "parameters of the model");
  auto [entry, isNew] = roles.insert({parameter, role});
  if (isNew)
    return success();
  InFlightDiagnostic diagnostic =
      op->emitError() << "parameter '"
                      << qtcrt::printable(parameter.getTensorName())
                      << "' is used by several nodes, which scheme wage does "
                         "not define; give every node its own initializer";
  if (ContractionOpInterface layer = entry->second.layer)
    diagnostic.attachNote(layer.getLoc()) << "another use is here";
  return failure();
}

FailureOr<ParameterRoles> wage::findRoles(ModuleOp module) {
  ParameterRoles roles;
  // Every function has the whole forward pass.
  auto function =
      module.lookupSymbol<func::FuncOp>(QTrainDialect::kTrainStepName);
  auto defined = getDefinedFunctions(module);
  if ((!function || function.isExternal()) && !defined.empty())
    function = *defined.begin();
  if (!function || function.isExternal())
    return roles;
  SymbolTable symbols(module);
  bool areClear = true;
  auto add = [&](Operation *op, Value value, ParameterRole role) {
    ParameterOp parameter = findParameter(function, symbols, value);
    areClear &= succeeded(addRole(roles, op, parameter, role));
  };
  function.walk([&](LayerOpInterface op) {
    add(op, op.getWeight(), {cast<ContractionOpInterface>(op.getOperation())});
  });
  function.walk([&](BiasAddOp op) {
    add(op, op.getBias(), {findLayer(op.getInput()), /*isBias=*/true});
  });
  if (!areClear)
    return failure();
  return roles;
}
