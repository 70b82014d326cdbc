//===- QTrainDialect.cpp - Dialect, types and attributes ------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialect/QTrain/IR/QTrain.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "mlir/IR/TypeUtilities.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/MathExtras.h"

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

bool qtc::qtrain::isWellFormed(ShapedType type) {
  if (!type.hasStaticShape())
    return false;
  auto tensor = dyn_cast<RankedTensorType>(type);
  if (tensor && tensor.getEncoding() &&
      (!isChannelsLast(tensor) || tensor.getRank() != 4))
    return false;
  uint64_t count = 1;
  for (int64_t extent : type.getShape())
    count = llvm::SaturatingMultiply(count, static_cast<uint64_t>(extent));
  return count > 0 && count <= kMaxElements;
}

bool qtc::qtrain::isCountable(int64_t count, int64_t length) {
  return llvm::SaturatingMultiply<uint64_t>(count, length) <= INT64_MAX;
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
  if (!isWellFormed(mantissa))
    return emitError() << "expected 1 to 2^40 elements, and no encoding but "
                          "channels_last, but got "
                       << mantissa;
  return success();
}

bool WindowAttr::alwaysTouches(unsigned dim, int64_t extent,
                               int64_t count) const {
  int64_t pad = getPads()[dim], dilation = getDilations()[dim];
  int64_t last = (count - 1) * getStrides()[dim] - pad;
  // The first position of a window at or after the start of the input.
  int64_t first = last < 0 ? (last % dilation + dilation) % dilation : last;
  return getSpan(dim) > pad && first < extent;
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
  // Positions in an image fit 64 bits with it.
  constexpr int64_t kMaxDistance = 1 << 22;
  for (ArrayRef<int64_t> distances : {kernel, strides, pads, dilations})
    if (llvm::any_of(distances,
                     [](int64_t value) { return value > kMaxDistance; }))
      return emitError() << "expected no distance above " << kMaxDistance;
  auto isPositive = [](int64_t value) { return value > 0; };
  if (!llvm::all_of(kernel, isPositive) || !llvm::all_of(strides, isPositive) ||
      !llvm::all_of(dilations, isPositive))
    return emitError()
           << "expected positive kernel extents, strides and dilations";
  if (!llvm::all_of(pads, [](int64_t value) { return value >= 0; }))
    return emitError() << "expected non-negative pads";
  return success();
}

//===----------------------------------------------------------------------===//
// Marks of functions
//===----------------------------------------------------------------------===//

std::optional<Role> qtc::qtrain::getRole(FunctionOpInterface function,
                                         unsigned index) {
  auto role =
      function.getArgAttrOfType<RoleAttr>(index, QTrainDialect::kRoleAttrName);
  return role ? std::optional(role.getValue()) : std::nullopt;
}

DictionaryAttr qtc::qtrain::getRoleMark(MLIRContext *context, Role role) {
  Builder builder(context);
  return builder.getDictionaryAttr(builder.getNamedAttr(
      QTrainDialect::kRoleAttrName, RoleAttr::get(context, role)));
}

static LogicalResult verifyParameterMark(Operation *op, Attribute value) {
  if (isa<FlatSymbolRefAttr>(value))
    return success();
  return op->emitOpError() << "expected '" << QTrainDialect::kParameterAttrName
                           << "' to name a symbol, but got " << value;
}

std::optional<Role> qtc::qtrain::getResultRole(FunctionOpInterface function,
                                               unsigned index) {
  if (function.getResultAttr(index, QTrainDialect::kParameterAttrName))
    return std::nullopt;
  auto role = function.getResultAttrOfType<RoleAttr>(
      index, QTrainDialect::kRoleAttrName);
  if (role)
    return role.getValue();
  return index == 0 ? Role::Prediction : Role::Exponent;
}

unsigned qtc::qtrain::getOutputIndex(FunctionOpInterface function,
                                     unsigned index) {
  auto output = function.getResultAttrOfType<IntegerAttr>(
      index, QTrainDialect::kOutputAttrName);
  return output ? output.getInt() : 0;
}

/// Whether an argument of this kind may have this type, once the element types
/// of tensors are those of buffers.
static bool canHaveType(Role role, Type type) {
  auto shaped = dyn_cast<ShapedType>(type);
  Type element = getElementTypeOrSelf(type);
  // Scalars of a device are in memory.
  bool isScalar = !shaped || (isa<MemRefType>(type) && shaped.getRank() == 0);
  switch (role) {
  case Role::Input:
  case Role::Prediction:
  case Role::Metric:
  case Role::Weight:
    return shaped != nullptr;
  case Role::Target:
    return shaped && shaped.hasRank() && shaped.getRank() >= 1 &&
           (element.isF32() || element.isSignlessInteger(32));
  case Role::Seed:
  case Role::Schedule:
    return isScalar && element.isSignlessInteger(64);
  case Role::Step:
    return isScalar && element.isSignlessInteger(32);
  case Role::Exponent:
  case Role::Arena:
  case Role::Executor:
    return true;
  }
  llvm_unreachable("unknown role");
}

LogicalResult
QTrainDialect::verifyRegionArgAttribute(Operation *op, unsigned regionIndex,
                                        unsigned argIndex,
                                        NamedAttribute attribute) {
  if (attribute.getName() == kParameterAttrName)
    return verifyParameterMark(op, attribute.getValue());
  if (attribute.getName() != kRoleAttrName)
    return op->emitOpError() << "has no argument attribute "
                             << attribute.getName() << " in dialect qtrain";
  auto role = dyn_cast<RoleAttr>(attribute.getValue());
  if (!role)
    return op->emitOpError()
           << "expected '" << kRoleAttrName << "' to be a role, but got "
           << attribute.getValue();
  auto function = dyn_cast<FunctionOpInterface>(op);
  if (!function || argIndex >= function.getNumArguments())
    return success();
  // Other dialects have types of their own for what lies in memory.
  Type type = function.getArgumentTypes()[argIndex];
  if (!isa<BuiltinDialect>(type.getDialect()) ||
      canHaveType(role.getValue(), type))
    return success();
  return op->emitOpError() << "argument " << argIndex << " cannot be "
                           << stringifyRole(role.getValue()) << " with type "
                           << type;
}

LogicalResult
QTrainDialect::verifyRegionResultAttribute(Operation *op, unsigned regionIndex,
                                           unsigned resultIndex,
                                           NamedAttribute attribute) {
  if (attribute.getName() == kParameterAttrName)
    return verifyParameterMark(op, attribute.getValue());
  if (attribute.getName() == kNameAttrName) {
    if (isa<StringAttr>(attribute.getValue()))
      return success();
    return op->emitOpError()
           << "expected '" << kNameAttrName << "' to be a string, but got "
           << attribute.getValue();
  }
  if (attribute.getName() == kOutputAttrName) {
    auto output = dyn_cast<IntegerAttr>(attribute.getValue());
    if (output && output.getType().isInteger(32) && output.getInt() >= 0)
      return success();
    return op->emitOpError() << "expected '" << kOutputAttrName
                             << "' to be the number of an output, but got "
                             << attribute.getValue();
  }
  if (attribute.getName() != kRoleAttrName)
    return op->emitOpError() << "has no result attribute "
                             << attribute.getName() << " in dialect qtrain";
  auto role = dyn_cast<RoleAttr>(attribute.getValue());
  if (role && role.getValue() >= Role::Prediction &&
      role.getValue() <= Role::Weight)
    return success();
  return op->emitOpError() << "expected '" << kRoleAttrName
                           << "' to be the role of a result, but got "
                           << attribute.getValue();
}
