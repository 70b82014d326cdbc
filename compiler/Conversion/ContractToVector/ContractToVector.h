//===- ContractToVector.h - Packed kernels to vector loops ------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The pass `convert-contract-to-vector`, see ContractToVector.td.
//
//===----------------------------------------------------------------------===//

#ifndef QTC_CONVERSION_CONTRACTTOVECTOR_CONTRACTTOVECTOR_H
#define QTC_CONVERSION_CONTRACTTOVECTOR_CONTRACTTOVECTOR_H

#include "mlir/Pass/Pass.h"

#include <memory>
#include <string>

namespace qtc {

#define GEN_PASS_DECL
#include "compiler/Conversion/ContractToVector/ContractToVector.h.inc"

#define GEN_PASS_REGISTRATION
#include "compiler/Conversion/ContractToVector/ContractToVector.h.inc"

} // namespace qtc

#endif // QTC_CONVERSION_CONTRACTTOVECTOR_CONTRACTTOVECTOR_H
