//===- SchemeSupport.cpp - Functions that schemes share -------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Scheme/SchemeSupport.h"
#include "runtime/include/qtcrt/Printable.h"

#include <algorithm>

using namespace mlir;
using namespace qtc;
using namespace qtc::qtrain;

Value qtc::findArgument(Operation *op, Role role) {
  auto function = op->getParentOfType<func::FuncOp>();
  if (!function)
    return Value();
  for (BlockArgument argument : function.getArguments())
    if (getRole(function, argument.getArgNumber()) == role)
      return argument;
  return Value();
}

ParameterOp qtc::findParameter(func::FuncOp function,
                               const SymbolTable &symbols, Value value) {
  while (Operation *op = value.getDefiningOp()) {
    if (!onlyMovesElements(op))
      return nullptr;
    value = op->getOperand(0);
  }
  auto argument = cast<BlockArgument>(value);
  if (argument.getOwner() != &function.getBody().front())
    return nullptr;
  auto symbol = function.getArgAttrOfType<FlatSymbolRefAttr>(
      argument.getArgNumber(), QTrainDialect::kParameterAttrName);
  return symbol ? symbols.lookup<ParameterOp>(symbol.getValue()) : nullptr;
}

static bool isFloatTensor(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  return tensor && isa<FloatType>(tensor.getElementType());
}

/// Checks that the floats of `op` come from and go to operations that schemes
/// know.
static LogicalResult expectKnownOperation(Operation *op, StringRef scheme) {
  auto hasFloats = [](TypeRange types) {
    return llvm::any_of(types, isFloatTensor);
  };
  for (TypeRange types :
       {TypeRange(op->getOperandTypes()), TypeRange(op->getResultTypes())})
    for (Type type : types)
      if (isScaled(type))
        return op->emitError()
               << "scheme " << scheme
               << " expects a module of floats, but got type " << type;
  if (isa_and_nonnull<QTrainDialect>(op->getDialect()) ||
      isa<func::ReturnOp>(op) ||
      (!hasFloats(op->getOperandTypes()) && !hasFloats(op->getResultTypes())))
    return success();
  return op->emitError() << "scheme " << scheme
                         << " expects operations of qtrain on float tensors, "
                            "but got '"
                         << qtcrt::printable(op->getName().getStringRef())
                         << "'";
}

/// Checks that arguments marked by a parameter have its type, and that there
/// are no other float arguments, except inputs with `hasFloatInputs`.
static LogicalResult expectParameters(func::FuncOp function,
                                      const SymbolTable &symbols,
                                      StringRef scheme, bool hasFloatInputs) {
  for (BlockArgument argument : function.getArguments()) {
    auto symbol = function.getArgAttrOfType<FlatSymbolRefAttr>(
        argument.getArgNumber(), QTrainDialect::kParameterAttrName);
    auto parameter =
        symbol ? symbols.lookup<ParameterOp>(symbol.getValue()) : ParameterOp();
    bool isInput = hasFloatInputs && getRole(function, argument.getArgNumber());
    if (symbol || (isFloatTensor(argument.getType()) && !isInput))
      if (!parameter || parameter.getValue().getType() != argument.getType())
        return function.emitError()
               << "scheme " << scheme << " expects argument "
               << argument.getArgNumber() << " of type " << argument.getType()
               << " to be marked by a parameter of this type";
  }
  return success();
}

LogicalResult qtc::expectTrainingForm(ModuleOp module, StringRef scheme,
                                      bool hasFloatInputs) {
  SymbolTable symbols(module);
  for (func::FuncOp function : getDefinedFunctions(module)) {
    if (failed(expectParameters(function, symbols, scheme, hasFloatInputs)))
      return failure();
    if (function.getNumResults() == 0 ||
        !llvm::all_of(function.getResultTypes(), isFloatTensor))
      return function.emitError()
             << "scheme " << scheme
             << " expects functions to return float tensors, the logits first";
    for (Operation &op : function.getBody().front())
      if (failed(expectKnownOperation(&op, scheme)))
        return failure();
  }
  return success();
}

std::vector<double> qtc::tabulatePixels(NormalizeOp op) {
  constexpr int bytes = 256;
  double divisor = op.getDivisor().convertToDouble();
  size_t rows = std::max(op.getMean().size(), op.getStd().size());
  std::vector<double> values;
  for (size_t row = 0; row < rows; ++row) {
    double mean = op.getMean()[op.getMean().size() == 1 ? 0 : row];
    double std = op.getStd()[op.getStd().size() == 1 ? 0 : row];
    for (int byte = 0; byte < bytes; ++byte)
      values.push_back((byte / divisor - mean) / std);
  }
  return values;
}
