//===- LabelSupport.cpp - Labels and weights of classes ------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Conversion/QTrainToQKernel/LabelSupport.h"

#include "compiler/Conversion/QTrainToQKernel/PatternSupport.h"

using namespace mlir;
using namespace qtc;

SmallVector<double>
qtc::getClassWeights(std::optional<ArrayRef<double>> weights, int64_t classes) {
  return weights ? llvm::to_vector(*weights)
                 : SmallVector<double>(classes, 1.0);
}

Value qtc::isIgnored(ImplicitLocOpBuilder &builder, Value label,
                     IntegerAttr ignored) {
  if (!ignored)
    return Value();
  return builder.create<arith::CmpIOp>(arith::CmpIPredicate::eq, label,
                                       createInt(builder, ignored.getInt()));
}

std::pair<Value, Value> qtc::readLabel(ImplicitLocOpBuilder &builder,
                                       Value label, IntegerAttr ignored) {
  Value isOut = isIgnored(builder, label, ignored);
  label = selectCounted(builder, isOut, label);
  return {builder.create<arith::IndexCastOp>(builder.getIndexType(), label),
          isOut};
}

Value qtc::selectCounted(ImplicitLocOpBuilder &builder, Value isIgnored,
                         Value value) {
  if (!isIgnored)
    return value;
  return builder.create<arith::SelectOp>(
      isIgnored, createZero(builder, value.getType()), value);
}
