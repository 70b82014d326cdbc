//===- Profile.cpp - What profiles know of operations
//----------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Support/Profile.h"
#include "compiler/Support/NodeLocation.h"

#include "dialect/QKernel/IR/QKernel.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"

using namespace mlir;
using namespace qtc;
using namespace qtc::qkernel;

DictionaryAttr qtc::getProfileEntry(Operation *op, ArrayRef<Value> captures) {
  Builder builder(op->getContext());
  int64_t bytes = 0;
  for (Value capture : captures)
    if (auto type = dyn_cast<MemRefType>(capture.getType()))
      bytes += type.getNumElements() * type.getElementTypeBitWidth() / 8;
  auto kind = op->getAttrOfType<StringAttr>(QKernelDialect::kKindAttrName);
  auto macs = op->getAttrOfType<IntegerAttr>(QKernelDialect::kMacsAttrName);
  std::optional<ModelNode> node = findModelNode(op->getLoc());
  SmallVector<NamedAttribute> entry = {
      builder.getNamedAttr("name",
                           builder.getStringAttr(node ? node->name : "")),
      builder.getNamedAttr("kind",
                           kind ? kind : builder.getStringAttr("elementwise")),
      builder.getNamedAttr("macs", macs ? macs : builder.getI64IntegerAttr(0)),
      builder.getNamedAttr("bytes", builder.getI64IntegerAttr(bytes)),
  };
  if (Attribute tiles = op->getAttr(kTilesAttrName))
    entry.push_back(builder.getNamedAttr("tiles", tiles));
  return builder.getDictionaryAttr(entry);
}
