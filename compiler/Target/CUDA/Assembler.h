//===- Assembler.h - PTX to machine code ------------------------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTC_TARGET_CUDA_ASSEMBLER_H
#define QTC_TARGET_CUDA_ASSEMBLER_H

#include "compiler/Target/CUDA/TargetRecord.h"
#include "llvm/Support/Error.h"

#include <string>

namespace qtc::cuda {

/// The path of ptxas; if there is none, the error says what to do.
llvm::Expected<std::string> findAssembler();

/// Machine code that runs only on `target`.
llvm::Expected<std::string> assemble(llvm::StringRef ptx,
                                     const TargetRecord &target);

} // namespace qtc::cuda

#endif // QTC_TARGET_CUDA_ASSEMBLER_H
