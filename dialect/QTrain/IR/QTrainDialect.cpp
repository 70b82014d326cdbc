//===- QTrainDialect.cpp - Dialect, types and attributes ------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialect/QTrain/IR/QTrain.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace qtc::qtrain;

#include "dialect/QTrain/IR/QTrainAttributesEnums.cpp.inc"
#include "dialect/QTrain/IR/QTrainDialect.cpp.inc"
#define GET_ATTRDEF_CLASSES
#include "dialect/QTrain/IR/QTrainAttributes.cpp.inc"
#define GET_TYPEDEF_CLASSES
#include "dialect/QTrain/IR/QTrainTypes.cpp.inc"
#define GET_OP_CLASSES
#include "dialect/QTrain/IR/QTrainOps.cpp.inc"

void QTrainDialect::initialize() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "dialect/QTrain/IR/QTrainAttributes.cpp.inc"
      >();
  addTypes<
#define GET_TYPEDEF_LIST
#include "dialect/QTrain/IR/QTrainTypes.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "dialect/QTrain/IR/QTrainOps.cpp.inc"
      >();
}

RankedTensorType qtc::qtrain::getTensorType(Type type) {
  if (auto scaled = dyn_cast<ScaledType>(type))
    return scaled.getMantissa();
  return cast<RankedTensorType>(type);
}

ArrayRef<int64_t> qtc::qtrain::getShape(Value value) {
  return getTensorType(value.getType()).getShape();
}

bool qtc::qtrain::isChannelsLast(RankedTensorType type) {
  return isa_and_nonnull<ChannelsLastAttr>(type.getEncoding());
}

RankedTensorType qtc::qtrain::getMemoryType(RankedTensorType type) {
  if (!isChannelsLast(type))
    return type;
  ArrayRef<int64_t> shape = type.getShape();
  return RankedTensorType::get({shape[0], shape[2], shape[3], shape[1]},
                               type.getElementType());
}

ScaledType ScaledType::withWidth(unsigned width) const {
  RankedTensorType type = getMantissa();
  return ScaledType::get(getContext(),
                         type.clone(IntegerType::get(getContext(), width)));
}

LogicalResult ScaledType::verify(function_ref<InFlightDiagnostic()> emitError,
                                 RankedTensorType mantissa) {
  if (!mantissa.hasStaticShape())
    return emitError() << "expected a static shape, but got " << mantissa;
  Type element = mantissa.getElementType();
  if (!element.isSignlessInteger(8) && !element.isSignlessInteger(16) &&
      !element.isSignlessInteger(32) && !element.isSignlessInteger(64))
    return emitError() << "expected mantissas of i8, i16, i32 or i64, but got "
                       << element;
  if (isChannelsLast(mantissa) && mantissa.getRank() != 4)
    return emitError() << "expected rank 4 for a channels_last layout, but got "
                       << mantissa;
  return success();
}

LogicalResult WindowAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                                 ArrayRef<int64_t> kernel,
                                 ArrayRef<int64_t> strides,
                                 ArrayRef<int64_t> pads,
                                 ArrayRef<int64_t> dilations) {
  if (kernel.size() != 2 || strides.size() != 2 || dilations.size() != 2 ||
      pads.size() != 4)
    return emitError() << "expected 2 kernel extents, 2 strides, 4 pads and 2 "
                          "dilations";
  auto isPositive = [](int64_t value) { return value > 0; };
  if (!llvm::all_of(kernel, isPositive) || !llvm::all_of(strides, isPositive) ||
      !llvm::all_of(dilations, isPositive))
    return emitError()
           << "expected positive kernel extents, strides and dilations";
  if (!llvm::all_of(pads, [](int64_t value) { return value >= 0; }))
    return emitError() << "expected non-negative pads";
  return success();
}
