//===- LinkDynamicMemory.h - Memory that launches add -----------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTC_TRANSFORMS_LINK_DYNAMIC_MEMORY_H
#define QTC_TRANSFORMS_LINK_DYNAMIC_MEMORY_H

#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Pass/Pass.h"

namespace qtc {

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "compiler/Transforms/LinkDynamicMemory/LinkDynamicMemory.h.inc"

} // namespace qtc

#endif // QTC_TRANSFORMS_LINK_DYNAMIC_MEMORY_H
