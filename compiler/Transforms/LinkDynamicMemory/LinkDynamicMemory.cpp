//===- LinkDynamicMemory.cpp - Memory that launches add -------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Transforms/LinkDynamicMemory/LinkDynamicMemory.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"

namespace qtc {
#define GEN_PASS_DEF_LINKDYNAMICMEMORY
#include "compiler/Transforms/LinkDynamicMemory/LinkDynamicMemory.h.inc"
} // namespace qtc

#define DEBUG_TYPE "link-dynamic-memory"

using namespace mlir;
using namespace qtc;

namespace {
struct LinkDynamicMemory : qtc::impl::LinkDynamicMemoryBase<LinkDynamicMemory> {
  void runOnOperation() override {
    for (auto global : getOperation().getOps<LLVM::GlobalOp>()) {
      auto type = dyn_cast<LLVM::LLVMArrayType>(global.getType());
      if (type && type.getNumElements() == 0 &&
          global.getAddrSpace() == NVVM::kSharedMemorySpace)
        global.setLinkage(LLVM::Linkage::External);
    }
  }
};
} // namespace
