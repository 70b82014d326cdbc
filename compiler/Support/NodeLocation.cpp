//===- NodeLocation.cpp - Nodes of a model as locations -------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Support/NodeLocation.h"

#include "mlir/IR/BuiltinAttributes.h"

using namespace mlir;
using namespace qtc;

Location qtc::getNodeLocation(MLIRContext *context, StringRef name,
                              StringRef opType) {
  Location loc = NameLoc::get(StringAttr::get(context, name));
  return FusedLoc::get(context, loc, StringAttr::get(context, opType));
}

std::optional<ModelNode> qtc::findModelNode(Location loc) {
  if (auto name = dyn_cast<NameLoc>(loc))
    return ModelNode{name.getName(), ""};
  if (auto call = dyn_cast<CallSiteLoc>(loc))
    return findModelNode(call.getCallee());
  if (auto fused = dyn_cast<FusedLoc>(loc))
    for (Location part : fused.getLocations()) {
      std::optional<ModelNode> node = findModelNode(part);
      if (!node)
        continue;
      if (auto opType = dyn_cast_or_null<StringAttr>(fused.getMetadata()))
        node->opType = opType.getValue();
      return node;
    }
  return std::nullopt;
}

SmallVector<StringRef> qtc::getOutputNames(Location loc) {
  if (auto name = dyn_cast<NameLoc>(loc))
    return {name.getName().getValue()};
  SmallVector<StringRef> names;
  if (auto fused = dyn_cast<FusedLoc>(loc))
    for (Location part : fused.getLocations())
      names.append(getOutputNames(part));
  return names;
}

std::string qtc::getUserText(const Diagnostic &diagnostic) {
  std::string text = diagnostic.str();
  StringRef rest = text;
  if (rest.starts_with("failed to legalize operation '"))
    return "the compiler has no rule for this operator and its operands";
  if (!rest.consume_front("'"))
    return text;
  size_t end = rest.find("' op ");
  // Operations have no blanks in their names; what users name may have.
  if (end == StringRef::npos || rest.take_front(end).contains(' '))
    return text;
  return rest.substr(end + 5).str();
}
