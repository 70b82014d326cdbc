//===- ContractCodes.h - Products of codes ----------------------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTC_TRANSFORMS_CONTRACT_CODES_H
#define QTC_TRANSFORMS_CONTRACT_CODES_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/Pass.h"

namespace qtc {

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "compiler/Transforms/ContractCodes/ContractCodes.h.inc"

} // namespace qtc

#endif // QTC_TRANSFORMS_CONTRACT_CODES_H
