//===- Profile.cpp - Operations in profiles -------------------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Support/Profile.h"
#include "compiler/Support/Buffers.h"
#include "compiler/Support/NodeLocation.h"

#include "dialect/QKernel/IR/QKernel.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"

using namespace mlir;
using namespace qtc;
using namespace qtc::qkernel;

/// Name of the model's node that a location stands for; empty without one.
static StringAttr getNodeName(Location loc) {
  std::optional<ModelNode> node = findModelNode(loc);
  return StringAttr::get(loc.getContext(), node ? node->name : "");
}

DictionaryAttr qtc::getProfileEntry(Operation *op, ArrayRef<Value> captures) {
  Builder builder(op->getContext());
  int64_t bytes = 0;
  for (Value capture : captures)
    if (auto type = dyn_cast<MemRefType>(capture.getType()))
      bytes += getByteSize(type).value_or(0);
  auto kind = op->getAttrOfType<StringAttr>(QKernelDialect::kKindAttrName);
  auto macs = op->getAttrOfType<IntegerAttr>(QKernelDialect::kMacsAttrName);
  SmallVector<NamedAttribute> entry = {
      builder.getNamedAttr("name", getNodeName(op->getLoc())),
      builder.getNamedAttr("kind",
                           kind ? kind : builder.getStringAttr("elementwise")),
      builder.getNamedAttr("macs", macs ? macs : builder.getI64IntegerAttr(0)),
      builder.getNamedAttr("bytes", builder.getI64IntegerAttr(bytes)),
  };
  if (Attribute tiles = op->getAttr(kTilesAttrName))
    entry.push_back(builder.getNamedAttr("tiles", tiles));
  return builder.getDictionaryAttr(entry);
}

DictionaryAttr qtc::renameProfileEntry(DictionaryAttr entry, Location loc) {
  NamedAttrList attributes(entry);
  attributes.set("name", getNodeName(loc));
  return attributes.getDictionary(entry.getContext());
}
