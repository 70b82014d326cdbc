//===- StateLayout.cpp - Places of the training state ---------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Target/StateLayout.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace qtc;

StateLayout::StateLayout(ModuleOp module) {
  for (auto parameter : module.getOps<qtrain::ParameterOp>())
    tensors.push_back({parameter, 0});
  llvm::sort(tensors, [](StateTensor a, StateTensor b) {
    return std::pair(a.parameter.getTensorName(), a.parameter.getKind()) <
           std::pair(b.parameter.getTensorName(), b.parameter.getKind());
  });
  for (StateTensor &tensor : tensors) {
    tensor.offset = bytes;
    auto type = cast<ShapedType>(tensor.parameter.getValue().getType());
    int64_t size = type.getNumElements() * type.getElementTypeBitWidth() / 8;
    bytes += llvm::alignTo(size, 64);
  }
}

const StateTensor *StateLayout::lookup(llvm::StringRef symbol) const {
  for (const StateTensor &tensor : tensors) {
    qtrain::ParameterOp parameter = tensor.parameter;
    if (parameter.getSymName() == symbol)
      return &tensor;
  }
  return nullptr;
}
