//===- TransposeEmitter.h - The kernel of a transposition -------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTC_CONVERSION_CONTRACTTOGPU_TRANSPOSEEMITTER_H
#define QTC_CONVERSION_CONTRACTTOGPU_TRANSPOSEEMITTER_H

#include "compiler/Target/CUDA/TargetRecord.h"
#include "dialect/QKernel/IR/QKernel.h"

namespace qtc {

/// Builds a launch that does a copy for which `isTransposition` holds.
void emitTransposition(mlir::OpBuilder &builder, qkernel::MappedCopyOp op,
                       const cuda::TargetRecord &target);

} // namespace qtc

#endif // QTC_CONVERSION_CONTRACTTOGPU_TRANSPOSEEMITTER_H
