//===- SchemeSupport.cpp - Functions that schemes share -------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Scheme/SchemeSupport.h"

#include <algorithm>

using namespace mlir;
using namespace qtc;
using namespace qtc::qtrain;

Value qtc::findArgument(Operation *op, StringRef kind) {
  auto function = op->getParentOfType<func::FuncOp>();
  for (BlockArgument argument : function.getArguments()) {
    auto attribute = function.getArgAttrOfType<StringAttr>(
        argument.getArgNumber(), QTrainDialect::kArgumentAttrName);
    if (attribute && attribute.getValue() == kind)
      return argument;
  }
  return Value();
}

ParameterOp qtc::findParameter(func::FuncOp function,
                               const SymbolTable &symbols, Value value) {
  while (Operation *op = value.getDefiningOp()) {
    if (!isa<ReshapeOp, TransposeOp>(op))
      return nullptr;
    value = op->getOperand(0);
  }
  auto symbol = function.getArgAttrOfType<FlatSymbolRefAttr>(
      cast<BlockArgument>(value).getArgNumber(),
      QTrainDialect::kParameterAttrName);
  return symbol ? symbols.lookup<ParameterOp>(symbol.getValue()) : nullptr;
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
