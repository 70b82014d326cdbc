//===- Profile.cpp - What profiles know of operations
//----------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Support/Profile.h"

#include "dialect/QKernel/IR/QKernel.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"

using namespace mlir;
using namespace qtc;
using namespace qtc::qkernel;

/// Name of the model's node that a location stands for.
static std::string getNodeName(Location loc) {
  if (auto name = dyn_cast<NameLoc>(loc))
    return name.getName().str();
  if (auto call = dyn_cast<CallSiteLoc>(loc))
    return getNodeName(call.getCallee());
  if (auto fused = dyn_cast<FusedLoc>(loc))
    for (Location part : fused.getLocations()) {
      std::string name = getNodeName(part);
      if (!name.empty())
        return name;
    }
  return "";
}

DictionaryAttr qtc::getProfileEntry(Operation *op, ArrayRef<Value> captures) {
  Builder builder(op->getContext());
  int64_t bytes = 0;
  for (Value capture : captures)
    if (auto type = dyn_cast<MemRefType>(capture.getType()))
      bytes += type.getNumElements() * type.getElementTypeBitWidth() / 8;
  auto kind = op->getAttrOfType<StringAttr>(QKernelDialect::kKindAttrName);
  auto macs = op->getAttrOfType<IntegerAttr>(QKernelDialect::kMacsAttrName);
  SmallVector<NamedAttribute> entry = {
      builder.getNamedAttr("name",
                           builder.getStringAttr(getNodeName(op->getLoc()))),
      builder.getNamedAttr("kind",
                           kind ? kind : builder.getStringAttr("elementwise")),
      builder.getNamedAttr("macs", macs ? macs : builder.getI64IntegerAttr(0)),
      builder.getNamedAttr("bytes", builder.getI64IntegerAttr(bytes)),
  };
  if (Attribute tiles = op->getAttr(kTilesAttrName))
    entry.push_back(builder.getNamedAttr("tiles", tiles));
  return builder.getDictionaryAttr(entry);
}
